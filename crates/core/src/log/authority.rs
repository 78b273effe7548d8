//! Whether a key's holder may do an op at a policy position, and at which later one that first
//! stops (`docs/format.md` section 6, the table of rights). Answers are remembered per key, need and
//! secret: a log repeats the same few questions.

use super::bits::Bits;
use super::entry::Entry;
use super::graph::Graph;
use super::op::{Op, Promote};
use super::policy_view::PolicyView;
use crate::crypto::id::{KeyId, ObjectId, RotationId};
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

/// So many puts are asked about one by one before the log is walked.
const NEAR: usize = 16;

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

/// A version that a rotation of a secret brings.
type Brought<'a> = (&'a SecretName, RotationId, ObjectId);

type Question<'a> = (&'a KeyId, Need, Option<&'a SecretName>);

pub(super) struct Authority<'a> {
    policy: &'a dyn PolicyView,
    graph: &'a Graph,
    /// By place; `None` for what is forged, which nothing may rest upon.
    entries: &'a [Option<&'a Entry>],
    asked: HashMap<Question<'a>, Timeline>,
    puts: OnceCell<HashMap<&'a SecretName, Vec<usize>>>,
    pendings: OnceCell<HashMap<Brought<'a>, Vec<usize>>>,
    /// By secret: what descends from a put of it, where that was asked at length.
    below: RefCell<HashMap<SecretName, Bits>>,
}

impl<'a> Authority<'a> {
    /// `entries` are by place in `graph`.
    pub fn new(
        policy: &'a dyn PolicyView,
        graph: &'a Graph,
        entries: &'a [Option<&'a Entry>],
    ) -> Self {
        let (asked, puts, pendings) = (HashMap::new(), OnceCell::new(), OnceCell::new());
        Self { policy, graph, entries, asked, puts, pendings, below: RefCell::default() }
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

    /// Judges a `put` or `promote` by either right, if there is something to rotate.
    pub(crate) fn judge_rotation(
        &mut self,
        place: usize,
        entry: &'a Entry,
        op: &'a Op,
        position: PolicyPosition,
    ) -> RightVerdict {
        let follows = match op {
            Op::Put(put) => self.follows_a_put(place, &put.secret),
            op => self.has_ground(place, op),
        };
        if follows { self.judge_kept(entry, op, position) } else { RightVerdict::Refused }
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

    /// Whether there is what an op of a rotation takes, whatever right its author has: a secret that was put, or the
    /// value that is promoted.
    pub(crate) fn has_ground(&self, place: usize, op: &Op) -> bool {
        match op {
            Op::Pending(pending) => self.follows_a_put(place, &pending.secret),
            Op::Promote(promote) => self.follows_its_pending(place, promote),
            _ => true,
        }
    }

    fn follows_its_pending(&self, place: usize, promote: &Promote) -> bool {
        if self.is_put_behind(place, &promote.secret) {
            return true;
        }
        let pendings = self.pendings.get_or_init(|| pendings(self.entries));
        let places = pendings.get(&(&promote.secret, promote.rotation, promote.object));
        places.is_some_and(|places| places.iter().any(|other| self.graph.ancestor(*other, place)))
    }

    /// Whether something closed puts the secret. Of what is late nobody can say whether that is before it, and
    /// nothing is said of its secrets.
    fn is_put_behind(&self, place: usize, secret: &SecretName) -> bool {
        self.graph.base().is_some_and(|base| {
            !base.is_kept(place) && base.numbers(secret).is_some_and(|numbers| numbers.put)
        })
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

    /// Whether an ancestor puts the secret. What is active of it, and whether a removal wins, is for
    /// the fold to say: a right that hung on that would come and go with other entries.
    fn follows_a_put(&self, place: usize, secret: &SecretName) -> bool {
        if self.is_put_behind(place, secret) {
            return true;
        }
        let puts = self.puts.get_or_init(|| puts(self.entries));
        let Some(places) = puts.get(secret) else { return false };
        let earlier = &places[..places.partition_point(|other| *other < place)];
        let (rest, near) = earlier.split_at(earlier.len().saturating_sub(NEAR));
        near.iter().rev().any(|other| self.graph.ancestor(*other, place))
            || (!rest.is_empty() && self.descends(secret, rest, place))
    }

    /// The same for puts that are many and beside the entry: one walk over the log for the secret.
    fn descends(&self, secret: &SecretName, puts: &[usize], place: usize) -> bool {
        let mut below = self.below.borrow_mut();
        if !below.contains_key(secret) {
            below.insert(secret.clone(), self.graph.descendants(puts));
        }
        below.get(secret).is_some_and(|below| below.get(place))
    }
}

/// By secret: the places of the entries that put it, ascending.
fn puts<'a>(entries: &[Option<&'a Entry>]) -> HashMap<&'a SecretName, Vec<usize>> {
    let mut puts: HashMap<&SecretName, Vec<usize>> = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        let ops = entry.iter().flat_map(|entry| &entry.ops);
        for secret in
            ops.filter_map(|op| if let Op::Put(put) = op { Some(&put.secret) } else { None })
        {
            puts.entry(secret).or_default().push(place);
        }
    }
    puts
}

/// By version that a rotation brings: the places of the entries with a `pending` of it, ascending.
fn pendings<'a>(entries: &[Option<&'a Entry>]) -> HashMap<Brought<'a>, Vec<usize>> {
    let mut pendings: HashMap<Brought<'_>, Vec<usize>> = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        for op in entry.iter().flat_map(|entry| &entry.ops) {
            if let Op::Pending(of) = op
                && let Some(object) = of.object()
            {
                pendings.entry((&of.secret, of.rotation, *object)).or_default().push(place);
            }
        }
    }
    pendings
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
