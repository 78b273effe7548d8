//! Rotations that a new value leaves behind: what is pending then comes to nobody, and the provider may accept it still.

use crate::cli::door::context::Context;
use v_secure_core::log::describe::short;
use v_secure_core::log::rotation::{Rotation, Stage};
use v_secure_core::name::SecretName;
use v_secure_core::vault::Vault;

/// Says which open rotations of secrets, whose values were written, are stale now.
pub fn remark<'a>(
    context: &Context<'_>,
    vault: &Vault,
    secrets: impl IntoIterator<Item = &'a SecretName>,
) {
    for secret in secrets {
        let open: Vec<&Rotation> =
            vault.secret(secret).into_iter().flat_map(|state| state.open_rotations()).collect();
        let is_one = open.len() == 1;
        for of in open.iter().filter(|of| matches!(of.stage, Stage::Stale(_))) {
            let id = short(&of.id);
            let which = if is_one { String::new() } else { format!(" --rotation={id}") };
            context.ui.warn(&format!(
                "rotation {id} of {secret} is stale now, and its value is given to nobody. To end it: v-secure secret rotate {secret} --abort{which}"
            ));
        }
    }
}
