//! Rotations of one secret by two clones of a vault, at a service that forgets no call.

mod asleep;
mod dated;
mod endings;
mod killed;
mod remote;
mod run;
mod service;
mod settling;
mod steps;

use super::{Engine, EngineError, Terms, Wanted};
use remote::{Clone, Remote, TestError};
use service::Service;
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;

const OVERLAP: u64 = 3_600;
const TERMS: Terms = Terms { overlap: OVERLAP, is_shared: true, accepts_orphans: false };

fn secret() -> SecretName {
    SecretName::parse("prod/DB").unwrap()
}

fn engine<'a>(
    clone: &'a mut Clone,
    service: &'a Service,
    name: &'a SecretName,
) -> Engine<'a, Clone> {
    Engine::new(clone, service, name, TERMS).unwrap()
}

/// A whole rotation, by a generator that counts.
fn rotate(clone: &mut Clone, service: &Service) -> Result<(), TestError> {
    let name = secret();
    let mut made = service.next_value();
    let mut make = || Ok(SecretValue::from(std::mem::take(&mut made)));
    Engine::new(clone, service, &name, TERMS)?
        .rotate(Wanted { make: &mut make, share: None })
        .map(|_| ())
}

fn resume(clone: &mut Clone, service: &Service) -> Result<(), TestError> {
    let name = secret();
    Engine::new(clone, service, &name, TERMS)?.resume(None, None).map(|_| ())
}

fn retire(clone: &mut Clone, service: &Service) -> Result<(), TestError> {
    let name = secret();
    Engine::new(clone, service, &name, TERMS)?.retire(0).map(|_| ())
}

fn engine_error(result: Result<(), TestError>) -> EngineError {
    match result.unwrap_err() {
        TestError::Engine(error) => *error,
        TestError::Killed => panic!("killed"),
    }
}

/// A vault with the secret, which the service knows, and two clones of it.
fn scene() -> (std::rc::Rc<Remote>, [Clone; 2]) {
    let remote = Remote::with(&secret(), "value-0");
    let clones = [Clone::of(&remote), Clone::of(&remote)];
    (remote, clones)
}
