//! Which place a vault stands at, as far as pins are concerned.
//!
//! In a git repository that is the folder that all worktrees share and the vault's path in the
//! working tree, so that a second worktree is no first use; elsewhere the vault's canonical path.
//!
//! Places of one project are found again by what they have in common: a repository, or a folder
//! that lies above. A submodule belongs to its superproject's project too.

use crate::store::file::find::Location;
use crate::store::file::git_folder::git_common_dir;
use crate::store::sys;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::digest;

const DOMAIN: &[u8] = b"v-secure place 1";

/// The identity of a vault's place on this device, and what to call it in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultPlace {
    id: Id,
    vault: PathBuf,
    repository: Option<Repository>,
    marks: Marks,
    reach: ProjectReach,
}

/// By what a place is found from other places of its project. Hashes, since paths need not be text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    /// Of the repository that it is in.
    pub repository: Option<Id>,
    /// Of its project's folder; `None` for the home folder and those above it, which hold what does
    /// not belong together.
    pub folder: Option<Id>,
}

/// Which marks a place of the same project may have.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ProjectReach {
    repositories: Vec<Id>,
    folders: Vec<Id>,
}

/// A vault's place in a git repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The folder that all worktrees share.
    pub common_dir: PathBuf,
    /// The vault, relative to the root of its working tree.
    pub within: PathBuf,
}

impl VaultPlace {
    /// The place of the vault at `location`; looks for the root of its working tree. `home` is the
    /// user's home folder, where projects end.
    pub fn of(location: &Location, home: Option<&Path>) -> Self {
        let vault = location.vault.clone();
        let repository = repository(location);
        let id = match &repository {
            Some(Repository { common_dir, within }) => id(b"git", &[common_dir, within]),
            None => id(b"path", &[&vault]),
        };
        let home = home.and_then(|home| home.canonicalize().ok());
        let (marks, reach) = project(location, home.as_deref());
        Self { id, vault, repository, marks, reach }
    }

    pub fn marks(&self) -> Marks {
        self.marks
    }

    /// Whether a place with these marks belongs to the same project as this one, or to one that this
    /// lies in.
    pub(crate) fn belongs_to(&self, marks: &Marks) -> bool {
        marks.repository.is_some_and(|id| self.reach.repositories.contains(&id))
            || marks.folder.is_some_and(|id| self.reach.folders.contains(&id))
    }

    /// Whether a place with these marks is in the same repository.
    pub(crate) fn is_in_repository(&self, marks: &Marks) -> bool {
        marks.repository.is_some() && marks.repository == self.marks.repository
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

impl fmt::Display for VaultPlace {
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

fn project(location: &Location, home: Option<&Path>) -> (Marks, ProjectReach) {
    let is_above_home = |folder: &Path| home.is_some_and(|home| home.starts_with(folder));
    let repository = |path: &Path| id(b"repository", &[path]);
    let folder = |path: &Path| id(b"folder", &[path]);
    let (project, own) = (&location.project, location.git_common_dir.as_deref().map(repository));
    // Of submodules and of repositories in repositories.
    let around = project.ancestors().take_while(|path| !is_above_home(path));
    let around = around.filter(|path| path.join(".git").exists()).filter_map(git_common_dir);
    let repositories = own.into_iter().chain(around.map(|path| repository(&path))).collect();
    let marks =
        Marks { repository: own, folder: (!is_above_home(project)).then(|| folder(project)) };
    (marks, ProjectReach { repositories, folders: project.ancestors().map(folder).collect() })
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
impl VaultPlace {
    /// A place outside any repository; nothing needs to be there.
    pub(crate) fn sample(name: &str) -> Self {
        let project = Path::new("/projects").join(name);
        let folder = project.join(crate::store::file::find::FOLDER);
        let vault = folder.join(crate::store::file::find::FILE);
        Self::of(&Location { vault, folder, project, git_common_dir: None }, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::file::find::{FILE, FOLDER};
    use std::fs;
    use std::process::Command;
    use tempfile::tempdir;

    fn place_in(project: &Path) -> VaultPlace {
        fs::create_dir_all(project.join(FOLDER)).unwrap();
        fs::write(project.join(FOLDER).join(FILE), "").unwrap();
        VaultPlace::of(&Location::in_project(project).unwrap(), None)
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
    fn a_project_is_a_repository_and_what_lies_below_its_folder_but_not_the_home_folder() {
        let root = tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let path = |name: &str| root.join(name);
        fs::create_dir_all(path("home/shop/.git/modules/sub")).unwrap();
        fs::create_dir_all(path("home/shop/sub")).unwrap();
        fs::write(path("home/shop/sub/.git"), "gitdir: ../.git/modules/sub\n").unwrap();
        let home = path("home");
        let place = |name: &str| {
            let project = path(name);
            fs::create_dir_all(project.join(FOLDER)).unwrap();
            VaultPlace::of(&Location::in_project(&project).unwrap(), Some(&home))
        };
        let (shop, api, web) = (place("home/shop"), place("home/shop/api"), place("home/shop/web"));
        assert!(api.belongs_to(&shop.marks()) && shop.belongs_to(&api.marks()));
        assert!(api.belongs_to(&web.marks()));
        let sub = place("home/shop/sub/deep");
        assert!(sub.belongs_to(&shop.marks()) && sub.belongs_to(&web.marks()));
        assert!(!web.belongs_to(&sub.marks()), "a superproject is not in its submodule");
        let plain = place("home/notes/2026");
        assert!(plain.belongs_to(&place("home/notes").marks()));
        assert!(!plain.belongs_to(&place("home/note").marks()));
        for outside in ["home", ""] {
            assert!(!plain.belongs_to(&place(outside).marks()), "{outside}");
        }
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
