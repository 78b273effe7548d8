//! What `v-secure backup restore` reports.

use super::{Destination, Restored};
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::session::Session;
use v_secure_core::backup::container::Backup;
use v_secure_core::backup::maker::Maker;
use v_secure_core::report::view::backup::BackupRestoreView;

pub(super) fn show(
    context: &Context<'_>,
    session: &Session,
    done: &Restored,
    destination: &Destination,
    backup: &Backup<'_>,
) -> Outcome {
    let (identity, identity_written) = match destination {
        Destination::Write(path) => (Some(path.as_path()), true),
        Destination::There(path) => (Some(path.as_path()), false),
        Destination::Taken(_) | Destination::None => (None, false),
    };
    let maker = backup.signed.as_ref().map(|signed| &signed.maker);
    let report = BackupRestoreView {
        changed: done.file,
        history_written: done.history,
        identity,
        identity_written,
        ..BackupRestoreView::of(&done.vault, &session.location.vault, backup)
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

fn print(context: &Context<'_>, report: &BackupRestoreView<'_>, maker: Option<&Maker>) -> Outcome {
    let ui = &context.ui;
    let state = match (report.changed, report.history_written) {
        (true, _) => "",
        (false, 0) => " (as it is there already)",
        (false, _) => " (as it is there already; closed history was put back beside it)",
    };
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
