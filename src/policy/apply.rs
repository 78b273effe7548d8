//! The effect of each op on the state, and when an op does not fit it.
//!
//! Whether the signers may do it is [`super::authority`]'s question, asked before. Signatures in
//! ops (key proofs) are collected here and checked by [`super::chain`].

use super::audience::{self, Audience, Epoch};
use super::error::OpFault;
use super::history::{Change, EpochFact, History, KeyFact, Timeline};
use super::op::{KeyAdd, PolicyOp, Right};
use super::rights::Rights;
use super::state::{Charter, DeviceKey, Member, OWNER, Role, State};
use crate::crypto::bytes::Id;
use crate::crypto::recipient::{RecipientKind, check_recipient};
use crate::crypto::sign::{VerifyingKey, key_id};
use crate::name::{Name, Pattern};
use crate::vault::model::SUITE;
use std::collections::{BTreeMap, BTreeSet};

/// The most recipients of a member.
pub const MAX_RECIPIENTS: usize = 16;

/// Where the op stands.
pub(super) struct Place<'a> {
    pub position: usize,
    /// The keys that sign the entry.
    pub signers: &'a [Id],
    pub history: &'a History,
}

type Outcome = Result<Vec<Change>, OpFault>;

impl State {
    /// Applies one op. After an error the state is not to be used.
    pub(super) fn apply(&mut self, op: &PolicyOp, place: &Place) -> Outcome {
        if place.position == 0 && matches!(op, PolicyOp::Epoch { .. } | PolicyOp::Reseal { .. }) {
            return Err(OpFault::InGenesis);
        }
        match op {
            PolicyOp::Vault { .. } => self.state_vault(op),
            PolicyOp::MemberAdd { .. } => self.add_member(op),
            PolicyOp::MemberRemove { member } => self.remove_member(member),
            PolicyOp::RecipientAdd { member, recipient } => self.add_recipient(member, recipient),
            PolicyOp::RecipientRemove { member, recipient } => {
                self.remove_recipient(member, recipient)
            }
            PolicyOp::KeyAdd(add) => self.add_key(add, place),
            PolicyOp::KeyRemove { member, device, lost } => {
                self.remove_key(member, device, *lost, place.history)
            }
            PolicyOp::RoleAdd { role } => self.add_role(role),
            PolicyOp::RoleRemove { role } => self.remove_role(role),
            PolicyOp::RoleJoin { role, member } => self.join(role, member),
            PolicyOp::RoleLeave { role, member } => self.leave(role, member),
            PolicyOp::Grant { role, pattern, rights } => self.grant(role, pattern, rights),
            PolicyOp::Revoke { role, pattern, rights } => self.revoke(role, pattern, rights),
            PolicyOp::Epoch { .. } => self.begin_epoch(op, place),
            PolicyOp::Reseal { audience, epoch, envelope, skipped } => {
                let due = self.is_due(audience);
                let found = self.audiences.get_mut(audience).filter(|a| a.current.epoch == *epoch);
                let found = found.ok_or_else(|| OpFault::NotCurrent {
                    audience: audience.clone(),
                    epoch: *epoch,
                })?;
                if due {
                    return Err(OpFault::Due { audience: audience.clone() });
                }
                found.envelope = *envelope;
                found.skipped = skipped.iter().cloned().collect();
                Ok(Vec::new())
            }
            PolicyOp::Setting { key, value } => {
                self.settings.set(key, value).map_err(OpFault::Setting)?;
                Ok(Vec::new())
            }
            PolicyOp::Rebase { .. } => Ok(Vec::new()),
        }
    }

    fn state_vault(&mut self, op: &PolicyOp) -> Outcome {
        let PolicyOp::Vault { suite, nonce, name, threshold } = op else { return Ok(Vec::new()) };
        if suite != SUITE {
            return Err(OpFault::Suite);
        }
        if *threshold == 0 {
            return Err(OpFault::Threshold);
        }
        self.charter = Some(Charter {
            suite: suite.clone(),
            nonce: *nonce,
            name: name.clone(),
            threshold: *threshold,
        });
        Ok(Vec::new())
    }

    fn member_mut(&mut self, name: &Name) -> Result<&mut Member, OpFault> {
        let unknown = || OpFault::UnknownMember { member: name.clone() };
        self.members.get_mut(name).ok_or_else(unknown)
    }

    fn role_mut(&mut self, name: &Name) -> Result<&mut Role, OpFault> {
        self.roles.get_mut(name).ok_or_else(|| OpFault::UnknownRole { role: name.clone() })
    }

    fn add_member(&mut self, op: &PolicyOp) -> Outcome {
        let PolicyOp::MemberAdd { member, kind, recipients, expires } = op else {
            return Ok(Vec::new());
        };
        if self.members.contains_key(member) {
            return Err(OpFault::MemberExists { member: member.clone() });
        }
        if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
            let most = MAX_RECIPIENTS;
            return Err(OpFault::RecipientCount { member: member.clone(), most });
        }
        let mut set = BTreeSet::new();
        for recipient in recipients {
            check_recipient(recipient).map_err(OpFault::Recipient)?;
            if !set.insert(recipient.clone()) {
                return Err(OpFault::RecipientExists { member: member.clone() });
            }
        }
        let (keys, roles) = (BTreeMap::new(), BTreeSet::new());
        let added = Member { kind: *kind, recipients: set, expires: *expires, keys, roles };
        self.members.insert(member.clone(), added);
        Ok(Vec::new())
    }

    fn remove_member(&mut self, name: &Name) -> Outcome {
        let member = self.member_mut(name)?;
        let roles = std::mem::take(&mut member.roles);
        let keys: Vec<Id> = member.keys.values().map(|key| key.id).collect();
        let mut changes = Vec::new();
        for role in &roles {
            changes.extend(self.take_out(role, name)?);
        }
        self.members.remove(name);
        keys.iter().for_each(|key| drop(self.key_owners.remove(key)));
        changes.extend(keys.into_iter().map(Change::KeyOff));
        Ok(changes)
    }

    /// Takes a member out of a role; the audiences of the role become due.
    fn take_out(&mut self, role: &Name, member: &Name) -> Outcome {
        let threshold = self.threshold();
        let members = &mut self.role_mut(role)?.members;
        members.remove(member);
        if role.as_str() == OWNER && members.len() < threshold {
            return Err(OpFault::LastOwner { threshold });
        }
        self.make_due(role);
        Ok(vec![Change::Leave(member.clone(), role.clone())])
    }

    fn make_due(&mut self, role: &Name) {
        let concerned = self.audiences.values_mut().filter(|a| a.roles.contains(role));
        concerned.for_each(|audience| audience.left = true);
    }

    fn add_recipient(&mut self, name: &Name, recipient: &str) -> Outcome {
        let member = self.member_mut(name)?;
        if member.recipients.len() >= MAX_RECIPIENTS {
            let most = MAX_RECIPIENTS;
            return Err(OpFault::RecipientCount { member: name.clone(), most });
        }
        check_recipient(recipient).map_err(OpFault::Recipient)?;
        if !member.recipients.insert(recipient.to_owned()) {
            return Err(OpFault::RecipientExists { member: name.clone() });
        }
        Ok(Vec::new())
    }

    fn remove_recipient(&mut self, name: &Name, recipient: &str) -> Outcome {
        let member = self.member_mut(name)?;
        if !member.recipients.remove(recipient) {
            return Err(OpFault::UnknownRecipient { member: name.clone() });
        }
        if member.recipients.is_empty() {
            let most = MAX_RECIPIENTS;
            return Err(OpFault::RecipientCount { member: name.clone(), most });
        }
        let (sealed, keys) = std::mem::take(&mut member.keys)
            .into_iter()
            .partition(|(_, key)| key.recipient == recipient);
        member.keys = keys;
        let sealed: BTreeMap<Name, DeviceKey> = sealed;
        for role in member.roles.clone() {
            self.make_due(&role);
        }
        sealed.values().for_each(|key| drop(self.key_owners.remove(&key.id)));
        Ok(sealed.into_values().map(|key| Change::KeyOff(key.id)).collect())
    }

    fn add_key(&mut self, add: &KeyAdd, place: &Place) -> Outcome {
        let id = key_id(&add.key);
        let (name, device) = (add.member.clone(), add.device.clone());
        let member = self.member_mut(&add.member)?;
        if member.keys.contains_key(&device) {
            return Err(OpFault::DeviceExists { member: name, device });
        }
        if !member.recipients.contains(&add.recipient) {
            return Err(OpFault::UnknownRecipient { member: name });
        }
        if place.history.key(&id).is_some() {
            return Err(OpFault::KeyReused { key: id });
        }
        let verifying = VerifyingKey::parse(&add.key).map_err(OpFault::BadKey)?;
        let (recipient, sealed) = (add.recipient.clone(), add.sealed.clone());
        let key = DeviceKey { id, public: add.key, recipient: recipient.clone(), sealed };
        member.keys.insert(device.clone(), key);
        self.key_owners.insert(id, name.clone());
        let fact = KeyFact {
            member: name,
            device,
            public: add.key,
            verifying,
            recipient,
            sponsors: place.signers.to_vec(),
            since: place.position,
            active: Timeline::default(),
        };
        Ok(vec![Change::KeyOn(id, Box::new(fact))])
    }

    fn remove_key(&mut self, name: &Name, device: &Name, lost: bool, history: &History) -> Outcome {
        let member = self.member_mut(name)?;
        let key = member.keys.get(device).ok_or_else(|| OpFault::UnknownDevice {
            member: name.clone(),
            device: device.clone(),
        })?;
        let gone = match lost {
            true => history.sponsored_by(name, &key.id),
            false => BTreeSet::from([key.id]),
        };
        let before = member.keys.len();
        let mut removed = Vec::with_capacity(before);
        member.keys.retain(|_, key| {
            let stays = !gone.contains(&key.id);
            if !stays {
                removed.push(key.id);
            }
            stays
        });
        removed.iter().for_each(|id| drop(self.key_owners.remove(id)));
        Ok(removed.into_iter().map(Change::KeyOff).collect())
    }

    fn add_role(&mut self, role: &Name) -> Outcome {
        if self.roles.contains_key(role) {
            return Err(OpFault::RoleExists { role: role.clone() });
        }
        self.roles.insert(role.clone(), Role::default());
        Ok(Vec::new())
    }

    fn remove_role(&mut self, name: &Name) -> Outcome {
        if name.as_str() == OWNER {
            return Err(OpFault::OwnerRole);
        }
        let unknown = || OpFault::UnknownRole { role: name.clone() };
        let role = self.roles.remove(name).ok_or_else(unknown)?;
        self.make_due(name);
        let mut changes = Vec::new();
        for member in role.members {
            if let Some(found) = self.members.get_mut(&member) {
                found.roles.remove(name);
            }
            changes.push(Change::Leave(member, name.clone()));
        }
        let revoked = role.grants.into_iter();
        changes.extend(revoked.map(|(pattern, r)| Change::Revoke(name.clone(), pattern, r)));
        Ok(changes)
    }

    fn join(&mut self, role: &Name, name: &Name) -> Outcome {
        self.role_mut(role)?;
        if !self.member_mut(name)?.roles.insert(role.clone()) {
            return Err(OpFault::InRole { role: role.clone(), member: name.clone() });
        }
        self.role_mut(role)?.members.insert(name.clone());
        Ok(vec![Change::Join(name.clone(), role.clone())])
    }

    fn leave(&mut self, role: &Name, name: &Name) -> Outcome {
        self.role_mut(role)?;
        if !self.member_mut(name)?.roles.remove(role) {
            return Err(OpFault::NotInRole { role: role.clone(), member: name.clone() });
        }
        self.take_out(role, name)
    }

    fn grant(&mut self, role: &Name, pattern: &Pattern, rights: &[Right]) -> Outcome {
        let rights = distinct(rights)?;
        let granted = &mut self.plain_role(role)?.grants;
        let held = granted.entry(pattern.clone()).or_default();
        *held = held.union(rights);
        Ok(vec![Change::Grant(role.clone(), pattern.clone(), rights)])
    }

    fn revoke(&mut self, role: &Name, pattern: &Pattern, rights: &[Right]) -> Outcome {
        let rights = distinct(rights)?;
        let granted = &mut self.plain_role(role)?.grants;
        let held = granted.get(pattern).copied().unwrap_or_default();
        if held.intersection(rights) != rights {
            let (role, pattern) = (role.clone(), pattern.clone());
            return Err(OpFault::NotGranted { role, pattern });
        }
        match held.minus(rights) {
            Rights::NONE => drop(granted.remove(pattern)),
            left => drop(granted.insert(pattern.clone(), left)),
        }
        Ok(vec![Change::Revoke(role.clone(), pattern.clone(), rights)])
    }

    /// A role whose grants can change: any but `owner`.
    fn plain_role(&mut self, role: &Name) -> Result<&mut Role, OpFault> {
        if role.as_str() == OWNER {
            return Err(OpFault::OwnerRole);
        }
        self.role_mut(role)
    }

    fn begin_epoch(&mut self, op: &PolicyOp, place: &Place) -> Outcome {
        let PolicyOp::Epoch { audience, epoch, recipient, kek, envelope, skipped } = op else {
            return Ok(Vec::new());
        };
        let roles = audience::parse(audience).map_err(|_| OpFault::AudienceName)?;
        for role in &roles {
            self.role_mut(role)?;
        }
        if place.history.epoch(epoch).is_some() {
            return Err(OpFault::EpochReused { epoch: *epoch });
        }
        if check_recipient(recipient).map_err(OpFault::Recipient)? != RecipientKind::X25519 {
            // Its identity must stand in the envelope as an age identity that any reader has.
            return Err(OpFault::EpochRecipient);
        }
        let current = Epoch { epoch: *epoch, recipient: recipient.clone(), kek: *kek };
        let mut earlier = Vec::new();
        if let Some(old) = self.audiences.remove(audience) {
            earlier = old.earlier;
            earlier.push(old.current);
        }
        let skipped = skipped.iter().cloned().collect();
        let begun = Audience { roles, current, envelope: *envelope, skipped, earlier, left: false };
        self.audiences.insert(audience.clone(), begun);
        let (audience, recipient) = (audience.clone(), recipient.clone());
        let fact = EpochFact { audience, recipient, kek: *kek, position: place.position };
        Ok(vec![Change::Epoch(*epoch, fact)])
    }
}

/// The set of the rights that an op lists: at least one, none twice.
fn distinct(rights: &[Right]) -> Result<Rights, OpFault> {
    let set: Rights = rights.iter().copied().collect();
    let distinct = !rights.is_empty() && set.iter().count() == rights.len();
    if distinct { Ok(set) } else { Err(OpFault::Rights) }
}
