//! `v-secure access list`: who can do what, and through which grant.

use crate::cli::args::secret_arg;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::meant;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::policy::unknown_member;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::name::{Name, Pattern, SecretName};
use v_secure_core::policy::access::{MemberAccess, Subject};
use v_secure_core::report::view::access::{AccessListView, MemberAccessView, is_unsettled};
use v_secure_core::vault::{Depth, Vault};

/// Show who can do what, and through which grant
#[derive(Debug, Args)]
#[command(after_help = "Whoever may change the environment that another one inherits from is \
                        listed there too.\n\n\
                        Examples:\n  v-secure access list\n  v-secure access list --secret-id prod/DATABASE_URL\n  \
                        v-secure access list --pattern 'prod/*'\n  v-secure access list --member admin")]
pub struct List {
    /// Access to this secret, which need not exist
    #[arg(long, value_name = "NAME", conflicts_with = "pattern")]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::secrets))]
    secret_id: Option<String>,

    /// Access to any of what this pattern matches
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<Pattern>,

    /// Only this member's access
    #[arg(long, value_name = "MEMBER", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::members))]
    member: Option<Name>,
}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret_id.as_deref().map(|text| secret_arg::parse(text, context));
        let secret = secret.transpose()?;
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let vault = &opened.vault;
        if let Some(name) =
            self.member.as_ref().filter(|name| vault.policy().member(name).is_none())
        {
            return Err(unknown_member(name));
        }
        let mut found = self.access(vault, secret.as_ref())?;
        found.retain(|access| self.member.as_ref().is_none_or(|name| *name == access.member));
        let unsettled = secret.as_ref().map(|secret| is_unsettled(vault, secret));
        if context.ui.json {
            let access = found.iter().map(MemberAccessView::from).collect();
            return context.ui.object(&AccessListView { access, unsettled });
        }
        let rows = found.iter().map(cells).collect();
        context.ui.table(&["MEMBER", "ROLE", "PATTERN", "RIGHTS", "THROUGH"], rows)?;
        meant::tell_unmatched(context, vault, &self.pattern);
        if unsettled == Some(true) {
            context.ui.warn(
                "not every member who may read it can open it yet: a member who can open it runs 'v-secure access settle'",
            );
        }
        Ok(())
    }

    fn access(&self, vault: &Vault, secret: Option<&SecretName>) -> Outcome<Vec<MemberAccess>> {
        let everything = || Pattern::new("*");
        let pattern = self.pattern.clone().map_or_else(everything, Ok).map_err(|error| {
            Failure::new(Code::BadPattern, "this is not a valid pattern").because(&error)
        })?;
        let subject = secret.map_or(Subject::Pattern(&pattern), Subject::Secret);
        Ok(vault.policy().access(subject))
    }
}

fn cells(access: &MemberAccess) -> Vec<String> {
    let through = access.through.as_ref();
    vec![
        access.member.to_string(),
        access.role.to_string(),
        access.pattern.to_string(),
        access.rights.to_string(),
        through.map_or_else(|| "-".into(), |base| format!("inherited from {base}")),
    ]
}
