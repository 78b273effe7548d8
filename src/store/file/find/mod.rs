//! Where the vault is: at a path that is given, or in the nearest project folder above.
//!
//! The search looks at names, kinds and owners only; reading is [`super::read`]'s. It ends at the
//! first folder that holds `.git`, at the home folder or at the root: a vault further up belongs
//! to something else.

use super::owners::ProjectOwners;
use crate::store::file::git_folder::git_common_dir;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// The folder in a project that holds what v-secure keeps there.
pub const FOLDER: &str = ".v-secure";

/// The vault's name in that folder.
pub const FILE: &str = "vault.toml";

/// Where a vault is. The paths are canonical, but for the vault's own name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    pub vault: PathBuf,
    /// Holds the vault; writers lock it.
    pub folder: PathBuf,
    /// What the vault is about: holds `.v-secure`, or a vault of another name itself.
    pub project: PathBuf,
    /// See [`git_common_dir`]; `None` outside a repository.
    pub git_common_dir: Option<PathBuf>,
}

/// Why no vault is used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    #[error("there is no {FOLDER}/{FILE} in {start} or above it, up to {end}")]
    NotFound { start: PathBuf, end: PathBuf },
    #[error("there is no vault at {path}")]
    Missing { path: PathBuf },
    #[error("{path} is a symbolic link, which is not followed")]
    Symlink { path: PathBuf },
    #[error("{path} is not a regular file")]
    NotAFile { path: PathBuf },
    #[error("{path} is not a folder")]
    NotAFolder { path: PathBuf },
    #[error("{path} belongs to another user (uid {owner}) and is not used")]
    OtherOwner { path: PathBuf, owner: u32 },
    #[error("cannot look at {path}")]
    Io { path: PathBuf, source: io::Error },
}

/// Where to begin, where to end and whose files to trust.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The current folder.
    pub start: &'a Path,
    pub home: Option<&'a Path>,
    pub owners: ProjectOwners,
}

impl Search<'_> {
    /// The nearest vault in the start folder or above it.
    pub(crate) fn upward(&self) -> Result<Location, FindError> {
        let start = canonical(self.start)?;
        let home = self.home.and_then(|home| home.canonicalize().ok());
        let mut end = start.as_path();
        for project in start.ancestors() {
            end = project;
            if self.accept(&project.join(FOLDER), FILE)? {
                return Location::in_project(project);
            }
            // A file in a linked worktree or a submodule, a folder in a plain clone.
            if project.join(".git").exists() || home.as_deref() == Some(project) {
                break;
            }
        }
        Err(FindError::NotFound { end: end.into(), start })
    }

    /// The nearest vault in the start folder or above it, in whatever repository, up to the home
    /// folder: for who makes a new one. What may not be used is no vault.
    pub fn above(&self) -> Result<Option<Location>, FindError> {
        let start = canonical(self.start)?;
        let home = self.home.and_then(|home| home.canonicalize().ok());
        let is_above_home =
            |folder: &&Path| home.as_deref().is_some_and(|home| home.starts_with(folder));
        let mut folders = start.ancestors().take_while(|folder| !is_above_home(folder));
        let found =
            folders.find(|project| self.accept(&project.join(FOLDER), FILE).unwrap_or(false));
        found.map(Location::in_project).transpose()
    }

    /// The vault at `path`, relative to the start folder: the file, its `.v-secure` folder or the
    /// project's.
    pub fn at(&self, path: &Path) -> Result<Location, FindError> {
        let path = self.start.join(path);
        let missing = || FindError::Missing { path: path.clone() };
        if path.is_dir() && path.file_name() != Some(FOLDER.as_ref()) {
            let found = self.accept(&path.join(FOLDER), FILE)?;
            return if found { Location::in_project(&path) } else { Err(missing()) };
        }
        let (folder, name) = if path.is_dir() {
            (path.as_path(), FILE.as_ref())
        } else {
            (path.parent().ok_or_else(missing)?, path.file_name().ok_or_else(missing)?)
        };
        if !self.accept(folder, name)? {
            return Err(missing());
        }
        Location::of(&canonical(folder)?, name)
    }

    /// Whether `folder` holds a vault `name` that may be used; an error where one may not.
    fn accept(&self, folder: &Path, name: impl AsRef<Path>) -> Result<bool, FindError> {
        let Some(found) = look(folder)? else { return Ok(false) };
        // A vault under another name may be in any folder, such as `/tmp`, which is a link on
        // some systems and root's on all.
        let own = folder.file_name() == Some(FOLDER.as_ref());
        if own && found.is_symlink() {
            return Err(FindError::Symlink { path: folder.into() });
        }
        if own && !found.is_dir() {
            return Err(FindError::NotAFolder { path: folder.into() });
        }
        let path = folder.join(name);
        let Some(vault) = look(&path)? else { return Ok(false) };
        if vault.is_symlink() {
            return Err(FindError::Symlink { path });
        }
        if !vault.is_file() {
            return Err(FindError::NotAFile { path });
        }
        if own {
            self.owned(folder, &found)?;
        }
        self.owned(&path, &vault)?;
        Ok(true)
    }

    fn owned(&self, path: &Path, metadata: &Metadata) -> Result<(), FindError> {
        match self.owners.stranger(metadata) {
            Some(owner) => Err(FindError::OtherOwner { path: path.into(), owner }),
            None => Ok(()),
        }
    }
}

impl Location {
    /// Where the vault of `project` is or, before `init`, will be. Nothing of it is looked at.
    pub fn in_project(project: &Path) -> Result<Self, FindError> {
        let project = canonical(project)?;
        Self::of(&project.join(FOLDER), FILE.as_ref())
    }

    pub(crate) fn of(folder: &Path, name: &std::ffi::OsStr) -> Result<Self, FindError> {
        let own = folder.file_name() == Some(FOLDER.as_ref());
        let project = folder.parent().filter(|_| own).unwrap_or(folder);
        Ok(Self {
            vault: folder.join(name),
            folder: folder.into(),
            project: project.into(),
            git_common_dir: git_common_dir(project),
        })
    }
}

fn canonical(path: &Path) -> Result<PathBuf, FindError> {
    path.canonicalize().map_err(|source| FindError::Io { path: path.into(), source })
}

fn look(path: &Path) -> Result<Option<Metadata>, FindError> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        // A parent that is a file, in a path that the user gave: nothing is there either.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(source) => Err(FindError::Io { path: path.into(), source }),
    }
}

#[cfg(test)]
mod tests;
