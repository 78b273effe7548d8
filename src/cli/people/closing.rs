//! What is said of a closing of the history: the same to whoever makes it, and to whoever signs it for another.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use v_secure_core::convert::duration::rfc3339;
use v_secure_core::policy::op::{Checkpoint, PolicyOp};
use v_secure_core::vault::Vault;
use v_secure_core::vault::closing::{self, PutAside};

/// Bytes as people say them.
pub(crate) fn size(bytes: usize) -> String {
    const MIB: usize = 1 << 20;
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..MIB => format!("{} KiB", bytes / 1024),
        _ => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

pub(crate) fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// How many entries are closed by it that are not yet.
pub(crate) fn newly(vault: &Vault, aside: &PutAside) -> usize {
    let closed = vault.policy().checkpoint().map_or(0, |closing| closing.stated.entries);
    aside.summit.entries.saturating_sub(usize::try_from(closed).unwrap_or(usize::MAX))
}

/// How many entries are closed by it, and the latest date of them.
pub(crate) fn extent(vault: &Vault, aside: &PutAside) -> String {
    format!("{}, up to {}", entries(newly(vault, aside)), rfc3339(aside.summit.ts))
}

/// What it does to a file that has so many bytes.
pub(crate) fn gain(aside: &PutAside, before: usize) -> String {
    let (then, before) = (size(aside.bytes), size(before));
    format!("The vault's file has {then} then, instead of {before}.")
}

/// Says what the checkpoints among these ops, which stand nowhere yet, would close.
pub(crate) fn tell(context: &Context<'_>, vault: &Vault, ops: &[PolicyOp]) {
    let before = vault.texts().vault.len();
    for stated in of(ops) {
        // One that cannot be made is refused as what it is.
        let Ok(aside) = closing::up_to(vault, &stated.entry) else { continue };
        let (extent, gain) = (extent(vault, &aside), gain(&aside, before));
        let text = format!("closes {extent}, with entry {}. {gain}", stated.entry);
        context.ui.say_wrapped("", 2, &text);
    }
}

/// The checkpoints among ops.
fn of(ops: &[PolicyOp]) -> impl Iterator<Item = &Checkpoint> {
    ops.iter().filter_map(|op| match op {
        PolicyOp::Checkpoint(stated) => Some(stated),
        _ => None,
    })
}

/// Whether one of these ops closes history.
pub(crate) fn is_among(ops: &[PolicyOp]) -> bool {
    of(ops).next().is_some()
}

/// What is to be done for others to get it.
pub(crate) fn tell_next(context: &Context<'_>) -> Outcome {
    if context.location()?.git_common_dir.is_some() {
        let why = "its new files belong to the vault, and 'git commit -a' leaves them out";
        context.ui.note(&format!("next: git add .v-secure && git commit: {why}"));
    }
    Ok(())
}
