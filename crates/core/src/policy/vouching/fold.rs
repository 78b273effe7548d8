//! From entries to who stands behind what: what each op brings in, takes away and confirms.

use super::{
    AccessOfRole, Added, Confirmed, Credential, Deed, Holder, Made, Person, Signed, Vouching,
};
use crate::crypto::sign::key_id;
use crate::name::Name;
use crate::policy::chain::Chain;
use crate::policy::entry::PolicyEntry;
use crate::policy::op::{MemberAdd, PolicyOp};
use crate::policy::position::PolicyPosition;
use crate::policy::rights::Rights;
use crate::policy::state::{Member, OWNER, PolicyState};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Vouching {
    pub(super) fn take(
        &mut self,
        entry: &PolicyEntry,
        after: &PolicyState,
        confirms: Option<&Chain>,
    ) {
        let by = entry.sigs.iter().map(|signature| signature.key).collect();
        let signed = Signed { position: self.entries, by };
        if self.entries == PolicyPosition::GENESIS {
            self.roots.extend(&signed.by);
        }
        entry.ops.iter().for_each(|op| self.note(op, &signed));
        entry.ops.iter().for_each(|op| self.note_removal(op, after));
        if let Some(chain) = confirms {
            entry.ops.iter().for_each(|op| self.confirm(op, &signed, chain));
        }
        self.entries = self.entries.next();
    }

    fn note(&mut self, op: &PolicyOp, signed: &Signed) {
        match op {
            PolicyOp::MemberAdd(MemberAdd { member, recipients, .. }) => {
                self.incarnations += 1;
                let recipients = recipients.iter().cloned().map(Credential::Recipient);
                let added = || Added { signed: signed.clone(), gone: false };
                let person = Person {
                    incarnation: self.incarnations,
                    added: signed.clone(),
                    credentials: recipients.map(|recipient| (recipient, added())).collect(),
                    confirmed: BTreeMap::new(),
                    roles: BTreeMap::new(),
                    owner_since: None,
                };
                self.people.insert(member.clone(), person);
            }
            PolicyOp::MemberRemove { member } => self.remove_member(member, signed.position),
            PolicyOp::RecipientAdd { member, recipient, .. } => {
                self.add(member, Credential::Recipient(recipient.clone()), signed);
            }
            PolicyOp::KeyAdd(add) => {
                let id = key_id(&add.key);
                let incarnation = self.people.get(&add.member).map_or(0, |p| p.incarnation);
                let member = add.member.clone();
                self.sealed.insert(id, add.recipient.clone());
                self.keys.insert(
                    id,
                    Holder { member, incarnation, since: signed.position, lost: false },
                );
                self.add(&add.member, Credential::Key { device: add.device.clone(), id }, signed);
            }
            _ => self.note_role(op, signed),
        }
    }

    fn note_role(&mut self, op: &PolicyOp, signed: &Signed) {
        match op {
            PolicyOp::RoleAdd { role } => {
                let behind = signed.by.iter().copied().collect();
                let made = Made { signed: signed.clone(), members: BTreeSet::new(), behind };
                self.roles.insert(role.clone(), made);
            }
            PolicyOp::RoleRemove { role } => {
                for member in self.roles.remove(role).into_iter().flat_map(|made| made.members) {
                    self.people.get_mut(&member).map(|person| person.roles.remove(role));
                }
            }
            PolicyOp::RoleJoin { role, member, .. } => {
                if let Some(person) = self.people.get_mut(member) {
                    person.roles.insert(role.clone(), signed.clone());
                    if role.as_str() == OWNER {
                        person.owner_since.get_or_insert(signed.position);
                    }
                }
                let made = self.roles.entry(role.clone()).or_default();
                made.members.insert(member.clone());
                made.behind.extend(&signed.by);
            }
            PolicyOp::RoleLeave { role, member } => {
                self.people.get_mut(member).map(|person| person.roles.remove(role));
                self.roles.get_mut(role).map(|made| made.members.remove(member));
            }
            PolicyOp::Grant { role, .. } => {
                self.roles.entry(role.clone()).or_default().behind.extend(&signed.by);
            }
            _ => {}
        }
    }

    fn add(&mut self, member: &Name, credential: Credential, signed: &Signed) {
        if let Some(person) = self.people.get_mut(member) {
            let added = Added { signed: signed.clone(), gone: false };
            person.credentials.insert(credential, added);
        }
    }

    fn remove_member(&mut self, member: &Name, position: PolicyPosition) {
        let Some(person) = self.people.remove(member) else { return };
        self.departed.insert(person.incarnation, position);
        for role in person.roles.keys() {
            self.roles.get_mut(role).map(|made| made.members.remove(member));
        }
    }

    /// What one op takes away can be more than it names: the state says what is left.
    fn note_removal(&mut self, op: &PolicyOp, after: &PolicyState) {
        let (name, is_lost) = match op {
            PolicyOp::KeyRemove { member, lost, .. } => (member, *lost),
            PolicyOp::RecipientRemove { member, .. } => (member, false),
            _ => return,
        };
        let (Some(person), Some(left)) = (self.people.get_mut(name), after.member(name)) else {
            return;
        };
        for (credential, added) in &mut person.credentials {
            if added.gone || is_in_force(left, credential) {
                continue;
            }
            added.gone = true;
            if let Credential::Key { id, .. } = credential
                && let Some(holder) = self.keys.get_mut(id)
            {
                holder.lost |= is_lost;
            }
        }
    }

    /// Notes what an op's `gives` covers besides what the entry itself adds, and what it gives to it. What
    /// the same entry takes away again nobody was shown.
    fn confirm(&mut self, op: &PolicyOp, signed: &Signed, chain: &Chain) {
        match op {
            PolicyOp::RoleJoin { role: name, member, .. } => {
                let role = chain.state().role(name);
                if role.is_some_and(|role| role.members().any(|found| found == member)) {
                    let given = Arc::new(AccessOfRole::of_role(chain, name));
                    self.confirm_member(member, signed, &(name.clone(), None), &given);
                }
            }
            PolicyOp::Grant { role: name, pattern, rights, .. } => {
                let Some(role) = chain.state().role(name) else { return };
                let left = role.grants().find(|(granted, _)| *granted == pattern);
                let granted: Rights = rights.iter().copied().collect();
                let granted = left.map_or(Rights::NONE, |(_, left)| left.intersection(granted));
                if granted.is_empty() {
                    return;
                }
                let given = Arc::new(AccessOfRole::of_grant(name, pattern, granted));
                let deed = (name.clone(), Some((pattern.clone(), granted)));
                role.members()
                    .for_each(|member| self.confirm_member(member, signed, &deed, &given));
            }
            _ => {}
        }
    }

    fn confirm_member(
        &mut self,
        member: &Name,
        signed: &Signed,
        deed: &Deed,
        given: &Arc<AccessOfRole>,
    ) {
        let Some(person) = self.people.get_mut(member) else { return };
        for key in &signed.by {
            let confirmed = Confirmed { position: signed.position, given: given.clone() };
            person.confirmed.entry(*key).or_default().insert(deed.clone(), confirmed);
        }
    }
}

fn is_in_force(member: &Member, credential: &Credential) -> bool {
    match credential {
        Credential::Key { id, .. } => member.keys.values().any(|key| key.id == *id),
        Credential::Recipient(text) => member.recipients.contains(text),
    }
}
