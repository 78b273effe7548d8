//! What an entry does to a chain besides its place and signatures: its signers' authority, its ops'
//! effects, and whether they give what they state.

use super::apply::OpContext;
use super::authority::Signers;
use super::chain::Chain;
use super::creators::Creators;
use super::error::{ChainError, ChainFault, Needs, OpFault};
use super::gives::Given;
use super::history::History;
use super::op::PolicyOp;
use super::sealers::After;
use super::state::PolicyState;
use crate::crypto::id::{KeyId, VaultId};
use std::sync::Arc;

/// From this position on, entries are owner-level.
const ENTRIES_BY_OTHERS: usize = 9_000;

impl Chain {
    /// Takes the ops of the next entry, which these keys sign.
    pub(super) fn take(&mut self, ops: &[PolicyOp], keys: &Arc<[KeyId]>) -> Result<(), ChainError> {
        if self.ids.is_empty() {
            self.found(ops, keys)?;
        } else {
            self.follow(ops, keys)?;
        }
        self.check_gives(ops)
    }

    /// Judges genesis by the state after it, since there is none before.
    fn found(&mut self, ops: &[PolicyOp], keys: &Arc<[KeyId]>) -> Result<(), ChainError> {
        // Genesis is refused without enough owners, so nothing in it asks for them.
        self.apply(ops, keys, &Creators::new(), true)?;
        let signers = self.signers_of(keys)?;
        self.judge(ops, |op| signers.judge(op))?;
        let creators = signers.creators();
        self.state.found(&creators);
        Ok(())
    }

    /// Judges by the state before; what gives keys to audiences by the state after, too.
    fn follow(&mut self, ops: &[PolicyOp], keys: &Arc<[KeyId]>) -> Result<(), ChainError> {
        let signers = self.signers_of(keys)?;
        self.check_room(&signers)?;
        self.judge(ops, |op| if op.gives_keys() { Ok(()) } else { signers.judge(op) })?;
        let (creators, owner_level) = (signers.creators(), signers.is_owner_level());
        let sealers = ops.iter().any(PolicyOp::gives_keys).then(|| signers.sealers());
        self.apply(ops, keys, &creators, owner_level)?;
        let judge = |op: &PolicyOp| match &sealers {
            Some(sealers) => sealers.judge(op, self.after()),
            None => Ok(()),
        };
        self.judge(ops, judge)
    }

    pub(super) fn apply(
        &mut self,
        ops: &[PolicyOp],
        signers: &Arc<[KeyId]>,
        creators: &Creators,
        owner_level: bool,
    ) -> Result<(), ChainError> {
        let position = self.next_position();
        for (index, op) in ops.iter().enumerate() {
            let place = OpContext {
                position,
                ops: ops.len(),
                signers,
                history: &self.history,
                creators,
                owner_level,
            };
            let changes = self.state.apply(op, &place).map_err(|cause| self.at_op(index, cause))?;
            changes.into_iter().for_each(|change| self.history.record(position, change));
        }
        Ok(())
    }

    fn judge(
        &self,
        ops: &[PolicyOp],
        judge: impl Fn(&PolicyOp) -> Result<(), Needs>,
    ) -> Result<(), ChainError> {
        ops.iter().enumerate().try_for_each(|(index, op)| {
            judge(op).map_err(|needs| self.at_op(index, ChainFault::Unauthorised { needs }))
        })
    }

    /// What each op states that it gives must be what it gives.
    pub(super) fn check_gives(&self, ops: &[PolicyOp]) -> Result<(), ChainError> {
        let mut given =
            Given::new(&self.state, &self.history, self.ids.first().copied().map(VaultId::from));
        let wrong = ops.iter().position(|op| op.gives() != given.of(op).as_ref());
        wrong.map_or(Ok(()), |index| Err(self.at_op(index, OpFault::Gives.into())))
    }

    /// The state and the facts after one more entry of these ops, whoever signs it; `None` if they do
    /// not fit.
    pub(super) fn trial(&self, ops: &[PolicyOp]) -> Option<(PolicyState, History)> {
        let tried = self.tried(ops).ok()?;
        Some((tried.state, tried.history))
    }

    /// The chain as it would be with these ops, whoever signs them.
    ///
    /// # Errors
    /// The first that does not fit.
    pub(super) fn tried(&self, ops: &[PolicyOp]) -> Result<Self, ChainError> {
        let mut chain = self.clone();
        chain.apply(ops, &Arc::from([]), &Creators::new(), true)?;
        Ok(chain)
    }

    /// The same of genesis.
    pub(super) fn trial_of_genesis(ops: &[PolicyOp]) -> Option<(PolicyState, History)> {
        Self::empty().trial(ops)
    }

    /// What the last entry leaves.
    pub fn after(&self) -> After<'_> {
        After { state: &self.state, history: &self.history }
    }

    /// The last entries of a chain are kept for owners: anybody may change their own recipients, and a
    /// chain that one member filled could not be rid of that member.
    fn check_room(&self, signers: &Signers) -> Result<(), ChainError> {
        let position = self.next_position();
        if position.index() < ENTRIES_BY_OTHERS || signers.is_owner_level() {
            return Ok(());
        }
        let needs = Needs::Owners { threshold: self.state.threshold() };
        Err(ChainError { position, op: None, cause: ChainFault::Unauthorised { needs } })
    }

    pub(super) fn signers_of(&self, keys: &[KeyId]) -> Result<Signers<'_>, ChainError> {
        Signers::new(&self.state, &self.history, keys).map_err(|key| ChainError {
            position: self.next_position(),
            op: None,
            cause: ChainFault::UnknownKey { key },
        })
    }

    fn at_op(&self, index: usize, cause: ChainFault) -> ChainError {
        ChainError { position: self.next_position(), op: Some(index), cause }
    }
}
