//! `v-secure settings show`: every setting, set or by default, and what it means.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use v_secure_core::policy::settings::{SET_BY, SETTINGS, Setting, SettingKey, Settings};
use v_secure_core::record::text::escape_for_display;
use v_secure_core::vault::Depth;

/// Show the settings of the vault: value, default, meaning, and who sets them
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure settings show\n  v-secure settings show --json")]
pub struct Show {}

#[derive(Serialize)]
struct Report {
    settings: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    key: String,
    value: String,
    /// Whether the chain states it; otherwise it is the default.
    set: bool,
    default: &'static str,
    /// What it takes.
    values: &'static str,
    meaning: &'static str,
    /// The role whose members sign a change.
    set_by: &'static str,
}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let settings = rows(opened.vault.policy().settings());
        if context.ui.json {
            return context.ui.object(&Report { settings });
        }
        if context.ui.out_is_terminal() {
            return settings.iter().try_for_each(|row| block(context, row));
        }
        let cells = |row: Row| {
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
fn block(context: &Context<'_>, row: &Row) -> Outcome {
    let (ui, value) = (&context.ui, escape_for_display(&row.value));
    let default = if row.set { "" } else { " (default)" };
    ui.line(&format!("{} is {value}{default}", ui.strong(&row.key)))?;
    ui.line(&format!("  {}", row.meaning))?;
    let default = if row.set { format!(", by default {}", row.default) } else { String::new() };
    ui.line(&format!("  takes {}{default}; set by {}", row.values, row.set_by))
}

/// What is set, and what is not with its default; of a setting that every environment has, the
/// pattern of its key where no environment sets it.
fn rows(settings: &Settings) -> Vec<Row> {
    let set = settings.iter().filter_map(|(key, value)| {
        let setting = SettingKey::parse(key).ok()?.setting;
        Some(row(setting, key, value, true))
    });
    let mut rows: Vec<Row> = set.collect();
    let is_set = |setting: &Setting| {
        settings.iter().any(|(key, _)| SettingKey::parse(key).is_ok_and(|key| key.is(setting.key)))
    };
    let unset = SETTINGS.iter().filter(|setting| !is_set(setting));
    rows.extend(unset.map(|setting| row(setting, setting.key, setting.default, false)));
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}

fn row(setting: &'static Setting, key: &str, value: &str, set: bool) -> Row {
    Row {
        key: key.to_owned(),
        value: value.to_owned(),
        set,
        default: setting.default,
        values: setting.values,
        meaning: setting.meaning,
        set_by: SET_BY,
    }
}
