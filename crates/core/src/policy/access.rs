//! Who has access to what, for people: the answers behind `access list`, `role list` and
//! `member show`. Nothing here decides; [`super::state`] and [`super::history`] do.

use super::rights::Rights;
use super::state::{OWNER, PolicyState};
use crate::name::environment::EnvironmentName;
use crate::name::{Name, Pattern, SecretName};
use std::collections::BTreeSet;

/// One way in which a member has rights.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberAccess {
    pub member: Name,
    pub role: Name,
    /// The grant's pattern; `*` for `owner`.
    pub pattern: Pattern,
    pub rights: Rights,
    /// The environment that is inherited from, if the rights come by what it holds: whoever
    /// changes a secret there changes what its heirs get.
    pub through: Option<EnvironmentName>,
}

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    Secret(&'a SecretName),
    Pattern(&'a Pattern),
}

impl Subject<'_> {
    /// Whether a grant on `pattern` reaches some of the subject.
    fn meets(&self, pattern: &Pattern) -> bool {
        match self {
            Self::Secret(secret) => pattern.matches(secret),
            Self::Pattern(asked) => pattern.contains(asked) || asked.contains(pattern),
        }
    }

    /// The subject's environments that inherit, with the rest of its text behind the slash.
    fn heirs(&self, state: &PolicyState) -> Vec<(EnvironmentName, String)> {
        let text = match self {
            Self::Secret(secret) => secret.as_str(),
            Self::Pattern(pattern) => pattern.as_str(),
        };
        let heirs = state.settings().heirs();
        match text.split_once('/') {
            Some((environment, rest)) => heirs
                .filter(|heir| heir.as_str() == environment)
                .map(|heir| (heir, rest.to_owned()))
                .collect(),
            None => heirs
                .filter(|heir| heir.as_str().starts_with(text.trim_end_matches('*')))
                .map(|heir| (heir, "*".to_owned()))
                .collect(),
        }
    }
}

impl PolicyState {
    /// Every member's access to the subject, ordered by member, with what comes by inheritance.
    pub fn access(&self, subject: Subject) -> Vec<MemberAccess> {
        let mut found = BTreeSet::new();
        self.collect(subject, Rights::ALL, None, &mut found);
        for (heir, rest) in subject.heirs(self) {
            for base in self.settings().inheritance_of(heir.as_str()) {
                if let Ok(there) = Pattern::new(format!("{base}/{rest}")) {
                    let through = Some(&base);
                    self.collect(Subject::Pattern(&there), Rights::CHANGING, through, &mut found);
                }
            }
        }
        found.into_iter().collect()
    }

    fn collect(
        &self,
        subject: Subject,
        mask: Rights,
        through: Option<&EnvironmentName>,
        into: &mut BTreeSet<MemberAccess>,
    ) {
        for (name, role) in self.roles() {
            for (pattern, rights) in self.grants_of(name) {
                let rights = rights.intersection(mask);
                if rights.is_empty() || !subject.meets(&pattern) {
                    continue;
                }
                into.extend(role.members().map(|member| MemberAccess {
                    member: member.clone(),
                    role: name.clone(),
                    pattern: pattern.clone(),
                    rights,
                    through: through.cloned(),
                }));
            }
        }
    }

    /// A role's grants, with `owner`'s every right on `*` spelled out.
    pub fn grants_of(&self, role: &Name) -> Vec<(Pattern, Rights)> {
        if role.as_str() == OWNER {
            return Pattern::new("*").map(|all| (all, Rights::ALL)).into_iter().collect();
        }
        let grants = self.role(role).into_iter().flat_map(|role| role.grants());
        grants.map(|(pattern, rights)| (pattern.clone(), rights)).collect()
    }

    /// The members that may read the secret: those of its audience.
    pub fn who_can_read(&self, secret: &SecretName) -> BTreeSet<&Name> {
        self.members_of(&self.audience_of(secret))
    }
}
