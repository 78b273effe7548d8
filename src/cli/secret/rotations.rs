//! Rotations that a new value or a removal leaves behind: what is pending then comes to nobody, and the provider may accept
//! it still.

use crate::cli::door::context::Context;
use v_secure_core::convert::share;
use v_secure_core::crypto::id::RotationId;
use v_secure_core::log::describe::short;
use v_secure_core::log::rotation::{Rotation, Stage};
use v_secure_core::log::state::SecretState;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::rotation::RetiredView;
use v_secure_core::secret::rotate;
use v_secure_core::vault::Vault;

/// Says which open rotations of secrets, whose values were written, are stale now, and that no provider was told.
pub fn remark<'a>(
    context: &Context<'_>,
    vault: &Vault,
    secrets: impl IntoIterator<Item = &'a SecretName>,
) {
    let secrets: Vec<&SecretName> = secrets.into_iter().collect();
    remark_untold(context, vault, secrets.iter().copied());
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

/// Says of which secrets, whose values were written, a provider knows another value. The first value of a secret is one that it
/// accepts already.
pub fn remark_untold<'a>(
    context: &Context<'_>,
    vault: &Vault,
    secrets: impl IntoIterator<Item = &'a SecretName>,
) {
    if context.ui.json {
        return;
    }
    let is_later = |secret: &SecretName| {
        let version = vault.secret(secret).and_then(|state| state.current());
        version.is_some_and(|version| version.number > 1)
    };
    let is_served = |secret: &SecretName| !vault.serving().serving(secret).is_empty();
    let untold = secrets.into_iter().filter(|secret| is_later(secret) && is_served(secret));
    let untold: Vec<String> = untold.map(ToString::to_string).collect();
    match &untold[..] {
        [] => {}
        [one] => {
            context.ui.note(&format!("no provider was told: v-secure rotation settle {one} --set"));
        }
        _ => context.ui.note(&format!(
            "no provider was told of {}; for each: v-secure rotation settle NAME",
            untold.join(", ")
        )),
    }
}

/// The open rotations of secrets, before these are removed.
pub fn open<'a>(
    vault: &Vault,
    secrets: impl IntoIterator<Item = &'a SecretName>,
) -> Vec<(SecretName, RotationId)> {
    let of = |secret: &'a SecretName| {
        let state = vault.secret(secret).into_iter();
        state.flat_map(|state| state.open_rotations()).map(|of| (secret.clone(), of.id))
    };
    secrets.into_iter().flat_map(of).collect()
}

/// Says which of the rotations that were open a removal has ended, and which it has left stale.
pub fn remark_removed(context: &Context<'_>, vault: &Vault, were: &[(SecretName, RotationId)]) {
    for (secret, id) in were {
        let rotations = vault.secret(secret).and_then(|state| state.rotation.as_ref());
        let found = rotations.and_then(|state| state.rotations.iter().find(|of| of.id == *id));
        let Some(of) = found else { continue };
        let id = short(id);
        match (of.stage, of.objects.is_empty()) {
            (Stage::Aborted, true) => context.ui.warn(&format!(
                "rotation {id} of {secret} is aborted by that. What its provider made for it nobody can read, and this revokes it: v-secure rotation retire {secret}"
            )),
            (Stage::Aborted, false) => context.ui.warn(&format!(
                "rotation {id} of {secret} is aborted by that. Once nobody uses its value, revoke it at the provider; then: v-secure rotation retire {secret}"
            )),
            _ => context.ui.warn(&format!(
                "rotation {id} of {secret} is stale now, and its value is given to nobody. To end it: v-secure secret rotate {secret} --abort --rotation={id}"
            )),
        }
    }
}

/// Says which rotation of a secret that is there again gives its value out again.
pub fn remark_going_on(context: &Context<'_>, vault: &Vault, secret: &SecretName) {
    let rotation = vault.secret(secret).and_then(|state| state.rotation.as_ref());
    if let Some((_, of)) = rotation.and_then(|state| state.pending()) {
        let (id, share) = (short(&of.id), share::text(of.share));
        context.ui.warn(&format!(
            "rotation {id} of {secret} goes on with that: {share} of the instances are given its value. To end it: v-secure secret rotate {secret} --abort"
        ));
    }
}

/// What the provider of a secret accepts still, as far as it is known by number.
pub fn to_retire(state: Option<&SecretState>) -> Vec<RetiredView> {
    let over = state.map_or_else(Vec::new, rotate::over);
    over.into_iter().map(RetiredView::from).collect()
}

/// What the providers of secrets accept still, before these are removed.
pub fn left(vault: &Vault, secrets: &[SecretName]) -> Vec<(SecretName, Vec<RetiredView>)> {
    let of = |secret: &SecretName| (secret.clone(), to_retire(vault.secret(secret)));
    secrets.iter().map(of).filter(|(_, left)| !left.is_empty()).collect()
}

/// Says what no rotation names any more once its secret is removed.
pub fn remark_left(context: &Context<'_>, left: &[(SecretName, Vec<RetiredView>)]) {
    for (secret, left) in left {
        context.ui.warn(&format!(
            "the rotations of {secret} end with it. The provider accepts these values until they are revoked there: {}. To say that one was: v-secure rotation retire {secret} --by-hand --version VERSION",
            listed(left)
        ));
    }
}

/// Says what no rotation of a secret names any more once it has another name.
pub fn remark_renamed(context: &Context<'_>, from: &SecretName, left: &[RetiredView]) {
    if left.is_empty() {
        return;
    }
    let listed = listed(left);
    context.ui.warn(&format!(
        "the rotations of {from} end with that name. The provider accepts these values until they are revoked there: {listed}. To say that one was: v-secure rotation retire {from} --by-hand --version VERSION"
    ));
}

pub fn listed(retired: &[RetiredView]) -> String {
    let one = |view: &RetiredView| match view.version {
        Some(number) => format!("version {number}"),
        None => format!("the value {}", short(&view.id)),
    };
    retired.iter().map(one).collect::<Vec<_>>().join(", ")
}
