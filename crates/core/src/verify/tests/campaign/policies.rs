//! What members sign of the policy: what they may, what they may not, and what is not theirs to say.

use super::attack::{Edit, Forged, NO_POLICY};
use super::members::{ATTACKERS, attacker, heads, settle};
use super::records::{audiences, entries};
use super::world::{PEOPLE, WORLD, name};
use crate::crypto::bytes::Fixed;
use crate::crypto::id::{EntryId, EpochId};
use crate::file::audience;
use crate::file::device_key::new_device_key;
use crate::file::model::AudienceSection;
use crate::host::testing::TestHost;
use crate::name::Pattern;
use crate::name::audience::AudienceName;
use crate::policy::chain::{Chain, ChainSignatures};
use crate::policy::entry::PolicyEntry;
use crate::policy::op::{EpochReseal, EpochStart, MemberAdd, MemberKind, PolicyOp, Right};
use crate::policy::sign::PolicyDraft;
use crate::record::ids;
use crate::time::UnixTime;
use std::collections::BTreeSet;

/// Which heads a policy entry says that its signer knew.
fn known(forged: &Forged<'_>, edit: &Edit) -> BTreeSet<EntryId> {
    match edit.n[2] % 4 {
        0 | 1 => heads(&forged.file),
        2 => BTreeSet::new(),
        _ => edit.pick(3, &entries(&forged.file)).into_iter().collect(),
    }
}

fn enact(forged: &mut Forged<'_>, edit: &Edit, signers: &[&'static str], ops: Vec<PolicyOp>) {
    let Some(entry) = draft(forged, edit, ops) else { return };
    let keys: Vec<_> = signers.iter().map(|who| &WORLD.people[*who].key).collect();
    let entry = entry.sign(&keys);
    forged.enacted.insert(entry.id(), signers.iter().copied().collect());
    add(forged, edit, entry);
}

fn draft(forged: &Forged<'_>, edit: &Edit, ops: Vec<PolicyOp>) -> Option<PolicyDraft> {
    let chain = Chain::build(&forged.file.chain, ChainSignatures::Trusted).ok()?;
    let (heads, reason) = (known(forged, edit), String::new());
    Some(PolicyDraft::next(&chain, UnixTime::from_secs(2_000), heads, ops, reason))
}

fn add(forged: &mut Forged<'_>, edit: &Edit, entry: PolicyEntry) {
    forged.file.chain.push(entry);
    if edit.n[5] % 12 != 11 {
        settle(&mut forged.file);
    }
}

pub fn rule(forged: &mut Forged<'_>, edit: &Edit) {
    // Nobody else of them may change anything but by leaving.
    let one = match edit.n[0] % 3 {
        0 => "grantor",
        1 => "second",
        _ => attacker(edit.n[0] / 3),
    };
    let Some(ops) = ops(forged, edit, one) else { return };
    let other = attacker(edit.n[1]);
    let signers = if edit.n[5].is_multiple_of(5) { vec![one, other] } else { vec![one] };
    enact(forged, edit, &signers, ops);
}

fn ops(forged: &mut Forged<'_>, edit: &Edit, by: &'static str) -> Option<Vec<PolicyOp>> {
    let roles = ["dev", "ci", "rot", "lead", "owner"];
    let role = || name(edit.pick(3, &roles).unwrap());
    let member = || name(PEOPLE[usize::from(edit.n[4]) % PEOPLE.len()].0);
    let pattern = || {
        let patterns = ["dev/*", "dev/A", "prod/*", "prod/A", "*"];
        Pattern::new(edit.pick(4, &patterns).unwrap()).unwrap()
    };
    let rights = || vec![Right::ALL[usize::from(edit.n[5]) % 5]];
    let outsider = &WORLD.people["outsider"];
    Some(match edit.n[1] % 14 {
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
            let member = PEOPLE[usize::from(edit.n[4]) % PEOPLE.len()].0;
            let recipient = &WORLD.people[member].recipient;
            let (vault, more) = (forged.file.header.vault, name("more"));
            let made = new_device_key(&TestHost, Some(&vault), &name(member), &more, recipient);
            let (op, key) = made.unwrap();
            forged.planted.push((by, member, key));
            vec![PolicyOp::KeyAdd(op)]
        }
        9 => vec![PolicyOp::Rebase { head: NO_POLICY }, PolicyOp::RoleAdd { role: name("new") }],
        10 => vec![PolicyOp::Threshold { owners: 1 + u32::from(edit.n[5] % 2) }],
        11 => vec![PolicyOp::KeyRemove { member: member(), device: name("laptop"), lost: true }],
        12 => vec![reseal(forged, edit)?],
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

/// The present keys sealed to nobody who had them: its signer need not have any.
fn reseal(forged: &mut Forged<'_>, edit: &Edit) -> Option<PolicyOp> {
    let audience: AudienceName = edit.pick(3, &audiences(&forged.file))?;
    let recipient = WORLD.people[attacker(edit.n[0])].recipient.clone();
    let envelope =
        audience::seal_envelope(&forged.file.header.vault, &audience, &[], &[recipient]).ok()?;
    let section = forged.file.audiences.get_mut(&audience)?;
    let (epoch, id) = (section.epoch, ids::envelope_id(&envelope));
    section.envelope = envelope;
    Some(PolicyOp::Reseal(EpochReseal { audience, epoch, envelope: id, skipped: Vec::new() }))
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

/// What an owner is said to have signed and did not.
pub fn feign(forged: &mut Forged<'_>, edit: &Edit) {
    forged.drops = true;
    if edit.often(0, 4) {
        let one = attacker(edit.n[0]);
        let entry = ops(forged, edit, one).and_then(|ops| draft(forged, edit, ops));
        let Some(entry) = entry else { return };
        let mut entry = entry.sign(&[&WORLD.people[one].key]);
        // Its own signature under the owner's key, or one that the owner made of something else.
        match edit.n[2] % 2 {
            0 => entry.sigs[0].key = WORLD.people["owner"].key.id(),
            _ => entry.sigs = edit.pick(3, &forged.file.chain).unwrap().sigs,
        }
        return add(forged, edit, entry);
    }
    let last = forged.file.chain.len() - 1;
    let at = if edit.often(1, 7) { last } else { usize::from(edit.n[1]) % (last + 1) };
    let heads = entries(&forged.file);
    let more = ops(forged, edit, attacker(edit.n[0]));
    let entry = &mut forged.file.chain[at];
    match edit.n[2] % 8 {
        0 => entry.heads.clear(),
        1 => entry.heads = edit.pick(3, &heads).into_iter().collect(),
        2 => entry.reason.push('!'),
        3 => _ = entry.ops.pop(),
        4 => entry.ops.extend(more.into_iter().flatten()),
        5 => entry.seq += 1,
        6 => entry.sigs.clear(),
        _ => entry.sigs.extend(entry.sigs.clone()),
    }
    settle(&mut forged.file);
}
