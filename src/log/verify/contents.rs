//! Version objects and wraps: each is what its id says, each is named by the log, and those that
//! the fold needs are there.

use super::Case;
use crate::crypto::bytes::Id;
use crate::log::describe::{quoted, short};
use crate::log::entry::Entry;
use crate::log::finding::{Code, Finding, Subject};
use crate::log::op::Op;
use crate::log::state::Version;
use crate::name::SecretName;
use crate::vault::ids;
use crate::vault::model::{SecretSection, Wrap};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

/// From this many sections on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 256;

pub(super) fn check(case: &Case<'_>) -> Vec<Finding> {
    let named = Named::gather(&case.file.entries);
    let sections: Vec<_> = case.file.secrets.iter().collect();
    let of_section = |(uid, section): &(&Id, &SecretSection)| {
        let mut findings = objects(uid, section, &named);
        findings.extend(wraps(case, section, &named));
        findings
    };
    let mut findings: Vec<Finding> = if sections.len() < PARALLEL_FROM {
        sections.iter().flat_map(of_section).collect()
    } else {
        sections.par_iter().flat_map_iter(of_section).collect()
    };
    findings.extend(needed(case));
    findings
}

/// What the log names, whether or not it counts.
#[derive(Default)]
struct Named<'a> {
    objects: HashSet<(&'a SecretName, &'a Id)>,
    /// (secret, version, wrap)
    wraps: HashSet<(&'a SecretName, &'a Id, &'a Id)>,
}

impl<'a> Named<'a> {
    fn gather(entries: &'a BTreeMap<Id, Entry>) -> Self {
        let mut named = Self::default();
        entries.values().flat_map(|entry| &entry.ops).for_each(|op| named.note(op));
        named
    }

    fn note(&mut self, op: &'a Op) {
        match op {
            Op::Put(put) => self.wrapped(&put.secret, &put.object, &put.wrap),
            Op::Pending(put) => self.wrapped(&put.secret, &put.object, &put.wrap),
            Op::Rewrap { secret, object, wrap } => self.wrapped(secret, object, wrap),
            Op::Resolve { secret, object } => _ = self.objects.insert((secret, object)),
            Op::Restore(versions) | Op::Remove(versions) => {
                self.objects.extend(versions.objects.iter().map(|id| (&versions.secret, id)));
            }
            Op::Prune { secret, objects } => {
                self.objects.extend(objects.iter().map(|id| (secret, id)));
            }
            Op::Field(_) | Op::Rollout { .. } | Op::Checkpoint { .. } => {}
        }
    }

    fn wrapped(&mut self, secret: &'a SecretName, object: &'a Id, wrap: &'a Id) {
        self.objects.insert((secret, object));
        self.wraps.insert((secret, object, wrap));
    }
}

fn objects(uid: &Id, section: &SecretSection, named: &Named<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = &section.name;
    for (id, object) in &section.versions {
        let mut wrong = |code, what: &str| {
            let message = format!("version {} of {name} {what}", short(id));
            let subject = Subject::Object { secret: name.clone(), object: *id };
            findings.push(Finding::new(code, subject, message));
        };
        if ids::object_id(uid, object) != *id {
            wrong(Code::ObjectIdWrong, "does not hash to its id: its contents were changed");
        }
        if !named.objects.contains(&(name, id)) {
            wrong(Code::ObjectUnknown, "is named by no entry of the log");
        }
    }
    findings
}

fn wraps(case: &Case<'_>, section: &SecretSection, named: &Named<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = &section.name;
    for (id, wrap) in &section.wraps {
        let mut wrong = |code, what: &str| {
            let message =
                format!("wrap {} of version {} of {name} {what}", short(id), short(&wrap.version));
            let subject = Subject::Wrap { secret: name.clone(), wrap: *id };
            findings.push(Finding::new(code, subject, message));
        };
        if ids::wrap_id(wrap) != *id {
            wrong(Code::WrapIdWrong, "does not hash to its id: its contents were changed");
        }
        if !named.wraps.contains(&(name, &wrap.version, id)) {
            wrong(Code::WrapUnknown, "is named by no entry of the log");
        }
        if !section.versions.contains_key(&wrap.version) {
            wrong(Code::WrapVersion, "opens a version that the file does not hold");
        }
        if let Some(what) = epoch_fault(case, wrap) {
            wrong(Code::WrapEpoch, &what);
        }
    }
    findings
}

fn epoch_fault(case: &Case<'_>, wrap: &Wrap) -> Option<String> {
    match case.policy.epoch(&wrap.epoch) {
        None => Some(format!("is under epoch {}, which the policy has not", short(&wrap.epoch))),
        Some(epoch) if epoch.audience != wrap.audience => Some(format!(
            "says audience {}, whose epoch {} is not",
            quoted(&wrap.audience),
            short(&wrap.epoch)
        )),
        Some(_) => None,
    }
}

/// What the fold needs and the file does not hold.
fn needed(case: &Case<'_>) -> Vec<Finding> {
    let vault = case.policy.vault_id();
    let mut sections: HashMap<&SecretName, &SecretSection> = HashMap::new();
    for (uid, section) in &case.file.secrets {
        // A section under a wrong uid holds nothing of the secret that it names.
        if ids::secret_uid(&vault, &section.name) == *uid {
            sections.insert(&section.name, section);
        }
    }
    let mut findings = Vec::new();
    for (name, state) in &case.state.secrets {
        let section = sections.get(name).copied();
        let live = state.versions.iter().filter(|version| !version.pruned);
        findings.extend(live.filter_map(|version| missing(name, version, section)));
    }
    findings
}

fn missing(
    name: &SecretName,
    version: &Version,
    section: Option<&SecretSection>,
) -> Option<Finding> {
    let Version { number, author, .. } = version;
    let object = version.object;
    let of = format!("version {number} of {name}, put by {author},");
    if !section.is_some_and(|section| section.versions.contains_key(&object)) {
        let subject = Subject::Object { secret: name.clone(), object };
        let (code, why) = if version.void_pruned {
            (Code::ObjectLost, "was deleted under a prune that does not count")
        } else {
            (Code::ObjectMissing, "is not in the file")
        };
        let finding = Finding::new(code, subject, format!("{of} {why}"));
        return Some(finding.hint(format!("git log -S{object} -- .v-secure/vault.toml")));
    }
    let wrap = version.live_wrap.wrap;
    let (code, why) = match section.and_then(|section| section.wraps.get(&wrap)) {
        Some(there) if there.version == object => return None,
        Some(_) => (Code::WrapVersion, "is another version's"),
        None => (Code::WrapMissing, "is not in the file"),
    };
    let subject = Subject::Wrap { secret: name.clone(), wrap };
    let message = format!("{of} cannot be opened: its wrap {} {why}", short(&wrap));
    let finding = Finding::new(code, subject, message);
    Some(finding.hint(format!("git log -S{wrap} -- .v-secure/vault.toml")))
}
