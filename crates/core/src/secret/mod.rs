//! What is done with secrets: putting, reading, removing, listing, pruning. From a vault and a request to a
//! result or a [`Change`](crate::vault::change::Change). Pure.

pub mod adopt;
pub mod carry;
pub mod compare;
pub mod copy;
pub mod edit_buffer;
pub mod expire;
pub mod import;
pub mod kind;
pub mod list;
pub mod prune;
pub mod put;
pub mod read;
pub mod references;
pub mod remove;
pub mod resolve;
pub mod rollback;
pub mod rotate;
pub mod rotation_due;
pub mod selection;
pub mod similar;
pub mod take_back;
#[cfg(test)]
pub(crate) mod testing;
pub mod void_known;
pub mod waived;
mod withdrawn;

#[cfg(test)]
mod tests;
