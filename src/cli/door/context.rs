//! What every command starts from: the host, the options, the output, the vault that is meant, and
//! who the user is in it.

use super::pending::Pruning;
use super::surroundings::Surroundings;
use crate::cli::args::globals::Globals;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::repository::hidden;
use crate::cli::repository::sharing::Sharing;
use crate::cli::unlocking::asked_passphrase::PassphraseSource;
use crate::cli::unlocking::identities;
use crate::engine::history::HistoryUse;
use crate::engine::session::Session;
use crate::host::Host;
use crate::host::hardening::{Hardened, harden};
use crate::store::file::find::{Location, Search};
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use v_secure_core::crypto::id::{KeyId, PolicyId};
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Depth;

pub struct Context<'a> {
    surroundings: Surroundings<'a>,
    pub pruning: Pruning,
    pub sharing: Sharing,
    /// Whether what is closed of a history is read.
    pub history: Cell<HistoryUse>,
    /// The limits of a child that is not ours.
    pub hardened: Hardened,
    /// The text of the identity that a passphrase opened, for the rest of this command.
    opened_slot: RefCell<Option<SecretValue>>,
    /// What a descriptor gave, which gives it once: for an SSH key and for a slot of the vault.
    given: RefCell<Option<(PassphraseSource, SecretValue)>>,
    /// The policy chain that was agreed to in this command: without a state folder nothing else knows.
    pub(in crate::cli) agreed: RefCell<Vec<PolicyId>>,
    /// The words for an older state, by the lengths of its chain and of the accepted one.
    pub(in crate::cli) older: RefCell<Option<((usize, usize), String)>>,
}

impl<'a> Deref for Context<'a> {
    type Target = Surroundings<'a>;

    fn deref(&self) -> &Self::Target {
        &self.surroundings
    }
}

impl<'a> Context<'a> {
    /// Hardens the process: any command may come to hold a key, a passphrase or a value, if only to
    /// write down on the side that a time is over.
    pub fn new(host: &'a dyn Host, globals: Globals) -> Self {
        Self::within(Surroundings::new(host, globals), harden())
    }

    fn within(surroundings: Surroundings<'a>, hardened: Hardened) -> Self {
        Self {
            surroundings,
            pruning: Pruning::default(),
            sharing: Sharing::default(),
            history: Cell::new(HistoryUse::Whole),
            hardened,
            opened_slot: RefCell::default(),
            given: RefCell::default(),
            agreed: RefCell::default(),
            older: RefCell::default(),
        }
    }

    /// The same user with the same options, who is asked nothing and told nothing.
    pub(crate) fn on_the_side(&self) -> Self {
        let side = Self::within(self.surroundings.muted(), self.hardened);
        let given = self.given.borrow();
        let given = given.as_ref().map(|(place, value)| (place.clone(), copy(value)));
        Self { given: RefCell::new(given), ..side }
    }

    /// The passphrase of a place, read once.
    pub(crate) fn given_passphrase(&self, place: &PassphraseSource) -> Outcome<SecretValue> {
        let known = self
            .given
            .borrow()
            .as_ref()
            .filter(|(known, _)| known == place)
            .map(|(_, value)| copy(value));
        if let Some(value) = known {
            return Ok(value);
        }
        let value = place.read(self)?;
        *self.given.borrow_mut() = Some((place.clone(), copy(&value)));
        Ok(value)
    }

    /// Keeps an identity that a passphrase opened, so that nobody is asked twice for one command.
    pub(crate) fn remember(&self, identity: SecretValue) {
        *self.opened_slot.borrow_mut() = Some(identity);
    }

    /// What `read` makes of the identity that was kept.
    pub fn remembered<T>(&self, read: impl Fn(&SecretValue) -> T) -> Option<T> {
        self.opened_slot.borrow().as_ref().map(read)
    }

    pub fn location(&self) -> Outcome<Location> {
        let (start, home) = (self.current_dir()?, self.host.home_dir());
        let search = Search { start: &start, home: home.as_deref(), owners: self.project_owners() };
        let found = match &self.globals.vault {
            Some(path) => search.at(path),
            None => search.upward(),
        };
        found.map_err(|error| hidden::explain(self, error))
    }

    /// The session of a place: of the vault that is meant, if no place is given.
    pub(crate) fn session_at(&self, location: Location) -> Outcome<Session> {
        Ok(Session {
            location,
            owners: self.owners(),
            state: self.state_folder(),
            home: self.host.home_dir(),
            carried: identities::carried_pin(self)?,
            history: self.history_use()?,
            brought: None,
            now: self.host.now(),
        })
    }

    fn history_use(&self) -> Outcome<HistoryUse> {
        Ok(if self.wants_whole_history()? { HistoryUse::Whole } else { self.history.get() })
    }

    /// Whether this device trusts no checkpoint by itself, whatever the command takes.
    pub(crate) fn wants_whole_history(&self) -> Outcome<bool> {
        match self.host.variable("V_SECURE_HISTORY") {
            None => Ok(false),
            Some(text) if text.is_empty() => Ok(false),
            Some(text) if text == "full" => Ok(true),
            Some(_) => Err(Failure::new(Code::BadValue, "V_SECURE_HISTORY is not 'full'")
                .hint("V_SECURE_HISTORY=full, or nothing")),
        }
    }

    pub fn session(&self) -> Outcome<Session> {
        self.session_at(self.location()?)
    }

    /// Remembers signing keys as this device's own, so that it knows those that are not.
    pub(crate) fn note_made(&self, session: &Session, keys: impl IntoIterator<Item = KeyId>) {
        if let Err(error) = session.note_made(keys) {
            self.unrecorded(&error);
        }
    }

    /// Names of all live secrets, unverified: for completions.
    pub(crate) fn secret_names(&self) -> Outcome<Vec<SecretName>> {
        let opened = self.session()?.open(Depth::Unverified)?;
        Ok(opened.vault.live().map(|(name, _)| name.clone()).collect())
    }
}

fn copy(value: &SecretValue) -> SecretValue {
    SecretValue::new(value.expose().to_vec())
}
