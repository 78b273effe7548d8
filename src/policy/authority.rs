//! Who may do which op, judged by the state before the entry (`docs/format.md`, Authority).

use super::audience;
use super::error::Needs;
use super::history::History;
use super::op::{PolicyOp, Right};
use super::state::{OWNER, State};
use crate::crypto::bytes::Id;
use crate::name::{Name, Pattern};
use std::collections::BTreeMap;

/// The signers of an entry, by the state that judges them.
pub struct Signers<'a> {
    state: &'a State,
    history: &'a History,
    /// How many distinct keys of each member sign.
    members: BTreeMap<&'a Name, usize>,
    owner_level: bool,
}

impl<'a> Signers<'a> {
    /// The signers with these keys, which the caller has found distinct: one key is one signer.
    ///
    /// # Errors
    /// The first key that is not in the state.
    pub(super) fn new(state: &'a State, history: &'a History, keys: &[Id]) -> Result<Self, Id> {
        let mut members = BTreeMap::new();
        for key in keys {
            *members.entry(state.key_owner(key).ok_or(*key)?).or_insert(0) += 1;
        }
        Ok(Self { state, history, members, owner_level: state.is_owner_level(keys) })
    }

    fn any(&self, test: impl Fn(&Name) -> bool) -> bool {
        self.members.keys().any(|member| test(member))
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

    /// Whether the signers may do what `op` does.
    ///
    /// # Errors
    /// What they would have needed.
    pub fn judge(&self, op: &PolicyOp) -> Result<(), Needs> {
        if self.owner_level {
            return Ok(());
        }
        match op {
            PolicyOp::MemberAdd { .. } | PolicyOp::RoleAdd { .. } => self.may_grant_anywhere(),
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
            PolicyOp::RoleJoin { role, .. } => self.giving_role(role),
            PolicyOp::Grant { pattern, rights, .. } => self.granting(pattern, rights),
            PolicyOp::Revoke { pattern, .. } => self.granting_on(pattern),
            PolicyOp::Epoch { audience, .. } | PolicyOp::Reseal { audience, .. } => {
                self.in_audience(audience)
            }
            PolicyOp::Setting { .. } | PolicyOp::Rebase { .. } | PolicyOp::Vault { .. } => {
                self.owners()
            }
        }
    }

    fn adding_key(&self, member: &Name) -> Result<(), Needs> {
        if self.members.get(member).is_some_and(|keys| *keys >= 2) {
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

    fn for_each_role(
        &self,
        member: &Name,
        test: impl Fn(&Name) -> Result<(), Needs>,
    ) -> Result<(), Needs> {
        let mut roles = self.state.member(member).into_iter().flat_map(|m| m.roles()).peekable();
        match roles.peek() {
            None => self.may_grant_anywhere(),
            Some(_) => roles.try_for_each(test),
        }
    }

    fn over_role(&self, role: &Name) -> Result<(), Needs> {
        if role.as_str() == OWNER {
            return self.owners();
        }
        let over = |signer: &Name| {
            self.patterns_of(role).all(|p| self.state.holds_pattern(signer, Right::Grant, p))
                && self.state.holds_anywhere(signer, Right::Grant)
        };
        self.any(over).then_some(()).ok_or_else(|| Needs::OverRole { role: role.clone() })
    }

    fn patterns_of(&self, role: &Name) -> impl Iterator<Item = &'a Pattern> {
        self.state.role(role).into_iter().flat_map(|role| role.grants()).map(|(pattern, _)| pattern)
    }

    fn giving_role(&self, role: &Name) -> Result<(), Needs> {
        if role.as_str() == OWNER {
            return self.owners();
        }
        let gives = |signer: &Name| {
            let mut grants = self.state.role(role).into_iter().flat_map(|role| role.grants());
            let mut read = self.history.ever_read(role);
            let holds = |right: Right, pattern| self.state.holds_pattern(signer, right, pattern);
            self.state.holds_anywhere(signer, Right::Grant)
                && grants.all(|(p, rights)| rights.with(Right::Grant).iter().all(|r| holds(r, p)))
                && read.all(|pattern| holds(Right::Read, pattern))
        };
        self.any(gives).then_some(()).ok_or_else(|| Needs::GivingRole { role: role.clone() })
    }

    /// Whether one signer may grant on the pattern and holds each of the rights on it.
    fn gives(&self, signer: &Name, pattern: &Pattern, rights: &[Right]) -> Result<(), Needs> {
        if !self.state.holds_pattern(signer, Right::Grant, pattern) {
            return Err(Needs::GrantOn { pattern: pattern.clone() });
        }
        let lacking = rights.iter().find(|r| !self.state.holds_pattern(signer, **r, pattern));
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
        let found = self.any(|s| self.state.holds_pattern(s, Right::Grant, pattern));
        found.then_some(()).ok_or_else(|| Needs::GrantOn { pattern: pattern.clone() })
    }

    fn in_audience(&self, audience: &str) -> Result<(), Needs> {
        let roles = audience::parse(audience).unwrap_or_default();
        let found = self.any(|signer| {
            let member = self.state.member(signer);
            let inside = member.is_some_and(|m| m.roles().any(|role| roles.contains(role)));
            inside && self.state.holds_anywhere(signer, Right::Grant)
        });
        found.then_some(()).ok_or_else(|| Needs::InAudience { audience: audience.to_owned() })
    }
}
