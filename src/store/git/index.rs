//! What the index has: files, their staged content, and what differs from a commit.

use super::command::{blob, bytes_of, git, paths, text, with_path};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Stdio;

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

/// What the index holds of a file in place of a merge: 1 what both sides began from, 2 what was checked out, 3
/// what came in.
pub fn side(file: &Path, stage: u8) -> Option<Vec<u8>> {
    let (name, folder) = file.file_name()?.to_str().zip(file.parent())?;
    blob(folder, &with_path(&format!(":{stage}:./"), Path::new(name)))
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
pub(crate) fn history_of_index(
    folder: &Path,
    vault: &Path,
    is_wanted: impl Fn(&str) -> bool,
) -> BTreeMap<String, Vec<u8>> {
    let beside = vault.with_file_name("history");
    let Some(pathspec) = beside.to_str().map(|path| format!(":(top,literal){path}")) else {
        return BTreeMap::new();
    };
    let asked = ["ls-files", "--cached", "-z", "--full-name", "--", &pathspec];
    let files = paths(folder, &asked).unwrap_or_default().into_iter();
    // What stands in a folder of its own there is no part of it.
    let files = files.filter(|path| path.parent() == Some(&beside)).filter_map(|path| {
        let name = path.file_name()?.to_str().filter(|name| is_wanted(name))?.to_owned();
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
