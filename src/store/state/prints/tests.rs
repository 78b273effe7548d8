//! What is kept, for how long, and what becomes of it when its key is gone.

use super::*;
use crate::host::real::RealHost;
use std::fs;
use tempfile::{TempDir, tempdir};
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::id::VaultId;

const VAULT: VaultId = VaultId([1; 32]);
const NOW: UnixTime = UnixTime::from_secs(1_000_000);

/// No keyring is asked: there is no time for an answer.
fn files(state: &TempDir) -> PrintFiles {
    PrintFiles::new(state.path(), Owners::current(), Duration::ZERO)
}

fn noted(number: u8, value: &str) -> Noted {
    let secret = v_secure_core::name::SecretName::parse("prod/A").unwrap();
    let value = v_secure_core::secret_value::SecretValue::from(value.to_owned());
    Noted::of(&secret, Fixed([number; 32]), &value).unwrap()
}

fn keep(files: &PrintFiles, noted: Vec<Noted>) -> Result<(), PrintError> {
    files.keep(&RealHost, NOW, &VAULT, noted)
}

fn kept(files: &PrintFiles) -> Vec<u8> {
    let loaded = files.load().unwrap().unwrap();
    loaded.vaults.iter().flat_map(|(_, prints)| prints).map(|print| print.mark.0[0]).collect()
}

const VALUES: [&str; 2] = ["x9$Lq2vRt7Pw4z-K1m0T", "sk_live_51H8xkQ2eZvKYlo2C0aB3d9"];

#[test]
fn values_are_kept_once_and_stay() {
    let state = tempdir().unwrap();
    let files = files(&state);
    assert!(files.load().unwrap().is_none());
    keep(&files, vec![]).unwrap();
    assert!(!state.path().join(FOLDER).exists());
    keep(&files, vec![noted(1, VALUES[0]), noted(1, VALUES[0])]).unwrap();
    keep(&files, vec![noted(2, VALUES[1]), noted(1, VALUES[0])]).unwrap();
    assert_eq!(kept(&files), [1, 2]);
    let folder = state.path().join(FOLDER);
    let prints = fs::read(folder.join(format!("{VAULT}{PRINTS}"))).unwrap();
    keep(&files, vec![noted(1, VALUES[0])]).unwrap();
    assert_eq!(fs::read(folder.join(format!("{VAULT}{PRINTS}"))).unwrap(), prints, "nothing new");
}

#[test]
fn what_is_not_kept_is_not_judged_again() {
    let state = tempdir().unwrap();
    let files = files(&state);
    keep(&files, vec![noted(1, "correct horse battery staple")]).unwrap();
    assert_eq!(files.seen(&VAULT).unwrap(), [[1; MARK]]);
    assert!(files.load().unwrap().is_none());
}

#[test]
fn without_its_key_everything_begins_anew() {
    let state = tempdir().unwrap();
    let files = files(&state);
    keep(&files, vec![noted(1, VALUES[0])]).unwrap();
    fs::remove_file(state.path().join(FOLDER).join("key")).unwrap();
    assert!(matches!(files.load(), Err(PrintError::Key(KeyError::Lost))));
    keep(&files, vec![noted(2, VALUES[1])]).unwrap();
    assert_eq!(kept(&files), [2]);
    keep(&files, vec![noted(1, VALUES[0])]).unwrap();
    assert_eq!(kept(&files), [2, 1]);
    let key = state.path().join(FOLDER).join("key");
    fs::write(&key, [0; 32]).unwrap();
    assert!(matches!(files.load(), Err(PrintError::Key(KeyError::Lost))), "no key");
    fs::write(&key, [9; 32]).unwrap();
    assert!(matches!(files.load(), Err(PrintError::Prints(_))), "another key");
    files.begin_anew().unwrap();
    assert!(files.load().unwrap().is_none());
}

#[test]
fn what_is_damaged_is_kept_anew() {
    let state = tempdir().unwrap();
    let files = files(&state);
    keep(&files, vec![noted(1, VALUES[0])]).unwrap();
    fs::write(state.path().join(FOLDER).join(format!("{VAULT}{PRINTS}")), "{}").unwrap();
    keep(&files, vec![noted(2, VALUES[1])]).unwrap();
    keep(&files, vec![noted(1, VALUES[0])]).unwrap();
    assert_eq!(kept(&files), [2, 1]);
}

#[cfg(unix)]
#[test]
fn files_are_the_users_alone_and_a_key_that_others_can_read_is_none() {
    use std::os::unix::fs::PermissionsExt;
    let state = tempdir().unwrap();
    let files = files(&state);
    keep(&files, vec![noted(1, VALUES[0])]).unwrap();
    let folder = state.path().join(FOLDER);
    for entry in fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{:?}", entry.file_name());
    }
    fs::set_permissions(folder.join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(files.load(), Err(PrintError::Key(KeyError::Lost))));
}

#[test]
fn a_keyring_that_does_not_answer_is_left_alone_for_a_while() {
    let state = tempdir().unwrap();
    let files = files(&state);
    keep(&files, vec![noted(1, VALUES[0])]).unwrap();
    let folder = state.path().join(FOLDER);
    fs::rename(folder.join("key"), folder.join("was")).unwrap();
    fs::write(folder.join("keyring"), "scan:x").unwrap();
    let later = |seconds| NOW.saturating_add(seconds);
    let try_at = |now| files.keep(&RealHost, now, &VAULT, vec![noted(2, VALUES[1])]).unwrap_err();
    assert!(matches!(try_at(NOW), PrintError::Key(KeyError::Keyring(_))));
    assert!(matches!(try_at(later(60)), PrintError::Key(KeyError::Aside)));
    assert!(matches!(try_at(later(16 * 60)), PrintError::Key(KeyError::Keyring(_))));
    assert!(matches!(files.load(), Err(PrintError::Key(KeyError::Keyring(_)))));
}
