//! By what a repository is known again elsewhere: the commits without parents that its history
//! begins with.
//!
//! What a repository says beside its commits counts for nothing: replacements, grafts and the file
//! in which git keeps parents for speed may come with a copied `.git`. A shallow clone begins
//! with commits that have parents elsewhere; whoever has those can tell what they go back to.

use crate::store::git::command::git;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A million commits take about as long.
const WAIT: Duration = Duration::from_secs(5);
/// Of ids of 64 characters, some thousand.
const LIMIT: u64 = 64 << 10;

/// What a folder's history begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum History {
    /// There is no repository, or none with a commit.
    None,
    /// What the commit that is checked out goes back to.
    Roots(Vec<String>),
    /// git does not say, or not in time.
    Unclear,
}

/// The history that `folder`, or the nearest one above it that is there, is in: what is checked out there.
pub fn history(folder: &Path) -> History {
    history_of(folder, &[])
}

/// The same of all that the repository has. Whoever may push can push a branch with the history of another
/// project, and it may be the one that is checked out; the own history is another branch's then.
pub(crate) fn whole_history(folder: &Path) -> History {
    history_of(folder, &["--all"])
}

fn history_of(folder: &Path, refs: &[&str]) -> History {
    let folder = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(folder);
    if let Some(roots) = roots(folder, refs, &["HEAD".to_owned()]) {
        return History::Roots(roots);
    }
    // A branch that is yet to begin, in a repository that has others, is not one without commits.
    match answer(&mut asked(folder, &["rev-list", "--all", "--max-count=1"])) {
        // What was fetched and is on no branch yet is the history of somebody all the same.
        Some(commit) if commit.is_empty() && has_fetched(folder) => return History::Unclear,
        Some(commit) if commit.is_empty() => return History::None,
        Some(_) => return History::Unclear,
        None => {}
    }
    // Whether there is one is told by its name where git does not run, and by git where variables
    // alone know of it.
    let is_in_one = folder.ancestors().any(is_root)
        || answer(&mut asked(folder, &["rev-parse", "--git-dir"])).is_some();
    if is_in_one { History::Unclear } else { History::None }
}

/// Whether a folder is the root of a working tree.
pub fn is_root(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok()
}

fn has_fetched(folder: &Path) -> bool {
    let asked = answer(&mut asked(folder, &["rev-parse", "--git-path", "FETCH_HEAD"]));
    asked.is_none_or(|path| folder.join(path.trim_end()).exists())
}

/// Whether all of `commits` are in the repository of `folder` and go back to `roots` and nothing else.
pub(crate) fn go_back_to(folder: &Path, commits: &[String], roots: &[String]) -> bool {
    self::roots(folder, &[], commits)
        .is_some_and(|found| found.iter().all(|one| roots.contains(one)))
}

/// Whether a repository has a commit, as far as its folder shows without git being run.
pub(crate) fn has_commits(common_dir: &Path) -> bool {
    const HEAD: u64 = 4096;
    if common_dir.join("reftable").is_dir() {
        return true;
    }
    let Ok(head) = crate::store::file::read::read(&common_dir.join("HEAD"), HEAD) else {
        return false;
    };
    match std::str::from_utf8(&head.bytes).map(|text| text.trim().strip_prefix("ref: ")) {
        Ok(Some(name)) => {
            common_dir.join(name).is_file() || common_dir.join("packed-refs").is_file()
        }
        Ok(None) => true,
        Err(_) => false,
    }
}

fn roots(folder: &Path, refs: &[&str], commits: &[String]) -> Option<Vec<String>> {
    let mut command = asked(folder, &["rev-list", "--max-parents=0"]);
    let text = answer(command.args(refs).arg("--end-of-options").args(commits).arg("--"))?;
    let roots: Vec<String> = text.lines().map(str::to_owned).collect();
    (!roots.is_empty()).then_some(roots)
}

fn asked(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = git(folder);
    command.args(["-c", "core.commitGraph=false", "--no-replace-objects"]);
    command.args(arguments).env("GIT_GRAFT_FILE", "/dev/null");
    command
}

/// What a command prints, if it does so in time and succeeds.
fn answer(command: &mut Command) -> Option<String> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let out = child.stdout.take();
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = out.map(|out| out.take(LIMIT).read_to_string(&mut text));
        let _ = send.send(matches!(read, Some(Ok(_))).then_some(text));
    });
    let text = receive.recv_timeout(WAIT).ok().flatten();
    if text.is_none() {
        let _ = child.kill();
    }
    let ended = child.wait().ok()?;
    text.filter(|_| ended.success())
}
