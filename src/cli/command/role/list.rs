//! `v-secure role list`: roles with their members and grants.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::listed;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::report::view::role::RoleListView;
use v_secure_core::vault::Depth;

/// List the roles with their members and grants
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure role list\n  v-secure role list --json")]
pub struct List {}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let state = opened.vault.policy();
        if context.ui.json {
            return context.ui.object(&RoleListView::from(state));
        }
        let rows = state.roles().map(|(name, role)| {
            let grants: Vec<String> = state
                .grants_of(name)
                .into_iter()
                .map(|(pattern, rights)| format!("{rights}:{pattern}"))
                .collect();
            let grants = if grants.is_empty() { "-".into() } else { grants.join(" ") };
            vec![name.to_string(), listed(role.members()), grants]
        });
        context.ui.table(&["ROLE", "MEMBERS", "GRANTS"], rows.collect())
    }
}
