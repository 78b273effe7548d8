//! `v-secure keyring show`: this device's keyring slot, and whether it works.

use super::slot;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::unlocking::keyring;
use crate::engine::door::Purpose;
use crate::store::keyring::session::reason;
use clap::Args;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::view::keyring::{KeyringShare, KeyringShowView};
use v_secure_core::vault::Depth;

/// Show this device's keyring slot, and whether the OS keyring has its share
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure keyring show\n  v-secure keyring show --json")]
pub struct Show {}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let vault = &opened.vault;
        let half = slot(context, vault)?;
        let (share, why) = match keyring::os(context).get(&keyring::item(&half.slot)) {
            Ok(Some(_)) => (KeyringShare::There, None),
            Ok(None) => (KeyringShare::Missing, None),
            Err(error) => (KeyringShare::Unreachable, Some(reason(&error))),
        };
        let file = keyring::files(context).path(&vault.id());
        let report = KeyringShowView {
            vault: &vault.file().header.name,
            member: &half.member,
            recipient: &half.recipient,
            slot: half.slot,
            file: &file.map_err(|error| keyring::file_failure(&error))?,
            share,
            reason: why,
        };
        if context.ui.json { context.ui.object(&report) } else { show(context, &report) }
    }
}

fn show(context: &Context<'_>, report: &KeyringShowView<'_>) -> Outcome {
    let ui = &context.ui;
    let file = report.file.to_string_lossy();
    ui.line(&format!("vault        {}", report.vault))?;
    ui.line(&format!("member       {} ({})", report.member, escape_for_display(report.recipient)))?;
    ui.line(&format!("sealed half  {}", escape_for_display(&file)))?;
    let share = match &report.reason {
        Some(reason) => format!("{}: {}", report.share.as_str(), escape_for_display(reason)),
        None => report.share.as_str().to_owned(),
    };
    ui.line(&format!("share        {share}"))?;
    if report.share == KeyringShare::Missing {
        ui.note("Nothing opens this slot any more. Make a new one from the identity or the recovery identity:\n  v-secure --identity FILE keyring add");
    }
    Ok(())
}
