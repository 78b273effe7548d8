//! The ids that `docs/format.md` section 3 defines, except those of entries, versions and wraps, which
//! know their own; and the suite that they are computed under.

use crate::crypto::bytes::ShortId;
use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::digest::{self, HashContext};
use crate::crypto::id::{EntryId, KeyId, ObjectId, RotationId, SecretId, VaultId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::{Name, SecretName};
use crate::time::UnixTime;

/// The only suite of format 1.
pub const SUITE: &str = "xchacha20poly1305-blake3";

/// A secret's uid: two branches that create the same name meet in one secret.
pub fn secret_uid(vault: &VaultId, secret: &SecretName) -> SecretId {
    digest::hash(
        HashContext::SecretUid,
        &[&vault.0, secret.environment().as_bytes(), secret.name().as_bytes()],
    )
    .into()
}

/// Where an entry of these parents stands in the history.
pub fn origin(parents: &[EntryId]) -> Id {
    let fields: Vec<&[u8]> = parents.iter().map(|parent| &parent.0[..]).collect();
    digest::hash(HashContext::EntryParents, &fields)
}

/// Who puts a body, where, and how: it makes the object theirs alone, and of that place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Putting<'a> {
    /// The key of the entry that puts it.
    pub author: &'a KeyId,
    /// [`origin`] of that entry's parents. Its number would not do: the author could put the object
    /// a second time, in an entry of the same number that knows another history.
    pub origin: &'a Id,
    /// What the put states, in seconds since the Unix epoch.
    pub expires: Option<UnixTime>,
}

/// The id of the object that an entry makes of a body, of the secret `uid`.
pub(crate) fn put_object_id(uid: &SecretId, putting: Putting<'_>, body: &Id) -> ObjectId {
    let Putting { author, origin, expires } = putting;
    let expires = expires.map(|at| at.as_secs().to_le_bytes());
    let expires = expires.as_ref().map_or(&[][..], <[u8; 8]>::as_slice);
    digest::hash(HashContext::VersionObject, &[&uid.0, &author.0, &origin.0, expires, &body.0])
        .into()
}

/// The id of the rotation of the secret `uid` that an entry by `author` with this [`origin`] begins: it is theirs, of that
/// place, and upon one base.
pub fn rotation_id(
    uid: &SecretId,
    author: &KeyId,
    origin: &Id,
    base: &ObjectId,
    nonce: &ShortId,
) -> RotationId {
    let fields: [&[u8]; 5] = [&uid.0, &author.0, &origin.0, &base.0, &nonce.0];
    let hash = digest::hash(HashContext::Rotation, &fields);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.0[..16]);
    RotationId(id)
}

/// The id of an envelope, which is a binary age file.
pub fn envelope_id(file: &[u8]) -> Id {
    digest::hash(HashContext::Envelope, &[file])
}

/// What a device key signs to prove that its holder made it; `vault` is `None` in genesis, whose
/// hash the vault's id is.
pub fn key_proof_id(
    vault: Option<&VaultId>,
    member: &Name,
    device: &Name,
    recipient: &RecipientText,
    key: &Fixed<32>,
    sealed: &[u8],
) -> Id {
    let vault: &[u8] = match vault {
        Some(id) => &id.0,
        None => &[],
    };
    digest::hash(
        HashContext::KeyProof,
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
