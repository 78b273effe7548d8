//! What each secret's value may be, by causes alone: a register of values in which a write replaces those that
//! its writer saw, and versions that are removed for whoever heard of it.
//!
//! Written without entries, lamport numbers or the fold, so that it can contradict them.

use std::collections::{BTreeMap, BTreeSet};

/// A version of a secret, numbered by the test.
pub type Version = usize;
/// A write, numbered by the test.
type Write = usize;

/// What one replica has heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    writes: BTreeMap<usize, BTreeMap<Write, Version>>,
    /// Writes that a later write replaced.
    replaced: BTreeSet<Write>,
    /// Removals and restorations of a version: whether it goes, and which of them were known.
    flags: BTreeMap<Version, BTreeMap<Write, bool>>,
    settled: BTreeSet<Write>,
}

impl Heard {
    pub fn write(&mut self, secret: usize, write: Write, version: Version) {
        let standing = self.standing(secret);
        self.replaced.extend(standing);
        self.writes.entry(secret).or_default().insert(write, version);
    }

    pub fn flag(&mut self, versions: &[Version], write: Write, removes: bool) {
        for version in versions {
            let flags = self.flags.entry(*version).or_default();
            self.settled.extend(flags.keys());
            flags.insert(write, removes);
        }
    }

    fn standing(&self, secret: usize) -> Vec<Write> {
        let writes = self.writes.get(&secret).into_iter().flatten();
        writes.map(|(write, _)| *write).filter(|write| !self.replaced.contains(write)).collect()
    }

    /// Of writes side by side one wins, and which is not for a model of causes to say: `None` then.
    pub(crate) fn is_removed(&self, version: Version) -> Option<bool> {
        let flags = self.flags.get(&version).into_iter().flatten();
        let open: BTreeSet<bool> = flags
            .filter(|(write, _)| !self.settled.contains(write))
            .map(|(_, gone)| *gone)
            .collect();
        match open.len() {
            0 => Some(false),
            1 => open.first().copied(),
            _ => None,
        }
    }

    pub fn versions(&self, secret: usize) -> BTreeSet<Version> {
        let standing = self.standing(secret);
        standing.iter().map(|write| self.writes[&secret][write]).collect()
    }

    pub fn hear(&mut self, other: &Self) {
        for (secret, writes) in &other.writes {
            self.writes.entry(*secret).or_default().extend(writes);
        }
        for (version, flags) in &other.flags {
            self.flags.entry(*version).or_default().extend(flags);
        }
        self.replaced.extend(&other.replaced);
        self.settled.extend(&other.settled);
    }
}
