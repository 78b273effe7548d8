//! Who may do which op, judged by the state before the entry (`docs/format.md`, Authority). Who may
//! give an audience keys is [`super::sealers`]'s question.

use super::creators::Creators;
use super::error::Needs;
use super::history::History;
use super::op::{PolicyOp, Right};
use super::sealers::{After, Sealers};
use super::state::{Member, OWNER, PolicyState, Role};
use super::widest::WidestReach;
use crate::crypto::id::KeyId;
use crate::name::{Name, Pattern};
use std::collections::BTreeMap;

/// The signers of an entry, by the state that judges them.
pub(crate) struct Signers<'a> {
    state: &'a PolicyState,
    history: &'a History,
    members: BTreeMap<&'a Name, Signer<'a>>,
    owner_level: bool,
}

struct Signer<'a> {
    /// The distinct keys of the member that sign.
    keys: Vec<KeyId>,
    reach: WidestReach<'a>,
}

impl<'a> Signers<'a> {
    /// The signers with these keys, which the caller has found distinct: one key is one signer.
    ///
    /// # Errors
    /// The first key that is not in the state.
    pub(super) fn new(
        state: &'a PolicyState,
        history: &'a History,
        keys: &[KeyId],
    ) -> Result<Self, KeyId> {
        let mut members = BTreeMap::new();
        for key in keys {
            let name = state.key_owner(key).ok_or(*key)?;
            let signer = || Signer { keys: Vec::new(), reach: WidestReach::new(state, name) };
            members.entry(name).or_insert_with(signer).keys.push(*key);
        }
        Ok(Self { state, history, members, owner_level: state.is_owner_level(keys) })
    }

    /// Whether enough owners sign for every op.
    pub(super) fn is_owner_level(&self) -> bool {
        self.owner_level
    }

    /// The signers that become creators of what they add.
    pub(super) fn creators(&self) -> Creators {
        self.state.creators_among(self.members.keys().copied())
    }

    /// What of the signers counts for giving keys to audiences.
    pub(crate) fn sealers(&self) -> Sealers {
        Sealers::new(
            self.state,
            self.members.iter().map(|(name, signer)| (*name, &signer.keys[..])),
        )
    }

    fn any(&self, test: impl Fn(&Name) -> bool) -> bool {
        self.members.keys().any(|member| test(member))
    }

    /// Whether a signer has `right` by one grant that covers all of `pattern`.
    fn holds(&self, signer: &Name, right: Right, pattern: &Pattern) -> bool {
        self.members.get(signer).is_some_and(|signer| signer.reach.holds(right, pattern))
    }

    fn signs(&self, member: &Name) -> bool {
        self.members.contains_key(member)
    }

    fn may_grant_anywhere(&self) -> Result<(), Needs> {
        let found = self.any(|signer| self.state.holds_anywhere(signer, Right::Grant));
        found.then_some(()).ok_or(Needs::GrantAnywhere)
    }

    fn owners(&self) -> Result<(), Needs> {
        let threshold = self.state.threshold();
        self.owner_level.then_some(()).ok_or(Needs::Owners { threshold })
    }

    /// Whether the signers may do what `op` does; keys of an audience are judged as if the entry did
    /// nothing else.
    ///
    /// # Errors
    /// What they would have needed.
    pub fn judge(&self, op: &PolicyOp) -> Result<(), Needs> {
        if self.owner_level {
            return Ok(());
        }
        match op {
            PolicyOp::MemberAdd(_) | PolicyOp::RoleAdd { .. } => self.may_grant_anywhere(),
            PolicyOp::MemberRemove { member }
            | PolicyOp::KeyRemove { member, .. }
            | PolicyOp::RecipientRemove { member, .. }
            | PolicyOp::RecipientAdd { member, .. }
            | PolicyOp::RoleLeave { member, .. }
                if self.signs(member) =>
            {
                Ok(())
            }
            PolicyOp::MemberRemove { member }
            | PolicyOp::KeyRemove { member, .. }
            | PolicyOp::RecipientRemove { member, .. } => self.over_member(member),
            PolicyOp::RecipientAdd { member, .. } => self.standing_in_for(member),
            PolicyOp::KeyAdd(add) => self.adding_key(&add.member),
            PolicyOp::RoleRemove { role } => self.over_role(role),
            PolicyOp::RoleLeave { role, .. } => self.over_role(role),
            PolicyOp::RoleJoin { role, member, .. } => {
                self.giving_role(role).and_then(|()| self.placing(member))
            }
            PolicyOp::Grant { pattern, rights, .. } => self.granting(pattern, rights),
            PolicyOp::Revoke { pattern, .. } => self.granting_on(pattern),
            PolicyOp::Epoch(_) | PolicyOp::Reseal(_) => {
                self.sealers().judge(op, After { state: self.state, history: self.history })
            }
            PolicyOp::Setting { .. }
            | PolicyOp::Rebase { .. }
            | PolicyOp::Threshold { .. }
            | PolicyOp::Checkpoint(_)
            | PolicyOp::Vault(_) => self.owners(),
        }
    }

    fn adding_key(&self, member: &Name) -> Result<(), Needs> {
        if self.members.get(member).is_some_and(|signer| signer.keys.len() >= 2) {
            return Ok(());
        }
        self.standing_in_for(member).map_err(|needs| match needs {
            Needs::Owners { .. } => needs,
            _ => Needs::TwoKeys { member: member.clone() },
        })
    }

    fn over_member(&self, member: &Name) -> Result<(), Needs> {
        self.for_each_role(member, |role| self.over_role(role))
    }

    /// Who adds a key or a recipient to a member can act or read as that member: it must be able to
    /// give the member's roles, not only to take them.
    fn standing_in_for(&self, member: &Name) -> Result<(), Needs> {
        self.for_each_role(member, |role| self.giving_role(role))
    }

    /// A member that this entry adds has no roles to ask about. One that has none in the state before
    /// is its creator's: "each of no roles" would make it everybody's, to be given roles later by
    /// who does not look. So is one whose roles give nothing, since whoever made those would else
    /// come to act for it.
    fn for_each_role(
        &self,
        name: &Name,
        test: impl Fn(&Name) -> Result<(), Needs>,
    ) -> Result<(), Needs> {
        let Some(member) = self.state.member(name) else { return self.may_grant_anywhere() };
        if !self.has_grants(member) {
            self.created(name, member)?;
        }
        member.roles().try_for_each(test)
    }

    fn has_grants(&self, member: &Member) -> bool {
        let mut roles = member.roles();
        roles.any(|role| {
            let found = self.state.role(role);
            role.as_str() == OWNER || found.is_some_and(|role| role.grants().next().is_some())
        })
    }

    fn created(&self, name: &Name, member: &Member) -> Result<(), Needs> {
        let made = self.any(|signer| self.state.is_creator(signer, &member.creators));
        made.then_some(()).ok_or_else(|| Needs::MembersCreator { member: name.clone() })
    }

    /// Whether the signers may put a member into a role: its first is given by its creator, or itself.
    fn placing(&self, name: &Name) -> Result<(), Needs> {
        match self.state.member(name) {
            Some(member) if !self.has_grants(member) && !self.signs(name) => {
                self.created(name, member)
            }
            _ => Ok(()),
        }
    }

    fn over_role(&self, role: &Name) -> Result<(), Needs> {
        self.any_over_role(role, |_| true, || Needs::OverRole { role: role.clone() })
    }

    fn giving_role(&self, role: &Name) -> Result<(), Needs> {
        let gives = |signer: &Name| {
            let mut grants = self.state.role(role).into_iter().flat_map(|role| role.grants());
            let mut read = self.history.ever_read(role);
            let holds = |right: Right, pattern| self.holds(signer, right, pattern);
            grants.all(|(p, rights)| rights.iter().all(|r| holds(r, p)))
                && read.all(|pattern| holds(Right::Read, pattern))
        };
        self.any_over_role(role, gives, || Needs::GivingRole { role: role.clone() })
    }

    /// Whether a signer who is over the role is `able` besides.
    fn any_over_role(
        &self,
        name: &Name,
        able: impl Fn(&Name) -> bool,
        needs: impl Fn() -> Needs,
    ) -> Result<(), Needs> {
        if name.as_str() == OWNER {
            return self.owners();
        }
        let made = |signer: &Name, role: &Role| self.state.is_creator(signer, &role.creators);
        let grants_all = |signer: &Name, role: &Role| {
            role.grants().all(|(p, _)| self.holds(signer, Right::Grant, p))
        };
        let role = self.state.role(name);
        let is_bare = role.is_some_and(|role| role.grants().next().is_none());
        let over = |signer: &Name| match role {
            // The entry adds it.
            None => self.state.holds_anywhere(signer, Right::Grant),
            Some(role) if is_bare => made(signer, role),
            Some(role) => grants_all(signer, role),
        };
        if self.any(|signer| over(signer) && able(signer)) {
            return Ok(());
        }
        Err(if is_bare { Needs::RolesCreator { role: name.clone() } } else { needs() })
    }

    /// Whether one signer may grant on the pattern and holds each of the rights on it.
    fn gives(&self, signer: &Name, pattern: &Pattern, rights: &[Right]) -> Result<(), Needs> {
        if !self.holds(signer, Right::Grant, pattern) {
            return Err(Needs::GrantOn { pattern: pattern.clone() });
        }
        let lacking = rights.iter().find(|r| !self.holds(signer, **r, pattern));
        let needs = |right: &Right| Needs::Giving { pattern: pattern.clone(), right: *right };
        lacking.map_or(Ok(()), |right| Err(needs(right)))
    }

    fn granting(&self, pattern: &Pattern, rights: &[Right]) -> Result<(), Needs> {
        let mut needs = Needs::GrantOn { pattern: pattern.clone() };
        for signer in self.members.keys() {
            match self.gives(signer, pattern, rights) {
                Ok(()) => return Ok(()),
                // The nearest miss tells most.
                Err(lacks @ Needs::Giving { .. }) => needs = lacks,
                Err(_) => {}
            }
        }
        Err(needs)
    }

    fn granting_on(&self, pattern: &Pattern) -> Result<(), Needs> {
        let found = self.any(|s| self.holds(s, Right::Grant, pattern));
        found.then_some(()).ok_or_else(|| Needs::GrantOn { pattern: pattern.clone() })
    }
}
