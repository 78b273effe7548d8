//! The ops of log entries, as they stand in JSON.

use super::history;
use crate::crypto::bytes::{Id, ShortId};
use crate::crypto::id::{EntryId, ObjectId, RotationId, WrapId};
use crate::name::SecretName;
use crate::time::UnixTime;
use serde::{Deserialize, Serialize};

/// One change to the vault's secrets. `docs/format.md` section 6 has each op's right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Op {
    Put(Put),
    Field(Field),
    Resolve(Resolve),
    Restore(Versions),
    Remove(Versions),
    Expire(Expire),
    Prune { secret: SecretName, objects: Vec<ObjectId> },
    Rewrap { secret: SecretName, object: ObjectId, wrap: WrapId },
    Pending(Pending),
    Rollout { secret: SecretName, rotation: RotationId, share: u64 },
    Abort(Abort),
    Retire(Versions),
    Promote(Promote),
    Checkpoint { segment: Id, heads: Vec<EntryId> },
    Join(Join),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Put {
    pub secret: SecretName,
    /// What the object holds.
    pub body: Id,
    /// Derived from the entry and not stated, so that nobody can name another's version.
    #[serde(skip, default = "underived")]
    pub object: ObjectId,
    pub wrap: WrapId,
    /// Seconds since the Unix epoch from which on the version is not served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<UnixTime>,
    /// The versions that the writer saw as active.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<ObjectId>,
    /// Versions that hold the same value (roll-back, copy, rename, DEK rotation, adoption).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<ObjectId>,
    /// The void op that this re-issues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopts: Option<OpRef>,
}

/// An op of an entry, by its index. Nothing is checked of what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpRef {
    pub entry: EntryId,
    pub op: u64,
}

/// That an op re-issues another one: it counts as of the same kind, on the same secret, an abort of the same rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Adoption<'a> {
    of: OpRef,
    secret: &'a SecretName,
    kind: &'static str,
    rotation: Option<RotationId>,
}

/// Which version is active where several are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    pub secret: SecretName,
    pub object: ObjectId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopts: Option<OpRef>,
}

/// From when on a version is not served, in place of what its `put` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expire {
    pub secret: SecretName,
    pub object: ObjectId,
    /// Seconds since the Unix epoch; `None` is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UnixTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopts: Option<OpRef>,
}

/// Unites heads and changes nothing: an entry has at most 256 parents and a policy entry as many
/// heads, and whoever leaves heads behind can be kept from ever naming them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {}

/// A rotation that begins, by a value that is not active yet or by the intent to make one; or such a value that is made
/// later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    pub secret: SecretName,
    /// With a base it begins a rotation: this tells that apart from others by the same author at the same place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<ShortId>,
    /// The version that it is to take the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ObjectId>,
    /// What it begins, derived as an object is.
    #[serde(skip, default = "unbegun")]
    pub begun: RotationId,
    /// The rotation that it adds a value to, where it begins none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<RotationId>,
    /// As a [`Put`]'s; an intent has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Id>,
    /// As a [`Put`]'s; without meaning in an intent ([`Pending::object`]).
    #[serde(skip, default = "underived")]
    pub derived: ObjectId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrap: Option<WrapId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<UnixTime>,
}

impl Pending {
    /// One that says nothing yet.
    pub(crate) fn of(secret: SecretName) -> Self {
        Self {
            secret,
            nonce: None,
            base: None,
            begun: unbegun(),
            rotation: None,
            body: None,
            derived: underived(),
            wrap: None,
            expires: None,
        }
    }

    /// The version that it brings; an intent brings none.
    pub fn object(&self) -> Option<&ObjectId> {
        self.body.is_some().then_some(&self.derived)
    }

    /// The rotation that it begins or adds to.
    pub fn rotation(&self) -> RotationId {
        self.rotation.unwrap_or(self.begun)
    }
}

/// A rotation that ends without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abort {
    pub secret: SecretName,
    pub rotation: RotationId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopts: Option<OpRef>,
}

/// A rotation whose value becomes the active one, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promote {
    pub secret: SecretName,
    pub rotation: RotationId,
    pub object: ObjectId,
    /// As a [`Put`]'s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<ObjectId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopts: Option<OpRef>,
}

/// No rotation's id, until [`super::entry::Entry::derive_objects`] has it.
fn unbegun() -> RotationId {
    RotationId([0; 16])
}

/// No object's id, until [`super::entry::Entry::derive_objects`] has it.
fn underived() -> ObjectId {
    ObjectId([0; 32])
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub secret: SecretName,
    pub field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopts: Option<OpRef>,
}

/// The versions that a `remove`, `restore` or `retire` is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    pub secret: SecretName,
    pub objects: Vec<ObjectId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopts: Option<OpRef>,
}

impl Op {
    /// The secret that the op is about; a checkpoint and a join are about none.
    pub fn secret(&self) -> Option<&SecretName> {
        match self {
            Self::Put(put) => Some(&put.secret),
            Self::Pending(pending) => Some(&pending.secret),
            Self::Field(field) => Some(&field.secret),
            Self::Restore(versions) | Self::Remove(versions) | Self::Retire(versions) => {
                Some(&versions.secret)
            }
            Self::Abort(abort) => Some(&abort.secret),
            Self::Promote(promote) => Some(&promote.secret),
            Self::Resolve(resolve) => Some(&resolve.secret),
            Self::Expire(expire) => Some(&expire.secret),
            Self::Prune { secret, .. }
            | Self::Rewrap { secret, .. }
            | Self::Rollout { secret, .. } => Some(secret),
            Self::Checkpoint { .. } | Self::Join(_) => None,
        }
    }

    /// The rotation that it states.
    pub fn rotation(&self) -> Option<RotationId> {
        match self {
            Self::Pending(pending) => Some(pending.rotation()),
            Self::Abort(abort) => Some(abort.rotation),
            Self::Promote(promote) => Some(promote.rotation),
            Self::Rollout { rotation, .. } => Some(*rotation),
            _ => None,
        }
    }

    /// Whether it is about rotations alone.
    pub fn is_of_rotation(&self) -> bool {
        self.rotation().is_some() || matches!(self, Self::Retire(_))
    }

    /// The version that it states the body of: by this alone a version comes into the file.
    pub fn states(&self) -> Option<(&SecretName, &ObjectId)> {
        match self {
            Self::Put(put) => Some((&put.secret, &put.object)),
            Self::Pending(pending) => Some((&pending.secret, pending.object()?)),
            _ => None,
        }
    }

    /// The wrap that it names, with its version.
    pub fn wraps(&self) -> Option<(&SecretName, &ObjectId, &WrapId)> {
        match self {
            Self::Put(put) => Some((&put.secret, &put.object, &put.wrap)),
            Self::Pending(of) => Some((&of.secret, of.object()?, of.wrap.as_ref()?)),
            Self::Rewrap { secret, object, wrap } => Some((secret, object, wrap)),
            _ => None,
        }
    }

    /// The versions that it makes, or says how they stand.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectId> {
        let objects = match self {
            Self::Put(put) => std::slice::from_ref(&put.object),
            Self::Rewrap { object, .. } => std::slice::from_ref(object),
            Self::Expire(expire) => std::slice::from_ref(&expire.object),
            Self::Restore(versions) | Self::Remove(versions) | Self::Retire(versions) => {
                &versions.objects
            }
            Self::Pending(pending) => pending.object().map_or(&[][..], std::slice::from_ref),
            Self::Promote(promote) => std::slice::from_ref(&promote.object),
            Self::Prune { objects, .. } => objects,
            _ => &[],
        };
        objects.iter()
    }

    /// The void op that this one re-issues.
    pub fn adopts(&self) -> Option<OpRef> {
        match self {
            Self::Put(put) => put.adopts,
            Self::Field(field) => field.adopts,
            Self::Resolve(resolve) => resolve.adopts,
            Self::Restore(versions) | Self::Remove(versions) | Self::Retire(versions) => {
                versions.adopts
            }
            Self::Abort(abort) => abort.adopts,
            Self::Promote(promote) => promote.adopts,
            Self::Expire(expire) => expire.adopts,
            _ => None,
        }
    }

    /// The void op that this one re-issues, and as what.
    pub fn adoption(&self) -> Option<Adoption<'_>> {
        let (kind, rotation) = (history::action(self), self.ended());
        Some(Adoption { of: self.adopts()?, secret: self.secret()?, kind, rotation })
    }

    /// The rotation that an abort is of: one of another is none of this one's.
    fn ended(&self) -> Option<RotationId> {
        if let Self::Abort(abort) = self { Some(abort.rotation) } else { None }
    }

    /// What re-issues this op, the one that `of` names: a promotion comes to be a put.
    pub fn adoption_of(&self, of: OpRef) -> Option<Adoption<'_>> {
        let kind = match self {
            Self::Promote(_) => "put",
            op => history::action(op),
        };
        Some(Adoption { of, secret: self.secret()?, kind, rotation: self.ended() })
    }
}
