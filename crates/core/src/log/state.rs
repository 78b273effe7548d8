//! The vault's state: for each secret its versions, fields and what is in force. The outcome of
//! [`super::fold`]; nothing here decides anything by itself.

use super::op::OpRef;
use super::rotation::{Rotation, RotationState, Stage};
use super::same_value::SameValue;
use crate::crypto::id::{EntryId, KeyId, ObjectId, WrapId};
use crate::name::{Name, SecretName};
use crate::policy::position::PolicyPosition;
use crate::time::UnixTime;
use std::collections::{BTreeMap, HashSet};

/// Every secret that has an existing version or a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogState {
    pub secrets: BTreeMap<SecretName, SecretState>,
}

/// One secret. All of it comes of counting entries, but where a field says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretState {
    /// The existing versions; number `n` is at `n - 1`.
    pub versions: Vec<Version>,
    pub fields: BTreeMap<String, Register>,
    /// The active versions, in order of id: several are a conflict, none means gone.
    pub candidates: Vec<ObjectId>,
    /// The candidate that the greatest op names.
    pub current: Option<ObjectId>,
    /// `None` where there is nothing to say of rotations.
    pub rotation: Option<Box<RotationState>>,
}

/// A held version; most are existing ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// For display, from 1: order of first `put` or `promote`. 0 where it does not exist.
    pub number: usize,
    pub object: ObjectId,
    /// The entry of its first `put` or `promote`, and that entry's facts; of its `pending` where it does not exist.
    pub entry: EntryId,
    /// The index of that op.
    pub op: u32,
    /// Its first `promote`, and the index of that in its entry.
    pub promoted: Option<(EntryId, u32)>,
    /// Who stated it first, by `put` or `pending`: all who do sign with one key.
    pub author: Name,
    pub key: KeyId,
    /// Whose entry that is: another's than the author where somebody else promoted it.
    pub brought_by: Name,
    /// Seconds since the Unix epoch, as the author says.
    pub ts: UnixTime,
    pub reason: String,
    pub lamport: u64,
    /// Position of the policy entry it was put under.
    pub position: PolicyPosition,
    /// A rotation that sets nothing: what it replaced was removed beside it.
    pub overruled: bool,
    /// Seconds since the Unix epoch from which on it is not served.
    pub expires: Option<UnixTime>,
    /// From when on it may be deleted for its age; later than `expires` where that is disputed, or
    /// where a void op states a later time.
    pub late: Option<Late>,
    /// Its expiry was stated in several ways side by side.
    pub expiry_conflict: bool,
    /// Pruned beside an op that put its expiry off.
    pub prune_beside_expire: bool,
    /// What that entry says that it replaces.
    pub replaces: Vec<ObjectId>,
    /// What its puts say holds the same value.
    pub same: Vec<ObjectId>,
    /// The void ops that its puts re-issue.
    pub adopts: Vec<OpRef>,
    pub live_wrap: LiveWrap,
    /// The other wraps that counting ops name for it, in the order in which readers try them.
    pub other_wraps: Vec<WrapId>,
    /// Every wrap that a counting or void entry names for it, in order of id.
    pub wraps: Vec<WrapId>,
    pub pruned: bool,
    /// A void entry prunes it: its bytes may be gone.
    pub void_pruned: bool,
    pub removed: bool,
    /// Removed and restored side by side.
    pub removal_conflict: bool,
    /// The provider accepts it no more, as a `retire` says.
    pub retired: bool,
}

/// An expiry, and the time that the entry which states it gives: in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Late {
    pub at: UnixTime,
    pub stated: UnixTime,
}

/// The wrap that opens a version, and the entry that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveWrap {
    pub wrap: WrapId,
    pub entry: EntryId,
}

/// A field's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// The winning value; `None` is cleared.
    pub value: Option<String>,
    /// The differing values that lost by order alone; empty without a conflict.
    pub others: Vec<Option<String>>,
    /// The entry of the winning op.
    pub entry: EntryId,
}

/// How a version stands, for display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionStatus {
    Active,
    Conflicting,
    /// Another version took its place.
    Replaced,
    /// As [`Version::retired`], and not active.
    Retired,
    Removed,
    Expired,
    Pruned,
}

impl VersionStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Conflicting => "conflicting",
            Self::Replaced => "replaced",
            Self::Retired => "retired",
            Self::Removed => "removed",
            Self::Expired => "expired",
            Self::Pruned => "pruned",
        }
    }
}

impl Version {
    pub fn is_expired(&self, now: UnixTime) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    /// What it is called where a person reads of it.
    pub(crate) fn called(&self, secret: &SecretName) -> String {
        match self.number {
            0 => format!("a value that a rotation of {secret} made ready"),
            number => format!("version {number} of {secret}"),
        }
    }

    /// The wraps that open it, in the order in which readers try them: the live one, its put's own,
    /// the others from the oldest on. Each must be in the file until the version is pruned.
    pub(crate) fn wraps_to_try(&self) -> impl Iterator<Item = &WrapId> {
        std::iter::once(&self.live_wrap.wrap).chain(&self.other_wraps)
    }
}

impl LogState {
    pub fn secret(&self, name: &SecretName) -> Option<&SecretState> {
        self.secrets.get(name)
    }
}

impl SecretState {
    /// Whether several versions are active.
    pub fn is_conflict(&self) -> bool {
        self.candidates.len() > 1
    }

    /// Whether no version is active, nor comes back by itself.
    pub fn is_gone(&self) -> bool {
        self.candidates.is_empty()
    }

    pub fn version(&self, object: &ObjectId) -> Option<&Version> {
        self.versions.iter().find(|version| version.object == *object)
    }

    /// The existing versions, and those that nobody promoted so far.
    pub fn held(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().chain(self.rotation.iter().flat_map(|state| &state.held))
    }

    /// The held versions that open rotations are about to bring.
    pub(crate) fn in_rotation(&self) -> impl Iterator<Item = &Version> {
        let rotations = self.open_rotations();
        let objects: HashSet<&ObjectId> =
            rotations.flat_map(|rotation| &rotation.objects).collect();
        let is_left = |v: &&Version| !v.removed && !v.pruned && !v.retired;
        let held = self.rotation.iter().flat_map(|state| &state.held).filter(is_left);
        held.filter(move |version| objects.contains(&version.object))
    }

    /// Whether the current version was promoted over it, whatever became of it since: who may only rotate can call it
    /// retired, and so ends nothing of others'.
    pub fn is_replaced(&self, object: &ObjectId) -> bool {
        self.rotation.as_ref().is_some_and(|state| state.replaced.binary_search(object).is_ok())
    }

    /// Whether what the version is for accepts its value no more, as somebody says. Who asks of many looks them up in
    /// [`Self::withdrawn`].
    pub fn is_withdrawn(&self, object: &ObjectId) -> bool {
        self.withdrawn().has(object)
    }

    /// What was retired, and all that holds the same values.
    pub fn withdrawn(&self) -> SameValue<'_> {
        let retired = self.rotation.iter().flat_map(|of| &of.retired);
        SameValue::of(&self.versions, retired)
    }

    /// The version, and all that holds its value.
    pub fn holding<'a>(&'a self, object: &'a ObjectId) -> SameValue<'a> {
        SameValue::of(&self.versions, [object])
    }

    /// What is active, and all that holds the same values.
    pub(crate) fn in_use(&self) -> SameValue<'_> {
        SameValue::of(&self.versions, &self.candidates)
    }

    /// The rotations that are neither promoted nor aborted, in order of id.
    pub fn open_rotations(&self) -> impl Iterator<Item = &Rotation> {
        let rotations = self.rotation.iter().flat_map(|state| &state.rotations);
        rotations.filter(|of| matches!(of.stage, Stage::Live | Stage::Stale(_)))
    }

    /// Whether the version was promoted over and may still be in use.
    pub fn is_previous(&self, object: &ObjectId) -> bool {
        self.rotation.as_ref().is_some_and(|state| state.previous.binary_search(object).is_ok())
    }

    /// The version with this display number.
    pub fn numbered(&self, number: usize) -> Option<&Version> {
        self.versions.get(number.checked_sub(1)?)
    }

    pub fn current(&self) -> Option<&Version> {
        self.version(self.current.as_ref()?)
    }

    /// The active versions, in order of id.
    pub fn active(&self) -> impl Iterator<Item = &Version> {
        self.candidates.iter().filter_map(|object| self.version(object))
    }

    /// What readers get, and what they are to get if a rotation goes on: the wraps of these are kept up.
    pub(crate) fn kept_up(&self) -> impl Iterator<Item = &Version> {
        self.active().chain(self.in_rotation())
    }

    /// How `version` stands at `now`, seconds since the Unix epoch.
    pub fn status(&self, version: &Version, now: UnixTime) -> VersionStatus {
        let is_candidate = self.candidates.binary_search(&version.object).is_ok();
        match version {
            Version { pruned: true, .. } => VersionStatus::Pruned,
            Version { removed: true, .. } => VersionStatus::Removed,
            Version { retired: true, .. } if !is_candidate => VersionStatus::Retired,
            version if version.is_expired(now) => VersionStatus::Expired,
            _ if is_candidate && self.is_conflict() => VersionStatus::Conflicting,
            _ if is_candidate => VersionStatus::Active,
            _ => VersionStatus::Replaced,
        }
    }

    /// A field's winning value.
    pub fn field(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.value.as_deref()
    }

    /// The field `type`.
    pub fn type_of(&self) -> Option<&str> {
        self.field("type")
    }

    pub fn description(&self) -> Option<&str> {
        self.field("description")
    }

    /// The name under which `exec` gives the secret, where it is not the secret's own.
    pub fn var(&self) -> Option<&str> {
        self.field("var")
    }

    pub fn generate(&self) -> Option<&str> {
        self.field("generate")
    }

    /// After how long a value is due for another one: a span such as `30d`.
    pub fn rotation_interval(&self) -> Option<&str> {
        self.field("rotation-interval")
    }

    /// Names and values of the fields `tag.NAME`.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> {
        self.prefixed("tag.")
    }

    /// Names and values of the fields `meta.NAME`.
    pub fn meta(&self) -> impl Iterator<Item = (&str, &str)> {
        self.prefixed("meta.")
    }

    fn prefixed<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let set = self.fields.iter().filter_map(|(k, r)| Some((k, r.value.as_deref()?)));
        set.filter_map(move |(key, value)| Some((key.strip_prefix(prefix)?, value)))
    }
}
