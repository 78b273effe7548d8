//! Which entries count (`docs/format.md` section 6): counting, void or forged, each as a whole.

use super::authority::{Authority, Verdict};
use super::bits::Bits;
use super::describe;
use super::entry::Entry;
use super::finding::{Code, Finding, Subject};
use super::graph::Graph;
use super::policy_view::PolicyView;
use crate::crypto::bytes::Id;
use crate::crypto::sign::Tag;
use crate::name::SecretName;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Whether an entry counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Counting,
    /// Written under a right that the policy entry at `position` took away without knowing of it.
    Void {
        position: usize,
    },
    Forged(Forgery),
}

/// Why an entry is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forgery {
    /// A parent is missing or the lamport number wrong; the graph has the finding.
    Link,
    PolicyUnknown,
    /// It names an earlier policy than a parent does.
    PolicyBackdated,
    KeyUnknown,
    /// The key is another member's.
    Actor,
    KeyInactive,
    /// Index of the first op without authority.
    Unauthorised {
        op: usize,
    },
    Signature,
}

/// Which entries' signatures are checked.
#[derive(Debug, Clone, Copy)]
pub enum Signatures<'a> {
    All,
    /// Those of entries that name one of these secrets.
    Secrets(&'a BTreeSet<SecretName>),
    /// None: the file's exact bytes have been verified before.
    None,
}

impl Signatures<'_> {
    fn wants(&self, entry: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::Secrets(secrets) => {
                entry.ops.iter().any(|op| op.secret().is_some_and(|s| secrets.contains(s)))
            }
            Self::None => false,
        }
    }
}

/// From this many signatures on, threads save more than starting them costs.
pub(super) const PARALLEL_FROM: usize = 16;

/// The standing of every entry of a log, by place in its graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standings {
    of: Vec<Standing>,
    /// Of the policy entry that each names; `None` if the chain does not have it.
    positions: Vec<Option<usize>>,
}

impl Standings {
    /// Judges every entry; checks the signatures asked for, many on all cores.
    pub fn judge(
        graph: &Graph,
        entries: &BTreeMap<Id, Entry>,
        policy: &dyn PolicyView,
        signatures: Signatures<'_>,
    ) -> Self {
        let entries = graph.in_order(entries);
        let positions: Vec<_> = entries.iter().map(|e| policy.position(&e.policy)).collect();
        let mut judge = Judge::new(graph, &entries, policy, &positions);
        let of = (0..graph.len()).map(|place| judge.standing(place)).collect();
        let mut standings = Self { of, positions };
        let is_asked = |(_, entry): &(&Id, &Entry)| signatures.wants(entry);
        let asked = graph.ids().iter().zip(entries).filter(is_asked);
        standings.forge(graph, &unsigned(asked.collect(), policy));
        standings
    }

    /// Calls these entries forged for their signatures; whether any of them was not forged anyway.
    pub fn forge(&mut self, graph: &Graph, unsigned: &[Id]) -> bool {
        let mut changed = false;
        for place in unsigned.iter().filter_map(|id| graph.place(id)) {
            if !matches!(self.of[place], Standing::Forged(_)) {
                self.of[place] = Standing::Forged(Forgery::Signature);
                changed = true;
            }
        }
        changed
    }

    pub fn of(&self, place: usize) -> Standing {
        self.of[place]
    }

    pub fn counts(&self, place: usize) -> bool {
        self.of[place] == Standing::Counting
    }

    /// The position of the policy entry that the entry at `place` names.
    pub fn position(&self, place: usize) -> Option<usize> {
        self.positions[place]
    }

    /// Replaces single standings by those of a stricter judgement.
    pub fn override_with(&mut self, stricter: &[(usize, Standing)]) {
        for (place, standing) in stricter {
            self.of[*place] = *standing;
        }
    }

    /// Places and standings, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Standing)> {
        self.of.iter().copied().enumerate()
    }

    /// The counting entries that no other counting entry descends from: the parents of the next.
    pub fn tips(&self, graph: &Graph) -> Vec<usize> {
        let mut counting = Bits::new(graph.len());
        (0..graph.len()).filter(|p| self.counts(*p)).for_each(|p| _ = counting.insert(p));
        graph.tops(&counting)
    }

    /// A finding for each entry that does not count; flaws of links are the graph's to report.
    pub fn findings(
        &self,
        graph: &Graph,
        entries: &BTreeMap<Id, Entry>,
        policy: &dyn PolicyView,
    ) -> Vec<Finding> {
        let odd = self.iter().filter(|(_, standing)| *standing != Standing::Counting);
        odd.filter_map(|(place, standing)| {
            let id = graph.id(place);
            let entry = entries.get(id)?;
            match standing {
                Standing::Void { position } => Some(void(id, entry, position, policy)),
                Standing::Forged(forgery) => forged(id, entry, forgery, policy),
                Standing::Counting => None,
            }
        })
        .collect()
    }
}

/// Those of `entries` whose signatures do not verify, an unknown key's among them.
pub fn unsigned(entries: Vec<(&Id, &Entry)>, policy: &dyn PolicyView) -> Vec<Id> {
    let is_bad = |(id, entry): &(&Id, &Entry)| !is_signed(policy, id, entry);
    if entries.len() < PARALLEL_FROM {
        entries.into_iter().filter(is_bad).map(|(id, _)| *id).collect()
    } else {
        entries.into_par_iter().filter(is_bad).map(|(id, _)| *id).collect()
    }
}

fn is_signed(policy: &dyn PolicyView, id: &Id, entry: &Entry) -> bool {
    policy.key(&entry.key).is_some_and(|key| key.verifying.verify(Tag::LogEntry, id, &entry.sig))
}

struct Judge<'a> {
    graph: &'a Graph,
    entries: &'a [&'a Entry],
    policy: &'a dyn PolicyView,
    positions: &'a [Option<usize>],
    authority: Authority<'a>,
    /// By policy position: what its heads know.
    known: HashMap<usize, Bits>,
}

impl<'a> Judge<'a> {
    fn new(
        graph: &'a Graph,
        entries: &'a [&'a Entry],
        policy: &'a dyn PolicyView,
        positions: &'a [Option<usize>],
    ) -> Self {
        let authority = Authority::new(policy, graph, entries);
        Self { graph, entries, policy, positions, authority, known: HashMap::new() }
    }

    fn standing(&mut self, place: usize) -> Standing {
        match self.stops(place) {
            Err(forgery) => Standing::Forged(forgery),
            Ok(stops) => {
                let unknown = |position: &usize| !self.knows(*position, place);
                match stops.into_iter().find(unknown) {
                    Some(position) => Standing::Void { position },
                    None => Standing::Counting,
                }
            }
        }
    }

    /// The later positions at which an op of the entry stops being authorised.
    fn stops(&mut self, place: usize) -> Result<BTreeSet<usize>, Forgery> {
        let entry = self.entries[place];
        if self.graph.flaw(place).is_some() {
            return Err(Forgery::Link);
        }
        let position = self.positions[place].ok_or(Forgery::PolicyUnknown)?;
        // A parent's unknown policy is reported at the parent.
        if self.graph.parents(place).filter_map(|p| self.positions[p]).any(|p| p > position) {
            return Err(Forgery::PolicyBackdated);
        }
        let key = self.policy.key(&entry.key).ok_or(Forgery::KeyUnknown)?;
        if *key.member != entry.actor {
            return Err(Forgery::Actor);
        }
        if self.policy.actor_at(position, &entry.key) != Some(&entry.actor) {
            return Err(Forgery::KeyInactive);
        }
        let mut all = BTreeSet::new();
        for op in 0..entry.ops.len() {
            match self.authority.judge(place, op, position) {
                Verdict::Refused => return Err(Forgery::Unauthorised { op }),
                Verdict::Stops(stops) => all.extend(stops),
            }
        }
        Ok(all)
    }

    /// Whether the policy entry at `position` names the entry or a descendant of it as a head.
    fn knows(&mut self, position: usize, place: usize) -> bool {
        let (graph, policy) = (self.graph, self.policy);
        let known = self.known.entry(position);
        known.or_insert_with(|| graph.ancestry(policy.heads(position))).get(place)
    }
}

fn void(id: &Id, entry: &Entry, position: usize, policy: &dyn PolicyView) -> Finding {
    let message = format!(
        "{} is void: policy entry {position} took the right away without knowing of it",
        describe::entry(id, entry, policy)
    );
    Finding::new(Code::Void, Subject::Entry(*id), message).hint("v-secure adopt --list")
}

fn forged(id: &Id, entry: &Entry, forgery: Forgery, policy: &dyn PolicyView) -> Option<Finding> {
    let (code, what) = match forgery {
        Forgery::Link => return None,
        Forgery::PolicyUnknown => (
            Code::PolicyUnknown,
            format!("names policy {}, which is not in the chain", describe::short(&entry.policy)),
        ),
        Forgery::PolicyBackdated => {
            (Code::PolicyBackdated, "names an earlier policy than what it follows".to_owned())
        }
        Forgery::KeyUnknown => {
            (Code::KeyUnknown, "is signed by a key that was never in the policy".to_owned())
        }
        Forgery::Actor => {
            let owner = policy.key(&entry.key)?.member;
            (Code::ActorWrong, format!("is signed by a key of {owner}"))
        }
        Forgery::KeyInactive => {
            (Code::KeyInactive, "is signed by a key that was not in force".to_owned())
        }
        Forgery::Unauthorised { op } => (Code::OpUnauthorised, unauthorised(entry, op)),
        Forgery::Signature => {
            (Code::SignatureInvalid, "carries a signature that does not verify".to_owned())
        }
    };
    let message = format!("{} {what}", describe::entry(id, entry, policy));
    let finding = Finding::new(code, Subject::Entry(*id), message);
    Some(finding.hint("git log -p -- .v-secure/vault.toml"))
}

fn unauthorised(entry: &Entry, op: usize) -> String {
    let Some(op) = entry.ops.get(op) else { return "has no such op".to_owned() };
    let what = super::history::action(op);
    match op.secret() {
        Some(secret) => format!("does '{what}' on {secret} without the right to"),
        None => format!("does '{what}' without the right to"),
    }
}
