//! `v-secure key slot list`: the passphrase slots of the vault.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::engine::door::Purpose;
use clap::Args;
use serde::Serialize;
use v_secure_core::crypto::kdf::Params;
use v_secure_core::people::slot;
use v_secure_core::people::slot::Slot;
use v_secure_core::vault::Depth;

/// List the passphrase slots, whose they are, and what a guess at each costs
#[derive(Debug, Args)]
#[command(
    after_help = "A slot is stale when the key that signed it was removed, and of another identity when the one that it \
                        seals was: neither is tried any more.\n\n\
                        Examples:\n  v-secure key slot list"
)]
pub struct List {}

#[derive(Serialize)]
struct Report {
    slots: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    slot: String,
    member: String,
    label: String,
    recipient: String,
    /// As the setting `kdf` spells it.
    cost: String,
    /// Whether that is less than the vault's policy asks for.
    weak: bool,
    state: &'static str,
}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let policy = opened.vault.policy().settings().kdf();
        let slots: Vec<Row> =
            slot::list(&opened.vault).iter().map(|slot| row(slot, policy)).collect();
        if context.ui.json {
            return context.ui.object(&Report { slots });
        }
        if slots.is_empty() {
            context.ui.note("there is no passphrase slot; one is made by: v-secure key slot add");
        }
        let cells = |row: Row| {
            let cost = if row.weak { format!("{} (weak)", row.cost) } else { row.cost };
            vec![row.slot, row.member, row.label, cost, row.state.to_owned()]
        };
        let rows = slots.into_iter().map(cells).collect();
        context.ui.table(&["SLOT", "MEMBER", "LABEL", "COST", "STATE"], rows)
    }
}

fn row(slot: &Slot<'_>, policy: Params) -> Row {
    let seal = slot.seal;
    let params = Params::new(seal.m, seal.t, seal.p);
    Row {
        slot: slot.id.to_string(),
        member: seal.member.to_string(),
        label: seal.label.clone(),
        recipient: seal.recipient.clone(),
        cost: format!("m={},t={},p={}", seal.m, seal.t, seal.p),
        weak: params.is_ok_and(|params| params.is_weaker_than(policy)),
        state: slot.standing.as_str(),
    }
}
