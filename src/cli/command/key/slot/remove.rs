//! `v-secure key slot remove`: a passphrase that is to unlock the vault no more.

use super::HISTORY;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::Args;
use v_secure_core::people::slot;
use v_secure_core::people::slot::Slot;
use v_secure_core::report::view::key::slot::KeySlotRemoveView;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::{Depth, Vault};

/// Remove a slot, so that its passphrase no longer unlocks the vault
#[derive(Debug, Args)]
#[command(
    after_help = "Only the member whose slot it is can remove it. Asks first on a terminal. \
                        Older commits keep the slot: see docs/unlocking.md.\n\n\
                        Examples:\n  v-secure key slot remove travelling\n  v-secure key slot remove travelling --yes"
)]
pub struct Remove {
    /// The slot: its id, the beginning of it, or its label
    #[arg(value_name = "SLOT", allow_hyphen_values = true)]
    slot: String,

    /// Remove it even if it is the only slot for an identity that no file here has
    #[arg(long)]
    last: bool,

    /// Do not ask
    #[arg(long, short = 'y')]
    yes: bool,
}

impl Remove {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        if !self.yes && context.interactive() {
            self.confirm(context)?;
        }
        let (id, _) = context.write(None, "remove a slot", |vault, ctx| {
            let found = slot::find_own(vault, &self.slot, &ctx.signer.member)?;
            self.refuse_last(context, vault, ctx, found)?;
            Ok((*found.id, slot::remove(ctx, found)))
        })?;
        if context.ui.json {
            return context.ui.object(&KeySlotRemoveView { slot: id });
        }
        context.ui.note(&format!("slot {id}: removed"));
        context.ui.note(HISTORY);
        Ok(())
    }

    /// The last slot may be the only place in the world where an identity is.
    fn refuse_last(
        &self,
        context: &Context<'_>,
        vault: &Vault,
        ctx: &Ctx<'_>,
        found: Slot<'_>,
    ) -> Outcome {
        let by_passphrase = context.remembered(|_| ()).is_some();
        let at_hand = !by_passphrase && ctx.who.sealable(vault).is_some();
        if self.last || at_hand || !slot::is_last(vault, found) {
            return Ok(());
        }
        let message = format!(
            "slot {} is the only one for its identity, and no file here has that identity: without the slot it may be lost",
            found.id
        );
        Err(Failure::new(Code::LastSlot, message)
            .hint(format!("v-secure key slot change {}", found.id))
            .hint("v-secure key slot add --label LABEL, for another one first")
            .hint("--last, if the identity is kept elsewhere"))
    }

    /// Asks before the lock is taken: nobody waits for somebody who reads a question.
    fn confirm(&self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open_to_write(Depth::Everything)?;
        let found = slot::find(&opened.vault, &self.slot)?;
        let question =
            format!("Remove slot {} ({}) of {}?", found.id, found.seal.label, found.seal.member);
        let answer = context.ui.confirm(&question, false)?;
        match answer {
            true => Ok(()),
            false => Err(Failure::new(Code::Declined, "nothing was removed")),
        }
    }
}
