//! Passphrase slots: which of them count, opening one, and the changes that add, replace and remove
//! them.

use crate::crypto::bytes::ShortId;
use crate::crypto::identity::Identity;
use crate::crypto::kdf::Params;
use crate::crypto::sign::VerifyingKey;
use crate::file::slot::{SlotRecord, SlotSeal};
use crate::file::slot_seal;
use crate::file::slot_seal::{NewSlot, SlotError};
use crate::name::Name;
use crate::record::rule::Counted;
use crate::secret_value::SecretValue;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use crate::vault::unlock::Unlocked;

/// A slot that was not removed.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'a> {
    pub id: &'a ShortId,
    pub seal: &'a SlotSeal,
    pub standing: SlotStatus,
}

/// Whether a slot may be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotStatus {
    Usable,
    /// Signed by a key that is not its member's any more, or that never was.
    Stale,
    /// It seals an identity that its member does not have any more.
    OtherIdentity,
}

impl SlotStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Stale => "stale",
            Self::OtherIdentity => "other-identity",
        }
    }
}

/// Why slots were not changed.
#[derive(Debug, thiserror::Error)]
pub enum SlotChangeError {
    #[error("there is no slot {wanted}")]
    NotFound { wanted: String },
    #[error("{wanted} matches several slots")]
    Ambiguous { wanted: String },
    #[error("slot {slot} is {owner}'s, and only its member may change it")]
    NotYours { slot: ShortId, owner: Name },
    #[error("the vault has {} slots, counting removed ones, and no room for more", Counted::Slots.max())]
    Full,
    #[error(
        "the vault was not unlocked by an X25519 identity of {member}, and a slot can seal nothing else"
    )]
    NothingToSeal { member: Name },
    #[error("slot {slot} seals another identity than the one that unlocked the vault")]
    OtherIdentity { slot: ShortId },
    #[error("the passphrase cannot be made a slot")]
    Seal(#[from] SlotError),
}

/// Every slot that was not removed, in order of id.
pub fn list(vault: &Vault) -> Vec<Slot<'_>> {
    let seals = vault.file().slots.iter().filter_map(|(id, record)| match record {
        SlotRecord::Seal(seal) => Some((id, seal)),
        SlotRecord::Removed(_) => None,
    });
    seals.map(|(id, seal)| Slot { id, seal, standing: standing(vault, seal) }).collect()
}

/// What is decided before any passphrase is asked for, and so before the KDF.
fn standing(vault: &Vault, seal: &SlotSeal) -> SlotStatus {
    let member = vault.policy().member(&seal.member);
    if signer(vault, seal).is_none() {
        return SlotStatus::Stale;
    }
    match member.is_some_and(|member| member.recipients.contains(&seal.recipient)) {
        true => SlotStatus::Usable,
        false => SlotStatus::OtherIdentity,
    }
}

/// The key that a slot names, if it is its member's now and signed the slot.
fn signer(vault: &Vault, seal: &SlotSeal) -> Option<VerifyingKey> {
    let member = vault.policy().member(&seal.member)?;
    let key = member.keys.values().find(|key| key.id == seal.key)?;
    let key = VerifyingKey::parse(&key.public).ok()?;
    slot_seal::verify(&SlotRecord::Seal(seal.clone()), &key).then_some(key)
}

/// The slots that a passphrase is tried on: those of `first` before all others.
pub fn usable<'a>(vault: &'a Vault, first: Option<&Name>) -> Vec<Slot<'a>> {
    let mut slots = list(vault);
    slots.retain(|slot| slot.standing == SlotStatus::Usable);
    slots.sort_by_key(|slot| Some(&slot.seal.member) != first);
    slots
}

/// The first of `slots` that the passphrase opens.
///
/// # Errors
/// Where none opens: why one could not be tried, if one could not.
pub fn open<'a>(
    vault: &Vault,
    slots: &[Slot<'a>],
    passphrase: &SecretValue,
) -> Result<Option<(Slot<'a>, Identity)>, SlotError> {
    let mut failed = None;
    for slot in slots {
        let Some(key) = signer(vault, slot.seal) else { continue };
        match slot_seal::open(&vault.id(), slot.seal, &key, passphrase) {
            Ok(identity) => return Ok(Some((*slot, identity))),
            Err(SlotError::Passphrase) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(None), Err)
}

/// The cost that a slot has, if it is less than what the vault's policy asks for.
pub fn weaker_than_policy(vault: &Vault, seal: &SlotSeal) -> Option<Params> {
    let params = Params::new(seal.m, seal.t, seal.p).ok()?;
    params.is_weaker_than(vault.policy().settings().kdf()).then_some(params)
}

/// The slot that the user means: by its id, the beginning of it, or its label.
pub fn find<'a>(vault: &'a Vault, wanted: &str) -> Result<Slot<'a>, SlotChangeError> {
    let means =
        |slot: &Slot<'_>| slot.id.to_string().starts_with(wanted) || slot.seal.label == wanted;
    let slots = list(vault);
    let mut found = slots.into_iter().filter(|slot| !wanted.is_empty() && means(slot));
    match (found.next(), found.next()) {
        (Some(slot), None) => Ok(slot),
        (None, _) => Err(SlotChangeError::NotFound { wanted: wanted.to_owned() }),
        (Some(_), Some(_)) => Err(SlotChangeError::Ambiguous { wanted: wanted.to_owned() }),
    }
}

/// [`find`], of the user's own.
pub fn find_own<'a>(
    vault: &'a Vault,
    wanted: &str,
    member: &Name,
) -> Result<Slot<'a>, SlotChangeError> {
    let slot = find(vault, wanted)?;
    match slot.seal.member == *member {
        true => Ok(slot),
        false => Err(SlotChangeError::NotYours { slot: *slot.id, owner: slot.seal.member.clone() }),
    }
}

/// The identity that a new slot seals.
pub fn sealable<'a>(vault: &Vault, who: &'a Unlocked) -> Result<&'a Identity, SlotChangeError> {
    who.sealable(vault)
        .ok_or_else(|| SlotChangeError::NothingToSeal { member: who.member().clone() })
}

/// Whether one more record fits, asked before a passphrase is.
pub fn room(vault: &Vault) -> Result<(), SlotChangeError> {
    let full = vault.file().slots.len() >= Counted::Slots.max();
    if full { Err(SlotChangeError::Full) } else { Ok(()) }
}

/// A new slot under `passphrase`, at the cost that the policy states.
pub fn add(
    vault: &Vault,
    ctx: &Ctx<'_>,
    label: &str,
    passphrase: &SecretValue,
) -> Result<(ShortId, Change), SlotChangeError> {
    room(vault)?;
    let seal = seal(vault, ctx, sealable(vault, ctx.who)?, label, passphrase)?;
    let id = seal.slot;
    Ok((id, Change::slot(id, SlotRecord::Seal(seal))))
}

/// A new slot in place of `old`.
pub fn change(
    vault: &Vault,
    ctx: &Ctx<'_>,
    old: Slot<'_>,
    passphrase: &SecretValue,
) -> Result<(ShortId, Change), SlotChangeError> {
    room(vault)?;
    let identity = replaceable(vault, ctx.who, old)?;
    let seal = seal(vault, ctx, identity, &old.seal.label, passphrase)?;
    let (id, removal) = (seal.slot, removal(ctx, old));
    Ok((id, Change::slot_in_place_of(id, SlotRecord::Seal(seal), *old.id, removal)))
}

/// The identity in `old`, if it is what unlocked the vault.
pub fn replaceable<'a>(
    vault: &Vault,
    who: &'a Unlocked,
    old: Slot<'_>,
) -> Result<&'a Identity, SlotChangeError> {
    let identity = sealable(vault, who)?;
    match identity.recipient() == old.seal.recipient {
        true => Ok(identity),
        false => Err(SlotChangeError::OtherIdentity { slot: *old.id }),
    }
}

/// Whether `slot` is the only usable one that seals its identity.
pub fn is_last(vault: &Vault, slot: Slot<'_>) -> bool {
    let same = |other: &Slot<'_>| other.seal.recipient == slot.seal.recipient;
    !usable(vault, None).iter().any(|other| other.id != slot.id && same(other))
}

/// Takes a slot away.
pub fn remove(ctx: &Ctx<'_>, slot: Slot<'_>) -> Change {
    Change::slot(*slot.id, removal(ctx, slot))
}

fn removal(ctx: &Ctx<'_>, slot: Slot<'_>) -> SlotRecord {
    SlotRecord::Removed(slot_seal::remove(*slot.id, &ctx.signer.member, &ctx.signer.key))
}

fn seal(
    vault: &Vault,
    ctx: &Ctx<'_>,
    identity: &Identity,
    label: &str,
    passphrase: &SecretValue,
) -> Result<SlotSeal, SlotError> {
    let id = vault.id();
    let params = vault.policy().settings().kdf();
    let new = NewSlot { vault: &id, member: &ctx.signer.member, label, params };
    slot_seal::create(ctx.random, new, identity, passphrase, &ctx.signer.key)
}

#[cfg(test)]
mod tests;
