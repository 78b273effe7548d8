//! Version objects and wraps: each is what its id says, each is named by the log, and those that
//! the fold leads to are there.

use super::Case;
use crate::crypto::id::{ObjectId, SecretId, WrapId};
use crate::file::model::{SecretSection, VaultFile, Wrap};
use crate::log::describe::{quoted, short};
use crate::log::finding::{Finding, FindingCode, Subject};
use crate::log::op::Op;
use crate::log::state::Version;
use crate::name::SecretName;
use crate::record::ids;
use crate::verify::checkpoints::of_chain;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;

/// From this many sections on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 256;

/// Takes it from an earlier state: only the right bytes fit its id.
const FROM_HISTORY: &str = "v-secure git resolve  # takes it from git's history";

/// Whether everything hashes to its id: what the bytes of `file` say by themselves.
pub(super) fn hashes(file: &VaultFile) -> Vec<Finding> {
    each(file, |uid, section| {
        let mut findings = Vec::new();
        for (id, object) in &section.versions {
            if object.id(uid) != *id {
                let what = "does not hash to its id: its contents were changed";
                findings.push(of_object(&section.name, id, FindingCode::ObjectIdWrong, what));
            }
        }
        for (id, wrap) in &section.wraps {
            if wrap.id() != *id {
                let what = "does not hash to its id: its contents were changed";
                findings.push(of_wrap(&section.name, id, wrap, FindingCode::WrapIdWrong, what));
            }
        }
        findings
    })
}

pub(super) fn check(case: &Case<'_>) -> Vec<Finding> {
    let named = Named::gather(case);
    let mut findings = each(case.file, |_, section| {
        let mut findings = objects(case, section, &named);
        findings.extend(wraps(case, section, &named));
        findings
    });
    findings.extend(needed(case));
    findings
}

fn each(
    file: &VaultFile,
    of_section: impl Fn(&SecretId, &SecretSection) -> Vec<Finding> + Sync + Send,
) -> Vec<Finding> {
    let sections: Vec<_> = file.secrets.iter().collect();
    let of_section = |(uid, section): &(&SecretId, &SecretSection)| of_section(uid, section);
    if sections.len() < PARALLEL_FROM {
        sections.iter().flat_map(of_section).collect()
    } else {
        sections.par_iter().flat_map_iter(of_section).collect()
    }
}

fn of_object(name: &SecretName, id: &ObjectId, code: FindingCode, what: &str) -> Finding {
    let message = format!("version {} of {name} {what}", short(id));
    Finding::new(code, Subject::Object { secret: name.clone(), object: *id }, message)
}

fn of_wrap(name: &SecretName, id: &WrapId, wrap: &Wrap, code: FindingCode, what: &str) -> Finding {
    let message =
        format!("wrap {} of version {} of {name} {what}", short(id), short(&wrap.version));
    Finding::new(code, Subject::Wrap { secret: name.clone(), wrap: *id }, message)
}

/// What the log names, whether or not it counts.
#[derive(Default)]
struct Named<'a> {
    objects: HashSet<(&'a SecretName, &'a ObjectId)>,
    /// (secret, version, wrap)
    wraps: HashSet<(&'a SecretName, &'a ObjectId, &'a WrapId)>,
}

impl<'a> Named<'a> {
    fn gather(case: &Case<'a>) -> Self {
        let mut named = Self::default();
        let ops = case.file.entries.values().flat_map(|entry| &entry.ops);
        ops.filter(|op| case.scope.names(op)).for_each(|op| named.note(op));
        named
    }

    fn note(&mut self, op: &'a Op) {
        match op {
            Op::Put(put) => self.wrapped(&put.secret, &put.object, &put.wrap),
            Op::Pending(put) => self.wrapped(&put.secret, &put.object, &put.wrap),
            Op::Rewrap { secret, object, wrap } => self.wrapped(secret, object, wrap),
            Op::Resolve(resolve) => _ = self.objects.insert((&resolve.secret, &resolve.object)),
            Op::Expire(expire) => _ = self.objects.insert((&expire.secret, &expire.object)),
            Op::Restore(versions) | Op::Remove(versions) => {
                self.objects.extend(versions.objects.iter().map(|id| (&versions.secret, id)));
            }
            Op::Prune { secret, objects } => {
                self.objects.extend(objects.iter().map(|id| (secret, id)));
            }
            Op::Field(_) | Op::Rollout { .. } | Op::Checkpoint { .. } | Op::Join(_) => {}
        }
    }

    fn wrapped(&mut self, secret: &'a SecretName, object: &'a ObjectId, wrap: &'a WrapId) {
        self.objects.insert((secret, object));
        self.wraps.insert((secret, object, wrap));
    }
}

fn objects(case: &Case<'_>, section: &SecretSection, named: &Named<'_>) -> Vec<Finding> {
    let name = &section.name;
    let unknown = section.versions.keys().filter(|id| !named.objects.contains(&(name, *id)));
    // With history it is found out what they are.
    let unknown = unknown.filter(|_| !case.reach.has(name));
    let what = "is named by no entry of the log";
    unknown.map(|id| of_object(name, id, FindingCode::ObjectUnknown, what)).collect()
}

fn wraps(case: &Case<'_>, section: &SecretSection, named: &Named<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let name = &section.name;
    for (id, wrap) in &section.wraps {
        let mut wrong = |code, what: &str| findings.push(of_wrap(name, id, wrap, code, what));
        if !named.wraps.contains(&(name, &wrap.version, id)) && !case.reach.has(name) {
            wrong(FindingCode::WrapUnknown, "is named by no entry of the log");
        }
        if !section.versions.contains_key(&wrap.version) {
            wrong(FindingCode::WrapVersion, "opens a version that the file does not hold");
        }
        if let Some(what) = epoch_fault(case, wrap) {
            wrong(FindingCode::WrapEpoch, &what);
        }
    }
    findings
}

fn epoch_fault(case: &Case<'_>, wrap: &Wrap) -> Option<String> {
    match case.policy.epoch(&wrap.epoch) {
        None => Some(format!("is under epoch {}, which the policy has not", short(&wrap.epoch))),
        Some(epoch) if *epoch.audience != wrap.audience => Some(format!(
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
    let place = Place::of(case.file);
    let mut findings = Vec::new();
    for (name, state) in case.state.secrets.iter().filter(|(name, _)| !case.reach.has(name)) {
        let section = sections.get(name).copied();
        let live = state.versions.iter().filter(|version| !version.pruned);
        findings.extend(live.flat_map(|version| missing(name, version, section, place)));
    }
    findings
}

/// Where versions are.
#[derive(Clone, Copy)]
enum Place {
    File,
    /// In the file, or in the folder beside it: part of the log is closed.
    FileOrHistory,
}

impl Place {
    fn of(file: &VaultFile) -> Self {
        let is_closed = of_chain(&file.chain).next().is_some();
        if is_closed { Self::FileOrHistory } else { Self::File }
    }

    const fn lacks(self) -> &'static str {
        match self {
            Self::File => "is not in the file",
            Self::FileOrHistory => "is neither in the file nor in .v-secure/history",
        }
    }

    /// How what has this id comes back.
    fn way_back(self, id: &dyn Display) -> String {
        match self {
            Self::File => format!("git log -S{id} -- .v-secure/vault.toml"),
            Self::FileOrHistory => {
                "git checkout --ignore-skip-worktree-bits -- .v-secure/history".to_owned()
            }
        }
    }
}

fn missing(
    name: &SecretName,
    version: &Version,
    section: Option<&SecretSection>,
    place: Place,
) -> Vec<Finding> {
    let Version { number, author, .. } = version;
    let object = version.object;
    let of = format!("version {number} of {name}, put by {author},");
    if !section.is_some_and(|section| section.versions.contains_key(&object)) {
        let subject = Subject::Object { secret: name.clone(), object };
        let (code, why, hint) = if version.void_pruned {
            let why = "was deleted under a prune that does not count";
            (FindingCode::ObjectLost, why, FROM_HISTORY.to_owned())
        } else {
            (FindingCode::ObjectMissing, place.lacks(), place.way_back(&object))
        };
        return vec![Finding::new(code, subject, format!("{of} {why}")).hint(hint)];
    }
    let wrap = |wrap: &WrapId| {
        let (code, why) = match section.and_then(|section| section.wraps.get(wrap)) {
            Some(there) if there.version == object => return None,
            Some(_) => (FindingCode::WrapVersion, "is another version's"),
            None => (FindingCode::WrapMissing, place.lacks()),
        };
        let subject = Subject::Wrap { secret: name.clone(), wrap: *wrap };
        let message = format!("{of} lacks a key that opens it: its wrap {} {why}", short(wrap));
        let finding = Finding::new(code, subject, message);
        Some(finding.hint(place.way_back(wrap)))
    };
    version.wraps_to_try().filter_map(wrap).collect()
}
