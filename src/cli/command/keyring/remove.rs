//! `v-secure keyring remove`: takes this device's keyring slot away.

use super::slot;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking::{self, keyring};
use crate::engine::door::Purpose;
use crate::store::keyring::session::reason;
use clap::Args;
use v_secure_core::report::view::keyring::KeyringRemoveView;
use v_secure_core::vault::Depth;

/// Remove this device's keyring slot
#[derive(Debug, Args)]
#[command(
    after_help = "Where no identity file here opens the vault, the slot may hold the only copy of your identity: \
                        then it is removed only after a question, or with --yes.\n\n\
                        Examples:\n  v-secure keyring remove\n  v-secure keyring remove --yes"
)]
pub struct Remove {
    /// Do not ask, even if nothing else here opens the vault
    #[arg(long, short = 'y')]
    yes: bool,
}

impl Remove {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let vault = &opened.vault;
        let half = slot(context, vault)?;
        if !self.yes && !unlocking::has_identity(context, vault)? {
            confirm(context, &format!("{}'s identity ({})", half.member, half.recipient))?;
        }
        let left = keyring::remove(context, &half)?;
        let report = KeyringRemoveView {
            vault: &vault.file().header.name,
            slot: half.slot,
            share_left: left.map(|error| reason(&error)),
        };
        if context.ui.json {
            return context.ui.object(&report);
        }
        context.ui.note(&format!("removed the keyring slot for {}", report.vault));
        if let Some(why) = &report.share_left {
            context.ui.warn(&format!(
                "its share, which no longer opens anything, stays in the keyring: {why}"
            ));
        }
        Ok(())
    }
}

fn confirm(context: &Context<'_>, what: &str) -> Outcome {
    let message = format!("the slot may hold the only copy of {what}");
    if !context.interactive() {
        return Err(Failure::new(Code::NotConfirmed, message)
            .hint("v-secure keyring remove --yes, if a recovery identity or another copy exists"));
    }
    let question =
        format!("{message}: without it nobody opens the vault as that member. Remove it?");
    let agreed = context.ui.confirm(&question, false)?;
    if agreed {
        return Ok(());
    }
    Err(Failure::new(Code::Declined, "nothing was removed"))
}
