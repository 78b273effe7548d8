//! The ids of what a vault file holds: hashes of their contents (`docs/format.md` section 3).

use super::model::{VersionObject, Wrap};
use crate::crypto::bytes::Id;
use crate::crypto::digest::{Context, hash};
use crate::name::SecretName;

/// A secret's uid: two branches that create the same name meet in one secret.
pub fn secret_uid(vault: &Id, name: &SecretName) -> Id {
    let fields = [vault.as_bytes(), name.environment().as_bytes(), name.name().as_bytes()];
    hash(Context::SecretUid, &fields)
}

/// The id of a version object of the secret `uid`.
pub fn object_id(uid: &Id, object: &VersionObject) -> Id {
    let VersionObject { uid: version, nonce, commitment, ciphertext } = object;
    let fields =
        [uid.as_bytes(), version.as_bytes(), &nonce.0, commitment.as_bytes(), &ciphertext.0];
    hash(Context::VersionObject, &fields)
}

pub fn wrap_id(wrap: &Wrap) -> Id {
    let kind = wrap.key.kind().as_bytes();
    let (version, epoch) = (wrap.version.as_bytes(), wrap.epoch.as_bytes());
    hash(Context::Wrap, &[version, wrap.audience.as_bytes(), epoch, kind, wrap.key.bytes()])
}

/// The id of a binary age file.
pub fn envelope_id(envelope: &[u8]) -> Id {
    hash(Context::Envelope, &[envelope])
}
