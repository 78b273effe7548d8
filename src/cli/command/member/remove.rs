//! `v-secure member remove`: lets somebody go.

use crate::cli::complete;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::context::Context;
use crate::cli::error::Outcome;
use crate::cli::exposure::Narrowed;
use crate::cli::policy::{self, ReasonArg};
use crate::name::Name;
use crate::ops::leaving;
use crate::ops::vault::{Depth, Vault};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use serde::Serialize;

/// Let a member go: it reads no new value, and what it writes does not count
#[derive(Debug, Args)]
#[command(
    after_help = "Takes the member from its roles, its keys from the vault, and gives every set of roles that it \
                        read with new keys, as far as you can. What it could read it can keep: 'v-secure exposed' \
                        lists the values to renew. What it wrote and you have not pulled yet does not count: pull \
                        first, or 'v-secure adopt' it later.\n\n\
                        Examples:\n  v-secure member remove backend\n  \
                        v-secure member remove ci --yes --reason 'pipeline retired'"
)]
pub struct Remove {
    #[arg(value_name = "NAME", add = ArgValueCompleter::new(complete::members))]
    name: Name,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

#[derive(Serialize)]
struct Report<'a> {
    member: &'a str,
    roles: &'a [String],
    devices: &'a [String],
    #[serde(flatten)]
    narrowed: &'a Narrowed<'a>,
}

impl Remove {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (roles, devices) = self.confirm(context)?;
        let reason = format!("let {} go", self.name);
        let changed = policy::change(context, &self.reason, &reason, |vault| {
            Ok(leaving::remove_member(vault, &self.name)?)
        })?;
        let narrowed = Narrowed::to_members(context, &changed, std::slice::from_ref(&self.name))?;
        let member = self.name.as_str();
        if context.ui.json {
            let (roles, devices, narrowed) = (&roles[..], &devices[..], &narrowed);
            return context.ui.object(&Report { member, roles, devices, narrowed });
        }
        context.ui.note(&format!("{member} is no member any more"));
        narrowed.tell(context);
        self.tell_own_role(context, &changed.vault);
        narrowed.finish(context, member);
        Ok(())
    }

    /// Asks before the lock is taken; returns the member's roles and devices.
    fn confirm(&self, context: &Context<'_>) -> Outcome<(Vec<String>, Vec<String>)> {
        let (_, opened) = context.open_to_write(Depth::Everything)?;
        leaving::remove_member(&opened.vault, &self.name)?;
        let Some(member) = opened.vault.policy().member(&self.name) else {
            return Ok(Default::default());
        };
        let devices = policy::listed(member.keys.keys());
        self.confirm.check(
            context,
            &format!(
                "Remove {} (roles {}; devices {devices})?",
                self.name,
                policy::listed(member.roles())
            ),
        )?;
        let texts = |name: &Name| name.to_string();
        Ok((member.roles().map(texts).collect(), member.keys.keys().map(texts).collect()))
    }

    /// A role that `member add --read` made for the member alone is of no use without it.
    fn tell_own_role(&self, context: &Context<'_>, vault: &Vault) {
        let own = vault.policy().role(&self.name);
        if own.is_some_and(|role| role.members().next().is_none()) {
            context
                .ui
                .note(&format!("the role {0} has no members: v-secure role rm {0}", self.name));
        }
    }
}
