//! `v-secure settings show`: every setting, set or by default, and what it means.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::view::settings::{SettingView, SettingsShowView};
use v_secure_core::vault::Depth;

/// Show the settings of the vault: value, default, meaning, and who sets them
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure settings show\n  v-secure settings show --json")]
pub struct Show {}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let view = SettingsShowView::from(opened.vault.policy().settings());
        if context.ui.json {
            return context.ui.object(&view);
        }
        let SettingsShowView { settings } = view;
        if context.ui.out_is_terminal() {
            return settings.iter().try_for_each(|row| block(context, row));
        }
        let cells = |row: SettingView| {
            let state = if row.set { "set" } else { "default" };
            let value = escape_for_display(&row.value).into_owned();
            let texts = [row.meaning, row.values, row.default, row.set_by];
            let texts = texts.into_iter().map(str::to_owned);
            [row.key, value, state.to_owned()].into_iter().chain(texts).collect()
        };
        let header = ["key", "value", "state", "meaning", "takes", "default", "set by"];
        context.ui.table(&header, settings.into_iter().map(cells).collect())
    }
}

/// A setting for people: seven columns leave none of them room.
fn block(context: &Context<'_>, row: &SettingView) -> Outcome {
    let (ui, value) = (&context.ui, escape_for_display(&row.value));
    let default = if row.set { "" } else { " (default)" };
    ui.line(&format!("{} is {value}{default}", ui.strong(&row.key)))?;
    ui.line(&format!("  {}", row.meaning))?;
    let default = if row.set { format!(", by default {}", row.default) } else { String::new() };
    ui.line(&format!("  takes {}{default}; set by {}", row.values, row.set_by))
}
