//! The signatures of a chain: gathered while its entries are folded, and checked once the structure stands, many
//! on all cores.

use super::chain::Chain;
use super::entry::{Algorithm, PolicyEntry, PolicySignature};
use super::error::{ChainError, ChainFault, OpFault};
use super::op::{KeyAdd, PolicyOp};
use crate::crypto::id::{KeyId, PolicyId, VaultId};
use crate::crypto::known_signatures::{KnownSignatures, NoneKnown, SignatureOf};
use crate::crypto::sign::{Tag, VerifyingKey, key_id};
use crate::policy::position::PolicyPosition;
use crate::record::ids::key_proof_id;
use rayon::prelude::*;

/// From this many signatures on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 16;

/// A signature to check once the structure stands.
pub(super) struct Pending {
    position: PolicyPosition,
    op: Option<usize>,
    verifying: VerifyingKey,
    of: SignatureOf,
}

impl Pending {
    pub(super) const fn key(&self) -> &KeyId {
        &self.of.key
    }

    pub(super) fn holds(&self) -> bool {
        self.fault(&NoneKnown).is_none()
    }

    fn fault(&self, known: &dyn KnownSignatures) -> Option<ChainError> {
        if self.of.holds(&self.verifying, known) {
            return None;
        }
        let key = self.of.key;
        let cause = match self.op {
            Some(_) => ChainFault::Op(OpFault::KeyProof { key }),
            None => ChainFault::Signature { key },
        };
        Some(ChainError { position: self.position, op: self.op, cause })
    }
}

impl Chain {
    pub(super) fn pend_proof(&self, op: &PolicyOp, index: usize, pending: &mut Vec<Pending>) {
        let PolicyOp::KeyAdd(add) = op else { return };
        let key = key_id(&add.key);
        let Some(fact) = self.history.key(&key) else { return };
        let vault = self.ids.first().map(|genesis| VaultId::from(*genesis));
        pending.push(Pending {
            position: self.next_position(),
            op: Some(index),
            verifying: fact.verifying.clone(),
            of: proof_of(vault.as_ref(), add),
        });
    }

    pub(super) fn pend_signatures(
        &self,
        entry: &PolicyEntry,
        id: PolicyId,
        pending: &mut Vec<Pending>,
    ) {
        for signature in &entry.sigs {
            let Some(fact) = self.history.key(&signature.key) else { continue };
            pending.push(Pending {
                position: self.next_position(),
                op: None,
                verifying: fact.verifying.clone(),
                of: signature_of(id, signature),
            });
        }
    }
}

/// Checks signatures, many on all cores, and reports the earliest that is wrong.
pub(super) fn check(pending: &[Pending], known: &dyn KnownSignatures) -> Result<(), ChainError> {
    let fault = |pending: &Pending| pending.fault(known);
    let wrong = if pending.len() < PARALLEL_FROM {
        pending.iter().find_map(fault)
    } else {
        pending.par_iter().find_map_first(fault)
    };
    wrong.map_or(Ok(()), Err)
}

/// Every signature of some of a chain's entries, proofs of keys among them. `vault` is the chain's.
pub(crate) fn signatures(
    vault: VaultId,
    entries: &[PolicyEntry],
) -> impl Iterator<Item = SignatureOf> {
    entries.iter().flat_map(move |entry| {
        let id = entry.id();
        // The key of genesis is proved before the vault has an id.
        let vault = (entry.seq > 0).then_some(vault);
        let proofs = entry.ops.iter().filter_map(move |op| match op {
            PolicyOp::KeyAdd(add) => Some(proof_of(vault.as_ref(), add)),
            _ => None,
        });
        proofs.chain(entry.sigs.iter().map(move |signature| signature_of(id, signature)))
    })
}

fn proof_of(vault: Option<&VaultId>, add: &KeyAdd) -> SignatureOf {
    let KeyAdd { member, device, recipient, key, sealed, proof, .. } = add;
    SignatureOf {
        tag: Tag::KeyProof,
        key: key_id(key),
        id: key_proof_id(vault, member, device, recipient, key, &sealed.0),
        signature: *proof,
    }
}

fn signature_of(id: PolicyId, signature: &PolicySignature) -> SignatureOf {
    let Algorithm::Ed25519 = signature.alg;
    SignatureOf {
        tag: Tag::PolicyEntry,
        key: signature.key,
        id: id.into(),
        signature: signature.sig,
    }
}
