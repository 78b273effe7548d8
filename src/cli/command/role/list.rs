//! `v-secure role list`: roles with their members and grants.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::listed;
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use v_secure_core::vault::Depth;

/// List the roles with their members and grants
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure role list\n  v-secure role list --json")]
pub struct List {}

#[derive(Serialize)]
struct Report {
    roles: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    role: String,
    members: Vec<String>,
    grants: Vec<Grant>,
}

#[derive(Serialize)]
struct Grant {
    pattern: String,
    rights: String,
}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let state = opened.vault.policy();
        if context.ui.json {
            let roles = state.roles().map(|(name, role)| Row {
                role: name.to_string(),
                members: role.members().map(ToString::to_string).collect(),
                grants: state
                    .grants_of(name)
                    .into_iter()
                    .map(|(pattern, rights)| Grant {
                        pattern: pattern.to_string(),
                        rights: rights.to_string(),
                    })
                    .collect(),
            });
            return context.ui.object(&Report { roles: roles.collect() });
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
