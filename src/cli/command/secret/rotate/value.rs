//! Where `secret rotate` takes a new value from.

use super::live;
use crate::cli::command::secret::set::value::{self, ValueArgs};
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::generator;
use crate::cli::unlocking;
use std::collections::BTreeSet;
use v_secure_core::convert::generate;
use v_secure_core::name::SecretName;
use v_secure_core::secret::rotate::begin;
use v_secure_core::secret::{put, read};
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::{Depth, Vault};

/// A new value, and the generator that made it.
pub(super) struct Made {
    pub value: SecretValue,
    pub generated: Option<String>,
}

/// The new value, from where the user has it; asked for where the member may set it. `is_staged`: a share of the instances is
/// given it beside the current one.
pub(super) fn made(
    context: &Context<'_>,
    secret: &SecretName,
    args: &ValueArgs,
    is_staged: bool,
) -> Outcome<Made> {
    let names = BTreeSet::from([secret.clone()]);
    let (_, opened) = context.open_to_write(Depth::Secrets(&names))?;
    live(&opened.vault, secret)?;
    begin::refuse_open(&opened.vault, secret)?;
    if is_staged {
        begin::refuse_unretired(&opened.vault, secret)?;
    }
    let stored = read::find(&opened.vault, secret)?.generate();
    let given = args.value(context, secret, true, || Ok(true))?;
    match (given, stored) {
        (Some(value), _) => Ok(Made { value, generated: args.generator()? }),
        (None, Some(spec)) => {
            let spec = generator::stored(secret, spec)?;
            let value = generate::generate(&spec, context.host);
            Ok(Made { value, generated: Some(spec.to_string()) })
        }
        (None, None) => {
            permitted(context, &opened.vault, secret)?;
            match context.interactive() {
                true => Ok(Made { value: value::prompt(context, secret)?, generated: None }),
                false => Err(no_source(secret)),
            }
        }
    }
}

/// Refuses before a value is asked for, where it can be known without asking for anything else.
fn permitted(context: &Context<'_>, vault: &Vault, secret: &SecretName) -> Outcome {
    match unlocking::unlock_without_asking(context, vault) {
        Ok(opened) => Ok(put::permit_value(vault, secret, opened.who.member())?),
        Err(_) => Ok(()),
    }
}

fn no_source(secret: &SecretName) -> Failure {
    let message = format!("{secret} has no generator, so its new value has to be given");
    Failure::new(Code::NoValue, message)
        .hint(format!("printf %s \"$VALUE\" | v-secure secret rotate {secret}  # for a key that somebody else issues"))
        .hint(format!("v-secure secret rotate {secret} --generate  # where any random value will do"))
        .hint(format!("v-secure set {secret} --generate  # which also stores the generator for the next time"))
}
