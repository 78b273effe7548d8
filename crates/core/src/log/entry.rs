//! The line of a log entry.

use super::op::Op;
use crate::crypto::bytes::{Id, SignatureBytes};
use crate::crypto::digest::{Digest, HashContext};
use crate::crypto::id::{EntryId, KeyId, PolicyId, VaultId};
use crate::name::{Name, SecretName};
use crate::record::ids;
use crate::record::ids::Putting;
use crate::record::line;
use crate::time::UnixTime;
use serde::{Deserialize, Serialize};

/// One log entry as it stands in the file; key order is the field order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    #[serde(deserialize_with = "line::few")]
    pub parents: Vec<EntryId>,
    pub lamport: u64,
    /// The policy entry under which this was written.
    pub policy: PolicyId,
    pub actor: Name,
    pub key: KeyId,
    /// Seconds since the Unix epoch, for people: no rule uses it.
    pub ts: UnixTime,
    #[serde(deserialize_with = "line::few")]
    pub ops: Vec<Op>,
    pub reason: String,
    pub sig: SignatureBytes,
}

impl Entry {
    /// The canonical line, without its line end.
    pub fn line(&self) -> String {
        line::write(self)
    }

    /// The entry's id: the hash of its body, which is the line without the signature.
    pub fn id(&self) -> EntryId {
        Self::id_of_line(&self.line(), &Digest::new(HashContext::LogEntry))
    }

    /// Fills in which objects the entry's puts name and which rotations it begins: those of this vault, of the entry's
    /// own key and parents. Nothing of it is in the line, so an entry's id is the same before and after.
    pub(crate) fn derive_objects(&mut self, vault: &VaultId) {
        if !self.ops.iter().any(|op| matches!(op, Op::Put(_) | Op::Pending(_))) {
            return;
        }
        let (author, origin) = (&self.key, &ids::origin(&self.parents));
        let derived = |secret: &SecretName, expires, body: &Id| {
            let putting = Putting { author, origin, expires };
            ids::put_object_id(&ids::secret_uid(vault, secret), putting, body)
        };
        for op in &mut self.ops {
            match op {
                Op::Put(put) => put.object = derived(&put.secret, put.expires, &put.body),
                Op::Pending(of) => {
                    if let (Some(base), Some(nonce)) = (&of.base, &of.nonce) {
                        let uid = ids::secret_uid(vault, &of.secret);
                        of.begun = ids::rotation_id(&uid, author, origin, base, nonce);
                    }
                    let object = of.body.map(|body| derived(&of.secret, of.expires, &body));
                    object.into_iter().for_each(|object| of.derived = object);
                }
                _ => {}
            }
        }
    }

    /// [`Entry::id`] from the line; `digest` is of [`HashContext::LogEntry`].
    pub fn id_of_line(text: &str, digest: &Digest) -> EntryId {
        digest.hash(&[line::body(text, ",\"sig\":", "}").as_bytes()]).into()
    }
}
