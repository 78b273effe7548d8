//! `v-secure member remove`: lets somebody go.

use crate::cli::args::complete;
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::departure as vouched;
use crate::cli::people::exposure::Narrowed;
use crate::cli::people::policy;
use crate::cli::people::policy::{Changed, ReasonArg};
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::keys::policy_change;
use v_secure_core::name::Name;
use v_secure_core::people::departure;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::vouching::Going;
use v_secure_core::report::view::member::MemberRemoveView;
use v_secure_core::report::view::vouched_alone::VouchedAloneView;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::{Depth, Vault};

/// Remove a member: it can read no new value, and what it writes no longer counts
#[derive(Debug, Args)]
#[command(
    after_help = "Takes the member from its roles, its keys from the vault, and gives every audience that it \
                        was in new keys, as far as you can. What it could read, it can keep: \
                        'v-secure exposed' \
                        lists the values to renew. What it wrote and you have not pulled yet does not count: pull \
                        first, or 'v-secure adopt' it later. Lists what only that member vouched for, such as devices \
                        of others: it stays unless you say otherwise.\n\n\
                        Examples:\n  v-secure member remove backend\n  \
                        v-secure member remove contractor --revoke-vouched\n  \
                        v-secure member remove ci --yes --reason 'pipeline retired'"
)]
pub struct Remove {
    /// The member
    #[arg(value_name = "NAME", add = ArgValueCompleter::new(complete::members))]
    name: Name,

    /// Also remove what only that member vouched for: members, devices, recipients, memberships, roles
    #[arg(long)]
    revoke_vouched: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

/// The member's roles and devices, and what only it vouched for.
type Said = (Vec<Name>, Vec<Name>, Vec<VouchedAloneView>);

struct Agreed {
    changed: Changed,
    roles: Vec<Name>,
    devices: Vec<Name>,
    left: Vec<VouchedAloneView>,
}

impl Remove {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let reason = format!("let {} go", self.name);
        let Agreed { changed, roles, devices, left } = self.change(context, &reason)?;
        let narrowed = Narrowed::to_members(context, &changed, std::slice::from_ref(&self.name))?;
        let member = &self.name;
        if context.ui.json {
            return context.ui.object(&MemberRemoveView {
                member,
                roles: &roles,
                devices: &devices,
                vouched_alone: &left,
                narrowed: narrowed.view(),
            });
        }
        context.ui.note(&format!("{member} is no longer a member"));
        vouched::tell_staying(context, "no current member vouches for", &left);
        narrowed.tell(context);
        self.tell_own_role(context, &changed.vault);
        narrowed.finish(context, member.as_str());
        Ok(())
    }

    fn change(&self, context: &Context<'_>, reason: &str) -> Outcome<Agreed> {
        // Before anybody unlocks a key: who is not there cannot go.
        let (_, opened) = context.open_to_write(Depth::Everything)?;
        departure::remove_member(&opened.vault, &self.name)?;
        let ((outcome, (roles, devices, left)), (written, vault)) = context.write_planned(
            self.reason.reason.as_deref(),
            reason,
            |vault, ctx| self.agree(context, vault, ctx),
            |(ops, said), vault, ctx| {
                let (change, outcome) = policy_change::change(vault, ops, ctx)?;
                Ok(((outcome, said), Some(change)))
            },
        )?;
        Ok(Agreed { changed: Changed::of(outcome, written, vault), roles, devices, left })
    }

    /// Says what goes and what only this member vouched for, and asks.
    fn agree(
        &self,
        context: &Context<'_>,
        vault: &Vault,
        ctx: &Ctx<'_>,
    ) -> Outcome<(Vec<PolicyOp>, Said)> {
        let removal = departure::remove_member(vault, &self.name)?;
        policy_change::check(vault, &removal, ctx)?;
        let Some(member) = vault.policy().member(&self.name) else { return Ok(Default::default()) };
        let alone = vouched::alone(vault, Going::Member(&self.name), &ctx.signer.key.id())?;
        vouched::tell(context, self.name.as_str(), vault, &alone);
        let (devices, roles) = (policy::listed(member.keys.keys()), policy::listed(member.roles()));
        if context.interactive() && !self.confirm.is_given() {
            let text = format!("{}: roles {roles}; devices {devices}", self.name);
            vouched::say(context, &[("", text)]);
        }
        let question = vouched::question(self.name.as_str(), self.revoke_vouched, &alone);
        self.confirm.check(context, &question)?;
        let (taken, left) = vouched::settled(
            context,
            (vault, ctx),
            (&alone, &removal),
            self.revoke_vouched,
            &self.confirm,
        )?;
        let said = (member.roles().cloned().collect(), member.keys.keys().cloned().collect(), left);
        Ok((taken.into_iter().chain(removal).collect(), said))
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
