//! `v-secure rotation list`: the rotations that are open. Unlocks nothing.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::output::rotations;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::report::view::rotation::RotationListView;
use v_secure_core::report::view::secret::rotation::RotationView;
use v_secure_core::vault::Depth;

/// List the rotations that are open
#[derive(Debug, Args)]
#[command(
    after_help = "A rotation is open until it is promoted or aborted. One that is stale does not go on: something \
                  happened that it does not know of, and 'secret rotation-status' says what.\n\n\
                  Examples:\n  v-secure rotation list\n  v-secure rotation list --json"
)]
pub struct List {}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let secrets = opened.vault.state().secrets.iter();
        let open = secrets.flat_map(|(secret, state)| {
            state.open_rotations().map(move |of| RotationView::of(secret, state, of))
        });
        let rotations: Vec<RotationView<'_>> = open.collect();
        if context.ui.json {
            return context.ui.object(&RotationListView { rotations });
        }
        if rotations.is_empty() {
            context.ui.note("no rotation is open");
            return Ok(());
        }
        rotations::table(context, &rotations.iter().collect::<Vec<_>>(), session.now)
    }
}
