//! A rotation at a provider, step by step: claim, set, test, promote, and in the end retire. What a step rests on is
//! published before it is done, and every step can be done again, so that whoever comes after an interruption, on whatever
//! machine, goes on from what is recorded. Nothing else is kept anywhere.

mod begin;
pub mod credential;
mod end;
mod error;
mod gate;
mod intent;
mod publication;
mod retire;
mod run;
mod settle;
mod try_out;

pub use error::EngineError;
pub use gate::Gate;
pub use intent::ended_intents;
pub use publication::{Make, Publication, Step};
pub use retire::Waits;
pub use run::Ran;
pub use settle::Settled;

use crate::contract::{Abilities, Answer, Call, CallError, Provider, Verb};
use credential::Held;
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::log::rotation::Rotation;
use v_secure_core::log::state::{SecretState, Version};
use v_secure_core::name::SecretName;
use v_secure_core::secret::{read, rotate};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Vault;

/// What no rotation can do without.
const NEEDED: [Verb; 3] = [Verb::Set, Verb::Validate, Verb::Revoke];

/// By what a secret is rotated, as its owners say.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long a credential that nobody is to be given any more stays accepted, in seconds.
    pub overlap: u64,
    /// Other clones may rotate the secret, too.
    pub is_shared: bool,
    /// A credential that the provider made, and whose value was lost, may stay there.
    pub accepts_orphans: bool,
}

/// What a new rotation is to come to.
pub struct Wanted<'a, E> {
    /// Makes a value where the provider makes none.
    pub make: &'a mut dyn FnMut() -> Result<SecretValue, E>,
    /// The share of the instances that is given the value, of `MAX_SHARE`, in place of its being promoted.
    pub share: Option<u64>,
}

/// A rotation of one secret, as one member goes on with it.
pub struct Engine<'a, P: Publication> {
    publication: &'a mut P,
    provider: &'a dyn Provider,
    secret: &'a SecretName,
    terms: Terms,
    abilities: Abilities,
}

/// A rotation that goes on.
#[derive(Debug, Clone, Copy)]
struct Open {
    id: RotationId,
    base: ObjectId,
    /// What it made ready; `None` where the provider is to make it.
    object: Option<ObjectId>,
}

impl<'a, P: Publication> Engine<'a, P> {
    /// # Errors
    /// The provider cannot say what it does, or lacks what a rotation takes.
    pub fn new(
        publication: &'a mut P,
        provider: &'a dyn Provider,
        secret: &'a SecretName,
        terms: Terms,
    ) -> Result<Self, P::Error> {
        let call =
            |source| EngineError::Call { secret: secret.clone(), verb: Verb::Describe, source };
        let abilities = provider.abilities().map_err(call)?;
        if let Some(verb) = NEEDED.into_iter().find(|verb| !abilities.can(*verb)) {
            return Err(EngineError::Lacks { secret: secret.clone(), verb }.into());
        }
        Ok(Self { publication, provider, secret, terms, abilities })
    }

    /// What the provider says that it can do.
    pub const fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    /// Looks whether a rotation could begin, and changes nothing.
    ///
    /// # Errors
    /// Why it could not.
    pub fn look(&mut self) -> Result<(), P::Error> {
        self.permit()?;
        self.publication.refresh()?;
        self.check().map(|_| ())
    }

    /// The vault as it was published last.
    pub fn vault(&self) -> &Vault {
        self.publication.vault()
    }

    /// Makes a new credential, tries it out, and promotes it or gives it to a share of the instances.
    ///
    /// # Errors
    /// Why it does not begin, or where it stopped: what is recorded by then is gone on with by [`Engine::resume`].
    pub fn rotate(&mut self, mut wanted: Wanted<'_, P::Error>) -> Result<RotationId, P::Error> {
        self.permit()?;
        self.publication.refresh()?;
        self.sweep()?;
        self.permit_share(wanted.share)?;
        let base = self.check()?;
        let open = self.begin(&base, &mut wanted)?;
        self.go_on(open, &base, wanted.share)
    }

    /// Goes on with the rotation that is open, from wherever it was left.
    ///
    /// # Errors
    /// None is open, or it cannot go on; a share of the instances is given it, and no other is said; as [`Engine::rotate`].
    pub fn resume(
        &mut self,
        wanted: Option<&str>,
        share: Option<u64>,
    ) -> Result<RotationId, P::Error> {
        let open = self.going_on(wanted, share)?;
        if share.is_none() && self.chosen(wanted)?.is_staged {
            let (secret, rotation) = (self.secret.clone(), open.id);
            return Err(EngineError::Staged { secret, rotation }.into());
        }
        self.resume_open(open, share)
    }

    /// What is gone on with. Whoever could not record the end of it has a provider do nothing.
    fn going_on(&mut self, wanted: Option<&str>, share: Option<u64>) -> Result<Open, P::Error> {
        self.permit()?;
        self.publication.refresh()?;
        let open = self.open(wanted)?;
        self.permit_share(share)?;
        self.permit_going_on(&open, share)?;
        Ok(open)
    }

    fn resume_open(&mut self, open: Open, share: Option<u64>) -> Result<RotationId, P::Error> {
        self.sweep()?;
        let open = match open.object {
            Some(_) => open,
            None => self.made_again(open)?,
        };
        let base = self.held(&open.base)?;
        self.go_on(open, &base, share)
    }

    /// Who could not record it has a provider do nothing.
    fn permit(&self) -> Result<(), P::Error> {
        let (vault, member) = (self.publication.vault(), self.publication.member());
        Ok(rotate::may_rotate(vault, self.secret, member).map_err(EngineError::Rotate)?)
    }

    fn permit_going_on(&self, open: &Open, share: Option<u64>) -> Result<(), P::Error> {
        let Some(object) = open.object else { return Ok(()) };
        let version = self.version(&object)?;
        let (vault, member) = (self.publication.vault(), self.publication.member());
        if share.is_none() {
            rotate::may_promote(vault, self.secret, version, member)
                .map_err(EngineError::Rotate)?;
        }
        self.refuse_former(open.id, version)
    }

    /// One who is no member any more knows the value.
    fn refuse_former(&self, rotation: RotationId, version: &Version) -> Result<(), P::Error> {
        match self.publication.vault().policy().is_theirs(&version.author, &version.key) {
            true => Ok(()),
            false => {
                let (secret, author) = (self.secret.clone(), version.author.clone());
                Err(EngineError::Former { secret, rotation, author }.into())
            }
        }
    }

    fn permit_share(&self, share: Option<u64>) -> Result<(), P::Error> {
        match share.is_some() && !self.abilities.holds_two {
            true => Err(EngineError::NoShare { secret: self.secret.clone() }.into()),
            false => Ok(()),
        }
    }

    fn go_on(
        &mut self,
        open: Open,
        base: &Held,
        share: Option<u64>,
    ) -> Result<RotationId, P::Error> {
        let (object, new) = self.filled(&open, base)?;
        self.try_out(&open, base, &new)?;
        match share {
            Some(share) => self.roll_out(&open, share)?,
            None => self.promote(&Open { object: Some(object), ..open }, base, &new)?,
        }
        Ok(open.id)
    }

    /// The rotation that is meant, if it goes on.
    fn open(&self, wanted: Option<&str>) -> Result<Open, P::Error> {
        let (state, chosen) = (self.state()?, self.chosen(wanted)?);
        let goes_on = state.rotation.as_ref().and_then(|state| state.going_on());
        match (chosen.base, goes_on == Some(chosen)) {
            (Some(base), true) => Ok(open_of(chosen, base)),
            _ => Err(EngineError::Unsettled { secret: self.secret.clone() }.into()),
        }
    }

    fn chosen(&self, wanted: Option<&str>) -> Result<&Rotation, P::Error> {
        let state = self.state()?;
        Ok(rotate::chosen(state, self.secret, wanted).map_err(EngineError::Rotate)?)
    }

    fn state(&self) -> Result<&SecretState, P::Error> {
        Ok(read::find(self.publication.vault(), self.secret).map_err(EngineError::Read)?)
    }

    /// Asks the provider for one thing.
    fn call(&self, call: &Call<'_>) -> Result<Answer, P::Error> {
        self.provider.call(call).map_err(|source| self.failed(call.verb, source))
    }

    fn failed(&self, verb: Verb, source: CallError) -> P::Error {
        EngineError::Call { secret: self.secret.clone(), verb, source }.into()
    }

    const fn ask(&self, verb: Verb) -> Call<'a> {
        Call::new(verb, self.secret)
    }
}

fn open_of(rotation: &Rotation, base: ObjectId) -> Open {
    Open { id: rotation.id, base, object: rotation.objects.first().copied() }
}

#[cfg(test)]
mod tests;
