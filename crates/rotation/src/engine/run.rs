//! What a machine does by itself with a secret, whenever it looks.

use super::gate::CLOCKS;
use super::{Engine, EngineError, Publication, Waits, Wanted};
use v_secure_core::crypto::id::RotationId;
use v_secure_core::log::rotation::Rotation;
use v_secure_core::secret::rotate::{self, Retired};
use v_secure_core::time::UnixTime;

/// What was done with a secret, or is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    Nothing,
    /// A new credential is the active one, and the old ones of an earlier rotation are retired.
    Rotated(RotationId, Vec<Retired>),
    /// One that was left open is.
    Resumed(RotationId),
    Retired(Vec<Retired>),
    /// The old credential stays until then at least, in seconds since the Unix epoch.
    Waits {
        until: UnixTime,
    },
    /// Somebody decides how it goes on: it is given to a share, or is another member's to promote.
    Held(RotationId),
}

impl<P: Publication> Engine<'_, P> {
    /// Goes on with what is open, retires what is over, and begins what is wanted.
    ///
    /// # Errors
    /// Where it stopped.
    pub fn run(&mut self, wanted: Option<Wanted<'_, P::Error>>) -> Result<Ran, P::Error> {
        self.permit()?;
        self.sweep()?;
        match self.held_open()? {
            Some((id, true)) => return Ok(Ran::Held(id)),
            Some((_, false)) => return self.resume(None, None).map(Ran::Resumed),
            None => {}
        }
        let ran = match rotate::has_to_retire(self.state()?) {
            true => self.retire_if_over()?,
            false => Ran::Nothing,
        };
        match wanted {
            // Nobody is there to agree to an outage.
            Some(_) if !self.abilities.holds_two => {
                Err(EngineError::Outage { secret: self.secret.clone() }.into())
            }
            None => Ok(ran),
            Some(wanted) => match ran {
                Ran::Nothing => Ok(Ran::Rotated(self.rotate(wanted)?, Vec::new())),
                Ran::Retired(retired) => Ok(Ran::Rotated(self.rotate(wanted)?, retired)),
                ran => Ok(ran),
            },
        }
    }

    /// The first rotation that is open, and whether somebody decides how it goes on.
    fn held_open(&self) -> Result<Option<(RotationId, bool)>, P::Error> {
        match self.state()?.open_rotations().next() {
            Some(open) => Ok(Some((open.id, self.is_held(open)?))),
            None => Ok(None),
        }
    }

    /// Whoever gave a value to a share says how it goes on, also where the share is none.
    fn is_held(&self, open: &Rotation) -> Result<bool, P::Error> {
        let (vault, member) = (self.publication.vault(), self.publication.member());
        let mut is_held = open.is_staged;
        for object in &open.objects {
            let version = self.version(object)?;
            is_held |= rotate::may_promote(vault, self.secret, version, member).is_err();
            self.refuse_former(open.id, version)?;
        }
        Ok(is_held)
    }

    fn retire_if_over(&mut self) -> Result<Ran, P::Error> {
        if let Some(until) = self.overlap_ends()? {
            return Ok(Ran::Waits { until });
        }
        Ok(match self.retire_or_wait(0)? {
            Waits::Done(retired) => Ran::Retired(retired),
            // What is still used is looked at again by the next run.
            Waits::Until(until) => Ran::Waits { until },
        })
    }

    /// When the overlap is over, while it is not.
    fn overlap_ends(&self) -> Result<Option<UnixTime>, P::Error> {
        let mut is_any_given = false;
        for old in rotate::over(self.state()?) {
            is_any_given |= self.is_given(&old.object)?;
        }
        let changed = self.state()?.rotation.as_ref().and_then(|state| state.changed);
        let until = changed.map(|changed| changed.saturating_add(self.terms.overlap));
        let is_dated = |until: &UnixTime| {
            until.since(self.publication.now()) <= self.terms.overlap.saturating_add(CLOCKS)
        };
        Ok(until.filter(is_dated).filter(|until| is_any_given && self.publication.now() < *until))
    }
}
