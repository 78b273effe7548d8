//! `v-secure policy sign`: adds an owner's signature to a proposal, and makes it part of the vault where that is
//! enough.

use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::closing;
use crate::cli::people::exposure as people_exposure;
use crate::cli::people::giving::{OlderArgs, VouchArgs};
use crate::cli::people::{policy, proposals};
use crate::cli::repository::project;
use crate::engine::session::Session;
use clap::Args;
use v_secure_core::exposure;
use v_secure_core::keys::policy_change::PolicyOutcome;
use v_secure_core::name::Name;
use v_secure_core::proposal;
use v_secure_core::proposal::{Judged, Proposal, Signed};
use v_secure_core::report::view::effects::EffectsView;
use v_secure_core::report::view::giving::GivenView;
use v_secure_core::report::view::proposal::{PolicySignView, ProposedChangeView};
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::change::Change;

/// Sign what another owner proposed; the last signature that it takes puts it into the vault
#[derive(Debug, Args)]
#[command(
    after_help = "Shows what the proposal does and who gets what by it, and asks. All of it is checked against the \
                        vault as it is now: one that another change of the policy overtook is refused. Signatures travel \
                        with git, each in a file of its own, so that branches with two of them merge.\n\n\
                        Examples:\n  v-secure policy proposals\n  v-secure policy sign\n  \
                        v-secure policy sign PROPOSAL --yes"
)]
pub struct Sign {
    /// The proposal, or the beginning of its id; none where there is only one
    #[arg(value_name = "PROPOSAL", allow_hyphen_values = true)]
    proposal: Option<String>,

    #[command(flatten)]
    vouch: VouchArgs,

    #[command(flatten)]
    older: OlderArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

struct Done {
    proposal: Proposal,
    signed_by: Vec<Name>,
    gives: Vec<GivenView>,
    /// `None` where it is complete.
    missing: Option<usize>,
    outcome: PolicyOutcome,
}

impl Sign {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session()?;
        let name = proposals::pick(&session, self.proposal.as_deref())?;
        let reason = format!("sign the proposal {name}");
        let (done, (_, vault)) = context.write_planned_by_identity(
            &reason,
            |vault, ctx| self.agree(context, (&session, &name), vault, ctx),
            |(proposal, gives), vault, ctx| signed(&session, (proposal, gives), vault, ctx),
        )?;
        if done.missing.is_none() {
            session.remove_proposal(name.as_ref())?;
            if vault.has_history() {
                project::write_git_files(&session.location.folder)?;
            }
        }
        report(context, &name, &done, &vault)
    }

    /// Says what it does, and asks.
    fn agree(
        &self,
        context: &Context<'_>,
        (session, name): (&Session, &str),
        vault: &Vault,
        ctx: &Ctx<'_>,
    ) -> Outcome<(Proposal, Vec<GivenView>)> {
        session.refuse_older()?;
        let proposal = proposals::read(session, name)?;
        proposal::may_sign(vault, ctx).map_err(|error| proposals::unsigned(name, error))?;
        let judged: Judged =
            proposal::judge(vault, &proposal).map_err(|why| proposals::unfit(name, &why))?;
        // What does not open is refused before anybody is asked.
        proposal::sign(vault, &proposal, ctx).map_err(|error| proposals::unsigned(name, error))?;
        let signers: Vec<Name> = judged.signed_by.iter().cloned().collect();
        proposals::tell(context, vault, &proposal, &signers);
        let gifts = proposal::gifts(vault, &proposal, &judged)
            .map_err(|error| proposals::unsigned(name, error))?;
        let gives = self.vouch.check(context, &gifts)?;
        self.older.check(context, &exposure::older(vault, &gifts))?;
        self.confirm.check(context, "Sign it?")?;
        Ok((proposal, gives))
    }
}

fn signed(
    session: &Session,
    (proposal, gives): (Proposal, Vec<GivenView>),
    vault: &Vault,
    ctx: &Ctx<'_>,
) -> Outcome<(Done, Option<Change>)> {
    let name = proposal.id().to_string();
    let made = proposal::sign(vault, &proposal, ctx);
    let judged = proposal::judge(vault, &proposal).map_err(|why| proposals::unfit(&name, &why))?;
    let mut signed_by = judged.signed_by;
    signed_by.insert(ctx.who.member().clone());
    let signed_by = signed_by.into_iter().collect();
    match made.map_err(|error| proposals::unsigned(&name, error))? {
        Signed::More { signature, missing } => {
            session.refuse_older()?;
            session.add_signature(&proposal.id(), &signature)?;
            let (missing, outcome) = (Some(missing), PolicyOutcome::default());
            Ok((Done { proposal, signed_by, gives, missing, outcome }, None))
        }
        Signed::Complete(complete) => {
            let (change, outcome) = *complete;
            Ok((Done { proposal, signed_by, gives, missing: None, outcome }, Some(change)))
        }
    }
}

fn report(context: &Context<'_>, name: &str, done: &Done, vault: &Vault) -> Outcome {
    let effects = EffectsView::from(&done.outcome);
    let changes = ProposedChangeView::all(&done.proposal.entry);
    if context.ui.json {
        return context.ui.object(&PolicySignView {
            proposal: name,
            changes: &changes,
            signed_by: &done.signed_by,
            missing: done.missing.unwrap_or(0),
            complete: done.missing.is_none(),
            gives: &done.gives,
            effects: &effects,
        });
    }
    match done.missing {
        Some(missing) => context.ui.note(&format!(
            "signed; {} more must sign: v-secure policy sign {name}",
            policy::owners_counted(missing)
        )),
        None => {
            let texts: Vec<String> = changes.iter().map(ProposedChangeView::text).collect();
            context.ui.note(&format!("in the vault now: {}", texts.join(", ")));
            people_exposure::tell_renewed(context, &done.outcome.renewed);
            tell_exposed(context, vault)?;
        }
    }
    policy::tell(&context.ui, &effects);
    if done.missing.is_none() && closing::is_among(&done.proposal.entry.ops) {
        closing::tell_next(context)?;
    }
    context.ui.note("next: commit and push .v-secure; it takes effect for others once they pull");
    Ok(())
}

fn tell_exposed(context: &Context<'_>, vault: &Vault) -> Outcome {
    let known = people_exposure::secrets(context, vault)?;
    if known > 0 {
        context.ui.warn(&format!(
            "known to somebody without the right to read them: {}; only new values end that: v-secure exposed",
            policy::count(known)
        ));
    }
    Ok(())
}
