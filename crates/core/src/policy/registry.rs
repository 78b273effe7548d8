//! Which key is or was whose: a recipient is in one member, and what a key was used for is never
//! forgotten (`docs/format.md`, Recipients).
//!
//! A strict "one member, ever" would let a grantor take a colleague's public key for good, in a member
//! or an epoch of its making. So a key that is free again comes back, on the word of enough owners.

use super::error::{ChainFault, Needs, OpFault};
use super::settings::Settings;
use crate::crypto::bytes::Id;
use crate::crypto::identity::recipient::{self, Recipient, RecipientKind};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::Name;
use std::borrow::Cow;
use std::collections::HashMap;

/// What a key is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Use {
    InForce(Name),
    /// A member's once, or an epoch's.
    Former,
}

/// Every key that a recipient of the chain ever was, by the recipient's id.
#[derive(Debug, Clone, Default)]
pub(super) struct Registry {
    used: HashMap<Id, Use>,
    /// Recipients of epochs that were accepted before and whose ids nobody asked for yet: each costs a
    /// multiplication on the curve, and a reader needs none.
    unread: Vec<RecipientText>,
    is_refolding: bool,
}

impl PartialEq for Registry {
    fn eq(&self, other: &Self) -> bool {
        self.read_out() == other.read_out()
    }
}

impl Eq for Registry {}

/// Whose word brings a recipient in.
pub(super) struct Admission<'a> {
    pub settings: &'a Settings,
    /// How many owners it takes to bring back what was used before, unless they sign.
    pub owners_lacking: Option<usize>,
}

impl Registry {
    /// From now on until [`Registry::refolded`], what comes is of bytes that passed before.
    pub fn refold(&mut self) {
        self.is_refolding = true;
    }

    pub fn refolded(&mut self) {
        self.is_refolding = false;
    }

    /// All keys, those of unread recipients among them. What is known of a key stands: an epoch's was unused before it.
    fn read_out(&self) -> Cow<'_, HashMap<Id, Use>> {
        if self.unread.is_empty() {
            return Cow::Borrowed(&self.used);
        }
        let mut used = self.used.clone();
        for id in self.unread.iter().filter_map(|text| Some(recipient::read(text).ok()?.id)) {
            used.entry(id).or_insert(Use::Former);
        }
        Cow::Owned(used)
    }

    /// The keys, to judge what comes.
    fn used(&mut self) -> &mut HashMap<Id, Use> {
        if !self.is_refolding && !self.unread.is_empty() {
            self.used = self.read_out().into_owned();
            self.unread.clear();
        }
        &mut self.used
    }

    /// Puts a recipient in force for a member. Returns its id.
    pub fn admit(
        &mut self,
        member: &Name,
        text: &str,
        by: &Admission<'_>,
    ) -> Result<Id, ChainFault> {
        let Recipient { id, plugin, .. } = recipient::read(text).map_err(OpFault::Recipient)?;
        if let Some(plugin) = plugin.filter(|name| !by.settings.allows_plugin(name)) {
            return Err(OpFault::Plugin { plugin: plugin.to_owned() }.into());
        }
        match self.used().get(&id) {
            None => {}
            Some(Use::InForce(owner)) if owner == member => {
                return Err(OpFault::RecipientExists { member: member.clone() }.into());
            }
            Some(Use::InForce(owner)) => {
                return Err(OpFault::RecipientTaken { owner: owner.clone() }.into());
            }
            Some(Use::Former) => {
                if let Some(threshold) = by.owners_lacking {
                    return Err(ChainFault::Unauthorised { needs: Needs::Owners { threshold } });
                }
            }
        }
        self.used.insert(id, Use::InForce(member.clone()));
        Ok(id)
    }

    /// The member in whom a key is in force.
    pub fn owner(&self, id: &Id) -> Option<&Name> {
        match self.used.get(id)? {
            Use::InForce(owner) => Some(owner),
            Use::Former => None,
        }
    }

    /// Takes recipients out of force.
    pub(crate) fn retire<'a>(&mut self, ids: impl IntoIterator<Item = &'a Id>) {
        ids.into_iter().for_each(|id| drop(self.used.insert(*id, Use::Former)));
    }

    /// Notes the recipient of a new epoch, which nothing may have used before: who left with its
    /// identity would open what is sealed to it.
    pub(crate) fn begin_epoch(&mut self, text: &RecipientText) -> Result<(), OpFault> {
        if self.is_refolding {
            self.unread.push(text.clone());
            return Ok(());
        }
        let Recipient { id, kind, .. } = recipient::read(text).map_err(OpFault::Recipient)?;
        if kind != RecipientKind::X25519 {
            // Its identity must stand in the envelope as an age identity that any reader has.
            return Err(OpFault::EpochRecipient);
        }
        match self.used().insert(id, Use::Former) {
            None => Ok(()),
            Some(_) => Err(OpFault::EpochRecipientUsed),
        }
    }
}
