//! Opening the vault at a place: bytes, the cache of verified bytes, the vault, the pins.

use super::cache::Cache;
use super::find::Location;
use super::owners::Owners;
use super::pins::{HeldPin, PinError, Pins};
use super::place::Place;
use super::read::{self, Contents, ReadError};
use super::seen::Seen;
use super::sys;
pub use super::sys::Stamp;
use crate::crypto::bytes::Id;
use crate::crypto::digest;
use crate::ops::pin::{self, CarriedPin, Standing};
use crate::ops::prune;
use crate::ops::vault::{Depth, OpenError, Vault};
use crate::ops::verified::Verified;
use crate::policy::chain::{Chain, Signatures};
use crate::policy::entry::PolicyEntry;
use crate::policy::error::ChainError;
use crate::vault::format::{MAX_FILE, Trust};
use crate::vault::line::{self, LineError};
use std::path::PathBuf;

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

/// A place, and what is needed to judge the vault there.
#[derive(Debug, Clone)]
pub struct Session {
    pub location: Location,
    pub owners: Owners,
    /// The state folder; without one nothing is remembered.
    pub state: Option<PathBuf>,
    pub carried: Option<CarriedPin>,
    /// Seconds since the Unix epoch.
    pub now: u64,
}

/// A vault as it was found at its place.
#[derive(Debug)]
pub struct Opened {
    pub vault: Vault,
    pub pin: Standing,
    /// The accepted chain goes on behind this one's head, and what is missing here took rights away.
    pub missing_removals: bool,
    /// Entries that count in this file and not by the longer policy that was accepted here.
    pub voided: Vec<Id>,
    /// Seconds since the Unix epoch from which on something may be due to be pruned.
    pub prune_from: Option<u64>,
    held: Option<HeldPin>,
    /// The state of the file that was read; `None` for bytes that came from elsewhere.
    pub(super) stamp: Option<Stamp>,
}

impl Session {
    pub fn read(&self) -> Result<Contents, SessionError> {
        Ok(read::read(&self.location.vault, MAX_FILE as u64)?)
    }

    /// The state of the file, without reading it; `None` where there is none.
    pub fn stamp(&self) -> Option<Stamp> {
        self.location.vault.symlink_metadata().ok().map(|metadata| sys::stamp(&metadata))
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
    pub fn open(&self, depth: Depth<'_>) -> Result<Opened, SessionError> {
        // Looked up before the vault is read: a writer replaces the vault first and the pin after, so
        // that the other way round its pin could be ahead of the vault seen here.
        let held = self.pins().load(&self.place());
        let contents = self.read()?;
        let known = self.verified(&contents.bytes);
        let opened = self.open_with(&contents.bytes, known, depth, held)?;
        Ok(Opened { stamp: Some(contents.stamp), ..opened })
    }

    /// Judges bytes as [`Session::open`] does, as if they stood at this place.
    pub fn open_bytes(&self, bytes: &[u8], depth: Depth<'_>) -> Result<Opened, SessionError> {
        self.open_with(bytes, self.verified(bytes), depth, self.pins().load(&self.place()))
    }

    /// Judges bytes and verifies all of them, whether or not that was done before.
    pub fn verify_bytes(&self, bytes: &[u8]) -> Result<Opened, SessionError> {
        let held = self.pins().load(&self.place());
        self.open_with(bytes, None, Depth::Everything, held)
    }

    fn open_with(
        &self,
        bytes: &[u8],
        known: Option<Verified>,
        depth: Depth<'_>,
        held: Result<Option<HeldPin>, PinError>,
    ) -> Result<Opened, SessionError> {
        let trust = if known.is_some() { Trust::Cached } else { Trust::Strict };
        let mut vault = self.vault(bytes, trust, depth)?;
        let prune_from = match (depth, known) {
            (Depth::Everything, _) => prune::first_due(&vault),
            (_, Some(known)) => known.prune_from,
            (_, None) => prune::first_due_at_a_glance(vault.file()),
        };
        if vault.findings().is_some() {
            let record = Verified::of(&vault, self.now).to_json();
            self.cache().put(&digest::file_hash(bytes), &record);
        }
        let held = held?;
        let accepted = held.as_ref().map(chain_ids);
        let pin = pin::judge(vault.chain().ids(), accepted.as_deref(), self.carried.as_ref());
        let (mut missing_removals, mut voided) = (false, Vec::new());
        if let (Standing::Prefix { seen, .. }, Some(held)) = (&pin, &held) {
            if let (Trust::Cached, Depth::Secrets(_)) = (trust, depth) {
                // A longer chain judges by every op, and cached bytes were read without some.
                vault = self.vault(bytes, Trust::Strict, depth)?;
            }
            let longer = chain_of(held)?;
            missing_removals = longer.removals().iter().any(|position| position >= seen);
            let seen_before = Seen::new(self.state.as_deref(), self.owners).load(&self.place())?;
            voided = vault.hold_to(&longer, &seen_before);
        }
        Ok(Opened { vault, pin, missing_removals, voided, prune_from, held, stamp: None })
    }

    fn vault(&self, bytes: &[u8], trust: Trust, depth: Depth<'_>) -> Result<Vault, SessionError> {
        Vault::open(bytes, trust, depth, self.now)
            .map_err(|source| SessionError::Open { path: self.location.vault.clone(), source })
    }

    /// What was found in exactly these bytes, if they were verified before.
    pub fn verified(&self, bytes: &[u8]) -> Option<Verified> {
        Verified::from_json(&self.cache().get(&digest::file_hash(bytes))?)
    }

    /// What the pins say of verified bytes, where that can be told without parsing them: chain and
    /// log heads are those that were accepted, or nothing was.
    pub fn settled(&self, known: &Verified) -> Result<Option<Standing>, SessionError> {
        let held = self.pins().load(&self.place())?;
        let accepted = held.as_ref().map(chain_ids);
        let pin = known.standing(accepted.as_deref(), self.carried.as_ref());
        let same = held
            .is_none_or(|held| held.heads == known.heads && held.chain.len() == known.chain.len());
        Ok((same && matches!(pin, Standing::Continues | Standing::Unknown)).then_some(pin))
    }

    /// Accepts the vault's chain and heads as what this place has been seen to hold.
    pub fn remember(&self, opened: &Opened) -> Result<(), SessionError> {
        if matches!(opened.pin, Standing::Unknown | Standing::Continues) {
            self.save(&opened.vault, opened.held.as_ref())?;
        }
        Ok(())
    }

    pub(super) fn save(&self, vault: &Vault, held: Option<&HeldPin>) -> Result<(), SessionError> {
        let pin = self.held_pin(vault);
        if held == Some(&pin) {
            return Ok(());
        }
        let place = self.place();
        self.pins().save(&place, &pin)?;
        let ids = vault.file().entries.keys().copied();
        Seen::new(self.state.as_deref(), self.owners).add(&place, ids)?;
        Ok(())
    }

    /// Replaces what was accepted here by what the vault is now.
    pub fn accept(&self, vault: &Vault) -> Result<(), SessionError> {
        let place = self.place();
        self.pins().accept(&place, &self.held_pin(vault))?;
        let ids = vault.file().entries.keys().copied();
        Seen::new(self.state.as_deref(), self.owners).add(&place, ids)?;
        Ok(())
    }

    fn held_pin(&self, vault: &Vault) -> HeldPin {
        HeldPin {
            path: self.location.vault.clone(),
            vault: vault.id(),
            chain: vault.file().chain.iter().map(PolicyEntry::line).collect(),
            heads: vault.heads().into_iter().collect(),
        }
    }

    /// The log heads that were last accepted here and are not in `vault`: an older state.
    pub fn missing_heads(&self, opened: &Opened) -> Vec<Id> {
        let heads = opened.held.iter().flat_map(|held| &held.heads);
        heads.filter(|id| !opened.vault.file().entries.contains_key(*id)).copied().collect()
    }

    pub(super) fn cache(&self) -> Cache {
        Cache::new(self.state.as_deref(), self.owners)
    }

    fn pins(&self) -> Pins {
        Pins::new(self.state.as_deref(), self.owners)
    }

    pub fn place(&self) -> Place {
        Place::of(&self.location)
    }
}

fn chain_ids(held: &HeldPin) -> Vec<Id> {
    held.chain.iter().map(|line| PolicyEntry::id_of_line(line)).collect()
}

fn chain_of(held: &HeldPin) -> Result<Chain, SessionError> {
    let entries: Result<Vec<PolicyEntry>, _> =
        held.chain.iter().map(|text| line::parse(text)).collect();
    Chain::build(&entries.map_err(SessionError::PinnedLine)?, Signatures::Trusted)
        .map_err(SessionError::PinnedChain)
}
