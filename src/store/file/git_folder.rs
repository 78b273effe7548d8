//! Where git keeps what all worktrees of one repository share, read without running git.
//!
//! Pins are kept by this folder besides the vault's path, so that worktrees of one clone agree.
//! Layout: gitrepository-layout(5), `gitdir:` files and `commondir`.

use super::read;
use crate::store::sys::Folder;
use std::path::{Path, PathBuf};

/// A path of the longest length that Linux takes, with its prefix and line end.
const POINTER_LIMIT: u64 = 4096 + 16;

/// The folder that all worktrees share, canonical, for the repository that `path` is in.
///
/// `None` outside a repository, and where the files that lead there are damaged: git itself
/// refuses such a repository, so there is nothing to agree with.
pub(crate) fn git_common_dir(path: &Path) -> Option<PathBuf> {
    let (_, git_dir) = root_and_git_dir(path)?;
    match pointer(&git_dir.join("commondir"), "") {
        Some(common) => git_dir.join(common).canonicalize().ok(),
        None => Some(git_dir),
    }
}

/// The root of the working tree that `path` is in, and its own git folder: each worktree has one.
pub(crate) fn root_and_git_dir(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let root = path.ancestors().find(|folder| folder.join(".git").exists())?;
    let git_dir = follow_file(&root.join(".git").canonicalize().ok()?)?;
    Some((root.to_path_buf(), git_dir))
}

/// Whether a repository has more working trees than one, by the folder that they share.
pub(crate) fn has_worktrees(common_dir: &Path) -> bool {
    let names = Folder::open(&common_dir.join("worktrees")).and_then(|folder| folder.names());
    names.is_ok_and(|names| !names.is_empty())
}

/// The git folder itself, or the one that a `.git` file names (a worktree or a submodule).
fn follow_file(dot_git: &Path) -> Option<PathBuf> {
    if dot_git.is_dir() {
        return Some(dot_git.to_path_buf());
    }
    let named = pointer(dot_git, "gitdir: ")?;
    let git_dir = dot_git.parent()?.join(named).canonicalize().ok()?;
    git_dir.is_dir().then_some(git_dir)
}

/// The path in a one-line file, after `prefix`.
fn pointer(file: &Path, prefix: &str) -> Option<PathBuf> {
    let contents = read::read(file, POINTER_LIMIT).ok()?;
    let text = std::str::from_utf8(&contents.bytes).ok()?;
    let path = text.strip_prefix(prefix)?.trim_end_matches(['\r', '\n']);
    (!path.is_empty()).then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    #[test]
    fn a_plain_repository_is_its_git_folder() {
        let root = tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("repo/.git")).unwrap();
        fs::create_dir_all(root.join("repo/a/b")).unwrap();
        assert_eq!(git_common_dir(&root.join("repo/a/b")), Some(root.join("repo/.git")));
    }

    #[test]
    fn a_worktree_and_its_main_clone_agree() {
        let root = tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let linked = root.join("repo/.git/worktrees/w");
        fs::create_dir_all(&linked).unwrap();
        fs::write(linked.join("commondir"), "../..\n").unwrap();
        fs::create_dir(root.join("w")).unwrap();
        fs::write(root.join("w/.git"), format!("gitdir: {}\n", linked.display())).unwrap();
        assert_eq!(git_common_dir(&root.join("w")), Some(root.join("repo/.git")));
    }

    #[test]
    fn a_submodule_is_told_from_its_parent_by_a_relative_path() {
        let root = tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let module = root.join("repo/.git/modules/sub");
        fs::create_dir_all(&module).unwrap();
        fs::create_dir(root.join("repo/sub")).unwrap();
        fs::write(root.join("repo/sub/.git"), "gitdir: ../.git/modules/sub\n").unwrap();
        assert_eq!(git_common_dir(&root.join("repo/sub")), Some(module));
    }

    #[test]
    fn a_damaged_pointer_leads_nowhere() {
        let root = tempdir().unwrap();
        for text in ["", "gitdir: ", "gitdir: none\n", "elsewhere\n"] {
            fs::write(root.path().join(".git"), text).unwrap();
            assert_eq!(git_common_dir(root.path()), None, "{text:?}");
        }
        fs::write(root.path().join(".git"), "gitdir: ".to_owned() + &"a".repeat(9000)).unwrap();
        assert_eq!(git_common_dir(root.path()), None);
    }
}
