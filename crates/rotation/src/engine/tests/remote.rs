//! A remote that clones of a vault push to, in memory: who was not first unites and tries again.

use crate::engine::{EngineError, Make, Publication, Step};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use v_secure_core::crypto::identity::{generate_identity, parse_identities};
use v_secure_core::file::format::{self, Trust};
use v_secure_core::file::model::VaultFile;
use v_secure_core::host::Random;
use v_secure_core::host::progress::Silent;
use v_secure_core::log::state::Version;
use v_secure_core::merge::merge;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::people::init::{self, InitRequest};
use v_secure_core::secret::put::{self, NewValue, PutRequest};
use v_secure_core::secret::read::{self, VersionSelector};
use v_secure_core::secret::rollback;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::unlock::{Signer, Unlocked};
use v_secure_core::vault::{Depth, Vault};

#[derive(Debug)]
pub enum TestError {
    /// The process was: nothing of it goes on.
    Killed,
    Engine(Box<EngineError>),
}

impl From<EngineError> for TestError {
    fn from(error: EngineError) -> Self {
        Self::Engine(Box::new(error))
    }
}

pub struct Entropy;

impl Random for Entropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}

/// What is published, the time, and after how many things that can be seen from outside a process is killed.
pub struct Remote {
    published: RefCell<VaultFile>,
    identity: SecretValue,
    pub now: Cell<u64>,
    pub killed_at: Cell<Option<usize>>,
}

impl Remote {
    pub fn with(secret: &SecretName, value: &str) -> Rc<Self> {
        let made = generate_identity();
        let name = |text| Name::new(text).unwrap();
        let request = InitRequest {
            name: name("shop"),
            member: name("olga"),
            device: name("laptop"),
            recipient: made.recipient,
            now: UnixTime::from_secs(1),
        };
        let file = init::init(&request, &Entropy).unwrap();
        let remote = Rc::new(Self {
            published: RefCell::new(file),
            identity: made.text,
            now: Cell::new(1_000_000),
            killed_at: Cell::new(None),
        });
        Clone::of(&remote).put(secret, value);
        remote
    }

    pub fn pass(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
    }

    /// Whether the process ends here.
    pub fn is_killed(&self) -> bool {
        let Some(left) = self.killed_at.get() else { return false };
        self.killed_at.set(left.checked_sub(1));
        left == 0
    }
}

pub struct Clone {
    pub remote: Rc<Remote>,
    vault: Vault,
    who: Unlocked,
    signer: Signer,
    /// Called once where a push is about to be made: what another clone does meanwhile.
    pub meanwhile: Option<Box<dyn FnOnce()>>,
    pub said: RefCell<Vec<Step>>,
}

fn open(file: &VaultFile) -> Vault {
    let (text, now) = (format::write(file), UnixTime::from_secs(9));
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, now).unwrap()
}

impl Clone {
    pub fn of(remote: &Rc<Remote>) -> Self {
        let vault = open(&remote.published.borrow());
        let who = Unlocked::new(&vault, parse_identities(&remote.identity).unwrap()).unwrap();
        let signer = who.signer(&vault).unwrap();
        let remote = Rc::clone(remote);
        Self { remote, vault, who, signer, meanwhile: None, said: RefCell::default() }
    }

    fn ctx(&self, reason: &str) -> Ctx<'_> {
        let (who, signer, now) = (&self.who, &self.signer, self.now());
        Ctx { who, signer, random: &Entropy, now, reason: reason.into(), progress: &Silent }
    }

    /// As `v-secure set`, and a push.
    pub fn put(&mut self, secret: &SecretName, value: &str) {
        let value = NewValue {
            value: SecretValue::from(value.to_owned()),
            expires: None,
            same: Vec::new(),
        };
        let request = PutRequest { secret: secret.clone(), value: Some(value), fields: Vec::new() };
        self.publish("set", &mut |vault, ctx| {
            let request = PutRequest {
                secret: request.secret.clone(),
                value: request.value.as_ref().map(|new| NewValue {
                    value: SecretValue::new(new.value.expose().to_vec()),
                    expires: None,
                    same: Vec::new(),
                }),
                fields: Vec::new(),
            };
            Ok(put::put(vault, vec![request], ctx).unwrap())
        })
        .unwrap();
    }

    /// As `v-secure secret rollback` of the version that was current first, and a push.
    pub fn roll_back(&mut self, secret: &SecretName) {
        self.publish("rollback", &mut |vault, ctx| {
            let old = VersionSelector::Number(1);
            Ok(rollback::rollback(vault, secret, &old, ctx).unwrap().1)
        })
        .unwrap();
    }

    pub fn current(&self, secret: &SecretName) -> String {
        let version = self.vault.secret(secret).unwrap().current().unwrap();
        let value = read::open(&self.vault, &self.who, secret, version).unwrap();
        value.expose_str().unwrap().to_owned()
    }

    fn union(&mut self) {
        let theirs = self.remote.published.borrow().clone();
        self.vault = merge(self.vault.file().clone(), [theirs], self.now()).unwrap().vault;
    }
}

impl Publication for Clone {
    type Error = TestError;

    fn refresh(&mut self) -> Result<(), TestError> {
        self.union();
        Ok(())
    }

    fn vault(&self) -> &Vault {
        &self.vault
    }

    fn member(&self) -> &Name {
        self.who.member()
    }

    fn now(&self) -> UnixTime {
        UnixTime::from_secs(self.remote.now.get())
    }

    fn pause(&self, span: Duration) {
        self.remote.pass(span.as_secs());
    }

    fn value(&self, secret: &SecretName, version: &Version) -> Result<SecretValue, TestError> {
        Ok(read::open(&self.vault, &self.who, secret, version).map_err(EngineError::Read)?)
    }

    fn publish(&mut self, reason: &str, make: &mut Make<'_, TestError>) -> Result<(), TestError> {
        loop {
            let change = make(&self.vault, &self.ctx(reason))?;
            if self.remote.is_killed() {
                return Err(TestError::Killed);
            }
            if let Some(meanwhile) = self.meanwhile.take() {
                meanwhile();
            }
            let known = merge(
                self.vault.file().clone(),
                [self.remote.published.borrow().clone()],
                self.now(),
            )
            .unwrap();
            if known.text != format::write(self.vault.file()) {
                self.vault = known.vault;
                continue;
            }
            self.vault = self.vault.clone().apply(change).unwrap();
            self.remote.published.replace(self.vault.file().clone());
            if self.remote.is_killed() {
                return Err(TestError::Killed);
            }
            return Ok(());
        }
    }

    fn told(&self, step: Step) {
        self.said.borrow_mut().push(step);
    }
}
