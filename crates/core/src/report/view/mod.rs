//! The view models: what each command's `--json` prints, as data. A page, another door or an engine that
//! answers the same question makes the same view.
//!
//! A view is named after its command (`RoleListView` is `role list`), a part of one after what it is
//! (`RoleView`). It is made from core's own values; what is the device's, such as a path or an identity at
//! hand, is handed in. Fields are printed in the order they stand in, and what is not to be printed is
//! marked `skip`. Texts for people are the doors', except where the document has them.
//!
//! Beside each view stand examples that `testing` holds to the view's schema in `docs/schemas/`.

pub mod access;
pub mod adopt;
pub mod audit;
pub mod backup;
pub mod cause;
pub mod diff;
pub mod doctor;
pub mod edit;
pub mod effects;
pub mod env;
pub mod error;
pub mod export;
pub mod exposed;
pub mod git;
pub mod giving;
pub mod history;
pub mod identity;
pub mod import;
pub mod init;
pub mod inject;
pub mod key;
pub mod keyring;
pub mod lacks;
pub mod lock;
pub mod logs;
pub mod member;
pub mod narrowed;
pub mod owner;
pub mod pin;
pub mod policy;
pub mod policy_log;
pub mod policy_rebase;
pub mod proposal;
pub mod provider;
pub mod prune;
pub mod recovery;
pub mod remark;
pub mod role;
pub mod rotation;
pub mod secret;
pub mod settings;
pub mod status;
pub mod unlock;
pub mod vouched_alone;

#[cfg(test)]
mod testing;
