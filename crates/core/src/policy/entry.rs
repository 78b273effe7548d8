//! The line of a policy entry.

use super::op::PolicyOp;
use crate::crypto::bytes::SignatureBytes;
use crate::crypto::digest::{self, HashContext};
use crate::crypto::id::{EntryId, KeyId, PolicyId};
use crate::record::line;
use crate::time::UnixTime;
use serde::{Deserialize, Serialize};

/// One policy entry as it stands in the file; key order is the field order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyEntry {
    pub seq: u64,
    /// The id of the entry before; `None` (the empty string) in genesis.
    #[serde(with = "id_or_empty")]
    pub prev: Option<PolicyId>,
    /// Seconds since the Unix epoch, for people: no rule uses it.
    pub ts: UnixTime,
    /// The signer's data heads.
    pub heads: Vec<EntryId>,
    pub ops: Vec<PolicyOp>,
    pub reason: String,
    pub sigs: Vec<PolicySignature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySignature {
    pub key: KeyId,
    pub alg: Algorithm,
    pub sig: SignatureBytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    Ed25519,
}

mod id_or_empty {
    use crate::crypto::id::PolicyId;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
    use std::borrow::Cow;

    pub(crate) fn serialize<S: Serializer>(
        id: &Option<PolicyId>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => id.serialize(serializer),
            None => serializer.serialize_str(""),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PolicyId>, D::Error> {
        match Cow::<str>::deserialize(deserializer)?.as_ref() {
            "" => Ok(None),
            text => PolicyId::parse(text).map(Some).map_err(de::Error::custom),
        }
    }
}

impl PolicyEntry {
    /// The canonical line, without its line end.
    pub fn line(&self) -> String {
        line::write(self)
    }

    /// The entry's id: the hash of its body, which is the line without the signatures.
    pub fn id(&self) -> PolicyId {
        Self::id_of_line(&self.line())
    }

    pub fn id_of_line(text: &str) -> PolicyId {
        // `"sigs":[` opens the last key; the signatures' own texts are base64url and cannot hold it.
        let body = line::body(text, ",\"sigs\":", "}");
        digest::hash(HashContext::PolicyEntry, &[body.as_bytes()]).into()
    }
}
