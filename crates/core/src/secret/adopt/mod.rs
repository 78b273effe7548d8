//! Adopting void work: what somebody wrote honestly under a right that was taken away at the same
//! time is issued anew by somebody who has the right, under their own signature.

use super::put::{self, PutError, members_with};
use super::waived;
use crate::crypto::id::{EntryId, ObjectId};
use crate::file::version;
use crate::file::version::VersionError;
use crate::log::entry::Entry;
use crate::log::op::{Abort, Adoption, Expire, Field, Op, OpRef, Put, Resolve, Versions};
use crate::log::register::{At, latest};
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::{Batch, NewPut};
use crate::vault::change::Change;
use crate::vault::unlock::KeyError;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An entry of which ops are kept without effect.
#[derive(Debug, Clone)]
pub struct VoidEntry<'a> {
    pub id: EntryId,
    pub entry: &'a Entry,
    /// In order, never empty.
    pub ops: Vec<VoidOp>,
}

/// An op that is kept without effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoidOp {
    /// Its index in the entry.
    pub index: usize,
    /// The policy entry that took the right away.
    pub position: PolicyPosition,
    /// Whether a counting op adopts it.
    pub adopted: bool,
}

impl VoidEntry<'_> {
    /// The policy entry that took the last of the rights away.
    pub fn position(&self) -> PolicyPosition {
        self.ops.iter().map(|op| op.position).max().unwrap_or_default()
    }

    /// Whether all was adopted that can be.
    pub fn is_adopted(&self) -> bool {
        let mut able = self.void().filter(|(_, op)| is_adoptable(op)).peekable();
        able.peek().is_some() && able.all(|(void, _)| void.adopted)
    }

    /// Its void ops.
    pub fn void(&self) -> impl Iterator<Item = (VoidOp, &Op)> {
        self.ops.iter().filter_map(|void| Some((*void, self.entry.ops.get(void.index)?)))
    }

    fn names(&self, index: usize) -> OpRef {
        OpRef { entry: self.id, op: index as u64 }
    }
}

/// Whether an op can be issued anew: what deletes and what wraps is done by other means, and what is promoted may have been
/// withdrawn since, by what nobody can tell.
const fn is_adoptable(op: &Op) -> bool {
    match op {
        Op::Put(_)
        | Op::Field(_)
        | Op::Resolve(_)
        | Op::Restore(_)
        | Op::Remove(_)
        | Op::Expire(_)
        | Op::Abort(_)
        | Op::Retire(_) => true,
        Op::Prune { .. }
        | Op::Rewrap { .. }
        | Op::Pending(_)
        | Op::Rollout { .. }
        | Op::Promote(_)
        | Op::Checkpoint { .. }
        | Op::Join(_) => false,
    }
}

/// Why nothing was adopted.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    #[error("no entry of the log has this id")]
    NoEntry { text: String },
    #[error("several entries have ids that begin like this")]
    Ambiguous { text: String },
    #[error("the entry {id} is not void: there is nothing to adopt")]
    Counts { id: EntryId },
    #[error("the entry {id} was adopted already")]
    Adopted { id: EntryId },
    #[error("{member} may not {} {secret}, as adopting the entry {id} would", right.as_str())]
    NotPermitted { id: EntryId, secret: SecretName, member: Name, right: Right, able: Vec<Name> },
    #[error("the keys for {secret} cannot be used")]
    Keys {
        secret: SecretName,
        #[source]
        source: KeyError,
    },
    #[error("the value that the entry {id} gives {secret} is not in the vault")]
    Missing { id: EntryId, secret: SecretName },
    #[error("the value that the entry {id} gives {secret} does not decrypt")]
    Open {
        id: EntryId,
        secret: SecretName,
        #[source]
        source: Box<VersionError>,
    },
    #[error(transparent)]
    Put(#[from] PutError),
}

/// What adopting brings about.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    pub entries: Vec<EntryId>,
    pub secrets: BTreeSet<SecretName>,
    /// Ops that are not issued anew: what they did is done by other means, or not at all.
    pub left_out: Vec<LeftOutOp>,
}

/// An op that is not issued anew.
#[derive(Debug, PartialEq, Eq)]
pub struct LeftOutOp {
    pub entry: EntryId,
    pub action: &'static str,
    /// Of a promotion, the secret.
    pub promotes: Option<SecretName>,
}

impl LeftOutOp {
    fn of(entry: EntryId, op: &Op) -> Self {
        let promotes = if let Op::Promote(of) = op { Some(of.secret.clone()) } else { None };
        Self { entry, action: crate::log::history::action(op), promotes }
    }
}

/// The entries of the log with void ops, oldest first.
pub fn void_entries(vault: &Vault) -> Vec<VoidEntry<'_>> {
    let entries = vault.graph().in_order(&vault.file().entries);
    let adopted = adopted(vault, &entries);
    let mut found: Vec<VoidEntry<'_>> = Vec::new();
    for (at, position) in vault.standings().void_ops() {
        let (place, index) = (at.place as usize, at.op as usize);
        let id = *vault.graph().id(place);
        if found.last().is_none_or(|last| last.id != id) {
            found.push(VoidEntry { id, entry: entries[place], ops: Vec::new() });
        }
        let op = entries[place].ops.get(index);
        let by = op.and_then(|op| op.adoption_of(OpRef { entry: id, op: index as u64 }));
        let adopted = by.is_some_and(|by| adopted.contains(&by));
        found.last_mut().into_iter().for_each(|last| {
            last.ops.push(VoidOp { index, position, adopted });
        });
    }
    found
}

/// The ops that a counting one says it adopts.
pub(crate) fn adopted<'a>(vault: &Vault, entries: &[&'a Entry]) -> BTreeSet<Adoption<'a>> {
    let ops = entries.iter().enumerate().flat_map(|(place, entry)| {
        entry.ops.iter().enumerate().map(move |(index, op)| (At::new(place, index), op))
    });
    let counting = ops.filter(|(at, _)| vault.standings().counts(*at));
    counting.filter_map(|(_, op)| op.adoption()).collect()
}

/// The void entry whose id is, or begins with, `text`.
pub fn find<'a>(vault: &'a Vault, text: &str) -> Result<VoidEntry<'a>, AdoptError> {
    let mut ids = vault.file().entries.keys().filter(|id| id.to_string().starts_with(text));
    let id = match (ids.next(), ids.next()) {
        (Some(id), None) => *id,
        (None, _) => return Err(AdoptError::NoEntry { text: text.to_owned() }),
        _ => return Err(AdoptError::Ambiguous { text: text.to_owned() }),
    };
    let found = void_entries(vault).into_iter().find(|void| void.id == id);
    match found.ok_or(AdoptError::Counts { id })? {
        void if void.is_adopted() => Err(AdoptError::Adopted { id }),
        void => Ok(void),
    }
}

/// Issues void ops anew, in the order of the log. `None` if nothing of them can be.
///
/// Values are encrypted anew: the old author keeps the key of what it wrote.
///
/// # Errors
/// A right that the adopter lacks; a value that it cannot open.
pub fn adopt(
    vault: &Vault,
    chosen: &[VoidEntry<'_>],
    ctx: &Ctx<'_>,
) -> Result<(Adopted, Option<Change>), AdoptError> {
    let mut adopter = Adopter::new(vault, ctx);
    for void in chosen {
        for (op, what) in void.void().filter(|(op, _)| !op.adopted) {
            adopter.take(void, op.index, what)?;
        }
    }
    Ok((adopter.made, adopter.batch.change()))
}

/// The versions that re-issue void ones: of the same secret, by an adoption of a put of what they say they hold. On any other word whoever may write one secret could have what is adopted of another go astray.
fn heirs(vault: &Vault) -> BTreeMap<(SecretName, ObjectId), ObjectId> {
    let secrets = vault.state().secrets.iter();
    let versions = secrets.flat_map(|(name, state)| state.versions.iter().map(move |v| (name, v)));
    let mut heirs = BTreeMap::new();
    for (name, version) in versions.filter(|(_, version)| !version.adopts.is_empty()) {
        let ops = version.adopts.iter().filter_map(|of| {
            let index = usize::try_from(of.op).ok()?;
            vault.file().entries.get(&of.entry)?.ops.get(index)
        });
        let objects: BTreeSet<&ObjectId> = ops
            .filter(|op| op.secret() == Some(name))
            .filter(|op| matches!(op, Op::Put(_)))
            .flat_map(Op::objects)
            .collect();
        let held = version.same.iter().filter(|old| objects.contains(old));
        heirs.extend(held.map(|old| ((name.clone(), *old), version.object)));
    }
    heirs
}

struct Adopter<'a> {
    vault: &'a Vault,
    ctx: &'a Ctx<'a>,
    made: Adopted,
    batch: Batch<'a>,
    /// By secret and void version: the one with its value that counts, here or from an earlier adoption.
    heirs: BTreeMap<(SecretName, ObjectId), ObjectId>,
    /// By void version: what counting ops say of its expiry.
    expires: HashMap<ObjectId, Vec<(At, Option<UnixTime>)>>,
    /// What is active of a secret after the ops so far, where they changed it.
    active: BTreeMap<SecretName, Vec<ObjectId>>,
}

impl<'a> Adopter<'a> {
    fn new(vault: &'a Vault, ctx: &'a Ctx<'a>) -> Self {
        let heirs = heirs(vault);
        let (made, batch, active) = (Adopted::default(), Batch::new(vault, ctx), BTreeMap::new());
        Self { vault, ctx, made, batch, heirs, expires: expires(vault), active }
    }

    fn take(&mut self, void: &VoidEntry<'_>, index: usize, op: &Op) -> Result<(), AdoptError> {
        self.permit(void, op)?;
        let adopts = Some(void.names(index));
        let new = match op {
            Op::Put(put) => return self.put(void, put, adopts),
            Op::Retire(versions) => self.retired(versions, adopts).map(Op::Retire),
            Op::Abort(abort) if !self.is_there(abort) => None,
            Op::Abort(abort) => Some(Op::Abort(Abort { adopts, ..abort.clone() })),
            Op::Field(field) if waived::is_waiver(&field.field) => None,
            Op::Field(field) => Some(Op::Field(Field { adopts, ..field.clone() })),
            Op::Remove(versions) => self.versions(versions, adopts).map(Op::Remove),
            Op::Restore(versions) => self.versions(versions, adopts).map(Op::Restore),
            Op::Resolve(Resolve { secret, object, .. }) => {
                self.existing(secret, object).map(|object| {
                    self.active.insert(secret.clone(), vec![object]);
                    Op::Resolve(Resolve { secret: secret.clone(), object, adopts })
                })
            }
            Op::Expire(Expire { secret, object, at, .. }) => {
                let object = self.existing(secret, object);
                object.map(|object| {
                    Op::Expire(Expire { secret: secret.clone(), object, at: *at, adopts })
                })
            }
            _ => None,
        };
        let Some(new) = new else {
            self.made.left_out.push(LeftOutOp::of(void.id, op));
            return Ok(());
        };
        if let Some(secret) = new.secret() {
            self.note(void, secret);
        }
        self.batch.add(new);
        Ok(())
    }

    fn note(&mut self, void: &VoidEntry<'_>, secret: &SecretName) {
        self.made.secrets.insert(secret.clone());
        if self.made.entries.last() != Some(&void.id) {
            self.made.entries.push(void.id);
        }
    }

    /// Whether the adopter has the right that the new op takes.
    fn permit(&self, void: &VoidEntry<'_>, op: &Op) -> Result<(), AdoptError> {
        let rights: &[Right] = match op {
            Op::Abort(_) | Op::Retire(_) if self.may_rotate(op) => &[],
            Op::Abort(_) | Op::Retire(_) => &[Right::Rotate],
            Op::Put(_) | Op::Field(_) | Op::Resolve(_) | Op::Restore(_) => &[Right::Write],
            Op::Remove(_) => &[Right::Delete],
            Op::Expire(_) => &[Right::Write, Right::Delete],
            _ => &[],
        };
        let Some(secret) = op.secret() else { return Ok(()) };
        let member = self.ctx.who.member();
        let lacks = |right: &&Right| !self.vault.policy().holds(member, **right, secret);
        let Some(right) = rights.iter().copied().find(|right| lacks(&right)) else { return Ok(()) };
        let (secret, member, able) =
            (secret.clone(), member.clone(), members_with(self.vault, right, secret));
        Err(AdoptError::NotPermitted { id: void.id, secret, member, right, able })
    }

    fn may_rotate(&self, op: &Op) -> bool {
        let holds = |secret, right| self.vault.policy().holds(self.ctx.who.member(), right, secret);
        op.secret().is_some_and(|of| holds(of, Right::Write) || holds(of, Right::Rotate))
    }

    /// A version that is held, or the adopted heir of one that is void.
    fn existing(&self, secret: &SecretName, object: &ObjectId) -> Option<ObjectId> {
        let state = self.vault.secret(secret);
        let exists = state.is_some_and(|state| state.held().any(|v| v.object == *object));
        exists.then_some(*object).or_else(|| self.heirs.get(&(secret.clone(), *object)).copied())
    }

    /// The same op on what exists; `None` if nothing does.
    fn versions(&self, versions: &Versions, adopts: Option<OpRef>) -> Option<Versions> {
        let secret = &versions.secret;
        let found: BTreeSet<ObjectId> =
            versions.objects.iter().filter_map(|object| self.existing(secret, object)).collect();
        let objects: Vec<ObjectId> = found.into_iter().collect();
        (!objects.is_empty()).then(|| Versions { secret: secret.clone(), objects, adopts })
    }

    /// The same op on what is held already: a value cannot be retired in the entry that puts it.
    fn retired(&self, versions: &Versions, adopts: Option<OpRef>) -> Option<Versions> {
        let held = |o: &ObjectId| {
            let state = self.vault.secret(&versions.secret);
            state.is_some_and(|state| state.held().any(|version| version.object == *o))
        };
        let mut left = self.versions(versions, adopts)?;
        left.objects.retain(held);
        (!left.objects.is_empty()).then_some(left)
    }

    fn is_there(&self, abort: &Abort) -> bool {
        let state = self.vault.secret(&abort.secret).and_then(|of| of.rotation.as_ref());
        state.is_some_and(|state| state.rotations.iter().any(|of| of.id == abort.rotation))
    }

    /// From when on a void version is not served, as one that counts would be.
    fn expiry(&self, of: &Put) -> Option<UnixTime> {
        match self.expires.get(&of.object) {
            None => of.expires,
            Some(ops) => {
                let left = latest(self.vault.graph(), ops);
                left.into_iter().filter_map(|(_, at)| at).min()
            }
        }
    }

    /// The value anew, unless it has expired.
    fn put(
        &mut self,
        void: &VoidEntry<'_>,
        op: &Put,
        adopts: Option<OpRef>,
    ) -> Result<(), AdoptError> {
        let Put { secret, object, .. } = op;
        let expires = self.expiry(op);
        if expires.is_some_and(|at| at <= self.ctx.now) {
            let (entry, action) = (void.id, "put");
            self.made.left_out.push(LeftOutOp { entry, action, promotes: None });
            return Ok(());
        }
        let value = self.open(void, op)?;
        let value = put::seal(self.vault, secret, &value, expires, self.ctx)?;
        let now = || self.vault.secret(secret).map(|found| found.candidates.clone());
        let replaces = self.active.remove(secret).or_else(now).unwrap_or_default();
        let new = NewPut { secret: secret.clone(), value, replaces, same: vec![*object], adopts };
        let heir = self.batch.put(new);
        self.active.insert(secret.clone(), vec![heir]);
        self.heirs.insert((secret.clone(), *object), heir);
        self.note(void, secret);
        Ok(())
    }

    fn open(&self, void: &VoidEntry<'_>, of: &Put) -> Result<SecretValue, AdoptError> {
        let (id, secret, uid) = (void.id, of.secret.clone(), self.vault.uid(&of.secret));
        let object = self.vault.object(&uid, &of.object);
        let wrap = self.vault.wrap(&uid, &of.wrap).filter(|wrap| wrap.version == of.object);
        let Some((object, wrap)) = object.zip(wrap) else {
            return Err(AdoptError::Missing { id, secret });
        };
        let keys = match self.ctx.who.keys_of(self.vault, &wrap.audience, &wrap.epoch) {
            Ok(keys) => keys,
            Err(source) => return Err(AdoptError::Keys { secret, source }),
        };
        version::open_version(self.vault.binding(&uid), object, wrap, &keys)
            .map_err(|source| AdoptError::Open { id, secret, source: Box::new(source) })
    }
}

/// By version, the ops that count and state an expiry, in order.
fn expires(vault: &Vault) -> HashMap<ObjectId, Vec<(At, Option<UnixTime>)>> {
    let mut expires: HashMap<ObjectId, Vec<(At, Option<UnixTime>)>> = HashMap::new();
    for (place, entry) in vault.graph().in_order(&vault.file().entries).into_iter().enumerate() {
        for (index, op) in entry.ops.iter().enumerate() {
            if let (Op::Expire(expire), at) = (op, At::new(place, index))
                && vault.standings().counts(at)
            {
                expires.entry(expire.object).or_default().push((at, expire.at));
            }
        }
    }
    expires
}

#[cfg(test)]
mod tests;
