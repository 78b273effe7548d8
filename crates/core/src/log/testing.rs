//! What the tests of this folder share: a policy that is stated, and logs of truly signed entries.

use super::draft::{Authorship, EntryDraft, Tips};
use super::entry::Entry;
use super::fold::FoldScope;
use super::graph::Graph;
use super::op::{Abort, Expire, Field, Op, Pending, Promote, Put, Resolve, Versions};
use super::policy_view::{AudienceView, EpochView, KeyView, PolicyView};
use super::standing::{EntryStatus, LogSignatures, Standings};
use super::state::{LogState, SecretState};
use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::id::{EntryId, EpochId, KeyId, ObjectId, PolicyId, RotationId, VaultId, WrapId};
use crate::crypto::sign::{SigningKey, VerifyingKey};
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern, SecretName};
use crate::policy::op::{MemberKind, Right};
use crate::policy::position::PolicyPosition;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use std::collections::{BTreeMap, BTreeSet};

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub fn secret(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

/// An id that stands for version, wrap or policy number `n`.
pub fn id<T: From<Id>>(n: u8) -> T {
    Fixed([n; 32]).into()
}

pub fn wrap_of(object: ObjectId) -> WrapId {
    let mut wrap = WrapId(object.0);
    wrap.0[0] ^= 0x80;
    wrap
}

pub fn put_op(of: &str, object: ObjectId) -> Put {
    Put {
        secret: secret(of),
        body: Fixed(object.0),
        object,
        wrap: wrap_of(object),
        expires: None,
        replaces: Vec::new(),
        same: Vec::new(),
        adopts: None,
    }
}

pub fn put(of: &str, object: u8) -> Op {
    Op::Put(put_op(of, id(object)))
}

pub fn pending(of: &str, object: u8) -> Op {
    begin(of, 1, 1, object)
}

/// The id of rotation number `n`.
pub fn rotation_id(n: u8) -> RotationId {
    RotationId([n; 16])
}

/// A value of a rotation that is begun upon a base.
pub fn begin(of: &str, rotation: u8, base: u8, object: u8) -> Op {
    let Put { secret, body, object, wrap, expires, .. } = put_op(of, id(object));
    let (nonce, base) = (Some(Fixed([rotation; 16])), Some(id(base)));
    let (begun, rotation, derived) = (rotation_id(rotation), None, object);
    let (body, wrap) = (Some(body), Some(wrap));
    Op::Pending(Pending { secret, nonce, base, begun, rotation, body, derived, wrap, expires })
}

/// A value of a rotation that was begun before.
pub fn add_value(of: &str, rotation: u8, object: u8) -> Op {
    let Op::Pending(pending) = begin(of, rotation, 0, object) else { unreachable!() };
    let rotation = Some(pending.begun);
    Op::Pending(Pending { nonce: None, base: None, begun: rotation_id(0), rotation, ..pending })
}

pub fn intend(of: &str, rotation: u8, base: u8) -> Op {
    let Op::Pending(pending) = begin(of, rotation, base, 0) else { unreachable!() };
    Op::Pending(Pending { body: None, wrap: None, derived: id(0), ..pending })
}

pub fn rollout(of: &str, rotation: u8, share: u64) -> Op {
    Op::Rollout { secret: secret(of), rotation: rotation_id(rotation), share }
}

pub fn abort(of: &str, rotation: u8) -> Op {
    Op::Abort(Abort { secret: secret(of), rotation: rotation_id(rotation), adopts: None })
}

pub fn retire(of: &str, objects: &[u8]) -> Op {
    Op::Retire(versions(of, objects))
}

pub fn promote(of: &str, rotation: u8, object: u8, replaces: &[u8]) -> Op {
    Op::Promote(Promote {
        secret: secret(of),
        rotation: rotation_id(rotation),
        object: id(object),
        replaces: replaces.iter().map(|n| id(*n)).collect(),
        adopts: None,
    })
}

pub fn rotate(of: &str, object: u8, replaces: u8) -> Op {
    Op::Put(Put { replaces: vec![id(replaces)], ..put_op(of, id(object)) })
}

fn versions(of: &str, objects: &[u8]) -> Versions {
    let objects = objects.iter().map(|n| id(*n)).collect();
    Versions { secret: secret(of), objects, adopts: None }
}

pub fn remove(of: &str, objects: &[u8]) -> Op {
    Op::Remove(versions(of, objects))
}

pub fn restore(of: &str, objects: &[u8]) -> Op {
    Op::Restore(versions(of, objects))
}

pub fn prune(of: &str, objects: &[u8]) -> Op {
    let Versions { secret, objects, .. } = versions(of, objects);
    Op::Prune { secret, objects }
}

pub fn resolve(of: &str, object: u8) -> Op {
    Op::Resolve(Resolve { secret: secret(of), object: id(object), adopts: None })
}

pub fn expire(of: &str, object: u8, at: Option<u64>) -> Op {
    Op::Expire(Expire {
        secret: secret(of),
        object: id(object),
        at: at.map(UnixTime::from_secs),
        adopts: None,
    })
}

pub fn rewrap(of: &str, object: u8, wrap: u8) -> Op {
    Op::Rewrap { secret: secret(of), object: id(object), wrap: id(wrap) }
}

pub fn field(of: &str, field: &str, value: Option<&str>) -> Op {
    let value = value.map(str::to_owned);
    Op::Field(Field { secret: secret(of), field: field.to_owned(), value, adopts: None })
}

/// A device key that depends on its text alone.
pub fn key(text: &str) -> SigningKey {
    SigningKey::from_seed(&SecretValue::new(blake3::hash(text.as_bytes()).as_bytes().to_vec()))
        .unwrap()
}

#[derive(Debug, Clone)]
struct Device {
    member: Name,
    device: Name,
    verifying: VerifyingKey,
}

/// What holds after one policy entry.
#[derive(Debug, Clone, Default)]
pub struct Moment {
    keys: BTreeSet<KeyId>,
    rights: BTreeSet<(Name, Right, Pattern)>,
    heads: Vec<EntryId>,
}

/// An audience as it stands in the fake policy.
#[derive(Debug, Clone)]
pub struct FakeAudience {
    pub epoch: EpochId,
    pub envelope: Id,
    pub due: bool,
}

/// A policy that is stated: nothing in it is signed.
#[derive(Debug, Clone)]
pub struct FakePolicy {
    pub vault_id: VaultId,
    pub name: Name,
    ids: Vec<PolicyId>,
    moments: Vec<Moment>,
    removals: Vec<PolicyPosition>,
    devices: BTreeMap<KeyId, Device>,
    pub audiences: BTreeMap<AudienceName, FakeAudience>,
    /// (audience, position, superseded)
    pub epochs: BTreeMap<EpochId, (AudienceName, PolicyPosition, Option<PolicyPosition>)>,
    pub audience_of_all: AudienceName,
}

impl FakePolicy {
    /// Genesis with `ann`, who holds every right on `*`.
    pub fn new() -> Self {
        let mut policy = Self {
            vault_id: id(200),
            name: name("test"),
            ids: vec![id(200)],
            moments: vec![Moment::default()],
            removals: Vec::new(),
            devices: BTreeMap::new(),
            audiences: BTreeMap::new(),
            epochs: BTreeMap::new(),
            audience_of_all: AudienceName::new("owner"),
        };
        policy.add("ann", &Right::ALL, "*");
        policy
    }

    /// Gives a member rights, and a key if it has none, from the latest entry on.
    pub fn add(&mut self, member: &str, rights: &[Right], pattern: &str) {
        let key = key(member);
        let verifying = VerifyingKey::parse(&key.public()).unwrap();
        let device = Device { member: name(member), device: name("laptop"), verifying };
        self.devices.insert(key.id(), device);
        let moment = self.moments.last_mut().unwrap();
        moment.keys.insert(key.id());
        let pattern = Pattern::new(pattern).unwrap();
        moment.rights.extend(rights.iter().map(|right| (name(member), *right, pattern.clone())));
    }

    /// The next policy entry, signed by somebody who knew of `heads`. Returns its position.
    pub fn next(&mut self, heads: &[EntryId]) -> PolicyPosition {
        let mut moment = self.moments.last().unwrap().clone();
        moment.heads = heads.to_vec();
        self.moments.push(moment);
        self.ids.push(id(200 + self.ids.len() as u8));
        self.head_position()
    }

    /// The next entry takes all of the member's rights on patterns that match `of`.
    pub fn revoke(&mut self, heads: &[EntryId], member: &str, of: &str) -> PolicyPosition {
        let position = self.next(heads);
        let (member, of) = (name(member), secret(of));
        self.moments[position.index()].rights.retain(|(m, _, p)| *m != member || !p.matches(&of));
        self.removals.push(position);
        position
    }

    /// The next entry takes one right of the member's, everywhere.
    pub fn revoke_right(
        &mut self,
        heads: &[EntryId],
        member: &str,
        right: Right,
    ) -> PolicyPosition {
        let position = self.next(heads);
        let member = name(member);
        self.moments[position.index()].rights.retain(|(m, r, _)| *m != member || *r != right);
        self.removals.push(position);
        position
    }

    /// The next entry takes the member's key.
    pub fn remove_key(&mut self, heads: &[EntryId], member: &str) -> PolicyPosition {
        let position = self.next(heads);
        self.moments[position.index()].keys.remove(&key(member).id());
        self.removals.push(position);
        position
    }

    pub fn id_at(&self, position: PolicyPosition) -> PolicyId {
        self.ids[position.index()]
    }

    pub fn set_heads(&mut self, position: PolicyPosition, heads: Vec<EntryId>) {
        self.moments[position.index()].heads = heads;
    }
}

impl PolicyView for FakePolicy {
    fn vault_id(&self) -> VaultId {
        self.vault_id
    }

    fn vault_name(&self) -> Option<&Name> {
        Some(&self.name)
    }

    fn ids(&self) -> &[PolicyId] {
        &self.ids
    }

    fn position(&self, id: &PolicyId) -> Option<PolicyPosition> {
        self.ids.iter().position(|known| known == id).map(PolicyPosition::new)
    }

    fn heads(&self, position: PolicyPosition) -> &[EntryId] {
        &self.moments[position.index()].heads
    }

    fn removals(&self) -> &[PolicyPosition] {
        &self.removals
    }

    fn key(&self, id: &KeyId) -> Option<KeyView<'_>> {
        let Device { member, device, verifying } = self.devices.get(id)?;
        Some(KeyView { member, device, verifying })
    }

    fn actor_at(&self, position: PolicyPosition, key: &KeyId) -> Option<&Name> {
        let is_active = self.moments[position.index()].keys.contains(key);
        is_active.then(|| &self.devices[key].member)
    }

    fn holds(
        &self,
        position: PolicyPosition,
        member: &Name,
        right: Right,
        secret: &SecretName,
    ) -> bool {
        let mut rights = self.moments[position.index()].rights.iter();
        rights.any(|(m, r, p)| m == member && *r == right && p.matches(secret))
    }

    fn holds_anywhere(&self, position: PolicyPosition, member: &Name, right: Right) -> bool {
        let mut rights = self.moments[position.index()].rights.iter();
        rights.any(|(m, r, _)| m == member && *r == right)
    }

    fn holds_on_all(&self, position: PolicyPosition, member: &Name, right: Right) -> bool {
        let all = Pattern::new("*").unwrap();
        self.moments[position.index()].rights.contains(&(member.clone(), right, all))
    }

    fn member_kind(&self, member: &Name) -> Option<MemberKind> {
        let is_known = self.devices.values().any(|device| device.member == *member);
        is_known.then_some(MemberKind::User)
    }

    fn epoch(&self, epoch: &EpochId) -> Option<EpochView<'_>> {
        let (audience, position, superseded) = self.epochs.get(epoch)?;
        Some(EpochView { audience, position: *position, superseded: *superseded })
    }

    fn audiences(&self) -> Vec<AudienceView<'_>> {
        let view = |(name, audience)| {
            let (name, FakeAudience { epoch, envelope, due }): (&AudienceName, &FakeAudience) =
                (name, audience);
            AudienceView { name, epoch, envelope, due: *due }
        };
        self.audiences.iter().map(view).collect()
    }

    fn skipped_in(&self, _: &AudienceName) -> Vec<&Name> {
        Vec::new()
    }

    fn audience_of(&self, _: &SecretName) -> AudienceName {
        self.audience_of_all.clone()
    }
}

/// A log that grows entry by entry, and the policy over it.
#[derive(Debug, Clone)]
pub struct Log {
    pub policy: FakePolicy,
    pub entries: BTreeMap<EntryId, Entry>,
}

impl Log {
    pub fn new() -> Self {
        Self { policy: FakePolicy::new(), entries: BTreeMap::new() }
    }

    /// An entry by `actor` after `parents`, under the policy entry at `position`.
    pub fn add_at(
        &mut self,
        position: PolicyPosition,
        actor: &str,
        parents: &[EntryId],
        ops: Vec<Op>,
    ) -> EntryId {
        let entry = self.draft(position, actor, parents, ops);
        self.insert(entry)
    }

    /// An entry under the latest policy entry.
    pub fn add(&mut self, actor: &str, parents: &[EntryId], ops: Vec<Op>) -> EntryId {
        self.add_at(self.policy.head_position(), actor, parents, ops)
    }

    pub fn insert(&mut self, entry: Entry) -> EntryId {
        let id = entry.id();
        self.entries.insert(id, entry);
        id
    }

    pub fn draft(
        &self,
        position: PolicyPosition,
        actor: &str,
        parents: &[EntryId],
        ops: Vec<Op>,
    ) -> Entry {
        let mut parents = parents.to_vec();
        parents.sort_unstable();
        parents.dedup();
        let greatest = parents.iter().map(|parent| self.entries[parent].lamport).max();
        let tips = Tips { parents, lamport: greatest.unwrap_or(0) + 1 };
        let draft = EntryDraft {
            ops: ops.clone(),
            reason: "a test".to_owned(),
            ts: UnixTime::from_secs(1_700_000_000),
        };
        let (policy, actor_name) = (self.policy.id_at(position), name(actor));
        let by = Authorship { vault: &self.policy.vault_id, policy, actor: &actor_name };
        let mut entry = draft.sign(&tips, by, &key(actor));
        // Tests here name versions by numbers, whoever puts them.
        entry.ops = ops;
        entry
    }

    pub fn graph(&self) -> Graph {
        Graph::inspect(&self.entries)
    }

    pub fn standings(&self) -> (Graph, Standings) {
        let graph = self.graph();
        let check = LogSignatures::Check;
        let standings =
            Standings::judge(&graph, &self.entries, &self.policy, FoldScope::All, check);
        (graph, standings)
    }

    pub fn standing(&self, id: &EntryId) -> EntryStatus {
        let (graph, standings) = self.standings();
        standings.of(graph.place(id).unwrap())
    }

    /// The void ops of an entry, each with the policy position that ended it.
    pub fn void_ops(&self, id: &EntryId) -> Vec<(usize, PolicyPosition)> {
        let (graph, standings) = self.standings();
        standings.void_of(graph.place(id).unwrap())
    }

    pub fn state(&self) -> LogState {
        let (graph, standings) = self.standings();
        LogState::fold(&graph, &self.entries, &standings, FoldScope::All)
    }

    pub fn secret(&self, of: &str) -> SecretState {
        self.state().secrets.remove(&secret(of)).unwrap()
    }
}

/// A graph of entries without meaning: each lists its parents as distances back.
pub fn graph_of(back: &[Vec<usize>]) -> Graph {
    let mut log = Log::new();
    let mut ids: Vec<EntryId> = Vec::new();
    for (number, back) in back.iter().enumerate() {
        let parents: Vec<EntryId> =
            back.iter().filter_map(|b| number.checked_sub(*b)).map(|at| ids[at]).collect();
        let entry = log.draft(PolicyPosition::GENESIS, "ann", &parents, Vec::new());
        let mut id: EntryId = id(0);
        id.0[..8].copy_from_slice(&(number as u64).to_be_bytes());
        log.entries.insert(id, entry);
        ids.push(id);
    }
    log.graph()
}
