//! `v-secure key slot`: passphrases that unlock the vault, each in a slot of the vault file.

pub mod add;
pub mod change;
pub mod list;
pub mod remove;

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::unlocking::asked_passphrase::{NEW, NewPassphrase, PassphraseUse};
use clap::{Args, Subcommand};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Vault;

#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  v-secure key slot add --label travelling\n  \
                  v-secure key slot list")]
pub enum Slot {
    Add(add::Add),
    List(list::List),
    Change(change::ChangeSlot),
    Remove(remove::Remove),
}

impl Slot {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Add(command) => command.run(context),
            Self::List(command) => command.run(context),
            Self::Change(command) => command.run(context),
            Self::Remove(command) => command.run(context),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct NewPassphraseArgs {
    /// Read the new passphrase from this file descriptor
    #[arg(long, value_name = "N")]
    new_passphrase_fd: Option<u32>,

    /// Accept a passphrase that is easily guessed
    #[arg(long)]
    allow_weak_passphrase: bool,
}

impl NewPassphraseArgs {
    fn get(&self, context: &Context<'_>, vault: &Vault) -> Outcome<SecretValue> {
        let members: Vec<&str> = vault.policy().members().map(|(name, _)| name.as_str()).collect();
        let known: Vec<&str> =
            std::iter::once(vault.file().header.name.as_str()).chain(members).collect();
        let wanted = NewPassphrase {
            names: &NEW,
            descriptor: self.new_passphrase_fd,
            sealed: PassphraseUse::Identity,
            allow_weak: self.allow_weak_passphrase,
            known: &known,
        };
        wanted.get(context)
    }
}

/// What nobody should be left to find out by themselves.
const HISTORY: &str = "git keeps the old slot: the old passphrase still opens your identity from an older commit. Only another\n\
     identity ends that: ask for a device with a new one (v-secure identity new, v-secure member request), and\n\
     remove the old one (v-secure member key remove)";
