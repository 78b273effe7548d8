//! `v-secure keyring show`: this device's keyring slot, and whether it works.

use super::slot;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::unlocking::keyring;
use crate::engine::door::Purpose;
use crate::store::keyring::session::reason;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::vault::Depth;

/// Show this device's keyring slot, and whether the OS keyring has its share
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure keyring show\n  v-secure keyring show --json")]
pub struct Show {}

#[derive(Serialize)]
struct Report {
    vault: String,
    member: String,
    recipient: String,
    slot: String,
    file: PathBuf,
    /// `there`, `missing` or `unreachable`.
    share: &'static str,
    /// Why it is unreachable.
    reason: Option<String>,
}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let vault = &opened.vault;
        let half = slot(context, vault)?;
        let (share, why) = match keyring::os(context).get(&keyring::item(&half.slot)) {
            Ok(Some(_)) => ("there", None),
            Ok(None) => ("missing", None),
            Err(error) => ("unreachable", Some(reason(&error))),
        };
        let file = keyring::files(context).path(&vault.id());
        let report = Report {
            vault: vault.file().header.name.to_string(),
            member: half.member.to_string(),
            recipient: half.recipient,
            slot: half.slot.to_string(),
            file: file.map_err(|error| keyring::file_failure(&error))?,
            share,
            reason: why,
        };
        if context.ui.json { context.ui.object(&report) } else { show(context, &report) }
    }
}

fn show(context: &Context<'_>, report: &Report) -> Outcome {
    let ui = &context.ui;
    let file = report.file.to_string_lossy();
    ui.line(&format!("vault        {}", report.vault))?;
    ui.line(&format!(
        "member       {} ({})",
        report.member,
        escape_for_display(&report.recipient)
    ))?;
    ui.line(&format!("sealed half  {}", escape_for_display(&file)))?;
    let share = match &report.reason {
        Some(reason) => format!("{}: {}", report.share, escape_for_display(reason)),
        None => report.share.to_owned(),
    };
    ui.line(&format!("share        {share}"))?;
    if report.share == "missing" {
        ui.note("Nothing opens this slot any more. Make a new one from the identity or the recovery identity:\n  v-secure --identity FILE keyring add");
    }
    Ok(())
}
