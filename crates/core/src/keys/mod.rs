//! The keys of audiences: which a policy asks for, how they are made, renewed and taken up again. Pure.

pub mod audience_keys;
pub mod opening;
pub mod policy_change;
pub mod restore;
pub mod room;
pub mod rotation;
pub mod sealing;
pub mod settle;
pub mod shortfall;
pub mod status;
