//! `v-secure exec`: runs a program with its secrets.

use crate::cli::child::{self, Program};
use crate::cli::context::{Context, Purpose};
use crate::cli::error::{Failure, Outcome};
use crate::cli::exit::Exit;
use crate::cli::pruning;
use crate::cli::selection::{self, SelectionArgs};
use crate::host::hardening;
use crate::ops::inject::{self, Clash, InjectError, Options, System};
use crate::ops::vault::Depth;
use clap::Args;
use std::ffi::OsString;

/// Run a program with an environment's secrets as variables
#[derive(Debug, Args)]
#[command(
    after_help = "The program replaces v-secure: its exit code, signals and terminal are its own. If a wanted\n\
                        secret is missing, expired, denied or damaged, it does not start.\n\n\
                        Examples:\n  v-secure exec -- npm start\n  v-secure exec -e prod --only DATABASE_URL -- ./migrate\n  \
                        v-secure exec --tag web --pristine -- env"
)]
pub struct Exec {
    #[command(flatten)]
    selection: SelectionArgs,

    /// Inherit only PATH, HOME, USER, LOGNAME, SHELL, TERM, LANG, LC_*, TZ and TMPDIR
    #[arg(long)]
    pristine: bool,

    /// Where a variable is set already to another value, the secret wins
    #[arg(long = "override", conflicts_with = "keep")]
    replace: bool,

    /// Where a variable is set already to another value, that value stays
    #[arg(long)]
    keep: bool,

    /// Why the secrets are used
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    command: Vec<OsString>,
}

impl Exec {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let hardened = hardening::harden();
        let child = {
            let (session, opened) = context.open(Purpose::Use, Depth::Everything)?;
            let secrets = self.selection.secrets(
                context,
                &session,
                &opened.vault,
                ("exec", self.reason.as_deref()),
            )?;
            let clash = match (self.replace, self.keep) {
                (true, _) => Clash::Override,
                (_, true) => Clash::Keep,
                _ => Clash::Error,
            };
            let allowed = selection::allowed(&opened.vault);
            let options = Options {
                pristine: self.pristine,
                clash,
                allowed: &allowed,
                system: System::current(),
            };
            let parent = context.host.variables();
            let child = inject::environment(parent, secrets, &options).map_err(refused)?;
            // Nothing in it is secret, and the program replaces this process: freeing a large vault
            // piece by piece before that would only take time.
            std::mem::forget(opened);
            child
        };
        let (name, arguments) = self
            .command
            .split_first()
            .ok_or_else(|| Failure::usage("no-command", "no program was given"))?;
        let search = context.host.variable("PATH");
        let program = Program { name, arguments, search: search.as_deref() };
        // The program replaces this process.
        pruning::run(context);
        match child::run(program, &child, &hardened) {
            Ok(0) => Ok(()),
            Ok(code) => Err(Failure::new(
                Exit::Child(u8::try_from(code).unwrap_or(1)),
                "child",
                String::new(),
            )),
            Err(error) => {
                Err(Failure::from_error(Exit::Child(error.exit_code()), "child-start", &error))
            }
        }
    }
}

fn refused(error: InjectError) -> Failure {
    let exit = match &error {
        InjectError::Clash { .. } => Exit::Conflict,
        _ => Exit::Failure,
    };
    let failure = Failure::from_error(exit, "environment", &error);
    match (&error, error.hint()) {
        (InjectError::Clash { .. }, _) => failure
            .hint("--override lets the secret win")
            .hint("--keep leaves the variable as it is"),
        (_, Some(hint)) => failure.hint(hint),
        (_, None) => failure,
    }
}
