//! `v-secure member list`: everybody in the vault.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::listed;
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use v_secure_core::convert::duration;
use v_secure_core::name::Name;
use v_secure_core::policy::state::Member;
use v_secure_core::vault::Depth;

/// List the members with their roles
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure member list\n  v-secure member list --json")]
pub struct List {}

#[derive(Serialize)]
struct Report {
    members: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    member: String,
    kind: &'static str,
    roles: Vec<String>,
    devices: Vec<String>,
    /// Whether it can sign, and so write.
    signs: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    expired: bool,
}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let members: Vec<(&Name, &Member)> = opened.vault.policy().members().collect();
        if context.ui.json {
            let members = members.into_iter().map(|found| row(found, session.now)).collect();
            return context.ui.object(&Report { members });
        }
        let cells = |(name, member): (&Name, &Member)| {
            let devices = if member.keys.is_empty() {
                "reads only".into()
            } else {
                listed(member.keys.keys())
            };
            let expires = member.expires.map(|at| duration::relative(at, session.now));
            vec![
                name.to_string(),
                member.kind.as_str().to_owned(),
                listed(member.roles()),
                devices,
                expires.unwrap_or_else(|| "-".into()),
            ]
        };
        let rows = members.into_iter().map(cells).collect();
        context.ui.table(&["MEMBER", "KIND", "ROLES", "DEVICES", "EXPIRES"], rows)
    }
}

fn row((name, member): (&Name, &Member), now: u64) -> Row {
    Row {
        member: name.to_string(),
        kind: member.kind.as_str(),
        roles: member.roles().map(ToString::to_string).collect(),
        devices: member.keys.keys().map(ToString::to_string).collect(),
        signs: !member.keys.is_empty(),
        expires: member.expires.map(duration::rfc3339),
        expired: member.expires.is_some_and(|at| at <= now),
    }
}
