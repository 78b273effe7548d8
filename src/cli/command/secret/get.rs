//! `v-secure secret get`, `v-secure get`: one value, exactly.

use crate::cli::context::{Context, Purpose};
use crate::cli::error::Outcome;
use crate::cli::reads::{self, Reading};
use crate::cli::secret_arg::{SecretArg, wanted_version};
use crate::host::hardening;
use crate::ops::read;
use crate::ops::vault::Depth;
use crate::secret_value::SecretValue;
use base64::Engine;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeSet;

/// Print a secret's value: its exact bytes, with a newline added only on a terminal
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  v-secure get DATABASE_URL\n  v-secure get prod/TLS_KEY > key.pem\n  \
                        v-secure get API_TOKEN --version 3"
)]
pub struct Get {
    #[command(flatten)]
    secret: SecretArg,

    /// An older version, by the number or id that `secret versions` shows
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,
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
        let _hardened = hardening::harden();
        let secret = self.secret.resolve(context)?;
        let wanted = wanted_version(self.version.as_deref());
        let names = BTreeSet::from([secret.clone()]);
        let (session, opened) = context.open(Purpose::Use, Depth::Secrets(&names))?;
        let vault = &opened.vault;
        let who = context.unlock(vault)?;
        let value = read::read(vault, &who, &secret, &wanted, session.now)?;
        let state = read::find(vault, &secret)?;
        let reading = Reading {
            actor: who.member(),
            action: "get",
            environment: secret.environment(),
            secrets: std::slice::from_ref(&secret),
            reason: None,
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
