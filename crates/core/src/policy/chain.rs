//! The policy chain: entries linked by hash, each signed by keys of the state before it.
//!
//! [`Chain::build`] is the only way from entries to facts. It assumes nothing about the records:
//! what the text format also checks (order, counts, text) is refused here again where a chain that
//! breaks it could give somebody more than the rules do.

use super::authority::Signers;
use super::entry::PolicyEntry;
use super::error::{ChainError, ChainFault, OpFault};
use super::history::{EpochFact, History, KeyFact, Tainted};
use super::op::{EpochReseal, EpochStart, PolicyOp, Right};
use super::signatures::{Pending, check};
use super::state::PolicyState;
use crate::crypto::id::{EntryId, EpochId, KeyId, PolicyId, VaultId};
use crate::crypto::known_signatures::{KnownSignatures, NoneKnown};
use crate::name::{Name, Pattern, SecretName};
use crate::policy::position::PolicyPosition;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most entries of a chain.
pub(crate) const MAX_ENTRIES: usize = 10_000;
/// The most signatures on an entry.
pub(crate) const MAX_SIGNATURES: usize = 16;

/// Whether signatures are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainSignatures {
    Check,
    /// The same bytes have been checked before. Every other rule is checked all the same.
    Trusted,
}

/// A chain that keeps all rules.
#[derive(Debug, Clone)]
pub struct Chain {
    pub(super) ids: Vec<PolicyId>,
    /// Ordered, not hashed: made by every command and looked into by few entries.
    positions: BTreeMap<PolicyId, PolicyPosition>,
    heads: Vec<Vec<EntryId>>,
    pub(super) signers: Vec<Arc<[KeyId]>>,
    pub(super) history: History,
    pub(super) state: PolicyState,
}

impl Chain {
    /// Folds the entries, genesis first, and checks every rule of section 4.
    ///
    /// # Errors
    /// The first entry that breaks a rule.
    pub fn build(entries: &[PolicyEntry], signatures: ChainSignatures) -> Result<Self, ChainError> {
        match signatures {
            ChainSignatures::Check => Self::build_knowing(entries, Some(&NoneKnown)),
            ChainSignatures::Trusted => Self::build_knowing(entries, None),
        }
    }

    /// [`Chain::build`] that passes over the signatures that are known to hold; over all of them with `None`.
    ///
    /// # Errors
    /// The first entry that breaks a rule.
    pub(crate) fn build_knowing(
        entries: &[PolicyEntry],
        known: Option<&dyn KnownSignatures>,
    ) -> Result<Self, ChainError> {
        if entries.is_empty() {
            return Err(ChainError {
                position: PolicyPosition::GENESIS,
                op: None,
                cause: ChainFault::Empty,
            });
        }
        let mut chain = Self::empty();
        let mut pending = Vec::new();
        let folded = entries.iter().try_for_each(|entry| chain.push(entry, &mut pending));
        if let Some(known) = known {
            check(&pending, known)?;
        }
        folded.map(|()| chain)
    }

    /// This chain with one more entry, whose signatures are checked.
    ///
    /// # Errors
    /// The rule that the entry breaks.
    pub fn extended(&self, entry: PolicyEntry) -> Result<Self, ChainError> {
        let mut chain = self.clone();
        let mut pending = Vec::new();
        let folded = chain.push(&entry, &mut pending);
        check(&pending, &NoneKnown)?;
        folded.map(|()| chain)
    }

    /// Calls `visit` with each position and the state after it. The entries are those of a chain
    /// that was built before: their signatures are not checked again.
    ///
    /// # Errors
    /// The first entry that breaks a rule.
    pub(crate) fn replay(
        entries: &[PolicyEntry],
        mut visit: impl FnMut(PolicyPosition, &PolicyState),
    ) -> Result<(), ChainError> {
        Self::replay_whole(entries, |position, chain| visit(position, &chain.state))
    }

    /// The same for what asks about history, too.
    pub(super) fn replay_whole(
        entries: &[PolicyEntry],
        mut visit: impl FnMut(PolicyPosition, &Self),
    ) -> Result<(), ChainError> {
        let (mut chain, mut pending) = (Self::empty(), Vec::new());
        for (position, entry) in entries.iter().enumerate() {
            chain.push(entry, &mut pending)?;
            pending.clear();
            visit(PolicyPosition::new(position), &chain);
        }
        Ok(())
    }

    pub(super) fn empty() -> Self {
        Self {
            ids: Vec::new(),
            positions: BTreeMap::new(),
            heads: Vec::new(),
            signers: Vec::new(),
            history: History::default(),
            state: PolicyState::before_genesis(),
        }
    }

    /// Room for so many entries: what grows leaves half of itself behind, several times.
    pub(super) fn reserve(&mut self, entries: usize) {
        self.ids.reserve(entries);
        self.heads.reserve(entries);
        self.signers.reserve(entries);
    }

    fn push(&mut self, entry: &PolicyEntry, pending: &mut Vec<Pending>) -> Result<(), ChainError> {
        let position = self.next_position();
        let at = |cause| ChainError { position, op: None, cause };
        let id = entry.id();
        self.check_place(entry).map_err(at)?;
        let keys = signing_keys(entry).map_err(at)?;
        let keys: Arc<[KeyId]> = keys.into();
        self.take(&entry.ops, &keys)?;
        entry.ops.iter().enumerate().for_each(|(index, op)| self.pend_proof(op, index, pending));
        self.pend_signatures(entry, id, pending);
        self.finish(entry, id, keys)
    }

    /// What is asked of the state that the entry leaves, and the entry's place. `id` is the entry's, which takes a
    /// while to tell.
    pub(super) fn finish(
        &mut self,
        entry: &PolicyEntry,
        id: PolicyId,
        keys: Arc<[KeyId]>,
    ) -> Result<(), ChainError> {
        let position = self.next_position();
        self.check_owners().map_err(|cause| ChainError { position, op: None, cause })?;
        self.check_skipped(entry)?;
        self.settle(entry, id, keys);
        Ok(())
    }

    /// The entry's place.
    pub(super) fn settle(&mut self, entry: &PolicyEntry, id: PolicyId, keys: Arc<[KeyId]>) {
        self.positions.insert(id, self.next_position());
        self.ids.push(id);
        self.heads.push(entry.heads.clone());
        self.signers.push(keys);
    }

    /// What `member` got by the word of one of its keys, which is lost.
    pub fn tainted(&self, member: &Name, lost: &KeyId) -> Tainted {
        self.history.tainted(member, lost)
    }

    /// Number, link and the `vault` op.
    pub(super) fn check_place(&self, entry: &PolicyEntry) -> Result<(), ChainFault> {
        let position = self.ids.len();
        if position >= MAX_ENTRIES {
            return Err(ChainFault::TooLong { most: MAX_ENTRIES });
        }
        if usize::try_from(entry.seq) != Ok(position) {
            return Err(ChainFault::Seq { found: entry.seq });
        }
        if entry.prev != self.ids.last().copied() {
            return Err(ChainFault::Link);
        }
        let states_vault = |op: &PolicyOp| matches!(op, PolicyOp::Vault(_));
        let first = entry.ops.first().ok_or(ChainFault::NoOp)?;
        if position == 0 && !states_vault(first) {
            return Err(ChainFault::Genesis);
        }
        let rest = &entry.ops[usize::from(position == 0)..];
        if rest.iter().any(states_vault) { Err(ChainFault::SecondVault) } else { Ok(()) }
    }

    /// Enough owners must stay able to sign, or nobody could ever change what only owners may.
    fn check_owners(&self) -> Result<(), ChainFault> {
        let (found, threshold) = (self.state.signing_owners(), self.state.threshold());
        if found < threshold { Err(ChainFault::OwnersLocked { found, threshold }) } else { Ok(()) }
    }

    /// Whom an envelope leaves out is judged by the state after the entry, whose members it is for.
    fn check_skipped(&self, entry: &PolicyEntry) -> Result<(), ChainError> {
        for (index, op) in entry.ops.iter().enumerate() {
            let (PolicyOp::Epoch(EpochStart { audience, skipped, .. })
            | PolicyOp::Reseal(EpochReseal { audience, skipped, .. })) = op
            else {
                continue;
            };
            if !self.state.may_skip(audience, skipped) {
                let cause = OpFault::Skipped { audience: audience.clone() }.into();
                return Err(ChainError { position: self.next_position(), op: Some(index), cause });
            }
        }
        Ok(())
    }

    /// The id of genesis.
    pub fn vault_id(&self) -> VaultId {
        self.ids[0].into()
    }

    /// The id of the last entry.
    pub fn head(&self) -> PolicyId {
        self.ids[self.ids.len() - 1]
    }

    /// How many entries; never 0.
    #[expect(clippy::len_without_is_empty, reason = "a chain has a genesis")]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The position of the last entry.
    pub fn last(&self) -> PolicyPosition {
        PolicyPosition::new(self.ids.len() - 1)
    }

    /// The position that the next entry will have.
    pub(super) fn next_position(&self) -> PolicyPosition {
        PolicyPosition::new(self.ids.len())
    }

    /// Where the entry with this id is.
    pub fn position(&self, id: &PolicyId) -> Option<PolicyPosition> {
        self.positions.get(id).copied()
    }

    pub fn ids(&self) -> &[PolicyId] {
        &self.ids
    }

    /// The log entries that the signer of the entry at `position` knew as heads.
    pub fn heads(&self, position: PolicyPosition) -> &[EntryId] {
        self.heads.get(position.index()).map_or(&[], Vec::as_slice)
    }

    /// The keys that sign the entry at `position`.
    pub fn signers(&self, position: PolicyPosition) -> &[KeyId] {
        self.signers.get(position.index()).map_or(&[], |keys| keys)
    }

    /// The members that signed the entry at `position`.
    pub(crate) fn signing_members(&self, position: PolicyPosition) -> BTreeSet<&Name> {
        let keys = self.signers(position).iter();
        keys.filter_map(|key| self.key(key)).map(|fact| &fact.member).collect()
    }

    /// The signers that these keys make after the head, to ask what they may do.
    ///
    /// # Errors
    /// The first key that is nobody's.
    pub(crate) fn signers_with(&self, keys: &BTreeSet<KeyId>) -> Result<Signers<'_>, KeyId> {
        let keys: Vec<KeyId> = keys.iter().copied().collect();
        Signers::new(&self.state, &self.history, &keys)
    }

    /// The positions, ascending, at which some right or key may have stopped.
    pub fn removals(&self) -> &[PolicyPosition] {
        self.history.removals()
    }

    /// Any key that was ever in the chain.
    pub fn key(&self, id: &KeyId) -> Option<&KeyFact> {
        self.history.key(id)
    }

    /// Whether the key is somebody's after `position`.
    pub fn key_active(&self, position: PolicyPosition, key: &KeyId) -> bool {
        self.actor_at(position, key).is_some()
    }

    /// Whose key this is after `position`, if it is anybody's.
    pub(crate) fn actor_at(&self, position: PolicyPosition, key: &KeyId) -> Option<&Name> {
        self.history.actor_at(position, key)
    }

    /// Whether `member` has `right` on the secret after `position`.
    pub fn holds(
        &self,
        position: PolicyPosition,
        member: &Name,
        right: Right,
        secret: &SecretName,
    ) -> bool {
        self.history.holds(position, member, right, secret)
    }

    /// Whether `member` has `right` after `position` by one grant that covers all of `pattern`.
    pub(crate) fn holds_pattern(
        &self,
        position: PolicyPosition,
        member: &Name,
        right: Right,
        pattern: &Pattern,
    ) -> bool {
        self.history.holds_pattern(position, member, right, pattern)
    }

    /// Whether `member` has `right` after `position` on any pattern.
    pub fn holds_anywhere(&self, position: PolicyPosition, member: &Name, right: Right) -> bool {
        self.history.holds_anywhere(position, member, right)
    }

    /// The patterns on which a role of this name has or ever had the right to read.
    pub(crate) fn ever_read(&self, role: &Name) -> impl Iterator<Item = &Pattern> {
        self.history.ever_read(role)
    }

    /// Any epoch that was ever in the chain.
    pub fn epoch(&self, epoch: &EpochId) -> Option<&EpochFact> {
        self.history.epoch(epoch)
    }

    /// The state after the head.
    pub fn state(&self) -> &PolicyState {
        &self.state
    }
}

/// The keys that sign, each once: two signatures of one key must not pass for two keys.
pub(super) fn signing_keys(entry: &PolicyEntry) -> Result<Vec<KeyId>, ChainFault> {
    if entry.sigs.is_empty() {
        return Err(ChainFault::NoSignature);
    }
    if entry.sigs.len() > MAX_SIGNATURES {
        return Err(ChainFault::TooManySignatures { most: MAX_SIGNATURES });
    }
    let keys: Vec<KeyId> = entry.sigs.iter().map(|signature| signature.key).collect();
    match keys.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(ChainFault::SignatureOrder { key: pair[1] }),
        None => Ok(keys),
    }
}
