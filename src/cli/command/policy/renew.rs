//! `v-secure policy renew`: makes a proposal anew that another change of the policy overtook.

use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::giving::{OlderArgs, VouchArgs};
use crate::cli::people::policy;
use crate::cli::people::policy::{Changed, ReasonArg};
use crate::cli::people::proposals;
use clap::Args;
use std::cell::RefCell;
use v_secure_core::name::Name;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::proposal;
use v_secure_core::proposal::Proposal;
use v_secure_core::report::view::proposal::PolicyRenewView;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;

/// Propose again what was proposed for an earlier policy
#[derive(Debug, Args)]
#[command(
    after_help = "Makes the same changes for the policy as it is now, with new keys, signed by you; the signatures of \
                        before do not count for it. You are asked about who gets what by it, as 'policy sign' asks. \
                        The old proposal is removed.\n\n\
                        Examples:\n  v-secure policy renew\n  v-secure policy renew PROPOSAL"
)]
pub struct Renew {
    /// The proposal, or the beginning of its id; none where there is only one
    #[arg(value_name = "PROPOSAL", allow_hyphen_values = true)]
    proposal: Option<String>,

    #[command(flatten)]
    vouch: VouchArgs,

    #[command(flatten)]
    older: OlderArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Renew {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session()?;
        let name = proposals::pick(&session, self.proposal.as_deref())?;
        let old = proposals::read(&session, &name)?;
        let changed = match proposal::is_of_keys(&old) {
            true => self.keys(context, &name, &old),
            false => self.changes(context, &name, &old),
        };
        // Proposed anew, or done at once where one signature is enough by now: in both cases the old one is over.
        let is_over =
            changed.as_ref().map_or_else(|failure| failure.is_proposed, |made| made.written);
        if is_over {
            session.remove_proposal(name.as_ref())?;
        }
        let changed = changed?;
        if !changed.written {
            return Err(nothing_left(&name));
        }
        if context.ui.json {
            return context.ui.object(&PolicyRenewView {
                proposal: &name,
                changed: changed.written,
                gives: &changed.gives,
                effects: &changed.effects,
            });
        }
        context.ui.note("it is in the vault: one signature is enough");
        policy::tell(&context.ui, &changed.effects);
        Ok(())
    }

    /// Whoever signs what another asked for is asked about it as by `policy sign`.
    fn changes(&self, context: &Context<'_>, name: &str, old: &Proposal) -> Outcome<Changed> {
        let signers = RefCell::new(Vec::new());
        let make = |vault: &Vault| {
            signers.replace(proposals::signed_by(vault, name, old)?);
            Ok(proposal::anew(vault, old))
        };
        let gifts = |vault: &Vault, _: &[PolicyOp], ctx: &Ctx<'_>| {
            Ok(proposal::gifts_anew(vault, old, ctx)?)
        };
        let ask = |vault: &Vault| self.agree(context, vault, old, &signers.borrow());
        let (why, asks) = ((&self.reason, &*old.entry.reason), (&self.vouch, &self.older));
        policy::give_by(context, why, asks, (make, gifts), ask)
    }

    fn keys(&self, context: &Context<'_>, name: &str, old: &Proposal) -> Outcome<Changed> {
        let reason = self.reason.reason.as_deref();
        let (outcome, (written, vault)) = context.write_planned(
            reason,
            &old.entry.reason,
            |vault, _| self.agree(context, vault, old, &proposals::signed_by(vault, name, old)?),
            |(), vault, ctx| {
                let (change, outcome) = proposal::keys_anew(vault, old, ctx)?;
                Ok((outcome, change))
            },
        )?;
        Ok(Changed::of(outcome, written, vault))
    }

    fn agree(
        &self,
        context: &Context<'_>,
        vault: &Vault,
        old: &Proposal,
        signers: &[Name],
    ) -> Outcome {
        proposals::tell(context, vault, old, signers);
        self.confirm.check(context, "Propose that again?")
    }
}

/// Keys for roles that are gone, or that this owner does not open.
fn nothing_left(name: &str) -> Failure {
    let message = "there are no keys of it that you could make anew: nothing was changed";
    Failure::new(Code::Proposal, message)
        .hint("v-secure key status")
        .hint(format!("v-secure policy withdraw {}", proposals::word(name)))
}
