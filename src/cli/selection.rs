//! Which secrets `exec` and `export` take.

use super::context::Context;
use super::error::{Failure, Outcome};
use super::exit::Exit;
use super::reads::{self, Reading};
use crate::name::{Name, SecretName};
use crate::ops::inject::Wanted;
use crate::ops::read;
use crate::ops::vault::Vault;
use crate::ops::wanted::{self, Selection};
use crate::secret_value::SecretValue;
use crate::store::session::Session;
use clap::Args;

#[derive(Debug, Args)]
pub struct SelectionArgs {
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

impl SelectionArgs {
    pub fn selection(&self) -> Outcome<Selection> {
        let only = self.only.iter().map(|text| {
            Name::new(text.as_str()).map_err(|error| {
                Failure::usage("bad-name", "--only takes names of secrets").because(&error)
            })
        });
        Ok(Selection {
            only: only.collect::<Outcome<_>>()?,
            tags: self.tags.clone(),
            prefix: self.prefix.clone(),
        })
    }

    /// A program that starts without any secret was not asked for: the name is misspelt.
    fn none(&self, environment: &Name) -> Failure {
        let narrowed = !self.tags.is_empty() || self.prefix.is_some();
        let message = match narrowed {
            true => format!("no secret of the environment {environment} is selected"),
            false => format!("the environment {environment} gives no secrets"),
        };
        Failure::new(Exit::NotFound, "no-secrets", message)
            .hint("v-secure env list")
            .hint(format!("v-secure ls -e {environment}"))
    }

    /// The selected secrets of an environment, opened. Any that is missing, expired, denied or
    /// damaged is an error. The read is in the journal before the values leave here.
    pub fn secrets(
        &self,
        context: &Context<'_>,
        session: &Session,
        vault: &Vault,
        purpose: (&str, Option<&str>),
    ) -> Outcome<Vec<Wanted>> {
        self.secrets_and(context, session, vault, purpose, &[]).map(|(secrets, _)| secrets)
    }

    /// [`SelectionArgs::secrets`] without those of `apart`, and the values of these, in their order.
    pub fn secrets_and(
        &self,
        context: &Context<'_>,
        session: &Session,
        vault: &Vault,
        purpose: (&str, Option<&str>),
        apart: &[SecretName],
    ) -> Outcome<(Vec<Wanted>, Vec<SecretValue>)> {
        let environment = context.environment()?;
        let mut names = wanted::wanted(vault, &environment, &self.selection()?)?;
        names.retain(|name| !apart.contains(name));
        if names.is_empty() && apart.is_empty() {
            return Err(self.none(&environment));
        }
        let who = context.unlock(vault)?;
        let (action, reason) = purpose;
        let count = names.len();
        names.extend_from_slice(apart);
        let mut values = read::read_all(vault, &who, &names, session.now)?;
        let apart = values.split_off(count);
        let found: Outcome<Vec<Wanted>> = names
            .iter()
            .cloned()
            .zip(values)
            .map(|(secret, value)| {
                let variable = vault.secret(&secret).and_then(|found| found.var());
                let variable = variable.map(Name::new).transpose().map_err(|error| {
                    let message = format!("the variable of {secret} is no name");
                    Failure::new(Exit::Failure, "bad-variable", message).because(&error)
                })?;
                Ok(Wanted { secret, variable, value })
            })
            .collect();
        let found = found?;
        let environment = environment.as_str();
        let reading = Reading { who: &who, action, environment, secrets: &names, reason };
        reads::record(context, session, vault, reading)?;
        Ok((found, apart))
    }
}

/// The signed setting `variables.allow`: guarded variables that secrets may set.
pub fn allowed(vault: &Vault) -> Vec<String> {
    let list = vault.policy().settings().get("variables.allow");
    list.map(|list| list.split(',').map(str::to_owned).collect()).unwrap_or_default()
}
