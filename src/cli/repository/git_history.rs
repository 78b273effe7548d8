//! The closed part of a history, from the folder beside the vault or from git: while a merge goes on, what the other
//! side has closed is not in the folder yet. A segment is known by its hash, and versions by theirs.

use crate::engine::history::{FOLDER, read_beside};
use crate::store::git::command as git_command;
use std::path::Path;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::file::format;
use v_secure_core::merge::lost::{Lost, Past};
use v_secure_core::vault::{History, segment_name, versions_name};

/// So many commits are looked at for versions, and so many copies taken: they differ by what was pruned.
const LOOKED_AT: usize = 64;
const COPIES: usize = 4;

pub struct GitHistory<'a> {
    /// That of the vault.
    folder: &'a Path,
}

impl<'a> GitHistory<'a> {
    pub const fn new(folder: &'a Path) -> Self {
        Self { folder }
    }

    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        read_beside(&self.folder.join(FOLDER), name)
    }

    fn in_git(&self, name: &str) -> impl Iterator<Item = Vec<u8>> {
        git_command::states_of(self.folder, Path::new(FOLDER).join(name))
    }
}

impl History for GitHistory<'_> {
    /// The one with this id: whoever may push can have a file of the name in a branch of theirs.
    fn segment(&self, id: &Id) -> Option<Vec<u8>> {
        let fits = |bytes: &Vec<u8>| format::segment_id(bytes) == *id;
        let name = segment_name(id);
        let there = self.beside(&name);
        match there.as_ref().is_some_and(fits) {
            true => there,
            false => self.in_git(&name).find(fits).or(there),
        }
    }

    /// Several copies one behind the other are read as one.
    fn versions(&self, id: &Id) -> Option<Vec<u8>> {
        let name = versions_name(id);
        self.beside(&name).or_else(|| {
            let mut copies: Vec<Vec<u8>> = Vec::new();
            for copy in self.in_git(&name).take(LOOKED_AT) {
                if !copies.contains(&copy) && copies.len() < COPIES {
                    copies.push(copy);
                }
            }
            (!copies.is_empty()).then(|| copies.join(&b"\n"[..]))
        })
    }
}

impl Past for GitHistory<'_> {
    fn show(&self, _: &mut Lost) {}

    fn history(&self) -> Option<&dyn History> {
        Some(self)
    }
}
