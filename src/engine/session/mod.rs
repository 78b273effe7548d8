//! Opening the vault at a place: bytes, the cache of verified bytes, the vault, the pins.

mod error;

pub use self::error::SessionError;
use super::accepted;
use super::accepted::chain_of;
use super::history::{self, HistoryUse};
use super::known::{FileBytes, VerifiedFile};
use crate::store::file::find::Location;
use crate::store::file::lock;
use crate::store::file::owners::Owners;
use crate::store::file::read;
use crate::store::file::read::Contents;
use crate::store::state::pins::{AcceptedChain, Home, KnownVault, PinError, Pins};
use crate::store::state::place::VaultPlace;
use crate::store::sys;
use crate::store::sys::Stamp;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use v_secure_core::crypto::id::{EntryId, PolicyId, VaultId};
use v_secure_core::file::format::{MAX_FILE, Trust};
use v_secure_core::file::unmerged;
use v_secure_core::merge::blended::{self, Blend};
use v_secure_core::policy::chain_comparison::ChainComparison;
use v_secure_core::report::verified::Verified;
use v_secure_core::secret::prune;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::pin;
use v_secure_core::vault::pin::{Carried, Facts, Neighbour, PinStatus};
use v_secure_core::vault::{Depth, OpenError, STATED_WITHIN, Vault, stated_vault};

/// What was known of the vault with this id before the file was read.
type Before = (VaultId, Result<KnownVault, PinError>);

/// A vault, and what a longer chain makes of it.
struct Held {
    vault: Vault,
    missing_takings: bool,
    voided: Vec<EntryId>,
}

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
    /// Whether what is closed of the history is read.
    pub history: HistoryUse,
    /// The files of a history that is not beside the vault yet: that of a backup.
    pub brought: Option<Arc<BTreeMap<String, Vec<u8>>>>,
    /// Seconds since the Unix epoch.
    pub now: UnixTime,
}

/// A vault as it was found at its place.
#[derive(Debug)]
pub struct OpenedVault {
    pub vault: Vault,
    pub pin: PinStatus,
    /// The accepted chain goes on behind this one's head, and what is missing here took something away.
    pub missing_takings: bool,
    /// The accepted chain parted from this one, which took it over: see `rebase::took_over`.
    pub took_over: bool,
    /// Entries that count in this file and not by the longer policy that was accepted here.
    pub voided: Vec<EntryId>,
    /// Seconds since the Unix epoch from which on something may be due to be pruned.
    pub prune_from: Option<UnixTime>,
    /// The vault is known from other places, and nothing says that this is one of its own.
    pub is_new_here: bool,
    pub(crate) known: KnownVault,
    /// Whether the chain that is known is this vault's, to the byte.
    pub(super) is_pinned: bool,
    /// What full verification found, to be kept once the vault is accepted.
    pub(super) record: Option<VerifiedFile>,
    /// The state of the file that was read; `None` for bytes that came from elsewhere.
    pub(crate) stamp: Option<Stamp>,
}

impl OpenedVault {
    /// Whether this device knew the vault before, at whatever place: without that nothing says that a
    /// state is the newest.
    pub(crate) const fn was_known(&self) -> bool {
        self.known.chain.is_some()
    }

    /// Whether this is the first time that the vault is opened at its place.
    pub(crate) const fn is_first_here(&self) -> bool {
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
    pub(crate) fn has_lock(&self) -> bool {
        self.location.folder.join(lock::FILE).symlink_metadata().is_ok()
    }

    /// Whether the file is meant to be written by this user. A rename would also replace one that is
    /// set to be read alone.
    pub(crate) fn is_writable(&self) -> bool {
        let vault = &self.location.vault;
        let locked = [vault.as_path(), &self.location.folder]
            .map(|path| path.metadata().map_or(true, |metadata| metadata.permissions().readonly()));
        !locked.contains(&true) && sys::open_write(vault).is_ok()
    }

    /// Reads the vault and judges it. `Depth::Everything` verifies all of it, once for given bytes.
    pub fn open(&self, depth: Depth<'_>) -> Result<OpenedVault, SessionError> {
        self.open_with_bytes(depth).map(|(opened, _)| opened)
    }

    /// [`Session::open`], with the bytes that were read.
    pub(super) fn open_with_bytes(
        &self,
        depth: Depth<'_>,
    ) -> Result<(OpenedVault, Vec<u8>), SessionError> {
        // Looked up before the vault is read: a writer replaces the vault first and the pin after, so
        // that the other way round its pin could be ahead of the vault seen here.
        let known = self.known_before()?;
        let contents = self.read()?;
        refuse_empty(&self.location.vault, &contents.bytes)?;
        let file = FileBytes::new(&contents.bytes);
        let opened = self.open_with(&file, self.verified_of(&file), depth, known)?;
        Ok((OpenedVault { stamp: Some(contents.stamp), ..opened }, contents.bytes))
    }

    /// Judges bytes as [`Session::open`] does, as if they stood at this place.
    pub fn open_bytes(&self, bytes: &[u8], depth: Depth<'_>) -> Result<OpenedVault, SessionError> {
        let file = FileBytes::new(bytes);
        self.open_with(&file, self.verified_of(&file), depth, None)
    }

    /// Judges bytes and verifies all of them, whether or not that was done before.
    pub fn verify_bytes(&self, bytes: &[u8]) -> Result<OpenedVault, SessionError> {
        self.open_with(&FileBytes::new(bytes), None, Depth::Everything, None)
    }

    /// What is known of the vault that was accepted here or else of the one that the file states,
    /// with the id that it is about. An error is for who has the vault.
    fn known_before(&self) -> Result<Option<Before>, SessionError> {
        if self.state.is_none() {
            return Ok(None);
        }
        let (place, pins) = (self.place(), self.pins());
        Ok(match pins.here(&place) {
            Ok(Some(here)) => {
                let vault = here.vault;
                Some((vault, pins.known_beside(&place, &vault, Some(here))))
            }
            Ok(None) => {
                let head = read::beginning(&self.location.vault, MAX_FILE as u64, STATED_WITHIN)?;
                let stated = stated_vault(&head);
                stated.map(|vault| (vault, pins.known_unread(&place, &vault)))
            }
            Err(_) => None,
        })
    }

    fn open_with(
        &self,
        file: &FileBytes<'_>,
        verified: Option<Verified>,
        depth: Depth<'_>,
        before: Option<Before>,
    ) -> Result<OpenedVault, SessionError> {
        let trust = if verified.is_some() { Trust::Cached } else { Trust::Strict };
        let vault = self.vault(file.bytes, trust, depth)?;
        let prune_from = match (depth, &verified) {
            (Depth::Everything, _) => prune::first_due(&vault),
            (_, Some(verified)) => verified.prune_from,
            (_, None) => prune::first_due_at_a_glance(&vault),
        };
        let record = VerifiedFile::of(self, &vault, file);
        let known = match before {
            Some((id, known)) if id == vault.id() => known?,
            _ => self.pins().known_unread(&self.place(), &vault.id())?,
        };
        let is_pinned = verified.is_some_and(|verified| is_pinned(&known, &verified));
        let pin = match is_pinned {
            true => pin::judge(vault.chain().ids(), &self.facts(&known, Some(vault.chain().ids()))),
            false => self.judge(&known, |facts| pin::judge(vault.chain().ids(), facts))?,
        };
        let (pin, took_over) = accepted::judged(pin, &vault, &known)?;
        let Held { vault, missing_takings, voided } =
            self.held(vault, file.bytes, (trust, depth), (&pin, &known))?;
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
            took_over,
            voided,
            prune_from,
            is_new_here,
            known,
            is_pinned,
            record,
            stamp: None,
        })
    }

    /// An older state, judged by the longer chain that was accepted here; any other vault as it is.
    fn held(
        &self,
        mut vault: Vault,
        bytes: &[u8],
        (trust, depth): (Trust, Depth<'_>),
        (pin, known): (&PinStatus, &KnownVault),
    ) -> Result<Held, SessionError> {
        let (PinStatus::Prefix { seen, .. }, Some(chain)) = (pin, &known.chain) else {
            return Ok(Held { vault, missing_takings: false, voided: Vec::new() });
        };
        // One that took over the beginning of the accepted chain is judged by itself: what is behind took nothing.
        if !ChainComparison::of(&chain.ids()?, vault.chain().ids()).has_all() {
            return Ok(Held { vault, missing_takings: false, voided: Vec::new() });
        }
        if let (Trust::Cached, Depth::Secrets(_)) = (trust, depth) {
            // A longer chain judges by every op, and cached bytes were read without some.
            vault = self.vault(bytes, Trust::Strict, depth)?;
        }
        let (longer, takings) = chain_of(chain.lines()?)?;
        let missing_takings = takings.keys().any(|position| position.index() >= *seen);
        let voided = vault.hold_to(&longer, &self.ledger(&vault.id()).load()?);
        Ok(Held { vault, missing_takings, voided })
    }

    /// The places where a vault was accepted.
    pub(crate) fn homes(&self, vault: &VaultId) -> Result<Vec<Home>, PinError> {
        self.pins().homes(&self.place(), vault)
    }

    /// What `judge` makes of what is known.
    ///
    /// # Errors
    /// Where the accepted chain cannot be read.
    pub fn judge(
        &self,
        known: &KnownVault,
        judge: impl Fn(&Facts<'_>) -> PinStatus,
    ) -> Result<PinStatus, PinError> {
        let chain = known.chain.as_ref().map(AcceptedChain::ids).transpose()?;
        Ok(judge(&self.facts(known, chain.as_deref())))
    }

    /// What is known, with the ids of the accepted chain.
    fn facts<'a>(&'a self, known: &'a KnownVault, chain: Option<&'a [PolicyId]>) -> Facts<'a> {
        Facts {
            here: known.here.as_ref().map(|here| here.vault),
            around: &known.around,
            chain,
            carried: self.carried.as_ref().map(|carried| &carried.pin),
        }
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
        self.open_vault(bytes, trust, depth).map_err(|source| {
            let found = matches!(source, OpenError::Format(_)).then(unmerged).flatten();
            found.unwrap_or_else(|| {
                let path = path.to_owned();
                let is_of_bytes = !matches!(source, OpenError::History(_));
                match is_of_bytes.then(|| self.blended(bytes, depth)).flatten() {
                    Some(Blend::Whole) => SessionError::MergedAsText { path, source },
                    Some(Blend::Lacking) => SessionError::Lacking { path, source },
                    None => SessionError::Open { path, source },
                }
            })
        })
    }

    /// Whether bytes that were refused are what git makes of two good copies. Completions do not ask.
    fn blended(&self, bytes: &[u8], depth: Depth<'_>) -> Option<Blend> {
        let text = std::str::from_utf8(bytes).ok().filter(|_| !matches!(depth, Depth::Unverified));
        blended::judge(text?, self.now, &history::Folder(self))
    }

    /// What the pins say of verified bytes, where that can be told without parsing them: chain and
    /// log heads are those that were accepted, or nothing was.
    pub fn settled(&self, verified: &Verified) -> Result<Option<PinStatus>, SessionError> {
        let Some(vault) = verified.chain.first() else { return Ok(None) };
        let known = self.pins().known_unread(&self.place(), &VaultId::from(vault))?;
        let (pin, accepted) = match is_pinned(&known, verified) {
            true => {
                let chain = verified.chain.all();
                (verified.standing(&self.facts(&known, Some(&chain))), Some(chain.len()))
            }
            false => {
                let pin = self.judge(&known, |facts| verified.standing(facts))?;
                let lines = known.chain.as_ref().map(AcceptedChain::lines).transpose()?;
                (pin, lines.map(<[String]>::len))
            }
        };
        let same = match &known.here {
            Some(here) => {
                here.heads == verified.heads
                    && accepted == Some(verified.chain.len())
                    && here.counted >= verified.chain.len() as u64
            }
            None => pin == PinStatus::Unknown,
        };
        Ok((same && matches!(pin, PinStatus::Continues | PinStatus::Unknown)).then_some(pin))
    }

    /// The vaults that were accepted at other places of this project.
    pub fn around(&self) -> Result<Vec<Neighbour>, PinError> {
        self.pins().around(&self.place())
    }

    /// What this device knows of `vault` at this place.
    pub fn known(&self, vault: &VaultId) -> Result<KnownVault, PinError> {
        self.pins().known(&self.place(), vault)
    }

    pub(super) fn pins(&self) -> Pins {
        Pins::new(self.state.as_deref(), self.owners)
    }

    pub fn place(&self) -> VaultPlace {
        VaultPlace::of(&self.location, self.home.as_deref())
    }
}

/// Whether the accepted chain is that of bytes which were verified.
fn is_pinned(known: &KnownVault, verified: &Verified) -> bool {
    known.chain.as_ref().is_some_and(|chain| chain.is(&verified.pinned))
}

fn refuse_empty(path: &Path, bytes: &[u8]) -> Result<(), SessionError> {
    match bytes.trim_ascii().is_empty() {
        true => Err(SessionError::Empty { path: path.to_owned() }),
        false => Ok(()),
    }
}
