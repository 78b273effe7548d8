//! What members do by keys of theirs, and the outsider by its own: with rights, without, and with rights that
//! they had; under policies, after entries and with heads of their choice.

use super::attack::{Edit, Forged, LATER, NO_POLICY, NO_SIGNATURE};
use super::history_file::{audiences, entries, records};
use super::model::SECRETS;
use super::world::{PEOPLE, WORLD, name, secret};
use crate::crypto::bytes::{Blob, Fixed};
use crate::crypto::id::{EntryId, EpochId, ObjectId, PolicyId};
use crate::file::audience;
use crate::file::device_key::new_device_key;
use crate::file::model::{AudienceSection, VaultFile, Wrap, WrapKey};
use crate::file::version::{Authored, SecretRef, WrapTo, seal_version};
use crate::host::testing::TestHost;
use crate::log::draft::{Authorship, EntryDraft, Tips};
use crate::log::entry::Entry;
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::op::{Expire, Op, Put, Resolve, Versions};
use crate::log::standing::{LogSignatures, Standings};
use crate::log::state::LogState;
use crate::name::Pattern;
use crate::name::audience::AudienceName;
use crate::policy::chain::{Chain, ChainSignatures};
use crate::policy::op::{EpochStart, MemberAdd, MemberKind, PolicyOp, Right};
use crate::policy::sign::PolicyDraft;
use crate::record::ids;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::copies::renew_copies;
use std::collections::BTreeSet;

/// An owner can do everything.
const ATTACKERS: [&str; 6] = ["writer", "leaver", "reader", "rotator", "grantor", "outsider"];

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

fn heads(file: &VaultFile) -> BTreeSet<EntryId> {
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

/// Signs and adds an entry, in its signer's name or in another's.
fn sign(forged: &mut Forged<'_>, edit: &Edit, ops: Vec<Op>, tips: &Tips) {
    let who = attacker(edit.n[0]);
    let actor = match edit.n[4] % 10 {
        0 => PEOPLE[usize::from(edit.n[5]) % PEOPLE.len()].0,
        _ => who,
    };
    let (vault, policy) = (forged.file.header.vault, policy(forged, edit));
    let draft = EntryDraft { ops, reason: String::new(), ts: UnixTime::from_secs(2_000) };
    let actor = name(actor);
    let by = Authorship { vault: &vault, policy, actor: &actor };
    let entry = draft.sign(tips, by, &WORLD.people[who].key);
    if actor == name(who) {
        forged.owned(&entry, who);
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
    let authored = Authored { value: &value, author: &WORLD.people[who].key.id(), expires };
    let to =
        WrapTo::Recipient { audience: &audience, epoch: epoch.epoch, recipient: &epoch.recipient };
    let binding = SecretRef { vault: &vault, uid: &uid };
    let mut sealed = seal_version(&TestHost, binding, authored, to).unwrap().put_at(tips.origin());
    let section = forged.file.secret_section(uid, &name);
    let replaces = section.active.clone();
    match edit.n[5] % 8 {
        // Another version's bytes.
        2 => {
            if let Some((_, other)) = section.versions.last_key_value() {
                let (author, origin) = (sealed.object.author, sealed.object.origin);
                sealed.object = other.clone();
                (sealed.object.author, sealed.object.origin) = (author, origin);
                sealed.object.expires = expires;
                sealed.object_id = sealed.object.id(&uid);
                sealed.body = sealed.object.body_id();
                sealed.wrap.version = sealed.object_id;
            }
        }
        3 => sealed.wrap.key = WrapKey::Kek(Blob(vec![7; 72])),
        _ => {}
    }
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
    sign(forged, edit, vec![put], &tips);
}

pub fn take_away(forged: &mut Forged<'_>, edit: &Edit) {
    let Some((uid, object)) = edit.pick(1, &records(&forged.file)) else { return };
    let section = forged.file.secrets.get_mut(&uid).unwrap();
    let (secret, adopts) = (section.name.clone(), None);
    let all: Vec<ObjectId> = section.versions.keys().copied().collect();
    let objects = if edit.n[5].is_multiple_of(2) { all } else { vec![object] };
    let op = match edit.n[3] % 6 {
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
        _ => Op::Expire(Expire { secret, object, at: None, adopts }),
    };
    let tips = tips(forged, edit);
    sign(forged, edit, vec![op], &tips);
}

pub fn rewrap(forged: &mut Forged<'_>, edit: &Edit) {
    let Some((uid, object)) = edit.pick(1, &records(&forged.file)) else { return };
    let Some(audience) = edit.pick(3, &audiences(&forged.file)) else { return };
    let epoch = forged.file.audiences[&audience].epoch;
    let key = match edit.n[4] % 2 {
        0 => WrapKey::Kek(Blob(vec![5; 72])),
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

/// Which heads a policy entry says that its signer knew.
fn known(forged: &Forged<'_>, edit: &Edit) -> BTreeSet<EntryId> {
    match edit.n[2] % 4 {
        0 | 1 => heads(&forged.file),
        2 => BTreeSet::new(),
        _ => edit.pick(3, &entries(&forged.file)).into_iter().collect(),
    }
}

fn enact(forged: &mut Forged<'_>, edit: &Edit, signers: &[&str], ops: Vec<PolicyOp>) {
    let Ok(chain) = Chain::build(&forged.file.chain, ChainSignatures::Trusted) else { return };
    let (heads, reason) = (known(forged, edit), String::new());
    let draft = PolicyDraft::next(&chain, UnixTime::from_secs(2_000), heads, ops, reason);
    let keys: Vec<_> = signers.iter().map(|who| &WORLD.people[*who].key).collect();
    forged.file.chain.push(draft.sign(&keys));
    if edit.n[5] % 12 != 11 {
        settle(&mut forged.file);
    }
}

pub fn rule(forged: &mut Forged<'_>, edit: &Edit) {
    let Some(ops) = ops(forged, edit) else { return };
    // Nobody else of them may change anything but by leaving.
    let one = if edit.n[0].is_multiple_of(2) { "grantor" } else { attacker(edit.n[0] / 2) };
    let other = attacker(edit.n[1]);
    let signers = if edit.n[5].is_multiple_of(5) { vec![one, other] } else { vec![one] };
    enact(forged, edit, &signers, ops);
}

fn ops(forged: &mut Forged<'_>, edit: &Edit) -> Option<Vec<PolicyOp>> {
    let roles = ["dev", "ci", "rot", "lead", "owner"];
    let role = || name(edit.pick(3, &roles).unwrap());
    let member = || name(PEOPLE[usize::from(edit.n[4]) % PEOPLE.len()].0);
    let pattern = || {
        let patterns = ["dev/*", "dev/A", "prod/*", "prod/A", "*"];
        Pattern::new(edit.pick(4, &patterns).unwrap()).unwrap()
    };
    let rights = || vec![Right::ALL[usize::from(edit.n[5]) % 5]];
    let outsider = &WORLD.people["outsider"];
    Some(match edit.n[1] % 11 {
        0 => vec![PolicyOp::grant(role(), pattern(), rights())],
        1 => vec![PolicyOp::role_join(role(), member())],
        2 => vec![PolicyOp::MemberAdd(MemberAdd {
            member: name("outsider"),
            kind: MemberKind::User,
            recipients: vec![outsider.recipient.clone()],
            expires: None,
        })],
        3 => vec![PolicyOp::Setting { key: "reads".to_owned(), value: "off".to_owned() }],
        4 => vec![PolicyOp::MemberRemove { member: member() }],
        5 => vec![PolicyOp::RoleLeave { role: role(), member: member() }],
        6 => vec![PolicyOp::Revoke { role: role(), pattern: pattern(), rights: rights() }],
        7 => vec![PolicyOp::recipient_add(member(), outsider.recipient.clone())],
        8 => {
            let (vault, member) = (forged.file.header.vault, member());
            let recipient = &WORLD.people.get(member.as_str())?.recipient;
            let made = new_device_key(&TestHost, Some(&vault), &member, &name("more"), recipient);
            vec![PolicyOp::KeyAdd(made.unwrap().0)]
        }
        9 => vec![PolicyOp::Rebase { head: NO_POLICY }, PolicyOp::RoleAdd { role: name("new") }],
        _ => vec![epoch(forged, edit)?],
    })
}

/// An epoch with keys of one's own, sealed to whom one likes, and perhaps to another key than is stated.
fn epoch(forged: &mut Forged<'_>, edit: &Edit) -> Option<PolicyOp> {
    let audience: AudienceName = edit.pick(3, &audiences(&forged.file))?;
    let vault = forged.file.header.vault;
    let (keys, stated) = audience::new_epoch(&TestHost, &vault, &audience).unwrap();
    let recipients = ["owner", attacker(edit.n[0])].map(|who| WORLD.people[who].recipient.clone());
    let recipients: BTreeSet<_> = recipients.into_iter().collect();
    let recipients: Vec<_> = recipients.into_iter().collect();
    let envelope = audience::seal_envelope(&vault, &audience, &[keys], &recipients).unwrap();
    let op = PolicyOp::Epoch(EpochStart {
        audience: audience.clone(),
        epoch: stated.epoch,
        recipient: stated.recipient,
        kek: if edit.n[4].is_multiple_of(2) { stated.commitment } else { Fixed([4; 32]) },
        envelope: ids::envelope_id(&envelope),
        skipped: Vec::new(),
    });
    let epoch: EpochId = stated.epoch;
    forged.file.audiences.insert(audience, AudienceSection { epoch, envelope });
    Some(op)
}

/// From an older state another way.
pub fn fork(forged: &mut Forged<'_>, edit: &Edit) {
    let at = usize::from(edit.n[4]) % forged.states.len();
    forged.file = forged.states[at].clone();
    forged.drops = true;
    rule(forged, edit);
}

pub fn leave(forged: &mut Forged<'_>, edit: &Edit) {
    let number = usize::from(edit.n[0]) % ATTACKERS.len();
    let who = ATTACKERS[number];
    let role = PEOPLE.iter().find(|(member, _)| *member == who).unwrap().1;
    let op = match edit.n[1].is_multiple_of(2) && !role.is_empty() {
        true => PolicyOp::RoleLeave { role: name(role), member: name(who) },
        false => PolicyOp::MemberRemove { member: name(who) },
    };
    enact(forged, edit, &[who], vec![op]);
}
