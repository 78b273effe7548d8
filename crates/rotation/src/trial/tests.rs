//! A provider in memory that keeps the contract, and others with one fault each.

use super::*;
use crate::contract::{Answer, Call, CallError, Finds, Listed, Maker, State};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

/// Bytes that differ each time.
struct Counter(Cell<u8>);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.set(self.0.get() + 1);
        bytes.iter_mut().zip(self.0.get()..).for_each(|(byte, next)| *byte = next.wrapping_mul(37));
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    NoRevoke,
    Unstable,
    SetsOnce,
    RevokesNothing,
    RevokesOnce,
    ForgetsTheFirst,
    FencesNothing,
    ForgetsWhatIsGone,
    ListsNothing,
    MakesNone,
    MakesAnother,
    RefusesToSet,
}

struct Memory {
    fault: Fault,
    maker: Maker,
    finds: Finds,
    accepted: RefCell<BTreeSet<Vec<u8>>>,
    rotations: RefCell<Vec<(RotationId, Vec<u8>)>>,
    gone: RefCell<BTreeSet<ObjectId>>,
    asked: Cell<usize>,
}

impl Memory {
    fn new(fault: Fault, maker: Maker, finds: Finds) -> Self {
        Self {
            fault,
            maker,
            finds,
            accepted: RefCell::default(),
            rotations: RefCell::default(),
            gone: RefCell::default(),
            asked: Cell::new(0),
        }
    }

    fn set(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let refused = |why: &str| Err(CallError::Refused { why: why.to_owned() });
        let rotation = *call.rotation.unwrap();
        let is_gone = call.credential.is_some_and(|new| self.gone.borrow().contains(new.id));
        if is_gone && self.fault != Fault::FencesNothing {
            return Err(CallError::Fenced { why: "it was revoked".to_owned() });
        }
        let current = self.rotations.borrow().last().cloned();
        let is_repeated = current.as_ref().is_some_and(|(known, _)| *known == rotation);
        let is_base = match (&current, call.base) {
            (Some((_, value)), Some(base)) => base.value.expose() == value,
            _ => current.is_none(),
        };
        match self.fault {
            Fault::SetsOnce if is_repeated => return refused("it is there already"),
            Fault::RefusesToSet => return refused("never"),
            Fault::FencesNothing => {}
            _ if is_repeated || is_base => {}
            _ => return Err(CallError::Fenced { why: "another one".to_owned() }),
        }
        let value = match (call.credential, self.fault) {
            (Some(made), _) => made.value.expose().to_vec(),
            (None, Fault::MakesAnother) => format!("made-{}", self.asked.get()).into_bytes(),
            (None, _) => format!("made-{rotation}").into_bytes(),
        };
        if self.fault == Fault::ForgetsTheFirst {
            self.accepted.borrow_mut().clear();
        }
        self.accepted.borrow_mut().insert(value.clone());
        self.rotations.borrow_mut().push((rotation, value.clone()));
        let is_told = self.maker == Maker::Provider && self.fault != Fault::MakesNone;
        Ok(Answer { value: is_told.then(|| SecretValue::new(value)), ..Answer::default() })
    }
}

impl Provider for Memory {
    fn abilities(&self) -> Result<Abilities, CallError> {
        self.asked.set(self.asked.get() + 1);
        let lacks = |verb: &Verb| self.fault == Fault::NoRevoke && *verb == Verb::Revoke;
        let is_other = self.fault == Fault::Unstable && self.asked.get() > 1;
        Ok(Abilities {
            verbs: Verb::ALL.into_iter().filter(|verb| !lacks(verb)).collect(),
            maker: self.maker,
            finds: self.finds,
            holds_two: !is_other,
            fences: true,
        })
    }

    fn call(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        self.asked.set(self.asked.get() + 1);
        let value = || call.credential.unwrap().value.expose().to_vec();
        match call.verb {
            Verb::Set => self.set(call),
            Verb::Generate => {
                let value = Some(SecretValue::from("generated".to_owned()));
                Ok(Answer { value, ..Answer::default() })
            }
            Verb::Test | Verb::Validate => {
                let is_there = self.accepted.borrow().contains(&value());
                let state = if is_there { State::Active } else { State::Inactive };
                Ok(Answer { state: Some(state), ..Answer::default() })
            }
            Verb::Revoke => {
                let id = *call.credential.unwrap().id;
                if self.fault != Fault::ForgetsWhatIsGone {
                    self.gone.borrow_mut().insert(id);
                }
                let is_kept = self.fault == Fault::RevokesNothing;
                let was_there = is_kept || self.accepted.borrow_mut().remove(&value());
                match self.fault == Fault::RevokesOnce && !was_there {
                    true => Err(CallError::Refused { why: "it is gone".to_owned() }),
                    false => Ok(Answer::default()),
                }
            }
            Verb::List if self.fault != Fault::ListsNothing => {
                let rotations = self.rotations.borrow();
                let of_it =
                    rotations.iter().filter(|(rotation, _)| Some(rotation) == call.rotation);
                let listed = of_it.map(|_| Listed { handle: "one".to_owned() }).collect();
                Ok(Answer { listed, ..Answer::default() })
            }
            _ => Ok(Answer::default()),
        }
    }
}

fn tried(fault: Fault, maker: Maker, finds: Finds) -> (Tried, Memory) {
    let memory = Memory::new(fault, maker, finds);
    let secret = SecretName::parse("test/A").unwrap();
    let random = Counter(Cell::new(0));
    let trial = Trial { provider: &memory, random: &random, secret: &secret, value: None };
    (trial.run(), memory)
}

fn failed(tried: &Tried) -> Vec<&'static str> {
    let is_failed = |check: &&Check| matches!(check.outcome, Outcome::Failed(_));
    tried.checks.iter().filter(is_failed).map(|check| check.name).collect()
}

#[test]
fn a_provider_that_keeps_the_contract_passes_and_keeps_nothing() {
    let kinds = [
        (Maker::Here, Finds::Nothing),
        (Maker::Provider, Finds::Label),
        (Maker::Provider, Finds::Idempotency),
        (Maker::Provider, Finds::Nothing),
    ];
    for (maker, finds) in kinds {
        let (tried, memory) = tried(Fault::None, maker, finds);
        assert_eq!(failed(&tried), [""; 0], "{maker:?} {finds:?}");
        assert!(tried.has_passed() && tried.checks.len() > 20);
        assert!(memory.accepted.borrow().is_empty(), "what was set is revoked");
    }
}

#[test]
fn each_fault_is_found() {
    use Fault::*;
    let here = [
        (NoRevoke, &["verbs"][..]),
        (Unstable, &["describe is stable"]),
        (SetsOnce, &["set again", "set the second again"]),
        (RevokesNothing, &["the first is revoked", "the second is revoked"]),
        (RevokesOnce, &["revoke the first again", "revoke the second again"]),
        (ForgetsTheFirst, &["two at a time"]),
        (FencesNothing, &["a wrong base is fenced", "what was revoked is fenced"]),
        (ForgetsWhatIsGone, &["what was revoked is fenced"]),
        (RefusesToSet, &["set", "set again"]),
    ];
    for (fault, expected) in here {
        let (tried, _) = tried(fault, Maker::Here, Finds::Nothing);
        assert_eq!(failed(&tried), expected, "{fault:?}");
        assert!(!tried.has_passed());
    }
    for (fault, finds, expected) in [
        (ListsNothing, Finds::Label, &["label", "label"][..]),
        (MakesNone, Finds::Label, &["value"]),
        (MakesAnother, Finds::Idempotency, &["the same value again", "set a second"]),
    ] {
        let (tried, _) = tried(fault, Maker::Provider, finds);
        assert_eq!(failed(&tried), expected, "{fault:?}");
    }
}

#[test]
fn what_was_set_in_spite_of_the_fence_is_revoked_too() {
    for fault in [Fault::FencesNothing, Fault::ForgetsWhatIsGone] {
        let (_, memory) = tried(fault, Maker::Here, Finds::Nothing);
        assert!(memory.accepted.borrow().is_empty(), "{fault:?}");
    }
}
