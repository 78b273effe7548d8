//! The beginning: everything that can be known to fail is looked at before anything is recorded, and the new value is
//! recorded before the provider knows it.

use super::credential::Held;
use super::{Engine, EngineError, Open, Publication, Step, Wanted};
use crate::contract::{Call, Finds, Maker, State, Verb};
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::name::SecretName;
use v_secure_core::secret::read::{self, VersionSelector};
use v_secure_core::secret::rotate::{self, Begun, begin};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;

impl<P: Publication> Engine<'_, P> {
    /// Looks at everything that a new rotation hangs on. Returns the current version, which works.
    pub(super) fn check(&self) -> Result<Held, P::Error> {
        self.publication.told(Step::Checking);
        let vault = self.publication.vault();
        begin::may_begin(vault, self.secret).map_err(EngineError::Rotate)?;
        if rotate::has_to_retire(self.state()?) {
            return Err(EngineError::Left { secret: self.secret.clone() }.into());
        }
        self.check_abilities()?;
        let current = read::select(self.state()?, self.secret, &VersionSelector::Current);
        let base = self.held(&current.map_err(EngineError::Read)?.object)?;
        match self.validate(&base)? {
            (State::Active, _) => {
                self.look_as_administrator(&base)?;
                Ok(base)
            }
            (state, why) => {
                let secret = self.secret.clone();
                Err(EngineError::NotActive { secret, state, why }.into())
            }
        }
    }

    /// Whether the provider can do what takes more than a credential of its own: what has no right to that is better found
    /// before a rotation is open.
    fn look_as_administrator(&self, base: &Held) -> Result<(), P::Error> {
        if self.abilities.can(Verb::LastUsed) {
            self.call(&Call { credential: Some(base.credential()), ..self.ask(Verb::LastUsed) })?;
        }
        Ok(())
    }

    pub(super) fn check_abilities(&self) -> Result<(), P::Error> {
        let secret = || self.secret.clone();
        let may_be_lost =
            self.abilities.maker == Maker::Provider && self.abilities.finds == Finds::Nothing;
        if self.terms.is_shared && !self.abilities.fences {
            return Err(EngineError::Unfenced { secret: secret() }.into());
        }
        if may_be_lost && !self.terms.accepts_orphans {
            let is_open = self.state()?.open_rotations().next().is_some();
            return Err(EngineError::Orphans { secret: secret(), is_open }.into());
        }
        let is_labelled =
            self.abilities.maker == Maker::Provider && self.abilities.finds == Finds::Label;
        if is_labelled && !self.abilities.can(Verb::List) {
            return Err(EngineError::Lacks { secret: secret(), verb: Verb::List }.into());
        }
        Ok(())
    }

    /// Publishes the beginning of a rotation upon this version: with its value, or as an intent where the provider makes
    /// that.
    pub(super) fn begin(
        &mut self,
        base: &Held,
        wanted: &mut Wanted<'_, P::Error>,
    ) -> Result<Open, P::Error> {
        // What a share is to be given goes on by nobody else's doing meanwhile: it says so from the beginning.
        let share = wanted.share.map(|_| 0);
        match self.abilities.maker {
            Maker::Provider => self.intend(base.id, share),
            Maker::Here => {
                let value = self.made(base, wanted.make)?;
                self.begin_with(base.id, &value, share)
            }
        }
    }

    fn made(
        &self,
        base: &Held,
        make: &mut dyn FnMut() -> Result<SecretValue, P::Error>,
    ) -> Result<SecretValue, P::Error> {
        let secret = || self.secret.clone();
        if !self.abilities.can(Verb::Generate) {
            return make();
        }
        let call = Call { base: Some(base.credential()), ..self.ask(Verb::Generate) };
        let value = self.call(&call)?.value.filter(|value| !value.is_empty());
        value.ok_or_else(|| EngineError::NoValue { secret: secret() }.into())
    }

    /// As long as the version before was made for, from now.
    fn expires(&self, base: &ObjectId) -> Result<Option<UnixTime>, P::Error> {
        let base = self.version(base)?;
        // A promotion may be long after that.
        let stated = rotate::statements(self.publication.vault(), self.secret, &base.object);
        let stated = stated.map(|entry| entry.ts).min().unwrap_or(base.ts);
        let lifetime = base.expires.map(|expires| expires.since(stated).max(1));
        Ok(lifetime.map(|seconds| self.publication.now().saturating_add(seconds)))
    }

    fn begin_with(
        &mut self,
        base: ObjectId,
        value: &SecretValue,
        share: Option<u64>,
    ) -> Result<Open, P::Error> {
        let expires = self.expires(&base)?;
        let (secret, mut begun) = (self.secret, None);
        self.publication.publish("rotate: begin", &mut |vault, ctx| {
            refuse_moved::<P>(vault, secret, base)?;
            let value = SecretValue::new(value.expose().to_vec());
            let new = Begun { value, expires, share };
            let (id, change) =
                rotate::begin(vault, secret, new, ctx).map_err(EngineError::Rotate)?;
            begun = Some(id);
            Ok(change)
        })?;
        self.published(begun)
    }

    pub(super) fn intend(&mut self, base: ObjectId, share: Option<u64>) -> Result<Open, P::Error> {
        let (secret, mut begun) = (self.secret, None);
        self.publication.publish("rotate: begin", &mut |vault, ctx| {
            refuse_moved::<P>(vault, secret, base)?;
            let (id, change) =
                begin::intend(vault, secret, share, ctx).map_err(EngineError::Rotate)?;
            begun = Some(id);
            Ok(change)
        })?;
        self.published(begun)
    }

    /// The rotation that was published, as the vault has it now.
    fn published(&self, begun: Option<RotationId>) -> Result<Open, P::Error> {
        let id = begun.map(|id| id.to_string());
        self.open(id.as_deref())
    }

    /// The value of a rotation. Where the provider makes values and none is recorded, it is asked for one.
    pub(super) fn filled(
        &mut self,
        open: &Open,
        base: &Held,
    ) -> Result<(ObjectId, Held), P::Error> {
        let object = match open.object {
            Some(object) => object,
            None => self.make_there(open, base)?,
        };
        Ok((object, self.held(&object)?))
    }

    pub(super) fn make_there(&mut self, open: &Open, base: &Held) -> Result<ObjectId, P::Error> {
        self.publication.told(Step::Setting);
        let call =
            Call { rotation: Some(&open.id), base: Some(base.credential()), ..self.ask(Verb::Set) };
        let secret = self.secret;
        let value = self.call(&call)?.value.filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| EngineError::NoValue { secret: secret.clone() })?;
        let (rotation, expires, mut made) = (open.id, self.expires(&base.id)?, None);
        let filled = self.publication.publish("rotate: the provider's value", &mut |vault, ctx| {
            made = None;
            let (object, change) = begin::fill(vault, secret, &rotation, (&value, expires), ctx)
                .map_err(EngineError::Rotate)?;
            made = Some(object);
            Ok(change)
        });
        if filled.is_err() && made.is_none() {
            // Somebody ended the rotation meanwhile: nobody is given what was made for it.
            self.revoke_unread(&rotation)?;
        }
        filled?;
        made.ok_or_else(|| EngineError::NoValue { secret: secret.clone() }.into())
    }
}

/// What was looked at is what is begun upon.
fn refuse_moved<P: Publication>(
    vault: &Vault,
    secret: &SecretName,
    base: ObjectId,
) -> Result<(), P::Error> {
    let current = vault.secret(secret).and_then(|state| state.current);
    match current == Some(base) {
        true => Ok(()),
        false => Err(EngineError::Moved { secret: secret.clone() }.into()),
    }
}
