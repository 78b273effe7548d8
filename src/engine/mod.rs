//! Everything between a command and the store: opening the vault at a place, judging it by what this device
//! has accepted, writing it, and writing down what is read. Every door uses this one.

pub mod check;
pub mod giving;
pub mod home;
pub mod lost;
pub mod session;
pub mod transaction;
