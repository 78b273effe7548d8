//! `v-secure secret get`, `v-secure get`: one value, exactly.

use crate::cli::context::{Context, Purpose};
use crate::cli::error::Outcome;
use crate::cli::reads::{self, Reading};
use crate::cli::secret_arg::{SecretArg, wanted_version};
use crate::host::Stream;
use crate::name::{Name, SecretName};
use crate::ops::vault::{Depth, Vault};
use crate::ops::{read, wanted};
use crate::secret_value::SecretValue;
use crate::store::session::{Opened, Session};
use base64::Engine;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeSet;

/// Print a secret's value: its exact bytes, with a newline added only on a terminal
#[derive(Debug, Args)]
#[command(
    after_help = "A bare name that the environment of -e does not hold is looked for in what it inherits.\n\n\
                        Examples:\n  v-secure get DATABASE_URL\n  v-secure get prod/TLS_KEY > key.pem\n  \
                        v-secure get API_TOKEN --version 3"
)]
pub struct Get {
    #[command(flatten)]
    secret: SecretArg,

    /// An older version, by the number or id that `secret versions` shows
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,

    /// Why the value is read, for this device's journal of reads
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Report<'a> {
    secret: String,
    version: usize,
    id: String,
    /// The value where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    /// The value as standard base64 where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

impl Get {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let wanted = wanted_version(self.version.as_deref());
        let (secret, session, opened) = self.open(context)?;
        let vault = &opened.vault;
        let who = context.unlock(vault)?;
        let value = read::read(vault, &who, &secret, &wanted, session.now)?;
        let state = read::find(vault, &secret)?;
        let reading = Reading {
            who: &who,
            action: "get",
            environment: secret.environment(),
            secrets: std::slice::from_ref(&secret),
            reason: self.reason.as_deref(),
        };
        reads::record(context, &session, vault, reading)?;
        if state.is_conflict() && self.version.is_none() {
            context.ui.warn(&format!(
                "{secret} has two active versions since a merge; this is the later one. Settle it with 'v-secure set {secret}'"
            ));
        }
        if context.ui.json {
            let version = read::select(state, &secret, &wanted)?;
            return object(context, &secret.to_string(), version.number, &version.object, &value);
        }
        context.ui.bytes(value.expose())?;
        if context.ui.out_is_terminal() && !value.expose().ends_with(b"\n") {
            context.ui.bytes(b"\n")?;
        }
        Ok(())
    }

    /// The secret that is meant, in a vault opened for it: a bare name that the environment does not
    /// hold itself is the one that it inherits, as `exec` gives it.
    fn open(&self, context: &Context<'_>) -> Outcome<(SecretName, Session, Opened)> {
        let secret = self.secret.resolve(context)?;
        let names = BTreeSet::from([secret.clone()]);
        let (session, opened) = context.open(Purpose::Use, Depth::Secrets(&names))?;
        if !self.secret.is_bare() || opened.vault.secret(&secret).is_some() {
            return Ok((secret, session, opened));
        }
        let (own, name) = (context.environment()?, Name::new(secret.name()));
        let (Some(bases), Ok(name)) = (bases(&opened.vault, &own), name) else {
            return Ok((secret, session, opened));
        };
        let names: Vec<SecretName> =
            bases.iter().map(|base| SecretName::new(base, &name)).collect();
        let all = names.iter().cloned().collect();
        let (session, opened) = context.open(Purpose::Use, Depth::Secrets(&all))?;
        let inherited = names.into_iter().find(|name| opened.vault.secret(name).is_some());
        let found = inherited.unwrap_or(secret);
        if found.environment() != own.as_str() && context.host.is_terminal(Stream::Err) {
            context.ui.note(&format!("{own} inherits this from {found}"));
        }
        Ok((found, session, opened))
    }
}

/// What an environment inherits from, nearest first, itself at the front; `None` for nothing.
fn bases(vault: &Vault, environment: &Name) -> Option<Vec<Name>> {
    Some(wanted::environments(vault, environment)).filter(|all| all.len() > 1)
}

fn object(
    context: &Context<'_>,
    secret: &str,
    version: usize,
    id: &crate::crypto::bytes::Id,
    value: &SecretValue,
) -> Outcome {
    let text = value.expose_str();
    let encoded = || base64::engine::general_purpose::STANDARD.encode(value.expose());
    context.ui.object(&Report {
        secret: secret.to_owned(),
        version,
        id: id.to_string(),
        value: text,
        value_base64: text.is_none().then(encoded),
    })
}
