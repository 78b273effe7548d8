//! `v-secure access grant`: gives a role rights on a pattern.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::error::meant;
use crate::cli::people::giving::{OlderArgs, VouchArgs};
use crate::cli::people::policy;
use crate::cli::people::policy::{ReasonArg, count};
use clap::Args;
use v_secure_core::name::{Name, Pattern};
use v_secure_core::people::access;
use v_secure_core::people::access::RightList;
use v_secure_core::report::view::access::AccessGrantView;
use v_secure_core::vault::Vault;

/// Give a role rights on the secrets that a pattern matches
#[derive(Debug, Args)]
#[command(
    after_help = "Rights are read, write, rotate, delete and grant, joined with ','. Secrets that new readers gain \
                        are wrapped for them at once, as far as you can open them. Shows who gets access, and asks about \
                        members, devices and recipients that nobody with the right to grant it has vouched for; without a terminal --vouch names them.\n\n\
                        Examples:\n  v-secure access grant developer 'dev/*' read,write\n  \
                        v-secure access grant ci 'prod/DB_*' read"
)]
pub struct Grant {
    /// The role
    #[arg(value_name = "ROLE", add = clap_complete::engine::ArgValueCompleter::new(crate::cli::args::complete::roles))]
    role: Name,

    /// The secrets: ENVIRONMENT/NAME, where '*' at the end matches any rest
    #[arg(value_name = "PATTERN")]
    pattern: Pattern,

    /// The rights to give, joined with ','
    #[arg(value_name = "RIGHTS")]
    rights: RightList,

    #[command(flatten)]
    vouch: VouchArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Grant {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let Self { role, pattern, rights: RightList(rights), vouch, reason } = self;
        let default = format!("grant {role} {rights} on {pattern}");
        let wanted = access::RoleGrant { pattern: pattern.clone(), rights };
        let grant = |vault: &Vault| Ok(access::grant(vault.policy(), &role, &wanted));
        let changed = policy::give(
            context,
            (&reason, &default),
            (&vouch, &OlderArgs::default()),
            grant,
            || Ok(()),
        )?;
        let matches = changed.vault.live().filter(|(name, _)| pattern.matches(name)).count();
        if context.ui.json {
            return context.ui.object(&AccessGrantView {
                role: &role,
                pattern: &pattern,
                rights: rights.to_string(),
                changed: changed.written,
                matches,
                gives: &changed.gives,
                effects: &changed.effects,
            });
        }
        let verb = if changed.written { "has" } else { "had" };
        context.ui.note(&format!("{role} {verb} {rights} on {pattern} ({} now)", count(matches)));
        meant::tell_unmatched(context, &changed.vault, [&pattern]);
        policy::tell(&context.ui, &changed.effects);
        Ok(())
    }
}
