//! What a replacement keeps, refuses and leaves behind. Failing system calls are in
//! `tests/it/faults.rs`.

use super::*;
use crate::store::file::lock;
use crate::store::file::lock::Lock;
use crate::store::file::read;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::{TempDir, tempdir};

fn locked() -> (TempDir, Lock, PathBuf) {
    let folder = tempdir().unwrap();
    let lock = Lock::acquire(folder.path(), Duration::ZERO).unwrap();
    let target = folder.path().join("vault.toml");
    (folder, lock, target)
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_made_and_then_replaced_whole() {
    let (folder, lock, target) = locked();
    for bytes in [&b"a longer first"[..], b"short", b""] {
        replace(&lock, &target, bytes, 0o644, Expected::Any).unwrap();
        assert_eq!(fs::read(&target).unwrap(), bytes);
    }
    assert_eq!(names(&folder), [lock::FILE, "vault.toml"]);
}

#[test]
fn what_a_killed_writer_left_is_removed() {
    let (folder, lock, target) = locked();
    Temporary::create(lock.open_folder(), temp::name(&target), 0o600).unwrap().leave();
    replace(&lock, &target, b"new", 0o644, Expected::Any).unwrap();
    assert_eq!(names(&folder), [lock::FILE, "vault.toml"]);
}

#[test]
fn a_file_that_changed_since_it_was_read_is_not_overwritten() {
    let (folder, lock, target) = locked();
    fs::write(&target, "one").unwrap();
    let seen = Expected::Same(read::read(&target, read::VAULT_LIMIT).unwrap().stamp);
    replace(&lock, &target, b"two", 0o644, seen).unwrap();
    let error = replace(&lock, &target, b"three", 0o644, seen).unwrap_err();
    assert!(matches!(error, WriteError::Changed { .. }), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"two");
    fs::remove_file(&target).unwrap();
    let error = replace(&lock, &target, b"three", 0o644, seen).unwrap_err();
    assert!(matches!(error, WriteError::Changed { .. }), "{error}");
    assert_eq!(names(&folder), [lock::FILE]);
}

#[test]
fn a_new_vault_never_overwrites() {
    let (folder, lock, target) = locked();
    replace(&lock, &target, b"one", 0o644, Expected::Absent).unwrap();
    let error = replace(&lock, &target, b"two", 0o644, Expected::Absent).unwrap_err();
    assert!(matches!(error, WriteError::Exists { .. }), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"one");
    // What appears after the check meets the rename.
    let new = Temporary::create(lock.open_folder(), temp::name(&target), 0o600).unwrap();
    let error = new.place(temp::name(&target)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(names(&folder), [lock::FILE, "vault.toml"]);
}

#[test]
fn the_lock_of_another_folder_gives_no_right() {
    let (_folder, lock, _) = locked();
    let (_other, _held, target) = locked();
    let error = replace(&lock, &target, b"", 0o644, Expected::Any).unwrap_err();
    assert!(matches!(error, WriteError::OutsideLock { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_writer_whose_lock_file_was_deleted_stops() {
    let (folder, lock, target) = locked();
    fs::remove_file(folder.path().join(lock::FILE)).unwrap();
    let error = replace(&lock, &target, b"new", 0o644, Expected::Any).unwrap_err();
    assert!(matches!(error, WriteError::LockLost { .. }), "{error}");
    assert!(names(&folder).is_empty());
}

#[cfg(unix)]
#[test]
fn the_old_files_permissions_are_kept() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, lock, target) = locked();
    for mode in [0o600, 0o640, 0o664, 0o444] {
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(mode)).unwrap();
        replace(&lock, &target, b"new", 0o604, Expected::Any).unwrap();
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o7777, mode);
        fs::remove_file(&target).unwrap();
    }
    replace(&lock, &target, b"new", 0o600, Expected::Any).unwrap();
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[cfg(unix)]
#[test]
fn root_leaves_files_to_the_owner_of_file_or_folder() {
    use std::os::unix::fs::{MetadataExt, chown};
    let folder = tempdir().unwrap();
    let Ok(()) = chown(folder.path(), Some(12345), Some(12346)) else {
        eprintln!("skipped: only root can give files away");
        return;
    };
    let owner = |path: &Path| {
        let metadata = fs::metadata(path).unwrap();
        (metadata.uid(), metadata.gid())
    };
    let lock = Lock::acquire(folder.path(), Duration::ZERO).unwrap();
    assert_eq!(owner(&folder.path().join(lock::FILE)), (12345, 12346));
    let target = folder.path().join("vault.toml");
    replace(&lock, &target, b"new", 0o644, Expected::Any).unwrap();
    assert_eq!(owner(&target), (12345, 12346));
    chown(&target, Some(23456), Some(23457)).unwrap();
    replace(&lock, &target, b"newer", 0o644, Expected::Any).unwrap();
    assert_eq!(owner(&target), (23456, 23457));
    create_folder(&folder.path().join("sub")).unwrap();
    assert_eq!(owner(&folder.path().join("sub")), (12345, 12346));
}

#[cfg(unix)]
#[test]
fn a_link_in_the_files_place_is_neither_written_through_nor_removed() {
    let (folder, lock, target) = locked();
    let victim = folder.path().join("victim");
    fs::write(&victim, "old").unwrap();
    std::os::unix::fs::symlink(&victim, &target).unwrap();
    let error = replace(&lock, &target, b"new", 0o644, Expected::Any).unwrap_err();
    assert!(matches!(error, WriteError::Symlink { .. }), "{error}");
    let error = remove(&target).unwrap_err();
    assert!(matches!(error, WriteError::Symlink { .. }), "{error}");
    assert_eq!(fs::read(&victim).unwrap(), b"old");
    assert_eq!(names(&folder), [lock::FILE, "vault.toml", "victim"]);
}

#[test]
fn a_folder_in_the_files_place_is_refused() {
    let (_folder, lock, target) = locked();
    fs::create_dir(&target).unwrap();
    let error = replace(&lock, &target, b"new", 0o644, Expected::Any).unwrap_err();
    assert!(matches!(error, WriteError::NotAFile { .. }), "{error}");
    let error = remove(&target).unwrap_err();
    assert!(matches!(error, WriteError::NotAFile { .. }), "{error}");
}

#[test]
fn a_removed_file_is_gone_and_a_missing_one_is_an_error() {
    let (_folder, _lock, target) = locked();
    fs::write(&target, "old").unwrap();
    remove(&target).unwrap();
    assert!(!target.exists());
    assert!(matches!(remove(&target).unwrap_err(), WriteError::Missing { .. }));
}

#[test]
fn creating_a_folder_again_is_fine_and_over_a_file_is_not() {
    let root = tempdir().unwrap();
    let folder = root.path().join(".v-secure");
    create_folder(&folder).unwrap();
    create_folder(&folder).unwrap();
    assert!(folder.is_dir());
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let error = create_folder(&file).unwrap_err();
    assert!(matches!(error, WriteError::Unchanged { step: Step::CreateFolder, .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_locked_folder_leads_nowhere() {
    let root = tempdir().unwrap();
    let (own, moved, victim) =
        (root.path().join("own"), root.path().join("moved"), root.path().join("victim"));
    for folder in [&own, &victim] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join(".vault.toml.tmp-12345678"), "").unwrap();
    }
    let lock = Lock::acquire(&own, Duration::ZERO).unwrap();
    fs::rename(&own, &moved).unwrap();
    std::os::unix::fs::symlink(&victim, &own).unwrap();
    replace(&lock, &own.join("vault.toml"), b"new", 0o644, Expected::Any).unwrap();
    assert_eq!(fs::read(moved.join("vault.toml")).unwrap(), b"new");
    assert!(!moved.join(".vault.toml.tmp-12345678").exists());
    assert!(victim.join(".vault.toml.tmp-12345678").exists());
    assert!(!victim.join("vault.toml").exists());
}
