//! Which secrets `exec` and `export` take.

use crate::cli::args::strict::StrictArgs;
use crate::cli::door::context::Context;
use crate::cli::door::reads;
use crate::cli::door::reads::Reading;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::error::readable;
use crate::cli::error::{Failure, Outcome, Unknown};
use crate::cli::people::policy::listed;
use crate::cli::secret::conflicts;
use crate::engine::session::Session;
use clap::Args;
use v_secure_core::convert::inject::ChildVariable;
use v_secure_core::log::rotation::Instance;
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::secret::read;
use v_secure_core::secret::read::ReadError;
use v_secure_core::secret::rotate::serve;
use v_secure_core::secret::selection as wanted;
use v_secure_core::secret::selection::Selection;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::Unlocked;

#[derive(Debug, Args)]
pub(crate) struct SelectionArgs {
    /// Only these secrets; a missing one is an error
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(super::complete::secrets))]
    only: Vec<String>,

    /// Only secrets with this tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// Only secrets whose names begin with this
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
}

/// What the secrets are taken for.
#[derive(Debug, Clone, Copy)]
pub struct Purpose<'a> {
    /// What the journal of reads calls it.
    pub action: &'a str,
    pub reason: Option<&'a str>,
    /// Whether each becomes a variable.
    pub variables: bool,
    /// The instance that is given what is pending for it.
    pub instance: Option<&'a Instance>,
    pub strict: &'a StrictArgs,
}

#[derive(Debug)]
pub(crate) struct Selected {
    pub secrets: Vec<ChildVariable>,
    /// The values that were asked for besides.
    pub apart: Vec<SecretValue>,
    /// Secrets that have no variable to be given in.
    pub left_out: Vec<SecretName>,
}

/// Says which secrets were left out.
pub(crate) fn tell_left_out<'n>(
    context: &Context<'_>,
    left_out: impl IntoIterator<Item = &'n SecretName>,
) {
    let names: Vec<&str> = left_out.into_iter().map(SecretName::as_str).collect();
    if let Some(first) = names.first() {
        context.ui.note(&format!(
            "left out, because their names are not valid variable names: {} (v-secure set {first} --var NAME gives one)",
            names.join(", ")
        ));
    }
}

/// Whether a secret is one of an environment that this one extends.
pub fn inherits(vault: &Vault, environment: &EnvironmentName, secret: &SecretName) -> bool {
    let bases = wanted::environments(vault, environment);
    bases.iter().skip(1).any(|base| base.as_str() == secret.environment())
}

/// The values of the secrets: those of now, or those for an instance.
fn values(
    context: &Context<'_>,
    vault: &Vault,
    who: &Unlocked,
    names: &[SecretName],
    (instance, now): (Option<&Instance>, UnixTime),
) -> Result<Vec<SecretValue>, ReadError> {
    let Some(instance) = instance else { return read::read_all(vault, who, names, now) };
    let served = serve::read_for(vault, who, names, instance, now)?;
    for secret in &served.fallen_back {
        context.ui.warn(&format!(
            "{secret} is given as it is current: the value that its rotation made ready cannot be read here, or has expired"
        ));
    }
    Ok(served.values)
}

/// The values, each with the variable that its secret was given, if it was; those behind the names' are left.
fn given(
    vault: &Vault,
    names: &[SecretName],
    values: Vec<SecretValue>,
) -> Outcome<Vec<ChildVariable>> {
    let given = |(secret, value): (&SecretName, SecretValue)| {
        Ok(ChildVariable { secret: secret.clone(), variable: variable(vault, secret)?, value })
    };
    names.iter().zip(values).map(given).collect()
}

/// The variable that a secret was given. Another program wrote one that is none: `set` refuses such a name.
fn variable(vault: &Vault, secret: &SecretName) -> Outcome<Option<Name>> {
    let variable = vault.secret(secret).and_then(|found| found.var());
    variable.map(Name::new).transpose().map_err(|_| {
        let message = format!(
            "the variable of {secret} is not a valid variable name ([A-Za-z_][A-Za-z0-9_]*)"
        );
        Failure::new(Code::BadVariable, message)
            .with_exit(Exit::Failure)
            .hint(format!("v-secure secret set {secret} --var VARIABLE"))
    })
}

/// Why the value that an environment inherits is not given: nobody asked for it by that name.
pub(crate) fn of_inherited(environment: &EnvironmentName, error: ReadError) -> Failure {
    let cause = format!("{environment} inherits it from {}", error.secret().environment());
    let mut failure = Failure::from(error);
    failure.causes.insert(0, cause);
    failure
}

impl SelectionArgs {
    pub(crate) fn selection(&self) -> Outcome<Selection> {
        let only = self.only.iter().map(|text| {
            Name::new(text.as_str()).map_err(|error| {
                Failure::new(Code::BadName, "--only takes names of secrets").because(&error)
            })
        });
        Ok(Selection {
            only: only.collect::<Outcome<_>>()?,
            tags: self.tags.clone(),
            prefix: self.prefix.clone(),
        })
    }

    /// A program that starts without any secret was not asked for: the name is misspelt.
    fn none(&self, vault: &Vault, environment: &EnvironmentName) -> Failure {
        let narrowed = !self.tags.is_empty() || self.prefix.is_some();
        let bases = wanted::environments(vault, environment);
        let message = match (narrowed, &bases[..]) {
            (true, _) => format!("no secret of the environment {environment} is selected"),
            (false, [_, bases @ ..]) if !bases.is_empty() => format!(
                "the environment {environment} has no secrets, and inherits none from {}",
                listed(bases)
            ),
            (false, _) => format!("the environment {environment} has no secrets"),
        };
        let failure = Failure::new(Code::NoSecrets, message).hint("v-secure env list");
        match narrowed {
            true => failure.hint(format!("v-secure ls -e {environment}")),
            false => failure.of_unknown(Unknown::Environment(environment.clone())),
        }
    }

    /// The selected secrets of an environment, opened, without those of `apart`, and the values of these, in
    /// their order. Any that is missing, expired, denied or damaged is an error. The read is in the journal
    /// before the values leave here.
    pub fn secrets(
        &self,
        context: &Context<'_>,
        session: &Session,
        vault: &Vault,
        purpose: Purpose<'_>,
        apart: &[SecretName],
    ) -> Outcome<Selected> {
        let environment = context.environment()?;
        let mut names = wanted::wanted(vault, &environment, &self.selection()?)?;
        names.retain(|name| !apart.contains(name));
        if names.is_empty() && apart.is_empty() {
            let none = self.none(vault, &environment);
            return Err(readable::or_elsewhere(context, vault, None, environment.as_str(), none));
        }
        // One that is named is to be there, or an error.
        let (mut names, left_out) = match purpose.variables && self.only.is_empty() {
            true => wanted::with_variables(vault, names),
            false => (names, Vec::new()),
        };
        let who = context.unlock(vault)?;
        let Purpose { action, reason, instance, .. } = purpose;
        let count = names.len();
        names.extend_from_slice(apart);
        conflicts::judge(context, vault, &names, purpose.strict)?;
        let values = values(context, vault, &who, &names, (instance, session.now));
        let mut values = values.map_err(|error| {
            match !apart.contains(error.secret()) && inherits(vault, &environment, error.secret()) {
                true => of_inherited(&environment, error)
                    .hint("--only NAME,…  # the names of those that are wanted"),
                false => {
                    let asked = error.secret().environment().to_owned();
                    readable::or_elsewhere(context, vault, Some(&who), &asked, error.into())
                }
            }
        })?;
        let apart = values.split_off(count);
        let secrets = given(vault, &names, values)?;
        let environment = environment.as_str();
        let reading = Reading { who: &who, action, environment, secrets: &names, reason };
        reads::record(context, session, vault, reading)?;
        Ok(Selected { secrets, apart, left_out })
    }
}
