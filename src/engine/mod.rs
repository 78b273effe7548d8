//! Everything between a door and the store: opening the vault at a place, judging it by what this device has
//! accepted, writing it, pruning it, and writing down what is read. Every [`door::Door`] uses this one.

mod accepted;
pub mod check;
pub mod door;
pub mod giving;
pub mod history;
pub mod home;
pub mod judging;
mod known;
pub mod lost;
pub mod proposals;
pub mod provider;
pub mod pruning;
pub mod publishing;
mod remembering;
pub mod resolving;
pub mod scanning;
pub mod session;
pub mod transaction;
pub mod writing;
