//! An entry that is not signed by enough owners yet, judged by all but that.

use super::chain::{Chain, signing_keys};
use super::entry::PolicyEntry;
use super::error::{ChainError, ChainFault};
use super::signatures::check;
use crate::crypto::id::KeyId;
use crate::crypto::known_signatures::NoneKnown;
use crate::name::Name;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Chain {
    /// The chain as it would be with an entry that enough owners sign: every rule but who signs, and the
    /// signatures that are there already. Only owners' signatures may be there, as others would count for
    /// nothing.
    ///
    /// # Errors
    /// The rule that the entry breaks, or a signature that is no owner's.
    pub fn foreseen(&self, entry: &PolicyEntry) -> Result<Self, ChainError> {
        let mut chain = self.clone();
        let position = chain.next_position();
        let at = |cause| ChainError { position, op: None, cause };
        chain.check_place(entry).map_err(at)?;
        let keys = signing_keys(entry).map_err(at)?;
        let is_owner = |key: &KeyId| {
            self.state().key_owner(key).is_some_and(|member| self.state().is_owner(member))
        };
        if let Some(key) = keys.iter().find(|key| !is_owner(key)) {
            return Err(at(ChainFault::UnknownKey { key: *key }));
        }
        let creators = self.signers_of(&keys)?.creators();
        let keys: Arc<[KeyId]> = keys.into();
        let mut pending = Vec::new();
        let id = entry.id();
        chain.pend_signatures(entry, id, &mut pending);
        chain.apply(&entry.ops, &keys, &creators, true)?;
        chain.check_gives(&entry.ops)?;
        entry
            .ops
            .iter()
            .enumerate()
            .for_each(|(index, op)| chain.pend_proof(op, index, &mut pending));
        chain.finish(entry, id, keys)?;
        check(&pending, &NoneKnown)?;
        Ok(chain)
    }

    /// Whose signatures on an entry hold, of members who are owners now, by a key that is in force: whatever
    /// place in the chain the entry was made for.
    pub fn owners_who_signed(&self, entry: &PolicyEntry) -> BTreeSet<Name> {
        let keys = self.owners_keys_on(entry);
        keys.iter().filter_map(|key| self.state().key_owner(key)).cloned().collect()
    }

    /// The same by their keys.
    pub(crate) fn owners_keys_on(&self, entry: &PolicyEntry) -> BTreeSet<KeyId> {
        let mut pending = Vec::new();
        self.pend_signatures(entry, entry.id(), &mut pending);
        let is_owners = |key: &KeyId| {
            self.state().key_owner(key).is_some_and(|member| self.state().is_owner(member))
        };
        let holding = pending.iter().filter(|signature| signature.holds());
        holding.map(|signature| *signature.key()).filter(is_owners).collect()
    }

    /// Whether these keys, with which an entry is signed, are of as many owners as it takes.
    pub fn suffices<'a>(&self, keys: impl IntoIterator<Item = &'a KeyId>) -> bool {
        self.state().is_owner_level(keys)
    }
}
