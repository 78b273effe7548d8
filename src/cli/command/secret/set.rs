//! `v-secure secret set`, `v-secure set`: a new version of a secret, its metadata, or both.

use crate::cli::context::Context;
use crate::cli::error::{Failure, Outcome};
use crate::cli::exit::Exit;
use crate::cli::secret_arg::SecretArg;
use crate::host::{Stream, hardening};
use crate::name::{Name, SecretName};
use crate::ops::put::{self, NewValue, PutRequest};
use crate::ops::vault::Vault;
use crate::ops::{duration, generate};
use crate::secret_value::SecretValue;
use clap::Args;
use serde::Serialize;
use std::ffi::OsString;
use std::path::PathBuf;

/// The most bytes of a value.
const MAX_VALUE: usize = 1 << 20;

/// Store a value, or change a secret's metadata
#[derive(Debug, Args)]
#[command(
    after_help = "The value comes from a prompt, standard input, a file or a generator, never from \
                        the command line, where other users and the shell's history would see it.\n\n\
                        Examples:\n  v-secure set DATABASE_URL\n  \
                        printf %s \"$TOKEN\" | v-secure set -e prod API_TOKEN --ttl 30d\n  \
                        v-secure set TLS_KEY --file key.pem --type certificate\n  \
                        v-secure set SESSION_KEY --generate=hex:32"
)]
pub struct Set {
    #[command(flatten)]
    secret: SecretArg,

    /// A value typed here by mistake: refused, never shown
    #[arg(hide = true, allow_hyphen_values = true, trailing_var_arg = true)]
    misplaced: Vec<OsString>,

    /// Take the exact bytes of a file
    #[arg(long, value_name = "FILE", conflicts_with = "generate")]
    file: Option<PathBuf>,

    /// Generate the value; SPEC is KIND[:SIZE], such as alnum:32, hex:32, uuid, passphrase:6
    #[arg(long, value_name = "SPEC", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    generate: Option<String>,

    /// Keep a trailing newline of standard input
    #[arg(long)]
    raw: bool,

    /// What the secret is, such as password, api-key, certificate
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// Expire after this time, such as 12h, 30d
    #[arg(long, value_name = "SPAN", conflicts_with = "expires_at")]
    ttl: Option<String>,

    /// Expire at this time: 2027-01-31 or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,

    /// The variable that exec gives the secret in, where its name is not one
    #[arg(long, value_name = "VARIABLE")]
    var: Option<String>,

    /// Add a tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// What the secret is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Add metadata; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    meta: Vec<String>,

    /// Write only if the current version is this number or id (0: there is none)
    #[arg(long, value_name = "VERSION")]
    if_version: Option<String>,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Report {
    secret: String,
    version: Option<usize>,
    id: Option<String>,
    value_written: bool,
    expires: Option<String>,
}

impl Set {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        if !self.misplaced.is_empty() {
            return Err(Failure::usage("value-in-arguments", "a value is not taken from the command line (it is in your shell's history now: clear it)")
                .hint("v-secure set NAME (and type it at the prompt)")
                .hint("printf %s \"$VALUE\" | v-secure set NAME"));
        }
        let _hardened = hardening::harden();
        let secret = self.secret.resolve(context)?;
        let expires = self.expires(context)?;
        let fields = self.fields()?;
        let value = self.value(context, &secret, !fields.is_empty())?;
        if value.is_none() && expires.is_some() {
            return Err(Failure::usage(
                "expiry-without-value",
                "expiry belongs to a version: give the value too",
            ));
        }
        let written = value.is_some();
        let value = value.map(|value| NewValue { value, expires, same: Vec::new() });
        let request = PutRequest { secret: secret.clone(), value, fields };
        let if_version = self.if_version.clone();
        let default = if written { "set a value" } else { "change metadata" };
        let ((), vault) = context.write(self.reason.as_deref(), default, |vault, ctx| {
            check_version(vault, &secret, if_version.as_deref())?;
            Ok(((), put::put(vault, vec![request], ctx)?))
        })?;
        report(context, &vault, &secret, written)
    }

    fn expires(&self, context: &Context<'_>) -> Outcome<Option<u64>> {
        let now = context.host.now();
        let refuse = |option: &str, error: duration::TimeError| {
            Failure::usage("bad-time", format!("{option} is no time")).because(&error)
        };
        match (&self.ttl, &self.expires_at) {
            (Some(span), _) => {
                let span = duration::parse_span(span).map_err(|error| refuse("--ttl", error))?;
                Ok(Some(now.saturating_add(span)))
            }
            (None, Some(time)) => {
                duration::parse_instant(time).map(Some).map_err(|e| refuse("--expires-at", e))
            }
            (None, None) => Ok(None),
        }
    }

    /// Field names and values, checked.
    fn fields(&self) -> Outcome<Vec<(String, Option<String>)>> {
        let plain = [("type", &self.kind), ("var", &self.var), ("description", &self.description)];
        let mut fields: Vec<(String, Option<String>)> = plain
            .into_iter()
            .filter_map(|(field, value)| value.clone().map(|value| (field.into(), Some(value))))
            .collect();
        for tag in &self.tags {
            fields.push((format!("tag.{}", key(tag, "--tag")?), Some(String::new())));
        }
        for pair in &self.meta {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| Failure::usage("bad-meta", "--meta is KEY=VALUE"))?;
            fields.push((format!("meta.{}", key(name, "--meta")?), Some(value.into())));
        }
        if let Some(spec) = &self.generate {
            fields.push(("generate".into(), Some(parse_spec(spec)?.to_string())));
        }
        for (field, value) in &fields {
            let text = value.as_deref().unwrap_or_default();
            crate::vault::text::check_text(text, crate::vault::text::MAX_VALUE_TEXT).map_err(
                |error| {
                    Failure::usage("bad-text", format!("{field} cannot be stored")).because(&error)
                },
            )?;
        }
        Ok(fields)
    }

    fn value(
        &self,
        context: &Context<'_>,
        secret: &SecretName,
        has_fields: bool,
    ) -> Outcome<Option<SecretValue>> {
        if let Some(spec) = &self.generate {
            return Ok(Some(generate::generate(&parse_spec(spec)?, context.host)));
        }
        if let Some(path) = &self.file {
            return super::super::import::read_source(context, path, MAX_VALUE as u64).map(Some);
        }
        let terminal = context.host.is_terminal(Stream::In);
        if terminal && has_fields {
            // Metadata alone: nobody is asked for a value that is to stay.
            return Ok(None);
        }
        if !terminal {
            let value = context.host.read_stdin(MAX_VALUE).map_err(|error| {
                Failure::new(Exit::Failure, "stdin", "the value cannot be read").because(&error)
            })?;
            let nothing = value.is_empty() && has_fields;
            return Ok((!nothing).then(|| if self.raw { value } else { without_newline(value) }));
        }
        prompt(context, secret).map(Some)
    }
}

fn prompt(context: &Context<'_>, secret: &SecretName) -> Outcome<SecretValue> {
    if !context.interactive() {
        return Err(Failure::usage("no-value", format!("no value for {secret}"))
            .hint(format!("printf %s \"$VALUE\" | v-secure set {secret}"))
            .hint(format!("v-secure set {secret} --file FILE, or --generate")));
    }
    context.host.prompt_hidden(&format!("Value of {secret}: ")).map_err(|error| {
        Failure::new(Exit::Failure, "prompt", "the value cannot be read").because(&error)
    })
}

fn parse_spec(text: &str) -> Outcome<generate::Spec> {
    text.parse().map_err(|error: generate::SpecError| {
        Failure::usage("bad-generator", "--generate is not understood").because(&error)
    })
}

fn key<'a>(text: &'a str, option: &str) -> Outcome<&'a str> {
    Name::new(text).map(|_| text).map_err(|error| {
        Failure::usage("bad-name", format!("{option} needs a name")).because(&error)
    })
}

/// One trailing newline less: what `echo` adds, and no value means.
fn without_newline(value: SecretValue) -> SecretValue {
    let bytes = value.expose();
    let kept = bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n")).unwrap_or(bytes);
    if kept.len() == bytes.len() { value } else { SecretValue::new(kept.to_vec()) }
}

fn check_version(vault: &Vault, secret: &SecretName, wanted: Option<&str>) -> Outcome {
    let Some(wanted) = wanted else { return Ok(()) };
    let current = vault.secret(secret).and_then(|found| found.current());
    let matches = match (current, wanted) {
        (None, wanted) => wanted == "0",
        (Some(version), wanted) => {
            version.number.to_string() == wanted || version.object.to_string() == wanted
        }
    };
    if matches {
        return Ok(());
    }
    let now = current.map_or("none".into(), |version| version.number.to_string());
    Err(Failure::new(
        Exit::Conflict,
        "version-conflict",
        format!("the current version of {secret} is {now}, not {wanted}"),
    )
    .hint(format!("v-secure secret versions {secret}")))
}

fn report(context: &Context<'_>, vault: &Vault, secret: &SecretName, written: bool) -> Outcome {
    let version = vault.secret(secret).and_then(|found| found.current());
    let report = Report {
        secret: secret.to_string(),
        version: version.map(|version| version.number),
        id: version.map(|version| version.object.to_string()),
        value_written: written,
        expires: version.and_then(|version| version.expires).map(duration::rfc3339),
    };
    if context.ui.json {
        return context.ui.object(&report);
    }
    match (written, report.version) {
        (true, Some(number)) => context.ui.note(&format!("{secret}: version {number}")),
        _ => context.ui.note(&format!("{secret}: metadata changed")),
    }
    Ok(())
}
