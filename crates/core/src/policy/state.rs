//! What the chain says after some entry: members, roles, audiences, settings. Who changes it is
//! `apply`; this module holds it and answers questions.

use super::audience::{Audience, Audiences};
use super::creators::Creators;
use super::current_audiences::CurrentAudiences;
use super::gives::Cached;
use super::op::{Checkpoint, MemberKind, Right};
use super::position::PolicyPosition;
use super::registry::Registry;
use super::rights::Rights;
use super::settings::Settings;
use crate::crypto::bytes::{Blob, Fixed, Id, ShortId};
use crate::crypto::id::KeyId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern, SecretName};
use crate::time::UnixTime;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The role that exists from the start and holds every right.
pub const OWNER: &str = "owner";

/// What genesis states for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Charter {
    pub suite: String,
    pub nonce: ShortId,
    pub name: Name,
    /// How many owners must sign what only owners may do.
    pub threshold: u32,
}

/// The last checkpoint, and where in the chain it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    pub position: PolicyPosition,
    pub stated: Arc<Checkpoint>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub kind: MemberKind,
    pub recipients: BTreeSet<RecipientText>,
    /// Seconds since the Unix epoch; a warning to people, it ends no right.
    pub expires: Option<UnixTime>,
    /// By device.
    pub keys: BTreeMap<Name, DeviceKey>,
    pub(super) roles: BTreeSet<Name>,
    /// The keys that the recipients are.
    pub(super) ids: BTreeMap<RecipientText, Id>,
    pub(super) incarnation: u64,
    pub(super) creators: Creators,
    /// See [`super::gives`]; to be cleared when recipients or keys change.
    pub(super) line: Cached,
}

impl Member {
    /// The id of the key that one of the member's recipients is.
    pub(crate) fn recipient_id(&self, recipient: &RecipientText) -> Option<&Id> {
        self.ids.get(recipient)
    }

    pub fn roles(&self) -> impl Iterator<Item = &Name> {
        self.roles.iter()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceKey {
    pub id: KeyId,
    pub public: Fixed<32>,
    pub recipient: RecipientText,
    /// The seed, as a binary age file to `recipient`.
    pub sealed: Blob,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Role {
    pub(super) members: BTreeSet<Name>,
    pub(super) grants: BTreeMap<Pattern, Rights>,
    pub(super) creators: Creators,
    /// See [`super::gives`]; to be cleared when grants change.
    pub(super) line: Cached,
}

impl Role {
    pub fn members(&self) -> impl Iterator<Item = &Name> {
        self.members.iter()
    }

    /// The role's grants; `owner` has none and holds every right.
    pub fn grants(&self) -> impl Iterator<Item = (&Pattern, Rights)> {
        self.grants.iter().map(|(pattern, rights)| (pattern, *rights))
    }
}

/// The state after some entry. Before genesis there is no charter and only the role `owner`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyState {
    pub(super) charter: Option<Charter>,
    pub(super) members: BTreeMap<Name, Member>,
    pub(super) roles: BTreeMap<Name, Role>,
    pub(super) audiences: Audiences,
    pub(super) fresh: CurrentAudiences,
    pub(super) settings: Settings,
    pub(super) key_owners: BTreeMap<KeyId, Name>,
    /// How many members were ever added.
    pub(super) member_adds: u64,
    pub(super) registry: Registry,
    pub(super) member_names: Spellings,
    pub(super) role_names: Spellings,
    pub(super) checkpoint: Option<Closing>,
}

/// Names by their spelling without case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Spellings(BTreeMap<String, Name>);

impl Spellings {
    /// A name that is this one but for the case of letters.
    pub fn alike(&self, name: &Name) -> Option<&Name> {
        self.0.get(&name.as_str().to_ascii_lowercase())
    }

    pub fn add(&mut self, name: &Name) {
        self.0.insert(name.as_str().to_ascii_lowercase(), name.clone());
    }

    pub fn remove(&mut self, name: &Name) {
        self.0.remove(&name.as_str().to_ascii_lowercase());
    }
}

impl PolicyState {
    pub(super) fn before_genesis() -> Self {
        let owner = Name::new(OWNER).ok();
        let mut role_names = Spellings::default();
        owner.iter().for_each(|name| role_names.add(name));
        Self {
            charter: None,
            members: BTreeMap::new(),
            roles: owner.into_iter().map(|name| (name, Role::default())).collect(),
            audiences: BTreeMap::new(),
            fresh: CurrentAudiences::default(),
            settings: Settings::default(),
            key_owners: BTreeMap::new(),
            member_adds: 0,
            registry: Registry::default(),
            member_names: Spellings::default(),
            role_names,
            checkpoint: None,
        }
    }

    /// What genesis states; every state of a chain has it.
    pub(crate) fn charter(&self) -> Option<&Charter> {
        self.charter.as_ref()
    }

    /// Up to where the log is closed, if it is.
    pub fn checkpoint(&self) -> Option<&Closing> {
        self.checkpoint.as_ref()
    }

    /// How many owners must sign what only owners may do.
    pub fn threshold(&self) -> usize {
        let threshold = self.charter.as_ref().map_or(1, |charter| charter.threshold);
        usize::try_from(threshold).unwrap_or(usize::MAX)
    }

    pub fn members(&self) -> impl Iterator<Item = (&Name, &Member)> {
        self.members.iter()
    }

    pub fn member(&self, name: &Name) -> Option<&Member> {
        self.members.get(name)
    }

    pub fn roles(&self) -> impl Iterator<Item = (&Name, &Role)> {
        self.roles.iter()
    }

    pub fn role(&self, name: &Name) -> Option<&Role> {
        self.roles.get(name)
    }

    pub fn audiences(&self) -> impl Iterator<Item = (&AudienceName, &Audience)> {
        self.audiences.iter()
    }

    pub fn audience(&self, name: &AudienceName) -> Option<&Audience> {
        self.audiences.get(name)
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whose key this is.
    pub(crate) fn key_owner(&self, key: &KeyId) -> Option<&Name> {
        self.key_owners.get(key)
    }

    /// Whether a key is this member's.
    pub fn is_theirs(&self, member: &Name, key: &KeyId) -> bool {
        self.key_owner(key) == Some(member)
    }

    /// Whose recipient the key with this id is.
    pub(crate) fn recipient_owner(&self, id: &Id) -> Option<&Name> {
        self.registry.owner(id)
    }

    pub fn owners(&self) -> impl Iterator<Item = &Name> {
        self.roles.iter().filter(|(name, _)| name.as_str() == OWNER).flat_map(|(_, r)| &r.members)
    }

    pub fn is_owner(&self, member: &Name) -> bool {
        self.members.get(member).is_some_and(|m| m.roles.iter().any(|r| r.as_str() == OWNER))
    }

    /// Owners that have a device key.
    pub(crate) fn signing_owners(&self) -> usize {
        let keyed = |name: &&Name| self.members.get(*name).is_some_and(|m| !m.keys.is_empty());
        self.owners().filter(keyed).count()
    }

    /// Whether these keys suffice for every op: enough owners of this state among their members.
    pub(crate) fn is_owner_level<'a>(&self, keys: impl IntoIterator<Item = &'a KeyId>) -> bool {
        let signers: BTreeSet<&Name> = keys.into_iter().filter_map(|k| self.key_owner(k)).collect();
        let owners = signers.into_iter().filter(|member| self.is_owner(member)).count();
        self.charter.is_some() && owners >= self.threshold()
    }

    /// Whether `member` has `right` on the secret.
    pub fn holds(&self, member: &Name, right: Right, secret: &SecretName) -> bool {
        self.holds_where(member, right, |pattern| pattern.matches(secret))
    }

    /// Whether `member` has `right` by one grant that covers all of `pattern`.
    pub(crate) fn holds_pattern(&self, member: &Name, right: Right, pattern: &Pattern) -> bool {
        self.holds_where(member, right, |granted| granted.contains(pattern))
    }

    /// Whether `member` has `right` on any pattern at all.
    pub fn holds_anywhere(&self, member: &Name, right: Right) -> bool {
        self.holds_where(member, right, |_| true)
    }

    fn holds_where(&self, member: &Name, right: Right, covers: impl Fn(&Pattern) -> bool) -> bool {
        let granted = |role: &Role| {
            role.grants.iter().any(|(pattern, rights)| rights.has(right) && covers(pattern))
        };
        self.is_owner(member)
            || self
                .members
                .get(member)
                .into_iter()
                .flat_map(|member| &member.roles)
                .filter_map(|role| self.roles.get(role))
                .any(granted)
    }
}
