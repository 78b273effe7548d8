//! `v-secure keyring add`: lets the OS keyring open the vault on this device.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking::{self, keyring};
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::report::view::keyring::KeyringAddView;
use v_secure_core::vault::{Depth, Vault};

/// Let the OS keyring open the vault on this device
#[derive(Debug, Args)]
#[command(
    after_help = "Your identity is sealed under a random share. The share goes into the OS keyring and the sealed \
                        identity into the state folder: neither opens anything alone. The \
                        identity also stays where it was.\n\n\
                        Examples:\n  v-secure keyring add\n  v-secure --identity ~/keys/age.txt keyring add"
)]
pub struct Add {}

impl Add {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Use, Depth::Everything)?;
        let vault = &opened.vault;
        let by = unlocking::unlock_anew(context, vault)?;
        let identity = by.who.sealable(vault).ok_or_else(|| no_identity(&by.way))?;
        refuse_other(context, vault, &identity.recipient())?;
        let made = keyring::make(context, &vault.id(), by.who.member(), identity)?;
        let report = KeyringAddView {
            vault: &vault.file().header.name,
            member: &made.half.member,
            recipient: &made.half.recipient,
            slot: made.half.slot,
            file: &made.file,
        };
        if context.ui.json {
            return context.ui.object(&report);
        }
        let ui = &context.ui;
        ui.note(&format!("the OS keyring opens {} for {} now", report.vault, report.member));
        if by.way != keyring::WAY {
            ui.note(&format!("the identity also stays where it was: {}", by.way));
        }
        Ok(())
    }
}

/// An SSH key has a passphrase of its own, and a plugin's identity is no secret.
fn no_identity(way: &str) -> Failure {
    let message = format!("a keyring slot seals an identity AGE-SECRET-KEY-1…, and {way} has none");
    Failure::new(Code::NoIdentity, message).hint("v-secure --identity FILE keyring add")
}

/// What is there may be the only copy of another identity.
fn refuse_other(context: &Context<'_>, vault: &Vault, recipient: &RecipientText) -> Outcome {
    let found = keyring::files(context).load(&vault.id());
    match found.map_err(|error| keyring::file_failure(&error))? {
        Some(half) if half.recipient != *recipient => {
            let message = format!(
                "this device has a keyring slot of another identity, {}'s {}",
                half.member, half.recipient
            );
            Err(Failure::new(Code::Exists, message)
                .hint("v-secure keyring show")
                .hint("v-secure keyring remove"))
        }
        _ => Ok(()),
    }
}
