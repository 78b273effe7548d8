//! What rotations leave for somebody to settle (`docs/format.md`, section 7).

use super::Case;
use crate::crypto::id::{EntryId, ObjectId};
use crate::log::describe::{self, short};
use crate::log::finding::{Finding, FindingCode, Subject};
use crate::log::ground::Grounds;
use crate::log::op::{Adoption, Op, OpRef};
use crate::log::register::At;
use crate::log::rotation::{Rotation, RotationState, Stage};
use crate::log::state::{SecretState, Version};
use crate::name::SecretName;
use crate::policy::position::PolicyPosition;
use std::collections::{BTreeMap, BTreeSet};

/// As many ids are named in one message.
const SHOWN: usize = 8;

pub(super) fn check(name: &SecretName, state: &SecretState) -> Vec<Finding> {
    let Some(rotation) = &state.rotation else { return retired(name, state) };
    let mut findings = retired(name, state);
    findings.extend(contested(name, rotation));
    findings.extend(rotation.rotations.iter().filter_map(|of| stale(name, of)));
    let divided = rotation.rotations.iter().filter(|of| of.is_divided);
    findings.extend(divided.map(|of| self::divided(name, of)));
    findings.extend(left(name, rotation));
    findings
}

fn about(name: &SecretName, code: FindingCode, message: String) -> Finding {
    let finding = Finding::new(code, Subject::Secret(name.clone()), message);
    finding.hint(format!("v-secure secret rotation-status {name}"))
}

fn contested(name: &SecretName, state: &RotationState) -> Option<Finding> {
    let live = state.rotations.iter().filter(|of| of.stage == Stage::Live);
    let live: Vec<String> = live.map(|of| short(&of.id)).collect();
    let message = format!(
        "several rotations of {name} go on at once, and none of them is given out: {}",
        shown(&live)
    );
    let code = FindingCode::RotationContested;
    state.is_contested().then(|| about(name, code, message))
}

/// The first of them, and how many there are besides.
fn shown(all: &[String]) -> String {
    let first = all[..all.len().min(SHOWN)].join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn stale(name: &SecretName, of: &Rotation) -> Option<Finding> {
    let Stage::Stale(why) = of.stage else { return None };
    let why = why.as_str();
    let message = format!("rotation {} of {name} is open and cannot go on: {why}", short(&of.id));
    Some(about(name, FindingCode::RotationStale, message))
}

fn divided(name: &SecretName, of: &Rotation) -> Finding {
    let message = format!(
        "rotation {} of {name} was promoted and aborted side by side: its value is active, and may \
         have been withdrawn",
        short(&of.id)
    );
    about(name, FindingCode::RotationDivided, message)
}

/// What rotations made ready that are over without it, as long as nobody says that it is gone.
fn left(name: &SecretName, state: &RotationState) -> Vec<Finding> {
    let over = |of: &&Rotation| matches!(of.stage, Stage::Aborted | Stage::Promoted);
    let over = state.rotations.iter().filter(over);
    let objects: BTreeSet<&ObjectId> = over.flat_map(|rotation| &rotation.objects).collect();
    let is_left = |v: &&Version| !v.removed && !v.pruned && !v.retired;
    let left = state.held.iter().filter(is_left).filter(|v| objects.contains(&v.object));
    let finding = |version: &Version| {
        let message = format!(
            "{}, {}, which is over without it: what it is for may accept it still",
            version.called(name),
            short(&version.object)
        );
        let subject = Subject::Object { secret: name.clone(), object: version.object };
        let finding = Finding::new(FindingCode::RotationLeft, subject, message);
        finding.hint(format!("v-secure rotation retire {name}"))
    };
    left.map(finding).collect()
}

fn retired(name: &SecretName, state: &SecretState) -> Vec<Finding> {
    let withdrawn = state.withdrawn();
    let retired = state.active().filter_map(|version| {
        let why = match version.retired {
            true => "was retired",
            false if withdrawn.has(&version.object) => "holds the value of one that was retired",
            false => return None,
        };
        let message = format!(
            "version {} of {name} is active and {why}: what it is for does not accept it any more",
            version.number
        );
        let subject = Subject::Object { secret: name.clone(), object: version.object };
        let finding = Finding::new(FindingCode::RetiredActive, subject, message);
        Some(finding.hint(format!("v-secure set {name}")))
    });
    retired.collect()
}

/// The void ops of a secret's rotations that say something, and that nobody adopted.
struct Voided {
    position: PolicyPosition,
    /// The entry of the latest.
    entry: EntryId,
}

/// What a void op of a rotation did at the provider, nobody can tell: it is said until somebody sets the secret.
pub(super) fn voids(case: &Case<'_>) -> Vec<Finding> {
    let secrets = voided(case);
    let is_open = |name: &SecretName, voided: &Voided| {
        let current = case.state.secret(name).and_then(|state| Some(state.current()?.position));
        current.is_none_or(|since| since < voided.position)
    };
    let open = secrets.iter().filter(|(name, voided)| is_open(name, voided));
    let finding = |(name, voided): (&&SecretName, &Voided)| {
        let who = case.file.entries.get(&voided.entry);
        let who = who.map_or_else(String::new, |e| describe::entry(&voided.entry, e, case.policy));
        let message = format!(
            "what {who} says of a rotation of {name} does not count since policy entry {}, and may have \
             been done all the same",
            voided.position
        );
        let subject = Subject::Secret((*name).clone());
        let finding = Finding::new(FindingCode::RotationVoid, subject, message);
        finding.hint("v-secure adopt --list")
    };
    open.map(finding).collect()
}

fn voided<'a>(case: &Case<'a>) -> BTreeMap<&'a SecretName, Voided> {
    let op_at = |at: At| {
        let entry = case.file.entries.get(case.graph.id(at.place as usize))?;
        entry.ops.get(at.op as usize).filter(|op| op.is_of_rotation() && case.scope.names(op))
    };
    let void = case.standings.void_ops().filter_map(|(at, by)| Some((at, by, op_at(at)?)));
    let void: Vec<(At, PolicyPosition, &Op)> = void.collect();
    let mut secrets = BTreeMap::new();
    if void.is_empty() {
        return secrets;
    }
    let adopted = adopted(case);
    let entries = case.graph.in_order(&case.file.entries).into_iter().map(Some);
    let grounds = Grounds::new(case.graph, entries.collect::<Vec<_>>());
    // What stands on nothing is of no rotation, and nobody could end that.
    for (at, position, op) in void.into_iter().filter(|(at, _, op)| grounds.act(*at, op)) {
        let entry = *case.graph.id(at.place as usize);
        // What is promoted in vain is not adopted: it may have been withdrawn since.
        let by = (!matches!(op, Op::Promote(_))).then_some(OpRef { entry, op: u64::from(at.op) });
        let by = by.and_then(|of| op.adoption_of(of));
        let is_adopted = by.is_some_and(|by| adopted.contains(&by));
        if let Some(name) = op.secret().filter(|_| !is_adopted) {
            let voided = secrets.entry(name).or_insert(Voided { position, entry });
            *voided = Voided { position: position.max(voided.position), entry };
        }
    }
    secrets
}

/// What counting ops say they adopt.
fn adopted<'a>(case: &Case<'a>) -> BTreeSet<Adoption<'a>> {
    let entries = case.file.entries.iter().filter_map(|(id, e)| Some((case.graph.place(id)?, e)));
    let ops = entries.flat_map(|(place, entry)| {
        entry.ops.iter().enumerate().map(move |(index, op)| (At::new(place, index), op))
    });
    ops.filter(|(at, _)| case.standings.counts(*at)).filter_map(|(_, op)| op.adoption()).collect()
}
