//! `v-secure secret diff`: two environments side by side, by name and by value.

use crate::cli::door::context::Context;
use crate::cli::door::reads;
use crate::cli::door::reads::Reading;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome, Unknown};
use crate::engine::door::Purpose;
use crate::engine::session::Session;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::name::SecretName;
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::report::view::secret::diff::{ComparedView, SecretDiffView};
use v_secure_core::secret::compare;
use v_secure_core::secret::compare::{Compared, Difference, Side};
use v_secure_core::secret::list;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

/// Compare two environments: which names they have, and whether the values are equal
#[derive(Debug, Args)]
#[command(
    after_help = "What an environment inherits counts as its own. Values are compared and not shown, unless \
                        --reveal is given. 'unknown' is a value that you may not read, or that has expired.\n\n\
                        Examples:\n  v-secure secret diff staging prod\n  \
                        v-secure secret diff dev staging --exit-code --json"
)]
pub struct Diff {
    /// An environment
    #[arg(value_name = "LEFT", add = ArgValueCompleter::new(crate::cli::args::complete::environments))]
    left: String,

    /// The environment to compare it with
    #[arg(value_name = "RIGHT", add = ArgValueCompleter::new(crate::cli::args::complete::environments))]
    right: String,

    /// Show the values that are not equal
    #[arg(long)]
    reveal: bool,

    /// Exit 1 if anything differs or is unknown
    #[arg(long)]
    exit_code: bool,
}

impl Diff {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (left, right) = (environment(&self.left)?, environment(&self.right)?);
        let (session, opened) = context.open(Purpose::Use, Depth::Everything)?;
        let vault = &opened.vault;
        for name in [&left, &right] {
            known(vault, name, session.now)?;
        }
        let who = context.unlock(vault)?;
        let compared = compare::compare(vault, &who, [&left, &right], session.now)?;
        let lefts = compared.iter().filter_map(|row| row.left.as_ref());
        record(context, &session, vault, &who, (&left, lefts))?;
        let rights = compared.iter().filter_map(|row| row.right.as_ref());
        record(context, &session, vault, &who, (&right, rights))?;
        self.show(context, (&left, &right), &compared)?;
        let differing = compared.iter().filter(|row| row.difference != Difference::Equal).count();
        match self.exit_code && differing > 0 {
            true => Err(Failure::new(
                Code::Differs,
                format!("{left} and {right} differ in {differing} of {} names", compared.len()),
            )
            .hint(format!("v-secure secret diff {left} {right} --reveal"))),
            false => Ok(()),
        }
    }

    fn show(
        &self,
        context: &Context<'_>,
        (left, right): (&EnvironmentName, &EnvironmentName),
        compared: &[Compared],
    ) -> Outcome {
        if context.ui.json {
            let row = |row| ComparedView::of(row, self.reveal);
            let secrets = compared.iter().map(row).collect();
            return context.ui.object(&SecretDiffView { left, right, secrets });
        }
        let cells = compared.iter().map(|row| {
            let difference = match row.difference {
                Difference::Left => format!("only in {left}"),
                Difference::Right => format!("only in {right}"),
                other => other.as_str().to_owned(),
            };
            let mut cells = vec![difference, row.name.clone()];
            if self.reveal {
                cells.extend([&row.left, &row.right].map(|side| text(row, side.as_ref())));
            }
            cells
        });
        let mut header = vec!["difference", "name"];
        if self.reveal {
            header.extend([left.as_str(), right.as_str()]);
        }
        context.ui.table(&header, cells.collect())
    }
}

fn text(row: &Compared, side: Option<&Side>) -> String {
    let value = side.and_then(|side| side.value.as_ref());
    match value.filter(|_| row.difference != Difference::Equal) {
        Some(value) => value.expose_str().unwrap_or("(not text)").to_owned(),
        None => "-".to_owned(),
    }
}

fn environment(text: &str) -> Outcome<EnvironmentName> {
    EnvironmentName::new(text).map_err(|error| {
        Failure::new(Code::BadName, "this is not a valid environment name").because(&error)
    })
}

/// A misspelt environment would look like an empty one.
fn known(vault: &Vault, name: &EnvironmentName, now: UnixTime) -> Outcome {
    if list::environments(vault, now).iter().any(|found| found.name == *name) {
        return Ok(());
    }
    let message = format!("the environment {name} has no secrets");
    Err(Failure::new(Code::NoSecrets, message)
        .of_unknown(Unknown::Environment(name.clone()))
        .hint("v-secure env list"))
}

/// Writes down what was opened of one environment.
fn record<'v>(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
    who: &Unlocked,
    (environment, sides): (&EnvironmentName, impl Iterator<Item = &'v Side>),
) -> Outcome {
    let opened = sides.filter(|side| side.value.is_some());
    let secrets: Vec<SecretName> = opened.map(|side| side.secret.clone()).collect();
    if secrets.is_empty() {
        return Ok(());
    }
    let reading = Reading {
        who,
        action: "diff",
        environment: environment.as_str(),
        secrets: &secrets,
        reason: None,
    };
    reads::record(context, session, vault, reading)
}
