//! Whether those who stand behind a credential or a membership could give what it has, by the state
//! of now.

use super::{Credential, Signed, Vouching};
use crate::crypto::id::KeyId;
use crate::name::{Name, Pattern};
use crate::policy::chain::Chain;
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use crate::policy::rights::Rights;
use crate::policy::state::{OWNER, PolicyState};
use std::collections::BTreeSet;

/// What a role has, or is to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessOfRole {
    pub role: Name,
    /// `owner` has everything and no grants.
    pub grants: Vec<(Pattern, Rights)>,
    /// Patterns that it may not read any more, and once could: its members get the keys.
    pub once: Vec<Pattern>,
}

impl AccessOfRole {
    pub(crate) fn of_role(chain: &Chain, role: &Name) -> Self {
        let grants = chain.state().role(role).into_iter().flat_map(|found| found.grants());
        let grants: Vec<(Pattern, Rights)> = grants.map(|(p, r)| (p.clone(), r)).collect();
        let reads = |pattern: &Pattern| {
            grants.iter().any(|(granted, r)| r.has(Right::Read) && granted.contains(pattern))
        };
        let once = chain.ever_read(role).filter(|pattern| !reads(pattern)).cloned().collect();
        Self { role: role.clone(), grants, once }
    }

    pub(crate) fn of_grant(role: &Name, pattern: &Pattern, rights: Rights) -> Self {
        let grants = vec![(pattern.clone(), rights)];
        Self { role: role.clone(), grants, once: Vec::new() }
    }

    pub fn is_owner(&self) -> bool {
        self.role.as_str() == OWNER
    }

    /// Whether the role has nothing as yet.
    pub fn is_empty(&self) -> bool {
        !self.is_owner() && self.grants.is_empty() && self.once.is_empty()
    }

    /// The first pattern on which `giver` could not give all of it.
    fn lacks(&self, state: &PolicyState, giver: &Name) -> Option<&Pattern> {
        let holds = |right, pattern: &Pattern| state.holds_pattern(giver, right, pattern);
        let grants = self.grants.iter();
        let mut lacking = grants
            .filter(|(pattern, rights)| {
                !rights.with(Right::Grant).iter().all(|right| holds(right, pattern))
            })
            .map(|(pattern, _)| pattern)
            .chain(self.once.iter().filter(|pattern| !holds(Right::Read, pattern)));
        lacking.next()
    }

    /// Whether it is contained in what was given, each right on each pattern.
    pub(super) fn is_within(&self, given: &[&Self]) -> bool {
        if given.iter().any(|given| given.is_owner()) {
            return true;
        }
        if self.is_owner() || self.is_empty() {
            return false;
        }
        let has = |right, pattern: &Pattern| {
            let mut grants = given.iter().flat_map(|given| &given.grants);
            grants.any(|(granted, rights)| rights.has(right) && granted.contains(pattern))
        };
        let once = |pattern: &Pattern| {
            let mut all = given.iter().flat_map(|given| &given.once);
            has(Right::Read, pattern) || all.any(|once| once.contains(pattern))
        };
        let mut grants = self.grants.iter();
        grants.all(|(pattern, rights)| rights.iter().all(|right| has(right, pattern)))
            && self.once.iter().all(once)
    }

    /// Each grant for itself: several people may each have given one.
    fn pieces(&self) -> impl Iterator<Item = Self> {
        let role = || self.role.clone();
        let grants = self
            .grants
            .iter()
            .map(move |(pattern, rights)| Self::of_grant(&role(), pattern, *rights));
        let once = self.once.iter().map(|pattern| Self {
            role: self.role.clone(),
            grants: Vec::new(),
            once: vec![pattern.clone()],
        });
        grants.chain(once)
    }

    /// Whether these members could give it.
    fn is_given_by(&self, state: &PolicyState, givers: &BTreeSet<&Name>) -> bool {
        let owners = givers.iter().filter(|giver| state.is_owner(giver)).count();
        if owners >= state.threshold() {
            return true;
        }
        let may_grant = |giver: &Name| state.holds_anywhere(giver, Right::Grant);
        // What a role without grants will have nobody knows.
        !self.is_owner()
            && !self.is_empty()
            && givers.iter().any(|giver| may_grant(giver) && self.lacks(state, giver).is_none())
    }
}

/// How somebody stands who vouched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VoucherStatus {
    Member,
    /// Removed since; a member of the same name is somebody else.
    Left,
    /// With a device that was taken away as lost.
    Lost,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Voucher {
    pub member: Name,
    pub standing: VoucherStatus,
}

/// What is to be said of a credential or a membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VouchingVerdict {
    /// The signers of what brought it in.
    pub added: Vec<Voucher>,
    /// Further ones, who signed for it later.
    pub confirmed: Vec<Voucher>,
    /// Whether one of them could give what it has.
    pub is_vouched: bool,
    /// A pattern on which none of those that are there could give it.
    pub lacks: Option<Pattern>,
    /// Whether one of them is an owner: then too few are.
    pub has_owner: bool,
    /// Whether it comes by the proposal that is looked at, whatever its proposer could give.
    pub is_of_proposal: bool,
}

impl VouchingVerdict {
    /// Whether none of those who vouched is there.
    pub fn is_orphan(&self) -> bool {
        let mut all = self.added.iter().chain(&self.confirmed);
        all.all(|voucher| voucher.standing != VoucherStatus::Member)
    }
}

impl Vouching {
    /// Of a member's credential, for what is to be had by it.
    pub(crate) fn of_credential(
        &self,
        state: &PolicyState,
        member: &Name,
        credential: &Credential,
        access: &AccessOfRole,
    ) -> VouchingVerdict {
        let (added, confirmed) = self.behind_for(member, credential, access);
        let is_root = matches!(credential, Credential::Key { id, .. } if self.roots.contains(id));
        let reaches = |part: &AccessOfRole| {
            self.reaches(state, member, credential, part, &mut BTreeSet::new())
        };
        let mut parts = access.pieces().peekable();
        let is_vouched = is_root
            || reaches(access)
            || (parts.peek().is_some() && parts.all(|part| reaches(&part)));
        self.verdict(state, member, (&added, &confirmed), access, is_vouched)
    }

    /// Of a membership, for what the role has or gets. That somebody joined by their own signature
    /// says nothing unless they could give it.
    pub(crate) fn of_membership(
        &self,
        state: &PolicyState,
        member: &Name,
        access: &AccessOfRole,
    ) -> VouchingVerdict {
        let person = self.people.get(member);
        let joined = person.and_then(|person| person.roles.get(&access.role));
        let keys = self.behind_membership(member, &access.role);
        let is_root = joined.is_some_and(|signed| signed.position == PolicyPosition::GENESIS);
        let givers: BTreeSet<&Name> = keys.iter().filter_map(|key| self.present(key)).collect();
        let is_vouched = is_root || access.is_given_by(state, &givers);
        self.verdict(state, member, (keys, &[]), access, is_vouched)
    }

    /// The keys that let a member into a role.
    pub(super) fn behind_membership(&self, member: &Name, role: &Name) -> &[KeyId] {
        let joined = self.people.get(member).and_then(|person| person.roles.get(role));
        joined.map_or(&[][..], |signed| &signed.by)
    }

    /// Who made a role, of those who are there.
    pub(super) fn makers(&self, role: &Name) -> BTreeSet<&Name> {
        let made = self.roles.get(role).into_iter().flat_map(|made| &made.signed.by);
        made.filter_map(|key| self.present(key)).collect()
    }

    /// Whether a key speaks for the credential: another's that could give the access, or the
    /// member's own that is itself vouched for it.
    fn reaches(
        &self,
        state: &PolicyState,
        own: &Name,
        credential: &Credential,
        access: &AccessOfRole,
        seen: &mut BTreeSet<KeyId>,
    ) -> bool {
        let mut givers = BTreeSet::new();
        let (added, confirmed) = self.behind_for(own, credential, access);
        for key in added.iter().chain(&confirmed) {
            let Some(member) = self.present(key) else { continue };
            // A member's word for itself counts by what the key is vouched for alone.
            if member != own {
                givers.insert(member);
            } else if self.roots.contains(key) || self.own_reaches(state, own, key, access, seen) {
                return true;
            }
        }
        access.is_given_by(state, &givers)
    }

    fn own_reaches(
        &self,
        state: &PolicyState,
        own: &Name,
        key: &KeyId,
        access: &AccessOfRole,
        seen: &mut BTreeSet<KeyId>,
    ) -> bool {
        if !seen.insert(*key) {
            return false;
        }
        let Some(credential) = self.key_of(own, key) else { return false };
        self.reaches(state, own, credential, access, seen)
    }

    pub(super) fn key_of(&self, member: &Name, key: &KeyId) -> Option<&Credential> {
        let mut all = self.people.get(member)?.credentials.keys();
        all.find(|found| matches!(found, Credential::Key { id, .. } if id == key))
    }

    fn verdict(
        &self,
        state: &PolicyState,
        member: &Name,
        (added, confirmed): (&[KeyId], &[KeyId]),
        access: &AccessOfRole,
        is_vouched: bool,
    ) -> VouchingVerdict {
        let present = added.iter().chain(confirmed).find_map(|key| self.present(key));
        let mut all = added.iter().chain(confirmed).filter_map(|key| self.present(key));
        let has_owner = all.any(|voucher| voucher != member && state.is_owner(voucher));
        let (added, confirmed) = self.shown(member, added, confirmed);
        let lacks = present.filter(|_| !is_vouched).and_then(|giver| access.lacks(state, giver));
        let (lacks, is_of_proposal) = (lacks.cloned(), false);
        VouchingVerdict { added, confirmed, is_vouched, lacks, has_owner, is_of_proposal }
    }

    fn vouchers(&self, keys: &[KeyId]) -> Vec<Voucher> {
        let voucher = |key: &KeyId| {
            let holder = self.keys.get(key)?;
            let person = self.people.get(&holder.member);
            let is_there = person.is_some_and(|person| person.incarnation == holder.incarnation);
            let standing = match (is_there, holder.lost) {
                (true, false) => VoucherStatus::Member,
                (true, true) => VoucherStatus::Lost,
                (false, _) => VoucherStatus::Left,
            };
            Some(Voucher { member: holder.member.clone(), standing })
        };
        keys.iter().filter_map(voucher).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Who added a credential, and who confirmed it since.
    pub(crate) fn vouchers_of(
        &self,
        member: &Name,
        credential: &Credential,
    ) -> (Vec<Voucher>, Vec<Voucher>) {
        let (added, confirmed) = self.behind(member, credential);
        self.shown(member, &added, &confirmed)
    }

    /// Who added something, and who else stood for it: a member's word for itself is none.
    fn shown(
        &self,
        member: &Name,
        added: &[KeyId],
        confirmed: &[KeyId],
    ) -> (Vec<Voucher>, Vec<Voucher>) {
        let (added, mut confirmed) = (self.vouchers(added), self.vouchers(confirmed));
        confirmed.retain(|voucher| voucher.member != *member && !added.contains(voucher));
        (added, confirmed)
    }

    /// Who let a member in.
    pub(crate) fn of_member(&self, member: &Name) -> Vec<Voucher> {
        self.people.get(member).map_or_else(Vec::new, |person| self.signed_by(&person.added))
    }

    /// Who made a role.
    pub(crate) fn of_role(&self, role: &Name) -> Vec<Voucher> {
        self.roles.get(role).map_or_else(Vec::new, |made| self.signed_by(&made.signed))
    }

    fn signed_by(&self, signed: &Signed) -> Vec<Voucher> {
        self.vouchers(&signed.by)
    }
}
