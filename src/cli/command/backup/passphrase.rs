//! The passphrase of a backup: from `--backup-passphrase-fd`, from `V_SECURE_BACKUP_PASSPHRASE`, or asked for.

use crate::cli::context::Context;
use crate::cli::error::{Failure, Outcome};
use crate::cli::exit::Exit;
use crate::secret_value::SecretValue;
use crate::store::descriptor;

const VARIABLE: &str = "V_SECURE_BACKUP_PASSPHRASE";
/// The most bytes of a passphrase.
const MAX: usize = 4096;
/// From this score of zxcvbn on, guessing takes long even offline.
const GOOD_SCORE: u8 = 3;

/// A passphrase for a new backup: typed twice where it is typed.
pub fn new(context: &Context<'_>, descriptor: Option<u32>) -> Outcome<SecretValue> {
    let passphrase = match given(context, descriptor)? {
        Some(passphrase) => passphrase,
        None => {
            let first = ask(context, "Passphrase for the backup: ")?;
            if !first.same_as(&ask(context, "The same again: ")?) {
                let message = "the two passphrases differ; nothing was written";
                return Err(Failure::new(Exit::Failure, "passphrase-differs", message));
            }
            first
        }
    };
    let passphrase = checked(passphrase)?;
    let text = passphrase.expose_str().unwrap_or_default();
    if u8::from(zxcvbn::zxcvbn(text, &[]).score()) < GOOD_SCORE {
        context.ui.warn(
            "this passphrase can be guessed by whoever has the file; a longer one, of several \
             random words, cannot",
        );
    }
    Ok(passphrase)
}

/// The passphrase of a backup that is there.
pub fn known(context: &Context<'_>, descriptor: Option<u32>) -> Outcome<SecretValue> {
    match given(context, descriptor)? {
        Some(passphrase) => checked(passphrase),
        None => checked(ask(context, "Passphrase of the backup: ")?),
    }
}

fn given(context: &Context<'_>, descriptor: Option<u32>) -> Outcome<Option<SecretValue>> {
    if let Some(number) = descriptor {
        let bytes = descriptor::read(number, MAX).map_err(|error| {
            let message = format!("the passphrase cannot be read from descriptor {number}");
            Failure::new(Exit::Failure, "passphrase-fd", message).because(&error)
        })?;
        return Ok(Some(without_line_end(bytes)));
    }
    let value = context.host.variable(VARIABLE);
    Ok(value.map(|value| SecretValue::new(value.into_encoded_bytes())))
}

fn without_line_end(value: SecretValue) -> SecretValue {
    let mut bytes = value.into_bytes();
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    SecretValue::new(bytes)
}

fn ask(context: &Context<'_>, question: &str) -> Outcome<SecretValue> {
    if !context.interactive() {
        return Err(Failure::usage("no-passphrase", "no passphrase for the backup was given")
            .hint(format!("{VARIABLE}, or --backup-passphrase-fd N"))
            .hint("the same command on a terminal, which asks for it"));
    }
    context.host.prompt_hidden(question).map_err(|error| {
        Failure::new(Exit::Failure, "prompt", "the passphrase cannot be asked for").because(&error)
    })
}

fn checked(passphrase: SecretValue) -> Outcome<SecretValue> {
    match passphrase.is_empty() {
        true => Err(Failure::usage("no-passphrase", "the passphrase is empty")),
        false => Ok(passphrase),
    }
}
