//! Unlocking with a passphrase that opens one of the vault's slots.

use super::Tried;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::local_names;
use crate::cli::unlocking::asked_passphrase as passphrase;
use crate::cli::unlocking::asked_passphrase::{PASSPHRASE, PassphraseSource, TRIES};
use crate::host::Stream;
use v_secure_core::crypto::identity::{self, Identity};
use v_secure_core::people::slot;
use v_secure_core::people::slot::Slot;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::Unlocked;

/// Whether there is a slot at all: without one nobody is asked for a passphrase.
pub(crate) fn is_possible(vault: &Vault) -> bool {
    !slot::list(vault).is_empty()
}

/// With a passphrase that is given.
pub fn attempt(context: &Context<'_>, vault: &Vault, place: &PassphraseSource) -> Outcome<Tried> {
    if let Some(unlocked) = remembered(context, vault) {
        return Ok(Tried::Opened(unlocked));
    }
    let slots = usable(context, vault);
    if slots.is_empty() {
        return Ok(Tried::Passed(no_slot(vault)));
    }
    let read = context.given_passphrase(place);
    let by_option = matches!(place, PassphraseSource::Descriptor(_));
    let value = match read {
        Ok(value) => value,
        // What an option names must work; what only happens to be there need not.
        Err(failure) if by_option => return Err(failure),
        Err(failure) => {
            return Ok(Tried::Passed(failure.causes.first().unwrap_or(&failure.message).clone()));
        }
    };
    match open(context, vault, &slots, &value)? {
        Some(unlocked) => Ok(Tried::Opened(unlocked)),
        None if by_option => Err(wrong(slots.len())),
        None => Ok(Tried::Passed(wrong(slots.len()).message)),
    }
}

/// By asking, on a terminal.
pub fn ask(context: &Context<'_>, vault: &Vault) -> Outcome<Tried> {
    if let Some(unlocked) = remembered(context, vault) {
        return Ok(Tried::Opened(unlocked));
    }
    let slots = usable(context, vault);
    if slots.is_empty() {
        return Ok(Tried::Passed(no_slot(vault)));
    }
    if !passphrase::can_ask(context) {
        let advice = PASSPHRASE.advice();
        return Ok(Tried::Passed(format!(
            "there is no terminal to ask for it: give it by {advice}"
        )));
    }
    let question = format!("Passphrase of the vault {}: ", vault.file().header.name);
    for left in (0..TRIES).rev() {
        let value = passphrase::ask(context, &question)?;
        if value.is_empty() {
            return Ok(Tried::Passed("no passphrase was typed".into()));
        }
        if let Some(unlocked) = open(context, vault, &slots, &value)? {
            return Ok(Tried::Opened(unlocked));
        }
        if left > 0 {
            context.ui.warn(&wrong(slots.len()).message);
        }
    }
    Err(wrong(slots.len()))
}

/// The slots to try, those of the member who goes by this user's name first.
fn usable<'a>(context: &Context<'_>, vault: &'a Vault) -> Vec<Slot<'a>> {
    let user = local_names::name_of_user(context, None).ok();
    slot::usable(vault, user.as_ref())
}

fn no_slot(vault: &Vault) -> String {
    match slot::list(vault).len() {
        0 => "the vault has no passphrase slot".into(),
        _ => "the vault has no valid passphrase slot (v-secure key slot list)".into(),
    }
}

fn wrong(slots: usize) -> Failure {
    let of = if slots == 1 { "the vault's slot" } else { "a slot of the vault" };
    let message = format!("the passphrase does not open {of}");
    Failure::new(Code::WrongPassphrase, message)
        .hint("v-secure key slot list")
        .hint("v-secure --identity FILE …")
}

fn open(
    context: &Context<'_>,
    vault: &Vault,
    slots: &[Slot<'_>],
    value: &SecretValue,
) -> Outcome<Option<Unlocked>> {
    let found = slot::open(vault, slots, value).map_err(|error| {
        Failure::new(Code::Slot, "a passphrase slot cannot be opened")
            .with_exit(Exit::Locked)
            .because(&error)
    })?;
    let Some((slot, identity)) = found else { return Ok(None) };
    context.remember(identity.text());
    offer_renewal(context, vault, slot);
    Ok(unlocked(vault, identity))
}

/// The identity that this process opened before: nobody types a passphrase twice for one command.
fn remembered(context: &Context<'_>, vault: &Vault) -> Option<Unlocked> {
    let identity = context.remembered(identity::parse_identity)?.ok()?;
    unlocked(vault, identity)
}

fn unlocked(vault: &Vault, identity: Identity) -> Option<Unlocked> {
    Unlocked::new(vault, vec![identity]).ok()
}

fn offer_renewal(context: &Context<'_>, vault: &Vault, slot: Slot<'_>) {
    let Some(cost) = slot::weaker_than_policy(vault, slot.seal) else { return };
    if context.host.is_terminal(Stream::Err) {
        context.ui.note(&format!(
            "guessing at this passphrase costs less ({cost}) than the vault asks for ({}); renew it: v-secure \
             key slot change {}",
            vault.policy().settings().kdf(),
            slot.id
        ));
    }
}
