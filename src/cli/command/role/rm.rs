//! `v-secure role rm`: removes a role with its grants.

use crate::cli::args::complete;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::exposure::Narrowed;
use crate::cli::people::policy;
use crate::cli::people::policy::{ReasonArg, listed};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::name::Name;
use v_secure_core::people::access;
use v_secure_core::report::view::role::RoleRmView;
use v_secure_core::vault::Depth;

/// Remove a role with its grants; its members stay, without what it gave them
#[derive(Debug, Args)]
#[command(
    after_help = "Secrets that the role could read are wrapped for those who may still read \
                        them, as far as you can open them.\n\n\
                        Examples:\n  v-secure role rm contractor\n  v-secure role rm ci --yes"
)]
pub struct Rm {
    /// The role
    #[arg(value_name = "ROLE", add = ArgValueCompleter::new(complete::roles))]
    role: Name,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Rm {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        self.confirm(context)?;
        let reason = format!("remove the role {}", self.role);
        let mut members = Vec::new();
        let changed = policy::change(context, &self.reason, &reason, |vault| {
            let (ops, inside) = access::remove_role(vault.policy(), &self.role)?;
            members = inside;
            Ok(ops)
        })?;
        let narrowed = Narrowed::to_members(context, &changed, &members)?;
        if context.ui.json {
            return context.ui.object(&RoleRmView {
                role: &self.role,
                members: &members,
                narrowed: narrowed.view(),
            });
        }
        context.ui.note(&format!("role {} removed (members: {})", self.role, listed(&members)));
        narrowed.tell(context);
        let members = if members.is_empty() { String::new() } else { listed(&members) };
        narrowed.finish(context, &members);
        Ok(())
    }

    /// Asks before the lock is taken.
    fn confirm(&self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open_to_write(Depth::Everything)?;
        let (_, members) = access::remove_role(opened.vault.policy(), &self.role)?;
        let question = format!("Remove the role {} (members: {})?", self.role, listed(&members));
        self.confirm.check(context, &question)
    }
}
