//! A vault that git knows at a place where the working tree has none.
//!
//! Who sees no vault makes a new one, and committing that would replace the team's. So before a
//! folder counts as one without a vault, the index, the last commit, an unfinished merge and the
//! branches are asked. What git fetches on demand (a partial clone) is named and not fetched.

use crate::store::file::find::{FILE, FOLDER};
use crate::store::file::git_folder::root_and_git_dir;
use crate::store::git::command::{git, has_commit, text};
use crate::store::git::unfinished::unfinished;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A vault that git has and the working tree has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// The root of the working tree, canonical.
    pub root: PathBuf,
    /// The vault, relative to the root, as git writes paths.
    pub path: String,
    pub why: HiddenBy,
}

/// Where git has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HiddenBy {
    /// The sparse checkout leaves it out.
    Sparse,
    /// The index says that the working tree does without it.
    Skipped,
    /// The index has it, and the file is not there.
    Deleted,
    /// A merge that is not finished; which sides have it.
    Unmerged { ours: bool, theirs: bool },
    /// The last commit has it, and the index no longer.
    Removed,
    /// What is being merged or applied has it: `MERGE_HEAD` or one of its like.
    Incoming { head: &'static str },
    /// The last commit is here and its files' names are not (`clone --filter=tree:0 --no-checkout`).
    NotFetched,
    /// The branch to which an unfinished rebase goes back, or any other one.
    Branch { name: String, full: String },
}

/// The commits that an unfinished merge, rebase, cherry-pick or revert works on.
const INCOMING: [&str; 4] = ["MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"];

/// The vault that git has in `project` or in a folder above it, up to the repository's root; the
/// nearest one first. `None` where the file is there, where git knows of none and where git cannot
/// be asked.
pub fn above(project: &Path) -> Option<Hidden> {
    let (there, project) = canonical(project)?;
    let (root, _) = root_and_git_dir(&there)?;
    let folders = project.ancestors().take_while(|folder| folder.starts_with(&root));
    folders.map(|folder| Asked::of(&root, folder)).find_map(|asked| asked?.hidden())
}

/// As [`above`], in `project` alone.
pub fn at(project: &Path) -> Option<Hidden> {
    above(project).filter(|hidden| hidden.is_in(project))
}

impl Hidden {
    /// Whether it is the vault of this folder.
    pub(crate) fn is_in(&self, project: &Path) -> bool {
        let project = canonical(project).map(|(_, project)| project.join(FOLDER).join(FILE));
        project.is_some_and(|vault| vault == self.root.join(&self.path))
    }
}

/// The nearest folder that is there, and with it the folder that is meant: a sparse checkout leaves out
/// folders too.
fn canonical(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    folder.ancestors().find_map(|above| {
        let there = above.canonicalize().ok()?;
        let left_out = folder.strip_prefix(above).ok()?;
        let meant = there.join(left_out).components().collect();
        Some((there, meant))
    })
}

struct Asked {
    root: PathBuf,
    path: String,
}

impl Asked {
    fn of(root: &Path, project: &Path) -> Option<Self> {
        let vault = project.join(FOLDER).join(FILE);
        let parts: Option<Vec<&str>> =
            vault.strip_prefix(root).ok()?.iter().map(|part| part.to_str()).collect();
        let path = parts?.join("/");
        vault.symlink_metadata().is_err().then(|| Self { root: root.to_path_buf(), path })
    }

    fn hidden(self) -> Option<Hidden> {
        let why = self.in_index().or_else(|| self.in_commits());
        let why = why.or_else(|| self.not_fetched()).or_else(|| self.in_branches())?;
        Some(Hidden { root: self.root, path: self.path, why })
    }

    fn in_index(&self) -> Option<HiddenBy> {
        let pathspec = format!(":(top,literal){}", self.path);
        let listed = text(&self.root, &["ls-files", "-t", "--stage", "-z", "--", &pathspec])?;
        // `TAG MODE ID STAGE`, a tab, the path.
        let entries = listed.split('\0').filter_map(|entry| entry.split_once('\t'));
        let entries: Vec<Vec<&str>> =
            entries.map(|(facts, _)| facts.split(' ').collect()).collect();
        let has_stage = |stage| entries.iter().any(|facts| facts.last() == Some(&stage));
        match *entries.first()?.first()? {
            _ if !has_stage("0") => {
                Some(HiddenBy::Unmerged { ours: has_stage("2"), theirs: has_stage("3") })
            }
            "S" if self.is_sparse() => Some(HiddenBy::Sparse),
            "S" => Some(HiddenBy::Skipped),
            _ => Some(HiddenBy::Deleted),
        }
    }

    fn is_sparse(&self) -> bool {
        let asked = ["config", "--type=bool", "--get", "core.sparseCheckout"];
        text(&self.root, &asked).is_some_and(|answer| answer == "true")
    }

    fn in_commits(&self) -> Option<HiddenBy> {
        if self.has("HEAD") {
            return Some(HiddenBy::Removed);
        }
        let is_here = |head: &&str| unfinished(&self.root, head).iter().any(|id| self.has(id));
        let head = INCOMING.into_iter().find(is_here)?;
        Some(HiddenBy::Incoming { head })
    }

    /// Whether nobody can tell here what the last commit holds.
    fn not_fetched(&self) -> Option<HiddenBy> {
        let is_here = || text(&self.root, &["cat-file", "-e", "HEAD^{tree}"]).is_some();
        (has_commit(&self.root, "HEAD") && !is_here()).then_some(HiddenBy::NotFetched)
    }

    /// Whether a commit names the vault. Its content may be one that a partial clone does not have.
    fn has(&self, revision: &str) -> bool {
        let name = format!("{revision}:{}", self.path);
        text(&self.root, &["rev-parse", "--quiet", "--verify", "--end-of-options", &name]).is_some()
    }

    /// The first branch that has it. Its folder is asked for, since the name of a file whose content
    /// is not here would be taken for one that is nowhere.
    fn in_branches(&self) -> Option<HiddenBy> {
        let kinds = ["refs/heads", "refs/remotes"];
        let format = "--format=%(refname)";
        let refs = text(&self.root, &[&["for-each-ref", format][..], &kinds].concat())?;
        let (folder, _) = self.path.rsplit_once('/')?;
        let mut command = git(&self.root);
        command.args(["cat-file", "--batch-check"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let (mut ask, answer) = (child.stdin.take()?, child.stdout.take()?);
        let mut answer = BufReader::new(answer);
        let found = refs.lines().find(|name| {
            let mut line = String::new();
            let asked = writeln!(ask, "{name}:{folder}").and_then(|()| ask.flush());
            let read = asked.and_then(|()| answer.read_line(&mut line));
            read.is_ok() && line.split(' ').nth(1) == Some("tree") && self.has(name)
        });
        drop((ask, answer));
        let _ = child.wait();
        let full = found?.to_owned();
        let short =
            ["refs/heads/", "refs/remotes/"].iter().find_map(|kind| full.strip_prefix(kind));
        let name = short.unwrap_or(&full).to_owned();
        Some(HiddenBy::Branch { name, full })
    }
}
