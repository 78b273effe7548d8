//! What one change writes into the log, taken down op by op and signed entry by entry.
//!
//! An object's id hangs on the parents of the entry that puts it, its wrap's id on the object's, and
//! ops beyond what one entry holds go into further entries, each with the one before as its parent.
//! So an entry is signed as soon as it is full, and this is the one place where a version gets its
//! ids: as its put is taken down, when the parents of its entry are known. Nothing else makes a
//! version of a sealed value, and [`Change::is_torn`] compares before anything is written.

use super::change::{Change, NewVersion, NewWrap};
use crate::crypto::bytes::{Id, ShortId};
use crate::crypto::id::{EntryId, ObjectId, PolicyId, RotationId, SecretId, VaultId, WrapId};
use crate::file::version::{SealedValue, SealedVersion};
use crate::log::draft::{Authorship, EntryDraft, Tips};
use crate::log::entry::Entry;
use crate::log::op::{Op, OpRef, Pending, Put};
use crate::name::SecretName;
use crate::record::ids;
use crate::record::line;
use crate::record::rule::Counted;
use crate::vault::Vault;
use crate::vault::author::Ctx;

/// From so many bytes of ops on, the next op goes into another entry: what this and the longest op
/// come to is well below the most that a line may have.
const BYTES: usize = 1 << 20;

/// Ops in order, and the records that they name.
pub struct Batch<'a> {
    ctx: &'a Ctx<'a>,
    vault: VaultId,
    policy: PolicyId,
    /// The entries that are full.
    entries: Vec<Entry>,
    /// What the entry follows that the next op goes into.
    tips: Tips,
    /// The origin of what that entry puts, by these tips.
    origin: Id,
    /// The ops of that entry.
    ops: Vec<Op>,
    bytes: usize,
    /// Why, where that is not the change's own reason.
    reason: Option<String>,
    versions: Vec<NewVersion>,
    wraps: Vec<NewWrap>,
}

/// A value that is to become a secret's active version.
#[derive(Debug)]
pub struct NewPut {
    pub secret: SecretName,
    pub value: SealedValue,
    pub replaces: Vec<ObjectId>,
    pub same: Vec<ObjectId>,
    pub adopts: Option<OpRef>,
}

/// A value that a rotation begins with.
#[derive(Debug)]
pub struct NewPending {
    pub secret: SecretName,
    pub value: SealedValue,
    /// The version whose place it is to take.
    pub base: ObjectId,
    /// What tells the rotation apart from others by the same author at the same place.
    pub nonce: ShortId,
}

/// The ids of a version that was taken down.
struct Stated {
    body: Id,
    object: ObjectId,
    wrap: WrapId,
}

impl<'a> Batch<'a> {
    /// For entries by the policy of now, after what counts in the vault.
    pub fn new(vault: &Vault, ctx: &'a Ctx<'a>) -> Self {
        Self::under(vault, vault.chain().head(), ctx)
    }

    /// The same with ops in it that put nothing.
    pub fn of(vault: &Vault, ctx: &'a Ctx<'a>, ops: Vec<Op>) -> Self {
        let mut batch = Self::new(vault, ctx);
        ops.into_iter().for_each(|op| batch.add(op));
        batch
    }

    /// For entries by a policy entry that the same change brings.
    pub fn under(vault: &Vault, policy: PolicyId, ctx: &'a Ctx<'a>) -> Self {
        let tips = vault.tips();
        Self {
            ctx,
            vault: vault.id(),
            policy,
            entries: Vec::new(),
            origin: tips.origin(),
            tips,
            ops: Vec::new(),
            bytes: 0,
            reason: None,
            versions: Vec::new(),
            wraps: Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.ops.is_empty()
    }

    /// Takes down a put, and with it the version that it makes of the value. Returns its id.
    pub fn put(&mut self, put: NewPut) -> ObjectId {
        let NewPut { secret, value, replaces, mut same, adopts } = put;
        same.sort_unstable();
        same.dedup();
        let expires = value.expires();
        let Stated { body, object, wrap } = self.state(&secret, value);
        self.add(Op::Put(Put { secret, body, object, wrap, expires, replaces, same, adopts }));
        object
    }

    /// Takes down the beginning of a rotation, and with it the version that it makes ready. What is said of
    /// the rotation further needs an entry of its own behind this one ([`Batch::close`]).
    pub fn begin(&mut self, pending: NewPending) -> RotationId {
        let NewPending { secret, value, base, nonce } = pending;
        let mut op = self.beginning(secret, base, nonce);
        self.bring(&mut op, value);
        let begun = op.begun;
        self.add(Op::Pending(op));
        begun
    }

    /// Takes down the beginning of a rotation whose value is not made yet.
    pub fn intend(&mut self, secret: SecretName, base: ObjectId, nonce: ShortId) -> RotationId {
        let op = self.beginning(secret, base, nonce);
        let begun = op.begun;
        self.add(Op::Pending(op));
        begun
    }

    /// Takes down the version that a rotation makes ready, which was begun without one in an earlier entry.
    pub fn fill(
        &mut self,
        secret: SecretName,
        rotation: RotationId,
        value: SealedValue,
    ) -> ObjectId {
        let mut op = Pending { rotation: Some(rotation), ..Pending::of(secret) };
        self.bring(&mut op, value);
        let object = op.derived;
        self.add(Op::Pending(op));
        object
    }

    fn beginning(&self, secret: SecretName, base: ObjectId, nonce: ShortId) -> Pending {
        let uid = ids::secret_uid(&self.vault, &secret);
        let author = self.ctx.signer.key.id();
        let begun = ids::rotation_id(&uid, &author, &self.origin, &base, &nonce);
        Pending { nonce: Some(nonce), base: Some(base), begun, ..Pending::of(secret) }
    }

    /// Lets a pending bring a version of this value.
    fn bring(&mut self, pending: &mut Pending, value: SealedValue) {
        pending.expires = value.expires();
        let Stated { body, object, wrap } = self.state(&pending.secret, value);
        (pending.body, pending.derived, pending.wrap) = (Some(body), object, Some(wrap));
    }

    /// Takes down the version that the next op makes of a sealed value.
    fn state(&mut self, secret: &SecretName, value: SealedValue) -> Stated {
        let uid: SecretId = ids::secret_uid(&self.vault, secret);
        let SealedVersion { body, object_id, object, wrap_id, wrap } = value.put_at(self.origin);
        self.versions.push(NewVersion { secret: secret.clone(), uid, id: object_id, object });
        self.wrap(NewWrap { uid, id: wrap_id, wrap });
        Stated { body, object: object_id, wrap: wrap_id }
    }

    /// Takes down an op that puts nothing.
    pub fn add(&mut self, op: Op) {
        self.bytes += line::write(&op).len();
        self.ops.push(op);
        if self.ops.len() >= Counted::Ops.max() || self.bytes >= BYTES {
            self.close();
        }
    }

    /// Lets the next op begin an entry that follows others than the last one, for a reason of its own.
    pub(crate) fn follow(&mut self, tips: Tips, reason: &str) {
        self.close();
        self.origin = tips.origin();
        self.tips = tips;
        self.reason = Some(reason.to_owned());
    }

    /// The last entry that is finished, and its number.
    pub(crate) fn last(&self) -> Option<(EntryId, u64)> {
        self.entries.last().map(|entry| (entry.id(), entry.lamport))
    }

    /// Lets the next op begin an entry.
    pub fn close(&mut self) {
        if self.ops.is_empty() {
            return;
        }
        let entry = self.sign();
        self.tips = Tips { parents: vec![entry.id()], lamport: entry.lamport + 1 };
        self.origin = self.tips.origin();
        self.bytes = 0;
        self.entries.push(entry);
    }

    /// The entry of the ops so far, which it takes.
    fn sign(&mut self) -> Entry {
        let (vault, policy, actor) = (&self.vault, self.policy, &self.ctx.signer.member);
        let by = Authorship { vault, policy, actor };
        let ops = std::mem::take(&mut self.ops);
        let reason = self.reason.as_ref().unwrap_or(&self.ctx.reason).clone();
        let draft = EntryDraft { ops, reason, ts: self.ctx.now };
        draft.sign(&self.tips, by, &self.ctx.signer.key)
    }

    /// A wrap that an op names, besides those of puts.
    pub fn wrap(&mut self, wrap: NewWrap) {
        self.wraps.push(wrap);
    }

    /// The change that writes all this; `None` if there is nothing.
    pub fn change(self) -> Option<Change> {
        if self.is_empty() { None } else { Some(self.change_with(Change::log)) }
    }

    /// The change that `make` makes of the entries, with the records that they name.
    pub(crate) fn change_with(mut self, make: impl FnOnce(Vec<Entry>) -> Change) -> Change {
        self.close();
        make(self.entries).with_versions(self.versions).with_wraps(self.wraps)
    }
}

#[cfg(test)]
mod tests;
