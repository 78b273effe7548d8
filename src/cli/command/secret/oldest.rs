//! `v-secure secret oldest`: the first version of each secret that is still known. Unlocks nothing.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use v_secure_core::convert::duration;
use v_secure_core::vault::verified_vault::Depth;

/// List the oldest version of each secret
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure secret oldest\n  v-secure secret oldest --json")]
pub struct Oldest {}

#[derive(Serialize)]
struct Report {
    secrets: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    secret: String,
    version: usize,
    date: String,
    author: String,
}

impl Oldest {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let oldest = opened.vault.live().filter_map(|(name, secret)| {
            let version = secret.versions.first()?;
            Some(Row {
                secret: name.to_string(),
                version: version.number,
                date: duration::rfc3339(version.ts),
                author: version.author.to_string(),
            })
        });
        let secrets: Vec<Row> = oldest.collect();
        if context.ui.json {
            return context.ui.object(&Report { secrets });
        }
        let cells = |row: Row| vec![row.secret, row.version.to_string(), row.date, row.author];
        let rows = secrets.into_iter().map(cells).collect();
        context.ui.table(&["secret", "version", "date", "author"], rows)
    }
}
