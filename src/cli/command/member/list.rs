//! `v-secure member list`: everybody in the vault.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::listed;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::convert::duration;
use v_secure_core::name::Name;
use v_secure_core::policy::state::Member;
use v_secure_core::report::view::member::list::{MemberListView, MemberView};
use v_secure_core::vault::Depth;

/// List the members with their roles
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure member list\n  v-secure member list --json")]
pub struct List {}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let members: Vec<(&Name, &Member)> = opened.vault.policy().members().collect();
        if context.ui.json {
            let view = |(name, member)| MemberView::of(name, member, session.now);
            let members = members.into_iter().map(view).collect();
            return context.ui.object(&MemberListView { members });
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
