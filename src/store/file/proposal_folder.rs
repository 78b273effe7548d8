//! The folders beside the vault that hold proposals, one each: git carries them, so whatever lies there may be
//! anybody's. No link is followed, and what is read has its limits.

use super::atomic::{create_folder, remove_in};
use super::error::{Step, WriteError};
use super::new_file::write_new_in;
use super::read;
use super::read::ReadError;
use crate::store::sys::{Folder, Links};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// The folder in that of the vault.
pub(crate) const FOLDER: &str = "proposals";

/// Proposals are for whoever may read the repository.
const MODE: u32 = 0o644;

/// How many folders within each other are removed: each is held open meanwhile.
const DEEPEST: usize = 32;

/// A name and a limit of bytes for the file of this name; `None` for one that does not belong there.
pub(crate) type LimitOf = fn(&str) -> Option<u64>;

/// Why a proposal was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    #[error("{path} is not there")]
    Missing { path: PathBuf },
    #[error("{path} does not belong to a proposal")]
    Junk { path: PathBuf },
    #[error("{path} holds more than {most} files")]
    TooMany { path: PathBuf, most: usize },
    #[error("{path} cannot be opened as a folder")]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The proposals beside a vault, which is in this folder.
pub(crate) struct Proposals {
    path: PathBuf,
}

impl Proposals {
    pub fn of(vault_folder: &Path) -> Self {
        Self { path: vault_folder.join(FOLDER) }
    }

    /// The names of what lies there, in order, whatever they are; none where nothing was ever proposed.
    pub fn names(&self) -> Result<Vec<OsString>, FolderError> {
        let folder = match Folder::open_by(&self.path, Links::Refuse) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(FolderError::Io { path: self.path.clone(), source }),
        };
        let io = |source| FolderError::Io { path: self.path.clone(), source };
        let mut names = folder.names().map_err(io)?;
        names.sort();
        Ok(names)
    }

    /// The files of one of them with their names, in order. At most `most`, each within its limit.
    pub fn read(
        &self,
        name: &str,
        most: usize,
        limit_of: LimitOf,
    ) -> Result<Vec<(String, Vec<u8>)>, FolderError> {
        let path = self.path.join(name);
        let folder = self.open(name)?;
        let names =
            folder.names().map_err(|source| FolderError::Io { path: path.clone(), source })?;
        if names.len() > most {
            return Err(FolderError::TooMany { path, most });
        }
        let mut files = Vec::new();
        for name in &names {
            let path = path.join(name);
            let known = name.to_str().and_then(|text| Some((text, limit_of(text)?)));
            let Some((text, limit)) = known else { return Err(FolderError::Junk { path }) };
            let (file, metadata) = read::open_in(&folder, &path, limit)?;
            let mut bytes = read::fill(&file, &metadata, &path)?;
            files.push((text.to_owned(), std::mem::take(&mut *bytes)));
        }
        files.sort();
        Ok(files)
    }

    fn open(&self, name: &str) -> Result<Folder, FolderError> {
        let path = self.path.join(name);
        let error = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => FolderError::Missing { path: path.clone() },
            _ => FolderError::Io { path: path.clone(), source },
        };
        let outer = Folder::open_by(&self.path, Links::Refuse).map_err(error)?;
        outer.folder(name.as_ref()).map_err(error)
    }

    /// Writes the files of a new proposal, the last of them last: without it there is none.
    pub fn write(&self, name: &str, files: &[(String, String)]) -> Result<(), WriteError> {
        create_folder(&self.path)?;
        let outer = self.outer()?;
        let path = self.path.join(name);
        match outer.make_folder(name.as_ref(), 0o777) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(WriteError::Unchanged {
                    path,
                    step: Step::CreateFolder,
                    source: error,
                });
            }
            _ => {}
        }
        files.iter().try_for_each(|file| self.add(name, file))
    }

    /// Adds a file to a proposal.
    pub fn add(&self, name: &str, (file, text): &(String, String)) -> Result<(), WriteError> {
        let path = self.path.join(name);
        let folder = self.outer()?.folder(name.as_ref());
        let folder = folder.map_err(|source| unopened(&path, source))?;
        match write_new_in(&folder, &path.join(file), text.as_bytes(), MODE) {
            // Written by an attempt that was killed, or of another branch: what it holds is judged as all is.
            Err(WriteError::Exists { .. }) => Ok(()),
            written => written,
        }
    }

    /// Removes a proposal with all that lies in its folder, whatever that is.
    pub fn remove(&self, name: &OsStr) -> Result<(), WriteError> {
        let outer = self.outer()?;
        remove(&outer, &self.path.join(name), name, DEEPEST)?;
        let path = self.path.join(name);
        outer.sync().map_err(|source| WriteError::RemovedNotDurable { path, source })
    }

    fn outer(&self) -> Result<Folder, WriteError> {
        Folder::open_by(&self.path, Links::Refuse).map_err(|source| unopened(&self.path, source))
    }
}

/// Takes away what has this name in a folder; of a link, the link.
fn remove(folder: &Folder, path: &Path, name: &OsStr, depth: usize) -> Result<(), WriteError> {
    let unremoved =
        |source| WriteError::Unchanged { path: path.into(), step: Step::Remove, source };
    let seen = folder.look(name).map_err(unremoved)?;
    if seen.is_file() {
        return remove_in(folder, path);
    }
    if !seen.is_folder() {
        return folder.remove(name).map_err(unremoved);
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Err(unremoved(io::ErrorKind::DirectoryNotEmpty.into()));
    };
    let inner = folder.folder(name).map_err(|source| unopened(path, source))?;
    for file in inner.names().map_err(unremoved)? {
        remove(&inner, &path.join(&file), &file, depth)?;
    }
    folder.remove_folder(name).map_err(unremoved)
}

fn unopened(path: &Path, source: io::Error) -> WriteError {
    WriteError::Unchanged { path: path.into(), step: Step::OpenFolder, source }
}
