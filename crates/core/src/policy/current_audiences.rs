//! Audiences that nobody left since their epoch began, by role: what a leaving makes due is found without
//! a walk through all audiences, of which a hostile chain can have thousands.

use crate::name::Name;
use crate::name::audience::AudienceName;
use std::collections::{BTreeMap, BTreeSet};

/// Each role's audiences that are not due for a leaving.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CurrentAudiences(BTreeMap<Name, BTreeSet<AudienceName>>);

impl CurrentAudiences {
    pub fn begin(&mut self, audience: &AudienceName, roles: &[Name]) {
        for role in roles {
            self.0.entry(role.clone()).or_default().insert(audience.clone());
        }
    }

    pub fn end(&mut self, audience: &AudienceName, roles: &[Name]) {
        for role in roles {
            let Some(found) = self.0.get_mut(role) else { continue };
            found.remove(audience);
            if found.is_empty() {
                self.0.remove(role);
            }
        }
    }

    /// The role's audiences, which the caller ends.
    pub fn of(&self, role: &Name) -> Vec<AudienceName> {
        self.0.get(role).into_iter().flatten().cloned().collect()
    }
}
