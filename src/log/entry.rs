//! The line of a log entry.

use super::op::Op;
use crate::crypto::bytes::{Id, SignatureBytes};
use crate::crypto::digest::{Context, Digest};
use crate::name::Name;
use crate::vault::line;
use serde::{Deserialize, Serialize};

/// One log entry as it stands in the file; key order is the field order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub parents: Vec<Id>,
    pub lamport: u64,
    /// The policy entry under which this was written.
    pub policy: Id,
    pub actor: Name,
    pub key: Id,
    /// Seconds since the Unix epoch, for people: no rule uses it.
    pub ts: u64,
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
    pub fn id(&self) -> Id {
        Self::id_of_line(&self.line(), &Digest::new(Context::LogEntry))
    }

    /// [`Entry::id`] from the line; `digest` is of [`Context::LogEntry`].
    pub fn id_of_line(text: &str, digest: &Digest) -> Id {
        digest.hash(&[line::body(text, ",\"sig\":", "}").as_bytes()])
    }
}
