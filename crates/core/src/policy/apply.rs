//! The effect of each op on the state, and when an op does not fit it.
//!
//! Whether the signers may do it is [`super::authority`]'s question, asked before, except for what
//! hangs on what a recipient was used for ([`super::registry`]). Recipients and keys are
//! `apply_keys`; key proofs are collected and checked by [`super::chain`].

use super::audience::{self, Audience, Epoch};
use super::chain::MAX_SIGNATURES;
use super::creators::Creators;
use super::error::{ChainFault, Limit, OpFault};
use super::gives::Cached;
use super::history::{EpochFact, FactChange, History};
use super::op::{Checkpoint, EpochReseal, EpochStart, MemberAdd, PolicyOp, Right, VaultStart};
use super::rights::Rights;
use super::state::{Charter, Closing, Member, OWNER, PolicyState, Role};
use crate::crypto::id::KeyId;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern};
use crate::policy::position::PolicyPosition;
use crate::record::ids::SUITE;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most recipients of a member.
pub(crate) const MAX_RECIPIENTS: usize = 16;

/// Where the op stands.
pub(super) struct OpContext<'a> {
    pub position: PolicyPosition,
    /// How many ops the entry has.
    pub ops: usize,
    /// The keys that sign the entry.
    pub signers: &'a Arc<[KeyId]>,
    pub history: &'a History,
    /// Who makes the members and roles that the entry adds.
    pub creators: &'a Creators,
    /// Whether enough owners sign for every op.
    pub owner_level: bool,
}

pub(super) type Applied = Result<Vec<FactChange>, OpFault>;

impl PolicyState {
    /// Applies one op. After an error the state is not to be used.
    pub(super) fn apply(
        &mut self,
        op: &PolicyOp,
        place: &OpContext,
    ) -> Result<Vec<FactChange>, ChainFault> {
        Ok(match op {
            PolicyOp::Vault(start) => self.state_vault(start)?,
            PolicyOp::MemberAdd(add) => self.add_member(add, place)?,
            PolicyOp::MemberRemove { member } => self.remove_member(member)?,
            PolicyOp::RecipientAdd { member, recipient, .. } => {
                self.add_recipient(member, recipient, place)?
            }
            PolicyOp::RecipientRemove { member, recipient } => {
                self.remove_recipient(member, recipient)?
            }
            PolicyOp::KeyAdd(add) => self.add_key(add, place)?,
            PolicyOp::KeyRemove { member, device, lost } => {
                self.remove_key(member, device, *lost, place.history)?
            }
            PolicyOp::RoleAdd { role } => self.add_role(role, place)?,
            PolicyOp::RoleRemove { role } => self.remove_role(role)?,
            PolicyOp::RoleJoin { role, member, .. } => self.join(role, member, place)?,
            PolicyOp::RoleLeave { role, member } => self.leave(role, member)?,
            PolicyOp::Grant { role, pattern, rights, .. } => {
                self.grant(role, pattern, rights, place)?
            }
            PolicyOp::Revoke { role, pattern, rights } => self.revoke(role, pattern, rights)?,
            PolicyOp::Epoch(start) => self.begin_epoch(start, place)?,
            PolicyOp::Reseal(reseal) => self.reseal(reseal, place)?,
            PolicyOp::Setting { key, value } => {
                self.settings.set(key, value).map_err(OpFault::Setting)?;
                Vec::new()
            }
            PolicyOp::Rebase { .. } => Vec::new(),
            PolicyOp::Threshold { owners } => self.set_threshold(*owners, place)?,
            PolicyOp::Checkpoint(checkpoint) => self.close(checkpoint, place)?,
        })
    }

    fn state_vault(&mut self, start: &VaultStart) -> Applied {
        let VaultStart { suite, nonce, name, threshold } = start;
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

    /// No more than there are owners, and than an entry has signatures: a threshold that no entry can meet
    /// would be the end of all that only owners may do.
    fn set_threshold(&mut self, owners: u32, place: &OpContext) -> Applied {
        if place.position == PolicyPosition::GENESIS {
            return Err(OpFault::ThresholdInGenesis);
        }
        if owners == 0 {
            return Err(OpFault::Threshold);
        }
        let most = self.owners().count().min(MAX_SIGNATURES);
        if usize::try_from(owners).is_ok_and(|owners| owners > most) {
            return Err(OpFault::ThresholdTooHigh { owners, most });
        }
        if let Some(charter) = &mut self.charter {
            charter.threshold = owners;
        }
        Ok(Vec::new())
    }

    /// Whether it tells the truth about the log is for [`crate::verify`] to find out.
    fn close(&mut self, checkpoint: &Checkpoint, place: &OpContext) -> Applied {
        if place.position == PolicyPosition::GENESIS || place.ops != 1 {
            return Err(OpFault::CheckpointPlace);
        }
        let before = self.checkpoint.as_ref().map_or(0, |closed| closed.stated.entries);
        if checkpoint.entries <= before {
            return Err(OpFault::CheckpointOrder { before });
        }
        let stated = Arc::new(checkpoint.clone());
        self.checkpoint = Some(Closing { position: place.position, stated });
        Ok(Vec::new())
    }

    pub(super) fn member_mut(&mut self, name: &Name) -> Result<&mut Member, OpFault> {
        let unknown = || OpFault::UnknownMember { member: name.clone() };
        self.members.get_mut(name).ok_or_else(unknown)
    }

    pub(super) fn role_mut(&mut self, name: &Name) -> Result<&mut Role, OpFault> {
        self.roles.get_mut(name).ok_or_else(|| OpFault::UnknownRole { role: name.clone() })
    }

    fn add_member(
        &mut self,
        add: &MemberAdd,
        place: &OpContext,
    ) -> Result<Vec<FactChange>, ChainFault> {
        let MemberAdd { member, kind, recipients, expires } = add;
        if self.members.contains_key(member) {
            return Err(OpFault::MemberExists { member: member.clone() }.into());
        }
        if let Some(taken) = self.member_names.alike(member).cloned() {
            return Err(OpFault::MemberAlike { taken }.into());
        }
        if recipients.is_empty() || recipients.len() > MAX_RECIPIENTS {
            let most = MAX_RECIPIENTS;
            return Err(OpFault::RecipientCount { member: member.clone(), most }.into());
        }
        self.keep_last_recipients(recipients.len(), place)?;
        self.member_adds += 1;
        let added = Member {
            kind: *kind,
            recipients: BTreeSet::new(),
            expires: *expires,
            keys: BTreeMap::new(),
            roles: BTreeSet::new(),
            ids: BTreeMap::new(),
            incarnation: self.member_adds,
            creators: place.creators.clone(),
            line: Cached::default(),
        };
        self.members.insert(member.clone(), added);
        self.member_names.add(member);
        let admitted = recipients.iter().map(|text| self.admit(member, text, place));
        admitted.collect()
    }

    fn remove_member(&mut self, name: &Name) -> Applied {
        let member = self.member_mut(name)?;
        let roles = std::mem::take(&mut member.roles);
        let keys: Vec<KeyId> = member.keys.values().map(|key| key.id).collect();
        let mut changes = Vec::new();
        for role in &roles {
            changes.extend(self.take_out(role, name)?);
        }
        self.members.remove(name).iter().for_each(|gone| self.registry.retire(gone.ids.values()));
        self.member_names.remove(name);
        keys.iter().for_each(|key| drop(self.key_owners.remove(key)));
        changes.extend(keys.into_iter().map(FactChange::KeyOff));
        Ok(changes)
    }

    /// Takes a member out of a role; the audiences of the role become due.
    fn take_out(&mut self, role: &Name, member: &Name) -> Applied {
        let threshold = self.threshold();
        let members = &mut self.role_mut(role)?.members;
        members.remove(member);
        if role.as_str() == OWNER && members.len() < threshold {
            return Err(OpFault::LastOwner { threshold });
        }
        self.make_due(role);
        Ok(vec![FactChange::Leave(member.clone(), role.clone())])
    }

    pub(super) fn make_due(&mut self, role: &Name) {
        for name in self.fresh.of(role) {
            let Some(audience) = self.audiences.get_mut(&*name) else { continue };
            audience.left = true;
            self.fresh.end(&name, &audience.roles);
        }
    }

    fn add_role(&mut self, role: &Name, place: &OpContext) -> Applied {
        if self.roles.contains_key(role) {
            return Err(OpFault::RoleExists { role: role.clone() });
        }
        if let Some(taken) = self.role_names.alike(role).cloned() {
            return Err(OpFault::RoleAlike { taken });
        }
        let added = Role { creators: place.creators.clone(), ..Role::default() };
        self.roles.insert(role.clone(), added);
        self.role_names.add(role);
        Ok(Vec::new())
    }

    fn remove_role(&mut self, name: &Name) -> Applied {
        if name.as_str() == OWNER {
            return Err(OpFault::OwnerRole);
        }
        let unknown = || OpFault::UnknownRole { role: name.clone() };
        let role = self.roles.remove(name).ok_or_else(unknown)?;
        self.role_names.remove(name);
        self.make_due(name);
        let mut changes = Vec::new();
        for member in role.members {
            if let Some(found) = self.members.get_mut(&member) {
                found.roles.remove(name);
            }
            changes.push(FactChange::Leave(member, name.clone()));
        }
        let revoked = role.grants.into_iter();
        changes.extend(revoked.map(|(pattern, r)| FactChange::Revoke(name.clone(), pattern, r)));
        Ok(changes)
    }

    /// The threshold, where too few owners sign.
    pub(super) fn owners_lacking(&self, place: &OpContext) -> Option<usize> {
        (!place.owner_level).then(|| self.threshold())
    }

    fn join(
        &mut self,
        role: &Name,
        name: &Name,
        place: &OpContext,
    ) -> Result<Vec<FactChange>, ChainFault> {
        let lacking = self.owners_lacking(place);
        let members = self.role_mut(role)?.members.len();
        let roles = &mut self.member_mut(name)?.roles;
        if roles.contains(role) {
            let (role, member) = (role.clone(), name.clone());
            return Err(OpFault::InRole { role, member }.into());
        }
        Limit::RolesOfMember.check(roles.len(), lacking)?;
        Limit::MembersOfRole.check(members, lacking)?;
        roles.insert(role.clone());
        self.role_mut(role)?.members.insert(name.clone());
        Ok(vec![FactChange::Join(name.clone(), role.clone())])
    }

    fn leave(&mut self, role: &Name, name: &Name) -> Applied {
        self.role_mut(role)?;
        if !self.member_mut(name)?.roles.remove(role) {
            return Err(OpFault::NotInRole { role: role.clone(), member: name.clone() });
        }
        self.take_out(role, name)
    }

    fn grant(
        &mut self,
        role: &Name,
        pattern: &Pattern,
        rights: &[Right],
        place: &OpContext,
    ) -> Result<Vec<FactChange>, ChainFault> {
        let rights = distinct(rights)?;
        let lacking = self.owners_lacking(place);
        let granted = &mut self.plain_role(role)?.grants;
        if let (there, false) = place.history.ever_granted(role, pattern) {
            Limit::PatternsOfRole.check(there, lacking)?;
        }
        let held = granted.entry(pattern.clone()).or_default();
        *held = held.union(rights);
        Ok(vec![FactChange::Grant(role.clone(), pattern.clone(), rights)])
    }

    fn revoke(&mut self, role: &Name, pattern: &Pattern, rights: &[Right]) -> Applied {
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
        Ok(vec![FactChange::Revoke(role.clone(), pattern.clone(), rights)])
    }

    /// A role whose grants can change: any but `owner`.
    fn plain_role(&mut self, role: &Name) -> Result<&mut Role, OpFault> {
        if role.as_str() == OWNER {
            return Err(OpFault::OwnerRole);
        }
        let found = self.role_mut(role)?;
        found.line.clear();
        Ok(found)
    }

    fn begin_epoch(&mut self, start: &EpochStart, place: &OpContext) -> Applied {
        let EpochStart { audience, epoch, recipient, kek, envelope, skipped } = start;
        if place.position == PolicyPosition::GENESIS {
            return Err(OpFault::InGenesis);
        }
        let roles = self.roles_if_new(audience)?;
        if place.history.epoch(epoch).is_some() {
            return Err(OpFault::EpochReused { epoch: *epoch });
        }
        self.registry.begin_epoch(recipient)?;
        let current = Epoch { epoch: *epoch, recipient: recipient.clone(), kek: *kek };
        let skipped = skipped.iter().cloned().collect();
        if let Some(known) = self.audiences.get_mut(audience) {
            // One that nobody left is among the fresh ones already.
            if known.left {
                self.fresh.begin(audience, &known.roles);
            }
            known.earlier.push(std::mem::replace(&mut known.current, current));
            (known.envelope, known.skipped, known.left) = (*envelope, skipped, false);
        } else {
            let (roles, earlier) = (roles.unwrap_or_default(), Vec::new());
            self.fresh.begin(audience, &roles);
            let begun =
                Audience { roles, current, envelope: *envelope, skipped, earlier, left: false };
            self.audiences.insert(audience.clone(), begun);
        }
        let (audience, recipient) = (audience.clone(), recipient.clone());
        let fact = EpochFact { audience, recipient, kek: *kek, position: place.position };
        Ok(vec![FactChange::Epoch(*epoch, fact)])
    }

    /// The roles of an audience that has no epoch yet. Those of any audience must be there.
    fn roles_if_new(&self, audience: &AudienceName) -> Result<Option<Vec<Name>>, OpFault> {
        let parsed = match self.audiences.contains_key(audience) {
            true => None,
            false => Some(audience::parse(audience).map_err(|_| OpFault::AudienceName)?),
        };
        let known = self.audiences.get(audience).map(|known| &known.roles);
        let mut roles = parsed.as_ref().or(known).into_iter().flatten();
        match roles.find(|role| !self.roles.contains_key(*role)) {
            Some(role) => Err(OpFault::UnknownRole { role: role.clone() }),
            None => Ok(parsed),
        }
    }

    fn reseal(&mut self, reseal: &EpochReseal, place: &OpContext) -> Applied {
        let EpochReseal { audience, epoch, envelope, skipped } = reseal;
        if place.position == PolicyPosition::GENESIS {
            return Err(OpFault::InGenesis);
        }
        let due = self.is_due(audience);
        let found = self.audiences.get_mut(audience).filter(|a| a.current.epoch == *epoch);
        let unknown = || OpFault::NotCurrent { audience: audience.clone(), epoch: *epoch };
        let found = found.ok_or_else(unknown)?;
        if due {
            return Err(OpFault::Due { audience: audience.clone() });
        }
        found.envelope = *envelope;
        found.skipped = skipped.iter().cloned().collect();
        Ok(Vec::new())
    }
}

/// The set of the rights that an op lists: at least one, none twice.
fn distinct(rights: &[Right]) -> Result<Rights, OpFault> {
    let set: Rights = rights.iter().copied().collect();
    let distinct = !rights.is_empty() && set.iter().count() == rights.len();
    if distinct { Ok(set) } else { Err(OpFault::Rights) }
}
