//! What a planned entry gives, to which credentials, and who stood behind these before.

use super::{AccessOfRole, Credential, Vouching, VouchingVerdict, pair};
use crate::crypto::id::KeyId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::key_id;
use crate::name::{Name, Pattern};
use crate::policy::chain::Chain;
use crate::policy::entry::PolicyEntry;
use crate::policy::op::PolicyOp;
use std::collections::{BTreeMap, BTreeSet};

/// What an entry gives, and to whom.
#[derive(Debug, Clone)]
pub struct Gift {
    pub access: AccessOfRole,
    /// Whether the role gets it; else the receivers get the role.
    pub is_grant: bool,
    /// Ordered by member, none twice.
    pub to: Vec<Receiver>,
}

/// A member that gets access by an entry.
#[derive(Debug, Clone)]
pub struct Receiver {
    pub member: Name,
    /// Of being in the role already, where the role gets something.
    pub membership: Option<VouchingVerdict>,
    /// Each device with the recipient that is its own.
    pub credentials: Vec<(Credential, VouchingVerdict)>,
    /// By key: the recipient that it is sealed to.
    sealed_to: BTreeMap<KeyId, RecipientText>,
}

impl Receiver {
    /// Whether a recipient is the one that a device's key is sealed to.
    pub fn is_pair(&self, key: &Credential, recipient: &Credential) -> bool {
        match (key, recipient) {
            (Credential::Key { id, .. }, Credential::Recipient(text)) => {
                self.sealed_to.get(id) == Some(text)
            }
            _ => false,
        }
    }

    /// Whether somebody stood behind all of it who could give it.
    pub fn is_vouched(&self) -> bool {
        self.membership
            .iter()
            .chain(self.credentials.iter().map(|(_, verdict)| verdict))
            .all(|verdict| verdict.is_vouched)
    }
}

/// Those of a member's credentials that get something.
enum Which<'a> {
    All,
    One(&'a Credential),
}

struct Plan<'a> {
    vouching: Vouching,
    before: &'a Chain,
    after: &'a Chain,
    /// The members that sign, and the keys that they sign with.
    signers: BTreeSet<Name>,
    keys: BTreeSet<KeyId>,
    gifts: Vec<Gift>,
}

impl Vouching {
    /// What `entry` gives, which follows the chain `before` and makes it `after`. What the entry adds
    /// is vouched for by its signers; what was there before is not, by their signing this alone.
    pub fn plan(&self, before: &Chain, after: &Chain, entry: &PolicyEntry) -> Vec<Gift> {
        let signers = entry.sigs.iter().filter_map(|signature| self.present(&signature.key));
        let mut plan = Plan {
            vouching: self.with_planned(entry, after.state()),
            before,
            after,
            signers: signers.cloned().collect(),
            keys: entry.sigs.iter().map(|signature| signature.key).collect(),
            gifts: Vec::new(),
        };
        entry.ops.iter().for_each(|op| plan.take(op));
        for gift in &mut plan.gifts {
            gift.to.sort_by(|a, b| a.member.cmp(&b.member));
            for to in &mut gift.to {
                pair(&mut to.credentials, |found| &found.0, |key| to.sealed_to.get(key));
            }
        }
        plan.gifts
    }
}

impl Plan<'_> {
    fn take(&mut self, op: &PolicyOp) {
        match op {
            PolicyOp::RoleJoin { role, member, .. } if self.is_in(self.after, role, member) => {
                let access = AccessOfRole::of_role(self.after, role);
                self.give(access, false, member, &Which::All);
            }
            PolicyOp::Grant { role, pattern, rights, .. } => {
                let granted = rights.iter().copied().collect();
                self.grant(&AccessOfRole::of_grant(role, pattern, granted), pattern);
            }
            PolicyOp::RecipientAdd { member, recipient, .. } => {
                self.add(member, &Credential::Recipient(recipient.clone()));
            }
            PolicyOp::KeyAdd(add) => {
                let (device, id) = (add.device.clone(), key_id(&add.key));
                self.add(&add.member, &Credential::Key { device, id });
            }
            _ => {}
        }
    }

    /// For those who are in the role before; who joins it by the same entry is told of all it has.
    fn grant(&mut self, access: &AccessOfRole, pattern: &Pattern) {
        let (before, after) = (self.before.state(), self.after.state());
        let role = before.role(&access.role).and_then(|_| after.role(&access.role));
        // What the entry takes away again is not given.
        let is_kept = role.is_some_and(|role| role.grants().any(|(granted, _)| granted == pattern));
        let members: Vec<Name> =
            role.into_iter().flat_map(|role| role.members()).cloned().collect();
        for member in members.iter().filter(|_| is_kept) {
            if self.is_in(self.before, &access.role, member) {
                self.give(access.clone(), true, member, &Which::All);
            }
        }
    }

    /// One more credential has what its member has.
    fn add(&mut self, member: &Name, credential: &Credential) {
        let roles = self.after.state().member(member).into_iter().flat_map(|found| found.roles());
        let roles: Vec<Name> =
            roles.filter(|role| self.is_in(self.before, role, member)).cloned().collect();
        for role in roles {
            let access = AccessOfRole::of_role(self.after, &role);
            self.give(access, false, member, &Which::One(credential));
        }
    }

    fn is_in(&self, chain: &Chain, role: &Name, member: &Name) -> bool {
        let found = chain.state().member(member);
        found.is_some_and(|found| found.roles().any(|own| own == role))
    }

    fn give(&mut self, access: AccessOfRole, is_grant: bool, member: &Name, which: &Which<'_>) {
        let receiver = self.receiver(&access, is_grant, member, which);
        let same = |gift: &&mut Gift| {
            gift.is_grant == is_grant
                && gift.access.role == access.role
                && (!is_grant || gift.access == access)
        };
        let Some(gift) = self.gifts.iter_mut().find(same) else {
            return self.gifts.push(Gift { access, is_grant, to: vec![receiver] });
        };
        match gift.to.iter_mut().find(|known| known.member == *member) {
            Some(known) => {
                let held: BTreeSet<&Credential> =
                    known.credentials.iter().map(|(c, _)| c).collect();
                let new: Vec<_> = receiver
                    .credentials
                    .iter()
                    .filter(|(c, _)| !held.contains(c))
                    .cloned()
                    .collect();
                known.credentials.extend(new);
                known.sealed_to.extend(receiver.sealed_to);
            }
            None => gift.to.push(receiver),
        }
    }

    fn receiver(
        &self,
        access: &AccessOfRole,
        is_grant: bool,
        member: &Name,
        which: &Which<'_>,
    ) -> Receiver {
        let state = self.before.state();
        let judged = |credential: &Credential| {
            let verdict = self.vouching.of_credential(state, member, credential, access);
            let (mut behind, later) = self.vouching.behind_for(member, credential, access);
            behind.extend(later);
            // Whoever signs by a key has it.
            if let Credential::Key { id, .. } = credential
                && self.keys.contains(id)
            {
                behind.push(*id);
            }
            (credential.clone(), self.excused(verdict, &behind, access))
        };
        let all = self.vouching.credentials(member);
        let credentials = all.filter(|found| match which {
            Which::All => true,
            Which::One(one) => found == one,
        });
        let membership = is_grant.then(|| {
            let verdict = self.vouching.of_membership(state, member, access);
            self.excused(verdict, self.vouching.behind_membership(member, &access.role), access)
        });
        let credentials: Vec<_> = credentials.map(judged).collect();
        let keys = credentials.iter().filter_map(|(credential, _)| match credential {
            Credential::Key { id, .. } => Some((*id, self.vouching.sealed_to(id)?.clone())),
            Credential::Recipient(_) => None,
        });
        let sealed_to = keys.collect();
        Receiver { member: member.clone(), membership, credentials, sealed_to }
    }

    /// Who signs need not be asked about what they vouched for themselves: the chain judges whether
    /// they may give it. Where several sign, that one of them vouched is no answer for the others. What is
    /// in a role without grants is its makers' to say, while nobody else signs: another who did would
    /// stand behind what they brought in.
    fn excused(
        &self,
        mut verdict: VouchingVerdict,
        behind: &[KeyId],
        access: &AccessOfRole,
    ) -> VouchingVerdict {
        let vouchers: BTreeSet<&Name> =
            behind.iter().filter_map(|key| self.vouching.present(key)).collect();
        let all_sign = |of: &BTreeSet<&Name>| {
            !self.signers.is_empty() && self.signers.iter().all(|name| of.contains(name))
        };
        let makers = self.vouching.makers(&access.role);
        let is_makers = access.is_empty() && all_sign(&makers) && !makers.is_disjoint(&vouchers);
        verdict.is_vouched |= is_makers || all_sign(&vouchers);
        verdict
    }
}
