//! What a command has around it, whatever vault it is about: the host, the options, the voice, and whose
//! files are trusted.

use super::job;
use crate::cli::args::globals::Globals;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::ui::Ui;
use crate::host::{Host, Stream};
use crate::store::file::owners::{Owners, ProjectOwners};
use crate::store::file::private;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use v_secure_core::name::environment::EnvironmentName;

pub struct Surroundings<'a> {
    pub host: &'a dyn Host,
    pub globals: Globals,
    pub ui: Ui<'a>,
    warned: RefCell<BTreeSet<String>>,
}

impl<'a> Surroundings<'a> {
    pub fn new(host: &'a dyn Host, mut globals: Globals) -> Self {
        globals.vault =
            globals.vault.or_else(|| host.variable("V_SECURE_VAULT").map(PathBuf::from));
        globals.no_input |= host.variable("V_SECURE_NO_INPUT").is_some_and(|value| value != "0");
        let ui = Ui::new(host, globals.json, globals.quiet);
        Self { host, globals, ui, warned: RefCell::default() }
    }

    /// The same, with nobody who is asked or told anything.
    pub(crate) fn muted(&self) -> Self {
        let globals = Globals { no_input: true, ..self.globals.clone() };
        Self { host: self.host, globals, ui: Ui::muted(self.host), warned: RefCell::default() }
    }

    /// The environment that names without one are in.
    pub fn environment(&self) -> Outcome<EnvironmentName> {
        let variable = self.host.variable("V_SECURE_ENV").map(|v| v.to_string_lossy().into_owned());
        let text = self.globals.environment.clone().or(variable);
        EnvironmentName::new(text.unwrap_or_else(|| "default".into())).map_err(|error| {
            Failure::new(Code::BadName, "this is not a valid environment name").because(&error)
        })
    }

    /// Whether the user stated an environment.
    pub(crate) fn states_environment(&self) -> bool {
        self.globals.environment.is_some() || self.host.variable("V_SECURE_ENV").is_some()
    }

    /// Whether questions may be asked.
    pub(crate) fn interactive(&self) -> bool {
        !self.globals.no_input
            && self.host.is_terminal(Stream::In)
            && self.host.is_terminal(Stream::Err)
    }

    /// Whether no person is at work here, as far as can be told: a CI system, or no terminal at all.
    pub(crate) fn is_unattended(&self) -> bool {
        job::is_one(self.host) || !self.host.is_terminal(Stream::Err)
    }

    /// Whose files are this user's own: what is kept, and what holds keys.
    pub fn owners(&self) -> Owners {
        Owners::current()
    }

    /// Whose projects are used.
    pub(crate) fn project_owners(&self) -> ProjectOwners {
        ProjectOwners::current(self.host.variable("SUDO_UID").as_deref())
    }

    /// The state folder, where there is one that nobody else can replace.
    pub(crate) fn state_folder(&self) -> Option<PathBuf> {
        let folder = self.host.state_dir()?;
        match private::unreplaceable(&folder, self.owners()) {
            Ok(()) => Some(folder),
            Err(error) => {
                let (folder, mut text) = (folder.display(), error.to_string());
                if self.host.variable("SUDO_UID").is_some() {
                    text.push_str(" ('sudo -H' takes root's own folders)");
                }
                self.warn_once(&format!(
                    "nothing is stored, and stored state is ignored: {folder} is not used, since {text}"
                ));
                None
            }
        }
    }

    /// Where the system keeps what is the user's in memory.
    pub(crate) fn runtime_folder(&self) -> Option<PathBuf> {
        self.host.variable("XDG_RUNTIME_DIR").map(PathBuf::from)
    }

    pub fn current_dir(&self) -> Outcome<PathBuf> {
        self.host.current_dir().map_err(|error| {
            Failure::new(Code::CurrentFolder, "the current folder cannot be read").because(&error)
        })
    }

    /// A command may judge a vault more than once: before it asks for a value, and under the lock.
    pub(crate) fn warn_once(&self, text: &str) {
        if self.warned.borrow_mut().insert(text.to_owned()) {
            self.ui.warn(text);
        }
    }

    /// Says that the state folder does not know what was accepted.
    pub(crate) fn unrecorded(&self, error: &dyn std::error::Error) {
        let failure = Failure::from_error(Code::State, error);
        let texts: Vec<String> = std::iter::once(failure.message).chain(failure.causes).collect();
        let text = format!(
            "this device could not record what it accepted, so a later roll-back may go unnoticed: {}",
            texts.join(": ")
        );
        if self.warned.borrow_mut().insert(text.clone()) {
            self.ui.note(&text);
        }
    }

    /// Whether this text was a warning of this command already.
    pub(crate) fn has_warned(&self, text: &str) -> bool {
        self.warned.borrow().contains(text)
    }
}
