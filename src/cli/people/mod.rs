//! What the commands about people, rights and keys share: what they ask and say before and after.

pub(crate) mod closing;
pub mod compare;
pub mod departure;
pub mod exposure;
pub mod giving;
pub mod local_names;
pub(crate) mod membership;
pub mod policy;
pub(crate) mod proposals;
pub mod recovery;
pub mod shortfall;
