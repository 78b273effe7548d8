//! What the commands about people, rights and keys share: what they ask and say before and after.

pub mod compare;
pub mod departure;
pub mod exposure;
pub mod giving;
pub mod local_names;
pub mod policy;
pub mod recovery;
pub mod shortfall;
