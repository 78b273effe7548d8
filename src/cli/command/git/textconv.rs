//! `v-secure git textconv`: what git runs to show a vault's file, in `git diff` and `git log -p`.
//!
//! git gives up the whole listing where this fails. So a file that is no vault has a text too, which says so.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::store::file::read;
use crate::store::file::read::ReadError;
use clap::Args;
use std::path::PathBuf;
use v_secure_core::file::format::MAX_FILE;
use v_secure_core::report::plain;

/// Print a vault's file as plain lines without values, for git
#[derive(Debug, Args)]
#[command(
    after_help = "Git runs this where a clone has 'v-secure git install', and compares the lines: one fact each, of \
                  members, roles, grants, settings, keys and secrets, and what happened. It needs no key, and \
                  says of a file that does not verify that it does not.\n\n\
                  Examples:\n  v-secure git textconv .v-secure/vault.toml\n  git log -p -- .v-secure/vault.toml"
)]
pub struct Textconv {
    /// The file, of whatever commit
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Textconv {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let text = match read::read(&self.file, MAX_FILE as u64) {
            Ok(found) => plain::text(&found.bytes),
            // git gives its copies names of their own, which would differ from run to run.
            Err(ReadError::TooLarge { len, limit, .. }) => {
                plain::unread(&format!("it is {len} bytes long, and at most {limit} are read"))
            }
            Err(error) => {
                let message = format!("{} cannot be read", self.file.display());
                return Err(Failure::new(Code::File, message).because(&error));
            }
        };
        context.ui.out(&text)
    }
}
