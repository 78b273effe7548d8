//! `v-secure key slot add`: one more passphrase that unlocks the vault.

use super::NewPassphraseArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use clap::Args;
use v_secure_core::people::slot;
use v_secure_core::report::view::key::slot::KeySlotAddView;

/// Seal your identity by a passphrase, in the vault, so that a clone and the passphrase are enough
#[derive(Debug, Args)]
#[command(
    after_help = "The passphrase is asked for, twice; or it comes from --new-passphrase-fd N, from the file in \
                        V_SECURE_NEW_PASSPHRASE_FILE or from V_SECURE_NEW_PASSPHRASE. A slot seals an X25519 identity, \
                        the one that unlocks the vault now.\n\n\
                        Examples:\n  v-secure key slot add\n  v-secure key slot add --label travelling\n  \
                        pass show shop | v-secure key slot add --new-passphrase-fd 0"
)]
pub struct Add {
    /// What the slot is for; the device's name by default
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,

    #[command(flatten)]
    passphrase: NewPassphraseArgs,
}

impl Add {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let ((id, label), _) = context.write_by_identity("add a slot", |vault, ctx| {
            let label = self.label.as_deref().unwrap_or(ctx.signer.device.as_str()).to_owned();
            slot::room(vault)?;
            slot::sealable(vault, ctx.who)?;
            let passphrase = self.passphrase.get(context, vault)?;
            let (id, change) = slot::add(vault, ctx, &label, &passphrase)?;
            Ok(((id, label), change))
        })?;
        if context.ui.json {
            return context.ui.object(&KeySlotAddView { slot: id, label: &label });
        }
        context.ui.note(&format!("slot {id} ({label}): its passphrase unlocks the vault"));
        Ok(())
    }
}
