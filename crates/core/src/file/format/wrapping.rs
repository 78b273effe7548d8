//! Of which version a wrap is, by the log: for who reads wraps that may stand behind another one.

use crate::crypto::id::{EntryId, ObjectId, WrapId};
use crate::file::model::Wrap;
use crate::log::entry::Entry;
use crate::name::SecretName;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// So many bytes are hashed to find whose wraps are: whoever may write a file can put many there that are nobody's.
pub(super) const MOST_HASHED: usize = 1 << 28;

/// Bytes that a wrap's id is of, beside its key.
const AROUND: usize = 256;

/// The wraps that entries name, each with its version, by secret.
pub(super) struct Named<'a>(HashMap<&'a SecretName, OfSecret<'a>>);

#[derive(Default)]
struct OfSecret<'a> {
    versions: BTreeSet<&'a ObjectId>,
    pairs: HashSet<(&'a ObjectId, &'a WrapId)>,
}

impl<'a> Named<'a> {
    pub fn by(entries: &'a BTreeMap<EntryId, Entry>) -> Self {
        let mut named = HashMap::<_, OfSecret<'_>>::new();
        for op in entries.values().flat_map(|entry| &entry.ops) {
            let Some((secret, object, wrap)) = op.wraps() else { continue };
            let own = named.entry(secret).or_default();
            own.versions.insert(object);
            own.pairs.insert((object, wrap));
        }
        Self(named)
    }

    /// The versions with which an entry names this wrap: the one `above` if that is it, or else all, as a value that was
    /// put twice has the same wrap. `left` are the bytes that may be hashed for it.
    pub fn versions_of(
        &self,
        secret: &SecretName,
        above: Option<ObjectId>,
        wrap: &Wrap,
        left: &mut usize,
    ) -> Vec<ObjectId> {
        let Some(own) = self.0.get(secret) else { return Vec::new() };
        let (cost, mut wrap) = (AROUND + wrap.key.bytes().len(), wrap.clone());
        let mut is_of = |version: &ObjectId| {
            wrap.version = *version;
            own.pairs.contains(&(version, &wrap.id()))
        };
        if let Some(above) = above.filter(|above| is_of(above)) {
            return vec![above];
        }
        let may_hash = |_: &&ObjectId| {
            let rest = left.checked_sub(cost);
            *left = rest.unwrap_or(0);
            rest.is_some()
        };
        let versions = own.versions.iter().copied().take_while(may_hash);
        versions.filter(|version| is_of(version)).copied().collect()
    }
}
