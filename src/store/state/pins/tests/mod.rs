//! What is kept, what may replace it, and that damage is never taken for "no pin".

use super::*;
use crate::store::file::find::{FILE, FOLDER, Location};
use crate::store::file::lock;
use std::collections::BTreeSet;
use std::fs;
use tempfile::{TempDir, tempdir};
use v_secure_core::crypto::id::{EntryId, VaultId};

fn fresh() -> (TempDir, Pins, VaultPlace) {
    let state = tempdir().unwrap();
    let pins = Pins::new(Some(state.path()), Owners::current());
    (state, pins, VaultPlace::sample("a"))
}

impl Pins {
    fn save(&self, place: &VaultPlace, new: &Accepted) -> Result<Saved, PinError> {
        self.save_chain(place, new, &chains::text(&new.vault, &new.chain))
    }
}

fn entry(seq: usize, name: &str) -> String {
    format!("{{\"seq\":{seq},\"reason\":\"{name}\\u0027s\",\"sigs\":[]}}")
}

/// A chain of `len` entries that only `name` has.
fn pin(name: &str, len: usize) -> Accepted {
    let chain: Vec<_> = (0..len).map(|seq| entry(seq, name)).collect();
    Accepted {
        path: "/projects/a".into(),
        name: name.into(),
        vault: PolicyEntry::id_of_line(&chain[0]).into(),
        chain,
        heads: vec![EntryId([u8::try_from(len).unwrap(); 32])],
        counted: len as u64,
        roots: None,
        born: None,
    }
}

/// What is known of the vault `name` where it is accepted.
fn known(pins: &Pins, place: &VaultPlace, name: &str) -> Option<(Vec<String>, Vec<EntryId>)> {
    let known = pins.known(place, &pin(name, 1).vault).unwrap();
    let chain = lines(&known);
    known.here.map(|here| (chain.unwrap(), here.heads))
}

fn lines(known: &KnownVault) -> Option<Vec<String>> {
    known.chain.as_ref().map(|chain| chain.lines().unwrap().to_vec())
}

fn stored(name: &str, len: usize) -> Option<(Vec<String>, Vec<EntryId>)> {
    let pin = pin(name, len);
    Some((pin.chain, pin.heads))
}

fn file(state: &TempDir, place: &VaultPlace) -> PathBuf {
    state.path().join("pins").join(places::file_name(place))
}

fn chain_file(state: &TempDir, name: &str) -> PathBuf {
    state.path().join("pins").join(chains::file_name(&pin(name, 1).vault))
}

fn damage(error: PinError) -> PinDamage {
    let text = error.to_string();
    let PinError::Damaged { file, source, .. } = error else { panic!("{text}") };
    assert!(text.contains(&*file.to_string_lossy()) && text.contains("v-secure pin accept"));
    source
}

fn load(pins: &Pins, place: &VaultPlace, name: &str) -> Result<KnownVault, PinError> {
    pins.known(place, &pin(name, 1).vault)
}

#[test]
fn a_pin_comes_back_as_it_was_saved_its_heads_only_at_its_place() {
    let (_state, pins, place) = fresh();
    assert_eq!(load(&pins, &place, "a").unwrap(), KnownVault::default());
    assert_eq!(pins.save(&place, &pin("a", 2)).unwrap(), Saved::Written);
    assert_eq!(known(&pins, &place, "a"), stored("a", 2));
    let elsewhere = load(&pins, &VaultPlace::sample("b"), "a").unwrap();
    assert_eq!((&elsewhere.here, lines(&elsewhere)), (&None, Some(pin("a", 2).chain)));
    assert_eq!(elsewhere.elsewhere, pin("a", 2).heads);
    let other = load(&pins, &place, "b").unwrap();
    assert_eq!((other.here.unwrap().vault, other.chain), (pin("a", 1).vault, None));
}

#[test]
fn a_vault_has_one_chain_and_each_place_its_own_heads() {
    let (_state, pins, place) = fresh();
    let clone = VaultPlace::sample("b");
    pins.save(&place, &pin("a", 3)).unwrap();
    assert_eq!(pins.save(&clone, &pin("a", 2)).unwrap(), Saved::Kept);
    let lacking = pin("a", 3).heads;
    assert_eq!(
        known(&pins, &clone, "a"),
        Some((pin("a", 3).chain, lacking)),
        "not those it came with"
    );
    assert_eq!(pins.save(&clone, &pin("a", 4)).unwrap(), Saved::Written);
    assert_eq!(known(&pins, &clone, "a"), stored("a", 4));
    assert_eq!(known(&pins, &place, "a"), Some((pin("a", 4).chain, pin("a", 3).heads)));
}

fn place(path: &str, repository: Option<&str>) -> VaultPlace {
    let project = Path::new(path).to_path_buf();
    let folder = project.join(FOLDER);
    let git_common_dir = repository.map(PathBuf::from);
    let vault = folder.join(FILE);
    VaultPlace::of(&Location { vault, folder, project, git_common_dir }, Some(Path::new("/home/u")))
}

#[test]
fn a_new_place_takes_over_the_heads_of_its_repository_or_else_of_all() {
    let (_state, pins, _) = fresh();
    let heads = |path: &str, repository: Option<&str>| {
        load(&pins, &place(path, repository), "a").unwrap().elsewhere
    };
    pins.save(&place("/p/shop", Some("/p/shop/.git")), &pin("a", 2)).unwrap();
    pins.save(&place("/p/other", None), &pin("a", 3)).unwrap();
    pins.save(&place("/p/third", None), &pin("b", 4)).unwrap();
    let near = pin("a", 2).heads;
    assert_eq!(heads("/p/shop/lib", Some("/p/shop/.git")), near);
    let all: BTreeSet<EntryId> = near.into_iter().chain(pin("a", 3).heads).collect();
    let far: BTreeSet<EntryId> = heads("/q/moved", Some("/q/moved/.git")).into_iter().collect();
    assert_eq!(far, all);
    assert!(heads("/p/shop", Some("/p/shop/.git")).is_empty(), "it has its own");
}

#[test]
fn vaults_of_the_same_project_are_found_from_a_new_place_and_from_no_other() {
    let (_state, pins, _) = fresh();
    pins.save(&place("/p/shop", None), &pin("a", 2)).unwrap();
    pins.save(&place("/q/web", Some("/q/.git")), &pin("b", 2)).unwrap();
    let names = |place: &VaultPlace| -> Vec<String> {
        load(&pins, place, "c").unwrap().around.into_iter().map(|found| found.name).collect()
    };
    assert_eq!(names(&place("/p/shop/api/v1", None)), ["a"]);
    assert_eq!(names(&place("/p/shopping", None)), Vec::<String>::new());
    assert_eq!(names(&place("/p", None)), Vec::<String>::new());
    assert_eq!(names(&place("/elsewhere/api", Some("/q/.git"))), ["b"]);
    assert_eq!(names(&place("/p/shop/sub", Some("/q/.git"))), ["a"], "the nearest above decides");
    assert_eq!(names(&place("/p/shop", None)), Vec::<String>::new(), "the place is known");
}

#[test]
fn a_place_whose_chain_is_gone_is_no_first_use() {
    let (state, pins, here) = fresh();
    pins.save(&here, &pin("a", 2)).unwrap();
    fs::remove_file(chain_file(&state, "a")).unwrap();
    for place in [here.clone(), place("/projects/a/sub", None)] {
        let gone = damage(load(&pins, &place, "a").unwrap_err());
        assert!(matches!(gone, PinDamage::Gone), "{gone}");
    }
    pins.accept(&here, &pin("a", 2)).unwrap();
    assert_eq!(known(&pins, &here, "a"), stored("a", 2));
}

#[test]
fn a_pin_of_format_1_is_no_first_use_at_its_place_nor_at_a_new_one() {
    let (state, pins, here) = fresh();
    pins.save(&here, &pin("a", 2)).unwrap();
    let old =
        "{\"format\":1,\"path\":\"/projects/a/v\",\"vault\":\"x\",\"chain\":[],\"heads\":[]}\n";
    fs::write(file(&state, &here), old).unwrap();
    let error = load(&pins, &here, "a").unwrap_err();
    assert!(matches!(error, PinError::Older { format: 1, .. }), "{error}");
    assert!(error.to_string().contains("v-secure pin accept"), "{error}");
    let error = load(&pins, &VaultPlace::sample("b"), "b").unwrap_err();
    assert!(matches!(error, PinError::Around { .. }), "{error}");
    assert!(error.to_string().contains("(/projects/a/v)"), "{error}");
    pins.accept(&here, &pin("a", 2)).unwrap();
    assert!(load(&pins, &VaultPlace::sample("b"), "b").is_ok());
}

#[test]
fn without_a_state_folder_there_is_no_pin_and_none_is_kept() {
    let (pins, place) = (Pins::new(None, Owners::current()), VaultPlace::sample("a"));
    assert_eq!(pins.save(&place, &pin("a", 1)).unwrap(), Saved::NoState);
    assert_eq!(pins.accept(&place, &pin("a", 1)).unwrap(), Saved::NoState);
    assert_eq!(load(&pins, &place, "a").unwrap(), KnownVault::default());
}

#[test]
fn loading_makes_no_folder() {
    let root = tempdir().unwrap();
    let state = root.path().join("state");
    let pins = Pins::new(Some(&state), Owners::current());
    assert_eq!(load(&pins, &VaultPlace::sample("a"), "a").unwrap(), KnownVault::default());
    assert!(!state.exists());
}

#[test]
fn what_is_stored_already_is_not_written_and_takes_no_lock() {
    let (state, pins, place) = fresh();
    pins.save(&place, &pin("a", 2)).unwrap();
    let files = [file(&state, &place), chain_file(&state, "a")];
    let before = files.clone().map(|file| fs::read(file).unwrap());
    let lock = state.path().join("pins").join(lock::FILE);
    fs::remove_file(&lock).unwrap();
    let from_other_worktree = Accepted { path: "/projects/linked".into(), ..pin("a", 2) };
    assert_eq!(pins.save(&place, &from_other_worktree).unwrap(), Saved::Unchanged);
    assert_eq!(pins.save(&place, &pin("a", 1)).unwrap(), Saved::Kept);
    assert!(!lock.exists());
    assert_eq!(files.map(|file| fs::read(file).unwrap()), before);
}

#[test]
fn a_chain_grows_and_never_shrinks() {
    let (_state, pins, place) = fresh();
    for (len, saved, then) in [
        (1, Saved::Written, 1),
        (3, Saved::Written, 3),
        (2, Saved::Kept, 3),
        (4, Saved::Written, 4),
    ] {
        assert_eq!(pins.save(&place, &pin("a", len)).unwrap(), saved);
        assert_eq!(known(&pins, &place, "a"), stored("a", then));
    }
}

#[test]
fn new_heads_and_new_signatures_of_the_same_chain_are_kept() {
    let (_state, pins, place) = fresh();
    pins.save(&place, &pin("a", 2)).unwrap();
    let mut newer = Accepted { heads: vec![EntryId([9; 32])], ..pin("a", 2) };
    assert_eq!(pins.save(&place, &newer).unwrap(), Saved::Written);
    newer.chain[1] = newer.chain[1].replace("[]", "[{\"sig\":\"x\"}]");
    assert_eq!(pins.save(&place, &newer).unwrap(), Saved::Written);
    assert_eq!(known(&pins, &place, "a"), Some((newer.chain, newer.heads)));
}

#[test]
fn what_was_judged_in_part_does_not_end_what_the_ledger_is_known_to_have() {
    let (_state, pins, place) = fresh();
    let counted = || load(&pins, &place, "a").unwrap().here.unwrap().counted;
    let part = |len| Accepted { counted: 0, ..pin("a", len) };
    assert_eq!(pins.save(&place, &part(2)).unwrap(), Saved::Written);
    assert_eq!(counted(), 0);
    assert_eq!(pins.save(&place, &pin("a", 2)).unwrap(), Saved::Written);
    assert_eq!(pins.save(&place, &part(2)).unwrap(), Saved::Unchanged);
    assert_eq!(counted(), 2);
    let heads = pin("a", 2).heads;
    pins.save(&place, &Accepted { heads: heads.clone(), ..part(3) }).unwrap();
    assert_eq!(counted(), 2, "not by the longer chain yet");
    pins.save(&place, &Accepted { heads, ..pin("a", 3) }).unwrap();
    assert_eq!(counted(), 3);
}

#[test]
fn a_chain_that_parted_and_another_vault_are_refused_until_accepted() {
    let (state, pins, place) = fresh();
    let mut parted = pin("a", 3);
    pins.save(&place, &parted).unwrap();
    parted.chain[1] = entry(1, "other");
    for (other, file) in [(parted, chain_file(&state, "a")), (pin("b", 1), file(&state, &place))] {
        let error = pins.save(&place, &other).unwrap_err();
        let text = error.to_string();
        let PinError::Differs { file: named, .. } = error else { panic!("{text}") };
        assert_eq!(named, file);
        assert!(text.contains("v-secure pin accept"), "{text}");
    }
    assert_eq!(known(&pins, &place, "a"), stored("a", 3));
    assert_eq!(pins.accept(&place, &pin("b", 1)).unwrap(), Saved::Written);
    assert_eq!(known(&pins, &place, "b"), stored("b", 1));
}

#[test]
fn a_damaged_file_is_an_error_for_reader_and_writer_until_the_vault_is_accepted() {
    let (state, pins, place) = fresh();
    for path in [file(&state, &place), chain_file(&state, "a")] {
        pins.accept(&place, &pin("a", 2)).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        for bad in [
            String::new(),
            good[..good.len() / 2].to_owned(),
            good.trim_end().to_owned(),
            good.replacen('{', "{ ", 1),
            good.replacen("{", "{\"format\":2,", 1),
            good.replacen("\"vault\":", "\"extra\":0,\"vault\":", 1),
            good.clone() + &good,
        ] {
            assert_ne!(bad, good);
            fs::write(&path, &bad).unwrap();
            damage(load(&pins, &place, "a").unwrap_err());
            damage(pins.save(&place, &pin("a", 2)).unwrap_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), bad, "nothing but accept repairs it");
        }
        fs::write(&path, [0xff]).unwrap();
        assert!(matches!(damage(load(&pins, &place, "a").unwrap_err()), PinDamage::NotText));
    }
    pins.accept(&place, &pin("a", 1)).unwrap();
    assert_eq!(known(&pins, &place, "a"), stored("a", 1));
}

#[test]
fn a_chain_that_is_another_vaults_is_damage() {
    let (state, pins, place) = fresh();
    pins.save(&place, &pin("a", 2)).unwrap();
    pins.save(&VaultPlace::sample("b"), &pin("b", 2)).unwrap();
    fs::copy(chain_file(&state, "b"), chain_file(&state, "a")).unwrap();
    let found = damage(load(&pins, &place, "a").unwrap_err());
    assert!(matches!(found, PinDamage::NotItsGenesis { .. }), "{found}");
}

#[test]
fn a_damaged_pin_of_another_place_stops_the_first_use_of_a_new_one() {
    let (state, pins, here) = fresh();
    pins.save(&here, &pin("a", 2)).unwrap();
    pins.save(&VaultPlace::sample("b"), &pin("b", 2)).unwrap();
    fs::write(file(&state, &here), "x").unwrap();
    let error = load(&pins, &VaultPlace::sample("c"), "c").unwrap_err();
    assert!(matches!(error, PinError::Around { .. }), "{error}");
    assert!(load(&pins, &VaultPlace::sample("b"), "b").is_ok(), "known places do not look around");
}

#[test]
fn a_huge_pin_is_refused_by_its_length() {
    let (state, pins, place) = fresh();
    pins.save(&place, &pin("a", 1)).unwrap();
    fs::File::create(file(&state, &place)).unwrap().set_len(stored::LIMIT + 1).unwrap();
    let found = damage(load(&pins, &place, "a").unwrap_err());
    assert!(matches!(found, PinDamage::TooLarge { .. }));
}

#[test]
fn a_pin_of_a_newer_format_is_not_called_damaged() {
    let (state, pins, place) = fresh();
    pins.save(&place, &pin("a", 1)).unwrap();
    for text in ["{\"format\":3,\"new\":true}\n", "{\"format\":3}"] {
        fs::write(file(&state, &place), text).unwrap();
        let error = load(&pins, &place, "a").unwrap_err();
        assert!(matches!(error, PinError::Newer { format: 3, .. }), "{error}");
    }
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let (_state, pins, place) = fresh();
    let empty = Accepted { chain: Vec::new(), ..pin("a", 1) };
    let foreign = Accepted { vault: VaultId([1; 32]), ..pin("a", 1) };
    for bad in [empty, foreign] {
        for error in [pins.save(&place, &bad).unwrap_err(), pins.accept(&place, &bad).unwrap_err()]
        {
            assert!(matches!(error, PinError::Unfit(PinDamage::NotItsGenesis { .. })), "{error}");
        }
    }
    assert_eq!(load(&pins, &place, "a").unwrap(), KnownVault::default());
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
                    let chain = lines(&load(pins, place, "a").unwrap()).unwrap();
                    assert!(chain.len() >= len, "{} < {len}", chain.len());
                }
            });
        }
    });
    assert_eq!(known(&pins, &place, "a"), stored("a", 40));
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
        assert_eq!(known(&pins, &place, winner), stored(winner, 2));
    }
}

#[cfg(unix)]
mod unix;
