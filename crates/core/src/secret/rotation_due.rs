//! When a value is due for another one: the secret's own `rotation-interval`, counted from when the
//! value came into being. A version that holds an older value again (roll-back, copy, rename) is as
//! old as that value.

use crate::convert::duration;
use crate::crypto::id::ObjectId;
use crate::log::state::{SecretState, Version};
use crate::time::UnixTime;
use crate::vault::Vault;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// The ages of a vault's values, as far as the vault was opened: of a vault opened for some secrets
/// only, a copy of another secret counts from its copying.
pub struct Ages<'a> {
    vault: &'a Vault,
    /// Filled by the first version that names another: most vaults have none.
    versions: OnceCell<HashMap<ObjectId, &'a Version>>,
}

impl<'a> Ages<'a> {
    pub fn new(vault: &'a Vault) -> Self {
        Self { vault, versions: OnceCell::new() }
    }

    /// From when on `version` is due for rotation, in seconds since the Unix epoch. A field that is
    /// no span of time, which this program never writes, counts as none.
    pub fn due(&self, state: &SecretState, version: &'a Version) -> Option<UnixTime> {
        let interval = duration::parse_span(state.rotation_interval()?).ok()?;
        Some(self.since(version).saturating_add(interval))
    }

    /// When the value came into being: the earliest of the versions that hold it.
    fn since(&self, version: &'a Version) -> UnixTime {
        let (mut since, mut open, mut seen) = (version.ts, vec![version], HashSet::new());
        while let Some(version) = open.pop() {
            since = since.min(version.ts);
            let older = version.same.iter().filter(|id| seen.insert(**id));
            open.extend(older.filter_map(|id| self.versions().get(id).copied()));
        }
        since
    }

    fn versions(&self) -> &HashMap<ObjectId, &'a Version> {
        self.versions.get_or_init(|| {
            let secrets = self.vault.state().secrets.values();
            secrets.flat_map(|secret| &secret.versions).map(|v| (v.object, v)).collect()
        })
    }
}
