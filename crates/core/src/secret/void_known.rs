//! Ops that counted, and that a policy entry below owner level ended by not naming them: an honest
//! race of two branches, or somebody who undoes the work of others by a right to take rights away.

use super::adopt;
use crate::crypto::id::EntryId;
use crate::log::op::OpRef;
use crate::log::register::At;
use crate::name::SecretName;
use crate::policy::chain::{Chain, ChainSignatures};
use crate::policy::position::PolicyPosition;
use crate::vault::Vault;
use std::collections::BTreeMap;

/// Such an op.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoidKnown {
    pub entry: EntryId,
    pub op: u32,
    pub secret: Option<SecretName>,
    /// Of the policy entry that ended it.
    pub position: PolicyPosition,
}

/// Those of the vault's void ops that `counted`.
pub fn void_known(vault: &Vault, counted: impl Fn(&EntryId, u32) -> bool) -> Vec<VoidKnown> {
    let mut below = BTreeMap::new();
    let mut is_below =
        |position| *below.entry(position).or_insert_with(|| is_below_owner_level(vault, position));
    let adopted = adopt::adopted(vault, &vault.graph().in_order(&vault.file().entries));
    let is_adopted = |void: &VoidKnown| {
        let of = OpRef { entry: void.entry, op: u64::from(void.op) };
        let entry = vault.file().entries.get(&void.entry);
        let op = entry.and_then(|entry| entry.ops.get(void.op as usize));
        op.and_then(|op| op.adoption_of(of)).is_some_and(|by| adopted.contains(&by))
    };
    let mut found = void_ops(vault);
    // What was adopted counts again, by somebody who has the right.
    found.retain(|void| {
        !is_adopted(void) && counted(&void.entry, void.op) && is_below(void.position)
    });
    found
}

/// Whether the op of the entry counts in the vault.
pub fn counts(vault: &Vault, entry: &EntryId, op: u32) -> bool {
    let place = vault.graph().place(entry);
    place.is_some_and(|place| vault.standings().counts(At::new(place, op as usize)))
}

fn void_ops(vault: &Vault) -> Vec<VoidKnown> {
    let (graph, entries) = (vault.graph(), &vault.file().entries);
    let void = vault.standings().void_ops().map(|(at, position)| {
        let entry = *graph.id(at.place as usize);
        let op = entries.get(&entry).and_then(|found| found.ops.get(at.op as usize));
        let secret = op.and_then(|op| op.secret()).cloned();
        VoidKnown { entry, op: at.op, secret, position }
    });
    void.collect()
}

fn is_below_owner_level(vault: &Vault, position: PolicyPosition) -> bool {
    // An older state does not have the entry of the accepted policy that ended it: then `pin-void` tells.
    if position.index() >= vault.file().chain.len() {
        return false;
    }
    let Some(before) = vault.file().chain.get(..position.index()) else { return true };
    let before = Chain::build(before, ChainSignatures::Trusted);
    !before.is_ok_and(|chain| chain.state().is_owner_level(vault.chain().signers(position)))
}
