//! What is sound and still wants somebody: conflicts, void changes, unsettled and exposed values,
//! expiry, audiences without fresh keys.

use super::Case;
use crate::crypto::bytes::Id;
use crate::log::bits::Bits;
use crate::log::describe::{self, short};
use crate::log::finding::{Code, Finding, Subject};
use crate::log::fold::Scope;
use crate::log::op::Op;
use crate::log::standing::Standing;
use crate::log::state::{SecretState, State, Version};
use crate::name::SecretName;
use crate::vault::ids;
use crate::vault::model::Wrap;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(super) fn check(case: &Case<'_>, now: u64) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known = KnownAt::default();
    for (name, state) in &case.state.secrets {
        findings.extend(conflicts(name, state));
        findings.extend(values(case, name, state, now, &mut known));
    }
    findings.extend(voids(case));
    findings.extend(due(case));
    findings
}

fn conflicts(name: &SecretName, state: &SecretState) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut conflict = |code, message: String| {
        let finding = Finding::new(code, Subject::Secret(name.clone()), message);
        findings.push(finding.hint(format!("v-secure set {name}")));
    };
    if state.is_conflict() {
        let by: Vec<_> = state.active().map(|v| format!("{} by {}", v.number, v.author)).collect();
        conflict(Code::Conflict, format!("{name} has several active versions: {}", by.join(", ")));
    }
    for (field, register) in state.fields.iter().filter(|(_, r)| !r.others.is_empty()) {
        let count = register.others.len() + 1;
        conflict(Code::Conflict, format!("field {field} of {name} has {count} differing values"));
    }
    for version in state.versions.iter().filter(|v| v.removal_conflict && !v.pruned) {
        let message =
            format!("version {} of {name} was removed and restored side by side", version.number);
        conflict(Code::RemovalConflict, message);
    }
    findings
}

/// By policy position: what its heads know.
type KnownAt = HashMap<usize, Bits>;

fn values(
    case: &Case<'_>,
    name: &SecretName,
    state: &SecretState,
    now: u64,
    known: &mut KnownAt,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let section = case.file.secrets.get(&ids::secret_uid(&case.policy.vault_id(), name));
    for version in state.active() {
        let subject = || Subject::Object { secret: name.clone(), object: version.object };
        let of = format!("version {} of {name}", version.number);
        if version.is_expired(now) && Some(version.object) == state.current {
            let finding = Finding::new(Code::Expired, subject(), format!("{of} is expired"));
            findings.push(finding.hint(format!("v-secure set {name}")));
        }
        let Some(wrap) = section.and_then(|s| s.wraps.get(&version.live_wrap.wrap)) else {
            continue;
        };
        let audience = case.policy.audience_of(name);
        if wrap.audience != audience {
            let message =
                format!("{of} is wrapped for {} where the grants say {audience}", wrap.audience);
            let finding = Finding::new(Code::Unsettled, subject(), message);
            findings.push(finding.hint("v-secure access settle"));
        }
        if is_superseded(case, version, wrap, known) {
            let message = format!(
                "{of}, put by {}, came in under keys that had been replaced: who was removed \
                 then can read it",
                version.author
            );
            let finding = Finding::new(Code::SupersededEpoch, subject(), message);
            findings.push(finding.hint(format!("v-secure set {name}")));
        }
    }
    findings
}

/// Whether the wrap's epoch had a successor whose author did not know of the wrap. What was known
/// then is as exposed as the epoch's change left it on purpose.
fn is_superseded(case: &Case<'_>, version: &Version, wrap: &Wrap, known: &mut KnownAt) -> bool {
    let Some(position) = case.policy.epoch(&wrap.epoch).and_then(|epoch| epoch.superseded) else {
        return false;
    };
    let Some(place) = case.graph.place(&version.live_wrap.entry) else { return false };
    let known =
        known.entry(position).or_insert_with(|| case.graph.ancestry(case.policy.heads(position)));
    !known.get(place)
}

/// Void entries that would have changed what is active, where nobody has written since under the
/// policy that made them void.
fn voids(case: &Case<'_>) -> Vec<Finding> {
    let secrets = voided(case);
    if secrets.is_empty() {
        return Vec::new();
    }
    let (file, names) = (case.file, secrets.keys().map(|name| (*name).clone()).collect());
    let scope = Scope::Secrets(&names);
    let with = State::fold_with_voids(case.graph, &file.entries, case.standings, scope);
    let changed = secrets.iter().filter(|(name, voided)| {
        let (now, then) = (case.state.secret(name), with.secret(name));
        let active =
            |state: Option<&SecretState>| state.map_or(Vec::new(), |s| s.candidates.clone());
        let since = now.and_then(|state| Some(state.current()?.position));
        active(now) != active(then) && since.is_none_or(|since| since < voided.position)
    });
    changed.map(|(name, voided)| void_finding(case, name, voided)).collect()
}

/// The latest void entry on a secret's versions.
struct Voided {
    position: usize,
    entry: Id,
}

fn voided<'a>(case: &Case<'a>) -> BTreeMap<&'a SecretName, Voided> {
    let mut secrets = BTreeMap::new();
    for (place, standing) in case.standings.iter() {
        let Standing::Void { position } = standing else { continue };
        let id = case.graph.id(place);
        let Some(entry) = case.file.entries.get(id) else { continue };
        let values = entry.ops.iter().filter(|op| !matches!(op, Op::Field(_)));
        let names: BTreeSet<_> = values.filter_map(Op::secret).collect();
        for name in names {
            secrets.insert(name, Voided { position, entry: *id });
        }
    }
    secrets
}

fn void_finding(case: &Case<'_>, name: &SecretName, voided: &Voided) -> Finding {
    let who = case.file.entries.get(&voided.entry);
    let who = who.map_or_else(String::new, |e| describe::entry(&voided.entry, e, case.policy));
    let message = format!(
        "what is active of {name} is not what its writers meant: {who} does not count since \
         policy entry {}",
        voided.position
    );
    let subject = Subject::Secret(name.clone());
    let finding = Finding::new(Code::VoidChangesValue, subject, message);
    finding.hint(format!("v-secure secret versions {name}"))
}

fn due(case: &Case<'_>) -> Vec<Finding> {
    let audiences = case.policy.audiences().into_iter().filter(|audience| audience.due);
    let finding = |name: &str, epoch| {
        let message = format!(
            "audience {name} waits for new keys: somebody who could open epoch {} has left it",
            short(epoch)
        );
        let finding = Finding::new(Code::AudienceDue, Subject::Audience(name.to_owned()), message);
        finding.hint("v-secure access settle")
    };
    audiences.map(|audience| finding(audience.name, audience.epoch)).collect()
}
