//! `v-secure role create`: a new role, with its first grants.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::error::meant;
use crate::cli::people::policy;
use crate::cli::people::policy::ReasonArg;
use clap::Args;
use v_secure_core::name::Name;
use v_secure_core::people::access;
use v_secure_core::people::access::RoleGrant;
use v_secure_core::report::view::role::RoleCreateView;

/// Create a role
#[derive(Debug, Args)]
#[command(
    after_help = "Rights are read, write, rotate, delete and grant; a pattern is ENVIRONMENT/NAME with at most one \
                        '*', at its end.\n\n\
                        Examples:\n  v-secure role create developer --grant 'read,write:dev/*' --grant 'read:qa/*'"
)]
pub struct Create {
    /// The new role's name
    #[arg(value_name = "NAME")]
    name: Name,

    /// What its members may do; may be given several times
    #[arg(long = "grant", value_name = "RIGHTS:PATTERN")]
    grants: Vec<RoleGrant>,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Create {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let reason = format!("create the role {}", self.name);
        let changed = policy::change(context, &self.reason, &reason, |_| {
            Ok(access::create_role(&self.name, &self.grants))
        })?;
        if context.ui.json {
            let (role, effects) = (&self.name, &changed.effects);
            return context.ui.object(&RoleCreateView { role, effects });
        }
        context
            .ui
            .note(&format!("role {0} created; next: v-secure role join {0} MEMBER", self.name));
        let patterns = self.grants.iter().map(|grant| &grant.pattern);
        meant::tell_unmatched(context, &changed.vault, patterns);
        policy::tell(&context.ui, &changed.effects);
        Ok(())
    }
}
