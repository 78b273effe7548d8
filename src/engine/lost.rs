//! What this device knows of a vault and its file lacks: whose it was, and whether anything else
//! here still holds it.
//!
//! Words alone depend on it: nothing is accepted by what is found here. A change that was thrown
//! away is told from a roll-back by what nobody who can push decides: this device signed it, nothing
//! that was committed holds it, and it took nothing away from anybody.

use super::accepted::chain_of;
use super::session::{OpenedVault, Session, SessionError};
use crate::store::file::find::Location;
use crate::store::file::read;
use crate::store::git::command::text;
use crate::store::git::past as git_past;
use crate::store::git::past::Contents;
use crate::store::state::pins::{Home, KnownVault, PinError};
use std::collections::HashSet;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use v_secure_core::crypto::digest::{Digest, HashContext};
use v_secure_core::crypto::id::{EntryId, VaultId};
use v_secure_core::file::format::MAX_FILE;
use v_secure_core::log::entry::Entry;
use v_secure_core::policy::describe;
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::policy::position::PolicyPosition;
use v_secure_core::record::line;
use v_secure_core::vault::Vault;
use v_secure_core::vault::demoted::{Demoted, demoted};
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::taken::Taking;

/// Policy entries that were accepted and are not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    pub entries: Vec<LostEntry>,
    pub trace: Trace,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostEntry {
    /// Where it stood in the chain.
    pub position: PolicyPosition,
    /// What it did, as `role-add x`.
    pub what: String,
    /// Whether this device alone signed it.
    pub is_own: bool,
    /// What it took away.
    pub takes: Option<Taking>,
}

/// What else holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trace {
    Nothing,
    /// A commit that a branch, a tag, a stash or the reflog leads to.
    Commit,
    /// Another place or working tree of the vault on this device.
    File(PathBuf),
    /// A commit of the repository of another place.
    CommitAt(PathBuf),
    /// There is no repository, not all of its history is here, or a place of the vault is gone, and
    /// the commits there with it.
    Unclear,
}

impl Lost {
    /// Whether these are a change of this device's own that was thrown away before anybody else had it.
    pub fn is_discarded(&self) -> bool {
        self.trace == Trace::Nothing
            && self.entries.iter().all(|one| one.is_own && one.takes.is_none())
    }
}

impl Session {
    /// What is lacking of the policy that was accepted; `None` where nothing is.
    pub fn lost(&self, opened: &OpenedVault) -> Result<Option<Lost>, SessionError> {
        self.lost_of(&opened.pin, &opened.known)
    }

    /// The same of a policy that was judged.
    pub(crate) fn lost_of(
        &self,
        pin: &PinStatus,
        known: &KnownVault,
    ) -> Result<Option<Lost>, SessionError> {
        let from = match *pin {
            PinStatus::Prefix { seen, .. } => seen,
            PinStatus::Diverged { at } => at,
            _ => return Ok(None),
        };
        let Some(chain) = &known.chain else { return Ok(None) };
        let lines = chain.lines()?;
        let (Some(first), made) = (lines.get(from), self.made_here()?) else { return Ok(None) };
        let (_, takings) = chain_of(lines)?;
        let mut entries = Vec::new();
        for (position, text) in lines.iter().enumerate().skip(from) {
            let entry: PolicyEntry = line::parse(text).map_err(SessionError::PinnedLine)?;
            let is_own = entry.sigs.iter().all(|one| made.contains(&one.key));
            let position = PolicyPosition::new(position);
            let takes = takings.get(&position).copied();
            entries.push(LostEntry { position, what: describe::entry(&entry), is_own, takes });
        }
        let trace = match entries.iter().all(|one| one.is_own) {
            true => {
                let [vault, first] = [&lines[0], first].map(|line| PolicyEntry::id_of_line(line));
                self.trace(&vault.into(), &|line| PolicyEntry::id_of_line(line) == first)?
            }
            false => Trace::Unclear,
        };
        Ok(Some(Lost { entries, trace }))
    }

    /// What the members whose keys this device made lose by the policy of `opened`.
    pub fn demoted(&self, opened: &OpenedVault) -> Result<Vec<Demoted>, SessionError> {
        self.demoted_by(&opened.vault, &opened.known)
    }

    /// The same by the policy of a vault, of what was known.
    pub(crate) fn demoted_by(
        &self,
        vault: &Vault,
        known: &KnownVault,
    ) -> Result<Vec<Demoted>, SessionError> {
        let Some(chain) = &known.chain else { return Ok(Vec::new()) };
        let (before, _) = chain_of(chain.lines()?)?;
        Ok(demoted(before.state(), vault.policy(), &self.made_here()?))
    }

    /// Whether the log entries are this device's own, and nothing here holds one of them.
    pub fn is_discarded(&self, vault: &VaultId, entries: &[EntryId]) -> Result<bool, PinError> {
        let (own, missing) = (self.written_here()?, entries.iter().collect::<HashSet<_>>());
        if !entries.iter().all(|id| own.contains(id)) {
            return Ok(false);
        }
        let digest = Digest::new(HashContext::LogEntry);
        let holds = |line: &str| missing.contains(&Entry::id_of_line(line, &digest));
        Ok(self.trace(vault, &holds)? == Trace::Nothing)
    }

    /// Another place or working tree whose file has all of these log entries.
    pub(crate) fn still_at(
        &self,
        vault: &VaultId,
        entries: &[EntryId],
    ) -> Result<Option<PathBuf>, PinError> {
        let digest = Digest::new(HashContext::LogEntry);
        let has_all = |path: &PathBuf| {
            let Ok(there) = read::read(path, MAX_FILE as u64) else { return false };
            let lines = there.bytes.split(|byte| *byte == b'\n').filter_map(record);
            let found: HashSet<EntryId> =
                lines.map(|line| Entry::id_of_line(line, &digest)).collect();
            entries.iter().all(|id| found.contains(id))
        };
        let homes = self.other_homes(vault)?.into_iter().map(|home| home.path);
        Ok(homes.chain(self.other_trees()).find(has_all))
    }

    fn trace(&self, vault: &VaultId, holds: &dyn Fn(&str) -> bool) -> Result<Trace, PinError> {
        let holds = |line: &[u8]| record(line).is_some_and(holds);
        let (homes, trees) = (self.other_homes(vault)?, self.other_trees());
        for path in homes.iter().map(|home| &home.path).chain(&trees) {
            let Ok(there) = read::read(path, MAX_FILE as u64) else { continue };
            if there.bytes.split(|byte| *byte == b'\n').any(holds) {
                return Ok(Trace::File(path.clone()));
            }
        }
        match in_commits(&self.location, &holds) {
            Some(true) => return Ok(Trace::Commit),
            Some(false) => {}
            None => return Ok(Trace::Unclear),
        }
        let mut unclear = false;
        for home in homes.into_iter().filter(|home| !home.is_in_repository) {
            match in_commits_of(&home.path, &holds) {
                Some(true) => return Ok(Trace::CommitAt(home.path)),
                Some(false) => {}
                None => unclear = true,
            }
        }
        Ok(if unclear { Trace::Unclear } else { Trace::Nothing })
    }

    fn other_homes(&self, vault: &VaultId) -> Result<Vec<Home>, PinError> {
        let mut homes = self.homes(vault)?;
        homes.retain(|home| home.path != self.location.vault);
        Ok(homes)
    }

    /// The vault's files in other working trees.
    fn other_trees(&self) -> Vec<PathBuf> {
        let place = self.place();
        let Some(repository) = place.repository() else { return Vec::new() };
        let asked = ["worktree", "list", "--porcelain"];
        let listed = text(&self.location.project, &asked).unwrap_or_default();
        let trees = listed.lines().filter_map(|line| line.strip_prefix("worktree "));
        let files = trees.map(|tree| PathBuf::from(tree).join(&repository.within));
        files.filter(|path| path != place.vault()).collect()
    }
}

/// A line that may be a signed record.
fn record(line: &[u8]) -> Option<&str> {
    let line = std::str::from_utf8(line).ok()?;
    line.starts_with('{').then(|| line.trim_end())
}

/// [`in_commits`] of a vault elsewhere. Where it is no more, its commits cannot be asked; one that is
/// in no repository has none.
fn in_commits_of(vault: &Path, holds: &dyn Fn(&[u8]) -> bool) -> Option<bool> {
    let (folder, name) = (vault.parent()?, vault.file_name()?);
    vault.symlink_metadata().ok()?;
    let location = Location::of(folder, name).ok()?;
    match location.git_common_dir {
        Some(_) => in_commits(&location, holds),
        None => Some(false),
    }
}

/// Whether a line of the vault in any commit, at whatever path, is one that is looked for; `None` where
/// none is and not every state is here to be looked at.
fn in_commits(location: &Location, holds: &dyn Fn(&[u8]) -> bool) -> Option<bool> {
    let is_shallow = location.git_common_dir.as_ref()?.join("shallow").exists();
    let states = git_past::states(location).ok()?;
    let mut is_whole = !states.more && !is_shallow;
    let mut contents = Contents::of(location).ok()?;
    for id in &states.ids {
        let mut found = None;
        let look = |text: &mut dyn BufRead| {
            found = Some(any_line(text, holds)?);
            Ok(())
        };
        contents.look(id, look).ok()?;
        match found {
            Some(true) => return Some(true),
            Some(false) => {}
            None => is_whole = false,
        }
    }
    is_whole.then_some(false)
}

fn any_line(text: &mut dyn BufRead, holds: &dyn Fn(&[u8]) -> bool) -> io::Result<bool> {
    let mut line = Vec::new();
    while text.read_until(b'\n', &mut line)? > 0 {
        if holds(&line) {
            return Ok(true);
        }
        line.clear();
    }
    Ok(false)
}
