//! What `v-secure backup restore` reports.

use super::Destination;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::session::Session;
use serde::Serialize;
use std::path::Path;
use v_secure_core::backup::container::Backup;
use v_secure_core::backup::maker::Maker;
use v_secure_core::convert::duration;
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::vault::Vault;

#[derive(Serialize)]
struct Report<'a> {
    vault: String,
    id: String,
    path: &'a Path,
    created: String,
    /// Who signed it, if anybody did.
    member: Option<&'a str>,
    device: Option<&'a str>,
    fingerprint: String,
    secrets: usize,
    policy_entries: usize,
    /// Whether the file was written.
    changed: bool,
    identity: Option<&'a Path>,
    identity_written: bool,
}

pub(super) fn show(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
    changed: bool,
    destination: &Destination,
    backup: &Backup<'_>,
) -> Outcome {
    let (identity, identity_written) = match destination {
        Destination::Write(path) => (Some(path.as_path()), true),
        Destination::There(path) => (Some(path.as_path()), false),
        Destination::Taken(_) | Destination::None => (None, false),
    };
    let maker = backup.signed.as_ref().map(|signed| &signed.maker);
    let report = Report {
        vault: vault.file().header.name.to_string(),
        id: vault.id().to_string(),
        path: &session.location.vault,
        created: duration::rfc3339(backup.created),
        member: maker.map(|maker| maker.member.as_str()),
        device: maker.map(|maker| maker.device.as_str()),
        fingerprint: fingerprint_words(&vault.id()),
        secrets: vault.live().count(),
        policy_entries: vault.chain().len(),
        changed,
        identity,
        identity_written,
    };
    if let Destination::Taken(path) = destination {
        context.ui.note(&format!(
            "{} holds another identity and stays; --identity-out FILE writes the one of the backup",
            path.display()
        ));
    }
    if context.ui.json {
        return context.ui.object(&report);
    }
    print(context, &report, maker)
}

fn print(context: &Context<'_>, report: &Report<'_>, maker: Option<&Maker>) -> Outcome {
    let ui = &context.ui;
    let state = if report.changed { "" } else { " (as it is there already)" };
    ui.wrapped(
        "vault        ",
        13,
        &format!("{} in {}{state}", report.vault, report.path.display()),
    )?;
    ui.wrapped("fingerprint  ", 13, &report.fingerprint)?;
    let maker =
        maker.map_or_else(|| "somebody unknown: it is not signed".to_owned(), ToString::to_string);
    ui.wrapped("made         ", 13, &format!("{} by {maker}", report.created))?;
    ui.wrapped("secrets      ", 13, &format!("{}", report.secrets))?;
    if let Some(path) = report.identity {
        let state = if report.identity_written { "restored" } else { "there already" };
        ui.wrapped("identity     ", 13, &format!("{} ({state})", path.display()))?;
    }
    ui.note("Next:\n  v-secure");
    Ok(())
}
