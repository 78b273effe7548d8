//! Temporary files beside the file that they become, with names that tell whose they are.

use super::sys;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

const RANDOM_CHARACTERS: usize = 8;

/// Creates `.NAME.tmp-XXXXXXXX` beside `target`, removed when dropped. The mode is narrowed by
/// the process's umask.
#[expect(clippy::disallowed_methods, reason = "temporary files are made here")]
pub fn create(target: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let prefix = prefix(target);
    let mut builder = Builder::new();
    builder.prefix(&prefix).rand_bytes(RANDOM_CHARACTERS);
    if let Some(permissions) = sys::permissions(mode) {
        builder.permissions(permissions);
    }
    builder.tempfile_in(folder(target))
}

/// Removes what killed writers of `target` left. The caller holds the folder's lock, so none of
/// these files is in use.
///
/// Failures are passed over: a left-over does no harm, and the next write tries again.
pub fn remove_leftovers(target: &Path) {
    let own = target.file_name().unwrap_or_default().as_encoded_bytes();
    remove_leftovers_in(folder(target), |name| name == own);
}

/// The same for all files of a folder whose names `is_own` knows: a target that a killed writer meant
/// to make may never be written again.
#[expect(clippy::disallowed_methods, reason = "what killed writers left is removed here")]
pub fn remove_leftovers_in(folder: &Path, is_own: impl Fn(&[u8]) -> bool) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && target_of(&entry.file_name()).is_some_and(&is_own) {
            let _ = std::fs::remove_file(entry.path());
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

fn prefix(target: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().unwrap_or_default());
    prefix.push(".tmp-");
    prefix
}

/// The name of the file that a temporary one was to become, if it is one of ours.
fn target_of(name: &OsStr) -> Option<&[u8]> {
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
        let left = create(&target, 0o600).unwrap().keep().unwrap().1;
        remove_leftovers(&target);
        assert!(!left.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), kept.len() + 1);
    }

    #[test]
    fn a_bare_name_is_in_the_current_folder() {
        assert_eq!(folder(Path::new("vault.toml")), Path::new("."));
        assert_eq!(folder(Path::new("a/vault.toml")), Path::new("a"));
    }
}
