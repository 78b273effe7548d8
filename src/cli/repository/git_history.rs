//! The closed part of a history, from the folder beside the vault or from git: while a merge goes on, what the other
//! side has closed is not in the folder yet. A segment is known by its hash, and versions by theirs.

use crate::engine::history::FOLDER;
use crate::store::file::read;
use crate::store::git::command as git_command;
use std::path::Path;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::file::format::MAX_FILE;
use v_secure_core::merge::lost::{Lost, Past};
use v_secure_core::vault::{History, segment_name, versions_name};

pub struct GitHistory<'a> {
    /// That of the vault.
    folder: &'a Path,
}

impl<'a> GitHistory<'a> {
    pub const fn new(folder: &'a Path) -> Self {
        Self { folder }
    }

    fn file(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.folder.join(FOLDER).join(name);
        match read::read(&path, MAX_FILE as u64) {
            Ok(contents) => Some(contents.bytes),
            Err(_) => git_command::last_of_any(self.folder, &Path::new(FOLDER).join(name)),
        }
    }
}

impl History for GitHistory<'_> {
    fn segment(&self, id: &Id) -> Option<Vec<u8>> {
        self.file(&segment_name(id))
    }

    fn versions(&self, id: &Id) -> Option<Vec<u8>> {
        self.file(&versions_name(id))
    }
}

impl Past for GitHistory<'_> {
    fn show(&self, _: &mut Lost) {}

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }
}
