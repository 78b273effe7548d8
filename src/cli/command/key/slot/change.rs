//! `v-secure key slot change`: another passphrase in place of one.

use super::{HISTORY, NewPassphraseArgs};
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Args;
use v_secure_core::people::slot;
use v_secure_core::report::view::key::slot::KeySlotChangeView;

/// Change a slot's passphrase: a new slot takes the place of the old one
#[derive(Debug, Args)]
#[command(
    after_help = "The new passphrase comes as with 'key slot add'; the vault is unlocked first, with the old one or with \
                        the identity that the slot seals. The new slot has the cost that the setting kdf states.\n\n\
                        Examples:\n  v-secure key slot change travelling\n  \
                        v-secure --passphrase-fd 3 key slot change travelling \\\n    \
                        --new-passphrase-fd 4 3<old 4<new"
)]
pub struct ChangeSlot {
    /// The slot: its id, the beginning of it, or its label
    #[arg(value_name = "SLOT", allow_hyphen_values = true)]
    slot: String,

    #[command(flatten)]
    passphrase: NewPassphraseArgs,
}

impl ChangeSlot {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let ((id, old), _) = context.write_by_identity("change a slot", |vault, ctx| {
            let old = slot::find_own(vault, &self.slot, &ctx.signer.member)?;
            slot::room(vault)?;
            slot::replaceable(vault, ctx.who, old)?;
            let passphrase = self.passphrase.get(context, vault)?;
            let (id, change) = slot::change(vault, ctx, old, &passphrase)?;
            Ok(((id, *old.id), change))
        })?;
        if context.ui.json {
            return context.ui.object(&KeySlotChangeView { slot: id, replaces: old });
        }
        context.ui.note(&format!("slot {id} takes the place of {old}"));
        context.ui.note(HISTORY);
        Ok(())
    }
}
