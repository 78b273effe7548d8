//! Carrying on what another state of the vault has: its entries are issued anew in this one, by who has the right
//! here, and each in its place, so that what was written beside something else stays beside it.

use super::adopt;
use super::put::{self, PutError};
use super::read::{self, ReadError};
use super::waived;
use super::withdrawn::Withdrawn;
use crate::crypto::id::{EntryId, ObjectId};
use crate::log::draft::Tips;
use crate::log::entry::Entry;
use crate::log::op::{Abort, Expire, Field, Op, OpRef, Promote, Put, Resolve, Versions};
use crate::log::register::At;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::policy::rebase::words::names;
use crate::policy::state::PolicyState;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::{Batch, NewPut};
use crate::vault::change::Change;
use crate::vault::unlock::Unlocked;
use std::collections::{BTreeMap, BTreeSet};

/// Another state of the vault, and who can read in it.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    pub vault: &'a Vault,
    /// `None` where the user is no member there.
    pub who: Option<&'a Unlocked>,
}

/// An entry of the other state that is not in this one.
#[derive(Debug, Clone)]
pub struct LackingEntry<'a> {
    pub id: EntryId,
    pub entry: &'a Entry,
    /// The indexes of the ops that count there and are not issued anew here yet; may be none.
    pub ops: Vec<usize>,
}

impl<'a> LackingEntry<'a> {
    /// The ops that are to be issued anew.
    pub fn ops(&self) -> impl Iterator<Item = (usize, &'a Op)> {
        let ops = &self.entry.ops;
        self.ops.iter().filter_map(move |index| Some((*index, ops.get(*index)?)))
    }

    /// Whether its author could write it by this policy: what somebody wrote who is gone is not taken over
    /// unasked.
    pub fn is_its_authors(&self, policy: &PolicyState) -> bool {
        let Entry { actor, key, .. } = self.entry;
        policy.key_owner(key) == Some(actor)
            && self.ops().all(|(_, op)| {
                let secret = op.secret();
                secret
                    .is_none_or(|secret| needed(op).iter().all(|r| policy.holds(actor, *r, secret)))
            })
    }
}

/// An op that was not issued anew.
#[derive(Debug)]
pub struct LeftOut {
    pub entry: EntryId,
    pub action: &'static str,
    pub secret: Option<SecretName>,
    pub why: WhyLeftOut,
}

/// Why an op was not issued anew.
#[derive(Debug, thiserror::Error)]
pub enum WhyLeftOut {
    #[error("it needs the right to {}", .0.as_str())]
    Right(Right),
    #[error("you are no member on that side; who can read it there: {}", names(readers))]
    Stranger { readers: Vec<Name> },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error("its time is over")]
    Expired,
    #[error("what it is about is not here")]
    Gone,
    #[error("what a rotation made ready stays behind: withdraw it where it was set")]
    Rotation,
    #[error(
        "it made nothing active, or its value may have been withdrawn: set it, if it is still wanted"
    )]
    Withdrawn,
    #[error("it is done by other means")]
    NotAgain,
}

/// What was issued anew.
#[derive(Debug, Default)]
pub struct CarriedOn {
    /// By the entry that they repeat.
    pub entries: Vec<EntryId>,
    pub secrets: BTreeSet<SecretName>,
    /// The secrets whose values were read for that.
    pub read: BTreeSet<SecretName>,
    pub left_out: Vec<LeftOut>,
}

/// The entries that `from` has and `vault` does not, in the order of the log, with what is to be issued anew.
pub fn lacking<'a>(vault: &Vault, from: &'a Vault) -> Vec<LackingEntry<'a>> {
    let own = vault.graph().in_order(&vault.file().entries);
    let repeated = adopt::adopted(vault, &own);
    let entries = from.graph().in_order(&from.file().entries).into_iter().enumerate();
    let new =
        entries.filter(|(place, _)| !vault.file().entries.contains_key(from.graph().id(*place)));
    new.map(|(place, entry)| {
        let id = *from.graph().id(place);
        let is_new = |index: &usize| {
            let of = OpRef { entry: id, op: *index as u64 };
            let is_repeated =
                entry.ops[*index].adoption_of(of).is_some_and(|by| repeated.contains(&by));
            from.standings().counts(At::new(place, *index)) && !is_repeated
        };
        let ops = (0..entry.ops.len()).filter(is_new);
        let ops = ops.filter(|index| !follows_by_itself(&entry.ops[*index])).collect();
        LackingEntry { id, entry, ops }
    })
    .collect()
}

/// What needs no word of its own: wraps come with what is settled, and heads are united by whoever writes.
const fn follows_by_itself(op: &Op) -> bool {
    matches!(op, Op::Rewrap { .. } | Op::Join(_))
}

/// The rights that an op takes.
const fn needed(op: &Op) -> &'static [Right] {
    match op {
        Op::Put(_) | Op::Promote(_) | Op::Field(_) | Op::Resolve(_) | Op::Restore(_) => {
            &[Right::Write]
        }
        Op::Remove(_) | Op::Prune { .. } => &[Right::Delete],
        Op::Expire(_) => &[Right::Write, Right::Delete],
        _ => &[],
    }
}

/// Where what is issued anew stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Behind what its entry followed, as far as that is here.
    AsBefore,
    /// Behind everything that is here.
    Last,
}

/// Issues the ops of entries anew, in the order that they have. `None` where nothing of them can be.
pub fn carry(
    vault: &Vault,
    from: Origin<'_>,
    chosen: &[LackingEntry<'_>],
    place: Place,
    ctx: &Ctx<'_>,
) -> (CarriedOn, Option<Change>) {
    let mut carrier = Carrier::new(vault, from, ctx);
    for entry in chosen.iter().filter(|entry| !entry.ops.is_empty()) {
        carrier.take(entry, place);
    }
    (carrier.made, carrier.batch.change())
}

struct Carrier<'a> {
    vault: &'a Vault,
    from: Origin<'a>,
    ctx: &'a Ctx<'a>,
    made: CarriedOn,
    batch: Batch<'a>,
    /// By entry that was repeated: the one that does so, and its number.
    entries: BTreeMap<EntryId, (EntryId, u64)>,
    /// By version that is not here: the one with its value that is.
    heirs: BTreeMap<ObjectId, ObjectId>,
    withdrawn: Withdrawn<'a>,
}

impl<'a> Carrier<'a> {
    fn new(vault: &'a Vault, from: Origin<'a>, ctx: &'a Ctx<'a>) -> Self {
        let (made, batch) = (CarriedOn::default(), Batch::new(vault, ctx));
        let (entries, heirs) = earlier(vault, from.vault);
        let withdrawn = Withdrawn::of([vault, from.vault]);
        Self { vault, from, ctx, made, batch, entries, heirs, withdrawn }
    }

    fn take(&mut self, lacking: &LackingEntry<'_>, place: Place) {
        let tips = match place {
            Place::AsBefore => self.tips(lacking.entry),
            Place::Last => self.vault.tips(),
        };
        // Entries of one change follow each other where they all come last.
        if place == Place::AsBefore || self.batch.last().is_none() {
            self.batch.follow(tips, &lacking.entry.reason);
        }
        let before = self.made.entries.len();
        for (index, op) in lacking.ops() {
            let adopts = Some(OpRef { entry: lacking.id, op: index as u64 });
            match self.again(op, adopts) {
                Ok(new) => {
                    new.into_iter().for_each(|op| self.batch.add(op));
                    self.made.secrets.extend(op.secret().cloned());
                    if self.made.entries.len() == before {
                        self.made.entries.push(lacking.id);
                    }
                }
                Err(why) => {
                    let (entry, secret) = (lacking.id, op.secret().cloned());
                    let action = crate::log::history::action(op);
                    self.made.left_out.push(LeftOut { entry, action, secret, why });
                }
            }
        }
        self.batch.close();
        if self.made.entries.len() > before
            && let Some(last) = self.batch.last()
        {
            self.entries.insert(lacking.id, last);
        }
    }

    /// What an entry followed, by what stands for it here.
    fn tips(&self, entry: &Entry) -> Tips {
        let (mut found, mut open) = (BTreeMap::new(), entry.parents.clone());
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Some(here) = self.vault.file().entries.get(&id) {
                found.insert(id, here.lamport);
            } else if let Some((heir, lamport)) = self.entries.get(&id) {
                found.insert(*heir, *lamport);
            } else if let Some(there) = self.from.vault.file().entries.get(&id) {
                open.extend(&there.parents);
            }
        }
        let lamport = found.values().max().copied().unwrap_or(0) + 1;
        Tips { parents: found.into_keys().take(crate::log::draft::MAX_PARENTS).collect(), lamport }
    }

    /// The op that stands for another one here; `None` of a put, which is taken down already.
    fn again(&mut self, op: &Op, adopts: Option<OpRef>) -> Result<Option<Op>, WhyLeftOut> {
        let Some(secret) = op.secret() else { return Err(WhyLeftOut::NotAgain) };
        let (policy, member) = (self.vault.policy(), self.ctx.who.member());
        let lacks = |right: &&Right| !policy.holds(member, **right, secret);
        if let Some(right) = needed(op).iter().find(lacks) {
            return Err(WhyLeftOut::Right(*right));
        }
        Ok(Some(match op {
            Op::Put(put) => return self.put(Carried::of(put), adopts).map(|()| None),
            Op::Promote(promote) => {
                if adopts.is_none_or(|of| !self.promotes(promote, of)) {
                    return Err(WhyLeftOut::Withdrawn);
                }
                let carried = Carried::promoted(self.from.vault, promote);
                return self.put(carried, adopts).map(|()| None);
            }
            Op::Abort(_) | Op::Retire(_) if !may_rotate(policy, member, secret) => {
                return Err(WhyLeftOut::Right(Right::Rotate));
            }
            Op::Abort(abort) if !self.is_there(abort) => return Err(WhyLeftOut::Gone),
            Op::Abort(abort) => Op::Abort(Abort { adopts, ..abort.clone() }),
            Op::Pending(_) | Op::Rollout { .. } => return Err(WhyLeftOut::Rotation),
            Op::Retire(of) => Op::Retire(self.versions(of, adopts)?),
            Op::Field(field) if waived::is_waiver(&field.field) => {
                return Err(WhyLeftOut::NotAgain);
            }
            Op::Field(field) => Op::Field(Field { adopts, ..field.clone() }),
            Op::Remove(of) => Op::Remove(self.versions(of, adopts)?),
            Op::Restore(of) => Op::Restore(self.versions(of, adopts)?),
            Op::Resolve(resolve) => {
                let object = self.existing(secret, &resolve.object).ok_or(WhyLeftOut::Gone)?;
                Op::Resolve(Resolve { secret: secret.clone(), object, adopts })
            }
            Op::Expire(expire) => {
                let object = self.existing(secret, &expire.object).ok_or(WhyLeftOut::Gone)?;
                Op::Expire(Expire { secret: secret.clone(), object, at: expire.at, adopts })
            }
            Op::Prune { secret, objects } => {
                let of =
                    Versions { secret: secret.clone(), objects: objects.clone(), adopts: None };
                let Versions { secret, objects, .. } = self.versions(&of, None)?;
                Op::Prune { secret, objects }
            }
            _ => return Err(WhyLeftOut::NotAgain),
        }))
    }

    /// Whether a promotion made its value active where it was written, and nobody says that this is withdrawn.
    fn promotes(&self, promote: &Promote, named: OpRef) -> bool {
        let Some(state) = self.from.vault.secret(&promote.secret) else { return false };
        let rotations = state.rotation.iter().flat_map(|state| &state.rotations);
        let mut sets = rotations.filter(|of| of.id == promote.rotation);
        let is_it =
            |(entry, op): &(EntryId, u32)| (*entry, u64::from(*op)) == (named.entry, named.op);
        sets.any(|of| of.promoted_by.iter().any(is_it)) && !self.withdrawn.has(promote, state)
    }

    fn existing(&self, secret: &SecretName, object: &ObjectId) -> Option<ObjectId> {
        let state = self.vault.secret(secret);
        let exists = state.is_some_and(|state| state.held().any(|v| v.object == *object));
        exists.then_some(*object).or_else(|| self.heirs.get(object).copied())
    }

    fn is_there(&self, abort: &Abort) -> bool {
        let state = self.vault.secret(&abort.secret).and_then(|of| of.rotation.as_ref());
        state.is_some_and(|state| state.rotations.iter().any(|of| of.id == abort.rotation))
    }

    fn versions(&self, of: &Versions, adopts: Option<OpRef>) -> Result<Versions, WhyLeftOut> {
        let found = of.objects.iter().filter_map(|object| self.existing(&of.secret, object));
        let objects: BTreeSet<ObjectId> = found.collect();
        if objects.is_empty() {
            return Err(WhyLeftOut::Gone);
        }
        let objects = objects.into_iter().collect();
        Ok(Versions { secret: of.secret.clone(), objects, adopts })
    }

    /// The value, encrypted anew: its author keeps the key of what it wrote.
    fn put(&mut self, put: Carried<'_>, adopts: Option<OpRef>) -> Result<(), WhyLeftOut> {
        let secret = put.secret;
        let version = self.from.vault.secret(secret).and_then(|found| found.version(put.object));
        let version = version.ok_or(WhyLeftOut::Gone)?;
        if is_over(put.expires, self.ctx.now) {
            return Err(WhyLeftOut::Expired);
        }
        if version.pruned {
            return Err(WhyLeftOut::Gone);
        }
        let Some(who) = self.from.who else {
            let state = self.from.vault.policy();
            let readers = state.members_of(&state.audience_of(secret)).into_iter().cloned();
            return Err(WhyLeftOut::Stranger { readers: readers.collect() });
        };
        let value = read::open(self.from.vault, who, secret, version)?;
        self.made.read.insert(secret.clone());
        let value = put::seal(self.vault, secret, &value, put.expires, self.ctx)?;
        let of = |ids: &[ObjectId]| -> Vec<ObjectId> {
            let ids: BTreeSet<ObjectId> =
                ids.iter().map(|id| self.heirs.get(id).copied().unwrap_or(*id)).collect();
            ids.into_iter().collect()
        };
        let replaces = of(put.replaces);
        // What held the value before does so still, and what held it on the other side stays in git.
        let same = of(put.same).into_iter().chain([*put.object]).collect();
        let new = NewPut { secret: secret.clone(), value, replaces, same, adopts };
        let heir = self.batch.put(new);
        self.heirs.insert(*put.object, heir);
        Ok(())
    }
}

/// An op whose value comes to be put here.
#[derive(Clone, Copy)]
struct Carried<'a> {
    secret: &'a SecretName,
    object: &'a ObjectId,
    replaces: &'a [ObjectId],
    same: &'a [ObjectId],
    expires: Option<UnixTime>,
}

impl<'a> Carried<'a> {
    fn of(put: &'a Put) -> Self {
        let Put { secret, object, replaces, same, expires, .. } = put;
        Self { secret, object, replaces, same, expires: *expires }
    }

    fn promoted(from: &Vault, promote: &'a Promote) -> Self {
        let Promote { secret, object, replaces, .. } = promote;
        let expires = from.object(&from.uid(secret), object).and_then(|object| object.expires);
        Self { secret, object, replaces, same: &[], expires }
    }
}

fn may_rotate(policy: &PolicyState, member: &Name, secret: &SecretName) -> bool {
    [Right::Write, Right::Rotate].iter().any(|right| policy.holds(member, *right, secret))
}

fn is_over(expires: Option<UnixTime>, now: UnixTime) -> bool {
    expires.is_some_and(|at| at <= now)
}

type Earlier = (BTreeMap<EntryId, (EntryId, u64)>, BTreeMap<ObjectId, ObjectId>);

/// What was carried on before: by entry and version of the other state, what stands for it here.
fn earlier(vault: &Vault, from: &Vault) -> Earlier {
    let (mut entries, mut heirs) = (BTreeMap::new(), BTreeMap::new());
    let own = vault.graph().in_order(&vault.file().entries).into_iter().enumerate();
    for (place, entry) in own {
        let id = *vault.graph().id(place);
        for op in &entry.ops {
            let Some(named) = op.adopts() else { continue };
            let Some(there) = from.file().entries.get(&named.entry) else { continue };
            let repeated = usize::try_from(named.op).ok().and_then(|op| there.ops.get(op));
            let repeated = repeated.filter(|of| op.adoption() == of.adoption_of(named));
            if repeated.is_some() {
                entries.insert(named.entry, (id, entry.lamport));
            }
            let old = match repeated {
                Some(Op::Put(old)) => Some(old.object),
                Some(Op::Promote(old)) => Some(old.object),
                _ => None,
            };
            if let (Op::Put(new), Some(old)) = (op, old) {
                heirs.insert(old, new.object);
            }
        }
    }
    (entries, heirs)
}
