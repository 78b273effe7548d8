//! Whose files are trusted: like git's `safe.directory`, a vault that another account could have
//! put in place is not used.
//!
//! What this program keeps for itself belongs to the account that it acts as, and to no other. The
//! account behind `sudo` owns projects, whose files prove themselves by signatures; what it could
//! write into root's memory of them would be believed.

use crate::store::sys;
use std::ffi::OsStr;
use std::fs::Metadata;

/// The account whose files this process takes as its own: the one that it acts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owners {
    /// `None` where the system has no account numbers: every file passes.
    user: Option<u32>,
}

/// The accounts that a project may belong to: the one that this process acts as and, for root, the
/// one behind `sudo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProjectOwners {
    own: Owners,
    behind_sudo: Option<u32>,
}

const ROOT: u32 = 0;

impl Owners {
    pub fn current() -> Self {
        Self { user: sys::current_user() }
    }

    /// The account that owns `metadata`, if it is not this one.
    pub(crate) fn stranger(&self, metadata: &Metadata) -> Option<u32> {
        sys::owner(metadata).filter(|owner| !self.accepts(*owner))
    }

    /// As [`Owners::stranger`], for files that an administrator may provide, such as a mounted
    /// identity: root can read and replace everything anyway.
    pub(crate) fn stranger_but_root(&self, metadata: &Metadata) -> Option<u32> {
        self.stranger(metadata).filter(|owner| *owner != ROOT)
    }

    fn accepts(&self, owner: u32) -> bool {
        self.user.is_none_or(|user| user == owner)
    }

    pub(crate) fn accepts_or_root(&self, owner: u32) -> bool {
        self.accepts(owner) || owner == ROOT
    }
}

impl ProjectOwners {
    /// `sudo_uid` is the value of `SUDO_UID`. Nobody but root may name another account: the
    /// variable proves nothing.
    pub fn current(sudo_uid: Option<&OsStr>) -> Self {
        Self::acting_as(Owners::current(), sudo_uid)
    }

    fn acting_as(own: Owners, sudo_uid: Option<&OsStr>) -> Self {
        let named = || sudo_uid?.to_str()?.parse().ok();
        Self { own, behind_sudo: if own.user == Some(ROOT) { named() } else { None } }
    }

    /// The account that owns `metadata`, if it is none of these.
    pub(crate) fn stranger(&self, metadata: &Metadata) -> Option<u32> {
        sys::owner(metadata).filter(|owner| !self.accepts(*owner))
    }

    fn accepts(&self, owner: u32) -> bool {
        self.own.accepts(owner) || self.behind_sudo == Some(owner)
    }
}

#[cfg(all(test, unix))]
impl Owners {
    /// An account that owns nothing here: every file looks like somebody else's.
    pub(crate) fn nobody_here() -> Self {
        Self { user: Some(u32::MAX - 7) }
    }
}

#[cfg(all(test, unix))]
impl ProjectOwners {
    pub(crate) fn nobody_here() -> Self {
        Self { own: Owners::nobody_here(), behind_sudo: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acting_as(user: Option<u32>, sudo_uid: Option<&OsStr>) -> ProjectOwners {
        ProjectOwners::acting_as(Owners { user }, sudo_uid)
    }

    #[test]
    fn only_root_is_believed_about_the_user_behind_sudo() {
        let named = Some(OsStr::new("1000"));
        assert!(acting_as(Some(0), named).accepts(1000));
        assert!(acting_as(Some(0), named).accepts(0));
        assert!(!acting_as(Some(0), named).accepts(1001));
        assert!(!acting_as(Some(1001), named).accepts(1000));
        assert!(!acting_as(Some(1001), None).accepts(0));
    }

    #[test]
    fn what_is_kept_is_the_acting_users_alone() {
        let root = Owners { user: Some(0) };
        assert!(root.accepts(0) && !root.accepts(1000));
    }

    #[test]
    fn a_malformed_sudo_uid_names_nobody() {
        for text in ["", "-1", "1000 ", "admin", "99999999999"] {
            let owners = acting_as(Some(0), Some(OsStr::new(text)));
            assert_eq!(owners.behind_sudo, None, "{text:?}");
        }
    }

    #[test]
    fn every_file_passes_where_accounts_have_no_numbers() {
        assert!(acting_as(None, None).accepts(1000));
    }
}
