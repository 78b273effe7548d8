//! `v-secure keyring`: this device's identity in the keyring of the operating system.

pub mod add;
pub mod remove;
pub mod show;

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking::keyring;
use clap::Subcommand;
use v_secure_core::file::keyring_slot::SealedHalf;
use v_secure_core::vault::Vault;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure keyring add\n  v-secure keyring show")]
pub enum Keyring {
    Add(add::Add),
    Show(show::Show),
    Remove(remove::Remove),
}

impl Keyring {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Add(command) => command.run(context),
            Self::Show(command) => command.run(context),
            Self::Remove(command) => command.run(context),
        }
    }
}

/// The slot that this device has for the vault.
fn slot(context: &Context<'_>, vault: &Vault) -> Outcome<SealedHalf> {
    let found = keyring::files(context).load(&vault.id());
    found.map_err(|error| keyring::file_failure(&error))?.ok_or_else(|| {
        let name = &vault.file().header.name;
        let message = format!("this device has no keyring slot for {name}");
        Failure::new(Code::NoKeyringSlot, message).hint("v-secure keyring add")
    })
}
