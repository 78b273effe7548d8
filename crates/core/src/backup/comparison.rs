//! How a vault that is there stands to one of a backup: only what loses nothing may be replaced.

use crate::crypto::id::EntryId;
use crate::log::describe;
use crate::policy::chain_comparison::lacking;
use crate::vault::Vault;
use std::collections::BTreeSet;

/// What replacing a vault by that of a backup would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupStatus {
    /// They are two vaults.
    Other,
    Same,
    /// The backup has all that the vault has, and more.
    Older,
    /// The vault has what the backup lacks.
    Newer(Missing),
}

/// What a vault has and a backup lacks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// Policy entries.
    pub policy: usize,
    /// Log entries.
    pub entries: Vec<EntryId>,
    /// Records of passphrase slots.
    pub slots: usize,
}

/// How many log entries are described one by one.
const SHOWN: usize = 5;

impl Missing {
    /// A line for each kind of what is missing, and one for each of the first log entries of `vault`.
    pub fn lines(&self, vault: &Vault) -> Vec<String> {
        let count = |count: usize, one: &str, many: &str| {
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let counts = [
            count(self.policy, "entry of the policy", "entries of the policy"),
            count(self.entries.len(), "entry of the log", "entries of the log"),
            count(self.slots, "record of a slot", "records of slots"),
        ];
        let entries = self.entries.iter().take(SHOWN).filter_map(|id| entry(vault, id));
        counts.into_iter().flatten().chain(entries).collect()
    }
}

fn entry(vault: &Vault, id: &EntryId) -> Option<String> {
    let entry = vault.file().entries.get(id)?;
    let secrets: BTreeSet<String> =
        entry.ops.iter().filter_map(|op| op.secret()).map(ToString::to_string).collect();
    let names: Vec<String> = secrets.into_iter().take(SHOWN).collect();
    let (by, why) = (&entry.actor, describe::quoted(&entry.reason));
    Some(format!("by {by}, {why}: {}", names.join(", ")))
}

/// Compares the vault that is there with that of a backup.
pub fn compare(there: &Vault, backup: &Vault) -> BackupStatus {
    if there.id() != backup.id() {
        return BackupStatus::Other;
    }
    if there.file() == backup.file() {
        return BackupStatus::Same;
    }
    let missing = missing(there, backup);
    if missing == Missing::default() { BackupStatus::Older } else { BackupStatus::Newer(missing) }
}

fn missing(there: &Vault, backup: &Vault) -> Missing {
    let (file, other) = (there.file(), backup.file());
    let is_missing = |id: &&EntryId| !other.entries.contains_key(*id);
    Missing {
        policy: lacking(there.chain().ids(), backup.chain().ids()).len(),
        entries: file.entries.keys().filter(is_missing).copied().collect(),
        slots: file.slots.iter().filter(|(id, slot)| other.slots.get(*id) != Some(*slot)).count(),
    }
}
