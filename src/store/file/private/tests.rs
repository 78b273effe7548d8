//! Files that this user alone may read: made, replaced and judged.

use super::*;
use std::fs;
use tempfile::tempdir;

fn me() -> Owners {
    Owners::current()
}

#[test]
fn a_missing_folder_is_made_with_its_parents() {
    let root = tempdir().unwrap();
    let path = root.path().join("a/b");
    assert_eq!(ensure_folder(&path, me()).unwrap(), None);
    assert!(path.is_dir());
    assert_eq!(ensure_folder(&path, me()).unwrap(), None);
}

#[test]
fn a_file_in_the_folders_place_is_refused() {
    let root = tempdir().unwrap();
    let path = root.path().join("file");
    fs::write(&path, "").unwrap();
    let error = ensure_folder(&path, me()).unwrap_err();
    assert!(matches!(error, PrivateError::NotAFolder { .. }), "{error}");
}

#[test]
fn a_secret_file_is_limited_and_its_bytes_are_not_shown() {
    let root = tempdir().unwrap();
    let path = root.path().join("identity.txt");
    fs::write(&path, "hunter2").unwrap();
    let file = read_secret(&path, 7, me()).unwrap();
    assert_eq!(file.bytes.expose(), b"hunter2");
    assert!(!format!("{file:?}").contains("hunter2"));
    let error = read_secret(&path, 6, me()).unwrap_err();
    assert!(matches!(error, PrivateError::Read(ReadError::TooLarge { .. })), "{error}");
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_folders_and_files_are_the_users_alone() {
        let root = tempdir().unwrap();
        let path = root.path().join("a/b");
        ensure_folder(&path, me()).unwrap();
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o700, 0o700));
        open_append(&path.join("journal"), me()).unwrap();
        assert_eq!(mode(&path.join("journal")), 0o600);
    }

    #[test]
    fn what_others_can_read_is_a_warning_and_what_they_can_write_an_error() {
        let root = tempdir().unwrap();
        let file = root.path().join("identity.txt");
        fs::write(&file, "x").unwrap();
        for (bits, warned) in [(0o600, false), (0o640, true), (0o604, true), (0o400, false)] {
            set_mode(&file, bits);
            let exposed = read_secret(&file, 9, me()).unwrap().exposed;
            let expected = warned.then(|| Exposed { path: file.clone(), mode: bits });
            assert_eq!(exposed, expected);
        }
        set_mode(root.path(), 0o755);
        assert!(ensure_folder(root.path(), me()).unwrap().is_some());
        set_mode(root.path(), 0o770);
        let error = ensure_folder(root.path(), me()).unwrap_err();
        assert!(matches!(error, PrivateError::WritableByOthers { mode: 0o770, .. }), "{error}");
        set_mode(&file, 0o620);
        let error = open_append(&file, me()).unwrap_err();
        assert!(matches!(error, PrivateError::WritableByOthers { .. }), "{error}");
    }

    #[test]
    fn what_another_user_owns_is_an_error() {
        let root = tempdir().unwrap();
        let (path, others) = (root.path().join("file"), Owners::nobody_here());
        fs::write(&path, "").unwrap();
        let errors = [
            ensure_folder(root.path(), others).unwrap_err(),
            open_append(&path, others).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, PrivateError::OtherOwner { .. }), "{error}");
        }
        // Tests run as root see a file that everybody accepts.
        let owner = sys::owner(&fs::metadata(&path).unwrap());
        assert_eq!(read_secret(&path, 9, others).is_ok(), owner == Some(0));
    }

    #[test]
    fn a_link_is_no_folder_within_the_state_folder() {
        let root = tempdir().unwrap();
        let (state, victim) = (root.path().join("state"), root.path().join("victim"));
        fs::create_dir(&state).unwrap();
        fs::create_dir(&victim).unwrap();
        symlink(&victim, state.join("inner")).unwrap();
        for opened in
            [ensure_inner(&state, "inner", me()).map(Some), existing_inner(&state, "inner", me())]
        {
            let error = opened.unwrap_err();
            assert!(matches!(error, PrivateError::Read(ReadError::Symlink { .. })), "{error}");
        }
        assert!(existing_inner(&state, "none", me()).unwrap().is_none());
        assert!(existing_inner(&root.path().join("none"), "none", me()).unwrap().is_none());
        ensure_inner(&state, "made", me()).unwrap();
        assert_eq!(mode(&state.join("made")), 0o700);
    }

    #[test]
    fn a_place_in_somebody_elses_folder_is_refused_also_behind_a_link() {
        let root = tempdir().unwrap();
        let theirs = root.path().join("home");
        fs::create_dir(&theirs).unwrap();
        let ours = [theirs.join("state"), theirs.join("not/there/yet")];
        assert!(ours.iter().all(|path| unreplaceable(path, me()).is_ok()));
        if std::os::unix::fs::chown(&theirs, Some(65_534), None).is_err() {
            eprintln!("skipped: only root can give files away");
            return;
        }
        let (link, inner) = (root.path().join("link"), root.path().join("inner"));
        symlink(theirs.join("state"), &link).unwrap();
        fs::create_dir(theirs.join("state")).unwrap();
        fs::create_dir(&inner).unwrap();
        let back = theirs.join("back");
        symlink(&inner, &back).unwrap();
        for path in ours.iter().chain([&link.join("verified"), &back, &back.join("state")]) {
            let error = unreplaceable(path, me()).unwrap_err();
            assert!(matches!(error, PrivateError::InReachOf { owner: 65_534, .. }), "{error}");
        }
        let stranger = root.path().join("stranger");
        symlink(&inner, &stranger).unwrap();
        std::os::unix::fs::lchown(&stranger, Some(65_534), None).unwrap();
        assert!(unreplaceable(&stranger, me()).is_err(), "whose link may lead elsewhere");
        assert!(unreplaceable(&inner, me()).is_ok());
    }

    #[test]
    fn a_mounted_identity_is_read_through_its_link_but_no_journal_is() {
        let root = tempdir().unwrap();
        let (file, link) = (root.path().join("..data"), root.path().join("identity.txt"));
        fs::write(&file, "x").unwrap();
        symlink(&file, &link).unwrap();
        assert_eq!(read_secret(&link, 9, me()).unwrap().bytes.expose(), b"x");
        let error = open_append(&link, me()).unwrap_err();
        assert!(matches!(error, PrivateError::Read(ReadError::Symlink { .. })), "{error}");
    }
}
