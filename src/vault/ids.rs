//! Ids that are hashes of several fields (`docs/format.md` section 3 and Key proof).

use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::digest::{self, Context};
use crate::name::Name;

/// What a key proof signs; `vault` is `None` in genesis, whose id does not exist yet.
pub fn key_proof_id(
    vault: Option<&Id>,
    member: &Name,
    device: &Name,
    recipient: &str,
    key: &Fixed<32>,
    sealed: &[u8],
) -> Id {
    let vault = vault.map_or(&[][..], Id::as_bytes);
    let (member, device) = (member.as_str().as_bytes(), device.as_str().as_bytes());
    let fields = [vault, member, device, recipient.as_bytes(), key.as_bytes(), sealed];
    digest::hash(Context::KeyProof, &fields)
}
