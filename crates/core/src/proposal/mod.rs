//! Changes of policy that wait for signatures of more owners: the files in which they travel through git, what
//! is asked of one before anybody signs it, and what the last signature makes of it.
//!
//! A proposal gives no right and judges nothing: a vault is what its chain says, whatever lies beside it. Whoever
//! can push can put one there, so everything in it is found out anew by each who looks.

mod anew;
mod judge;
mod sign;
#[cfg(test)]
mod tests;
mod text;

pub use anew::{anew, gifts_anew, is_of_keys, is_same, keys_anew};
pub use judge::{Judged, Unfit, judge};
pub use sign::{SignError, Signed, gifts, is_signable, may_sign, sign};
pub use text::{
    ENTRY, ENVELOPES, FileError, Files, MAX_ENTRY, MAX_ENVELOPES, MAX_SIGNATURE, SignatureFile,
    signature, write,
};

use crate::crypto::id::PolicyId;
use crate::file::model::AudienceSection;
use crate::name::audience::AudienceName;
use crate::policy::entry::PolicyEntry;
use std::collections::BTreeMap;

/// The most proposals that are looked at beside one vault: each change of the policy makes the others stale, so
/// that more are of no use, and whoever can push decides how many lie there.
pub const MOST: usize = 16;

/// An entry with the signatures that are there, and the envelopes that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub entry: PolicyEntry,
    pub envelopes: BTreeMap<AudienceName, AudienceSection>,
}

impl Proposal {
    /// What its folder is called.
    pub fn id(&self) -> PolicyId {
        self.entry.id()
    }
}
