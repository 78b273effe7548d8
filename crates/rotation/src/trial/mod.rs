//! Whether a provider keeps the contract, shown on credentials that are made up for it and revoked again.
//!
//! Each thing is asked for twice, as an interrupted rotation would. What was set is revoked whatever else happens.

mod check;
mod steps;
#[cfg(test)]
mod tests;

pub use check::{Check, Outcome};

use crate::contract::{Abilities, Credential, Provider, Verb};
use v_secure_core::convert::generate::{Alphabet, Spec, generate};
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::host::{Random, random};
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;

/// How long a value is that is made up here.
const SIZE: u16 = 32;

/// A provider that is tried.
pub struct Trial<'a> {
    pub provider: &'a dyn Provider,
    pub random: &'a dyn Random,
    /// What the credentials are said to be of: a name that nobody has, so that the provider remembers nothing of it.
    pub secret: &'a SecretName,
    /// The first credential, where it cannot be any text.
    pub value: Option<SecretValue>,
}

/// What came out.
pub struct Tried {
    /// `None` where the provider does not say what it can do.
    pub abilities: Option<Abilities>,
    pub checks: Vec<Check>,
}

impl Tried {
    pub fn has_passed(&self) -> bool {
        !self.checks.iter().any(|check| matches!(check.outcome, Outcome::Failed(_)))
    }
}

impl Trial<'_> {
    /// Tries everything that the provider says it can do.
    pub fn run(self) -> Tried {
        let mut checks = check::Checks::default();
        let abilities = self.described(&mut checks);
        if let Some(abilities) = &abilities {
            steps::Steps { trial: &self, abilities, checks: &mut checks }.all();
        }
        Tried { abilities, checks: checks.into_all() }
    }

    fn described(&self, checks: &mut check::Checks) -> Option<Abilities> {
        let abilities = checks.take("describe", self.provider.abilities())?;
        let again = checks.take("describe again", self.provider.abilities())?;
        checks.hold("describe is stable", again == abilities, "it says something else each time");
        let needed = [Verb::Set, Verb::Validate, Verb::Revoke];
        let missing = needed.into_iter().find(|verb| !abilities.can(*verb));
        match missing {
            None => Some(abilities),
            Some(verb) => {
                checks.fail("verbs", format!("there is no '{verb}', which every rotation needs"));
                None
            }
        }
    }

    fn made_up(&self) -> SecretValue {
        generate(&Spec::Characters { alphabet: Alphabet::Alnum, size: SIZE }, self.random)
    }

    fn made(&self) -> Made {
        let (object, rotation) = (ObjectId(random(self.random)), RotationId(random(self.random)));
        Made { object, rotation, value: self.made_up() }
    }
}

/// A credential that was made up.
struct Made {
    object: ObjectId,
    rotation: RotationId,
    value: SecretValue,
}

impl Made {
    const fn credential(&self) -> Credential<'_> {
        Credential { id: &self.object, value: &self.value }
    }
}
