//! Audiences: the sets of roles that may read a secret (`docs/format.md`, State).

use super::op::Right;
use super::state::{OWNER, PolicyState, Role};
use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::id::EpochId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern, SecretName};
use std::collections::{BTreeMap, BTreeSet};

/// The text is not the name of an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an audience is the names of its roles, owner among them, in byte order, joined with '+'")]
pub struct AudienceNameError;

/// The roles of an audience, from its name.
pub fn parse(text: &str) -> Result<Vec<Name>, AudienceNameError> {
    let roles: Result<Vec<Name>, _> = text.split('+').map(Name::new).collect();
    let roles = roles.map_err(|_| AudienceNameError)?;
    let ordered = roles.windows(2).all(|pair| pair[0] < pair[1]);
    let owned = roles.iter().any(|role| role.as_str() == OWNER);
    if ordered && owned { Ok(roles) } else { Err(AudienceNameError) }
}

/// The name of the audience of `owner` and these roles.
pub fn format<'a>(roles: impl IntoIterator<Item = &'a str>) -> AudienceName {
    let mut names: BTreeSet<&str> = roles.into_iter().collect();
    names.insert(OWNER);
    AudienceName::new(names.into_iter().collect::<Vec<_>>().join("+"))
}

/// The name of the audience of the owners alone.
pub(crate) fn of_owners() -> AudienceName {
    format([])
}

/// What the chain says of an audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    pub roles: Vec<Name>,
    pub current: Epoch,
    /// The id of the current epoch's envelope.
    pub envelope: Id,
    /// Recipients that its maker could not seal it to.
    pub skipped: BTreeSet<RecipientText>,
    /// The epochs before the current one, oldest first.
    pub earlier: Vec<Epoch>,
    /// Whether a member left one of its roles since the current epoch began. See [`PolicyState::is_due`].
    pub(super) left: bool,
}

/// One epoch of an audience, as the chain states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    pub epoch: EpochId,
    pub recipient: RecipientText,
    /// The KEK's commitment.
    pub kek: Fixed<32>,
}

impl PolicyState {
    /// The audience of a secret: `owner` and every role that may read it.
    pub fn audience_of(&self, secret: &SecretName) -> AudienceName {
        self.readers(|pattern| pattern.matches(secret))
    }

    /// The audience of the secrets that match `pattern` and no narrower pattern of a grant.
    fn audience_under(&self, pattern: &Pattern) -> AudienceName {
        self.readers(|granted| granted.contains(pattern))
    }

    /// The name of `owner` and the roles that read what is covered; asked for every secret of a
    /// vault, so it is put together as the roles come, which is in their order.
    fn readers(&self, covers: impl Fn(&Pattern) -> bool) -> AudienceName {
        let reads = |role: &Role| {
            role.grants().any(|(pattern, rights)| rights.has(Right::Read) && covers(pattern))
        };
        let mut audience = String::new();
        for (name, role) in self.roles() {
            if name.as_str() == OWNER || reads(role) {
                if !audience.is_empty() {
                    audience.push('+');
                }
                audience.push_str(name.as_str());
            }
        }
        AudienceName::new(audience)
    }

    /// Every audience that a secret can have under the current grants.
    ///
    /// Patterns nest or are disjoint, so a secret's audience is that of the narrowest pattern around
    /// it, or that of `*`.
    pub(crate) fn needed_audiences(&self) -> BTreeSet<AudienceName> {
        let grants = self.roles().flat_map(|(_, role)| role.grants());
        let patterns: BTreeSet<&Pattern> = grants
            .filter(|(_, rights)| rights.has(Right::Read))
            .map(|(pattern, _)| pattern)
            .collect();
        let all = self.readers(|pattern| pattern.as_str() == "*");
        patterns.into_iter().map(|pattern| self.audience_under(pattern)).chain([all]).collect()
    }

    /// The audiences that are needed and have no epoch yet.
    pub(crate) fn missing_audiences(&self) -> BTreeSet<AudienceName> {
        let mut needed = self.needed_audiences();
        needed.retain(|name| self.audience(name).is_none());
        needed
    }

    /// The members of an audience: those of its roles. Roles that do not exist have none.
    pub(crate) fn members_of(&self, audience: &AudienceName) -> BTreeSet<&Name> {
        let roles = parse(audience).unwrap_or_default();
        roles.iter().filter_map(|role| self.role(role)).flat_map(|role| role.members()).collect()
    }

    /// Whether a member is in an audience.
    pub fn is_in(&self, member: &Name, audience: &AudienceName) -> bool {
        let holds = |role: &str| {
            self.member(member).is_some_and(|found| found.roles().any(|own| own.as_str() == role))
        };
        audience.split('+').any(holds)
    }

    /// The recipients that the audience's envelope is encrypted to, in byte order, none twice.
    pub fn recipients_of(&self, audience: &AudienceName) -> Vec<RecipientText> {
        let members = self.members_of(audience).into_iter().filter_map(|name| self.member(name));
        let recipients: BTreeSet<&RecipientText> =
            members.flat_map(|member| &member.recipients).collect();
        recipients.into_iter().cloned().collect()
    }

    /// Whether an op may say that an envelope leaves these recipients out: each is one of a member of
    /// the audience, and somebody is left whom it is sealed to.
    pub(super) fn may_skip(&self, audience: &AudienceName, skipped: &[RecipientText]) -> bool {
        if skipped.is_empty() {
            return true;
        }
        let all = self.recipients_of(audience);
        skipped.len() < all.len() && skipped.iter().all(|text| all.binary_search(text).is_ok())
    }

    /// The members of an audience with recipients that its envelope leaves out.
    pub(crate) fn skipped_in(&self, audience: &AudienceName) -> BTreeSet<&Name> {
        let Some(found) = self.audience(audience) else { return BTreeSet::new() };
        let is_left_out = |name: &&Name| {
            let member = self.member(name);
            member.is_some_and(|member| !member.recipients.is_disjoint(&found.skipped))
        };
        self.members_of(audience).into_iter().filter(is_left_out).collect()
    }

    /// Whether the audience takes no new wraps until an `epoch` op: a member left one of its roles.
    ///
    /// While one of its roles does not exist, nothing can be sealed to it and it is not due. It is
    /// due again if a role of that name comes back: who left holds its keys still.
    pub fn is_due(&self, audience: &AudienceName) -> bool {
        self.audience(audience).is_some_and(|found| {
            found.left && found.roles.iter().all(|role| self.role(role).is_some())
        })
    }

    /// Whether all roles of an audience are there, so that it can have new keys.
    pub(crate) fn has_roles_of(&self, audience: &AudienceName) -> bool {
        parse(audience).unwrap_or_default().iter().all(|role| self.role(role).is_some())
    }

    /// The audiences that are due.
    pub fn due(&self) -> impl Iterator<Item = &AudienceName> {
        self.audiences().map(|(name, _)| name).filter(|name| self.is_due(name))
    }
}

/// The audiences after some entry, by name.
pub(super) type Audiences = BTreeMap<AudienceName, Audience>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_audiences_have_one_spelling() {
        assert_eq!(format(["dev", "ci"]), "ci+dev+owner");
        assert_eq!(format([]), "owner");
        assert!(parse("ci+dev+owner").is_ok() && parse("owner+zed").is_ok());
        for bad in ["", "dev", "owner+dev", "dev+dev+owner", "dev++owner", "owner+", "a b+owner"] {
            assert_eq!(parse(bad), Err(AudienceNameError), "{bad}");
        }
    }
}
