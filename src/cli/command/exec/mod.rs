//! `v-secure exec`: runs a program with its secrets.

mod as_file;

use crate::cli::args::instance::InstanceArg;
use crate::cli::args::selection;
use crate::cli::args::selection::{Purpose, SelectionArgs};
use crate::cli::args::strict::StrictArgs;
use crate::cli::child::files::Files;
use crate::cli::child::{self, Program};
use crate::cli::door::context::Context;
use crate::cli::door::pruning;
use crate::cli::error::codes::Code;
use crate::cli::error::ending::Ending;
use crate::cli::error::exit::Exit;
use crate::cli::error::{Failure, Outcome};
use crate::engine::session::Session;
use crate::store::state::given::Given;
use as_file::AsFileArgs;
use clap::Args;
use std::ffi::OsString;
use v_secure_core::convert::inject;
use v_secure_core::convert::inject::{
    ChildEnvironment, ChildOptions, Clash, Consent, InjectError, System,
};
use v_secure_core::name::SecretName;
use v_secure_core::secret::selection as wanted;
use v_secure_core::vault::{Depth, Vault};

/// Run a program with an environment's secrets as variables
#[derive(Debug, Args)]
#[command(
    after_help = "The program replaces v-secure: its exit code, signals and terminal are its own. If a secret \
                        is missing, expired, denied or damaged, the program does not start. A secret whose name is not a valid variable name \
                        is left out, unless 'set --var' gave it a variable or --only names it.\n\n\
                        --as-file VAR=NAME gives a secret as a file instead of a variable: VAR holds its path, and \
                        the file is gone with the program. NAME is a secret's name, or ENVIRONMENT/NAME.\n\n\
                        --instance names this instance of the program, such as web-3: while a secret rotates, a share of the \
                        instances is given the new value, and each stays on one side. Without it the current value is given.\n\n\
                        Examples:\n  v-secure exec -- npm start\n  v-secure exec -e prod --only DATABASE_URL -- ./migrate\n  \
                        v-secure exec --tag web --pristine -- env\n  \
                        v-secure exec --as-file KUBECONFIG=KUBE_CONFIG -- kubectl get pods\n  \
                        v-secure exec -e prod --instance web-3 -- ./serve"
)]
pub struct Exec {
    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    as_file: AsFileArgs,

    /// Inherit only PATH, HOME, USER, LOGNAME, SHELL, TERM, LANG, LC_*, TZ and TMPDIR
    #[arg(long)]
    pristine: bool,

    /// Where a variable is set already to another value, the secret wins
    #[arg(long = "override", conflicts_with = "keep")]
    replace: bool,

    /// Where a variable is set already to another value, that value stays
    #[arg(long)]
    keep: bool,

    #[command(flatten)]
    instance: InstanceArg,

    #[command(flatten)]
    strict: StrictArgs,

    /// Why the secrets are used
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::Programs))]
    command: Vec<OsString>,
}

/// How many new names are listed.
const SHOWN: usize = 20;

impl Exec {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (child, files) = self.prepare(context)?;
        let (name, arguments) = self
            .command
            .split_first()
            .ok_or_else(|| Failure::new(Code::NoCommand, "no program was given"))?;
        let search = context.host.variable("PATH");
        let program = Program { name, arguments, search: search.as_deref() };
        // The program replaces this process.
        pruning::run(context);
        let _held = files.map(Files::hand_over).transpose().map_err(|e| as_file::refused(&e))?;
        match child::run(program, &child, &context.hardened) {
            Ok(0) => Ok(()),
            Ok(code) => Err(Failure::new(
                Code::Ended(Ending::Child(u8::try_from(code).unwrap_or(1))),
                String::new(),
            )),
            Err(error) => Err(Failure::from_error(Code::ChildStart, &error)
                .with_exit(Exit::Child(error.exit_code()))),
        }
    }

    /// What the program gets, all of it ready.
    fn prepare(&self, context: &Context<'_>) -> Outcome<(ChildEnvironment, Option<Files>)> {
        let files = self.as_file.parse()?;
        let instance = self.instance.resolve(context)?;
        let (session, opened) = context.open(self.strict.purpose(), Depth::Everything)?;
        let vault = &opened.vault;
        let apart = as_file::secrets(context, vault, &files)?;
        let (reason, strict) = (self.reason.as_deref(), &self.strict);
        let instance = instance.as_ref();
        let purpose = Purpose { action: "exec", reason, variables: true, instance, strict };
        let selected = self.selection.secrets(context, &session, vault, purpose, &apart)?;
        let (secrets, values) = (selected.secrets, selected.apart);
        let consent = Consent::of(vault.serving());
        let options = self.options(&consent);
        let parent = context.host.variables();
        let mut child = inject::environment(parent, secrets, &options).map_err(refused)?;
        let wanted = as_file::wanted(files, values);
        let files = self.files(context, &wanted)?;
        for (index, path) in files.iter().flat_map(Files::paths).enumerate() {
            let variable = &wanted[index].variable;
            child.set_path(&apart[index], variable, path.clone(), &options).map_err(refused)?;
        }
        news(context, &session, vault, &selected.left_out)?;
        // Nothing in it is secret, and the program replaces this process: freeing a large vault
        // piece by piece before that would only take time.
        std::mem::forget(opened);
        Ok((child, files))
    }

    fn options<'a>(&self, consent: &'a Consent) -> ChildOptions<'a> {
        let clash = match (self.replace, self.keep) {
            (true, _) => Clash::Override,
            (_, true) => Clash::Keep,
            _ => Clash::Error,
        };
        ChildOptions { pristine: self.pristine, clash, consent, system: System::current() }
    }

    fn files(
        &self,
        context: &Context<'_>,
        wanted: &[child::files::ChildFile],
    ) -> Outcome<Option<Files>> {
        if wanted.is_empty() {
            return Ok(None);
        }
        let runtime = context.runtime_folder();
        Files::create(wanted, self.as_file.named_files, runtime.as_deref(), context.owners())
            .map(Some)
            .map_err(|error| as_file::refused(&error))
    }
}

/// Says which names are new to the environment since `exec` last ran, once: whoever may write one
/// secret chooses a name. What was not said stays new.
fn news(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
    left_out: &[SecretName],
) -> Outcome {
    let (given, id) = (Given::new(session.state.as_deref(), session.owners), vault.id());
    let environment = context.environment()?;
    let known = given.load(&id, &environment);
    let is_known =
        |name: &&SecretName| known.as_ref().is_some_and(|known| known.contains(name.name()));
    selection::tell_left_out(context, left_out.iter().filter(|name| !is_known(name)));
    if context.globals.quiet && known.is_some() {
        return Ok(());
    }
    let names = wanted::variables(vault, &environment)?;
    let new = given.add(&id, &environment, known, &names);
    if !new.is_empty() {
        let (count, shown) = (new.len(), new.iter().take(SHOWN).cloned().collect::<Vec<_>>());
        let more = match count.saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names = shown.join(", ");
        context.ui.note(&format!(
            "new in the environment {environment} since exec last ran here: {names}{more}"
        ));
    }
    Ok(())
}

fn refused(error: InjectError) -> Failure {
    let hints: &[&str] = match &error {
        InjectError::Clash { .. } => {
            &["--override lets the secret win", "--keep leaves the variable as it is"]
        }
        InjectError::Taken { .. } => &["--as-file OTHER_VARIABLE=NAME"],
        _ => &[],
    };
    hints.iter().fold(error.into(), |failure: Failure, hint| failure.hint(*hint))
}
