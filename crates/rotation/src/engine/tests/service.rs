//! A service with credentials, two of which work at a time. Where it is told so it loses an answer, or ends the process
//! that asks.

use super::remote::Remote;
use crate::contract::{
    Abilities, Answer, Call, CallError, Finds, Listed, Maker, Provider, State, Verb,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;

/// What somebody else does while the process sleeps at a verb.
pub struct Asleep {
    pub at: Verb,
    /// Nothing is done yet, or all is but the answer.
    pub is_before: bool,
    pub meanwhile: Box<dyn FnOnce()>,
}

#[derive(Debug, Default)]
pub struct Kept {
    /// What works, with the rotation that it was made for.
    pub accepted: BTreeMap<String, Option<String>>,
    marker: Option<ObjectId>,
    before: Option<ObjectId>,
    /// What was revoked is set no more.
    barred: BTreeSet<ObjectId>,
    /// Every value that ever worked.
    pub ever: BTreeSet<String>,
    pub finished: Option<String>,
}

pub struct Service {
    pub kept: RefCell<Kept>,
    pub abilities: Abilities,
    remote: Rc<Remote>,
    made: Cell<u32>,
    /// So many answers to this verb are lost, after it was done.
    pub lost: Cell<Option<(Verb, u32)>>,
    /// Values that do not work though they were set.
    pub broken: Cell<bool>,
    pub last_used: Cell<Option<u64>>,
    /// What its clock is ahead of ours.
    pub ahead: Cell<u64>,
    pub calls: RefCell<Vec<Verb>>,
    /// Once.
    pub asleep: RefCell<Option<Asleep>>,
}

impl Service {
    pub fn new(remote: &Rc<Remote>, maker: Maker) -> Self {
        let verbs =
            [Verb::Set, Verb::Validate, Verb::Revoke, Verb::LastUsed, Verb::List, Verb::Finish];
        let abilities = Abilities {
            verbs: verbs.into(),
            maker,
            finds: if maker == Maker::Here { Finds::Nothing } else { Finds::Label },
            holds_two: true,
            fences: true,
        };
        let kept = Kept { accepted: BTreeMap::from([("value-0".into(), None)]), ..Kept::default() };
        Self {
            kept: RefCell::new(kept),
            abilities,
            remote: Rc::clone(remote),
            made: Cell::new(0),
            lost: Cell::new(None),
            broken: Cell::new(false),
            last_used: Cell::new(None),
            ahead: Cell::new(0),
            calls: RefCell::default(),
            asleep: RefCell::default(),
        }
    }

    pub fn next_value(&self) -> String {
        self.made.set(self.made.get() + 1);
        format!("value-{}", self.made.get())
    }

    pub fn accepts(&self, value: &str) -> bool {
        self.kept.borrow().accepted.contains_key(value)
    }

    pub fn count(&self) -> usize {
        self.kept.borrow().accepted.len()
    }

    fn set(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let rotation = call.rotation.map(ToString::to_string);
        let Some(new) = call.credential else {
            let value = self.next_value();
            self.accept(&value, rotation);
            return Ok(Answer { value: Some(SecretValue::from(value)), ..Answer::default() });
        };
        if new.value.expose() == b"no credential" {
            return Err(CallError::Refused { why: "it is none".into() });
        }
        let mut kept = self.kept.borrow_mut();
        if kept.marker != Some(*new.id) {
            let base = call.base.map(|base| *base.id);
            let is_other = kept.marker.is_some() && kept.marker != base;
            if !call.is_forced && (is_other || kept.barred.contains(new.id)) {
                return Err(CallError::Fenced { why: "another one was set".into() });
            }
            (kept.before, kept.marker) = (kept.marker, Some(*new.id));
        }
        kept.barred.remove(new.id);
        if !self.abilities.holds_two {
            kept.accepted.clear();
        }
        drop(kept);
        self.accept(new.value.expose_str().unwrap(), rotation);
        Ok(Answer::default())
    }

    fn accept(&self, value: &str, rotation: Option<String>) {
        let mut kept = self.kept.borrow_mut();
        if !self.abilities.holds_two {
            kept.accepted.clear();
        }
        kept.accepted.insert(value.to_owned(), rotation);
        kept.ever.insert(value.to_owned());
    }

    fn revoke(&self, call: &Call<'_>) {
        let mut kept = self.kept.borrow_mut();
        if let Some(handle) = call.handle {
            kept.accepted.remove(handle);
        }
        if let Some(old) = call.credential {
            kept.accepted.remove(old.value.expose_str().unwrap());
            kept.barred.insert(*old.id);
            if kept.marker == Some(*old.id) {
                kept.marker = kept.before;
            }
        }
    }

    fn list(&self, call: &Call<'_>) -> Vec<Listed> {
        let rotation = call.rotation.map(ToString::to_string);
        let kept = self.kept.borrow();
        let of = kept.accepted.iter().filter(|(_, label)| label.is_some() && **label == rotation);
        of.map(|(value, _)| Listed { handle: value.clone() }).collect()
    }

    fn state(&self, call: &Call<'_>) -> State {
        let value = call.credential.unwrap().value.expose_str().unwrap();
        let is_new = value != "value-0";
        match self.accepts(value) && !(is_new && self.broken.get()) {
            true => State::Active,
            false => State::Inactive,
        }
    }

    fn answer(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let mut answer = Answer::default();
        match call.verb {
            Verb::Set => answer = self.set(call)?,
            Verb::Revoke => self.revoke(call),
            Verb::List => answer.listed = self.list(call),
            Verb::Validate => answer.state = Some(self.state(call)),
            Verb::LastUsed => answer.last_used = self.last_used.get().map(UnixTime::from_secs),
            Verb::Finish => {
                let value = call.credential.unwrap().value.expose_str().unwrap().to_owned();
                self.kept.borrow_mut().finished = Some(value);
            }
            verb => return Err(CallError::NotThere { verb }),
        }
        answer.time = Some(UnixTime::from_secs(self.remote.now.get() + self.ahead.get()));
        Ok(answer)
    }

    fn sleep(&self, at: Verb, is_before: bool) {
        let is_there = |asleep: &mut Asleep| asleep.at == at && asleep.is_before == is_before;
        let asleep = self.asleep.borrow_mut().take_if(is_there);
        if let Some(asleep) = asleep {
            (asleep.meanwhile)();
        }
    }

    fn is_lost(&self, verb: Verb) -> bool {
        match self.lost.get() {
            Some((lost, left)) if lost == verb && left > 0 => {
                self.lost.set(Some((lost, left - 1)));
                true
            }
            _ => false,
        }
    }
}

impl Provider for Service {
    fn abilities(&self) -> Result<Abilities, CallError> {
        Ok(self.abilities.clone())
    }

    fn call(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let killed = || CallError::Refused { why: "killed".into() };
        self.calls.borrow_mut().push(call.verb);
        if self.remote.is_killed() {
            return Err(killed());
        }
        self.sleep(call.verb, true);
        let answer = self.answer(call)?;
        self.sleep(call.verb, false);
        if self.remote.is_killed() {
            return Err(killed());
        }
        match self.is_lost(call.verb) {
            true => Err(CallError::Unclear { why: "the answer was lost".into() }),
            false => Ok(answer),
        }
    }
}
