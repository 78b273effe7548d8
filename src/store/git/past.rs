//! Older states of the vault file, from git's history: which there are, newest first, and each one's
//! text in a stream.
//!
//! However long the history is and however large its files, one of them is looked at at a time, and
//! none is held.

use crate::store::file::find::Location;
use crate::store::git::command as git_command;
use crate::store::git::unfinished as git_unfinished;
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use v_secure_core::file::format::MAX_FILE;

/// How many states are looked at: a commit an hour for six years.
pub(crate) const MOST: usize = 50_000;
/// The longest line of git's that is read: ids, and a path of the longest length.
const LINE: u64 = 4096 + 256;

/// Why there is no history to look at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PastError {
    #[error("git cannot be run")]
    Run(#[source] io::Error),
    #[error("git does not list the commits of the vault")]
    List,
    #[error("git's answer cannot be read")]
    Read(#[source] io::Error),
}

/// Every vault of the repository: a folder that was moved has its earlier states at another path.
const VAULTS: &str = ":(top,glob)**/.v-secure/vault.toml";

/// The states of vaults, by the ids that git gives their contents, newest first, none twice.
#[derive(Debug, Default)]
pub struct States {
    pub ids: Vec<String>,
    /// Whether there are more than [`MOST`].
    pub more: bool,
}

/// Every state of the vault, and of any other at whatever path, in any commit that a branch, a tag, a
/// stash or the reflog leads to.
///
/// # Errors
/// There is no git, or no repository, or it lacks folders that would tell.
pub fn states(location: &Location) -> Result<States, PastError> {
    listed(location, &["--all", "--reflog"], &[VAULTS, &own_path(location)])
}

/// The same, after those of this vault that what is checked out and what is merged into it come from: who
/// pushes another branch, with what dates it likes, could else put more before them than are looked at.
///
/// # Errors
/// As [`states`].
pub fn nearest_states(location: &Location) -> Result<States, PastError> {
    // Before the first commit there are none.
    let near = listed(location, &["HEAD"], &[&own_path(location)]).unwrap_or_default().ids;
    let all = states(location)?;
    let known: BTreeSet<&String> = near.iter().collect();
    let others = all.ids.iter().filter(|id| !known.contains(id)).cloned().collect::<Vec<_>>();
    let mut ids = [near, others].concat();
    let more = all.more || ids.len() > MOST;
    ids.truncate(MOST);
    Ok(States { ids, more })
}

/// Whether this is a clone that leaves contents out until git needs them (`--filter`), which the git that is
/// run here never fetches.
pub fn is_partial(location: &Location) -> bool {
    let asked = ["config", "--get-regexp", r"^remote\..*\.promisor$"];
    git_command::text(&location.folder, &asked).is_some()
}

fn own_path(location: &Location) -> String {
    let name = location.vault.file_name().unwrap_or_default().to_string_lossy();
    format!(":(literal)./{name}")
}

/// The states in what some commits, and those that are being merged, lead to.
fn listed(location: &Location, from: &[&str], paths: &[&str]) -> Result<States, PastError> {
    // `rev-list`, not `log`, which is made for people and runs what a configuration names to check
    // signatures. Without --full-history a merge would hide the branch that it took nothing of. A merge of
    // what was fetched by address alone has no ref.
    let merged = git_unfinished::merged(&location.folder);
    let mut asked = [&["rev-list", "--full-history"], from].concat();
    asked.extend(merged.iter().map(String::as_str));
    asked.push("--");
    asked.extend(paths);
    let mut commits = plumbing(location, &asked, Stdio::null()).spawn().map_err(PastError::Run)?;
    // Its own list of objects knows no pattern. What a file became in each commit is each state of it.
    let asked = ["diff-tree", "--stdin", "-r", "-m", "--root", "--no-commit-id", "--no-renames"];
    let asked = [&asked[..], &["--raw", "--no-abbrev", "--"], paths].concat();
    let input = commits.stdout.take().map_or_else(Stdio::null, Stdio::from);
    let changes = plumbing(location, &asked, input).spawn();
    let listed = changes.map_err(PastError::Run).and_then(read_states);
    // Nobody reads the rest of a list that is cut.
    let is_cut = !matches!(&listed, Ok(states) if !states.more);
    if is_cut {
        let _ = commits.kill();
    }
    let ended = commits.wait().map_err(PastError::Read)?;
    if is_cut || ended.success() { listed } else { Err(PastError::List) }
}

fn plumbing(location: &Location, asked: &[&str], input: Stdio) -> Command {
    let mut command = git_command::git(&location.folder);
    command.arg("--no-replace-objects").args(asked).stdin(input);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn read_states(mut changes: Child) -> Result<States, PastError> {
    let listed = changes.stdout.take().map(|out| list(&mut BufReader::new(out)));
    let cut = matches!(&listed, Some(Ok(states)) if states.more) && changes.kill().is_ok();
    let ended = changes.wait().map_err(PastError::Read)?;
    match listed {
        Some(Ok(states)) if cut || ended.success() => Ok(states),
        Some(Err(error)) => Err(PastError::Read(error)),
        _ => Err(PastError::List),
    }
}

/// Lines of two modes, two ids, a letter and a path; the id of what is not there any more is zeros.
fn list(out: &mut dyn BufRead) -> io::Result<States> {
    let (mut states, mut known) = (States::default(), BTreeSet::new());
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut *out).take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(states);
        }
        let text = String::from_utf8_lossy(&line);
        let id = text.strip_prefix(':').and_then(|text| text.split(' ').nth(3));
        let Some(id) = id.filter(|id| is_id(id)) else { continue };
        if known.insert(id.to_owned()) {
            states.more = states.ids.len() == MOST;
            if states.more {
                return Ok(states);
            }
            states.ids.push(id.to_owned());
        }
    }
}

fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit()) && text.bytes().any(|byte| byte != b'0')
}

/// Gives the contents of states.
pub struct Contents {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

impl Contents {
    /// # Errors
    /// There is no git.
    pub fn of(location: &Location) -> Result<Self, PastError> {
        let mut command = git_command::git(&location.folder);
        command.args(["--no-replace-objects", "cat-file", "--batch"]).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(PastError::Run)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(ask), Some(answer)) => Ok(Self { child, ask, answer: BufReader::new(answer) }),
            _ => Err(PastError::List),
        }
    }

    /// Lets `look` read a state; one that git does not have, or that is longer than a vault, is
    /// passed over. Whether git has it.
    ///
    /// # Errors
    /// git ended, or does not answer as it should.
    pub fn look(
        &mut self,
        id: &str,
        look: impl FnOnce(&mut dyn BufRead) -> io::Result<()>,
    ) -> Result<bool, PastError> {
        self.asked(id, look).map_err(PastError::Read)
    }

    fn asked(
        &mut self,
        id: &str,
        look: impl FnOnce(&mut dyn BufRead) -> io::Result<()>,
    ) -> io::Result<bool> {
        writeln!(self.ask, "{id}")?;
        self.ask.flush()?;
        let mut head = String::new();
        (&mut self.answer).take(LINE).read_line(&mut head)?;
        let mut words = head.split_whitespace().skip(1);
        let (kind, length) = (words.next(), words.next());
        let Some(length) = length.and_then(|text| text.parse::<u64>().ok()) else {
            // `ID missing`, or nothing any more.
            return if kind == Some("missing") {
                Ok(false)
            } else {
                Err(io::ErrorKind::InvalidData.into())
            };
        };
        let mut content = (&mut self.answer).take(length);
        if kind == Some("blob") && length <= MAX_FILE as u64 {
            look(&mut content)?;
        }
        io::copy(&mut content, &mut io::sink())?;
        (&mut self.answer).take(1).read_to_end(&mut Vec::new())?;
        Ok(true)
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        // It may be writing what nobody reads any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
