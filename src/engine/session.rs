//! Opening the vault at a place: bytes, the cache of verified bytes, the vault, the pins.

use crate::store::file::find::Location;
use crate::store::file::git_folder::has_worktrees;
use crate::store::file::lock;
use crate::store::file::owners::Owners;
use crate::store::file::read;
use crate::store::file::read::{Contents, ReadError};
use crate::store::git::command as git_command;
use crate::store::state::cache::Cache;
use crate::store::state::id_list::IdList;
use crate::store::state::ledger::LedgerFile;
use crate::store::state::pins::{Accepted, Home, KnownVault, PinError, Pins, Saved};
use crate::store::state::place::VaultPlace;
use crate::store::state::said::Said;
use crate::store::sys;
use crate::store::sys::Stamp;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::digest;
use v_secure_core::file::format::{MAX_FILE, Trust};
use v_secure_core::file::unmerged;
use v_secure_core::file::unmerged::Sides;
use v_secure_core::policy::chain::{Chain, ChainSignatures};
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::policy::error::ChainError;
use v_secure_core::record::line;
use v_secure_core::record::line::LineError;
use v_secure_core::report::verified::Verified;
use v_secure_core::secret::prune;
use v_secure_core::vault::ledger;
use v_secure_core::vault::pin;
use v_secure_core::vault::pin::{Carried, Facts, Neighbour, PinStatus};
use v_secure_core::vault::taken;
use v_secure_core::vault::taken::Taking;
use v_secure_core::vault::{Depth, OpenError, Vault, stated_vault};

/// The list of the signing keys that this device made.
const MADE: &str = "keys.made";

/// The list of the log entries that this device wrote.
const WRITTEN: &str = "entries.made";

/// Why the vault at a place could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{} is not accepted", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: OpenError,
    },
    /// A shell made it for a command that then wrote nothing.
    #[error("{} is empty: there is no vault in it", path.display())]
    Empty { path: PathBuf },
    /// git could not merge it, and left its marks.
    #[error(
        "{}, line {}: this is an unfinished merge of '{}' and '{}'",
        path.display(), sides.line, sides.ours, sides.theirs
    )]
    Unmerged { path: PathBuf, sides: Sides },
    #[error(transparent)]
    Pin(#[from] PinError),
    #[error(
        "the pinned policy chain of this place cannot be read; run 'v-secure pin accept' once the vault has been checked"
    )]
    PinnedLine(#[source] LineError),
    #[error(
        "the pinned policy chain of this place does not verify; run 'v-secure pin accept' once the vault has been checked"
    )]
    PinnedChain(#[source] ChainError),
}

/// Entries that took something away, by position.
pub(crate) type Takings = BTreeMap<usize, Taking>;

/// What was known of the vault with this id before the file was read.
type Before = (Id, Result<KnownVault, PinError>);

/// A place, and what is needed to judge the vault there.
#[derive(Debug, Clone)]
pub struct Session {
    pub location: Location,
    pub owners: Owners,
    /// The state folder; without one nothing is remembered.
    pub state: Option<PathBuf>,
    /// The user's home folder, where projects end.
    pub home: Option<PathBuf>,
    pub carried: Option<Carried>,
    /// Seconds since the Unix epoch.
    pub now: u64,
}

/// A vault as it was found at its place.
#[derive(Debug)]
pub struct OpenedVault {
    pub vault: Vault,
    pub pin: PinStatus,
    /// The accepted chain goes on behind this one's head, and what is missing here took something away.
    pub missing_takings: bool,
    /// Entries that count in this file and not by the longer policy that was accepted here.
    pub voided: Vec<Id>,
    /// Seconds since the Unix epoch from which on something may be due to be pruned.
    pub prune_from: Option<u64>,
    /// The vault is known from other places, and nothing says that this is one of its own.
    pub is_new_here: bool,
    pub(crate) known: KnownVault,
    /// What full verification found, to be kept once the vault is accepted.
    record: Option<(Id, String)>,
    /// The state of the file that was read; `None` for bytes that came from elsewhere.
    pub(crate) stamp: Option<Stamp>,
}

impl OpenedVault {
    /// Whether this device knew the vault before, at whatever place: without that nothing says that a
    /// state is the newest.
    pub const fn was_known(&self) -> bool {
        self.known.chain.is_some()
    }

    /// Whether this is the first time that the vault is opened at its place.
    pub const fn is_first_here(&self) -> bool {
        self.known.here.is_none()
    }
}

impl Session {
    pub fn read(&self) -> Result<Contents, SessionError> {
        Ok(read::read(&self.location.vault, MAX_FILE as u64)?)
    }

    /// The state of the file, without reading it; `None` where there is none.
    pub fn stamp(&self) -> Option<Stamp> {
        self.location.vault.symlink_metadata().ok().map(|metadata| sys::stamp(&metadata))
    }

    /// Whether anybody has locked the vault's folder before.
    pub fn has_lock(&self) -> bool {
        self.location.folder.join(lock::FILE).symlink_metadata().is_ok()
    }

    /// Whether the file is meant to be written by this user. A rename would also replace one that is
    /// set to be read alone.
    pub fn is_writable(&self) -> bool {
        let vault = &self.location.vault;
        let locked = [vault.as_path(), &self.location.folder]
            .map(|path| path.metadata().map_or(true, |metadata| metadata.permissions().readonly()));
        !locked.contains(&true) && sys::open_write(vault).is_ok()
    }

    /// Reads the vault and judges it. `Depth::Everything` verifies all of it, once for given bytes.
    pub fn open(&self, depth: Depth<'_>) -> Result<OpenedVault, SessionError> {
        // Looked up before the vault is read: a writer replaces the vault first and the pin after, so
        // that the other way round its pin could be ahead of the vault seen here.
        let known = self.known_before()?;
        let contents = self.read()?;
        refuse_empty(&self.location.vault, &contents.bytes)?;
        let verified = self.verified(&contents.bytes);
        let opened = self.open_with(&contents.bytes, verified, depth, known)?;
        Ok(OpenedVault { stamp: Some(contents.stamp), ..opened })
    }

    /// Judges bytes as [`Session::open`] does, as if they stood at this place.
    pub fn open_bytes(&self, bytes: &[u8], depth: Depth<'_>) -> Result<OpenedVault, SessionError> {
        self.open_with(bytes, self.verified(bytes), depth, None)
    }

    /// Judges bytes and verifies all of them, whether or not that was done before.
    pub fn verify_bytes(&self, bytes: &[u8]) -> Result<OpenedVault, SessionError> {
        self.open_with(bytes, None, Depth::Everything, None)
    }

    /// What is known of the vault that was accepted here or else of the one that the file states,
    /// with the id that it is about. An error is for who has the vault.
    fn known_before(&self) -> Result<Option<Before>, SessionError> {
        if self.state.is_none() {
            return Ok(None);
        }
        let (place, pins) = (self.place(), self.pins());
        let vault = match pins.here(&place) {
            Ok(Some(here)) => Some(here.vault),
            Ok(None) => stated_vault(&self.read()?.bytes),
            Err(_) => None,
        };
        Ok(vault.map(|vault| (vault, pins.known(&place, &vault))))
    }

    fn open_with(
        &self,
        bytes: &[u8],
        verified: Option<Verified>,
        depth: Depth<'_>,
        before: Option<Before>,
    ) -> Result<OpenedVault, SessionError> {
        let trust = if verified.is_some() { Trust::Cached } else { Trust::Strict };
        let mut vault = self.vault(bytes, trust, depth)?;
        let prune_from = match (depth, verified) {
            (Depth::Everything, _) => prune::first_due(&vault),
            (_, Some(verified)) => verified.prune_from,
            (_, None) => prune::first_due_at_a_glance(&vault),
        };
        let record = vault
            .findings()
            .is_some()
            .then(|| (digest::file_hash(bytes), Verified::of(&vault, self.now).to_json()));
        let known = match before {
            Some((id, known)) if id == vault.id() => known?,
            _ => self.pins().known(&self.place(), &vault.id())?,
        };
        let pin = self.judge(&known, |facts| pin::judge(vault.chain().ids(), facts));
        let (mut missing_takings, mut voided) = (false, Vec::new());
        if let (PinStatus::Prefix { seen, .. }, Some(chain)) = (&pin, &known.chain) {
            if let (Trust::Cached, Depth::Secrets(_)) = (trust, depth) {
                // A longer chain judges by every op, and cached bytes were read without some.
                vault = self.vault(bytes, Trust::Strict, depth)?;
            }
            let (longer, takings) = chain_of(chain)?;
            missing_takings = takings.keys().any(|position| position >= seen);
            voided = vault.hold_to(&longer, &self.ledger(&vault.id()).load()?);
        }
        let is_new_here = !self.carried.is_some_and(|carried| carried.is_for_place)
            && self.is_new_here(&known, &vault.id())?;
        // Of a vault that nobody has accepted nothing is kept: who refuses it has asked for nothing.
        let record = match is_new_here || pin == PinStatus::Unknown || pin.is_refused() {
            true => record,
            false => {
                self.keep(record);
                None
            }
        };
        Ok(OpenedVault {
            vault,
            pin,
            missing_takings,
            voided,
            prune_from,
            is_new_here,
            known,
            record,
            stamp: None,
        })
    }

    /// The places where a vault was accepted.
    pub fn homes(&self, vault: &Id) -> Result<Vec<Home>, PinError> {
        self.pins().homes(&self.place(), vault)
    }

    fn keep(&self, record: Option<(Id, String)>) {
        if let Some((hash, text)) = record {
            self.cache().put(&hash, &text);
        }
    }

    /// What `judge` makes of what is known.
    pub fn judge(&self, known: &KnownVault, judge: impl Fn(&Facts<'_>) -> PinStatus) -> PinStatus {
        let chain = known.chain.as_deref().map(chain_ids);
        judge(&Facts {
            here: known.here.as_ref().map(|here| here.vault),
            around: &known.around,
            chain: chain.as_deref(),
            carried: self.carried.as_ref().map(|carried| &carried.pin),
        })
    }

    fn vault(&self, bytes: &[u8], trust: Trust, depth: Depth<'_>) -> Result<Vault, SessionError> {
        self.vault_of(&self.location.vault, bytes, trust, depth)
    }

    /// Verifies all of another state's bytes, without pins: what it says is for comparing.
    pub fn other(&self, path: &Path, bytes: &[u8]) -> Result<Vault, SessionError> {
        refuse_empty(path, bytes)?;
        let trust = if self.verified(bytes).is_some() { Trust::Cached } else { Trust::Strict };
        self.vault_of(path, bytes, trust, Depth::Everything)
    }

    fn vault_of(
        &self,
        path: &Path,
        bytes: &[u8],
        trust: Trust,
        depth: Depth<'_>,
    ) -> Result<Vault, SessionError> {
        let unmerged = || {
            let sides = unmerged::sides(bytes)?;
            Some(SessionError::Unmerged { path: path.to_owned(), sides })
        };
        // Who reads one secret does not look at the others, between which git's marks may stand.
        if let (Trust::Strict, Depth::Secrets(_)) = (trust, depth)
            && let Some(error) = unmerged()
        {
            return Err(error);
        }
        Vault::open(bytes, trust, depth, self.now).map_err(|source| {
            let found = matches!(source, OpenError::Format(_)).then(unmerged).flatten();
            found.unwrap_or_else(|| SessionError::Open { path: path.to_owned(), source })
        })
    }

    /// What was found in exactly these bytes, if they were verified before.
    pub fn verified(&self, bytes: &[u8]) -> Option<Verified> {
        Verified::from_json(&self.cache().get(&digest::file_hash(bytes))?)
    }

    /// What the pins say of verified bytes, where that can be told without parsing them: chain and
    /// log heads are those that were accepted, or nothing was.
    pub fn settled(&self, verified: &Verified) -> Result<Option<PinStatus>, SessionError> {
        let Some(vault) = verified.chain.first() else { return Ok(None) };
        let known = self.pins().known(&self.place(), vault)?;
        let pin = self.judge(&known, |facts| verified.standing(facts));
        let same = match &known.here {
            Some(here) => {
                let accepted = known.chain.as_ref().map(Vec::len);
                here.heads == verified.heads
                    && accepted == Some(verified.chain.len())
                    && here.counted >= verified.chain.len() as u64
            }
            None => pin == PinStatus::Unknown,
        };
        Ok((same && matches!(pin, PinStatus::Continues | PinStatus::Unknown)).then_some(pin))
    }

    /// Accepts the vault's chain and heads as what this place has been seen to hold. Of an older
    /// state of a vault that is known from elsewhere: that it is at home here.
    pub fn remember(&self, opened: &OpenedVault) -> Result<(), SessionError> {
        let is_new = opened.known.here.is_none();
        match opened.pin {
            PinStatus::Unknown | PinStatus::Continues => {}
            PinStatus::Prefix { .. } if is_new => {}
            _ => return Ok(()),
        }
        self.save(&opened.vault, Some(&opened.known))?;
        self.keep(opened.record.clone());
        Ok(())
    }

    pub(crate) fn save(
        &self,
        vault: &Vault,
        known: Option<&KnownVault>,
    ) -> Result<(), SessionError> {
        let mut new = self.accepted(vault);
        // A write on a log that was cut back must not make this device forget what is missing: that
        // takes 'pin accept', or the entries.
        let asked;
        let before = match known {
            Some(known) => known,
            None => {
                asked = self.known(&vault.id())?;
                &asked
            }
        };
        let here = before.here.as_ref().filter(|here| here.vault == vault.id());
        new.roots = self.roots(here);
        let before = before.heads(&vault.id()).iter().copied();
        match vault.signed_heads() {
            // Of entries that were not judged anybody can add some: they are no heads to remember.
            None => new.heads = before.collect(),
            Some(heads) => {
                let missing = before.filter(|id| !vault.file().entries.contains_key(id));
                new.heads = heads.into_iter().chain(missing).collect();
                new.heads.sort_unstable();
            }
        }
        if known.is_some_and(|known| is_same(known, &new)) {
            return Ok(());
        }
        if self.pins().save(&self.place(), &new)? != Saved::Kept {
            self.ledger(&vault.id()).add(&ledger::judged(vault), vault.chain().len())?;
        }
        Ok(())
    }

    /// Replaces what was accepted here by what the vault is now.
    pub fn accept(&self, vault: &Vault) -> Result<(), SessionError> {
        let here = self.pins().here(&self.place()).ok().flatten();
        let here = here.filter(|here| here.vault == vault.id());
        let new = Accepted { roots: self.accepted_roots(here.as_ref()), ..self.accepted(vault) };
        // A chain that was damaged or parted from this one: its positions mean something else.
        let before = self.known(&vault.id()).ok().and_then(|known| known.chain);
        let goes_on =
            before.is_some_and(|before| chain_ids(&new.chain).starts_with(&chain_ids(&before)));
        self.pins().accept(&self.place(), &new)?;
        let (ledger, judged) = (self.ledger(&vault.id()), ledger::judged(vault));
        match goes_on {
            true => ledger.add(&judged, vault.chain().len())?,
            false => ledger.replace(&judged, vault.chain().len())?,
        }
        Ok(())
    }

    fn accepted(&self, vault: &Vault) -> Accepted {
        Accepted {
            path: self.location.vault.clone(),
            name: vault.file().header.name.to_string(),
            vault: vault.id(),
            chain: vault.file().chain.iter().map(PolicyEntry::line).collect(),
            heads: vault.heads().into_iter().collect(),
            counted: if vault.is_whole() { vault.chain().len() as u64 } else { 0 },
            roots: None,
            born: self.born(),
        }
    }

    /// The log heads that were last accepted here, or at the other places of a vault that is new here,
    /// and are not in it: an older state.
    pub fn missing_heads(&self, opened: &OpenedVault) -> Vec<Id> {
        let heads = opened.known.heads(&opened.vault.id()).iter();
        heads.filter(|id| !opened.vault.file().entries.contains_key(*id)).copied().collect()
    }

    /// Whether the file has every entry that this device has seen to count in the vault, at this
    /// place or another: what it lacks may have put off what is due here.
    pub fn has_all_known(&self, opened: &OpenedVault) -> Result<bool, SessionError> {
        let seen = self.ledger(&opened.vault.id()).load()?;
        let entries = &opened.vault.file().entries;
        Ok(seen.0.keys().all(|entry| entries.contains_key(entry)))
    }

    /// Remembers signing keys, by their ids, as made on this device.
    pub fn note_made(&self, keys: impl IntoIterator<Item = Id>) -> Result<(), PinError> {
        self.made().add(keys).map(|_| ())
    }

    /// The ids of the signing keys that were made on this device.
    pub fn made_here(&self) -> Result<HashSet<Id>, PinError> {
        self.made().load()
    }

    /// Remembers log entries as written on this device.
    pub(crate) fn note_entries(&self, entries: &[Id]) -> Result<(), PinError> {
        self.written().add(entries.iter().copied()).map(|_| ())
    }

    /// The ids of the log entries that were written on this device.
    pub(crate) fn written_here(&self) -> Result<HashSet<Id>, PinError> {
        self.written().load()
    }

    fn written(&self) -> IdList {
        IdList::new(self.state.as_deref(), self.owners, WRITTEN.to_owned())
    }

    fn made(&self) -> IdList {
        IdList::new(self.state.as_deref(), self.owners, MADE.to_owned())
    }

    /// Remembers what was written on an older state, as its policy judges it.
    pub(crate) fn note_written(&self, vault: &Vault, entries: &[Id]) -> Result<(), PinError> {
        let mut judged = ledger::judged(vault);
        judged.retain(|one| entries.contains(&one.entry));
        self.ledger(&vault.id()).add(&judged, vault.chain().len())
    }

    /// What this device has seen to count in a vault.
    pub fn ledger(&self, vault: &Id) -> LedgerFile {
        LedgerFile::new(self.state.as_deref(), self.owners, vault)
    }

    /// Whether an older state is worth a word again: where several working trees share a place it is
    /// what each of them has, for as long as it stays on its branch; and in the middle of a rebase or a
    /// merge it is what each of the steps finds.
    pub fn is_news(&self, state: &str) -> bool {
        let common_dir = self.location.git_common_dir.as_deref();
        let is_expected = common_dir.is_some_and(has_worktrees)
            || git_command::is_in_the_middle(&self.location.project);
        !is_expected || self.told().is_news(&self.location.vault, state)
    }

    /// Whether a state of this path is worth a word again where it is expected: once.
    pub fn is_new_to_tell(&self, state: &str) -> bool {
        self.told().is_news(&self.location.vault, state)
    }

    /// Whether a state is the one that was told last.
    pub fn was_told(&self, state: &str) -> bool {
        self.told().is_known(&self.location.vault, state)
    }

    /// That the state is no older one, or is to be said again if it is.
    pub fn note_current(&self) {
        self.told().clear(&self.location.vault);
    }

    fn told(&self) -> Said {
        Said::new(self.state.as_deref(), self.owners)
    }

    /// The vaults that were accepted at other places of this project.
    pub fn around(&self) -> Result<Vec<Neighbour>, PinError> {
        self.pins().around(&self.place())
    }

    /// What this device knows of `vault` at this place.
    pub fn known(&self, vault: &Id) -> Result<KnownVault, PinError> {
        self.pins().known(&self.place(), vault)
    }

    pub(crate) fn cache(&self) -> Cache {
        Cache::new(self.state.as_deref(), self.owners)
    }

    fn pins(&self) -> Pins {
        Pins::new(self.state.as_deref(), self.owners)
    }

    pub fn place(&self) -> VaultPlace {
        VaultPlace::of(&self.location, self.home.as_deref())
    }
}

fn refuse_empty(path: &Path, bytes: &[u8]) -> Result<(), SessionError> {
    match bytes.trim_ascii().is_empty() {
        true => Err(SessionError::Empty { path: path.to_owned() }),
        false => Ok(()),
    }
}

fn is_same(known: &KnownVault, new: &Accepted) -> bool {
    let here = known.here.as_ref();
    here.is_some_and(|here| {
        here.vault == new.vault
            && here.heads == new.heads
            && here.counted >= new.counted
            && here.roots == new.roots
            && here.born == new.born
    }) && known.chain.as_ref() == Some(&new.chain)
}

fn chain_ids(chain: &[String]) -> Vec<Id> {
    chain.iter().map(|line| PolicyEntry::id_of_line(line)).collect()
}

/// A chain that was accepted, and which of its entries took something away.
pub(crate) fn chain_of(lines: &[String]) -> Result<(Chain, Takings), SessionError> {
    let entries: Result<Vec<PolicyEntry>, _> = lines.iter().map(|text| line::parse(text)).collect();
    let entries = entries.map_err(SessionError::PinnedLine)?;
    let chain =
        Chain::build(&entries, ChainSignatures::Trusted).map_err(SessionError::PinnedChain)?;
    let takings = taken::takings(&chain, &entries).map_err(SessionError::PinnedChain)?;
    Ok((chain, takings))
}
