//! Whether a key's holder may do an op at a policy position, and at which later one that first
//! stops (`docs/format.md` section 6, the table of rights). Answers are remembered per key, need and
//! secret: a log repeats the same few questions.

use super::entry::Entry;
use super::graph::Graph;
use super::op::{Op, Put};
use super::policy_view::PolicyView;
use crate::crypto::bytes::Id;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use std::cell::OnceCell;
use std::collections::HashMap;

/// What an op takes, as the table of section 6 combines rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Need {
    Write,
    WriteOrRotate,
    Delete,
    /// `write` and `delete`.
    Expire,
    /// `read`, and `write` or `grant`.
    Rewrap,
    /// `grant` on `*`.
    GrantOnAll,
}

impl Need {
    fn met(self, has: impl Fn(Right) -> bool, has_on_all: impl Fn(Right) -> bool) -> bool {
        match self {
            Self::Write => has(Right::Write),
            Self::WriteOrRotate => has(Right::Write) || has(Right::Rotate),
            Self::Delete => has(Right::Delete),
            Self::Expire => has(Right::Write) && has(Right::Delete),
            Self::Rewrap => has(Right::Read) && (has(Right::Write) || has(Right::Grant)),
            Self::GrantOnAll => has_on_all(Right::Grant),
        }
    }

    /// What the op takes if, being a `put`, it has no base.
    fn of(op: &Op) -> Self {
        match op {
            Op::Put(_) | Op::Field(_) | Op::Resolve(_) | Op::Restore(_) => Self::Write,
            Op::Remove(_) | Op::Prune { .. } => Self::Delete,
            Op::Expire(_) => Self::Expire,
            Op::Rewrap { .. } => Self::Rewrap,
            Op::Pending { .. } | Op::Rollout { .. } => Self::WriteOrRotate,
            Op::Checkpoint { .. } => Self::GrantOnAll,
        }
    }
}

/// One question's answers over the chain.
#[derive(Debug, Default)]
struct Timeline {
    /// Positions at which it is not authorised and was just before. Ascending.
    stops: Vec<usize>,
    /// Answers at single positions, as far as asked.
    at: Vec<(usize, bool)>,
}

/// Whether an op is authorised at a position, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not authorised at the entry's own position.
    Refused,
    /// Authorised there, up to this later position, which is the first where it is not.
    Until(Option<usize>),
}

type Question<'a> = (&'a Id, Need, Option<&'a SecretName>);

pub(super) struct Authority<'a> {
    policy: &'a dyn PolicyView,
    graph: &'a Graph,
    /// By place; `None` for what is forged, which nothing may rest upon.
    entries: &'a [Option<&'a Entry>],
    asked: HashMap<Question<'a>, Timeline>,
    versions: OnceCell<Versions<'a>>,
}

impl<'a> Authority<'a> {
    /// `entries` are by place in `graph`.
    pub fn new(
        policy: &'a dyn PolicyView,
        graph: &'a Graph,
        entries: &'a [Option<&'a Entry>],
    ) -> Self {
        let (asked, versions) = (HashMap::new(), OnceCell::new());
        Self { policy, graph, entries, asked, versions }
    }

    /// Judges an op of the entry at `place`, whose actor is its key's member, a `put` by the right to
    /// write alone.
    pub fn judge(&mut self, entry: &'a Entry, op: &'a Op, position: usize) -> Verdict {
        self.ask(entry, Need::of(op), op.secret(), position)
    }

    /// Judges a `put` by either right, if it has a base.
    pub fn judge_rotation(
        &mut self,
        place: usize,
        entry: &'a Entry,
        put: &'a Put,
        position: usize,
    ) -> Verdict {
        match self.has_base(place, put) {
            true => self.ask(entry, Need::WriteOrRotate, Some(&put.secret), position),
            false => Verdict::Refused,
        }
    }

    fn ask(
        &mut self,
        entry: &'a Entry,
        need: Need,
        secret: Option<&'a SecretName>,
        position: usize,
    ) -> Verdict {
        let policy = self.policy;
        let holds = |at: usize| authorised(policy, entry, need, secret, at);
        if policy.removals().is_empty() {
            // Nothing stops, and remembering a single answer takes longer than finding it again.
            return if holds(position) { Verdict::Until(None) } else { Verdict::Refused };
        }
        let line = self.asked.entry((&entry.key, need, secret)).or_insert_with(|| {
            let stop = |at: &usize| *at > 0 && holds(*at - 1) && !holds(*at);
            let stops = policy.removals().iter().copied().filter(stop).collect();
            Timeline { stops, at: Vec::new() }
        });
        let known = line.at.iter().find(|(at, _)| *at == position).map(|(_, answer)| *answer);
        let answer = known.unwrap_or_else(|| {
            let answer = holds(position);
            line.at.push((position, answer));
            answer
        });
        if !answer {
            return Verdict::Refused;
        }
        let later = line.stops.partition_point(|at| *at <= position);
        Verdict::Until(line.stops.get(later).copied())
    }

    /// Whether the put replaces a version of its secret that an ancestor puts and none ends.
    ///
    /// A version is put once and ended once in what programs write, so this asks about two ancestors
    /// for each of `replaces`.
    fn has_base(&self, place: usize, put: &Put) -> bool {
        let versions = self.versions.get_or_init(|| Versions::gather(self.entries));
        put.replaces.iter().any(|version| {
            let version = (&put.secret, version);
            let any = |places: &HashMap<Version<'_>, Vec<usize>>| {
                let places = places.get(&version).into_iter().flatten();
                places.copied().any(|other| self.graph.ancestor(other, place))
            };
            any(&versions.puts) && !any(&versions.ends)
        })
    }
}

fn authorised(
    policy: &dyn PolicyView,
    entry: &Entry,
    need: Need,
    secret: Option<&SecretName>,
    position: usize,
) -> bool {
    let is_actor = |member: &Name| *member == entry.actor;
    policy.actor_at(position, &entry.key).is_some_and(is_actor)
        && need.met(
            |right| secret.is_some_and(|s| policy.holds(position, &entry.actor, right, s)),
            |right| policy.holds_on_all(position, &entry.actor, right),
        )
}

type Version<'a> = (&'a SecretName, &'a Id);

/// Where versions are put, and where they are removed or pruned.
struct Versions<'a> {
    puts: HashMap<Version<'a>, Vec<usize>>,
    ends: HashMap<Version<'a>, Vec<usize>>,
}

impl<'a> Versions<'a> {
    fn gather(entries: &[Option<&'a Entry>]) -> Self {
        let mut versions = Self { puts: HashMap::new(), ends: HashMap::new() };
        for (place, entry) in entries.iter().enumerate() {
            let Some(entry) = entry else { continue };
            entry.ops.iter().for_each(|op| versions.note(place, op));
        }
        versions
    }

    fn note(&mut self, place: usize, op: &'a Op) {
        let (secret, objects) = match op {
            Op::Put(put) => {
                return self.puts.entry((&put.secret, &put.object)).or_default().push(place);
            }
            Op::Remove(versions) => (&versions.secret, &versions.objects),
            Op::Prune { secret, objects } => (secret, objects),
            _ => return,
        };
        for object in objects {
            self.ends.entry((secret, object)).or_default().push(place);
        }
    }
}
