//! What is kept, what may replace it, and that damage is never taken for "no pin".

use super::*;
use crate::crypto::bytes::Fixed;
use crate::store::lock;
use std::fs;
use tempfile::{TempDir, tempdir};

fn fresh() -> (TempDir, Pins, Place) {
    let state = tempdir().unwrap();
    let pins = Pins::new(Some(state.path()), Owners::current(None));
    (state, pins, Place::sample("a"))
}

fn entry(seq: usize, name: &str) -> String {
    format!("{{\"seq\":{seq},\"reason\":\"{name}\\u0027s\",\"sigs\":[]}}")
}

/// A chain of `len` entries that only `name` has.
fn pin(name: &str, len: usize) -> HeldPin {
    let chain: Vec<_> = (0..len).map(|seq| entry(seq, name)).collect();
    HeldPin {
        path: "/projects/a".into(),
        vault: PolicyEntry::id_of_line(&chain[0]),
        chain,
        heads: vec![Fixed([u8::try_from(len).unwrap(); 32])],
    }
}

fn file(state: &TempDir, place: &Place) -> PathBuf {
    state.path().join("pins").join(file_name(place))
}

fn damage(error: PinError) -> PinDamage {
    let text = error.to_string();
    let PinError::Damaged { file, source, .. } = error else { panic!("{text}") };
    assert!(text.contains(&*file.to_string_lossy()) && text.contains("v-secure pin accept"));
    source
}

#[test]
fn a_pin_comes_back_as_it_was_saved_and_only_at_its_place() {
    let (_state, pins, place) = fresh();
    assert_eq!(pins.load(&place).unwrap(), None);
    assert_eq!(pins.save(&place, &pin("a", 2)).unwrap(), Saved::Written);
    assert_eq!(pins.load(&place).unwrap(), Some(pin("a", 2)));
    assert_eq!(pins.load(&Place::sample("b")).unwrap(), None);
}

#[test]
fn without_a_state_folder_there_is_no_pin_and_none_is_kept() {
    let (pins, place) = (Pins::new(None, Owners::current(None)), Place::sample("a"));
    assert_eq!(pins.save(&place, &pin("a", 1)).unwrap(), Saved::NoState);
    assert_eq!(pins.accept(&place, &pin("a", 1)).unwrap(), Saved::NoState);
    assert_eq!(pins.load(&place).unwrap(), None);
}

#[test]
fn loading_makes_no_folder() {
    let root = tempdir().unwrap();
    let state = root.path().join("state");
    let pins = Pins::new(Some(&state), Owners::current(None));
    assert_eq!(pins.load(&Place::sample("a")).unwrap(), None);
    assert!(!state.exists());
}

#[test]
fn what_is_stored_already_is_not_written_and_takes_no_lock() {
    let (state, pins, place) = fresh();
    pins.save(&place, &pin("a", 2)).unwrap();
    let before = fs::read(file(&state, &place)).unwrap();
    let lock = state.path().join("pins").join(lock::FILE);
    fs::remove_file(&lock).unwrap();
    let from_other_worktree = HeldPin { path: "/projects/linked".into(), ..pin("a", 2) };
    assert_eq!(pins.save(&place, &from_other_worktree).unwrap(), Saved::Unchanged);
    assert_eq!(pins.save(&place, &pin("a", 1)).unwrap(), Saved::Kept);
    assert!(!lock.exists());
    assert_eq!(fs::read(file(&state, &place)).unwrap(), before);
}

#[test]
fn a_chain_grows_and_never_shrinks() {
    let (_state, pins, place) = fresh();
    for (len, saved, stored) in [
        (1, Saved::Written, 1),
        (3, Saved::Written, 3),
        (2, Saved::Kept, 3),
        (4, Saved::Written, 4),
    ] {
        assert_eq!(pins.save(&place, &pin("a", len)).unwrap(), saved);
        assert_eq!(pins.load(&place).unwrap(), Some(pin("a", stored)));
    }
}

#[test]
fn new_heads_and_new_signatures_of_the_same_chain_are_kept() {
    let (_state, pins, place) = fresh();
    pins.save(&place, &pin("a", 2)).unwrap();
    let mut newer = HeldPin { heads: vec![Fixed([9; 32])], ..pin("a", 2) };
    assert_eq!(pins.save(&place, &newer).unwrap(), Saved::Written);
    newer.chain[1] = newer.chain[1].replace("[]", "[{\"sig\":\"x\"}]");
    assert_eq!(pins.save(&place, &newer).unwrap(), Saved::Written);
    assert_eq!(pins.load(&place).unwrap(), Some(newer));
}

#[test]
fn a_chain_that_parted_is_refused_until_it_is_accepted() {
    let (state, pins, place) = fresh();
    let mut parted = pin("a", 3);
    pins.save(&place, &parted).unwrap();
    parted.chain[1] = entry(1, "other");
    for other in [parted, pin("b", 1)] {
        let error = pins.save(&place, &other).unwrap_err();
        let text = error.to_string();
        let PinError::Differs { file: named, .. } = error else { panic!("{text}") };
        assert_eq!(named, file(&state, &place));
        assert!(text.contains("v-secure pin accept"), "{text}");
    }
    assert_eq!(pins.load(&place).unwrap(), Some(pin("a", 3)));
    assert_eq!(pins.accept(&place, &pin("b", 1)).unwrap(), Saved::Written);
    assert_eq!(pins.load(&place).unwrap(), Some(pin("b", 1)));
}

#[test]
fn a_damaged_pin_is_an_error_for_reader_and_writer_until_one_is_accepted() {
    let (state, pins, place) = fresh();
    pins.save(&place, &pin("a", 2)).unwrap();
    let (path, good) = (file(&state, &place), fs::read_to_string(file(&state, &place)).unwrap());
    let vault = pin("a", 2).vault.to_string();
    for bad in [
        String::new(),
        good[..good.len() / 2].to_owned(),
        good.trim_end().to_owned(),
        good.replacen('{', "{ ", 1),
        good.replacen("{", "{\"format\":1,", 1),
        good.replacen("\"heads\":", "\"extra\":0,\"heads\":", 1),
        good.replace(&vault, &Fixed([1; 32]).to_string()),
        good.replacen("[\"{", "[],\"x\":[\"{", 1),
        good.clone() + &good,
    ] {
        assert_ne!(bad, good);
        fs::write(&path, &bad).unwrap();
        damage(pins.load(&place).unwrap_err());
        damage(pins.save(&place, &pin("a", 2)).unwrap_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), bad, "nothing but accept repairs it");
    }
    fs::write(&path, [0xff]).unwrap();
    assert!(matches!(damage(pins.load(&place).unwrap_err()), PinDamage::NotText));
    pins.accept(&place, &pin("a", 1)).unwrap();
    assert_eq!(pins.load(&place).unwrap(), Some(pin("a", 1)));
}

#[test]
fn a_huge_pin_is_refused_by_its_length() {
    let (state, pins, place) = fresh();
    pins.save(&place, &pin("a", 1)).unwrap();
    fs::File::create(file(&state, &place)).unwrap().set_len(LIMIT + 1).unwrap();
    assert!(matches!(damage(pins.load(&place).unwrap_err()), PinDamage::TooLarge { .. }));
}

#[test]
fn a_pin_of_a_newer_format_is_not_called_damaged() {
    let (state, pins, place) = fresh();
    pins.save(&place, &pin("a", 1)).unwrap();
    for text in ["{\"format\":2,\"new\":true}\n", "{\"format\":2}"] {
        fs::write(file(&state, &place), text).unwrap();
        let error = pins.load(&place).unwrap_err();
        assert!(matches!(error, PinError::Newer { format: 2, .. }), "{error}");
    }
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let (_state, pins, place) = fresh();
    let empty = HeldPin { chain: Vec::new(), ..pin("a", 1) };
    let foreign = HeldPin { vault: Fixed([1; 32]), ..pin("a", 1) };
    for bad in [empty, foreign] {
        for error in [pins.save(&place, &bad).unwrap_err(), pins.accept(&place, &bad).unwrap_err()]
        {
            assert!(matches!(error, PinError::Unfit(PinDamage::NotItsGenesis { .. })), "{error}");
        }
    }
    assert_eq!(pins.load(&place).unwrap(), None);
}

#[test]
fn of_writers_at_once_the_longest_chain_stays() {
    let (_state, pins, place) = fresh();
    std::thread::scope(|scope| {
        for start in 1..=4 {
            let (pins, place) = (&pins, &place);
            scope.spawn(move || {
                for len in (start..=40).step_by(4) {
                    pins.save(place, &pin("a", len)).unwrap();
                    let stored = pins.load(place).unwrap().unwrap();
                    assert!(stored.chain.len() >= len, "{} < {len}", stored.chain.len());
                }
            });
        }
    });
    assert_eq!(pins.load(&place).unwrap(), Some(pin("a", 40)));
}

#[test]
fn of_two_first_uses_at_once_one_is_told() {
    for _ in 0..20 {
        let (_state, pins, place) = fresh();
        let save = |name: &'static str| {
            let (pins, place) = (pins.clone(), place.clone());
            move || pins.save(&place, &pin(name, 2)).is_ok()
        };
        let (a, b) = std::thread::scope(|scope| {
            let (a, b) = (scope.spawn(save("a")), scope.spawn(save("b")));
            (a.join().unwrap(), b.join().unwrap())
        });
        assert!(a != b);
        let winner = if a { "a" } else { "b" };
        assert_eq!(pins.load(&place).unwrap(), Some(pin(winner, 2)));
    }
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
    fn pins_are_the_users_alone() {
        let (state, pins, place) = fresh();
        pins.save(&place, &pin("a", 1)).unwrap();
        assert_eq!(mode(&file(&state, &place)), 0o600);
        assert_eq!(mode(&state.path().join("pins")), 0o700);
    }

    #[test]
    fn what_others_can_write_is_not_believed() {
        let (state, pins, place) = fresh();
        pins.save(&place, &pin("a", 1)).unwrap();
        let (folder, file) = (state.path().join("pins"), file(&state, &place));
        for (path, open, closed) in
            [(state.path(), 0o770, 0o700), (&folder, 0o707, 0o700), (&file, 0o620, 0o600)]
        {
            set_mode(path, open);
            let error = pins.load(&place).unwrap_err();
            assert!(
                matches!(error, PinError::Private(PrivateError::WritableByOthers { .. })),
                "{error}"
            );
            set_mode(path, closed);
        }
        assert!(pins.load(&place).unwrap().is_some());
    }

    #[test]
    fn what_another_user_owns_is_not_believed() {
        let (state, pins, place) = fresh();
        pins.save(&place, &pin("a", 1)).unwrap();
        let pins = Pins::new(Some(state.path()), Owners::nobody_here());
        let error = pins.load(&place).unwrap_err();
        assert!(matches!(error, PinError::Private(PrivateError::OtherOwner { .. })), "{error}");
    }

    #[test]
    fn other_kinds_and_links_in_its_place_are_errors_and_not_missing_pins() {
        let (state, pins, place) = fresh();
        pins.save(&place, &pin("a", 1)).unwrap();
        let path = file(&state, &place);
        fs::remove_file(&path).unwrap();
        symlink("nowhere", &path).unwrap();
        let error = pins.load(&place).unwrap_err();
        assert!(
            matches!(error, PinError::Private(PrivateError::Read(ReadError::Symlink { .. }))),
            "{error}"
        );
        fs::remove_dir_all(state.path().join("pins")).unwrap();
        symlink("nowhere", state.path().join("pins")).unwrap();
        let error = pins.load(&place).unwrap_err();
        assert!(matches!(error, PinError::Private(PrivateError::Io { .. })), "{error}");
    }

    #[test]
    fn a_read_only_folder_is_read_and_a_needed_write_is_an_error() {
        let (state, pins, place) = fresh();
        pins.save(&place, &pin("a", 2)).unwrap();
        let folder = state.path().join("pins");
        fs::remove_file(folder.join(lock::FILE)).unwrap();
        set_mode(&folder, 0o500);
        assert_eq!(pins.load(&place).unwrap(), Some(pin("a", 2)));
        assert_eq!(pins.save(&place, &pin("a", 2)).unwrap(), Saved::Unchanged);
        if fs::write(folder.join("probe"), "").is_ok() {
            eprintln!("skipped in part: this user writes to read-only folders");
            return;
        }
        let error = pins.save(&place, &pin("a", 3)).unwrap_err();
        assert!(matches!(error, PinError::Lock(LockError::Io { .. })), "{error}");
        assert_eq!(pins.load(&place).unwrap(), Some(pin("a", 2)));
        set_mode(&folder, 0o700);
    }
}
