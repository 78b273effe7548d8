//! Version objects and wraps: each is named by the log, and those that the fold leads to are there. That each is what
//! its id says is so however the text is: the reader computes the ids.

use super::Case;
use crate::crypto::id::{ObjectId, WrapId};
use crate::file::model::{SecretSection, VaultFile, Wrap};
use crate::log::describe::{quoted, short};
use crate::log::finding::{Finding, FindingCode, Subject};
use crate::log::op::Op;
use crate::log::state::Version;
use crate::name::SecretName;
use crate::verify::checkpoints::of_chain;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};

/// From this many sections on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 256;

/// Takes it from an earlier state: only the right bytes fit its id.
const FROM_HISTORY: &str = "v-secure git resolve  # takes it from git's history";

pub(super) fn check(case: &Case<'_>) -> Vec<Finding> {
    let named = Named::gather(case);
    let mut findings = each(case.file, |section| {
        let mut findings = objects(case, section, &named);
        findings.extend(wraps(case, section, &named));
        findings
    });
    findings.extend(needed(case));
    findings
}

fn each(
    file: &VaultFile,
    of_section: impl Fn(&SecretSection) -> Vec<Finding> + Sync + Send,
) -> Vec<Finding> {
    let sections: Vec<&SecretSection> = file.secrets.values().collect();
    if sections.len() < PARALLEL_FROM {
        sections.into_iter().flat_map(of_section).collect()
    } else {
        sections.into_par_iter().flat_map_iter(of_section).collect()
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
        let Some(secret) = op.secret() else { return };
        self.objects.extend(op.objects().map(|object| (secret, object)));
        if let Op::Resolve(resolve) = op {
            self.objects.insert((secret, &resolve.object));
        }
        self.wraps.extend(op.wraps());
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
    let sections = case.file.secrets.values().map(|section| (&section.name, section));
    let sections: HashMap<&SecretName, &SecretSection> = sections.collect();
    let place = Place::of(case.file);
    let mut findings = Vec::new();
    for (name, state) in case.state.secrets.iter().filter(|(name, _)| !case.reach.has(name)) {
        let section = sections.get(name).copied();
        let live = state.held().filter(|version| !version.pruned);
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

    /// How what is missing comes back. No id of it is written in the file that git could be asked for, and its head stays
    /// where another version takes its place.
    fn way_back(self) -> String {
        match self {
            Self::File => "git log -p -- .v-secure/vault.toml".to_owned(),
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
    let object = version.object;
    let of = format!("{}, put by {},", version.called(name), version.author);
    if !section.is_some_and(|section| section.versions.contains_key(&object)) {
        let subject = Subject::Object { secret: name.clone(), object };
        let (code, why, hint) = if version.void_pruned {
            let why = "was deleted under a prune that does not count";
            (FindingCode::ObjectLost, why, FROM_HISTORY.to_owned())
        } else {
            (FindingCode::ObjectMissing, place.lacks(), place.way_back())
        };
        return vec![Finding::new(code, subject, format!("{of} {why}")).hint(hint)];
    }
    let wrap = |wrap: &WrapId| {
        // An op can name the wrap of another version.
        let found = section.and_then(|section| section.wraps.get(wrap));
        if found.is_some_and(|found| found.version == object) {
            return None;
        }
        let (subject, why) = (Subject::Wrap { secret: name.clone(), wrap: *wrap }, place.lacks());
        let message = format!("{of} lacks a key that opens it: its wrap {} {why}", short(wrap));
        let finding = Finding::new(FindingCode::WrapMissing, subject, message);
        Some(finding.hint(place.way_back()))
    };
    version.wraps_to_try().filter_map(wrap).collect()
}
