//! `v-secure access revoke`: takes rights on a pattern from a role.

use crate::cli::args::complete;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::exposure::Narrowed;
use crate::cli::people::policy;
use crate::cli::people::policy::ReasonArg;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::name::{Name, Pattern};
use v_secure_core::people::access;
use v_secure_core::people::access::{RightList, RoleGrant};
use v_secure_core::report::view::access::AccessRevokeView;

/// Revoke a role's rights on the secrets that a pattern matches
#[derive(Debug, Args)]
#[command(
    after_help = "The pattern is that of a grant, which 'v-secure role list' shows. Secrets are \
                        wrapped for those who may still read them, as far as you can open them. \
                        What the role could read, its members \
                        can keep: 'v-secure exposed' lists the values to renew.\n\n\
                        Examples:\n  v-secure access revoke developer 'prod/*' read\n  \
                        v-secure access revoke ci 'prod/*' write,rotate"
)]
pub struct Revoke {
    /// The role
    #[arg(value_name = "ROLE", add = ArgValueCompleter::new(complete::roles))]
    role: Name,

    /// The pattern of the grant
    #[arg(value_name = "PATTERN")]
    pattern: Pattern,

    /// The rights to revoke, joined with ','
    #[arg(value_name = "RIGHTS")]
    rights: RightList,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Revoke {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let Self { role, pattern, rights: RightList(rights), reason } = self;
        let default = format!("revoke {rights} on {pattern} from {role}");
        let asked = RoleGrant { pattern: pattern.clone(), rights };
        let changed = policy::change(context, &reason, &default, |vault| {
            Ok(access::revoke(vault.policy(), &role, &asked)?)
        })?;
        let state = changed.vault.policy();
        let still: Vec<String> = access::reaching(state, &role, &asked)
            .iter()
            .map(|grant| format!("{}:{}", grant.rights, grant.pattern))
            .collect();
        let members: Vec<Name> =
            state.role(&role).into_iter().flat_map(|role| role.members()).cloned().collect();
        let narrowed = Narrowed::of(context, &changed, |value, knower| {
            pattern.matches(&value.secret) && members.contains(&knower.member)
        })?;
        if context.ui.json {
            return context.ui.object(&AccessRevokeView {
                role: &role,
                pattern: &pattern,
                rights: rights.to_string(),
                still: &still,
                narrowed: narrowed.view(),
            });
        }
        context.ui.note(&format!("{role} no longer has {rights} on {pattern}"));
        if !still.is_empty() {
            context.ui.warn(&format!("{role} has it there still, by {}", still.join(" ")));
        }
        narrowed.tell(context);
        let members = match narrowed.is_anything_known() {
            true => policy::listed(&members),
            false => String::new(),
        };
        narrowed.finish(context, &members);
        Ok(())
    }
}
