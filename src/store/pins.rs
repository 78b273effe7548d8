//! The policy chain last accepted at each place, one file a place.
//!
//! What the chain means is judged in layer 3. Here it can only grow, but by [`Pins::accept`]; and
//! a file that cannot be read is an error, never "no pin", which would turn the protection off.

use super::atomic::{self, Expected};
use super::error::WriteError;
use super::lock::{Lock, LockError};
use super::owners::Owners;
use super::pin_folder::PinFolder;
use super::place::Place;
use super::private::{self, PrivateError};
use super::read::ReadError;
use crate::crypto::bytes::Id;
use crate::policy::entry::PolicyEntry;
use crate::vault::line::{self, LineError};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The longest pin that is written and read: 64 MiB, some 100,000 policy entries.
const LIMIT: u64 = 64 << 20;

const FORMAT: u32 = 1;

/// What this device last accepted at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPin {
    /// Where the vault stood when the pin was written, for messages: a path that is not Unicode
    /// comes back with replacement characters.
    pub path: PathBuf,
    /// The hash of genesis.
    pub vault: Id,
    /// The lines of the policy entries, genesis first.
    pub chain: Vec<String>,
    /// The log heads last accepted.
    pub heads: Vec<Id>,
}

/// What became of a pin that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Saved {
    /// There is no state folder: nothing is remembered.
    NoState,
    /// What is stored says the same already, maybe under another worktree's path.
    Unchanged,
    /// The stored chain continues this one and stays, with its heads.
    Kept,
    Written,
}

/// Why a pin or the list of seen entries was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    #[error(
        "the pin {file} is damaged, so nothing tells whether {vault} is the vault accepted before; \
         compare its fingerprint with a colleague's, then run 'v-secure pin accept'"
    )]
    Damaged { file: PathBuf, vault: PathBuf, source: PinDamage },
    #[error("the pin {file} was written by a newer v-secure (pin format {format}); use that one")]
    Newer { file: PathBuf, format: u32 },
    /// Two processes accepted different chains; the second is not written.
    #[error(
        "the pin {file} holds another policy chain for {vault}; if this one is the right one, run \
         'v-secure pin accept'"
    )]
    Differs { file: PathBuf, vault: PathBuf },
    /// A caller's mistake: what could not be read again is not written.
    #[error("this cannot be a pin")]
    Unfit(#[source] PinDamage),
    #[error(transparent)]
    Private(#[from] PrivateError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("cannot add to {path}")]
    Append { path: PathBuf, source: io::Error },
}

impl PinError {
    /// Whether the disk or its permissions are in the way, and not what the pin says.
    pub fn is_of_storage(&self) -> bool {
        matches!(self, Self::Private(_) | Self::Lock(_) | Self::Write(_) | Self::Append { .. })
    }
}

/// What is wrong with a pin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinDamage {
    #[error("it is {len} bytes long; at most {limit} are read")]
    TooLarge { len: u64, limit: u64 },
    #[error("it is not text")]
    NotText,
    #[error("it is not one whole line")]
    NotALine,
    #[error(transparent)]
    Line(LineError),
    #[error("its policy chain does not begin with the genesis of vault {vault}")]
    NotItsGenesis { vault: Id },
}

/// The pins of this device.
#[derive(Debug, Clone)]
pub struct Pins {
    folder: PinFolder,
}

impl Pins {
    /// Pins in `state/pins`; without a state folder there are none and none are kept.
    pub fn new(state: Option<&Path>, owners: Owners) -> Self {
        Self { folder: PinFolder::new(state, owners) }
    }

    /// What was last accepted at `place`; `None` if nothing was.
    pub fn load(&self, place: &Place) -> Result<Option<HeldPin>, PinError> {
        let Some(folder) = self.folder.existing()? else { return Ok(None) };
        let file = folder.join(file_name(place));
        let damaged =
            |source| PinError::Damaged { file: file.clone(), vault: place.vault().into(), source };
        let bytes = match private::read_own(&file, LIMIT, self.folder.owners) {
            Ok(bytes) => bytes,
            Err(PrivateError::Read(ReadError::Missing { .. })) => return Ok(None),
            Err(PrivateError::Read(ReadError::TooLarge { len, limit, .. })) => {
                return Err(damaged(PinDamage::TooLarge { len, limit }));
            }
            Err(error) => return Err(error.into()),
        };
        match parse(&bytes) {
            Ok(pin) => Ok(Some(pin)),
            Err(source) => match newer_format(&bytes) {
                Some(format) => Err(PinError::Newer { file, format }),
                None => Err(damaged(source)),
            },
        }
    }

    /// Keeps what was accepted at `place`. Writes nothing where that is stored already, nor where
    /// the stored chain continues this one: another process or branch was further on.
    ///
    /// # Errors
    /// [`PinError::Differs`] where neither chain continues the other.
    pub fn save(&self, place: &Place, pin: &HeldPin) -> Result<Saved, PinError> {
        check(pin).map_err(PinError::Unfit)?;
        if let Some(saved) = self.settled(place, pin)? {
            return Ok(saved);
        }
        let Some(lock) = self.folder.lock()? else { return Ok(Saved::NoState) };
        // Asked again: another process may have written before this one had the lock.
        match self.settled(place, pin)? {
            Some(saved) => Ok(saved),
            None => write(&lock, place, pin),
        }
    }

    /// Puts `pin` in the place of whatever is stored, damaged or of another vault: what
    /// `pin accept` does once the user has said so.
    pub fn accept(&self, place: &Place, pin: &HeldPin) -> Result<Saved, PinError> {
        check(pin).map_err(PinError::Unfit)?;
        match self.folder.lock()? {
            Some(lock) => write(&lock, place, pin),
            None => Ok(Saved::NoState),
        }
    }

    /// Why `pin` needs no write, if it needs none.
    fn settled(&self, place: &Place, pin: &HeldPin) -> Result<Option<Saved>, PinError> {
        let Some(stored) = self.load(place)? else { return Ok(None) };
        match compare(&stored.chain, &pin.chain) {
            // Not the path: two worktrees would write it in turn.
            Growth::Same if stored.chain == pin.chain && stored.heads == pin.heads => {
                Ok(Some(Saved::Unchanged))
            }
            Growth::Same | Growth::Longer => Ok(None),
            Growth::Shorter => Ok(Some(Saved::Kept)),
            Growth::Parted => {
                // `load` has found the folder.
                let folder = self.folder.existing()?.unwrap_or_default();
                let file = folder.join(file_name(place));
                Err(PinError::Differs { file, vault: place.vault().into() })
            }
        }
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

/// The file's one line; key order is the field order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    path: String,
    vault: Id,
    chain: Vec<String>,
    heads: Vec<Id>,
}

/// As much as every format has.
#[derive(Deserialize)]
struct AnyFormat {
    format: u32,
}

fn parse(bytes: &[u8]) -> Result<HeldPin, PinDamage> {
    let text = std::str::from_utf8(bytes).map_err(|_| PinDamage::NotText)?;
    let text = text.strip_suffix('\n').ok_or(PinDamage::NotALine)?;
    let stored: Stored = line::parse(text).map_err(PinDamage::Line)?;
    let Stored { path, vault, chain, heads, .. } = stored;
    let pin = HeldPin { path: path.into(), vault, chain, heads };
    check(&pin)?;
    Ok(pin)
}

fn newer_format(bytes: &[u8]) -> Option<u32> {
    let found: AnyFormat = serde_json::from_slice(bytes).ok()?;
    Some(found.format).filter(|format| *format != FORMAT)
}

fn check(pin: &HeldPin) -> Result<(), PinDamage> {
    match pin.chain.first() {
        Some(genesis) if PolicyEntry::id_of_line(genesis) == pin.vault => Ok(()),
        _ => Err(PinDamage::NotItsGenesis { vault: pin.vault }),
    }
}

fn write(lock: &Lock, place: &Place, pin: &HeldPin) -> Result<Saved, PinError> {
    let mut text = line::write(&Stored {
        format: FORMAT,
        path: pin.path.to_string_lossy().into_owned(),
        vault: pin.vault,
        chain: pin.chain.clone(),
        heads: pin.heads.clone(),
    });
    text.push('\n');
    let len = text.len() as u64;
    if len > LIMIT {
        return Err(PinError::Unfit(PinDamage::TooLarge { len, limit: LIMIT }));
    }
    let target = lock.folder().join(file_name(place));
    atomic::replace(lock, &target, text.as_bytes(), private::FILE_MODE, Expected::Any)?;
    Ok(Saved::Written)
}

fn file_name(place: &Place) -> String {
    format!("{}.json", place.id())
}

#[cfg(test)]
mod tests;
