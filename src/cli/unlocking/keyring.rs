//! Unlocking with this device's keyring slot: the identity under a share in the OS keyring. Making
//! and removing slots is here too, for the commands that do.

use super::Tried;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::store::keyring::session::reason;
use crate::store::keyring::slot_file::{SlotFileError, SlotFiles};
use crate::store::keyring::{self, Keyring, KeyringError};
use std::path::PathBuf;
use std::time::Duration;
use v_secure_core::crypto::bytes::ShortId;
use v_secure_core::crypto::id::VaultId;
use v_secure_core::crypto::identity::Identity;
use v_secure_core::file::keyring_slot;
use v_secure_core::file::keyring_slot::SealedHalf;
use v_secure_core::name::Name;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::{UnlockError, Unlocked};

/// The way as messages name it.
pub(crate) const WAY: &str = "the OS keyring";
/// For a user at a desktop, who may be asked to unlock the keyring.
const AT_A_DESKTOP: Duration = Duration::from_secs(60);
const ELSEWHERE: Duration = Duration::from_secs(3);

/// How long the OS keyring may take to answer.
pub(crate) fn patience(context: &Context<'_>) -> Duration {
    let display = ["DISPLAY", "WAYLAND_DISPLAY"].map(|name| context.host.variable(name).is_some());
    let desktop = display.contains(&true) || cfg!(not(target_os = "linux"));
    if desktop && !context.globals.no_input { AT_A_DESKTOP } else { ELSEWHERE }
}

/// The OS keyring.
pub fn os(context: &Context<'_>) -> Box<dyn Keyring> {
    keyring::os(patience(context))
}

/// The sealed halves on this device.
pub fn files(context: &Context<'_>) -> SlotFiles {
    SlotFiles::new(context.state_folder(), context.owners())
}

/// The keyring's item that holds a slot's share.
pub fn item(slot: &ShortId) -> String {
    format!("slot:{slot}")
}

pub fn attempt(context: &Context<'_>, vault: &Vault) -> Tried {
    match files(context).load(&vault.id()) {
        Ok(None) => Tried::Absent,
        Ok(Some(half)) => open(context, vault, &half),
        Err(error) => Tried::Passed(reason(&error)),
    }
}

fn open(context: &Context<'_>, vault: &Vault, half: &SealedHalf) -> Tried {
    let share = match os(context).get(&item(&half.slot)) {
        Ok(Some(share)) => share,
        Ok(None) => return Tried::Passed("it has lost its share of the identity".into()),
        Err(error) => return Tried::Passed(reason(&error)),
    };
    let identity = match half.open(&share) {
        Ok(identity) => identity,
        Err(error) => return Tried::Passed(reason(&error)),
    };
    match Unlocked::new(vault, vec![identity]) {
        Ok(who) => Tried::Opened(who),
        Err(UnlockError::NoMember { recipients, .. }) => Tried::Stranger(recipients.join(", ")),
        Err(error) => Tried::Passed(error.to_string()),
    }
}

/// A slot that was made.
pub(crate) struct Made {
    pub half: SealedHalf,
    pub file: PathBuf,
}

/// Makes sure that the OS keyring keeps what it is given.
pub fn check(context: &Context<'_>) -> Outcome {
    keyring::probe(os(context).as_ref(), context.host).map_err(|error| failure(&error))
}

/// Puts an identity under a share in the OS keyring, in place of a former slot of the vault.
pub fn make(
    context: &Context<'_>,
    vault: &VaultId,
    member: &Name,
    identity: &Identity,
) -> Outcome<Made> {
    check(context)?;
    let (keyring, files) = (os(context), files(context));
    let former = files.load(vault).map_err(|error| file_failure(&error))?;
    let new = keyring_slot::seal(context.host, vault, member, identity)
        .map_err(|error| Failure::from_error(Code::Seal, &error))?;
    let name = item(&new.half.slot);
    keyring.set(&name, &new.share, None).map_err(|error| failure(&error))?;
    let file = files.save(&new.half).map_err(|error| {
        // A share without its other half is of no use to anybody.
        let _ = keyring.remove(&name);
        file_failure(&error)
    })?;
    if let Some(former) = former {
        // What stays of it opens nothing any more.
        let _ = keyring.remove(&item(&former.slot));
    }
    Ok(Made { half: new.half, file })
}

/// Removes both halves. Returns why the share stays, if it does: it opens nothing any more.
pub fn remove(context: &Context<'_>, half: &SealedHalf) -> Outcome<Option<KeyringError>> {
    let share = os(context).remove(&item(&half.slot));
    files(context).remove(&half.vault).map_err(|error| file_failure(&error))?;
    Ok(share.err())
}

pub fn failure(error: &KeyringError) -> Failure {
    Failure::from_error(Code::Keyring, error)
        .hint("unlock the keyring of this session, or start one that answers as Secret Service")
}

pub(crate) fn file_failure(error: &SlotFileError) -> Failure {
    Failure::from_error(Code::KeyringSlot, error)
}
