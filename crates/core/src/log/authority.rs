//! Whether a key's holder may do an op at a policy position, and at which later one that first
//! stops (`docs/format.md` section 6, the table of rights). Answers are remembered per key, need and
//! secret: a log repeats the same few questions.

use super::base::Base;
use super::entry::Entry;
use super::graph::Graph;
use super::ground::{Ground, Grounds};
use super::op::{Op, Promote};
use super::policy_view::PolicyView;
use crate::crypto::id::KeyId;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
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
    /// A right that changes something, on any pattern.
    Any,
}

impl Need {
    fn met(
        self,
        has: impl Fn(Right) -> bool,
        has_on_all: impl Fn(Right) -> bool,
        has_somewhere: impl Fn(Right) -> bool,
    ) -> bool {
        match self {
            Self::Write => has(Right::Write),
            Self::WriteOrRotate => has(Right::Write) || has(Right::Rotate),
            Self::Delete => has(Right::Delete),
            Self::Expire => has(Right::Write) && has(Right::Delete),
            Self::Rewrap => has(Right::Read) && (has(Right::Write) || has(Right::Grant)),
            Self::GrantOnAll => has_on_all(Right::Grant),
            Self::Any => [Right::Write, Right::Rotate, Right::Delete, Right::Grant]
                .into_iter()
                .any(has_somewhere),
        }
    }

    /// What the op takes if, being a `put` or a `promote`, it is to stand by the right to write.
    fn of(op: &Op) -> Self {
        match op {
            Op::Put(_) | Op::Promote(_) | Op::Field(_) | Op::Resolve(_) | Op::Restore(_) => {
                Self::Write
            }
            Op::Remove(_) | Op::Prune { .. } => Self::Delete,
            Op::Expire(_) => Self::Expire,
            Op::Rewrap { .. } => Self::Rewrap,
            Op::Pending(_) | Op::Rollout { .. } | Op::Abort(_) | Op::Retire(_) => {
                Self::WriteOrRotate
            }
            Op::Checkpoint { .. } => Self::GrantOnAll,
            Op::Join(_) => Self::Any,
        }
    }
}

/// One question's answers over the chain.
#[derive(Debug, Default)]
struct Timeline {
    /// Positions at which it is not authorised and was just before. Ascending.
    stops: Vec<PolicyPosition>,
    /// Answers at single positions, as far as asked.
    at: Vec<(PolicyPosition, bool)>,
}

/// Whether an op is authorised at a position, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RightVerdict {
    /// Not authorised at the entry's own position.
    Refused,
    /// Authorised there, up to this later position, which is the first where it is not.
    Until(Option<PolicyPosition>),
}

type Question<'a> = (&'a KeyId, Need, Option<&'a SecretName>);

pub(super) struct Authority<'a> {
    policy: &'a dyn PolicyView,
    graph: &'a Graph,
    grounds: Grounds<'a>,
    asked: HashMap<Question<'a>, Timeline>,
}

impl<'a> Authority<'a> {
    /// `entries` are by place in `graph`; `None` for what is forged.
    pub fn new(
        policy: &'a dyn PolicyView,
        graph: &'a Graph,
        entries: &'a [Option<&'a Entry>],
    ) -> Self {
        Self { policy, graph, grounds: Grounds::new(graph, entries), asked: HashMap::new() }
    }

    /// Judges an op of the entry at `place`, whose actor is its key's member, a `put` or `promote` by the right to
    /// write alone.
    pub fn judge(
        &mut self,
        entry: &'a Entry,
        op: &'a Op,
        position: PolicyPosition,
    ) -> RightVerdict {
        self.ask(entry, Need::of(op), op.secret(), position)
    }

    /// Judges a `put` or `promote` by either right; a `put` needs something to rotate.
    pub(crate) fn judge_rotation(
        &mut self,
        place: usize,
        entry: &'a Entry,
        op: &'a Op,
        position: PolicyPosition,
    ) -> RightVerdict {
        let verdict = self.judge_kept(entry, op, position);
        match op {
            Op::Put(_) if verdict != RightVerdict::Refused && !self.stands(place, op) => {
                RightVerdict::Refused
            }
            _ => verdict,
        }
    }

    /// Judges a `put` or `promote` that is kept of what is closed by either right: what there was to rotate is not in
    /// the log any more.
    pub(crate) fn judge_kept(
        &mut self,
        entry: &'a Entry,
        op: &'a Op,
        position: PolicyPosition,
    ) -> RightVerdict {
        self.ask(entry, Need::WriteOrRotate, op.secret(), position)
    }

    /// Whether there is something to rotate: an ancestor puts the secret, or something closed does, as to what else is
    /// said of it there the whole log tells.
    pub(super) fn stands(&self, place: usize, op: &'a Op) -> bool {
        let Some(secret) = op.secret() else { return false };
        let is_closed = |base: &Base| {
            !base.is_kept(place) && base.numbers(secret).is_some_and(|numbers| numbers.put)
        };
        self.graph.base().is_some_and(is_closed)
            || self.grounds.is_before(place, Ground::Put(secret))
    }

    /// Whether another member stated what the entry at the place promotes.
    pub(super) fn is_anothers(&self, place: usize, entry: &Entry, promote: &'a Promote) -> bool {
        let author = self.grounds.author(place, promote);
        author.is_some_and(|author| *author != entry.actor)
    }

    fn ask(
        &mut self,
        entry: &'a Entry,
        need: Need,
        secret: Option<&'a SecretName>,
        position: PolicyPosition,
    ) -> RightVerdict {
        let policy = self.policy;
        let holds = |at: PolicyPosition| authorised(policy, entry, need, secret, at);
        if policy.removals().is_empty() {
            // Nothing stops, and remembering a single answer takes longer than finding it again.
            return if holds(position) { RightVerdict::Until(None) } else { RightVerdict::Refused };
        }
        let line = self.asked.entry((&entry.key, need, secret)).or_insert_with(|| {
            let stop = |at: &PolicyPosition| at.before().is_some_and(&holds) && !holds(*at);
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
            return RightVerdict::Refused;
        }
        let later = line.stops.partition_point(|at| *at <= position);
        RightVerdict::Until(line.stops.get(later).copied())
    }
}

fn authorised(
    policy: &dyn PolicyView,
    entry: &Entry,
    need: Need,
    secret: Option<&SecretName>,
    position: PolicyPosition,
) -> bool {
    let is_actor = |member: &Name| *member == entry.actor;
    policy.actor_at(position, &entry.key).is_some_and(is_actor)
        && need.met(
            |right| secret.is_some_and(|s| policy.holds(position, &entry.actor, right, s)),
            |right| policy.holds_on_all(position, &entry.actor, right),
            |right| policy.holds_anywhere(position, &entry.actor, right),
        )
}
