//! The effect of ops on what a member reads and signs by: its recipients and device keys.

use super::apply::{Applied, MAX_RECIPIENTS, OpContext};
use super::error::{ChainFault, Limit, Needs, OpFault};
use super::history::{FactChange, History, KeyFact, Tainted, Timeline};
use super::op::KeyAdd;
use super::registry::Admission;
use super::state::{DeviceKey, PolicyState};
use crate::crypto::bytes::Id;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::{VerifyingKey, key_id};
use crate::name::Name;
use std::collections::BTreeSet;

/// The most recipients that others than owners make of a member's: as with every [`Limit`].
const RECIPIENTS_BY_OTHERS: usize = 12;

impl PolicyState {
    /// Gives a member a recipient, if the key that it is may be the member's.
    pub(super) fn admit(
        &mut self,
        name: &Name,
        recipient: &RecipientText,
        place: &OpContext,
    ) -> Result<FactChange, ChainFault> {
        let owners_lacking = self.owners_lacking(place);
        let by = Admission { settings: &self.settings, owners_lacking };
        let id = self.registry.admit(name, recipient, &by)?;
        let member = self.member_mut(name)?;
        member.recipients.insert(recipient.clone());
        member.ids.insert(recipient.clone(), id);
        member.line.clear();
        Ok(FactChange::Recipient(name.clone(), id, place.signers.clone()))
    }

    pub(super) fn add_recipient(
        &mut self,
        name: &Name,
        recipient: &RecipientText,
        place: &OpContext,
    ) -> Result<Vec<FactChange>, ChainFault> {
        let there = self.member_mut(name)?.recipients.len();
        if there >= MAX_RECIPIENTS {
            let most = MAX_RECIPIENTS;
            return Err(OpFault::RecipientCount { member: name.clone(), most }.into());
        }
        self.keep_last_recipients(there + 1, place)?;
        self.admit(name, recipient, place).map(|change| vec![change])
    }

    /// A member that others add with its places full would leave owners no way to give it one more.
    pub(super) fn keep_last_recipients(
        &self,
        recipients: usize,
        place: &OpContext,
    ) -> Result<(), ChainFault> {
        match self.owners_lacking(place) {
            Some(threshold) if recipients > RECIPIENTS_BY_OTHERS => {
                Err(ChainFault::Unauthorised { needs: Needs::Owners { threshold } })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn remove_recipient(&mut self, name: &Name, recipient: &RecipientText) -> Applied {
        let id = self.member_mut(name)?.recipient_id(recipient).copied();
        let id = id.ok_or_else(|| OpFault::UnknownRecipient { member: name.clone() })?;
        self.take_away(name, &Tainted { recipients: BTreeSet::from([id]), ..Tainted::default() })
    }

    pub(super) fn remove_key(
        &mut self,
        name: &Name,
        device: &Name,
        lost: bool,
        history: &History,
    ) -> Applied {
        let member = self.member_mut(name)?;
        let key = member.keys.get(device).ok_or_else(|| OpFault::UnknownDevice {
            member: name.clone(),
            device: device.clone(),
        })?;
        let gone = match lost {
            true => history.tainted(name, &key.id),
            false => Tainted { keys: BTreeSet::from([key.id]), ..Tainted::default() },
        };
        self.take_away(name, &gone)
    }

    /// Takes these keys and recipients from a member, as far as it has them, and with a recipient the
    /// keys that are sealed to it.
    fn take_away(&mut self, name: &Name, gone: &Tainted) -> Applied {
        let member = self.member_mut(name)?;
        member.line.clear();
        let recipients: Vec<(RecipientText, Id)> =
            member.ids.extract_if(.., |_, id| gone.recipients.contains(id)).collect();
        for (text, _) in &recipients {
            member.recipients.remove(text);
        }
        let goes = |key: &DeviceKey| {
            gone.keys.contains(&key.id) || recipients.iter().any(|(text, _)| *text == key.recipient)
        };
        let keys: Vec<DeviceKey> =
            member.keys.extract_if(.., |_, key| goes(key)).map(|(_, key)| key).collect();
        if !recipients.is_empty() {
            for role in member.roles.clone() {
                self.make_due(&role);
            }
        }
        self.registry.retire(recipients.iter().map(|(_, id)| id));
        keys.iter().for_each(|key| drop(self.key_owners.remove(&key.id)));
        Ok(keys.into_iter().map(|key| FactChange::KeyOff(key.id)).collect())
    }

    pub(super) fn add_key(
        &mut self,
        add: &KeyAdd,
        place: &OpContext,
    ) -> Result<Vec<FactChange>, ChainFault> {
        let lacking = self.owners_lacking(place);
        let id = key_id(&add.key);
        let (name, device) = (add.member.clone(), add.device.clone());
        let member = self.member_mut(&add.member)?;
        if member.keys.contains_key(&device) {
            return Err(OpFault::DeviceExists { member: name, device }.into());
        }
        let recipient_id = member.recipient_id(&add.recipient).copied();
        let recipient_id =
            recipient_id.ok_or_else(|| OpFault::UnknownRecipient { member: name.clone() })?;
        if place.history.key(&id).is_some() {
            return Err(OpFault::KeyReused { key: id }.into());
        }
        Limit::DevicesOfMember.check(member.keys.len(), lacking)?;
        let verifying = VerifyingKey::parse(&add.key).map_err(OpFault::BadKey)?;
        let (recipient, sealed) = (add.recipient.clone(), add.sealed.clone());
        let key = DeviceKey { id, public: add.key, recipient: recipient.clone(), sealed };
        member.keys.insert(device.clone(), key);
        member.line.clear();
        self.key_owners.insert(id, name.clone());
        let fact = KeyFact {
            member: name,
            device,
            public: add.key,
            verifying,
            recipient,
            recipient_id,
            sponsors: place.signers.clone(),
            since: place.position,
            active: Timeline::default(),
        };
        Ok(vec![FactChange::KeyOn(id, Box::new(fact))])
    }
}
