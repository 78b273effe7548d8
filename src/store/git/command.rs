//! Questions to the `git` command, which knows its own files best. Where it is missing, the answer
//! is the one that costs nothing.

use crate::host::{Environment, real::RealHost};
use crate::store::git::unfinished as git_unfinished;
use crate::store::git::variables as git_variables;
use crate::store::sys;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use v_secure_core::convert::inject::is_own_variable;

/// Whether some commit here holds a file, or did.
pub(crate) fn was_committed(file: &Path) -> bool {
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return false };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let pathspec = format!(":(literal)./{name}");
    let arguments = ["rev-list", "--all", "--max-count=1", "--", &pathspec];
    text(folder.unwrap_or(Path::new(".")), &arguments).is_some_and(|commit| !commit.is_empty())
}

/// Whether git leaves a file out by a rule such as `.gitignore`'s.
pub(crate) fn is_ignored(file: &Path) -> bool {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return false };
    // It knows no `:(literal)`, and takes no signs for a pattern's.
    text(folder, &["check-ignore", "--quiet", "--", &format!("./{name}")]).is_some()
}

/// Whether git's attributes say that a file's line ends are not its own to change.
pub(crate) fn keeps_line_ends(file: &Path) -> bool {
    let folder = file.parent().unwrap_or(Path::new("."));
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return false };
    let answer = text(folder, &["check-attr", "-z", "text", "--", name]).unwrap_or_default();
    answer.split('\0').nth(2) == Some("unset")
}

/// The content of `path` in a commit, if both are there.
pub fn show(folder: &Path, revision: &str, path: &Path) -> Option<Vec<u8>> {
    blob(folder, &with_path(&format!("{revision}:"), path))
}

/// Whether a commit names a file, which is asked where its bytes are not to be had: a clone may leave them out
/// (`--filter`), or the folders that would tell.
pub(crate) fn is_left_out(folder: &Path, commit: &str, path: &Path) -> bool {
    let mut asked = git(folder);
    // As in `REV:PATH`: from this folder where the path begins with `./`, else from the root.
    let root = (!path.starts_with(".")).then_some("--full-tree");
    asked.args(["ls-tree", "-z"]).args(root).args([commit, "--"]).arg(path);
    let is_file = |listed: Vec<u8>| listed.split(|byte| *byte == b' ').nth(1) == Some(b"blob");
    has_commit(folder, commit) && bytes_of(&mut asked).is_none_or(is_file)
}

/// What `path` was in commits, newest first: in those that what is checked out and what is merged into it come from,
/// and then in all that a branch, a tag, a stash or the reflog leads to, which others may have pushed.
pub(crate) fn states_of(folder: &Path, path: PathBuf) -> impl Iterator<Item = Vec<u8>> {
    const MOST: &str = "--max-count=1024";
    let own = path.to_str().map(|path| format!(":(literal)./{path}")).unwrap_or_default();
    let merged = git_unfinished::merged(folder);
    let near = std::iter::once("HEAD").chain(merged.iter().map(String::as_str)).collect();
    let mut commits: Vec<String> = Vec::new();
    for from in [near, vec!["--all", "--reflog"]] {
        let asked = [&["rev-list", "--full-history", MOST], &from[..], &["--", &own]].concat();
        let found = text(folder, &asked).unwrap_or_default();
        let known: BTreeSet<&str> = commits.iter().map(String::as_str).collect();
        let new = found.lines().filter(|commit| !known.contains(commit));
        commits.extend(new.map(str::to_owned).collect::<Vec<_>>());
    }
    let path = Path::new(".").join(path);
    // In the last one it may have been deleted.
    commits.into_iter().filter_map(move |commit| show(folder, &commit, &path))
}

/// Paths are bytes to git: what is not UTF-8 must not be passed over.
pub(super) fn with_path(before: &str, path: &Path) -> OsString {
    let mut whole = OsString::from(before);
    whole.push(path);
    whole
}

pub(super) fn blob(folder: &Path, name: &OsStr) -> Option<Vec<u8>> {
    // Not `git show`, which is made for people: it can convert, sign-check and page.
    bytes_of(git(folder).args(["cat-file", "blob", "--end-of-options"]).arg(name))
}

/// Whether a text names a commit.
pub(crate) fn has_commit(folder: &Path, revision: &str) -> bool {
    commit(folder, revision).is_some()
}

/// The id of the commit that a text names.
pub fn commit(folder: &Path, revision: &str) -> Option<String> {
    let arguments = ["rev-parse", "--quiet", "--verify", "--end-of-options"];
    text(folder, &[&arguments[..], &[&format!("{revision}^{{commit}}")]].concat())
}

/// All that a name may mean: branches, tags, and where it is one of these and could shorten the id of a
/// commit, that commit.
pub(crate) fn meanings(folder: &Path, name: &str) -> Vec<String> {
    let mut found = refs_called(folder, name);
    if !found.is_empty() {
        found.extend(commits_abbreviated(folder, name));
    }
    found
}

/// The branches and tags that a short name may mean (gitrevisions(7), `<refname>`).
pub(crate) fn refs_called(folder: &Path, name: &str) -> Vec<String> {
    let places = ["refs/", "refs/tags/", "refs/heads/", "refs/remotes/"];
    let mut full: Vec<String> = places.iter().map(|place| format!("{place}{name}")).collect();
    full.push(format!("refs/remotes/{name}/HEAD"));
    if name.starts_with("refs/") {
        full = vec![name.to_owned()];
    }
    let mut arguments = vec!["for-each-ref", "--format=%(refname)"];
    arguments.extend(full.iter().map(String::as_str));
    let listed = text(folder, &arguments).unwrap_or_default();
    listed
        .lines()
        .filter(|found| full.iter().any(|name| name == found))
        .map(str::to_owned)
        .collect()
}

/// git itself writes no id with fewer digits; fewer are a word such as `feed` or `beef`.
const SHORTEST: usize = 7;

fn commits_abbreviated(folder: &Path, name: &str) -> Vec<String> {
    // `git describe` writes them behind a tag: `v1-3-g0c6ffee`.
    let digits = name.rsplit_once("-g").map_or(name, |(_, digits)| digits);
    let is_hex = digits.len() >= SHORTEST && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let asked = format!("--disambiguate={digits}");
    let listed = is_hex.then(|| text(folder, &["rev-parse", &asked])).flatten();
    let ids = listed.unwrap_or_default();
    ids.lines().filter(|id| has_commit(folder, id)).map(str::to_owned).collect()
}

/// The root of the working tree that a folder is in, and git's folder for hooks.
pub(crate) fn root_and_hooks(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let root = text(folder, &["rev-parse", "--show-toplevel"])?;
    // `core.hooksPath` counts; the answer is relative to the folder that git runs in.
    let mut asked = git_with_hooks(folder);
    let hooks = text_of(asked.args(["rev-parse", "--git-path", "hooks"]))?;
    Some((PathBuf::from(root), folder.join(hooks)))
}

/// The paths that a git command lists, with `-z`.
pub(super) fn paths(folder: &Path, arguments: &[&str]) -> Option<Vec<PathBuf>> {
    let listed = bytes_of(git(folder).args(arguments))?;
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(sys::path_of).collect()
}

/// Whether the program is there at all.
pub(crate) fn is_there() -> bool {
    text(Path::new("."), &["--version"]).is_some()
}

/// Whether the command of git that runs a hook of ours was typed below the root of the working tree, where hooks run.
pub(crate) fn is_started_below() -> bool {
    RealHost.variable("GIT_PREFIX").is_some_and(|folder| !folder.is_empty())
}

/// Whether a folder is in a working tree.
pub(crate) fn is_working_tree(folder: &Path) -> bool {
    text(folder, &["rev-parse", "--is-inside-work-tree"]).as_deref() == Some("true")
}

/// What a git command prints, less its line end; `None` if it fails or prints no text.
pub(crate) fn text(folder: &Path, arguments: &[&str]) -> Option<String> {
    text_of(git(folder).args(arguments))
}

fn text_of(command: &mut Command) -> Option<String> {
    let text = String::from_utf8(bytes_of(command)?).ok()?;
    Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

pub(super) fn bytes_of(command: &mut Command) -> Option<Vec<u8>> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// Settings that outrank a repository's own, which may come with an archive or, in a bare repository
/// among the files, with a commit. What such a file includes counts as its own.
///
/// An empty `core.fsmonitor` is "none" for every version; `false` is a program's name for some.
const SETTINGS: [&str; 2] = ["core.fsmonitor=", "safe.bareRepository=explicit"];

/// No object is fetched in place of one that is missing: fetching runs what the configuration names
/// for transport and credentials. The first is unknown to versions before 2.45; the second leaves
/// them no protocol to fetch by.
const VARIABLES: [(&str, &str); 4] = [
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_ALLOW_PROTOCOL", ""),
    ("GIT_TERMINAL_PROMPT", "0"),
    // Without it a question may write the index, which has a hook.
    ("GIT_OPTIONAL_LOCKS", "0"),
];

/// A git command that runs nothing that a repository's configuration names. Those used here read the
/// index, objects and rules: they filter and convert nothing, and an alias never hides a command of
/// git's own.
pub(crate) fn git(folder: &Path) -> Command {
    let mut command = git_with_hooks(folder);
    command.args(["-c", "core.hooksPath=/dev/null"]);
    command
}

/// [`git`] for the question where hooks are, which is the setting that it would replace.
#[expect(clippy::disallowed_methods, reason = "every git command starts here")]
fn git_with_hooks(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).arg("--no-pager").stdin(Stdio::null());
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.envs(VARIABLES);
    git_variables::settle(&mut command, folder, &RealHost);
    // They hold keys and commands that give them, which no child of ours needs.
    let names = RealHost.variables().into_iter().map(|(name, _)| name);
    for name in names.filter(|name| is_own_variable(name)) {
        command.env_remove(name);
    }
    command
}
