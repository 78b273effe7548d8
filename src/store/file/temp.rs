//! Temporary files beside the file that they become, with names that tell whose they are.

use crate::host::{Random, random, real::RealHost};
use crate::store::sys::Folder;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

const RANDOM_CHARACTERS: usize = 8;
/// How many names are tried. Two that meet are chance, and more are somebody who makes them.
const TRIES: usize = 16;

/// A file `.NAME.tmp-XXXXXXXX` in the folder of NAME, removed when dropped.
pub struct Temporary<'a> {
    folder: &'a Folder,
    name: OsString,
    file: File,
    is_placed: bool,
}

impl<'a> Temporary<'a> {
    /// The mode is narrowed by the process's umask.
    pub fn create(folder: &'a Folder, target: &OsStr, mode: u32) -> io::Result<Self> {
        for _ in 1..TRIES {
            match Self::attempt(folder, target, mode) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result,
            }
        }
        Self::attempt(folder, target, mode)
    }

    fn attempt(folder: &'a Folder, target: &OsStr, mode: u32) -> io::Result<Self> {
        let mut name = prefix(target);
        name.push(random_characters(&RealHost, RANDOM_CHARACTERS));
        let file = folder.create(&name, mode)?;
        Ok(Self { folder, name, file, is_placed: false })
    }

    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Puts it in the place of whatever file is there.
    pub fn replace(mut self, target: &OsStr) -> io::Result<()> {
        self.folder.rename(&self.name, target)?;
        self.is_placed = true;
        Ok(())
    }

    /// Gives it its name; fails with `AlreadyExists` where anything is there.
    pub fn place(mut self, target: &OsStr) -> io::Result<()> {
        self.folder.rename_new(&self.name, target)?;
        self.is_placed = true;
        Ok(())
    }

    /// Leaves it there, as a killed process would.
    #[cfg(test)]
    pub fn leave(mut self) -> OsString {
        self.is_placed = true;
        std::mem::take(&mut self.name)
    }
}

/// Replaces whatever is at `target`, without waiting for the disk: for what this device keeps for its convenience, and
/// tells to be damaged, or makes anew, where a power failure took it. Two writers leave one's bytes, whole.
pub(crate) fn replace_unsynced(
    folder: &Folder,
    target: &OsStr,
    bytes: &[u8],
    mode: u32,
) -> io::Result<()> {
    unsynced(folder, target, bytes, mode)?.replace(target)
}

/// The same where there is nothing yet; fails with `AlreadyExists` where there is.
pub(crate) fn place_unsynced(
    folder: &Folder,
    target: &OsStr,
    bytes: &[u8],
    mode: u32,
) -> io::Result<()> {
    unsynced(folder, target, bytes, mode)?.place(target)
}

fn unsynced<'a>(
    folder: &'a Folder,
    target: &OsStr,
    bytes: &[u8],
    mode: u32,
) -> io::Result<Temporary<'a>> {
    let mut new = Temporary::create(folder, target, mode)?;
    new.file().write_all(bytes)?;
    Ok(new)
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.is_placed {
            // The next writer of the same file removes it.
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// Characters that are letters and digits on every file system, and differ without case.
pub(crate) fn random_characters(source: &dyn Random, count: usize) -> String {
    const CHARACTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let bytes = random::<RANDOM_CHARACTERS>(source);
    let characters = bytes.iter().cycle().take(count.min(bytes.len()));
    characters.map(|byte| char::from(CHARACTERS[usize::from(byte % 32)])).collect()
}

/// Removes what killed writers of `target` left. The caller holds the folder's lock, so none of
/// these files is in use.
///
/// Failures are passed over: a left-over does no harm, and the next write tries again.
pub(crate) fn remove_leftovers(folder: &Folder, target: &OsStr) {
    let own = target.as_encoded_bytes();
    remove_leftovers_of(folder, |name| name == own);
}

/// The same for all files of a folder whose names `is_own` knows: a target that a killed writer meant
/// to make may never be written again.
pub(crate) fn remove_leftovers_of(folder: &Folder, is_own: impl Fn(&[u8]) -> bool) {
    for name in folder.names().unwrap_or_default() {
        let is_leftover = target_of(&name).is_some_and(&is_own);
        if is_leftover && folder.look(&name).is_ok_and(|seen| seen.is_file()) {
            let _ = folder.remove(&name);
        }
    }
}

/// The folder that holds `target`, also where the path is a bare name.
pub fn folder(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn prefix(target: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(target);
    prefix.push(".tmp-");
    prefix
}

/// The name of a file in its folder.
pub fn name(target: &Path) -> &OsStr {
    target.file_name().unwrap_or_default()
}

/// The name of the file that a temporary one was to become, if it is one of ours.
pub(crate) fn target_of(name: &OsStr) -> Option<&[u8]> {
    let name = name.as_encoded_bytes().strip_prefix(b".")?;
    let (rest, random) = name.split_at_checked(name.len().checked_sub(RANDOM_CHARACTERS)?)?;
    let target = rest.strip_suffix(b".tmp-")?;
    random.iter().all(u8::is_ascii_alphanumeric).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::tempdir;

    #[test]
    fn only_left_overs_of_this_file_are_removed() {
        let folder = tempdir().unwrap();
        let target = folder.path().join("vault.toml");
        let kept = [
            "vault.toml",
            ".vault.toml.tmp-",
            ".vault.toml.tmp-short",
            ".vault.toml.tmp-with.dot",
            ".vault.toml.tmp-123456789",
            ".other.toml.tmp-12345678",
            "vault.toml.tmp-12345678",
        ];
        for name in kept {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join(".vault.toml.tmp-abcdefgh")).unwrap();
        let opened = Folder::open(folder.path()).unwrap();
        let left = Temporary::create(&opened, name(&target), 0o600).unwrap().leave();
        assert!(folder.path().join(&left).exists());
        remove_leftovers(&opened, name(&target));
        assert!(!folder.path().join(left).exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), kept.len() + 1);
    }

    #[test]
    fn a_bare_name_is_in_the_current_folder() {
        assert_eq!(folder(Path::new("vault.toml")), Path::new("."));
        assert_eq!(folder(Path::new("a/vault.toml")), Path::new("a"));
    }
}
