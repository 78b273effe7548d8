//! `v-secure history status`: how much of the vault's file is history, and what closing it would bring.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::output::metadata::shown;
use crate::cli::people::closing::{entries, size};
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::convert::duration::rfc3339;
use v_secure_core::report::view::history::{HistoryStatusView, PutAsideView};
use v_secure_core::vault::Depth;
use v_secure_core::vault::closing::{self, Foreseen};

/// How much of the vault's file is history, and what closing it would bring
#[derive(Debug, Args)]
#[command(
    after_help = "What is closed stands in files beside the vault, which 'get', 'exec' and 'set' do not \
                        read. Nothing is lost: 'audit verify' and 'audit log' go on to read all of it.\n\n\
                        Examples:\n  v-secure history status\n  v-secure history status --json"
)]
pub struct Status {}

impl Status {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let vault = &opened.vault;
        let week = context.host.now().saturating_sub(closing::LEFT_OPEN);
        let mut foreseen = closing::foreseen(vault, Some(week));
        let command = match &foreseen.then {
            Ok(_) => "v-secure history close",
            Err(_) => {
                foreseen = closing::foreseen(vault, None);
                "v-secure history close --keep 1s"
            }
        };
        let closed = vault.policy().checkpoint().map_or(0, |closing| closing.stated.entries);
        let view = HistoryStatusView {
            entries: vault.file().entries.len(),
            closed,
            segments: vault.segments().len(),
            bytes: foreseen.now,
            close: foreseen.then.as_ref().ok().map(PutAsideView::from),
        };
        if context.ui.json {
            return context.ui.object(&view);
        }
        context.ui.line(&format!(
            "{}, of which {} are closed, in {} beside the vault",
            entries(view.entries),
            view.closed,
            if view.segments == 1 {
                "1 segment".to_owned()
            } else {
                format!("{} segments", view.segments)
            },
        ))?;
        context.ui.line(&format!("the vault's file has {}", size(view.bytes)))?;
        context.ui.line(&tell(&foreseen, command))
    }
}

fn tell(foreseen: &Foreseen, command: &str) -> String {
    match &foreseen.then {
        Ok(then) => format!(
            "{command}: up to {} of {}; {} closed, and the file has {}",
            shown(&then.summit.entry.to_string()),
            rfc3339(then.summit.ts),
            entries(then.summit.entries),
            size(then.bytes)
        ),
        Err(error) => format!("nothing to close: {error}"),
    }
}
