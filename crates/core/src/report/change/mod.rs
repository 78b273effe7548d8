//! What changed between two states of a vault, each thing once, as it ends: the summary that `diff` prints and
//! that a reviewer of a pull request reads.
//!
//! States are compared, and the history between them is not retold: it may lead back to where it began, or
//! on a branch that parted go both ways. Who did something, when and why is what the last entry that did it
//! says.

mod policy;
mod rotation;
mod secrets;

use super::facts::Subject;
use super::history;
use super::history::HistoryFilter;
use crate::crypto::bytes::Id;
use crate::crypto::id::{ObjectId, VaultId};
use crate::log::history::RowStatus;
use crate::name::SecretName;
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::BTreeSet;
use std::fmt;

/// The states are of two vaults: nothing of the one became anything of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these are two vaults, {old} and {new}")]
pub struct OtherVault {
    pub old: VaultId,
    pub new: VaultId,
}

/// All that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// People and rights, settings, keys; then secrets by name.
    pub items: Vec<Item>,
    /// Entries of log and policy that the old state does not have.
    pub added: usize,
    /// Entries of the old state that the new one does not have: it is older, parted, or was rolled back.
    pub missing: usize,
    /// Ops of the new entries that are void: kept without effect.
    pub void: usize,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub about: About,
    pub what: What,
    /// What held, and what holds; `None` where there is nothing to say of it.
    pub before: Option<String>,
    pub after: Option<String>,
    /// `None` where the new state does not say, as where it lacks entries of the old one.
    pub by: Option<By>,
    /// The version whose value was the secret's, where another value is its now, or none.
    pub old_value: Option<ObjectId>,
    pub new_value: Option<ObjectId>,
}

/// What an item is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    Policy(Subject),
    Secret(SecretName),
    Field { secret: SecretName, field: String },
}

impl About {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Policy(subject) => subject.kind(),
            Self::Secret(_) => "secret",
            Self::Field { .. } => "field",
        }
    }

    pub const fn secret(&self) -> Option<&SecretName> {
        match self {
            Self::Policy(_) => None,
            Self::Secret(secret) | Self::Field { secret, .. } => Some(secret),
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(subject) => subject.fmt(f),
            Self::Secret(secret) => secret.fmt(f),
            Self::Field { secret, field } => write!(f, "{secret} {field}"),
        }
    }
}

macro_rules! what {
    ($($(#[$doc:meta])* $name:ident $text:literal,)+) => {
        /// How it differs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum What {
            $($(#[$doc])* $name,)+
        }

        impl What {
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

what! {
    Added "added",
    Changed "changed",
    Removed "removed",
    Created "created",
    /// Another value, by somebody who may write the secret.
    Updated "updated",
    /// Another value, by somebody who may rotate it and not write it.
    Rotated "rotated",
    /// The value that an earlier version had.
    RolledBack "rolled-back",
    Restored "restored",
    /// The secret of another name, which is gone, under a new one.
    Renamed "renamed",
    Copied "copied",
    /// The same value under another key.
    Reencrypted "re-encrypted",
    /// The same version for other readers.
    Rewrapped "rewrapped",
    /// Values of versions were deleted.
    Pruned "pruned",
    /// When the current version expires.
    Expiry "expiry",
    /// Several versions are active.
    Conflict "conflict",
    /// One version is active where several were.
    Resolved "resolved",
    /// How its rotations stand: what is pending for how many, and what is retired.
    Rotation "rotation",
}

/// Who did it, when and why, as the entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// Joined with `+` where several signed.
    pub who: String,
    pub when: UnixTime,
    pub reason: String,
    /// Of an entry of the log, or of the policy.
    pub entry: Id,
}

impl Item {
    pub(super) fn new(about: About, what: What) -> Self {
        let (before, after, by, old_value, new_value) = (None, None, None, None, None);
        Self { about, what, before, after, by, old_value, new_value }
    }
}

impl Change {
    /// What `new` has that `old` has not, and the other way round; both were read with
    /// [`crate::vault::Depth::Everything`].
    pub fn between(old: &Vault, new: &Vault) -> Result<Self, OtherVault> {
        if old.id() != new.id() {
            return Err(OtherVault { old: old.id(), new: new.id() });
        }
        let (had, has) = (history::entries(old), history::entries(new));
        let missing = had.difference(&has).count();
        let filter = HistoryFilter { known: had, ..HistoryFilter::default() };
        let rows = history::rows(new, &filter);
        let added: BTreeSet<&Id> = rows.iter().map(|row| &row.id).collect();
        let void = rows.iter().filter(|row| row.status == RowStatus::Void).count();
        let mut items = policy::items(old, new);
        items.extend(secrets::items(old, new, &rows));
        Ok(Self { items, added: added.len(), missing, void })
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
