//! `v-secure role leave`: takes a role from a member.

use crate::cli::args::complete;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::exposure::Narrowed;
use crate::cli::people::policy;
use crate::cli::people::policy::ReasonArg;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::name::Name;
use v_secure_core::people::access;
use v_secure_core::report::view::role::RoleLeaveView;

/// Take a role from a member, who can keep what the role could read
#[derive(Debug, Args)]
#[command(
    after_help = "The audiences that the role is in get new keys. A member may leave a role by itself.\n\n\
                        Examples:\n  v-secure role leave developer backend"
)]
pub struct Leave {
    /// The role
    #[arg(value_name = "ROLE", add = ArgValueCompleter::new(complete::roles))]
    role: Name,

    /// The member
    #[arg(value_name = "MEMBER", add = ArgValueCompleter::new(complete::members))]
    member: Name,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Leave {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let reason = format!("take the role {} from {}", self.role, self.member);
        let changed = policy::change(context, &self.reason, &reason, |vault| {
            let state = vault.policy();
            state.member(&self.member).ok_or_else(|| policy::unknown_member(&self.member))?;
            Ok(access::leave(state, &self.role, &self.member)?)
        })?;
        let written = changed.written;
        let narrowed = Narrowed::to_members(context, &changed, std::slice::from_ref(&self.member))?;
        if context.ui.json {
            return context.ui.object(&RoleLeaveView {
                role: &self.role,
                member: &self.member,
                changed: written,
                narrowed: narrowed.view(),
            });
        }
        let verb = if written { "is no longer" } else { "was not" };
        context.ui.note(&format!("{} {verb} in the role {}", self.member, self.role));
        narrowed.tell(context);
        narrowed.finish(context, self.member.as_str());
        Ok(())
    }
}
