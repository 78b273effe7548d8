//! What an op stands on besides rights: something that an ancestor of its entry has, whether that counts or is void
//! (`docs/format.md` section 6). An op of a rotation that has none does nothing: nothing can so be said of a rotation
//! before it begins. It is not forged for that, or a reader who lacks what it rests on would refuse what others build on.

use super::base::Base;
use super::bits::Bits;
use super::entry::Entry;
use super::graph::Graph;
use super::op::{Op, Pending, Promote};
use super::register::At;
use crate::crypto::id::{ObjectId, RotationId};
use crate::name::{Name, SecretName};
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

/// So many ancestors are asked about one by one before the log is walked.
const NEAR: usize = 16;

/// Of so many grounds it is remembered what descends from them.
const REMEMBERED: usize = 256;

/// What an ancestor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ground<'a> {
    /// The secret is put.
    Put(&'a SecretName),
    Begun(&'a SecretName, RotationId),
    /// The rotation is given this value.
    Brought(&'a SecretName, RotationId, ObjectId),
    /// The version's body is stated.
    Stated(&'a SecretName, ObjectId),
}

/// What the op needs of ancestors, all of it; of a `put` by the right to rotate.
pub(super) fn needed(op: &Op) -> Vec<Ground<'_>> {
    match op {
        Op::Put(put) => vec![Ground::Put(&put.secret)],
        Op::Pending(of) if of.nonce.is_some() => vec![Ground::Put(&of.secret)],
        Op::Pending(of) => vec![Ground::Begun(&of.secret, of.rotation())],
        Op::Rollout { secret, rotation, .. } => vec![Ground::Begun(secret, *rotation)],
        Op::Abort(of) => vec![Ground::Begun(&of.secret, of.rotation)],
        Op::Promote(of) => vec![
            Ground::Begun(&of.secret, of.rotation),
            Ground::Brought(&of.secret, of.rotation, of.object),
        ],
        Op::Retire(of) => of.objects.iter().map(|o| Ground::Stated(&of.secret, *o)).collect(),
        _ => Vec::new(),
    }
}

type Places<'a> = HashMap<Ground<'a>, Vec<usize>>;

/// Where the entries of a log have it.
pub(crate) struct Grounds<'a> {
    graph: &'a Graph,
    /// By place; `None` for what nothing may rest upon.
    entries: Cow<'a, [Option<&'a Entry>]>,
    puts: OnceCell<Places<'a>>,
    /// Most logs have no rotations, and ask for no more than puts.
    begun: OnceCell<Places<'a>>,
    stated: OnceCell<Places<'a>>,
    /// What descends from ground that many entries have, where that was asked.
    below: RefCell<HashMap<Ground<'a>, Bits>>,
}

impl<'a> Grounds<'a> {
    /// `entries` are by place in `graph`.
    pub fn new(graph: &'a Graph, entries: impl Into<Cow<'a, [Option<&'a Entry>]>>) -> Self {
        let (puts, begun, stated) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let (entries, below) = (entries.into(), RefCell::default());
        Self { graph, entries, puts, begun, stated, below }
    }

    /// Whether an ancestor of the entry at the place has it. What is active, and whether a removal wins, is for the
    /// fold to say: a right that hung on that would come and go with other entries.
    pub fn is_before(&self, place: usize, ground: Ground<'a>) -> bool {
        let Some(places) = self.places(ground) else { return false };
        let earlier = &places[..places.partition_point(|other| *other < place)];
        let (rest, near) = earlier.split_at(earlier.len().saturating_sub(NEAR));
        near.iter().rev().any(|other| self.graph.ancestor(*other, place))
            || (!rest.is_empty() && self.descends(ground, places, place))
    }

    /// Whether an op of rotations in the open entry at the place acts; of a `retire` [`Grounds::retires`] says.
    pub fn acts(&self, place: usize, op: &'a Op) -> bool {
        needed(op).into_iter().all(|ground| self.is_found(place, ground))
    }

    /// Whether the op acts, of a `retire` on one version at least.
    pub fn act(&self, at: At, op: &'a Op) -> bool {
        let place = at.place as usize;
        match op {
            Op::Retire(of) => of.objects.iter().any(|o| self.retires(place, &of.secret, *o)),
            op => self.acts(place, op),
        }
    }

    /// Whether what the entry at the place says of this version being retired acts.
    pub fn retires(&self, place: usize, secret: &'a SecretName, object: ObjectId) -> bool {
        self.is_found(place, Ground::Stated(secret, object))
    }

    /// The same as [`Grounds::is_before`], by what a reader without history has: what is closed puts its secrets, and
    /// states the versions that are kept of it.
    fn is_found(&self, place: usize, ground: Ground<'a>) -> bool {
        let closed = |base: &Base| match ground {
            Ground::Put(secret) => base.numbers(secret).is_some_and(|of| of.put),
            Ground::Stated(_, object) => base.is_settled(place) && base.keeps(&object),
            Ground::Begun(..) | Ground::Brought(..) => false,
        };
        self.graph.base().is_some_and(closed) || self.is_before(place, ground)
    }

    /// Who stated what the entry at the place promotes, if an open ancestor did: all that state a version are signed by
    /// one key.
    pub fn author(&self, place: usize, promote: &'a Promote) -> Option<&'a Name> {
        let ground = Ground::Brought(&promote.secret, promote.rotation, promote.object);
        let first = *self.places(ground)?.first()?;
        let is_closed = self.graph.base().is_some_and(|base| base.is_kept(first));
        let author = self.entries[first].map(|entry| &entry.actor);
        author.filter(|_| !is_closed && self.is_before(place, ground))
    }

    /// Whether the op rests on what is closed, as far as can be told without that: it may bring a value. What else is
    /// said of a closed rotation comes too late for it, and what is not kept is retired without effect.
    pub fn reaches_behind(&self, place: usize, op: &'a Op) -> bool {
        let brings = matches!(op, Op::Promote(_) | Op::Pending(Pending { rotation: Some(_), .. }));
        brings && !self.acts(place, op)
    }

    /// The entries that have it, ascending.
    fn places(&self, ground: Ground<'a>) -> Option<&[usize]> {
        let all = match ground {
            Ground::Put(_) => self.puts.get_or_init(|| places(&self.entries, |_, op| put(op))),
            Ground::Begun(..) => {
                self.begun.get_or_init(|| places(&self.entries, |_, op| begun(op)))
            }
            // What is added to a rotation that did not begin before does nothing, for this either.
            Ground::Brought(..) | Ground::Stated(..) => self.stated.get_or_init(|| {
                places(&self.entries, |place, op| match op {
                    Op::Pending(of) if of.rotation.is_some() && !self.acts(place, op) => Vec::new(),
                    op => stated(op),
                })
            }),
        };
        all.get(&ground).map(Vec::as_slice)
    }

    /// The same for entries that are many and beside this one: one walk over the log for the ground.
    fn descends(&self, ground: Ground<'a>, from: &[usize], place: usize) -> bool {
        let mut below = self.below.borrow_mut();
        // Each is a bit for each entry, and whoever writes can make any number of grounds.
        if below.len() >= REMEMBERED && !below.contains_key(&ground) {
            below.clear();
        }
        below.entry(ground).or_insert_with(|| self.graph.descendants(from)).get(place)
    }
}

/// The places of the entries with each ground, ascending.
fn places<'a>(
    entries: &[Option<&'a Entry>],
    of: impl Fn(usize, &'a Op) -> Vec<Ground<'a>>,
) -> Places<'a> {
    let mut all: Places<'a> = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        for ground in entry.iter().flat_map(|entry| &entry.ops).flat_map(|op| of(place, op)) {
            let places = all.entry(ground).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
        }
    }
    all
}

fn put(op: &Op) -> Vec<Ground<'_>> {
    if let Op::Put(put) = op { vec![Ground::Put(&put.secret)] } else { Vec::new() }
}

fn begun(op: &Op) -> Vec<Ground<'_>> {
    match op {
        Op::Pending(of) if of.nonce.is_some() => vec![Ground::Begun(&of.secret, of.begun)],
        _ => Vec::new(),
    }
}

fn stated(op: &Op) -> Vec<Ground<'_>> {
    match op {
        Op::Put(put) => vec![Ground::Stated(&put.secret, put.object)],
        Op::Pending(of) => {
            let brought = of.object().into_iter().flat_map(|object| {
                let secret = &of.secret;
                [Ground::Brought(secret, of.rotation(), *object), Ground::Stated(secret, *object)]
            });
            brought.collect()
        }
        _ => Vec::new(),
    }
}
