//! Options that every command takes. Their variables are read through `host`, by
//! `cli::door::surroundings`, not by clap: the library never reads the real environment.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Clone, Default, Args)]
pub struct Globals {
    /// The vault: its file, or the project folder that holds .v-secure/vault.toml [env: V_SECURE_VAULT]
    #[arg(long, global = true, value_name = "PATH")]
    #[arg(help_heading = "Global options")]
    pub vault: Option<PathBuf>,

    /// An identity file to unlock with; may be given several times
    #[arg(long = "identity", global = true, value_name = "FILE", help_heading = "Global options")]
    pub identities: Vec<PathBuf>,

    /// Unlock with the passphrase read from this file descriptor, and with nothing else
    #[arg(long, global = true, value_name = "N", help_heading = "Global options")]
    pub passphrase_fd: Option<u32>,

    /// The environment of secrets that are named without one [env: V_SECURE_ENV] [default: default]
    #[arg(short = 'e', long = "env", global = true, value_name = "NAME")]
    #[arg(help_heading = "Global options")]
    pub environment: Option<String>,

    /// Print JSON: an object ('audit log': a list, 'logs tail': an object a line); errors too, on
    /// standard error
    #[arg(long, global = true, help_heading = "Global options")]
    pub json: bool,

    /// Say nothing but results, warnings and errors
    #[arg(long, short = 'q', global = true, help_heading = "Global options")]
    pub quiet: bool,

    /// Never ask, even on a terminal [env: V_SECURE_NO_INPUT]
    #[arg(long, global = true, help_heading = "Global options")]
    pub no_input: bool,

    /// Accept a vault that this device has never seen, without a pin
    #[arg(long, global = true, help_heading = "Global options")]
    pub trust_first_use: bool,
}
