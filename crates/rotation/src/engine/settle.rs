//! Bringing a secret and its provider together again: after a merge of two rotations, a value that was set by hand, or a
//! crash that nobody went on from. The provider decides what works, the vault which of that is meant.

use super::credential::Held;
use super::{Engine, EngineError, Publication, Step};
use crate::contract::{Call, CallError, Maker, State, Verb};
use std::collections::BTreeSet;
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::log::state::Version;
use v_secure_core::policy::op::Right;
use v_secure_core::secret::read::VersionSelector;
use v_secure_core::secret::{resolve, rollback, rotate};

/// How often the current value is set where others change it meanwhile.
const SET: u32 = 3;
/// How many old values are tried where the current one does not work.
const TRIED: usize = 16;

/// What settling came to, in this order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Of several active versions this one stays.
    pub resolved: Option<ObjectId>,
    /// The provider was set to the current value again.
    pub set_again: bool,
    /// The current value did not work, and this one does: it is active now.
    pub chosen: Option<ObjectId>,
    /// The rotations that could not go on.
    pub aborted: Vec<RotationId>,
}

impl<P: Publication> Engine<'_, P> {
    /// Makes the current value one that works, and ends what cannot go on. `by_hand`: the provider is set to the current value also
    /// where no rotation made it.
    ///
    /// # Errors
    /// No value that is known works: then nothing is changed. A step that is refused, or cannot be published.
    pub fn settle(&mut self, by_hand: bool) -> Result<Settled, P::Error> {
        self.permit_settling()?;
        self.publication.refresh()?;
        self.permit_settling()?;
        self.sweep()?;
        self.publication.told(Step::Checking);
        let mut settled = Settled { resolved: self.resolve()?, ..Settled::default() };
        let (works, set_again) = self.set_to_current(by_hand)?;
        settled.set_again = set_again;
        if !works {
            settled.chosen = Some(self.choose()?);
        }
        settled.aborted = self.abort_stuck()?;
        self.sweep()?;
        Ok(settled)
    }

    /// It makes the provider forget what it compares with, so it takes who may write; and where one credential works at a
    /// time, it would take that from under a rotation that goes on.
    fn permit_settling(&self) -> Result<(), P::Error> {
        let (vault, member) = (self.publication.vault(), self.publication.member());
        if !vault.policy().holds(member, Right::Write, self.secret) {
            let (secret, member) = (self.secret.clone(), member.clone());
            return Err(EngineError::MayNotSettle { secret, member }.into());
        }
        let goes_on = self.state()?.rotation.as_ref().and_then(|state| state.going_on());
        match goes_on.filter(|_| !self.abilities.holds_two) {
            Some(rotation) => {
                let (secret, rotation) = (self.secret.clone(), rotation.id);
                Err(EngineError::GoesOn { secret, rotation }.into())
            }
            None => Ok(()),
        }
    }

    /// Of several active versions the one that works stays; of several of these, the current one or the highest.
    fn resolve(&mut self) -> Result<Option<ObjectId>, P::Error> {
        let state = self.state()?;
        if !state.is_conflict() {
            return Ok(None);
        }
        let current = state.current;
        let mut active: Vec<(bool, usize, ObjectId)> =
            state.active().map(|v| (current == Some(v.object), v.number, v.object)).collect();
        active.sort_unstable_by(|one, other| other.cmp(one));
        let Some(object) = self.first_that_works(active.into_iter().map(|(.., object)| object))?
        else {
            // Which of them is meant nobody can tell: a person resolves it.
            return Err(EngineError::NothingWorks { secret: self.secret.clone() }.into());
        };
        let secret = self.secret;
        self.publication.publish("settle: resolve", &mut |vault, ctx| {
            let take = VersionSelector::Id(object.to_string());
            let (_, change) =
                resolve::resolve(vault, secret, &take, ctx).map_err(EngineError::Resolve)?;
            Ok(change)
        })?;
        Ok(Some(object))
    }

    /// Whether there is a current value that works. That of a member who may not read it is none.
    pub(super) fn current_works(&self) -> Result<bool, P::Error> {
        match self.current()? {
            Some(current) => self.works(&current),
            None => Ok(false),
        }
    }

    pub(super) fn current(&self) -> Result<Option<Held>, P::Error> {
        match self.state()?.current {
            Some(current) => self.held_or_none(&current),
            None => Ok(None),
        }
    }

    pub(super) fn works(&self, held: &Held) -> Result<bool, P::Error> {
        match self.validate(held)? {
            (State::Active, _) => Ok(true),
            (State::Inactive, _) => Ok(false),
            // What cannot be told now is no reason to take another value.
            (state, why) => {
                let secret = self.secret.clone();
                Err(EngineError::NotActive { secret, state, why }.into())
            }
        }
    }

    /// Whether the current value works, and whether it was set for that. What others published while the provider was asked is
    /// looked at on both sides of it: what they retired does not come back.
    fn set_to_current(&mut self, by_hand: bool) -> Result<(bool, bool), P::Error> {
        for _ in 0..SET {
            self.publication.refresh()?;
            self.permit_settling()?;
            let worked = self.current_works()?;
            let set = self.settable(by_hand, worked)?;
            let works = match &set {
                // Also where it works: what the provider compares with may be another one.
                Some(current) => self.set_by_force(current)? || worked,
                None => worked,
            };
            self.publication.refresh()?;
            let current = self.state()?.current;
            match set.map(|set| set.id).filter(|id| current != Some(*id)) {
                None if works => {
                    self.revoke_again()?;
                    return Ok((works, !worked));
                }
                None => return Ok((works, false)),
                Some(moved) => self.revoke_if_retired(&moved)?,
            }
        }
        Err(EngineError::Moved { secret: self.secret.clone() }.into())
    }

    /// The current value, if the provider may be set to it: it accepts that already, or a rotation made it. Any other value is what
    /// somebody chose, and whoever knows it is let in by it: somebody says in so many words that it is to be set.
    fn settable(&self, by_hand: bool, works: bool) -> Result<Option<Held>, P::Error> {
        let Some(current) = self.current()?.filter(|_| self.abilities.maker == Maker::Here) else {
            return Ok(None);
        };
        if works || by_hand || self.is_made(&current.id)? {
            return Ok(Some(current));
        }
        let author = self.version(&current.id)?.author.clone();
        Err(EngineError::ByHand { secret: self.secret.clone(), author }.into())
    }

    /// Whether a rotation of the secret made this value.
    fn is_made(&self, object: &ObjectId) -> Result<bool, P::Error> {
        let state = self.state()?;
        let rotations = state.rotation.iter().flat_map(|state| &state.rotations);
        let made: BTreeSet<&ObjectId> = rotations.flat_map(|of| &of.objects).collect();
        Ok(state.holding(object).into_ids().iter().any(|id| made.contains(id)))
    }

    /// A provider that was restored from a backup accepts what was revoked since.
    fn revoke_again(&self) -> Result<(), P::Error> {
        let retired = self.state()?.held().filter(|v| v.retired && !v.pruned && !v.removed);
        let mut retired: Vec<&Version> = retired.collect();
        retired
            .sort_unstable_by_key(|version| std::cmp::Reverse((version.lamport, version.object)));
        let retired: Vec<ObjectId> = retired.iter().take(TRIED).map(|v| v.object).collect();
        for object in retired {
            let Some(old) = self.held_or_none(&object)? else { continue };
            if !self.is_in_use(&old)? && self.works(&old)? {
                self.revoke(&object)?;
            }
        }
        Ok(())
    }

    fn revoke_if_retired(&self, object: &ObjectId) -> Result<(), P::Error> {
        match self.version(object)?.retired {
            true => self.revoke(object),
            false => Ok(()),
        }
    }

    /// Sets the provider to the current value, whatever it holds.
    fn set_by_force(&self, current: &Held) -> Result<bool, P::Error> {
        self.publication.told(Step::Setting);
        let credential = Some(current.credential());
        let set = Call { base: credential, credential, is_forced: true, ..self.ask(Verb::Set) };
        match self.call_patiently(&set) {
            Ok(_) => self.works(current),
            // It is no credential that the provider takes: another value may be.
            Err(CallError::Refused { .. }) => Ok(false),
            Err(source) => Err(self.failed(Verb::Set, source)),
        }
    }

    /// Makes the newest value active that works.
    fn choose(&mut self) -> Result<ObjectId, P::Error> {
        let state = self.state()?;
        let is_left =
            |v: &&Version| !v.pruned && !v.removed && !v.retired && state.current != Some(v.object);
        // What a rotation withdrew does not come back, nor what one who has left made ready.
        let policy = self.publication.vault().policy();
        let is_open = |v: &&Version| {
            let is_pending = state.open_rotations().any(|of| of.objects.contains(&v.object));
            v.number > 0 || is_pending && policy.is_theirs(&v.author, &v.key)
        };
        let mut others: Vec<&Version> = state.held().filter(is_left).filter(is_open).collect();
        others.sort_unstable_by_key(|version| std::cmp::Reverse((version.lamport, version.object)));
        let others: Vec<ObjectId> = others.iter().take(TRIED).map(|v| v.object).collect();
        let Some(object) = self.first_that_works(others.into_iter())? else {
            return Err(EngineError::NothingWorks { secret: self.secret.clone() }.into());
        };
        self.activate(object)?;
        Ok(object)
    }

    /// Values of members who may not read the secret are passed over: they are given to no provider.
    fn first_that_works(
        &self,
        objects: impl Iterator<Item = ObjectId>,
    ) -> Result<Option<ObjectId>, P::Error> {
        for object in objects {
            let Some(held) = self.held_or_none(&object)? else { continue };
            if self.works(&held)? {
                return Ok(Some(object));
            }
        }
        Ok(None)
    }

    fn activate(&mut self, object: ObjectId) -> Result<(), P::Error> {
        let secret = self.secret;
        let rotation = {
            let mut open = self.state()?.open_rotations();
            open.find(|of| of.objects.contains(&object)).map(|of| of.id.to_string())
        };
        self.publication.publish("settle: the value that works", &mut |vault, ctx| {
            let change = match &rotation {
                Some(id) => {
                    rotate::promote(vault, secret, Some(id), ctx).map_err(EngineError::Rotate)?.1
                }
                None => {
                    let old = VersionSelector::Id(object.to_string());
                    rollback::rollback(vault, secret, &old, ctx).map_err(EngineError::Rollback)?.1
                }
            };
            Ok(change)
        })
    }

    /// Ends the rotations of which none can go on. One that can is gone on with.
    fn abort_stuck(&mut self) -> Result<Vec<RotationId>, P::Error> {
        let state = self.state()?;
        let goes_on = state.rotation.as_ref().and_then(|state| state.going_on());
        let stuck: Vec<RotationId> =
            state.open_rotations().filter(|of| Some(*of) != goes_on).map(|of| of.id).collect();
        for id in &stuck {
            let (secret, id) = (self.secret, id.to_string());
            self.publication.publish("settle: abort", &mut |vault, ctx| {
                let (_, change) =
                    rotate::abort(vault, secret, Some(&id), ctx).map_err(EngineError::Rotate)?;
                Ok(change)
            })?;
        }
        Ok(stuck)
    }
}
