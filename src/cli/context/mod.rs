//! What every command starts from: the host, the options, the output, the vault that is meant, and
//! who the user is in it.

mod door;
mod judging;
mod writing;

use super::error::{Failure, Outcome};
use super::exit::Exit;
use super::globals::Globals;
use super::hidden;
use super::identities;
use super::job;
use super::passphrase::Place;
use super::pruning::Pruning;
use super::sharing::Sharing;
use super::ui::Ui;
use crate::engine;
use crate::engine::door::Purpose;
use crate::engine::session::{Opened, Session};
use crate::engine::transaction::Written;
use crate::host::hardening::{Hardened, harden};
use crate::host::{Host, Stream};
use crate::store::file::find::{Location, Search};
use crate::store::file::owners::{Owners, ProjectOwners};
use crate::store::file::private;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::verified_vault::{Depth, Vault};

pub struct Context<'a> {
    pub host: &'a dyn Host,
    pub globals: Globals,
    pub ui: Ui<'a>,
    pub pruning: Pruning,
    pub sharing: Sharing,
    /// The limits of a child that is not ours.
    pub hardened: Hardened,
    /// The text of the identity that a passphrase opened, for the rest of this command.
    opened_slot: RefCell<Option<SecretValue>>,
    /// What a descriptor gave, which gives it once: for an SSH key and for a slot of the vault.
    given: RefCell<Option<(Place, SecretValue)>>,
    /// The policy chain that was agreed to in this command: without a state folder nothing else knows.
    agreed: RefCell<Vec<Id>>,
    warned: RefCell<BTreeSet<String>>,
    /// The words for an older state, by the lengths of its chain and of the accepted one.
    older: RefCell<Option<((usize, usize), String)>>,
}

impl<'a> Context<'a> {
    /// Hardens the process: any command may come to hold a key, a passphrase or a value, if only to
    /// write down on the side that a time is over.
    pub fn new(host: &'a dyn Host, mut globals: Globals) -> Self {
        globals.vault =
            globals.vault.or_else(|| host.variable("V_SECURE_VAULT").map(PathBuf::from));
        globals.no_input |= host.variable("V_SECURE_NO_INPUT").is_some_and(|value| value != "0");
        let ui = Ui::new(host, globals.json, globals.quiet);
        Self {
            host,
            globals,
            ui,
            pruning: Pruning::default(),
            sharing: Sharing::default(),
            hardened: harden(),
            opened_slot: RefCell::default(),
            given: RefCell::default(),
            agreed: RefCell::default(),
            warned: RefCell::default(),
            older: RefCell::default(),
        }
    }

    /// The same user with the same options, who is asked nothing and told nothing.
    pub fn on_the_side(&self) -> Self {
        let globals = Globals { no_input: true, ..self.globals.clone() };
        let pruning = Pruning::default();
        Self {
            host: self.host,
            globals,
            ui: Ui::muted(self.host),
            pruning,
            sharing: Sharing::default(),
            hardened: self.hardened,
            opened_slot: RefCell::default(),
            given: RefCell::new(
                self.given.borrow().as_ref().map(|(place, value)| (place.clone(), copy(value))),
            ),
            agreed: RefCell::default(),
            warned: RefCell::default(),
            older: RefCell::default(),
        }
    }

    /// The passphrase of a place, read once.
    pub fn given_passphrase(&self, place: &Place) -> Outcome<SecretValue> {
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
    pub fn remember(&self, identity: SecretValue) {
        *self.opened_slot.borrow_mut() = Some(identity);
    }

    /// What `read` makes of the identity that was kept.
    pub fn remembered<T>(&self, read: impl Fn(&SecretValue) -> T) -> Option<T> {
        self.opened_slot.borrow().as_ref().map(read)
    }

    /// The environment that names without one are in.
    pub fn environment(&self) -> Outcome<Name> {
        let variable = self.host.variable("V_SECURE_ENV").map(|v| v.to_string_lossy().into_owned());
        let text = self.globals.environment.clone().or(variable);
        Name::new(text.unwrap_or_else(|| "default".into())).map_err(|error| {
            Failure::usage("bad-name", "this is not a valid environment name").because(&error)
        })
    }

    /// Whether the user stated an environment.
    pub fn states_environment(&self) -> bool {
        self.globals.environment.is_some() || self.host.variable("V_SECURE_ENV").is_some()
    }

    /// Whether questions may be asked.
    pub fn interactive(&self) -> bool {
        !self.globals.no_input
            && self.host.is_terminal(Stream::In)
            && self.host.is_terminal(Stream::Err)
    }

    /// Whether no person is at work here, as far as can be told: a CI system, or no terminal at all.
    pub fn is_unattended(&self) -> bool {
        job::is_one(self.host) || !self.host.is_terminal(Stream::Err)
    }

    /// Whose files are this user's own: what is kept, and what holds keys.
    pub fn owners(&self) -> Owners {
        Owners::current()
    }

    /// Whose projects are used.
    pub fn project_owners(&self) -> ProjectOwners {
        ProjectOwners::current(self.host.variable("SUDO_UID").as_deref())
    }

    /// The state folder, where there is one that nobody else can replace.
    pub fn state_folder(&self) -> Option<PathBuf> {
        let folder = self.host.state_dir()?;
        match private::unreplaceable(&folder, self.owners()) {
            Ok(()) => Some(folder),
            Err(error) => {
                let (folder, mut text) = (folder.display(), error.to_string());
                if self.host.variable("SUDO_UID").is_some() {
                    text.push_str(" ('sudo -H' takes root's own folders)");
                }
                self.warn_once(&format!(
                    "nothing is remembered, and no record is believed: {folder} is not used, since {text}"
                ));
                None
            }
        }
    }

    /// Where the system keeps what is the user's in memory.
    pub fn runtime_folder(&self) -> Option<PathBuf> {
        self.host.variable("XDG_RUNTIME_DIR").map(PathBuf::from)
    }

    pub fn current_dir(&self) -> Outcome<PathBuf> {
        self.host.current_dir().map_err(|error| {
            Failure::new(Exit::Failure, "current-folder", "the current folder cannot be read")
                .because(&error)
        })
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
    pub fn session_at(&self, location: Location) -> Outcome<Session> {
        Ok(Session {
            location,
            owners: self.owners(),
            state: self.state_folder(),
            home: self.host.home_dir(),
            carried: identities::carried_pin(self)?,
            now: self.host.now(),
        })
    }

    pub fn session(&self) -> Outcome<Session> {
        self.session_at(self.location()?)
    }

    /// Opens the vault that is meant.
    pub fn open(&self, purpose: Purpose, depth: Depth<'_>) -> Outcome<(Session, Opened)> {
        let session = self.session()?;
        let opened = engine::judging::open(self, &session, purpose, depth)?;
        Ok((session, opened))
    }

    /// Opens the vault that is to be written, before anything is asked of the user or read in for it.
    pub fn open_to_write(&self, depth: Depth<'_>) -> Outcome<(Session, Opened)> {
        let session = self.session()?;
        let opened = engine::writing::open_to_write(self, &session, depth)?;
        Ok((session, opened))
    }

    /// A command may judge a vault more than once: before it asks for a value, and under the lock.
    fn warn_once(&self, text: &str) {
        if self.warned.borrow_mut().insert(text.to_owned()) {
            self.ui.warn(text);
        }
    }

    /// Says that the state folder does not know what was accepted.
    fn unrecorded(&self, error: &dyn std::error::Error) {
        let failure = Failure::from_error(Exit::Failure, "state", error);
        let texts: Vec<String> = std::iter::once(failure.message).chain(failure.causes).collect();
        self.ui.note(&format!(
            "this device could not record what it accepted, so a later roll-back may go unnoticed: {}",
            texts.join(": ")
        ));
    }

    /// The vault of a finished write.
    pub fn written(&self, written: Written) -> Vault {
        if let Some(error) = &written.unrecorded {
            self.unrecorded(error);
        }
        written.vault
    }

    /// Remembers signing keys as this device's own, so that it knows those that are not.
    pub fn note_made(&self, session: &Session, keys: impl IntoIterator<Item = Id>) {
        if let Err(error) = session.note_made(keys) {
            self.unrecorded(&error);
        }
    }

    /// Names of all live secrets, unverified: for completions.
    pub fn secret_names(&self) -> Outcome<Vec<SecretName>> {
        let opened = self.session()?.open(Depth::Unverified)?;
        Ok(opened.vault.live().map(|(name, _)| name.clone()).collect())
    }
}

fn copy(value: &SecretValue) -> SecretValue {
    SecretValue::new(value.expose().to_vec())
}

/// An id's first characters, for people.
pub fn short(id: &Id) -> String {
    id.to_string().chars().take(10).collect()
}
