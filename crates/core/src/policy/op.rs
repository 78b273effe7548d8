//! The ops of policy entries, as they stand in JSON.

use super::gives::UNSTATED;
use crate::crypto::bytes::{Blob, Fixed, Id, ShortId, SignatureBytes};
use crate::crypto::id::{EntryId, EpochId, PolicyId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern};
use crate::time::UnixTime;
use serde::{Deserialize, Serialize};

/// What a role may do with the secrets that a pattern matches; listed in this order in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    Read,
    Write,
    Rotate,
    Delete,
    Grant,
}

impl Right {
    pub const ALL: [Self; 5] = [Self::Read, Self::Write, Self::Rotate, Self::Delete, Self::Grant];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Rotate => "rotate",
            Self::Delete => "delete",
            Self::Grant => "grant",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberKind {
    User,
    Service,
    Agent,
}

impl MemberKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Agent => "agent",
        }
    }
}

/// One change of policy. `docs/format.md` section 4 has each op's effect and conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PolicyOp {
    Vault(VaultStart),
    MemberAdd(MemberAdd),
    MemberRemove {
        member: Name,
    },
    RecipientAdd {
        member: Name,
        recipient: RecipientText,
        gives: Id,
    },
    RecipientRemove {
        member: Name,
        recipient: RecipientText,
    },
    KeyAdd(KeyAdd),
    KeyRemove {
        member: Name,
        device: Name,
        lost: bool,
    },
    RoleAdd {
        role: Name,
    },
    RoleRemove {
        role: Name,
    },
    RoleJoin {
        role: Name,
        member: Name,
        gives: Id,
    },
    RoleLeave {
        role: Name,
        member: Name,
    },
    Grant {
        role: Name,
        pattern: Pattern,
        rights: Vec<Right>,
        gives: Id,
    },
    Revoke {
        role: Name,
        pattern: Pattern,
        rights: Vec<Right>,
    },
    Epoch(EpochStart),
    Reseal(EpochReseal),
    Setting {
        key: String,
        value: String,
    },
    Rebase {
        head: PolicyId,
    },
    /// How many owners must sign what only owners may do, from the next entry on.
    Threshold {
        owners: u32,
    },
    Checkpoint(Checkpoint),
}

/// What a chain begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultStart {
    pub suite: String,
    pub nonce: ShortId,
    pub name: Name,
    pub threshold: u32,
}

/// Where the log is closed, and what goes on to matter of what is behind (`docs/format.md` section 11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// The log is closed up to this entry: it and its ancestors.
    pub entry: EntryId,
    /// The hash of the block that states what is kept.
    pub closed: Id,
    /// The heads of earlier policy entries that are not closed.
    pub open: Vec<EntryId>,
    /// The file with the entries that no earlier checkpoint closed.
    pub segment: Id,
    /// How many entries are closed.
    pub entries: u64,
}

/// A new member, with what it reads by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberAdd {
    pub member: Name,
    pub kind: MemberKind,
    pub recipients: Vec<RecipientText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<UnixTime>,
}

/// A new key of an audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochStart {
    pub audience: AudienceName,
    pub epoch: EpochId,
    pub recipient: RecipientText,
    pub kek: Id,
    pub envelope: Id,
    /// The audience's recipients that the envelope could not be sealed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<RecipientText>,
}

/// The current key of an audience, sealed anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochReseal {
    pub audience: AudienceName,
    pub epoch: EpochId,
    pub envelope: Id,
    /// As in [`EpochStart`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<RecipientText>,
}

/// A device key, with its holder's proof of possession.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAdd {
    pub member: Name,
    pub device: Name,
    pub key: Fixed<32>,
    pub recipient: RecipientText,
    /// The Ed25519 seed as a binary age file to `recipient`.
    pub sealed: Blob,
    pub proof: SignatureBytes,
    /// See [`PolicyOp::gives`].
    pub gives: Id,
}

/// Ops that state what they give, which [`super::gives::fill`] fills in before they are signed.
impl PolicyOp {
    pub fn recipient_add(member: Name, recipient: RecipientText) -> Self {
        Self::RecipientAdd { member, recipient, gives: UNSTATED }
    }

    pub fn role_join(role: Name, member: Name) -> Self {
        Self::RoleJoin { role, member, gives: UNSTATED }
    }

    pub fn grant(role: Name, pattern: Pattern, rights: Vec<Right>) -> Self {
        Self::Grant { role, pattern, rights, gives: UNSTATED }
    }

    /// Whether it states keys of an audience.
    pub fn gives_keys(&self) -> bool {
        matches!(self, Self::Epoch { .. } | Self::Reseal { .. })
    }

    /// The hash of who gets what by it, if it is an op that states one.
    pub fn gives(&self) -> Option<&Id> {
        match self {
            Self::RecipientAdd { gives, .. }
            | Self::RoleJoin { gives, .. }
            | Self::Grant { gives, .. } => Some(gives),
            Self::KeyAdd(add) => Some(&add.gives),
            _ => None,
        }
    }

    pub(super) fn gives_mut(&mut self) -> Option<&mut Id> {
        match self {
            Self::RecipientAdd { gives, .. }
            | Self::RoleJoin { gives, .. }
            | Self::Grant { gives, .. } => Some(gives),
            Self::KeyAdd(add) => Some(&mut add.gives),
            _ => None,
        }
    }
}
