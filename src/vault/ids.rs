//! The ids that `docs/format.md` section 3 defines, except those of entries, which know their own.

use super::model::{VersionObject, Wrap};
use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::digest::{self, Context};
use crate::name::{Name, SecretName};

/// A secret's uid: two branches that create the same name meet in one secret.
pub fn secret_uid(vault: &Id, secret: &SecretName) -> Id {
    digest::hash(
        Context::SecretUid,
        &[&vault.0, secret.environment().as_bytes(), secret.name().as_bytes()],
    )
}

/// The id of a version object of the secret `uid`.
pub fn object_id(uid: &Id, object: &VersionObject) -> Id {
    digest::hash(
        Context::VersionObject,
        &[&uid.0, &object.uid.0, &object.nonce.0, &object.commitment.0, &object.ciphertext.0],
    )
}

pub fn wrap_id(wrap: &Wrap) -> Id {
    digest::hash(
        Context::Wrap,
        &[
            &wrap.version.0,
            wrap.audience.as_bytes(),
            &wrap.epoch.0,
            wrap.key.kind().as_bytes(),
            wrap.key.bytes(),
        ],
    )
}

/// The id of an envelope, which is a binary age file.
pub fn envelope_id(file: &[u8]) -> Id {
    digest::hash(Context::Envelope, &[file])
}

/// What a device key signs to prove that its holder made it; `vault` is `None` in genesis, whose
/// hash the vault's id is.
pub fn key_proof_id(
    vault: Option<&Id>,
    member: &Name,
    device: &Name,
    recipient: &str,
    key: &Fixed<32>,
    sealed: &[u8],
) -> Id {
    let vault: &[u8] = match vault {
        Some(id) => &id.0,
        None => &[],
    };
    digest::hash(
        Context::KeyProof,
        &[
            vault,
            member.as_str().as_bytes(),
            device.as_str().as_bytes(),
            recipient.as_bytes(),
            &key.0,
            sealed,
        ],
    )
}
