//! What this device last accepted: the furthest policy chain of each vault, wherever it lies, and
//! for each place which vault that was and the log heads it had.
//!
//! What these mean is judged in layer 3. Here a chain can only grow and a place keeps its vault, but
//! by [`Pins::accept`]; and a file that cannot be read is an error, never "no pin", which would turn
//! the protection off.

pub(crate) mod chains;
mod error;
pub(crate) mod folder;
mod kept;
mod places;
mod stored;

pub use self::chains::AcceptedChain;
pub use self::error::{PinDamage, PinError};
use self::places::Recorded;
use super::pins::folder::PinFolder;
use super::place::VaultPlace;
use crate::store::file::lock::Lock;
use crate::store::file::owners::Owners;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::id::{EntryId, VaultId};
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::vault::pin::Neighbour;

/// Format 1 kept the chain at the place.
const FORMAT: u32 = 2;

/// A vault as it is accepted at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// Where the vault stands, for messages.
    pub path: PathBuf,
    /// What it calls itself, for messages.
    pub name: String,
    /// The hash of genesis.
    pub vault: VaultId,
    /// The lines of the policy entries, genesis first.
    pub chain: Vec<String>,
    pub heads: Vec<EntryId>,
    /// The length of the chain, where the ledger gets what counts; 0 where not all was judged.
    pub counted: u64,
    /// See [`Here::roots`].
    pub roots: Option<Vec<String>>,
    /// See [`Here::born`].
    pub born: Option<String>,
}

/// What was accepted at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Here {
    pub vault: VaultId,
    /// The log heads last accepted; none where only an older state than the furthest was seen.
    pub heads: Vec<EntryId>,
    /// The length of the chain by which the ledger has what counts of these heads.
    pub counted: u64,
    /// What the history of the place's repository began with when it was first looked at; `None`
    /// where there was none yet, and empty where git did not say.
    pub roots: Option<Vec<String>>,
    /// By what the folder is told from another one that comes to stand there.
    pub born: Option<String>,
}

/// A place where a vault was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    /// Where the vault stood.
    pub path: PathBuf,
    /// Whether it is in the repository of the place that asks.
    pub is_in_repository: bool,
    /// See [`Here::roots`].
    pub roots: Option<Vec<String>>,
    /// See [`Here::born`].
    pub born: Option<String>,
}

/// What is known that bears on a vault at a place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownVault {
    pub here: Option<Here>,
    /// Vaults accepted in the same project; looked for only where nothing was accepted here.
    pub around: Vec<Neighbour>,
    /// The log heads of the vault's other places, which a new one takes over; only where nothing was
    /// accepted here.
    pub elsewhere: Vec<EntryId>,
    /// The furthest chain of the vault.
    pub chain: Option<AcceptedChain>,
}

impl KnownVault {
    /// The log heads that `vault` has to have here.
    pub fn heads(&self, vault: &VaultId) -> &[EntryId] {
        match &self.here {
            Some(here) if here.vault == *vault => &here.heads,
            Some(_) => &[],
            None => &self.elsewhere,
        }
    }
}

/// What became of what was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Saved {
    /// There is no state folder: nothing is remembered.
    NoState,
    /// What is stored says the same already, maybe under another worktree's path.
    Unchanged,
    /// The stored chain continues this one and stays, with the heads of the place.
    Kept,
    Written,
}

/// What this device knows of vaults.
#[derive(Debug, Clone)]
pub(crate) struct Pins {
    folder: PinFolder,
}

impl Pins {
    /// Files in `state/pins`; without a state folder there are none and none are kept.
    pub fn new(state: Option<&Path>, owners: Owners) -> Self {
        Self { folder: PinFolder::new(state, owners) }
    }

    /// What was accepted at `place`; `None` if nothing was.
    pub fn here(&self, place: &VaultPlace) -> Result<Option<Here>, PinError> {
        let Some(folder) = self.folder.existing()? else { return Ok(None) };
        let found = places::load(&folder, place, self.folder.owners)?;
        Ok(found.map(|Recorded { vault, heads, counted, roots, born, .. }| Here {
            vault,
            heads,
            counted,
            roots,
            born,
        }))
    }

    /// The vaults accepted at other places of the project that `place` is in.
    pub fn around(&self, place: &VaultPlace) -> Result<Vec<Neighbour>, PinError> {
        match self.folder.existing()? {
            Some(folder) => places::around(&folder, place, self.folder.owners),
            None => Ok(Vec::new()),
        }
    }

    /// The places where `vault` was accepted; `place` is where it stands now, for messages.
    pub(crate) fn homes(&self, place: &VaultPlace, vault: &VaultId) -> Result<Vec<Home>, PinError> {
        match self.folder.existing()? {
            Some(folder) => places::homes(&folder, place, vault, self.folder.owners),
            None => Ok(Vec::new()),
        }
    }

    /// What bears on `vault` at `place`.
    ///
    /// # Errors
    /// A place that has accepted the vault while its chain is gone is damage, and no first use.
    pub fn known(&self, place: &VaultPlace, vault: &VaultId) -> Result<KnownVault, PinError> {
        let known = self.known_unread(place, vault)?;
        known.chain.as_ref().map_or(Ok(()), |chain| chain.lines().map(drop))?;
        Ok(known)
    }

    /// [`Pins::known`], whose chain the caller reads, or finds to be that of the vault at hand.
    pub(crate) fn known_unread(
        &self,
        place: &VaultPlace,
        vault: &VaultId,
    ) -> Result<KnownVault, PinError> {
        self.known_beside(place, vault, self.here(place)?)
    }

    /// The same, `here` being what was just found to be accepted at the place.
    pub(crate) fn known_beside(
        &self,
        place: &VaultPlace,
        vault: &VaultId,
        here: Option<Here>,
    ) -> Result<KnownVault, PinError> {
        let Some(folder) = self.folder.existing()? else { return Ok(KnownVault::default()) };
        let (around, elsewhere) = match here.is_none() {
            true => (self.around(place)?, self.heads_elsewhere(place, vault)?),
            false => Default::default(),
        };
        let chain = chains::load(&folder, vault, place.vault(), self.folder.owners)?;
        let is_accepted = here.iter().map(|here| here.vault).chain(around.iter().map(|n| n.vault));
        if chain.is_none() && is_accepted.into_iter().any(|accepted| accepted == *vault) {
            return Err(chains::missing(&folder, vault, place.vault()));
        }
        Ok(KnownVault { here, around, elsewhere, chain })
    }

    fn heads_elsewhere(
        &self,
        place: &VaultPlace,
        vault: &VaultId,
    ) -> Result<Vec<EntryId>, PinError> {
        match self.folder.existing()? {
            Some(folder) => places::heads_elsewhere(&folder, place, vault, self.folder.owners),
            None => Ok(Vec::new()),
        }
    }

    /// Keeps what was accepted at `place`; `text` is that of its chain's file, [`chains::text`]. Writes nothing that is
    /// stored already, nor a chain that the stored one continues: another process, place or branch was further on.
    ///
    /// # Errors
    /// [`PinError::Differs`] where neither chain continues the other, or where the place has another
    /// vault.
    pub fn save_chain(
        &self,
        place: &VaultPlace,
        new: &Accepted,
        text: &str,
    ) -> Result<Saved, PinError> {
        check(new)?;
        if let Some(Plan { chain: false, place: None, saved }) = self.plan(place, new, text)? {
            return Ok(saved);
        }
        let Some(lock) = self.folder.lock()? else { return Ok(Saved::NoState) };
        // Asked again: another process may have written before this one had the lock.
        match self.plan(place, new, text)? {
            Some(plan) => self.write(&lock, place, (&new.vault, text), plan),
            None => Ok(Saved::NoState),
        }
    }

    /// Puts `new` in the place of whatever is stored, damaged or of another vault: what
    /// `pin accept` does once the user has said so, and `init`.
    pub fn accept(&self, place: &VaultPlace, new: &Accepted) -> Result<Saved, PinError> {
        check(new)?;
        let plan = Plan { chain: true, place: Some(recorded(place, new)), saved: Saved::Written };
        match self.folder.lock()? {
            Some(lock) => {
                let text = chains::text(&new.vault, &new.chain);
                self.write(&lock, place, (&new.vault, &text), plan)
            }
            None => Ok(Saved::NoState),
        }
    }

    /// What is to be written; `None` without a folder to compare with, which is one to be made.
    fn plan(
        &self,
        place: &VaultPlace,
        new: &Accepted,
        text: &str,
    ) -> Result<Option<Plan>, PinError> {
        let mut to_write = recorded(place, new);
        let Some(folder) = self.folder.existing()? else {
            let plan = Plan { chain: true, place: Some(to_write), saved: Saved::Written };
            return Ok(self.folder.has_state().then_some(plan));
        };
        let owners = self.folder.owners;
        let here = places::load(&folder, place, owners)?;
        if here.as_ref().is_some_and(|here| here.vault != new.vault) {
            return Err(places::differs(&folder, place));
        }
        let stored = chains::load(&folder, &new.vault, place.vault(), owners)?;
        let is_same = stored.as_ref().is_some_and(|stored| stored.is_text(text));
        let growth = match &stored {
            Some(_) if is_same => Growth::Same,
            Some(stored) => compare(stored.lines()?, &new.chain),
            None => Growth::Longer,
        };
        if growth == Growth::Parted {
            return Err(chains::differs(&folder, &new.vault, place.vault()));
        }
        if growth == Growth::Shorter {
            // Nothing of an older state is accepted but that its vault is at home here; what the
            // other places have is what it lacks.
            to_write.heads = self.heads_elsewhere(place, &new.vault)?;
            to_write.counted = 0;
            let place = here.is_none().then_some(to_write);
            return Ok(Some(Plan { chain: false, place, saved: Saved::Kept }));
        }
        let chain = !is_same;
        let place = (!here.is_some_and(|here| here.says(&to_write))).then_some(to_write);
        let saved = if chain || place.is_some() { Saved::Written } else { Saved::Unchanged };
        Ok(Some(Plan { chain, place, saved }))
    }

    /// The chain first: a chain without a place is a vault that is known, and a place without a
    /// chain is damage.
    fn write(
        &self,
        lock: &Lock,
        place: &VaultPlace,
        (vault, text): (&VaultId, &str),
        plan: Plan,
    ) -> Result<Saved, PinError> {
        if plan.chain {
            chains::write(lock, vault, text, plan.place.is_none())?;
        }
        if let Some(record) = plan.place {
            places::write(lock, place, &record)?;
        }
        Ok(plan.saved)
    }
}

/// What a save writes.
struct Plan {
    chain: bool,
    place: Option<Recorded>,
    saved: Saved,
}

fn recorded(place: &VaultPlace, new: &Accepted) -> Recorded {
    Recorded {
        path: new.path.to_string_lossy().into_owned(),
        name: new.name.clone(),
        marks: place.marks(),
        vault: new.vault,
        heads: new.heads.clone(),
        counted: new.counted,
        roots: new.roots.clone(),
        born: new.born.clone(),
    }
}

/// How a chain stands to the stored one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Growth {
    Same,
    Longer,
    Shorter,
    Parted,
}

fn compare(stored: &[String], new: &[String]) -> Growth {
    let common = stored.iter().zip(new).take_while(|(a, b)| is_same_entry(a, b)).count();
    match (common == stored.len(), common == new.len()) {
        (true, true) => Growth::Same,
        (true, false) => Growth::Longer,
        (false, true) => Growth::Shorter,
        (false, false) => Growth::Parted,
    }
}

/// By id, not by line: an entry can gain signatures.
fn is_same_entry(a: &str, b: &str) -> bool {
    a == b || PolicyEntry::id_of_line(a) == PolicyEntry::id_of_line(b)
}

fn check(new: &Accepted) -> Result<(), PinError> {
    chains::check(&new.vault, &new.chain).map_err(PinError::Unfit)
}

#[cfg(test)]
mod tests;
