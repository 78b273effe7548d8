//! `v-secure settings show`: the signed settings, set or by default.

use crate::cli::context::{Context, Purpose};
use crate::cli::error::Outcome;
use crate::ops::vault::Depth;
use crate::policy::settings::Settings;
use crate::vault::text::escape_for_display;
use clap::Args;
use serde::Serialize;

/// What holds where nothing is set.
const DEFAULTS: [(&str, &str); 5] = [
    ("kdf", "m=262144,t=3,p=4"),
    ("reads", "best-effort"),
    ("rotation.dek", "never"),
    ("rotation.kek", "never"),
    ("variables.allow", "none"),
];

/// Show the settings of the vault
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
}

impl Show {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let settings = rows(opened.vault.policy().settings());
        if context.ui.json {
            return context.ui.object(&Report { settings });
        }
        let cells = |row: Row| {
            let state = if row.set { "set" } else { "default" };
            vec![row.key, escape_for_display(&row.value).into_owned(), state.to_owned()]
        };
        let rows = settings.into_iter().map(cells).collect();
        context.ui.table(&["KEY", "VALUE", "STATE"], rows)
    }
}

fn rows(settings: &Settings) -> Vec<Row> {
    let set = settings.iter().map(|(key, value)| (key, value, true));
    let unset = DEFAULTS.into_iter().filter(|(key, _)| settings.get(key).is_none());
    let mut rows: Vec<Row> = set
        .chain(unset.map(|(key, value)| (key, value, false)))
        .map(|(key, value, set)| Row { key: key.to_owned(), value: value.to_owned(), set })
        .collect();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    rows
}
