//! What a ledger's file remembers, through torn records, other writers and a full file.

use super::*;
use std::fs;
use std::path::PathBuf;
use tempfile::{TempDir, tempdir};
use v_secure_core::policy::position::PolicyPosition;

const VAULT: VaultId = VaultId([5; 32]);

/// Of the record of an entry that counts, with one rotation.
const LEN: u64 = FIXED as u64 + 2;

fn fresh() -> (TempDir, LedgerFile) {
    let state = tempdir().unwrap();
    let ledger = LedgerFile::new(Some(state.path()), Owners::current(), &VAULT);
    (state, ledger)
}

fn path(state: &TempDir) -> PathBuf {
    state.path().join("pins").join(format!("{VAULT}.ledger"))
}

fn judged(range: std::ops::Range<u8>, void: &[u16]) -> Vec<Judged> {
    let judged = |byte| {
        let entry = EntryId([byte; 32]);
        Judged { entry, void: void.to_vec(), rotations: vec![500] }
    };
    range.map(judged).collect()
}

fn len(state: &TempDir) -> u64 {
    fs::metadata(path(state)).unwrap().len()
}

#[test]
fn what_is_remembered_comes_back() {
    let (_state, file) = fresh();
    assert_eq!(file.load().unwrap(), Ledger::default());
    file.add(&judged(0..2, &[]), 3).unwrap();
    file.add(&judged(2..3, &[0, 999]), 3).unwrap();
    let ledger = file.load().unwrap();
    assert_eq!(ledger.0.len(), 3);
    assert_eq!(ledger.counts(&EntryId([0; 32]), 0, PolicyPosition::new(2)), Some(true));
    assert_eq!(ledger.counts(&EntryId([2; 32]), 999, PolicyPosition::new(2)), Some(false));
    assert_eq!(ledger.counts(&EntryId([2; 32]), 1, PolicyPosition::new(2)), Some(true));
    assert!(ledger.stood_by_write(&EntryId([0; 32]), 0, 3));
    assert!(!ledger.stood_by_write(&EntryId([0; 32]), 500, 3));
}

#[test]
fn the_same_chain_adds_and_a_longer_one_compacts() {
    let (state, file) = fresh();
    file.add(&judged(0..3, &[]), 3).unwrap();
    let before = len(&state);
    file.add(&judged(0..4, &[]), 3).unwrap();
    assert_eq!(len(&state), before + LEN);
    file.add(&judged(1..4, &[0]), 4).unwrap();
    assert_eq!(len(&state), before + LEN + 3 * 2, "one record an entry");
    let ledger = file.load().unwrap();
    assert_eq!(ledger.0.len(), 4, "what other states hold stays");
    assert!(ledger.counted(&EntryId([1; 32]), 0));
    assert_eq!(ledger.counts(&EntryId([1; 32]), 0, PolicyPosition::new(3)), Some(false));
}

/// Of a ledger with thousands of other records, in which a known one is judged anew and a new one is added.
#[test]
fn what_is_written_is_the_same_however_much_else_is_known() {
    let of = |number: u32, void: &[u16]| {
        let mut entry = EntryId([3; 32]);
        entry.0[..4].copy_from_slice(&number.to_le_bytes());
        Judged { entry, void: void.to_vec(), rotations: Vec::new() }
    };
    let many: Vec<Judged> = (0..70_000).map(|number| of(number * 7, &[])).collect();
    let few = [of(7, &[1]), of(7 * 65_536, &[]), of(8, &[2])];
    let (state, file) = fresh();
    file.add(&many, 3).unwrap();
    for (add, chain) in [(LedgerFile::add as fn(&_, &_, _) -> _, 3), (LedgerFile::add_new, 4)] {
        let mut expected = file.load().unwrap();
        let news = expected.news(&few, chain as u32);
        expected.0.extend(news);
        add(&file, &few, chain).unwrap();
        assert_eq!(file.load().unwrap(), expected);
        let before = len(&state);
        add(&file, &few, chain).unwrap();
        assert_eq!(len(&state), before, "nothing is new");
    }
    assert_eq!(file.load().unwrap().0.len(), many.len() + 1);
}

#[test]
fn a_torn_last_record_is_ignored_and_then_cut_off() {
    let (state, file) = fresh();
    file.add(&judged(0..2, &[7]), 3).unwrap();
    let whole = fs::read(path(&state)).unwrap();
    for torn in 1..=LEN as usize {
        fs::write(path(&state), &whole[..whole.len() - torn]).unwrap();
        assert_eq!(file.load().unwrap().0.len(), 1, "{torn}");
        file.add(&judged(5..6, &[]), 3).unwrap();
        let ledger = file.load().unwrap();
        assert_eq!(
            ledger.counts(&EntryId([5; 32]), 0, PolicyPosition::new(0)),
            Some(true),
            "{torn}"
        );
        assert_eq!(ledger.0.len(), 2, "{torn}");
    }
}

#[test]
fn what_is_no_ledger_gives_no_trust_and_is_replaced() {
    let (state, file) = fresh();
    file.add(&judged(0..1, &[]), 3).unwrap();
    for bytes in [b"".to_vec(), b"v-secure ledger 9\n".to_vec(), vec![0xff; 500]] {
        fs::write(path(&state), bytes).unwrap();
        assert_eq!(file.load().unwrap(), Ledger::default());
        file.add(&judged(1..2, &[]), 3).unwrap();
        assert_eq!(file.load().unwrap().0.len(), 1);
    }
}

#[test]
fn a_full_ledger_keeps_the_newest_state_and_stays_readable() {
    let (state, mut file) = fresh();
    file.limit = MAGIC.len() + 4 * LEN as usize;
    file.add(&judged(0..3, &[]), 3).unwrap();
    file.add(&judged(3..6, &[]), 3).unwrap();
    assert_eq!(file.load().unwrap().0.len(), 4);
    file.add(&judged(3..7, &[]), 4).unwrap();
    let ledger = file.load().unwrap();
    assert!((3..7).all(|byte| ledger.0.contains_key(&EntryId([byte; 32]))));
    assert_eq!(len(&state), file.limit as u64);
}

#[test]
fn a_vault_accepted_anew_begins_anew() {
    let (_state, file) = fresh();
    file.add(&judged(0..3, &[]), 9).unwrap();
    file.replace(&judged(2..4, &[]), 3).unwrap();
    let ledger = file.load().unwrap();
    assert_eq!(ledger.0.len(), 2);
    assert_eq!(ledger.counts(&EntryId([2; 32]), 0, PolicyPosition::new(5)), None);
}

#[test]
fn without_a_state_folder_nothing_is_kept() {
    let file = LedgerFile::new(None, Owners::current(), &VAULT);
    file.add(&judged(0..2, &[]), 3).unwrap();
    assert_eq!(file.load().unwrap(), Ledger::default());
}

#[test]
fn writers_at_once_lose_nothing() {
    let (_state, file) = fresh();
    std::thread::scope(|scope| {
        for start in [0, 20, 40, 60] {
            let file = &file;
            scope.spawn(move || {
                for first in start..start + 20 {
                    file.add(&judged(first..first + 20, &[]), usize::from(first)).unwrap();
                    file.load().unwrap();
                }
            });
        }
    });
    assert_eq!(file.load().unwrap().0.len(), 99);
}

#[test]
fn a_reader_is_not_stopped_by_what_is_being_added() {
    let (_state, file) = fresh();
    file.add(&judged(0..1, &[]), 1).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for first in 1..250 {
                file.add(&judged(first..first + 1, &[]), usize::from(first)).unwrap();
            }
        });
        while !writer.is_finished() {
            file.load().unwrap();
        }
    });
    assert_eq!(file.load().unwrap().0.len(), 250);
}

#[cfg(unix)]
#[test]
fn a_ledger_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (state, file) = fresh();
    file.add(&judged(0..1, &[]), 1).unwrap();
    fs::set_permissions(path(&state), fs::Permissions::from_mode(0o620)).unwrap();
    let error = file.load().unwrap_err();
    assert!(matches!(error, PinError::Private(PrivateError::WritableByOthers { .. })), "{error}");
}

/// Records that end where a piece does, that are longer than one, and a last one that is torn anywhere.
#[test]
fn what_is_read_piece_by_piece_is_what_stands_there() {
    let one = |number: u32, flaws: usize| {
        let mut entry = [0; 32];
        entry[..4].copy_from_slice(&number.to_le_bytes());
        let ops = (0..flaws as u16 % ROTATION).map(|op| (op, Flaw::Rotation)).collect();
        (EntryId(entry), LedgerVerdict { chain: number, ops })
    };
    let written = |all: &[(EntryId, LedgerVerdict)]| {
        let records = all.iter().flat_map(|(id, verdict)| record(id, verdict));
        MAGIC.iter().copied().chain(records).collect::<Vec<u8>>()
    };
    // What is left of the first piece behind the first record, to the byte and around it.
    let to_end = (PIECE - MAGIC.len() - FIXED) / 2;
    let sizes = [to_end - 20, to_end - 19, to_end - 1, to_end, to_end + 1];
    for first in sizes.into_iter().chain([0, 3 * PIECE / 8]) {
        let mut all = vec![one(0, first)];
        all.extend((1..3_000).map(|number| one(number, number as usize % 3)));
        let bytes = written(&all);
        let expected = Ledger(all.iter().cloned().collect());
        assert_eq!(parse(&bytes[..], &Asked::All).unwrap(), (expected.clone(), bytes.len()));
        let (last, whole) = (all.pop().unwrap(), written(&all).len());
        for torn in [whole + 1, whole + FIXED - 1, bytes.len() - 1] {
            let (found, until) = parse(&bytes[..torn], &Asked::All).unwrap();
            assert_eq!((found.0.len(), until), (all.len(), whole), "{first}, {torn}");
        }
        let asked = Judged { entry: last.0, void: Vec::new(), rotations: Vec::new() };
        let found = parse(&bytes[..], &Asked::of(&[asked])).unwrap();
        assert_eq!(found, (Ledger([last].into()), bytes.len()));
    }
    let long = written(&[one(7, usize::from(ROTATION) - 1)]);
    assert_eq!(parse(&long[..], &Asked::All).unwrap().1, long.len());
    assert!(long.len() - MAGIC.len() > PIECE);
}
