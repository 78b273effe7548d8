//! What is sound and still wants somebody: conflicts, void changes, unsettled and exposed values,
//! expiry, audiences without fresh keys.

use super::{Case, rotation};
use crate::crypto::id::EntryId;
use crate::file::model::Wrap;
use crate::log::describe::{self, short};
use crate::log::finding::{Finding, FindingCode, Subject};
use crate::log::fold::FoldScope;
use crate::log::op::Op;
use crate::log::state::{LogState, SecretState, Version};
use crate::name::SecretName;
use crate::name::audience::AudienceName;
use crate::policy::position::PolicyPosition;
use crate::record::ids;
use crate::time::UnixTime;
use std::collections::BTreeMap;

pub(super) fn check(case: &Case<'_>, now: UnixTime) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, state) in &case.state.secrets {
        findings.extend(conflicts(name, state));
        findings.extend(versions(case, name, state));
        findings.extend(rotation::check(name, state));
        findings.extend(values(case, name, state, now));
    }
    findings.extend(voids(case));
    findings.extend(rotation::voids(case));
    findings.extend(due(case));
    findings.extend(skipped(case));
    findings
}

fn conflicts(name: &SecretName, state: &SecretState) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut conflict = |code, message: String, hint: String| {
        let finding = Finding::new(code, Subject::Secret(name.clone()), message);
        findings.push(finding.hint(hint));
    };
    if state.is_conflict() {
        let by: Vec<_> = state.active().map(|v| format!("{} by {}", v.number, v.author)).collect();
        let message = format!("{name} has several active versions: {}", by.join(", "));
        conflict(
            FindingCode::Conflict,
            message,
            format!("v-secure secret resolve {name} --take VERSION"),
        );
    }
    for (field, register) in state.fields.iter().filter(|(_, r)| !r.others.is_empty()) {
        let count = register.others.len() + 1;
        let message = format!("field {field} of {name} has {count} differing values");
        conflict(FindingCode::Conflict, message, stating(name, field, register.value.is_some()));
    }
    for version in state.held().filter(|v| v.removal_conflict && !v.pruned) {
        let (message, hint) = removal_conflict(name, version);
        conflict(FindingCode::RemovalConflict, message, hint);
    }
    findings
}

/// What ends a conflict of a field: it is stated anew, and the value stays. Standard input is empty where a command
/// would ask for a value or read one.
fn stating(name: &SecretName, field: &str, is_set: bool) -> String {
    let set = |option: &str| format!("v-secure set {name} {option} </dev/null");
    match field.split_once('.').unwrap_or((field, "")) {
        ("description", _) => format!("v-secure secret describe {name} TEXT"),
        ("tag", tag) if is_set => {
            format!("v-secure secret tag {name} --add {tag}  # or --remove, if it is to go")
        }
        ("tag", tag) => {
            format!("v-secure secret tag {name} --remove {tag}  # or --add, if it is to stay")
        }
        ("meta", key) => set(&format!("--meta {key}=VALUE")),
        ("type", _) => set("--type TYPE"),
        ("var", _) => set("--var VARIABLE"),
        ("rotation-interval", _) => set("--rotation-interval SPAN"),
        ("generate", _) => {
            format!("v-secure set {name} --generate=KIND:SIZE  # which makes a new value too")
        }
        // Of a later version, which wrote it.
        _ => format!("v-secure secret show {name}"),
    }
}

/// What of single versions, in force or not, two members did without knowing of each other.
fn versions(case: &Case<'_>, name: &SecretName, state: &SecretState) -> Vec<Finding> {
    let mut findings = Vec::new();
    for version in state.held() {
        let mut found = |code, (message, hint): (String, String)| {
            let subject = Subject::Object { secret: name.clone(), object: version.object };
            findings.push(Finding::new(code, subject, message).hint(hint));
        };
        if is_unsettled_rotation(case, state, version) {
            found(FindingCode::Overruled, overruled(name, version));
        }
        if version.expiry_conflict && !version.pruned {
            found(FindingCode::ExpiryConflict, expiry_conflict(name, version));
        }
        if version.prune_beside_expire {
            found(FindingCode::PruneBesideExpire, prune_beside_expire(name, state, version));
        }
    }
    findings
}

/// Whether a rotation sets nothing, and nobody has put the secret since with knowledge of that.
fn is_unsettled_rotation(case: &Case<'_>, state: &SecretState, version: &Version) -> bool {
    let place = |version: &Version| case.graph.place(&version.entry);
    let follows = |later: &Version| {
        place(version).zip(place(later)).is_some_and(|(own, later)| case.graph.ancestor(own, later))
    };
    version.overruled && !version.pruned && !version.removed && !state.active().any(follows)
}

fn overruled(name: &SecretName, version: &Version) -> (String, String) {
    let Version { number, author, .. } = version;
    let message = format!(
        "version {number} of {name} sets nothing: {author}, who may only rotate, brought it where what it stood on \
         was removed, replaced or withdrawn"
    );
    (message, format!("v-secure secret rollback {name} --version {number}"))
}

fn removal_conflict(name: &SecretName, version: &Version) -> (String, String) {
    let number = version.number;
    let of = version.called(name);
    let message = format!("{of} was removed and restored side by side");
    let hint = match version.removed {
        true => format!("v-secure secret restore {name} --version {number}"),
        // What is there is not restored: a removal that knows of both settles it.
        false => {
            format!("v-secure rm {name}  # and 'v-secure secret restore {name}' if it is to stay")
        }
    };
    (message, hint)
}

fn expiry_conflict(name: &SecretName, version: &Version) -> (String, String) {
    let number = version.number;
    let of = version.called(name);
    let message = format!(
        "{of} was given different times to expire on different branches: it \
         is served until the earliest, and kept for its age until the latest"
    );
    let hint = match version.removed {
        // Its expiry is nobody's to change as long as it is removed.
        true => format!("v-secure secret restore {name} --version {number}"),
        false => format!("v-secure secret expire {name} --version {number} --at 2027-01-31"),
    };
    (message, hint)
}

fn prune_beside_expire(
    name: &SecretName,
    state: &SecretState,
    version: &Version,
) -> (String, String) {
    let of = version.called(name);
    let message = format!(
        "{of} was pruned by a member who had not yet seen that its expiry \
         was put off: its value is gone"
    );
    let hint = match state.is_gone() {
        true => format!("v-secure set {name}"),
        false => format!("v-secure audit log --secret-id {name} --action prune"),
    };
    (message, hint)
}

fn values(case: &Case<'_>, name: &SecretName, state: &SecretState, now: UnixTime) -> Vec<Finding> {
    let mut findings = Vec::new();
    let section = case.file.secrets.get(&ids::secret_uid(&case.policy.vault_id(), name));
    for version in state.kept_up() {
        let subject = || Subject::Object { secret: name.clone(), object: version.object };
        let of = version.called(name);
        if version.is_expired(now) && Some(version.object) == state.current {
            let finding = Finding::new(FindingCode::Expired, subject(), format!("{of} is expired"));
            findings.push(finding.hint(format!("v-secure set {name}")));
        }
        let Some(wrap) = section.and_then(|s| s.wraps.get(&version.live_wrap.wrap)) else {
            continue;
        };
        let audience = case.policy.audience_of(name);
        if wrap.audience != audience {
            let message =
                format!("{of} is wrapped for {} where the grants say {audience}", wrap.audience);
            let finding = Finding::new(FindingCode::Unsettled, subject(), message);
            findings.push(finding.hint("v-secure access settle"));
        }
        if is_superseded(case, version, wrap) {
            let message = format!(
                "{of}, put by {}, came in under keys that had been replaced: who was removed \
                 then can read it",
                version.author
            );
            let finding = Finding::new(FindingCode::SupersededEpoch, subject(), message);
            findings.push(finding.hint(match version.number {
                // It is not current: another rotation takes its place.
                0 => format!("v-secure secret versions {name}"),
                _ => format!("v-secure set {name}"),
            }));
        }
    }
    findings
}

/// Whether the wrap's epoch had a successor whose author did not know of the wrap. What was known
/// then is as exposed as the epoch's change left it on purpose.
fn is_superseded(case: &Case<'_>, version: &Version, wrap: &Wrap) -> bool {
    let Some(position) = case.policy.epoch(&wrap.epoch).and_then(|epoch| epoch.superseded) else {
        return false;
    };
    let place = case.graph.place(&version.live_wrap.entry);
    place.is_some_and(|place| !case.standings.known().at(position, place))
}

/// Void ops that would have changed what is active, where nobody has written since under the
/// policy that made them void.
fn voids(case: &Case<'_>) -> Vec<Finding> {
    let secrets = voided(case);
    if secrets.is_empty() {
        return Vec::new();
    }
    let (file, names) = (case.file, secrets.keys().map(|name| (*name).clone()).collect());
    let scope = FoldScope::Secrets(&names);
    let with = LogState::fold_with_voids(case.graph, &file.entries, case.standings, scope);
    let changed = secrets.iter().filter(|(name, voided)| {
        let (now, then) = (case.state.secret(name), with.secret(name));
        let active =
            |state: Option<&SecretState>| state.map_or(Vec::new(), |s| s.candidates.clone());
        let since = now.and_then(|state| Some(state.current()?.position));
        active(now) != active(then) && since.is_none_or(|since| since < voided.position)
    });
    changed.map(|(name, voided)| void_finding(case, name, voided)).collect()
}

/// The void ops on a secret's versions.
struct Voided {
    /// The last policy position that ended one: were it that of the latest op, a removed member could
    /// silence what others lose by adding ops that ended before.
    position: PolicyPosition,
    /// The entry of the latest.
    entry: EntryId,
}

fn voided<'a>(case: &Case<'a>) -> BTreeMap<&'a SecretName, Voided> {
    let mut secrets = BTreeMap::new();
    for (at, position) in case.standings.void_ops() {
        let id = case.graph.id(at.place as usize);
        let op = case.file.entries.get(id).and_then(|entry| entry.ops.get(at.op as usize));
        let value = op.filter(|op| !matches!(op, Op::Field(_)) && case.scope.names(op));
        if let Some(name) = value.and_then(Op::secret) {
            let voided = secrets.entry(name).or_insert(Voided { position, entry: *id });
            *voided = Voided { position: position.max(voided.position), entry: *id };
        }
    }
    secrets
}

fn void_finding(case: &Case<'_>, name: &SecretName, voided: &Voided) -> Finding {
    let who = case.file.entries.get(&voided.entry);
    let who = who.map_or_else(String::new, |e| describe::entry(&voided.entry, e, case.policy));
    let message = format!(
        "what is active of {name} is not what its writers meant: what {who} says of it does not \
         count since policy entry {}",
        voided.position
    );
    let subject = Subject::Secret(name.clone());
    let finding = Finding::new(FindingCode::VoidChangesValue, subject, message);
    // Of one that nothing made that counts, no command tells.
    match case.state.secret(name).is_some_and(|state| !state.versions.is_empty()) {
        true => finding.hint(format!("v-secure secret versions {name}")),
        false => finding.hint("v-secure adopt --list"),
    }
}

fn due(case: &Case<'_>) -> Vec<Finding> {
    let audiences = case.policy.audiences().into_iter().filter(|audience| audience.due);
    let finding = |name: &AudienceName, epoch| {
        let message = format!(
            "audience {name} needs new keys: a member who could open epoch {} has left it",
            short(epoch)
        );
        let finding =
            Finding::new(FindingCode::AudienceDue, Subject::Audience(name.clone()), message);
        finding.hint("v-secure access settle")
    };
    audiences.map(|audience| finding(audience.name, audience.epoch)).collect()
}

/// Whoever it is reads nothing of the audience by that recipient, and only the maker knew why.
fn skipped(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for audience in case.policy.audiences() {
        for member in case.policy.skipped_in(audience.name) {
            let message = format!(
                "a recipient of {member} could not be sealed to when the keys of audience {} were: what \
                 holds it opens nothing of it",
                audience.name
            );
            let subject = Subject::Audience(audience.name.clone());
            let finding = Finding::new(FindingCode::RecipientSkipped, subject, message);
            findings.push(finding.hint("v-secure access settle"));
        }
    }
    findings
}
