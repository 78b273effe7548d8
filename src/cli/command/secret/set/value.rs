//! Where `set` takes a value from: a generator, a file, standard input or a prompt. Never from the
//! command line, where other users and the shell's history would see it.

use crate::cli::args::source;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::host::Stream;
use clap::Args;
use std::ffi::OsString;
use std::path::PathBuf;
use v_secure_core::convert::generate;
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;

#[derive(Debug, Args)]
pub(crate) struct ValueArgs {
    /// Take the exact bytes of a file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "generate")]
    file: Option<PathBuf>,

    /// Generate the value; SPEC is KIND[:SIZE]: alnum, lower, digits, ascii, safe, hex, base64,
    /// base64url (random bytes: hex:32 is 64 digits), passphrase, uuid, chars:SIZE:CHARACTERS
    #[arg(long, value_name = "SPEC", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    generate: Option<String>,

    /// Take standard input exactly: keep a trailing newline, allow an empty value
    #[arg(long)]
    raw: bool,
}

impl ValueArgs {
    /// Whether the bytes of a value are given, and not how to make one.
    pub fn is_given(&self) -> bool {
        self.file.is_some() || self.raw
    }

    /// The generator's text form, for the field `generate`.
    pub fn generator(&self) -> Outcome<Option<String>> {
        self.generate.as_deref().map(|spec| Ok(parse_spec(spec)?.to_string())).transpose()
    }

    /// Why arguments stand where none belong, if it is a generator that was put after a space. It is a
    /// known one, so that it can be said of a word that is no value.
    pub fn misplaced(&self, words: &[OsString]) -> Option<Failure> {
        let is_open = self.generate.as_deref().is_some_and(str::is_empty);
        let [word] = words else { return None };
        (is_open && word.to_str()?.parse::<generate::Spec>().is_ok()).then(|| {
            let message = "--generate takes its generator after '=', not after a space";
            Failure::new(Code::BadGenerator, message).hint("v-secure set NAME --generate=KIND:SIZE")
        })
    }

    /// The value, or `None` where only metadata is to change. `may_stay` says whether that is
    /// possible, and `exists` whether there is a value that would stay: it judges the vault, before
    /// anything is read in or asked for.
    pub fn value(
        &self,
        context: &Context<'_>,
        secret: &SecretName,
        may_stay: bool,
        exists: impl FnOnce() -> Outcome<bool>,
    ) -> Outcome<Option<SecretValue>> {
        let exists = exists()?;
        if let Some(spec) = &self.generate {
            return Ok(Some(generate::generate(&parse_spec(spec)?, context.host)));
        }
        if let Some(path) = &self.file {
            return source::value(context, path, secret).map(Some);
        }
        if !context.host.is_terminal(Stream::In) {
            return self.piped(context, secret, may_stay);
        }
        // Metadata alone: nobody is asked for a value that is to stay.
        if may_stay && (!context.interactive() || exists) {
            return Ok(None);
        }
        prompt(context, secret).map(Some)
    }

    fn piped(
        &self,
        context: &Context<'_>,
        secret: &SecretName,
        may_stay: bool,
    ) -> Outcome<Option<SecretValue>> {
        let value = source::piped_value(context, secret)?;
        if self.raw {
            return source::fitting(value, secret).map(Some);
        }
        if value.is_empty() && may_stay {
            return Ok(None);
        }
        let value = without_newline(value);
        if value.is_empty() { Err(empty(secret)) } else { source::fitting(value, secret).map(Some) }
    }
}

pub fn prompt(context: &Context<'_>, secret: &SecretName) -> Outcome<SecretValue> {
    if !context.interactive() {
        return Err(Failure::new(Code::NoValue, format!("no value for {secret}"))
            .hint(format!("printf %s \"$VALUE\" | v-secure set {secret}"))
            .hint(format!("v-secure set {secret} --file FILE, or --generate")));
    }
    let value = context.ui.hidden(&format!("Value of {secret}:"))?;
    if value.is_empty() { Err(empty(secret)) } else { Ok(value) }
}

/// Nothing is more often a variable that was not set than a value.
fn empty(secret: &SecretName) -> Failure {
    Failure::new(Code::EmptyValue, format!("the value for {secret} is empty"))
        .hint(format!("printf '' | v-secure set {secret} --raw, if it is to be empty"))
}

pub(crate) fn parse_spec(text: &str) -> Outcome<generate::Spec> {
    text.parse().map_err(|error: generate::SpecError| {
        Failure::new(Code::BadGenerator, "--generate does not name a valid generator")
            .because(&error)
    })
}

/// One trailing newline less: what `echo` adds, and no value means.
fn without_newline(value: SecretValue) -> SecretValue {
    let bytes = value.expose();
    let kept = bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n")).unwrap_or(bytes);
    if kept.len() == bytes.len() { value } else { SecretValue::new(kept.to_vec()) }
}
