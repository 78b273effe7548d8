//! Unlocking with identities that stand in a file, a variable or what a command prints.
//!
//! The passphrase of an SSH key is taken, or asked for, only if its public half belongs to a member.

use super::Tried;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking::asked_passphrase::{PASSPHRASE, PassphraseSource};
use crate::cli::unlocking::identities;
use crate::cli::unlocking::identities::Source;
use v_secure_core::crypto::identity::{Identity, IdentityError};
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::{UnlockError, Unlocked};

/// How often a passphrase may be mistyped.
const TRIES: usize = 3;

pub fn attempt(context: &Context<'_>, vault: &Vault, source: &Source) -> Outcome<Tried> {
    let found = match identities::of_source(context, source) {
        Ok(found) => found,
        Err(failure) => return passed(context, failure),
    };
    let mut open = Vec::new();
    for identity in found {
        match opened(context, vault, identity, source)? {
            Ok(identity) => open.push(identity),
            Err(why) => return passed(context, why),
        }
    }
    Ok(match Unlocked::new(vault, open) {
        Ok(unlocked) => Tried::Opened(unlocked),
        Err(UnlockError::NoMember { recipients, .. }) => Tried::Stranger(recipients.join(", ")),
        Err(error) => Tried::Passed(error.to_string()),
    })
}

/// What a flag names must work; what only happens to be there need not.
fn passed(context: &Context<'_>, failure: Failure) -> Outcome<Tried> {
    if context.globals.identities.is_empty() {
        Ok(Tried::Passed(describe(&failure)))
    } else {
        Err(failure)
    }
}

/// The identity, opened with its passphrase if it has one and matters here.
fn opened(
    context: &Context<'_>,
    vault: &Vault,
    identity: Identity,
    source: &Source,
) -> Outcome<Result<Identity, Failure>> {
    if !identity.is_locked() || !belongs(vault, &identity) {
        return Ok(Ok(identity));
    }
    if let Some(place) = PASSPHRASE.place(context, context.globals.passphrase_fd) {
        let wrong = match with_given(context, identity, &place, source)? {
            Ok(identity) => return Ok(Ok(identity)),
            Err(wrong) => wrong,
        };
        // One that is given for a slot of the vault, perhaps: the key's own can still be asked for.
        let (identity, failure) = *wrong;
        return match context.interactive() && !matches!(place, PassphraseSource::Descriptor(_)) {
            true => ask(context, identity, source),
            false => Ok(Err(failure)),
        };
    }
    if !context.interactive() {
        return Ok(Err(no_terminal(source)));
    }
    ask(context, identity, source)
}

/// The key opened by a passphrase that is given, or the key and why it stays closed.
fn with_given(
    context: &Context<'_>,
    mut identity: Identity,
    place: &PassphraseSource,
    source: &Source,
) -> Outcome<Result<Identity, Box<(Identity, Failure)>>> {
    let closed = |identity, failure: Failure| Ok(Err(Box::new((identity, failure))));
    let passphrase = match context.given_passphrase(place) {
        Ok(passphrase) => passphrase,
        Err(failure) => return closed(identity, failure),
    };
    match identity.unlock_with(&passphrase) {
        Ok(()) => Ok(Ok(identity)),
        Err(error) => {
            let message = format!(
                "the key in {} cannot be unlocked: {} does not open it",
                source.describe(),
                place.describe()
            );
            let failure = Failure::new(Code::SshPassphrase, message).because(&error);
            closed(identity, failure.hint(format!("give it by {}", PASSPHRASE.advice())))
        }
    }
}

pub(in crate::cli) fn belongs(vault: &Vault, identity: &Identity) -> bool {
    let mut recipients = vault.policy().members().flat_map(|(_, member)| &member.recipients);
    recipients.any(|recipient| identity.is_for(recipient))
}

fn ask(
    context: &Context<'_>,
    mut identity: Identity,
    source: &Source,
) -> Outcome<Result<Identity, Failure>> {
    let question = format!("Passphrase of {}: ", source.describe());
    for _ in 0..TRIES {
        let passphrase = context.ui.hidden(&question)?;
        match identity.unlock_with(&passphrase) {
            Ok(()) => return Ok(Ok(identity)),
            Err(error) => context.ui.warn(&error.to_string()),
        }
    }
    let message = format!("the key in {} cannot be unlocked", source.describe());
    Ok(Err(Failure::new(Code::SshPassphrase, message)
        .because(&IdentityError::SshPassphrase)
        .hint("v-secure, to see what else could open the vault")))
}

/// Why a passphrase was not asked for.
#[derive(Debug, thiserror::Error)]
#[error(
    "it has a passphrase, and there is no terminal to ask for it; run 'v-secure unlock' on a terminal first"
)]
struct Unasked;

fn no_terminal(source: &Source) -> Failure {
    let message = format!("the key in {} cannot be unlocked", source.describe());
    Failure::new(Code::SshPassphrase, message)
        .because(&Unasked)
        .hint(format!("give it by {}", PASSPHRASE.advice()))
        .hint("V_SECURE_IDENTITY_CMD, with a command that prints an identity without asking")
        .hint("on a terminal: ssh-keygen -p -f COPY, for a copy without a passphrase")
}

pub(in crate::cli) fn describe(failure: &Failure) -> String {
    failure.causes.first().unwrap_or(&failure.message).clone()
}
