//! Unlocking with the keys that `v-secure unlock` keeps.

use super::Tried;
use super::keyring::patience;
use crate::cli::door::context::Context;
use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use crate::store::keyring::session::{SessionStore, SessionStoreError};
use v_secure_core::vault::Vault;
use v_secure_core::vault::session_keys::SessionKeys;
use v_secure_core::vault::unlock::Unlocked;

/// Where this user's keys are kept.
pub fn store(context: &Context<'_>) -> SessionStore {
    SessionStore::new(context.state_folder(), context.owners(), patience(context))
}

/// Keys that do not fit this state of the vault stay: another branch may have the one that they do.
pub fn attempt(context: &Context<'_>, vault: &Vault) -> Tried {
    let now = context.host.now();
    let Some(kept) = store(context).find(&vault.id(), now) else { return Tried::Absent };
    let opened =
        SessionKeys::parse(kept, &vault.id()).and_then(|keys| Unlocked::resumed(vault, keys, now));
    match opened {
        Ok(who) => Tried::Opened(who),
        Err(fault) => Tried::Passed(fault.to_string()),
    }
}

/// Says, after something was asked for, how not to be asked again.
pub fn offer(context: &Context<'_>) {
    if context.interactive() {
        context.ui.note("'v-secure unlock --for 8h' keeps this open");
    }
}

/// Of a store that did not keep or remove what it was to.
pub fn failure(error: SessionStoreError) -> Failure {
    let failure = Failure::from_error(Code::Keyring, &error);
    match error {
        SessionStoreError::NoKeyring { reasons } => Failure { causes: reasons, ..failure }
            .hint("keyctl show @u, to see whether this system has a kernel keyring"),
        _ => failure.hint("v-secure lock --all"),
    }
}
