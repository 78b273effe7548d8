//! Unlocking with identities that stand in a file or a variable.

use super::Tried;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Outcome};
use crate::cli::identities::{self, Source};
use crate::ops::unlock::{UnlockError, Unlocked};
use crate::ops::vault::Vault;

pub fn attempt(context: &Context<'_>, vault: &Vault, source: &Source) -> Outcome<Tried> {
    match identities::of_source(context, source) {
        Ok(found) => Ok(match Unlocked::new(vault, found) {
            Ok(unlocked) => Tried::Opened(unlocked),
            Err(UnlockError::NoMember { recipients, .. }) => {
                Tried::Passed(format!("{} is no member's", recipients.join(", ")))
            }
            Err(error) => Tried::Passed(error.to_string()),
        }),
        // What a flag names must work; what only happens to be there need not.
        Err(failure) if context.globals.identities.is_empty() => {
            Ok(Tried::Passed(describe(&failure)))
        }
        Err(failure) => Err(failure),
    }
}

fn describe(failure: &Failure) -> String {
    failure.causes.first().unwrap_or(&failure.message).clone()
}
