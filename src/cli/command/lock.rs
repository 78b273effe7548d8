//! `v-secure lock`: takes away the keys that `v-secure unlock` keeps.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::unlocking::session;
use clap::Args;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::report::view::lock::LockView;
use v_secure_core::vault::Depth;

/// Lock the vault again after 'v-secure unlock'
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  v-secure lock\n  v-secure lock --all")]
pub struct Lock {
    /// Every vault of this user, not only the one here
    #[arg(long)]
    all: bool,
}

impl Lock {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let store = session::store(context);
        let locked: Vec<VaultId> = if self.all {
            store.forget_all().map_err(session::failure)?
        } else {
            // Nothing is given out, so that an altered vault can be locked too.
            let id = context.session()?.open(Depth::Unverified)?.vault.id();
            let was_open = store.forget(&id).map_err(session::failure)?;
            was_open.then_some(id).into_iter().collect()
        };
        if context.ui.json {
            return context.ui.object(&LockView { locked });
        }
        context.ui.note(&match (locked.len(), self.all) {
            (0, false) => "nothing was kept open here".to_owned(),
            (0, true) => "nothing was kept open".to_owned(),
            (_, false) => "locked".to_owned(),
            (1, true) => "locked 1 vault".to_owned(),
            (count, true) => format!("locked {count} vaults"),
        });
        Ok(())
    }
}
