//! Layer 3: the use-cases, and the pure parts that they are made of.
//!
//! The modules here take what they need as arguments and return values; files, locks and the
//! command line are the layers above.

pub mod access;
pub mod adopt;
pub mod aging;
mod audience_keys;
pub mod backup;
pub mod batch;
pub mod change;
pub mod compare;
pub mod controls;
pub mod copy;
pub mod duration;
pub mod expire;
pub mod export;
pub mod exposure;
pub mod generate;
pub mod history;
pub mod import;
pub mod init;
pub mod inject;
pub mod join;
pub mod key_restore;
pub mod key_rotation;
pub mod key_status;
pub mod leaving;
pub mod ledger;
pub mod list;
pub mod member;
pub mod opening;
pub mod pin;
pub mod policy_change;
pub mod prune;
pub mod put;
pub mod read;
pub mod recovery;
pub mod remove;
pub mod request;
pub mod review;
pub mod rollback;
mod room;
mod sealed_to;
mod sealing;
pub mod session_keys;
mod settle;
pub mod sheet;
pub mod shortfall;
pub mod slot;
pub mod template;
pub mod text;
pub mod unlock;
pub mod unmerged;
pub mod vault;
pub mod verified;
pub mod void_known;
pub mod wanted;
