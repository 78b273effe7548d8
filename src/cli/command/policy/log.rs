//! `v-secure policy log`: the policy chain, entry by entry.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome, Unknown};
use crate::cli::output::trail;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::convert::duration::rfc3339;
use v_secure_core::name::Name;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::policy_log::{self, PolicyLogFilter, PolicyLogRow};
use v_secure_core::report::view::policy_log::PolicyLogView;
use v_secure_core::vault::{Depth, Vault};

/// Show every change of members, roles, grants, keys and settings, newest first, with who signed it
#[derive(Debug, Args)]
#[command(
    after_help = "An entry is one signature, or several: what one command changed. Times are what the signers' clocks \
                  said; the order is that of the chain. 'v-secure audit log' has changes of secrets too, each by itself.\n\n\
                  Examples:\n  v-secure policy log\n  v-secure policy log --member backend\n  \
                  v-secure policy log --role developer --since 30d\n  v-secure policy log --limit 1 --json"
)]
pub struct Log {
    /// Only what this member signed
    #[arg(long, value_name = "MEMBER", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::members))]
    actor: Option<String>,

    /// Only what is about this member: let in, removed, its devices, its roles
    #[arg(long, value_name = "MEMBER", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::members))]
    member: Option<String>,

    /// Only what is about this role: its members, grants and keys
    #[arg(long, value_name = "ROLE", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::roles))]
    role: Option<String>,

    /// Only from this time on: a date, a time, or a span such as 7d, counted back from now
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Only before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// At most this many entries
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

impl Log {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let filter = self.filter(context)?;
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        if let Some(role) = &filter.role {
            known_role(&opened.vault, role)?;
        }
        for name in [&filter.actor, &filter.member].into_iter().flatten() {
            trail::known_actor(&opened.vault, name)?;
        }
        let mut rows = policy_log::rows(&opened.vault, &filter);
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        if context.ui.json {
            return context.ui.object(&PolicyLogView::from(&rows[..]));
        }
        let header = ["ENTRY", "TIME", "SIGNED BY", "CHANGES", "REASON"];
        context.ui.table(&header, rows.iter().map(cells).collect())
    }

    fn filter(&self, context: &Context<'_>) -> Outcome<PolicyLogFilter> {
        let now = context.host.now();
        let name = |option: &str, text: &Option<String>| {
            text.as_deref().map(|text| trail::actor(option, text)).transpose()
        };
        Ok(PolicyLogFilter {
            actor: name("--actor", &self.actor)?,
            member: name("--member", &self.member)?,
            role: self.role.as_deref().map(role).transpose()?,
            since: trail::time("--since", self.since.as_deref(), now)?,
            until: trail::time("--until", self.until.as_deref(), now)?,
        })
    }
}

fn role(text: &str) -> Outcome<Name> {
    Name::new(text).map_err(|error| {
        Failure::new(Code::BadName, "--role is not a valid role name").because(&error)
    })
}

/// Refuses a role that the vault never had: it is misspelt, and silence would look like an answer.
fn known_role(vault: &Vault, role: &Name) -> Outcome {
    let of_role = PolicyLogFilter { role: Some(role.clone()), ..PolicyLogFilter::default() };
    if !policy_log::rows(vault, &of_role).is_empty() {
        return Ok(());
    }
    let message = format!("there has never been a role {role}");
    Err(Failure::new(Code::NoRole, message)
        .of_unknown(Unknown::Role(role.clone()))
        .hint("v-secure role list"))
}

fn cells(row: &PolicyLogRow) -> Vec<String> {
    let signers: Vec<String> =
        row.signers.iter().map(|(member, device)| format!("{member}/{device}")).collect();
    let changes: Vec<String> =
        row.changes.iter().map(|(action, object)| format!("{action} {object}")).collect();
    vec![
        row.position.index().to_string(),
        rfc3339(row.timestamp),
        signers.join(", "),
        escape_for_display(&changes.join("; ")).into_owned(),
        escape_for_display(&row.reason).into_owned(),
    ]
}
