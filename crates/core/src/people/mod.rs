//! Who is in a vault and what they may: members, roles, recovery, slots, and what leaving takes along. Pure.

pub mod access;
pub mod attention;
pub mod departure;
pub mod init;
pub mod loss;
pub mod member;
pub mod owners;
pub mod recovery;
pub mod review;
pub mod slot;
