//! Which place a vault stands at, as far as pins are concerned.
//!
//! In a git repository that is the folder that all worktrees share and the vault's path in the
//! working tree, so that a second worktree is no first use; elsewhere the vault's canonical path.

use super::find::Location;
use super::sys;
use crate::crypto::bytes::Id;
use crate::crypto::digest;
use std::fmt;
use std::path::{Path, PathBuf};

const DOMAIN: &[u8] = b"v-secure place 1";

/// The identity of a vault's place on this device, and what to call it in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    id: Id,
    vault: PathBuf,
    repository: Option<Repository>,
}

/// A vault's place in a git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The folder that all worktrees share.
    pub common_dir: PathBuf,
    /// The vault, relative to the root of its working tree.
    pub within: PathBuf,
}

impl Place {
    /// The place of the vault at `location`; looks for the root of its working tree.
    pub fn of(location: &Location) -> Self {
        let vault = location.vault.clone();
        let repository = repository(location);
        let id = match &repository {
            Some(Repository { common_dir, within }) => id(b"git", &[common_dir, within]),
            None => id(b"path", &[&vault]),
        };
        Self { id, vault, repository }
    }

    /// Names the files that are kept about this place.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The vault's path, in the worktree that this place was made from.
    pub fn vault(&self) -> &Path {
        &self.vault
    }

    /// `None` outside a repository.
    pub fn repository(&self) -> Option<&Repository> {
        self.repository.as_ref()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.vault.display())?;
        match &self.repository {
            Some(found) => write!(f, " (all worktrees of {})", found.common_dir.display()),
            None => Ok(()),
        }
    }
}

fn repository(location: &Location) -> Option<Repository> {
    let common_dir = location.git_common_dir.clone()?;
    // The rule by which `git::git_common_dir` found the repository.
    let root = location.project.ancestors().find(|folder| folder.join(".git").exists())?;
    let within = location.vault.strip_prefix(root).ok()?.to_path_buf();
    Some(Repository { common_dir, within })
}

/// Hashes `kind` and `paths`, each after its length, so that no two lists have the same bytes.
fn id(kind: &[u8], paths: &[&Path]) -> Id {
    let mut bytes = Vec::new();
    let mut push = |field: &[u8]| {
        bytes.extend_from_slice(&(field.len() as u64).to_le_bytes());
        bytes.extend_from_slice(field);
    };
    push(DOMAIN);
    push(kind);
    for path in paths {
        push(&sys::path_bytes(path));
    }
    digest::file_hash(&bytes)
}

#[cfg(test)]
impl Place {
    /// A place outside any repository; nothing needs to be there.
    pub(super) fn sample(name: &str) -> Self {
        let project = Path::new("/projects").join(name);
        let folder = project.join(super::find::FOLDER);
        let vault = folder.join(super::find::FILE);
        Self::of(&Location { vault, folder, project, git_common_dir: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::find::{FILE, FOLDER};
    use std::fs;
    use std::process::Command;
    use tempfile::tempdir;

    fn place_in(project: &Path) -> Place {
        fs::create_dir_all(project.join(FOLDER)).unwrap();
        fs::write(project.join(FOLDER).join(FILE), "").unwrap();
        Place::of(&Location::in_project(project).unwrap())
    }

    fn git(folder: &Path, arguments: &[&str]) -> bool {
        let mut command = Command::new("git");
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"] {
            command.env_remove(name);
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]);
        match command.current_dir(folder).args(arguments).output() {
            Ok(output) => {
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                true
            }
            Err(error) => {
                eprintln!("skipped: git does not run: {error}");
                false
            }
        }
    }

    #[test]
    fn worktrees_of_one_repository_share_a_place_and_clones_do_not() {
        let root = tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::create_dir(path("main")).unwrap();
        if !git(&path("main"), &["init", "--quiet"]) {
            return;
        }
        git(&path("main"), &["commit", "--quiet", "--allow-empty", "-m", "first"]);
        git(&path("main"), &["worktree", "add", "--quiet", "-b", "side", "../linked"]);
        git(root.path(), &["clone", "--quiet", "main", "clone"]);
        let (main, linked) = (place_in(&path("main")), place_in(&path("linked")));
        assert_eq!(main.id(), linked.id());
        assert_ne!(main.vault(), linked.vault());
        assert_eq!(main.repository(), linked.repository());
        assert_eq!(main.repository().unwrap().within, Path::new(FOLDER).join(FILE));
        assert_ne!(main.id(), place_in(&path("clone")).id());
        assert_ne!(main.id(), place_in(&path("main/service")).id());
        assert_eq!(place_in(&path("main/service")).id(), place_in(&path("linked/service")).id());
    }

    #[test]
    fn outside_a_repository_the_path_is_the_place() {
        let root = tempdir().unwrap();
        let a = place_in(&root.path().join("a"));
        assert_eq!(a, place_in(&root.path().join("a")));
        assert_ne!(a.id(), place_in(&root.path().join("b")).id());
        assert_eq!(a.repository(), None);
        assert_eq!(a.to_string(), a.vault().display().to_string());
    }

    #[test]
    fn paths_cannot_shift_into_each_other() {
        let a = id(b"git", &[Path::new("/a"), Path::new("b/c")]);
        assert_ne!(a, id(b"git", &[Path::new("/a/b"), Path::new("c")]));
        assert_ne!(a, id(b"git", &[Path::new("/ab/c")]));
        assert_ne!(id(b"git", &[Path::new("/a")]), id(b"path", &[Path::new("/a")]));
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf_8_stay_apart() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let id = |bytes: &[u8]| id(b"path", &[Path::new(OsStr::from_bytes(bytes))]);
        assert_ne!(id(b"/\xff"), id(b"/\xfe"));
    }

    #[test]
    fn a_message_names_the_vault_and_the_repository() {
        let root = tempdir().unwrap();
        fs::create_dir(root.path().join(".git")).unwrap();
        let place = place_in(root.path());
        let text = place.to_string();
        assert!(text.starts_with(&place.vault().display().to_string()), "{text}");
        assert!(text.contains("all worktrees of"), "{text}");
    }
}
