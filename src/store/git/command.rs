//! Questions to the `git` command, which knows its own files best. Where it is missing, the answer
//! is the one that costs nothing.

use crate::host::{Environment, real::RealHost};
use crate::store::file::read;
use crate::store::git::variables as git_variables;
use crate::store::sys;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use v_secure_core::convert::inject::is_own_variable;

/// Whether git tracks a file.
pub(crate) fn is_tracked(file: &Path) -> bool {
    let Some(name) = file.file_name() else { return false };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut pathspec = OsString::from(":(literal)./");
    pathspec.push(name);
    git(folder.unwrap_or(Path::new(".")))
        .args(["ls-files", "--error-unmatch", "--"])
        .arg(pathspec)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

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

/// Whether a file has CRLF here where the index has LF, which is what git's `core.autocrlf` makes of it.
pub(crate) fn has_other_line_ends(file: &Path) -> bool {
    let Some((name, folder)) = file.file_name().and_then(|name| name.to_str()).zip(file.parent())
    else {
        return false;
    };
    let listed = text(folder, &["ls-files", "--eol", "--", &format!(":(literal)./{name}")]);
    listed.is_some_and(|line| line.starts_with("i/lf") && line.contains("w/crlf"))
}

/// Whether the index has the sides of a merge in place of `path`, which is relative to the root.
pub(crate) fn is_unmerged(folder: &Path, path: &Path) -> bool {
    lists_sides(folder, &with_path(":(top,literal)", path))
}

fn lists_sides(folder: &Path, pathspec: &OsStr) -> bool {
    let listed = bytes_of(git(folder).args(["ls-files", "-u", "-z", "--"]).arg(pathspec));
    listed.is_some_and(|listed| !listed.is_empty())
}

/// The commits that are being merged into the last one: several, of a merge of many branches.
pub fn merged(folder: &Path) -> Vec<String> {
    unfinished(folder, "MERGE_HEAD")
}

/// Whether one commit is being picked or taken back, which is no step of a rebase.
pub(crate) fn is_picking(folder: &Path) -> bool {
    let records = ["CHERRY_PICK_HEAD", "REVERT_HEAD"];
    records.iter().any(|name| !unfinished(folder, name).is_empty()) && !is_rebasing(folder)
}

/// Whether the commit that is being made takes another one back: git keeps no record of it where nothing
/// conflicts but the message that it prepared.
pub(crate) fn is_taking_back(folder: &Path) -> bool {
    if !unfinished(folder, "REVERT_HEAD").is_empty() {
        return true;
    }
    let Some(file) = text(folder, &["rev-parse", "--git-path", "MERGE_MSG"]) else { return false };
    let Ok(found) = read::read(&folder.join(file), MOST_UNFINISHED) else { return false };
    String::from_utf8_lossy(&found.bytes).contains("This reverts commit ")
}

/// Whether a merge, a rebase or a picked commit waits to be finished: by records of this clone, which no
/// push brings.
pub(crate) fn is_in_the_middle(folder: &Path) -> bool {
    let records = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"];
    records.iter().any(|name| !unfinished(folder, name).is_empty()) || is_rebasing(folder)
}

/// Whether a rebase is not finished, at whichever step: the name of its commit alone may outlive it.
pub(crate) fn is_rebasing(folder: &Path) -> bool {
    ["rebase-merge", "rebase-apply"].iter().any(|name| {
        text(folder, &["rev-parse", "--git-path", name])
            .is_some_and(|path| folder.join(path).symlink_metadata().is_ok())
    })
}

/// The commits that an unfinished command of git's works on, by the name of its own record. Where there
/// is none, git takes a tag of that name, which comes with a pull.
pub(crate) fn unfinished(folder: &Path, name: &str) -> Vec<String> {
    let Some(file) = text(folder, &["rev-parse", "--git-path", name]) else { return Vec::new() };
    match read::read(&folder.join(file), MOST_UNFINISHED) {
        Ok(found) => {
            let ids = String::from_utf8_lossy(&found.bytes).into_owned();
            ids.lines().filter(|id| is_object_id(id)).map(str::to_owned).collect()
        }
        // Some repositories keep it in their database of refs.
        Err(_) if refs_called(folder, name).is_empty() => {
            commit(folder, name).into_iter().collect()
        }
        Err(_) => Vec::new(),
    }
}

/// The longest record of an unfinished command that is read.
const MOST_UNFINISHED: u64 = 64 * 1024;

fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What the index holds of a file in place of a merge: 1 what both sides began from, 2 what was checked out, 3
/// what came in.
pub fn side(file: &Path, stage: u8) -> Option<Vec<u8>> {
    let (name, folder) = file.file_name()?.to_str().zip(file.parent())?;
    blob(folder, &with_path(&format!(":{stage}:./"), Path::new(name)))
}

/// The content of `path` in a commit, if both are there.
pub fn show(folder: &Path, revision: &str, path: &Path) -> Option<Vec<u8>> {
    blob(folder, &with_path(&format!("{revision}:"), path))
}

/// The content that `path` had last in any commit that a branch, a tag, a stash, the reflog or a merge that goes on
/// leads to.
pub(crate) fn last_of_any(folder: &Path, path: &Path) -> Option<Vec<u8>> {
    let own = format!(":(literal)./{}", path.to_str()?);
    let merged = merged(folder);
    let mut asked = vec!["rev-list", "--all", "--reflog", "--full-history", "--max-count=64"];
    asked.extend(merged.iter().map(String::as_str));
    asked.extend(["--", &own]);
    let commits = text(folder, &asked)?;
    let path = Path::new(".").join(path);
    // In the last one it may have been deleted.
    commits.lines().find_map(|commit| show(folder, commit, &path))
}

/// The content of `path` in the index. With its stage: a folder may be called `0:app`, and `:0:app/…`
/// is another file.
pub fn staged(folder: &Path, path: &Path) -> Option<Vec<u8>> {
    blob(folder, &with_path(":0:", path))
}

/// The same of a path relative to the folder.
pub(crate) fn staged_below(folder: &Path, path: &str) -> Option<Vec<u8>> {
    blob(folder, &with_path(":0:./", Path::new(path)))
}

/// Paths are bytes to git: what is not UTF-8 must not be passed over.
fn with_path(before: &str, path: &Path) -> OsString {
    let mut whole = OsString::from(before);
    whole.push(path);
    whole
}

fn blob(folder: &Path, name: &OsStr) -> Option<Vec<u8>> {
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

const VAULTS: &str = ":(top,glob)**/.v-secure/vault.toml";

/// The vaults (`.v-secure/vault.toml` at any depth) whose staged content differs from the last
/// commit's, relative to the root; all that are staged where there is no commit.
pub(crate) fn staged_vaults(folder: &Path) -> Option<Vec<PathBuf>> {
    staged_paths(folder, &["--", VAULTS])
}

/// The vaults beside which files of a closed history were changed or deleted since the last commit.
pub(crate) fn staged_histories(folder: &Path) -> Vec<PathBuf> {
    const HISTORIES: &str = ":(top,glob)**/.v-secure/history/*";
    let asked = ["--diff-filter=DMT", "--", HISTORIES];
    let changed = staged_paths(folder, &asked).unwrap_or_default();
    let vaults =
        changed.iter().filter_map(|path| Some(path.parent()?.with_file_name("vault.toml")));
    let found: BTreeSet<PathBuf> = vaults.collect();
    found.into_iter().collect()
}

/// The files of a closed history that the index has beside a vault, by name.
pub(crate) fn history_of_index(folder: &Path, vault: &Path) -> BTreeMap<String, Vec<u8>> {
    let beside = vault.with_file_name("history");
    let Some(pathspec) = beside.to_str().map(|path| format!(":(top,literal){path}")) else {
        return BTreeMap::new();
    };
    let asked = ["ls-files", "--cached", "-z", "--full-name", "--", &pathspec];
    let files = paths(folder, &asked).unwrap_or_default().into_iter().filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        Some((name, staged(folder, &path)?))
    });
    files.collect()
}

/// The vaults whose staged content differs from that of a commit.
pub(crate) fn vaults_unlike(folder: &Path, commit: &str) -> Option<Vec<PathBuf>> {
    staged_paths(folder, &[commit, "--", VAULTS])
}

/// All vaults of the index.
pub(crate) fn vaults_of_index(folder: &Path) -> Vec<PathBuf> {
    paths(folder, &["ls-files", "--cached", "-z", "--full-name", "--", VAULTS]).unwrap_or_default()
}

/// The paths whose staged content differs from the last commit's; `more` ends with the pathspecs.
fn staged_paths(folder: &Path, more: &[&str]) -> Option<Vec<PathBuf>> {
    let plain = ["--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all"];
    let arguments = [&["diff", "--cached", "--name-only", "-z"], &plain[..], more].concat();
    paths(folder, &arguments)
}

/// The paths that a git command lists, with `-z`.
fn paths(folder: &Path, arguments: &[&str]) -> Option<Vec<PathBuf>> {
    let listed = bytes_of(git(folder).args(arguments))?;
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(sys::path_of).collect()
}

/// The dotenv files below a folder that git tracks, or would with the next `git add`.
pub(crate) fn open_dotenvs(folder: &Path) -> Vec<String> {
    let arguments = [
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
        "--",
        ":(glob)**/.env",
        ":(glob)**/.env.*",
        ":(glob)**/*.env",
    ];
    let found = paths(folder, &arguments).unwrap_or_default();
    found.iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

/// Whether a folder is in a working tree.
pub(crate) fn is_working_tree(folder: &Path) -> bool {
    text(folder, &["rev-parse", "--is-inside-work-tree"]).as_deref() == Some("true")
}

/// The dotenv files at any depth whose staged content differs from the last commit's, relative to the
/// root.
pub(crate) fn staged_dotenvs(folder: &Path) -> Option<Vec<PathBuf>> {
    let of = [":(top,glob)**/.env", ":(top,glob)**/.env.*", ":(top,glob)**/*.env"];
    staged_paths(folder, &[&["--diff-filter=AM", "--"], &of[..]].concat())
}

/// The files whose staged content differs from the last commit's in a line that fits an expression.
pub(crate) fn staged_with(folder: &Path, expression: &str) -> Option<Vec<PathBuf>> {
    staged_paths(folder, &["--diff-filter=AM", "--text", "-G", expression])
}

/// The files of the whole index that hold what fits an expression, relative to the root.
pub(crate) fn tracked_with(root: &Path, expression: &str) -> Vec<PathBuf> {
    let plain =
        ["--full-name", "--text", "--no-textconv", "--no-recurse-submodules", "--extended-regexp"];
    let arguments =
        [&["grep", "--cached", "--files-with-matches", "-z"], &plain[..], &["-e", expression]];
    paths(root, &arguments.concat()).unwrap_or_default()
}

/// What a git command prints, less its line end; `None` if it fails or prints no text.
pub(crate) fn text(folder: &Path, arguments: &[&str]) -> Option<String> {
    text_of(git(folder).args(arguments))
}

fn text_of(command: &mut Command) -> Option<String> {
    let text = String::from_utf8(bytes_of(command)?).ok()?;
    Some(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

fn bytes_of(command: &mut Command) -> Option<Vec<u8>> {
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
