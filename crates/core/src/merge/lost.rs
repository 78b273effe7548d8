//! What a merge wants and neither side has: one side pruned what it alone had, and by the other one's change of
//! rights that does not count; or by a policy that gives way, so that the prune is to be made again. The bytes are in some earlier state of the vault, and known by their ids, so that
//! it matters to nobody where they come from.

use crate::crypto::id::{ObjectId, SecretId, VaultId, WrapId};
use crate::file::format::{Stored, stored};
use crate::file::model::{SecretSection, VaultFile};
use crate::log::state::{LogState, Version};
use crate::name::SecretName;
use crate::record::ids;
use crate::vault::History;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead};

/// Where earlier states of a vault are.
pub trait Past {
    /// Shows `lost` earlier states, until nothing is lost any more or there are no more of them.
    fn show(&self, lost: &mut Lost);

    /// What stands beside the vault of what is closed.
    fn history(&self) -> Option<&dyn History> {
        None
    }
}

/// No earlier states are looked at.
pub struct NoPast;

impl Past for NoPast {
    fn show(&self, _: &mut Lost) {}
}

/// The versions, and wraps of these, that a vault lacks though no prune that counts names them.
#[derive(Debug)]
pub struct Lost {
    vault: VaultId,
    names: BTreeMap<SecretId, SecretName>,
    wanted: BTreeSet<Wanted>,
    found: Vec<Stored>,
}

/// What is still wanted of a secret: known by an id that nothing else hashes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Version(SecretId, ObjectId),
    Wrap(SecretId, WrapId),
}

impl Wanted {
    const fn secret(self) -> SecretId {
        match self {
            Self::Version(secret, _) | Self::Wrap(secret, _) => secret,
        }
    }
}

impl Lost {
    /// `elsewhere`: the versions that a side pruned by entries which this vault does not have.
    pub(super) fn of(
        file: &VaultFile,
        state: &LogState,
        vault: VaultId,
        elsewhere: &BTreeSet<ObjectId>,
    ) -> Self {
        let (names, wanted) = (BTreeMap::new(), BTreeSet::new());
        let mut lost = Self { vault, names, wanted, found: Vec::new() };
        let may_lack = |v: &Version| !v.pruned && (v.void_pruned || elsewhere.contains(&v.object));
        for (name, state) in &state.secrets {
            let mut lacking = state.held().filter(|v| may_lack(v)).peekable();
            if lacking.peek().is_some() {
                let uid = ids::secret_uid(&vault, name);
                lost.note(name, uid, lacking, file.secrets.get(&uid));
            }
        }
        lost
    }

    fn note<'a>(
        &mut self,
        name: &SecretName,
        uid: SecretId,
        versions: impl Iterator<Item = &'a Version>,
        section: Option<&SecretSection>,
    ) {
        for version in versions {
            if section.is_none_or(|section| !section.versions.contains_key(&version.object)) {
                self.wanted.insert(Wanted::Version(uid, version.object));
                self.names.insert(uid, name.clone());
            }
            for wrap in version.wraps_to_try() {
                if section.is_none_or(|section| !section.wraps.contains_key(wrap)) {
                    self.wanted.insert(Wanted::Wrap(uid, *wrap));
                    self.names.insert(uid, name.clone());
                }
            }
        }
    }

    /// Whether nothing is wanted, or everything was found.
    pub fn is_over(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Takes what is lost from an earlier state's text.
    ///
    /// # Errors
    /// The text cannot be read.
    pub fn look(&mut self, text: &mut dyn BufRead) -> io::Result<()> {
        let secrets: BTreeSet<SecretId> = self.wanted.iter().map(|one| one.secret()).collect();
        let names = secrets.iter().filter_map(|secret| self.names.get(secret).cloned());
        let (vault, names): (_, BTreeSet<SecretName>) = (self.vault, names.collect());
        // One by one: whoever can push any branch decides how many of them an old state has.
        stored(text, &vault, |name| names.contains(name), |one| self.take(&one))
    }

    /// Takes it if it is wanted: its id was computed of it.
    pub fn take(&mut self, one: &Stored) {
        let wanted = match one {
            Stored::Version { secret, object, .. } => Wanted::Version(*secret, *object),
            Stored::Wrap { secret, wrap, .. } => Wanted::Wrap(*secret, *wrap),
        };
        if self.wanted.remove(&wanted) {
            self.found.push(one.clone());
        }
    }

    /// What was found, for another search.
    pub fn found(&self) -> &[Stored] {
        &self.found
    }

    pub(super) fn put_into(self, file: &mut VaultFile) {
        let Self { names, found, .. } = self;
        let mut by_secret: BTreeMap<SecretId, (Vec<_>, Vec<_>)> = BTreeMap::new();
        for one in found {
            match one {
                Stored::Version { secret, object, content } => {
                    by_secret.entry(secret).or_default().0.push((object, content));
                }
                Stored::Wrap { secret, wrap, content } => {
                    by_secret.entry(secret).or_default().1.push((wrap, content));
                }
            }
        }
        for (secret, (versions, wraps)) in by_secret {
            let Some(name) = names.get(&secret) else { continue };
            let section =
                file.secrets.entry(secret).or_insert_with(|| SecretSection::of(name.clone()));
            section.versions.extend(versions);
            section.wraps.extend(wraps);
        }
        // A wrap alone is no section; any other that is none is for verification to refuse.
        file.secrets
            .retain(|uid, section| !names.contains_key(uid) || !section.versions.is_empty());
    }
}
