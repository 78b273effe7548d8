//! What several integration tests share.
#![allow(dead_code)]

pub mod faults;
pub mod sandbox;
pub mod tools;
