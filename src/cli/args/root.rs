//! The command line's root: the list of commands and their dispatch, one line each.

use super::globals::Globals;
use crate::cli::command as c;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::history::HistoryUse;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "v-secure",
    version,
    about = "Secrets in one committed file: encrypted, versioned, signed, audited",
    long_about = "Keeps a project's secrets in one text file, .v-secure/vault.toml, that is committed \
                  to git: encrypted to age recipients, versioned, with a signed history that every \
                  reader checks. Without a command it shows the state of the vault.",
    disable_help_subcommand = true,
    after_help = "First steps:\n  v-secure init\n  v-secure import .env\n  v-secure exec -- env\n\n\
                  Exit codes: 0 ok, 1 failure, 2 usage, 3 locked, 4 not permitted, 5 not found,\n\
                  6 integrity (tampered, forged, rolled back), 7 conflict, 8 expired;\n\
                  exec passes on the code of the program that it runs."
)]
pub struct Root {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(c::init::Init),
    Set(c::secret::set::Set),
    Get(c::secret::get::Get),
    #[command(alias = "list")]
    Ls(c::secret::list::List),
    Rm(c::secret::rm::Rm),
    Edit(c::edit::Edit),
    #[command(visible_alias = "run")]
    Exec(c::exec::Exec),
    Inject(c::inject::Inject),
    Import(c::import::Import),
    Export(c::export::Export),
    Diff(c::diff::Diff),
    Unlock(c::unlock::Unlock),
    Lock(c::lock::Lock),
    /// Set, get, list, rotate, edit, compare and remove secrets
    #[command(subcommand)]
    Secret(c::secret::Secret),
    /// List, copy and remove environments
    #[command(subcommand)]
    Env(c::env::Env),
    /// Verify the history and read it
    #[command(subcommand)]
    Audit(c::audit::Audit),
    /// The latest events, and new ones as they happen
    #[command(subcommand)]
    Logs(c::logs::Logs),
    /// How much of the vault's file is history, and putting that aside
    #[command(subcommand)]
    History(c::history::History),
    /// Encrypted backups of the vault
    #[command(subcommand)]
    Backup(c::backup::Backup),
    /// Install and run the git hook
    #[command(subcommand)]
    Git(c::git::Git),
    /// Make and show this device's identity
    #[command(subcommand)]
    Identity(c::identity::Identity),
    /// The identity for the day when every device is lost
    #[command(subcommand)]
    Recovery(c::recovery::Recovery),
    /// Keep this device's identity in the keyring of the operating system
    #[command(subcommand)]
    Keyring(c::keyring::Keyring),
    /// Add, show and remove members: people and services
    #[command(subcommand)]
    Member(c::member::Member),
    /// Roles: named lists of members with grants
    #[command(subcommand)]
    Role(c::role::Role),
    /// Owners, who have every right, and how many of them must sign
    #[command(subcommand)]
    Owner(c::owner::Owner),
    /// Who may do what, and through which grant
    #[command(subcommand)]
    Access(c::access::AccessCommand),
    /// Who vouched for which members, devices and roles
    #[command(subcommand)]
    Policy(c::policy::Policy),
    Exposed(c::exposed::Exposed),
    Adopt(c::adopt::Adopt),
    /// The keys that values are encrypted under, and the passphrase slots of identities
    #[command(subcommand)]
    Key(c::key::Key),
    Prune(c::prune::Prune),
    /// What is rotating, and how a rotation ends
    #[command(subcommand)]
    Rotation(c::rotation::Rotation),
    /// The places where secrets are rotated
    #[command(subcommand)]
    Provider(c::provider::Provider),
    /// Signed settings of the vault
    #[command(subcommand)]
    Settings(c::settings::Settings),
    /// What this device has accepted about the vault
    #[command(subcommand)]
    Pin(c::pin::Pin),
    Doctor(c::doctor::Doctor),
    #[command(hide = true)]
    Generate(c::generate::Generate),
}

impl Command {
    /// Whether what has expired may be pruned besides: not by what verifies, nor by what git runs,
    /// nor where pruning is what was asked for.
    pub(crate) fn may_prune(&self) -> bool {
        match self {
            Self::Audit(audit) => !matches!(audit, c::audit::Audit::Verify(_)),
            Self::Import(import) => !import.is_dry(),
            Self::Git(_) | Self::Pin(_) | Self::Doctor(_) | Self::Prune(_) => false,
            // It opens none.
            Self::Provider(provider) => matches!(provider, c::provider::Provider::List(_)),
            // It would be a change of its own.
            Self::Diff(_) | Self::Generate(_) => false,
            _ => true,
        }
    }

    /// Whether what it writes is about people, rights, keys or settings, which are others' too.
    pub(crate) fn is_of_others(&self) -> bool {
        matches!(
            self,
            Self::Recovery(_)
                | Self::Member(_)
                | Self::Role(_)
                | Self::Owner(_)
                | Self::Access(_)
                | Self::Key(_)
                | Self::Settings(_)
                | Self::History(_)
        )
    }

    /// Whether what is closed of the history is read, or only where a secret that is wanted takes it: by what
    /// gives, lists or sets values as they are.
    pub(crate) fn history_use(&self) -> HistoryUse {
        let values = match self {
            Self::Set(_) | Self::Ls(_) | Self::Exec(_) | Self::Inject(_) | Self::Import(_) => true,
            Self::Export(_) | Self::Unlock(_) | Self::Lock(_) => true,
            Self::Settings(_) | Self::Pin(_) => true,
            Self::Get(get) => get.is_of_now(),
            Self::Secret(c::secret::Secret::Get(get)) => get.is_of_now(),
            Self::Secret(
                c::secret::Secret::Set(_)
                | c::secret::Secret::List(_)
                | c::secret::Secret::Rotate(_),
            ) => true,
            _ => false,
        };
        if values { HistoryUse::AsNeeded } else { HistoryUse::Whole }
    }

    pub fn run(self, context: &Context<'_>) -> Outcome {
        match self {
            Self::Init(command) => command.run(context),
            Self::Set(command) => command.run(context),
            Self::Get(command) => command.run(context),
            Self::Ls(command) => command.run(context),
            Self::Rm(command) => command.run(context),
            Self::Edit(command) => command.run(context),
            Self::Exec(command) => command.run(context),
            Self::Inject(command) => command.run(context),
            Self::Import(command) => command.run(context),
            Self::Export(command) => command.run(context),
            Self::Diff(command) => command.run(context),
            Self::Unlock(command) => command.run(context),
            Self::Lock(command) => command.run(context),
            Self::Secret(command) => command.run(context),
            Self::Env(command) => command.run(context),
            Self::Audit(command) => command.run(context),
            Self::Logs(command) => command.run(context),
            Self::History(command) => command.run(context),
            Self::Backup(command) => command.run(context),
            Self::Git(command) => command.run(context),
            Self::Identity(command) => command.run(context),
            Self::Recovery(command) => command.run(context),
            Self::Keyring(command) => command.run(context),
            Self::Member(command) => command.run(context),
            Self::Key(command) => command.run(context),
            Self::Role(command) => command.run(context),
            Self::Owner(command) => command.run(context),
            Self::Access(command) => command.run(context),
            Self::Policy(command) => command.run(context),
            Self::Exposed(command) => command.run(context),
            Self::Adopt(command) => command.run(context),
            Self::Prune(command) => command.run(context),
            Self::Rotation(command) => command.run(context),
            Self::Provider(command) => command.run(context),
            Self::Settings(command) => command.run(context),
            Self::Pin(command) => command.run(context),
            Self::Doctor(command) => command.run(context),
            Self::Generate(command) => command.run(context),
        }
    }
}
