//! `v-secure key slot list`: the passphrase slots of the vault.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::people::slot;
use v_secure_core::report::view::key::slot::{KeySlotListView, SlotView};
use v_secure_core::vault::Depth;

/// List the passphrase slots, whose they are, and what a guess at each costs
#[derive(Debug, Args)]
#[command(
    after_help = "A slot is stale when the key that signed it was removed, and other-identity \
                        when the identity that it seals was removed. Neither is tried any more.\n\n\
                        Examples:\n  v-secure key slot list"
)]
pub struct List {}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let policy = opened.vault.policy().settings().kdf();
        let slots = slot::list(&opened.vault);
        let slots: Vec<SlotView<'_>> =
            slots.iter().map(|slot| SlotView::of(slot, policy)).collect();
        if context.ui.json {
            return context.ui.object(&KeySlotListView { slots });
        }
        if slots.is_empty() {
            context.ui.note("there is no passphrase slot; one is made by: v-secure key slot add");
        }
        let cells = |row: SlotView<'_>| {
            let cost = if row.weak { format!("{} (weak)", row.cost) } else { row.cost };
            let (slot, member, label) =
                (row.slot.to_string(), row.member.to_string(), row.label.to_owned());
            vec![slot, member, label, cost, row.state.to_owned()]
        };
        let rows = slots.into_iter().map(cells).collect();
        context.ui.table(&["SLOT", "MEMBER", "LABEL", "COST", "STATE"], rows)
    }
}
