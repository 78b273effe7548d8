//! `v-secure policy proposals`: what waits for signatures of owners.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::listed;
use crate::cli::people::proposals;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::report::view::proposal::{ProposalListView, ProposalView, ProposedChangeView};
use v_secure_core::vault::Depth;

/// List the changes that wait for signatures of owners
#[derive(Debug, Args)]
#[command(
    after_help = "A proposal lies in .v-secure/proposals and gives no right: the vault is what its own history says. One \
                        is stale where the policy has changed since, and unreadable where somebody altered its files.\n\n\
                        Examples:\n  v-secure policy proposals\n  v-secure policy proposals --json"
)]
pub struct Proposals {}

impl Proposals {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let (proposals, more) = proposals::all(&session, &opened.vault)?;
        if more {
            context
                .ui
                .warn("there are more proposals than are looked at: remove what nobody needs");
        }
        if context.ui.json {
            return context.ui.object(&ProposalListView { proposals, more });
        }
        if proposals.is_empty() {
            context.ui.note("nothing is proposed");
            return Ok(());
        }
        let rows = proposals.iter().map(cells).collect();
        context.ui.table(&["PROPOSAL", "STATE", "SIGNED BY", "CHANGES"], rows)
    }
}

fn cells(view: &ProposalView) -> Vec<String> {
    let changes: Vec<String> = view.changes.iter().map(ProposedChangeView::text).collect();
    let state = match (view.state, &view.why) {
        ("waits", _) => format!("waits for {}", view.missing),
        (state, Some(why)) => format!("{state}: {why}"),
        (state, None) => state.to_owned(),
    };
    vec![view.proposal.clone(), state, listed(&view.signed_by), changes.join(", ")]
}
