//! `v-secure env list`: environments with how many secrets they hold.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::report::view::env::{EnvListView, EnvironmentView};
use v_secure_core::secret::list;
use v_secure_core::vault::Depth;

/// List environments, how many secrets each holds, and which it extends
#[derive(Debug, Args)]
#[command(
    after_help = "Counts are of an environment's own secrets, without those that it inherits.\n\n\
                        Examples:\n  v-secure env list\n  v-secure settings set env.prod.extends base"
)]
pub struct List {}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let environments = list::environments(&opened.vault, session.now);
        let environments = environments.iter().map(EnvironmentView::from);
        let report = EnvListView { environments: environments.collect() };
        if context.ui.json {
            return context.ui.object(&report);
        }
        let rows = report.environments.into_iter().map(|row| {
            let extends = row.extends.map_or_else(|| "-".into(), ToString::to_string);
            vec![row.name.to_string(), row.secrets.to_string(), row.expired.to_string(), extends]
        });
        context.ui.table(&["environment", "secrets", "expired", "extends"], rows.collect())
    }
}
