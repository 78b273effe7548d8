//! A chain of bytes that this device has verified before: its entries are folded again, and not judged again.
//!
//! Only what could refuse an entry is left out: authority, what ops state that they give, limits, signatures, and the
//! hash of each entry, which the next one states. What comes out is what [`Chain::build`] makes of the same entries.

use super::chain::Chain;
use super::creators::Creators;
use super::entry::PolicyEntry;
use super::error::{ChainError, ChainFault};
use super::op::PolicyOp;
use crate::crypto::id::{KeyId, PolicyId};
use crate::policy::position::PolicyPosition;
use std::sync::Arc;

impl Chain {
    /// [`Chain::build`] of entries that passed it before, as part of exactly the same bytes.
    ///
    /// # Errors
    /// The first entry that does not fit what is before it, which no such entry does.
    pub(crate) fn refold(entries: &[PolicyEntry]) -> Result<Self, ChainError> {
        let empty =
            ChainError { position: PolicyPosition::GENESIS, op: None, cause: ChainFault::Empty };
        let last = entries.last().ok_or(empty)?.id();
        let mut chain = Self::empty();
        chain.reserve(entries.len());
        chain.state.registry.refold();
        for (index, entry) in entries.iter().enumerate() {
            let stated = entries.get(index + 1).and_then(|next| next.prev);
            chain.repeat(entry, stated.unwrap_or(last))?;
        }
        chain.state.registry.refolded();
        Ok(chain)
    }

    fn repeat(&mut self, entry: &PolicyEntry, id: PolicyId) -> Result<(), ChainError> {
        let position = self.next_position();
        self.check_place(entry).map_err(|cause| ChainError { position, op: None, cause })?;
        let keys = self.keys_of(entry);
        match &*entry.ops {
            [PolicyOp::Setting { key, value }] => self.state.settings.set_again(key, value),
            ops => {
                let creators = self.creators_of(entry, &keys);
                // That enough owners sign is asked for by limits alone.
                self.apply(ops, &keys, &creators, true)?;
            }
        }
        if position == PolicyPosition::GENESIS {
            let creators = self.signers_of(&keys)?.creators();
            self.state.found(&creators);
        }
        self.settle(entry, id, keys);
        Ok(())
    }

    /// The keys that sign the entry, shared with the one before where they are the same, as they mostly are.
    fn keys_of(&self, entry: &PolicyEntry) -> Arc<[KeyId]> {
        let keys = entry.sigs.iter().map(|signature| &signature.key);
        match self.signers.last().filter(|before| before.iter().eq(keys.clone())) {
            Some(before) => Arc::clone(before),
            None => keys.copied().collect(),
        }
    }

    /// Who makes what the entry adds; few entries add something.
    fn creators_of(&self, entry: &PolicyEntry, keys: &[KeyId]) -> Creators {
        let adds = |op: &PolicyOp| matches!(op, PolicyOp::MemberAdd(_) | PolicyOp::RoleAdd { .. });
        let signers = keys.iter().filter_map(|key| self.state.key_owner(key));
        match entry.ops.iter().any(adds) {
            true => self.state.creators_among(signers),
            false => Creators::new(),
        }
    }
}
