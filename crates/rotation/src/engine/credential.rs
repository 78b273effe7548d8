//! The values that a provider is given, and whose they may be.

use super::{Engine, EngineError, Publication};
use crate::contract::{Credential, State, Verb};
use std::collections::BTreeSet;
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::log::state::Version;
use v_secure_core::name::SecretName;
use v_secure_core::policy::op::Right;
use v_secure_core::secret::rotate;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Vault;

/// A version with its value.
pub(super) struct Held {
    pub id: ObjectId,
    pub value: SecretValue,
}

impl Held {
    pub const fn credential(&self) -> Credential<'_> {
        Credential { id: &self.id, value: &self.value }
    }
}

impl<P: Publication> Engine<'_, P> {
    /// A version that the provider may be given.
    ///
    /// # Errors
    /// It is not there, cannot be read, or is the value of a member who may not read it.
    pub(super) fn held(&self, object: &ObjectId) -> Result<Held, P::Error> {
        let version = self.version(object)?;
        self.refuse_foreign(version)?;
        Ok(Held { id: *object, value: self.publication.value(self.secret, version)? })
    }

    pub(super) fn version(&self, object: &ObjectId) -> Result<&Version, P::Error> {
        let found = self.state()?.held().find(|version| version.object == *object);
        let missing = || EngineError::Moved { secret: self.secret.clone() };
        found.ok_or_else(|| missing().into())
    }

    /// The same; `None` for the value of a member who may not read it.
    pub(super) fn held_or_none(&self, object: &ObjectId) -> Result<Option<Held>, P::Error> {
        match self.is_foreign(self.version(object)?) {
            true => Ok(None),
            false => self.held(object).map(Some),
        }
    }

    /// Whoever may write or rotate chooses a value. What a provider takes for a credential lets in who knows it, and so has
    /// to be the choice of a member who may read the secret: now, or when it was written by one who has left.
    pub(super) fn is_foreign(&self, version: &Version) -> bool {
        is_foreign(self.publication.vault(), self.secret, version)
    }

    pub(super) fn refuse_foreign(&self, version: &Version) -> Result<(), EngineError> {
        if !self.is_foreign(version) {
            return Ok(());
        }
        let (secret, author) = (self.secret.clone(), version.author.clone());
        Err(EngineError::Foreign { secret, author })
    }

    /// Whether the provider accepts a credential, and why not.
    pub(super) fn validate(&self, held: &Held) -> Result<(State, Option<String>), P::Error> {
        let call = crate::contract::Call {
            credential: Some(held.credential()),
            ..self.ask(Verb::Validate)
        };
        let answer = self.call(&call)?;
        Ok((answer.state.unwrap_or(State::Unknown), answer.why))
    }
}

/// Whether a version is the value of a member who may not read the secret, and could not when it was written. A value that was
/// encrypted anew, or went back to, is that of whoever stated it first: routine work by others makes it nobody else's.
pub fn is_foreign(vault: &Vault, secret: &SecretName, version: &Version) -> bool {
    let Some(state) = vault.secret(secret) else { return true };
    let (mut seen, mut open) = (BTreeSet::from([version.object]), vec![version]);
    while let Some(next) = open.pop() {
        if !could_read(vault, secret, next) {
            return true;
        }
        for same in next.same.iter().filter(|same| seen.insert(**same)) {
            // What is closed, or under the name that the secret had, is not looked for: settling sets no such value by itself.
            open.extend(state.held().find(|version| version.object == *same));
        }
    }
    false
}

/// By the key that signed it: a name may be another person's by now.
fn could_read(vault: &Vault, secret: &SecretName, version: &Version) -> bool {
    let (author, key) = (&version.author, &version.key);
    let policy = vault.policy();
    if policy.is_theirs(author, key) && policy.holds(author, Right::Read, secret) {
        return true;
    }
    let could = |position| vault.chain().holds(position, author, Right::Read, secret);
    let own = rotate::statements(vault, secret, &version.object);
    let own = own.filter(|entry| entry.actor == *author);
    let mut own = own.filter_map(|entry| vault.chain().position(&entry.policy)).peekable();
    match own.peek() {
        Some(_) => own.any(could),
        None => could(version.position),
    }
}
