//! What members do by keys of theirs, and the outsider by its own: with rights, without, and with rights that
//! they had; under policies, after entries and with heads of their choice.

use super::attack::{Edit, Forged, LATER, NO_POLICY, NO_SIGNATURE};
use super::model::SECRETS;
use super::records::{audiences, entries, records};
use super::world::{PEOPLE, WORLD, name, secret};
use crate::crypto::bytes::{Blob, Fixed};
use crate::crypto::id::{EntryId, KeyId, ObjectId, PolicyId, RotationId, VaultId};
use crate::crypto::sign::{SigningKey, Tag};
use crate::file::model::{SecretSection, VaultFile, VersionObject, Wrap, WrapKey};
use crate::file::version::{Authored, SealedVersion, SecretRef, WrapTo, seal_version};
use crate::host::testing::TestHost;
use crate::log::draft::{Authorship, EntryDraft, Tips};
use crate::log::entry::Entry;
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::op::{Abort, Expire, Field, Join, Op, Put, Resolve, Versions};
use crate::log::standing::{LogSignatures, Standings};
use crate::log::state::LogState;
use crate::policy::chain::{Chain, ChainSignatures};
use crate::record::ids;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::copies::renew_copies;
use std::collections::BTreeSet;

/// The owner signs nothing for an attacker.
pub const ATTACKERS: [&str; 7] =
    ["writer", "leaver", "reader", "rotator", "grantor", "outsider", "second"];

pub fn attacker(number: u16) -> &'static str {
    ATTACKERS[usize::from(number) % ATTACKERS.len()]
}

/// What an attacker's value says.
pub fn forged_text(by: &str, secret: usize) -> String {
    format!("forged by {by} for {}", SECRETS[secret])
}

/// The readable copies, as whoever edits a file brings them up to date.
pub fn settle(file: &mut VaultFile) {
    let Ok(chain) = Chain::build(&file.chain, ChainSignatures::Trusted) else { return };
    let Ok(graph) = Graph::build(&file.entries) else { return };
    let trusted = LogSignatures::Trusted;
    let standings = Standings::judge(&graph, &file.entries, &chain, FoldScope::All, trusted);
    let state = LogState::fold(&graph, &file.entries, &standings, FoldScope::All);
    file.secrets.values_mut().for_each(|section| section.active.clear());
    renew_copies(file, &state, chain.vault_id());
}

/// Leaves out the versions and wraps that no entry names.
pub fn forget_unnamed(file: &mut VaultFile) {
    let (mut objects, mut wraps) = (BTreeSet::new(), BTreeSet::new());
    for op in file.entries.values().flat_map(|entry| &entry.ops) {
        match op {
            Op::Put(put) => {
                objects.insert(put.object);
                wraps.insert(put.wrap);
            }
            Op::Rewrap { wrap, .. } => _ = wraps.insert(*wrap),
            _ => {}
        }
    }
    for section in file.secrets.values_mut() {
        section.versions.retain(|id, _| objects.contains(id));
        section.wraps.retain(|id, wrap| wraps.contains(id) && objects.contains(&wrap.version));
    }
    file.secrets.retain(|_, section| !section.versions.is_empty());
}

pub fn heads(file: &VaultFile) -> BTreeSet<EntryId> {
    let parents: BTreeSet<EntryId> =
        file.entries.values().flat_map(|entry| entry.parents.iter().copied()).collect();
    file.entries.keys().filter(|id| !parents.contains(id)).copied().collect()
}

/// The state that an entry is dated back to, with its policy and its heads, where one is.
fn back<'a>(forged: &Forged<'a>, edit: &Edit) -> Option<&'a VaultFile> {
    let at = usize::from(edit.n[3]) % forged.states.len();
    matches!(edit.n[2] % 10, 6..=8).then(|| &forged.states[at])
}

/// What an entry is to follow: all heads, some entries, those of an older state, or nothing.
fn tips(forged: &Forged<'_>, edit: &Edit) -> Tips {
    let all = entries(&forged.file);
    let mut parents: BTreeSet<EntryId> = match (back(forged, edit), edit.n[2] % 10) {
        (Some(older), _) => {
            heads(older).into_iter().filter(|id| forged.file.entries.contains_key(id)).collect()
        }
        (None, 0..=3) => heads(&forged.file),
        (None, 4..=5) => [3, 4].into_iter().filter_map(|at| edit.pick(at, &all)).collect(),
        _ => BTreeSet::new(),
    };
    if parents.len() > 256 {
        parents = parents.into_iter().take(256).collect();
    }
    let lamports = parents.iter().filter_map(|id| forged.file.entries.get(id)).map(|e| e.lamport);
    let lamport = lamports.max().unwrap_or(0) + 1;
    let inflated = if edit.n[4] % 16 == 15 { 1_000_000 } else { 0 };
    Tips { parents: parents.into_iter().collect(), lamport: lamport + inflated }
}

/// The policy of now, one from before, or none of this chain.
fn policy(forged: &Forged<'_>, edit: &Edit) -> PolicyId {
    if let Some(older) = back(forged, edit) {
        return older.chain.last().unwrap().id();
    }
    let chain: Vec<PolicyId> = forged.file.chain.iter().map(|entry| entry.id()).collect();
    match edit.n[3] % 16 {
        0..=11 => *chain.last().unwrap(),
        12..=14 => edit.pick(5, &chain).unwrap(),
        _ => NO_POLICY,
    }
}

/// In whose name an entry is, which key it states, and which one signs it.
struct Claim<'a> {
    actor: &'static str,
    stated: KeyId,
    key: &'a SigningKey,
    /// Whether the key is the attacker's by which it acts as this member.
    is_own: bool,
}

impl<'a> Claim<'a> {
    /// In its signer's name, by a key that was put into another member, or in another's name: by its signer's
    /// own key, or by that of the other, which it has not.
    fn of(forged: &'a Forged<'_>, edit: &Edit) -> Self {
        let who = attacker(edit.n[0]);
        let own = &WORLD.people[who].key;
        let planted = forged.planted.iter().find(|(by, ..)| *by == who && edit.often(4, 5));
        if let Some((_, actor, key)) = planted {
            return Self { actor, stated: key.id(), key, is_own: true };
        }
        let (actor, has_it) = match edit.n[4] % 10 {
            0 => (PEOPLE[usize::from(edit.n[5]) % PEOPLE.len()].0, true),
            // One who may do it.
            1..=2 => (["owner", "writer"][usize::from(edit.n[3]) % 2], false),
            _ => (who, true),
        };
        let stated = if has_it { own.id() } else { WORLD.people[actor].key.id() };
        Self { actor, stated, key: own, is_own: actor == who }
    }

    fn sign(&self, draft: EntryDraft, tips: &Tips, vault: &VaultId, policy: PolicyId) -> Entry {
        let actor = name(self.actor);
        let mut entry = draft.sign(tips, Authorship { vault, policy, actor: &actor }, self.key);
        if entry.key != self.stated {
            entry.key = self.stated;
            entry.derive_objects(vault);
            entry.sig = self.key.sign(Tag::LogEntry, &entry.id());
        }
        entry
    }
}

/// Signs and adds an entry.
fn sign(forged: &mut Forged<'_>, edit: &Edit, ops: Vec<Op>, tips: &Tips) {
    let (vault, policy) = (forged.file.header.vault, policy(forged, edit));
    let draft = EntryDraft { ops, reason: String::new(), ts: UnixTime::from_secs(2_000) };
    let claim = Claim::of(forged, edit);
    let (entry, is_own) = (claim.sign(draft, tips, &vault, policy), claim.is_own);
    if is_own {
        forged.owned(&entry, attacker(edit.n[0]));
    }
    forged.insert(entry);
    if edit.n[5] % 12 != 11 {
        settle(&mut forged.file);
    }
}

pub fn write(forged: &mut Forged<'_>, edit: &Edit) {
    let (who, number) = (attacker(edit.n[0]), usize::from(edit.n[1]) % SECRETS.len());
    let Ok(chain) = Chain::build(&forged.file.chain, ChainSignatures::Trusted) else { return };
    let own = chain.state().audience_of(&secret(number));
    let names = audiences(&forged.file);
    let audience = match edit.n[5] % 8 {
        0 => edit.pick(3, &names).unwrap_or(own),
        _ => own,
    };
    let Some(known) = chain.state().audience(&audience) else { return };
    let epochs: Vec<_> = known.earlier.iter().chain([&known.current]).collect();
    let epoch = match edit.n[5] % 8 {
        1 => epochs[usize::from(edit.n[3]) % epochs.len()],
        _ => &known.current,
    };
    let tips = tips(forged, edit);
    let (vault, name) = (forged.file.header.vault, secret(number));
    let uid = ids::secret_uid(&vault, &name);
    let value = SecretValue::from(forged_text(who, number));
    let expires = (edit.n[3] % 12 == 5).then_some(UnixTime::from_secs(1));
    let author = Claim::of(forged, edit).stated;
    let authored = Authored { value: &value, author: &author, expires };
    let to =
        WrapTo::Recipient { audience: &audience, epoch: epoch.epoch, recipient: &epoch.recipient };
    let binding = SecretRef { vault: &vault, uid: &uid };
    let mut sealed = seal_version(&TestHost, binding, authored, to).unwrap().put_at(tips.origin());
    let section = forged.file.secret_section(uid, &name);
    let replaces = section.active.clone();
    let is_spoilt = spoil(&mut sealed, section, edit);
    sealed.object_id = sealed.object.id(&uid);
    sealed.body = sealed.object.body_id();
    sealed.wrap.version = sealed.object_id;
    sealed.wrap_id = sealed.wrap.id();
    section.versions.insert(sealed.object_id, sealed.object);
    section.wraps.insert(sealed.wrap_id, sealed.wrap);
    let put = Op::Put(Put {
        secret: name,
        body: sealed.body,
        object: sealed.object_id,
        wrap: sealed.wrap_id,
        expires,
        replaces,
        same: Vec::new(),
        adopts: None,
    });
    if is_spoilt {
        forged.broken.insert(sealed.object_id);
    }
    sign(forged, edit, vec![put], &tips);
}

/// Seals what gives no value: another version's bytes, with their key or without, a key of garbage, a commitment
/// to another key. Whether it did.
fn spoil(sealed: &mut SealedVersion, section: &SecretSection, edit: &Edit) -> bool {
    match edit.n[5] % 12 {
        at @ 2..=3 => return borrow(sealed, section, at == 3).is_some(),
        4 => sealed.wrap.key = WrapKey::Kek(Blob(vec![7; 48])),
        5 => sealed.object.commitment.0[0] ^= 1,
        _ => return false,
    }
    true
}

/// Puts the bytes of another author's version into one's own, and its key: who seals them knows what they give.
fn borrow(sealed: &mut SealedVersion, section: &SecretSection, with_key: bool) -> Option<()> {
    let author = sealed.object.author;
    let (id, other) = section.versions.iter().find(|(_, version)| version.author != author)?;
    if with_key {
        sealed.wrap = section.wraps.values().find(|wrap| wrap.version == *id)?.clone();
    }
    sealed.object = VersionObject {
        author,
        origin: sealed.object.origin,
        expires: sealed.object.expires,
        ..other.clone()
    };
    Some(())
}

pub fn take_away(forged: &mut Forged<'_>, edit: &Edit) {
    let Some((uid, object)) = edit.pick(1, &records(&forged.file)) else { return };
    let section = forged.file.secrets.get_mut(&uid).unwrap();
    let (secret, adopts) = (section.name.clone(), None);
    let all: Vec<ObjectId> = section.versions.keys().copied().collect();
    let objects = if edit.n[5].is_multiple_of(2) { all } else { vec![object] };
    let op = match edit.n[3] % 10 {
        0 => Op::Remove(Versions { secret, objects, adopts }),
        1 => {
            if edit.n[4].is_multiple_of(2) {
                objects.iter().for_each(|id| _ = section.versions.remove(id));
                section.wraps.retain(|_, wrap| !objects.contains(&wrap.version));
                let is_empty = section.versions.is_empty();
                is_empty.then(|| forged.file.secrets.remove(&uid));
            }
            Op::Prune { secret, objects }
        }
        2 => Op::Restore(Versions { secret, objects, adopts }),
        3 => Op::Resolve(Resolve { secret, object, adopts }),
        4 => Op::Expire(Expire { secret, object, at: Some(UnixTime::from_secs(1)), adopts }),
        5 => Op::Expire(Expire { secret, object, at: None, adopts }),
        6 => {
            let (field, value) = ("description".to_owned(), Some("forged".to_owned()));
            Op::Field(Field { secret, field, value, adopts })
        }
        7 => Op::Join(Join {}),
        8 => {
            let rotation = RotationId([6; 16]);
            match edit.n[4] % 3 {
                0 => Op::Rollout { secret, rotation, share: 10_000 },
                1 => Op::Abort(Abort { secret, rotation, adopts }),
                _ => Op::Retire(Versions { secret, objects, adopts }),
            }
        }
        _ => Op::Checkpoint {
            segment: Fixed([6; 32]),
            heads: heads(&forged.file).into_iter().collect(),
        },
    };
    let tips = tips(forged, edit);
    sign(forged, edit, vec![op], &tips);
}

pub fn rewrap(forged: &mut Forged<'_>, edit: &Edit) {
    let Some((uid, object)) = edit.pick(1, &records(&forged.file)) else { return };
    let Some(audience) = edit.pick(3, &audiences(&forged.file)) else { return };
    let epoch = forged.file.audiences[&audience].epoch;
    let key = match edit.n[4] % 2 {
        0 => WrapKey::Kek(Blob(vec![5; 48])),
        _ => WrapKey::Sealed(Blob(vec![5; 200])),
    };
    let wrap = Wrap { version: object, audience, epoch, key };
    let section = forged.file.secrets.get_mut(&uid).unwrap();
    let secret = section.name.clone();
    let id = wrap.id();
    section.wraps.insert(id, wrap);
    let tips = tips(forged, edit);
    sign(forged, edit, vec![Op::Rewrap { secret, object, wrap: id }], &tips);
}

/// A stated fact of an entry changed.
pub fn restated(entry: &mut Entry, edit: &Edit, heads: &[EntryId]) {
    match edit.n[0] % 9 {
        0 => entry.ts = LATER,
        1 => entry.reason.push('!'),
        2 => (entry.parents, entry.lamport) = (Vec::new(), 1),
        3 => entry.lamport += 1 + u64::from(edit.n[2]),
        4 => entry.policy = NO_POLICY,
        5 => entry.actor = name(PEOPLE[usize::from(edit.n[2]) % PEOPLE.len()].0),
        6 => entry.sig = NO_SIGNATURE,
        7 => entry.parents = edit.pick(2, heads).into_iter().collect(),
        _ => {
            for op in &mut entry.ops {
                match op {
                    Op::Put(put) => put.expires = Some(LATER),
                    Op::Remove(them) => them.objects.truncate(1),
                    Op::Field(field) => field.value = None,
                    _ => {}
                }
            }
        }
    }
}
