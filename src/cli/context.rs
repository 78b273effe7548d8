//! What every command starts from: the host, the options, the output, the vault that is meant and
//! the identities that may open it.

use super::error::{Failure, Outcome};
use super::exit::Exit;
use super::globals::Globals;
use super::ui::Ui;
use crate::host::{Host, Stream};
use crate::name::{Name, SecretName};
use crate::ops::unlock::Unlocked;
use crate::ops::vault::{Depth, Vault};
use crate::store::find::{Location, Search};
use crate::store::owners::Owners;
use crate::store::session::{Session, Trusted};
use std::path::PathBuf;

pub struct Context<'a> {
    pub host: &'a dyn Host,
    pub globals: Globals,
    pub ui: Ui<'a>,
}

impl<'a> Context<'a> {
    pub fn new(host: &'a dyn Host, mut globals: Globals) -> Self {
        globals.vault = globals.vault.or_else(|| host.variable("V_SECURE_VAULT").map(PathBuf::from));
        globals.no_input |= host.variable("V_SECURE_NO_INPUT").is_some_and(|value| value != "0");
        let ui = Ui::new(host, globals.json, globals.quiet);
        Self { host, globals, ui }
    }

    /// The environment that names without one are in.
    pub fn environment(&self) -> Outcome<Name> {
        let variable = self.host.variable("V_SECURE_ENV").map(|v| v.to_string_lossy().into_owned());
        let text = self.globals.environment.clone().or(variable);
        Name::new(text.unwrap_or_else(|| "default".into())).map_err(|error| {
            Failure::usage("bad-name", "this is no name of an environment").because(&error)
        })
    }

    /// Whether questions may be asked.
    pub fn interactive(&self) -> bool {
        !self.globals.no_input
            && self.host.is_terminal(Stream::In)
            && self.host.is_terminal(Stream::Err)
    }

    pub fn owners(&self) -> Owners {
        Owners::current(self.host.variable("SUDO_UID").as_deref())
    }

    pub fn location(&self) -> Outcome<Location> {
        let start = self.host.current_dir().map_err(|error| {
            Failure::new(Exit::Failure, "current-folder", "the current folder cannot be read")
                .because(&error)
        })?;
        let home = self.host.home_dir();
        let search = Search { start: &start, home: home.as_deref(), owners: self.owners() };
        let found = match &self.globals.vault {
            Some(path) => search.at(path),
            None => search.upward(),
        };
        Ok(found?)
    }
}
