//! Roles, grants and settings: from what was asked to the ops that are still needed for it.

use crate::name::{Name, NameError, Pattern};
use crate::policy::op::{PolicyOp, Right};
use crate::policy::rights::Rights;
use crate::policy::state::{OWNER, PolicyState};
use std::str::FromStr;

/// The text is no list of rights, or no grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantSyntax {
    #[error("rights are read, write, rotate, delete and grant, joined with ','")]
    Right,
    #[error("a grant is RIGHTS:PATTERN, such as read,write:prod/*")]
    Colon,
    #[error(transparent)]
    Pattern(#[from] NameError),
}

/// A list of rights as users write it: `read,write`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RightList(pub Rights);

impl FromStr for RightList {
    type Err = GrantSyntax;

    fn from_str(text: &str) -> Result<Self, GrantSyntax> {
        let known = |word: &str| Right::ALL.into_iter().find(|right| right.as_str() == word);
        let rights: Option<Rights> = text.split(',').map(|word| known(word.trim())).collect();
        rights.map(Self).ok_or(GrantSyntax::Right)
    }
}

/// A grant as users write it: `read,write:prod/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGrant {
    pub pattern: Pattern,
    pub rights: Rights,
}

impl FromStr for RoleGrant {
    type Err = GrantSyntax;

    fn from_str(text: &str) -> Result<Self, GrantSyntax> {
        let (rights, pattern) = text.split_once(':').ok_or(GrantSyntax::Colon)?;
        let RightList(rights) = rights.parse()?;
        Ok(Self { pattern: pattern.parse()?, rights })
    }
}

/// Makes a role with grants.
pub fn create_role(role: &Name, grants: &[RoleGrant]) -> Vec<PolicyOp> {
    let grants = grants.iter().map(|grant| grant_op(role, &grant.pattern, grant.rights));
    std::iter::once(PolicyOp::RoleAdd { role: role.clone() }).chain(grants).collect()
}

/// Gives a role rights on a pattern; no op if it has them.
pub fn grant(state: &PolicyState, role: &Name, grant: &RoleGrant) -> Vec<PolicyOp> {
    let held = state.role(role).into_iter().flat_map(|found| found.grants());
    let held = held.filter(|(pattern, _)| **pattern == grant.pattern);
    let held = held.fold(Rights::NONE, |all, (_, rights)| all.union(rights));
    if grant.rights.minus(held).is_empty() {
        return Vec::new();
    }
    vec![grant_op(role, &grant.pattern, grant.rights)]
}

fn grant_op(role: &Name, pattern: &Pattern, rights: Rights) -> PolicyOp {
    PolicyOp::grant(role.clone(), pattern.clone(), rights.iter().collect())
}

/// Lets a member into a role; no op if it is in it.
pub fn join(state: &PolicyState, role: &Name, member: &Name) -> Vec<PolicyOp> {
    let inside = state.member(member).is_some_and(|found| found.roles().any(|own| own == role));
    if inside {
        return Vec::new();
    }
    vec![PolicyOp::role_join(role.clone(), member.clone())]
}

/// A role does not have what is to be taken from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    #[error("there is no role {role}")]
    NoRole { role: Name },
    #[error("the rights of the role owner cannot be revoked: an owner has every right on '*'")]
    Owner,
    #[error("the role {role} has no such grant on exactly {pattern}")]
    NotGranted { role: Name, pattern: Pattern, reaching: Vec<RoleGrant> },
}

/// Takes rights on a pattern from a role: those of them that it has on exactly this pattern.
pub fn revoke(
    state: &PolicyState,
    role: &Name,
    grant: &RoleGrant,
) -> Result<Vec<PolicyOp>, RevokeError> {
    if role.as_str() == OWNER {
        return Err(RevokeError::Owner);
    }
    let found = state.role(role).ok_or_else(|| RevokeError::NoRole { role: role.clone() })?;
    let held = found.grants().find(|(pattern, _)| **pattern == grant.pattern);
    let taken = held.map_or(Rights::NONE, |(_, rights)| rights.intersection(grant.rights));
    let (role, pattern) = (role.clone(), grant.pattern.clone());
    if taken.is_empty() {
        let reaching = reaching(state, &role, grant);
        return Err(RevokeError::NotGranted { role, pattern, reaching });
    }
    Ok(vec![PolicyOp::Revoke { role, pattern, rights: taken.iter().collect() }])
}

/// The grants by which a role has any of these rights on any of what the pattern matches.
pub fn reaching(state: &PolicyState, role: &Name, asked: &RoleGrant) -> Vec<RoleGrant> {
    let grants = state.role(role).into_iter().flat_map(|found| found.grants());
    let meets = |other: &Pattern| other.contains(&asked.pattern) || asked.pattern.contains(other);
    grants
        .map(|(pattern, held)| (pattern, held.intersection(asked.rights)))
        .filter(|(pattern, rights)| meets(pattern) && !rights.is_empty())
        .map(|(pattern, rights)| RoleGrant { pattern: pattern.clone(), rights })
        .collect()
}

/// Takes a member out of a role; no op if it is not in it.
pub fn leave(
    state: &PolicyState,
    role: &Name,
    member: &Name,
) -> Result<Vec<PolicyOp>, RevokeError> {
    let found = state.role(role).ok_or_else(|| RevokeError::NoRole { role: role.clone() })?;
    let (role, member) = (role.clone(), member.clone());
    let inside = found.members().any(|other| *other == member);
    Ok(inside.then_some(PolicyOp::RoleLeave { role, member }).into_iter().collect())
}

/// Removes a role; returns its members too.
pub fn remove_role(
    state: &PolicyState,
    role: &Name,
) -> Result<(Vec<PolicyOp>, Vec<Name>), RevokeError> {
    if role.as_str() == OWNER {
        return Err(RevokeError::Owner);
    }
    let found = state.role(role).ok_or_else(|| RevokeError::NoRole { role: role.clone() })?;
    Ok((vec![PolicyOp::RoleRemove { role: role.clone() }], found.members().cloned().collect()))
}

/// Sets, or with no value unsets; no op if that is how it is.
pub fn setting(state: &PolicyState, key: &str, value: Option<&str>) -> Vec<PolicyOp> {
    if state.settings().get(key) == value && crate::policy::settings::is_stated(key) {
        return Vec::new();
    }
    let value = value.unwrap_or_default().to_owned();
    vec![PolicyOp::Setting { key: key.to_owned(), value }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_rights_and_a_pattern() {
        let grant: RoleGrant = "write,read:prod/*".parse().unwrap();
        let rights: Vec<Right> = grant.rights.iter().collect();
        assert_eq!((rights, grant.pattern.as_str()), (vec![Right::Read, Right::Write], "prod/*"));
        for (bad, why) in [
            ("read", GrantSyntax::Colon),
            ("reed:prod/*", GrantSyntax::Right),
            (":prod/*", GrantSyntax::Right),
            ("read,:prod/*", GrantSyntax::Right),
            ("read:prod", GrantSyntax::Pattern(NameError::Pattern)),
        ] {
            assert_eq!(bad.parse::<RoleGrant>(), Err(why), "{bad}");
        }
    }
}
