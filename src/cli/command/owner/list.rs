//! `v-secure owner list`: the owners, and how many of them must sign.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::listed;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::report::view::owner::OwnerListView;
use v_secure_core::vault::Depth;

/// List the owners, and how many of them must sign
#[derive(Debug, Args)]
#[command(
    after_help = "An owner has every right. What only owners may do (settings, owners, how many must sign) takes \
                        the signatures of as many of them as the vault says. An owner without a device key reads and \
                        cannot sign.\n\n\
                        Examples:\n  v-secure owner list\n  v-secure owner list --json"
)]
pub struct List {}

impl List {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let view = OwnerListView::from(opened.vault.policy());
        if context.ui.json {
            return context.ui.object(&view);
        }
        let rows = view.owners.iter().map(|owner| {
            vec![owner.member.to_string(), owner.kind.to_owned(), listed(&owner.devices)]
        });
        context.ui.table(&["OWNER", "KIND", "DEVICES"], rows.collect())?;
        context.ui.note(&match view.threshold {
            1 => "any of them may sign alone".to_owned(),
            many => format!("{many} of them must sign"),
        });
        Ok(())
    }
}
