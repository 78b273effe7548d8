//! `v-secure role join`: gives a member a role.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::exposure;
use crate::cli::people::giving::{OlderArgs, VouchArgs};
use crate::cli::people::policy;
use crate::cli::people::policy::ReasonArg;
use clap::Args;
use v_secure_core::name::Name;
use v_secure_core::people::access;
use v_secure_core::report::view::role::RoleJoinView;
use v_secure_core::vault::Vault;

/// Give a member a role; it can read what the role may read, older values too
#[derive(Debug, Args)]
#[command(
    after_help = "Shows the devices and recipients that get access by it, and asks about those that nobody with the right to \
                        grant it has vouched for; without a terminal --vouch names them.\n\n\
                        Examples:\n  v-secure role join developer admin"
)]
pub struct Join {
    /// The role
    #[arg(value_name = "ROLE", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::roles))]
    role: Name,

    /// The member
    #[arg(value_name = "MEMBER", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::members))]
    member: Name,

    #[command(flatten)]
    vouch: VouchArgs,

    #[command(flatten)]
    older: OlderArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Join {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let reason = format!("give {} the role {}", self.member, self.role);
        let join = |vault: &Vault| Ok(access::join(vault.policy(), &self.role, &self.member));
        let why = (&self.reason, reason.as_str());
        let changed = policy::give(context, why, (&self.vouch, &self.older), join, || Ok(()))?;
        if context.ui.json {
            return context.ui.object(&RoleJoinView {
                role: &self.role,
                member: &self.member,
                changed: changed.written,
                gives: &changed.gives,
                effects: &changed.effects,
            });
        }
        let verb = if changed.written { "is in" } else { "was in" };
        context.ui.note(&format!("{} {verb} the role {}", self.member, self.role));
        policy::tell(&context.ui, &changed.effects);
        exposure::tell_older(context, &changed.vault, &self.member)
    }
}
