//! The ledger of each vault ([`v_secure_core::vault::ledger`]): records one after the other, of which a later
//! one about the same entry holds. New entries are added; where records change, since a longer chain
//! judged them, the file is written anew.
//!
//! What cannot be read is as if it were not there, which costs trust and gives none.

use super::pins::PinError;
use super::pins::folder::PinFolder;
use crate::store::file::atomic;
use crate::store::file::atomic::Expected;
use crate::store::file::lock::Lock;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use crate::store::file::read::ReadError;
use crate::store::sys;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use v_secure_core::crypto::id::{EntryId, VaultId};
use v_secure_core::vault::ledger::{Flaw, Judged, Ledger, LedgerVerdict};

/// Names the format; what begins otherwise is not read.
const MAGIC: &[u8] = b"v-secure ledger 1\n";

/// The longest ledger: 64 MiB, some 1.7 million entries.
const LIMIT: usize = 64 << 20;

/// Bytes that are read at a time, unless one record is longer.
const PIECE: usize = 1 << 15;

/// Id, length of the chain, number of ops that have a flaw.
const FIXED: usize = 32 + 4 + 2;

/// Of a void op's number: it counted here before.
const COUNTED: u16 = 0x8000;

/// Of an op's number, which is below 1,000: it is a rotation, and not void.
const ROTATION: u16 = 0x4000;

/// The ledger of one vault.
#[derive(Debug, Clone)]
pub struct LedgerFile {
    folder: PinFolder,
    name: String,
    limit: usize,
}

impl LedgerFile {
    /// In `state/pins`; without a state folder nothing is remembered.
    pub fn new(state: Option<&Path>, owners: Owners, vault: &VaultId) -> Self {
        let folder = PinFolder::new(state, owners);
        Self { folder, name: format!("{vault}.ledger"), limit: LIMIT }
    }

    pub fn load(&self) -> Result<Ledger, PinError> {
        self.load_of(&Asked::All)
    }

    fn load_of(&self, asked: &Asked) -> Result<Ledger, PinError> {
        match self.folder.existing()? {
            Some(folder) => Ok(self.read(&folder.join(&self.name), asked)?.0),
            None => Ok(Ledger::default()),
        }
    }

    /// Remembers how a chain of `chain` entries judged a file's entries; locks nothing where all of it is known.
    pub fn add(&self, judged: &[Judged], chain: usize) -> Result<(), PinError> {
        let len = u32::try_from(chain).unwrap_or(u32::MAX);
        match self.load_of(&Asked::of(judged))?.news(judged, len).is_empty() {
            true => Ok(()),
            false => self.add_new(judged, chain),
        }
    }

    /// [`LedgerFile::add`] of what surely has something new: what is there is read once, under the lock.
    pub(crate) fn add_new(&self, judged: &[Judged], chain: usize) -> Result<(), PinError> {
        let chain = u32::try_from(chain).unwrap_or(u32::MAX);
        match self.folder.lock()? {
            Some(lock) => self.write(&lock, judged, chain),
            None => Ok(()),
        }
    }

    /// Forgets what was remembered and begins with these.
    pub fn replace(&self, judged: &[Judged], chain: usize) -> Result<(), PinError> {
        let chain = u32::try_from(chain).unwrap_or(u32::MAX);
        let news = Ledger::default().news(judged, chain);
        match self.folder.lock()? {
            Some(lock) => self.rewrite(&lock, &Ledger::default(), news),
            None => Ok(()),
        }
    }

    fn write(&self, lock: &Lock, judged: &[Judged], chain: u32) -> Result<(), PinError> {
        let path = lock.folder().join(&self.name);
        // Asked here, whatever was asked before: another process may have written before this one had the lock.
        let (known, whole) = self.read(&path, &Asked::of(judged))?;
        let news = known.news(judged, chain);
        if news.is_empty() {
            return Ok(());
        }
        if whole > 0 && !news.iter().any(|(id, _)| known.0.contains_key(id)) {
            return self.append(lock, whole, &news);
        }
        self.rewrite(lock, &self.read(&path, &Asked::All)?.0, news)
    }

    fn append(
        &self,
        lock: &Lock,
        whole: usize,
        news: &[(EntryId, LedgerVerdict)],
    ) -> Result<(), PinError> {
        let path = lock.folder().join(&self.name);
        let added = self.limited(whole, news.iter());
        let file = private::open_append(&path, self.folder.owners)?;
        let failed = |source| PinError::Append { path: path.clone(), source };
        cut(&file, &path, whole as u64).map_err(failed)?;
        append(file, &added).map_err(failed)
    }

    /// The new records first: where there is no room for all, those of other states go.
    fn rewrite(
        &self,
        lock: &Lock,
        old: &Ledger,
        news: Vec<(EntryId, LedgerVerdict)>,
    ) -> Result<(), PinError> {
        let changed: HashSet<EntryId> = news.iter().map(|(id, _)| *id).collect();
        let kept = old.0.iter().filter(|(id, _)| !changed.contains(*id));
        let kept = kept.map(|(id, verdict)| (*id, verdict.clone()));
        let all: Vec<(EntryId, LedgerVerdict)> = news.into_iter().chain(kept).collect();
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.limited(MAGIC.len(), all.iter()));
        let target = lock.folder().join(&self.name);
        atomic::replace(lock, &target, &bytes, private::FILE_MODE, Expected::Any)?;
        Ok(())
    }

    /// As many records as fit behind `len` bytes.
    fn limited<'a>(
        &self,
        len: usize,
        all: impl Iterator<Item = &'a (EntryId, LedgerVerdict)>,
    ) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (id, verdict) in all {
            let record = record(id, verdict);
            if len + bytes.len() + record.len() > self.limit {
                break;
            }
            bytes.extend(record);
        }
        bytes
    }

    /// [`parse`] of a file, of which there may be none.
    fn read(&self, path: &Path, asked: &Asked) -> Result<(Ledger, usize), PinError> {
        let failed = |source| PrivateError::Io { path: path.into(), source };
        match private::open_growing(path, self.limit as u64, self.folder.owners) {
            Ok(file) => Ok(parse(file, asked).map_err(failed)?),
            Err(PrivateError::Read(ReadError::Missing { .. } | ReadError::TooLarge { .. })) => {
                Ok((Ledger::default(), 0))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn record(id: &EntryId, verdict: &LedgerVerdict) -> Vec<u8> {
    let mut bytes = id.0.to_vec();
    bytes.extend(verdict.chain.to_le_bytes());
    bytes.extend((verdict.ops.len() as u16).to_le_bytes());
    for (op, flaw) in &verdict.ops {
        let mark = match flaw {
            Flaw::Void { counted: true } => COUNTED,
            Flaw::Void { counted: false } => 0,
            Flaw::Rotation => ROTATION,
        };
        bytes.extend((op | mark).to_le_bytes());
    }
    bytes
}

/// The records of what is asked for, and up to which byte all of them are whole: a killed writer leaves a torn last one.
/// Piece by piece: of a ledger of years little is asked for, and to hand out memory for all of it takes the system longer
/// than reading it.
fn parse(mut file: impl Read, asked: &Asked) -> io::Result<(Ledger, usize)> {
    let (mut ledger, mut held, mut filled, mut whole) = (Ledger::default(), vec![0; PIECE], 0, 0);
    loop {
        filled += fill(&mut file, &mut held[filled..])?;
        let mut rest = &held[..filled];
        if whole == 0 {
            let Some(records) = rest.strip_prefix(MAGIC) else { break };
            rest = records;
        }
        while let Some((record, after)) = split_one(rest) {
            if asked.has(&record.entry) {
                ledger.0.insert(record.entry, record.verdict());
            }
            rest = after;
        }
        let left = rest.len();
        whole += filled - left;
        if filled < held.len() {
            break;
        }
        held.copy_within(filled - left.., 0);
        filled = left;
        if left == held.len() {
            held.resize(2 * left, 0);
        }
    }
    Ok((ledger, whole))
}

/// Reads until `room` is full or nothing is left; how much there was.
fn fill(file: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match file.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A record as it stands in the file.
struct Record<'a> {
    entry: EntryId,
    chain: u32,
    ops: &'a [u8],
}

fn split_one(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let (fixed, rest) = bytes.split_first_chunk::<FIXED>()?;
    let (id, numbers) = fixed.split_first_chunk::<32>()?;
    let (chain, count) = numbers.split_first_chunk::<4>()?;
    let count = usize::from(u16::from_le_bytes(count.try_into().ok()?));
    let (ops, rest) = rest.split_at_checked(2 * count)?;
    Some((Record { entry: EntryId(*id), chain: u32::from_le_bytes(*chain), ops }, rest))
}

impl Record<'_> {
    fn verdict(&self) -> LedgerVerdict {
        let flaw = |number: &[u8; 2]| {
            let number = u16::from_le_bytes(*number);
            let flaw = match number & ROTATION {
                0 => Flaw::Void { counted: number & COUNTED != 0 },
                _ => Flaw::Rotation,
            };
            (number & !COUNTED & !ROTATION, flaw)
        };
        let ops = self.ops.as_chunks::<2>().0.iter().map(flaw).collect();
        LedgerVerdict { chain: self.chain, ops }
    }
}

/// Of which entries the records are wanted. A device keeps those of every entry that it ever saw, and a file has few of
/// them once its log is closed.
enum Asked {
    All,
    /// These. Most others are told by the first two bytes of their ids, without a search.
    Some {
        beginnings: Box<[u64; 1 << 10]>,
        ids: HashSet<EntryId>,
    },
}

impl Asked {
    fn of(judged: &[Judged]) -> Self {
        let mut beginnings = Box::new([0; 1 << 10]);
        for one in judged {
            let (at, bit) = beginning(&one.entry);
            beginnings[at] |= bit;
        }
        Self::Some { beginnings, ids: judged.iter().map(|one| one.entry).collect() }
    }

    fn has(&self, entry: &EntryId) -> bool {
        match self {
            Self::All => true,
            Self::Some { beginnings, ids } => {
                let (at, bit) = beginning(entry);
                beginnings[at] & bit != 0 && ids.contains(entry)
            }
        }
    }
}

/// The place of the bit for an id's first two bytes, and the bit.
fn beginning(entry: &EntryId) -> (usize, u64) {
    let first = usize::from(u16::from_le_bytes([entry.0[0], entry.0[1]]));
    (first / 64, 1 << (first % 64))
}

/// Cuts off what is behind the whole records.
fn cut(file: &File, path: &Path, whole: u64) -> io::Result<()> {
    if file.metadata()?.len() != whole {
        sys::cut(file, path, whole)?;
    }
    Ok(())
}

fn append(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_data()
}

#[cfg(test)]
mod tests;
