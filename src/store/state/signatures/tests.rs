//! What is known, to whom, and that nothing wrong with a list gives trust.

use super::*;
use std::fs;
use tempfile::{TempDir, tempdir};
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::sign::Tag;

const VAULT: VaultId = VaultId([7; 32]);

fn list(state: &TempDir) -> SignatureList {
    SignatureList::new(Some(state.path()), Owners::current(), &VAULT)
}

fn fresh() -> (TempDir, SignatureList) {
    let state = tempdir().unwrap();
    let list = list(&state);
    (state, list)
}

fn file(state: &TempDir) -> PathBuf {
    state.path().join(FOLDER).join(VAULT.to_string())
}

fn signature(number: u8) -> SignatureOf {
    let (key, id) = (Fixed([1; 32]).into(), Fixed([number; 32]));
    SignatureOf { tag: Tag::LogEntry, key, id, signature: Fixed([number; 64]) }
}

#[test]
fn what_was_added_is_known_and_is_written_once() {
    let (state, list) = fresh();
    assert!(!list.load().has(&signature(1)));
    list.add(&[signature(1), signature(2)]);
    list.add(&[signature(1), signature(3)]);
    let seen = list.load();
    assert!((1..=3).all(|number| seen.has(&signature(number))));
    assert!(!seen.has(&signature(4)));
    assert_eq!(fs::read(file(&state)).unwrap().len(), 3 * SIZE);
}

#[test]
fn a_signature_that_differs_in_anything_is_not_known() {
    let (_state, list) = fresh();
    list.append(&[signature(1)]);
    let seen = list.load();
    let known = signature(1);
    assert!(seen.has(&known));
    for other in [
        SignatureOf { tag: Tag::PolicyEntry, ..known },
        SignatureOf { key: Fixed([2; 32]).into(), ..known },
        SignatureOf { id: Fixed([2; 32]), ..known },
        SignatureOf { signature: Fixed([2; 64]), ..known },
    ] {
        assert!(!seen.has(&other), "{other:?}");
    }
}

#[test]
fn a_list_by_another_users_key_or_without_one_says_nothing() {
    let (state, list) = fresh();
    let (elsewhere, stranger) = fresh();
    list.append(&[signature(1)]);
    stranger.append(&[signature(2)]);
    fs::copy(file(&elsewhere), file(&state)).unwrap();
    assert!(!list.load().has(&signature(2)));
    list.append(&[signature(1)]);
    assert!(list.load().has(&signature(1)), "behind what says nothing");
    fs::remove_file(state.path().join("verified.key")).unwrap();
    assert!(!list.load().has(&signature(1)));
}

#[test]
fn a_torn_last_value_is_cut_off_and_a_full_list_starts_anew() {
    let (state, list) = fresh();
    list.append(&[signature(1)]);
    let mut bytes = fs::read(file(&state)).unwrap();
    bytes.extend([9; SIZE - 1]);
    fs::write(file(&state), &bytes).unwrap();
    assert!(list.load().has(&signature(1)));
    list.append(&[signature(2)]);
    let seen = list.load();
    assert!(seen.has(&signature(1)) && seen.has(&signature(2)));
    fs::write(file(&state), vec![0; usize::try_from(LIMIT).unwrap()]).unwrap();
    list.append(&[signature(3)]);
    assert!(list.load().has(&signature(3)));
    assert_eq!(fs::read(file(&state)).unwrap().len(), SIZE);
}

#[test]
fn without_a_state_folder_or_with_one_that_cannot_be_made_nothing_is_kept() {
    let none = SignatureList::new(None, Owners::current(), &VAULT);
    none.add(&[signature(1)]);
    assert!(!none.load().has(&signature(1)));
    let root = tempdir().unwrap();
    let taken = root.path().join("file");
    fs::write(&taken, "").unwrap();
    let list = SignatureList::new(Some(&taken), Owners::current(), &VAULT);
    list.add(&[signature(1)]);
    assert!(!list.load().has(&signature(1)));
}

#[cfg(unix)]
#[test]
fn a_list_that_others_can_write_or_that_is_a_link_is_neither_read_nor_written() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (state, list) = fresh();
    list.append(&[signature(1)]);
    let mode = |mode| fs::set_permissions(file(&state), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o620);
    assert!(!list.load().has(&signature(1)));
    list.append(&[signature(2)]);
    mode(0o600);
    assert!(list.load().has(&signature(1)));
    assert!(!list.load().has(&signature(2)));
    let moved = state.path().join("moved");
    fs::rename(file(&state), &moved).unwrap();
    symlink(&moved, file(&state)).unwrap();
    assert!(!list.load().has(&signature(1)));
    list.append(&[signature(2)]);
    assert_eq!(fs::read(&moved).unwrap().len(), SIZE);
}
