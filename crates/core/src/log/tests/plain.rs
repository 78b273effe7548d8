//! The document's definitions of section 6 and 7, written out plainly: it asks the log and the policy
//! alone, never the code that it is compared with.

use crate::crypto::id::{EntryId, ObjectId, WrapId};
use crate::log::op::{Op, Pending, Promote};
use crate::log::policy_view::PolicyView;
use crate::log::standing::{EntryStatus, Forgery};
use crate::log::testing::*;
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use crate::time::UnixTime;
use std::collections::HashSet;

/// The proper ancestors of `id`.
pub(super) fn ancestors(log: &Log, id: &EntryId) -> HashSet<EntryId> {
    let mut all = HashSet::new();
    let mut open = log.entries[id].parents.clone();
    while let Some(next) = open.pop() {
        if all.insert(next) {
            open.extend(&log.entries[&next].parents);
        }
    }
    all
}

/// The heads of policy entries 0 to `position` and all their ancestors.
pub(super) fn known(log: &Log, position: PolicyPosition) -> HashSet<EntryId> {
    let heads =
        (0..=position.index()).flat_map(|at| log.policy.heads(PolicyPosition::new(at))).copied();
    heads.flat_map(|head| ancestors(log, &head).into_iter().chain([head])).collect()
}

/// Whether an ancestor has such an op, whether or not that counts.
fn follows(log: &Log, id: &EntryId, is_one: impl Fn(&Op) -> bool) -> bool {
    ancestors(log, id).iter().flat_map(|id| &log.entries[id].ops).any(is_one)
}

/// Whether an ancestor by the same actor states what the promotion is of.
fn by_author(log: &Log, id: &EntryId, promote: &Promote) -> bool {
    let actor = &log.entries[id].actor;
    ancestors(log, id).iter().map(|earlier| &log.entries[earlier]).any(|entry| {
        let states = |op: &Op| matches!(op, Op::Pending(pending) if is_of(promote, pending));
        entry.actor == *actor && entry.ops.iter().any(states)
    })
}

/// The same of what does something.
fn follows_acting(log: &Log, id: &EntryId, is_one: impl Fn(&Op) -> bool) -> bool {
    ancestors(log, id).iter().any(|earlier| {
        log.entries[earlier].ops.iter().any(|op| is_one(op) && acts(log, earlier, op))
    })
}

fn follows_a_put(log: &Log, id: &EntryId, op: &Op) -> bool {
    follows(log, id, |earlier| matches!(earlier, Op::Put(_)) && earlier.secret() == op.secret())
}

/// Whether the op's ancestors have what it rests upon; of a retire each version is asked about ([`is_stated`]).
fn acts(log: &Log, id: &EntryId, op: &Op) -> bool {
    let begun = |rotation| {
        follows(log, id, |earlier| {
            let begins = matches!(earlier, Op::Pending(of) if of.nonce.is_some());
            begins && earlier.rotation() == Some(rotation) && earlier.secret() == op.secret()
        })
    };
    let brought = |promote: &Promote| {
        follows_acting(log, id, |op| matches!(op, Op::Pending(pending) if is_of(promote, pending)))
    };
    match op {
        Op::Pending(of) if of.nonce.is_some() => true,
        Op::Promote(promote) => begun(promote.rotation) && brought(promote),
        op => op.rotation().is_none_or(begun),
    }
}

/// Whether an ancestor of the entry states the version, for the op's secret.
pub(super) fn is_stated(log: &Log, id: &EntryId, op: &Op, object: &ObjectId) -> bool {
    follows_acting(log, id, |earlier| {
        let states = earlier.states();
        states.is_some_and(|(secret, o)| Some(secret) == op.secret() && o == object)
    })
}

/// Whether a pending is what the promotion promotes.
pub(super) fn is_of(promote: &Promote, pending: &Pending) -> bool {
    promote.secret == pending.secret
        && promote.rotation == pending.rotation()
        && pending.body.is_some()
        && promote.object == pending.derived
}

/// `by_write`: a put is judged by the right to write alone.
pub(super) fn authorised(
    log: &Log,
    id: &EntryId,
    op: &Op,
    position: PolicyPosition,
    by_write: bool,
) -> bool {
    let entry = &log.entries[id];
    let has = |right| log.policy.holds(position, &entry.actor, right, op.secret().unwrap());
    let either = || has(Right::Write) || has(Right::Rotate);
    let rights = match op {
        Op::Put(_) if by_write => has(Right::Write),
        Op::Put(_) => has(Right::Write) || (has(Right::Rotate) && follows_a_put(log, id, op)),
        Op::Promote(_) if by_write => has(Right::Write),
        op if op.is_of_rotation() => either(),
        Op::Remove(_) | Op::Prune { .. } => has(Right::Delete),
        Op::Expire(_) => has(Right::Write) && has(Right::Delete),
        Op::Rewrap { .. } => has(Right::Read) && (has(Right::Write) || has(Right::Grant)),
        _ => has(Right::Write),
    };
    let begins = matches!(op, Op::Pending(of) if of.nonce.is_some());
    rights
        && (!begins || follows_a_put(log, id, op))
        && log.policy.actor_at(position, &entry.key) == Some(&entry.actor)
}

/// Whether the op is a promotion of what another member stated, which has the right to write at its own position: by the
/// right to rotate it never counts.
fn takes_write(log: &Log, id: &EntryId, op: &Op) -> bool {
    let Op::Promote(promote) = op else { return false };
    let s = log.policy.position(&log.entries[id].policy).unwrap();
    authorised(log, id, op, s, true) && acts(log, id, op) && !by_author(log, id, promote)
}

/// Where an op that is authorised at its own position stops being so without knowledge of it.
pub(super) fn voided(log: &Log, id: &EntryId, op: &Op, by_write: bool) -> Option<PolicyPosition> {
    let s = log.policy.position(&log.entries[id].policy).unwrap();
    let by_write = by_write || takes_write(log, id, op);
    let mut later = (s.index() + 1..log.policy.ids().len()).map(PolicyPosition::new);
    let lost = later.find(|at| !authorised(log, id, op, *at, by_write))?;
    (!known(log, lost).contains(id)).then_some(lost)
}

pub(super) fn standing(log: &Log, id: &EntryId) -> (EntryStatus, Vec<(usize, PolicyPosition)>) {
    let entry = &log.entries[id];
    let s = log.policy.position(&entry.policy).unwrap();
    if log.policy.actor_at(s, &entry.key).is_none() {
        return (EntryStatus::Forged(Forgery::KeyInactive), Vec::new());
    }
    if let Some(op) = entry.ops.iter().position(|op| !authorised(log, id, op, s, false)) {
        return (EntryStatus::Forged(Forgery::Unauthorised { op }), Vec::new());
    }
    let ops = entry.ops.iter().enumerate();
    let void: Vec<(usize, PolicyPosition)> =
        ops.filter_map(|(at, op)| Some((at, voided(log, id, op, false)?))).collect();
    let standing = match void.iter().map(|(_, position)| *position).max() {
        None => EntryStatus::Counting,
        Some(position) if void.len() == entry.ops.len() => EntryStatus::Void { position },
        Some(_) => EntryStatus::Split,
    };
    (standing, void)
}

/// Whether a put or promotion has the right to write at its own position, and keeps it.
fn by_write(log: &Log, id: &EntryId, op: &Op) -> bool {
    let s = log.policy.position(&log.entries[id].policy).unwrap();
    authorised(log, id, op, s, true) && voided(log, id, op, true).is_none()
}

/// (lamport, entry, op index) of an op.
pub(super) type OpOrder = (u64, EntryId, usize);

/// The ops on one secret of entries that are not forged.
pub(super) struct Plain<'a> {
    pub(super) log: &'a Log,
    pub(super) counting: Vec<(OpOrder, &'a Op)>,
    pub(super) void: Vec<(OpOrder, &'a Op)>,
}

impl<'a> Plain<'a> {
    pub(super) fn of(log: &'a Log, secret: &str) -> Self {
        let mut plain = Self { log, counting: Vec::new(), void: Vec::new() };
        for (id, entry) in &log.entries {
            let (standing, void) = standing(log, id);
            if matches!(standing, EntryStatus::Forged(_)) {
                continue;
            }
            for (at, op) in entry.ops.iter().enumerate() {
                let is_void = void.iter().any(|(index, _)| *index == at);
                let list = if is_void { &mut plain.void } else { &mut plain.counting };
                let is_own = |promote: &Promote| {
                    follows_acting(
                        log,
                        id,
                        |op| matches!(op, Op::Pending(of) if is_of(promote, of)),
                    ) && by_author(log, id, promote)
                };
                let may = match op {
                    Op::Promote(promote) if !is_void && !by_write(log, id, op) => is_own(promote),
                    _ => true,
                };
                if op.secret().unwrap().as_str() == secret && acts(log, id, op) && may {
                    list.push(((entry.lamport, *id, at), op));
                }
            }
        }
        plain.counting.sort_by_key(|(place, _)| *place);
        plain.void.sort_by_key(|(place, _)| *place);
        plain
    }

    pub(super) fn before(&self, a: &OpOrder, b: &OpOrder) -> bool {
        if a.1 == b.1 { a.2 < b.2 } else { ancestors(self.log, &b.1).contains(&a.1) }
    }

    pub(super) fn latest<T: Clone>(&self, all: &[(OpOrder, T)]) -> Vec<(OpOrder, T)> {
        let left = all.iter().filter(|(a, _)| !all.iter().any(|(b, _)| self.before(a, b)));
        left.cloned().collect()
    }

    pub(super) fn register<T: Clone>(&self, value: impl Fn(&Op) -> Option<T>) -> Vec<(OpOrder, T)> {
        let ops = self.counting.iter();
        let all: Vec<_> = ops.filter_map(|(place, op)| Some((*place, value(op)?))).collect();
        self.latest(&all)
    }

    /// What makes versions exist.
    pub(super) fn makings(&self) -> Vec<(OpOrder, ObjectId)> {
        let made = |op: &Op| match op {
            Op::Put(put) => Some(put.object),
            Op::Promote(promote) => Some(promote.object),
            _ => None,
        };
        self.counting.iter().filter_map(|(at, op)| Some((*at, made(op)?))).collect()
    }

    /// What states the bodies of versions that are held, with the wrap and the expiry of each.
    pub(super) fn statements(&self) -> Vec<(OpOrder, ObjectId, WrapId, Option<UnixTime>)> {
        let mut all: Vec<_> = self.counting.iter().chain(&self.void).collect();
        all.sort_by_key(|(at, _)| *at);
        let stated = |(at, op): &(OpOrder, &Op)| match op {
            Op::Put(put) if self.counting.iter().any(|(other, _)| other == at) => {
                Some((*at, put.object, put.wrap, put.expires))
            }
            Op::Pending(of) if self.gives(at, of) => Some((*at, of.derived, of.wrap?, of.expires)),
            _ => None,
        };
        all.into_iter().filter_map(stated).collect()
    }

    pub(super) fn versions(&self) -> Vec<ObjectId> {
        let mut versions = Vec::new();
        for (_, object) in self.makings() {
            if !versions.contains(&object) {
                versions.push(object);
            }
        }
        versions
    }

    /// The first statement of a held version.
    pub(super) fn first(&self, version: &ObjectId) -> (OpOrder, WrapId, Option<UnixTime>) {
        let all = self.statements();
        let (at, _, wrap, expires) = all.iter().find(|(_, object, ..)| object == version).unwrap();
        (*at, *wrap, *expires)
    }

    /// Whether a removal, restore or prune at this place is one of the version: it is put, or promoted before.
    fn is_there(&self, at: &OpOrder, version: &ObjectId) -> bool {
        self.counting.iter().any(|(by, op)| match op {
            Op::Put(put) => put.object == *version,
            Op::Promote(promote) => promote.object == *version && self.before(by, at),
            _ => false,
        })
    }

    /// The places of counting removals, of one version or of any.
    pub(super) fn removes(&self, version: Option<&ObjectId>) -> Vec<OpOrder> {
        let is_one = |at: &OpOrder, op: &Op| match op {
            Op::Remove(v) => version
                .is_none_or(|version| v.objects.contains(version) && self.is_there(at, version)),
            _ => false,
        };
        self.counting.iter().filter(|(at, op)| is_one(at, op)).map(|(at, _)| *at).collect()
    }

    pub(super) fn restores(&self, version: &ObjectId) -> Vec<OpOrder> {
        let is_one = |op: &Op| matches!(op, Op::Restore(v) if v.objects.contains(version));
        self.naming(version, is_one)
    }

    pub(super) fn prunes(&self, version: &ObjectId) -> Vec<OpOrder> {
        let is_one = |op: &Op| matches!(op, Op::Prune { objects, .. } if objects.contains(version));
        self.naming(version, is_one)
    }

    fn naming(&self, version: &ObjectId, is_one: impl Fn(&Op) -> bool) -> Vec<OpOrder> {
        let is_one = |at: &OpOrder, op: &Op| is_one(op) && self.is_there(at, version);
        self.counting.iter().filter(|(at, op)| is_one(at, op)).map(|(at, _)| *at).collect()
    }

    /// Rule 4: its version was pruned, or removed and not restored, before the op.
    pub(super) fn is_ended(&self, op: &OpOrder, version: &ObjectId) -> bool {
        let between = |remove: &OpOrder| {
            let restores = self.restores(version);
            restores.iter().any(|r| self.before(remove, r) && self.before(r, op))
        };
        self.prunes(version).iter().any(|prune| self.before(prune, op))
            || self.removes(Some(version)).iter().any(|r| self.before(r, op) && !between(r))
    }

    /// What sets the active version, in order; and the puts by rotate that do not.
    pub(super) fn settings(&self) -> (Vec<(OpOrder, ObjectId)>, Vec<OpOrder>) {
        let (mut set, mut overruled): (Vec<(OpOrder, ObjectId)>, Vec<OpOrder>) =
            (Vec::new(), Vec::new());
        for (at, op) in &self.counting {
            let past = || set.iter().filter(|(other, _)| self.before(other, at)).copied();
            let active = self.latest(&past().collect::<Vec<_>>());
            let sets = match op {
                Op::Put(put) if by_write(self.log, &at.1, op) || self.stands(at, &active) => {
                    Some(put.object)
                }
                Op::Promote(of)
                    if by_write(self.log, &at.1, op) || self.promotes(at, of, &active) =>
                {
                    Some(of.object)
                }
                Op::Put(_) | Op::Promote(_) => {
                    overruled.push(*at);
                    None
                }
                Op::Resolve(resolve) if active.iter().any(|(_, v)| *v == resolve.object) => {
                    Some(resolve.object)
                }
                _ => None,
            };
            let is_ended = |version: &ObjectId| self.is_ended(at, version);
            set.extend(sets.filter(|version| !is_ended(version)).map(|v| (*at, v)));
        }
        (set, overruled)
    }

    /// Rule 7, for a put by rotate that came upon these active versions.
    fn stands(&self, at: &OpOrder, active: &[(OpOrder, ObjectId)]) -> bool {
        if active.is_empty() {
            return self.removes(None).iter().all(|remove| self.before(at, remove));
        }
        active.iter().any(|(_, version)| self.carries(at, version))
    }

    /// Whether a version stands at a rotation.
    pub(super) fn carries(&self, at: &OpOrder, version: &ObjectId) -> bool {
        let restores = self.restores(version);
        let before = |remove: &OpOrder| {
            restores.iter().any(|r| self.before(remove, r) && self.before(r, at))
        };
        let beside = |remove: &OpOrder| {
            restores.iter().any(|r| self.before(remove, r))
                || !self.removed(version).last().copied().unwrap_or(false)
        };
        let outlived = |remove: &OpOrder| {
            self.before(at, remove)
                || if self.before(remove, at) { before(remove) } else { beside(remove) }
        };
        !self.prunes(version).iter().any(|prune| self.before(prune, at))
            && self.removes(Some(version)).iter().all(outlived)
    }

    pub(super) fn removed(&self, version: &ObjectId) -> Vec<bool> {
        let named = self.counting.iter().filter(|(at, _)| self.is_there(at, version));
        let named = named.filter_map(|(at, op)| match op {
            Op::Remove(v) if v.objects.contains(version) => Some((*at, true)),
            Op::Restore(v) if v.objects.contains(version) => Some((*at, false)),
            _ => None,
        });
        let ops = self.latest(&named.collect::<Vec<_>>());
        ops.into_iter().map(|(_, removed)| removed).collect()
    }

    pub(super) fn active(&self) -> Vec<ObjectId> {
        let is_live = |v: &ObjectId| {
            self.prunes(v).is_empty() && !self.removed(v).last().copied().unwrap_or(false)
        };
        self.latest(&self.settings().0).into_iter().map(|(_, v)| v).filter(is_live).collect()
    }

    pub(super) fn expiries(&self, version: &ObjectId) -> Vec<(OpOrder, Option<UnixTime>)> {
        self.register(|op| match op {
            Op::Expire(expire) if expire.object == *version => Some(expire.at),
            _ => None,
        })
    }

    /// What void ops state: it can only keep the version longer.
    pub(super) fn void_expiries(&self, version: &ObjectId) -> Vec<(OpOrder, Option<UnixTime>)> {
        let stated = self.void.iter().filter_map(|(at, op)| match op {
            Op::Expire(expire) if expire.object == *version => Some((*at, expire.at)),
            _ => None,
        });
        stated.collect()
    }

    pub(super) fn is_pruned_beside(&self, version: &ObjectId) -> bool {
        let own = self.first(version).2;
        self.counting.iter().any(|(e, op)| match op {
            Op::Expire(expire) if expire.object == *version => {
                let off = match (expire.at, own) {
                    (None, _) => true,
                    (Some(at), Some(own)) => at > own,
                    (Some(_), None) => false,
                };
                let prunes = self.prunes(version);
                off && prunes.iter().any(|p| !self.before(p, e) && !self.before(e, p))
            }
            _ => false,
        })
    }

    pub(super) fn position(&self, place: &OpOrder) -> Option<PolicyPosition> {
        self.log.policy.position(&self.log.entries[&place.1].policy)
    }

    /// In the order in which they are tried.
    pub(super) fn wraps(&self, version: &ObjectId) -> Vec<WrapId> {
        let rewraps = self.counting.iter().filter_map(|(place, op)| match op {
            Op::Rewrap { object, wrap, .. } if object == version => Some((*place, *wrap)),
            _ => None,
        });
        let stated = self.statements().into_iter().filter(|(_, object, ..)| object == version);
        let mut all: Vec<(OpOrder, WrapId)> =
            stated.map(|(at, _, wrap, _)| (at, wrap)).chain(rewraps).collect();
        all.sort();
        let live = all.iter().max_by_key(|(place, _)| (self.position(place), *place)).unwrap().1;
        let own = self.first(version).1;
        let mut tried = vec![live];
        for wrap in [own].into_iter().chain(all.iter().map(|(_, wrap)| *wrap)) {
            if !tried.contains(&wrap) {
                tried.push(wrap);
            }
        }
        tried
    }
}
