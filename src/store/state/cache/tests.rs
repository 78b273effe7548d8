//! What counts as a record, how many stay, and that nothing here can fail a read.

use super::*;
use std::fs;
use std::time::{Duration, SystemTime};
use tempfile::{TempDir, tempdir};
use v_secure_core::crypto::bytes::{Fixed, Id};
use v_secure_core::crypto::mac::MacKey;

const MOST: usize = KEPT + SLACK;
const REPORT: &str = "12 entries\n2 notices\n";

fn fresh() -> (TempDir, Cache) {
    let state = tempdir().unwrap();
    let cache = Cache::new(Some(state.path()), Owners::current());
    (state, cache)
}

fn id(number: usize) -> Id {
    let [low, high, ..] = number.to_le_bytes();
    let mut bytes = [low; 32];
    bytes[0] = high;
    Fixed(bytes)
}

fn record(state: &TempDir, id: &Id) -> PathBuf {
    state.path().join(FOLDER).join(id.to_string())
}

fn names(state: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(state.path().join(FOLDER)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A record as the holder of `key` makes it.
fn text(key: &MacKey, id: &Id, report: &str) -> String {
    format!("{FIRST_LINE}\n{}\n{report}", key.of(&checked(id, report)))
}

/// Makes a record look `minutes` old.
fn age(path: &Path, minutes: u64) {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000 - 60 * minutes);
    fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn a_report_is_found_by_the_hash_alone_and_kept_exactly() {
    let (state, cache) = fresh();
    assert_eq!(cache.get(&id(1)), None);
    for report in ["", REPORT, "no line end", "\n\n", "ünïcode"] {
        assert!(cache.put(&id(1), report));
        assert_eq!(cache.get(&id(1)).as_deref(), Some(report));
    }
    assert_eq!(cache.get(&id(2)), None);
    let text = fs::read_to_string(record(&state, &id(1))).unwrap();
    let first = format!("v-secure-verified 4 {}", env!("CARGO_PKG_VERSION"));
    assert_eq!(text.lines().next(), Some(first.as_str()));
}

#[test]
fn without_a_state_folder_nothing_is_recorded() {
    let cache = Cache::new(None, Owners::current());
    assert!(!cache.put(&id(1), REPORT));
    assert_eq!(cache.get(&id(1)), None);
}

#[test]
fn damage_other_versions_and_other_names_are_no_records_and_are_replaced() {
    let (state, cache) = fresh();
    cache.put(&id(1), REPORT);
    let path = record(&state, &id(1));
    let good = fs::read_to_string(&path).unwrap();
    for bad in [
        String::new(),
        good[..good.len() - 1].to_owned(),
        good.clone() + "more",
        good.replace("12 entries", "13 entries"),
        good.replacen("verified 4 ", "verified 5 ", 1),
        good.replacen('\n', "0\n", 1),
        good.replacen('\n', "\r\n", 1),
        FIRST_LINE.to_owned(),
        format!("{FIRST_LINE}\n{REPORT}"),
    ] {
        assert_ne!(bad, good);
        fs::write(&path, &bad).unwrap();
        assert_eq!(cache.get(&id(1)), None, "{bad:?}");
    }
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(cache.get(&id(1)), None);
    fs::write(record(&state, &id(2)), &good).unwrap();
    assert_eq!(cache.get(&id(2)), None);
    assert!(cache.put(&id(1), REPORT));
    assert_eq!(cache.get(&id(1)).as_deref(), Some(REPORT));
}

#[test]
fn a_record_beyond_the_limit_is_neither_written_nor_read() {
    let (state, cache) = fresh();
    let limit = usize::try_from(LIMIT).unwrap();
    assert!(!cache.put(&id(1), &"x".repeat(limit)));
    assert!(cache.put(&id(1), &"x".repeat(limit - 100)));
    assert!(cache.get(&id(1)).is_some());
    let long = "x".repeat(limit);
    let key = cache.key().get().unwrap();
    fs::write(record(&state, &id(1)), text(&key, &id(1), &long)).unwrap();
    assert_eq!(cache.get(&id(1)), None);
}

#[test]
fn the_newest_records_stay_and_what_killed_writers_left_goes() {
    let (state, cache) = fresh();
    let left_over = state.path().join(FOLDER).join(format!(".{}.tmp-12345678", id(9)));
    fill(&state, &cache);
    fs::write(&left_over, "").unwrap();
    age(&left_over, 10_000);
    assert!(cache.put(&id(9_999), REPORT));
    assert_eq!(names(&state).len(), KEPT);
    assert!(!left_over.exists());
    assert_eq!(cache.get(&id(MOST - 1)), None, "the oldest");
    assert!((0..KEPT - 1).chain([9_999]).all(|number| cache.get(&id(number)).is_some()));
}

/// As many records as there may be, each a minute older than the one before.
fn fill(state: &TempDir, cache: &Cache) {
    for number in 0..MOST {
        assert!(cache.put(&id(number), REPORT));
        age(&record(state, &id(number)), 100 + number as u64);
    }
    assert_eq!(names(state).len(), MOST);
}

#[cfg(unix)]
#[test]
fn what_is_read_stays_however_long_ago_it_was_written() {
    let (state, cache) = fresh();
    fill(&state, &cache);
    assert!(cache.get(&id(MOST - 1)).is_some(), "the oldest, which is used");
    assert!(cache.put(&id(9_999), REPORT));
    assert!(cache.get(&id(MOST - 1)).is_some());
    assert_eq!(cache.get(&id(MOST - 2)), None, "the oldest of the others");
}

#[test]
fn only_names_of_our_own_form_are_removed() {
    let (state, cache) = fresh();
    cache.put(&id(0), REPORT);
    let folder = state.path().join(FOLDER);
    let others = ["notes", ".notes.tmp-12345678", "a.toml"].map(|name| folder.join(name));
    for file in &others {
        fs::write(file, "").unwrap();
        age(file, 1_000_000);
    }
    for number in 0..=MOST {
        cache.put(&id(number), REPORT);
    }
    assert!(others.iter().all(|file| file.exists()));
    assert_eq!(names(&state).len(), KEPT + others.len());
}

#[test]
fn a_record_made_without_this_users_key_is_none() {
    let (state, cache) = fresh();
    cache.put(&id(1), REPORT);
    let other = MacKey::parse(&[9; 32]).unwrap();
    fs::write(record(&state, &id(1)), text(&other, &id(1), "forged")).unwrap();
    assert_eq!(cache.get(&id(1)), None);
    let (elsewhere, stranger) = fresh();
    stranger.put(&id(2), "of another user");
    fs::copy(record(&elsewhere, &id(2)), record(&state, &id(2))).unwrap();
    assert_eq!(cache.get(&id(2)), None);
}

#[test]
fn a_key_that_is_gone_or_none_is_made_anew_and_its_records_go() {
    let (state, cache) = fresh();
    let key = state.path().join("verified.key");
    for damage in [None, Some(&b""[..]), Some(&[7; 31]), Some(&[7; 33]), Some(&[0; 32])] {
        cache.put(&id(1), REPORT);
        match damage {
            None => fs::remove_file(&key).unwrap(),
            Some(bytes) => fs::write(&key, bytes).unwrap(),
        }
        assert_eq!(cache.get(&id(1)), None);
        assert!(cache.put(&id(1), REPORT));
        assert_eq!(cache.get(&id(1)).as_deref(), Some(REPORT));
        assert_eq!(fs::read(&key).unwrap().len(), 32);
    }
}

#[test]
fn a_new_record_stays_where_all_others_are_from_the_future() {
    let (state, cache) = fresh();
    for number in 0..MOST {
        cache.put(&id(number), REPORT);
        let path = record(&state, &id(number));
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(8_000_000_000);
        fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }
    cache.put(&id(9_999), REPORT);
    assert_eq!(cache.get(&id(9_999)).as_deref(), Some(REPORT));
    assert_eq!(names(&state).len(), KEPT);
}

/// A clock that was ahead for a while leaves records that are as old as their use, and no older.
#[test]
fn what_is_dated_after_now_makes_room_like_everything_else() {
    let (state, cache) = fresh();
    for number in 0..KEPT {
        cache.put(&id(number), REPORT);
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(8_000_000_000 + number as u64);
        let file = fs::File::options().write(true).open(record(&state, &id(number))).unwrap();
        file.set_modified(then).unwrap();
    }
    let new = KEPT..2 * KEPT;
    for number in new.clone() {
        cache.put(&id(number), REPORT);
    }
    let is_there = |number: &usize| record(&state, &id(*number)).exists();
    let lost = new.clone().filter(|number| !is_there(number)).count();
    assert!(lost <= SLACK + 1, "{lost}: those of before the first look at the dates");
    let now = SystemTime::now() + Duration::from_secs(60);
    let modified = |number| fs::metadata(record(&state, &id(number))).unwrap().modified().unwrap();
    assert!((0..2 * KEPT).filter(is_there).all(|number| modified(number) < now));
    assert!((0..KEPT).filter(is_there).count() < KEPT / 2, "they went");
}

#[test]
fn readers_and_writers_at_once_see_whole_records() {
    let (state, cache) = fresh();
    std::thread::scope(|scope| {
        for start in 0..4 {
            let cache = &cache;
            scope.spawn(move || {
                for round in 0..200 {
                    // All write record 1; each its own beside it.
                    cache.put(&id(1), REPORT);
                    cache.put(&id(100 + start * 200 + round), REPORT);
                    let found = cache.get(&id(1));
                    assert!(found.is_none_or(|report| report == REPORT));
                }
            });
        }
    });
    assert!(cache.put(&id(1), REPORT));
    assert_eq!(cache.get(&id(1)).as_deref(), Some(REPORT));
    assert!(names(&state).len() <= MOST);
}

#[test]
fn a_state_folder_that_cannot_be_made_fails_no_read() {
    let root = tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let cache = Cache::new(Some(&file), Owners::current());
    assert!(!cache.put(&id(1), REPORT));
    assert_eq!(cache.get(&id(1)), None);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn records_that_others_own_or_can_write_are_none() {
        let (state, cache) = fresh();
        cache.put(&id(1), REPORT);
        let path = record(&state, &id(1));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o620, 0o602] {
            set_mode(&path, mode);
            assert_eq!(cache.get(&id(1)), None);
        }
        set_mode(&path, 0o600);
        assert!(cache.get(&id(1)).is_some());
        let others = Cache::new(Some(state.path()), Owners::nobody_here());
        assert_eq!(others.get(&id(1)), None);
        assert!(!others.put(&id(2), REPORT));
        let moved = state.path().join("moved");
        fs::hard_link(&path, &moved).unwrap();
        fs::remove_file(&path).unwrap();
        symlink(&moved, &path).unwrap();
        assert_eq!(cache.get(&id(1)), None);
    }

    #[test]
    fn a_key_that_others_can_read_is_none() {
        let (state, cache) = fresh();
        cache.put(&id(1), REPORT);
        let key = state.path().join("verified.key");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        let old = fs::read(&key).unwrap();
        set_mode(&key, 0o604);
        assert_eq!(cache.get(&id(1)), None);
        assert!(cache.put(&id(1), REPORT));
        assert_ne!(fs::read(&key).unwrap(), old);
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_link_in_the_folders_place_is_neither_read_nor_written_nor_pruned_through() {
        let (state, cache) = fresh();
        let victim = tempdir().unwrap();
        for number in 0..100 {
            fs::write(victim.path().join(id(number).to_string()), "").unwrap();
        }
        symlink(victim.path(), state.path().join(FOLDER)).unwrap();
        assert!(!cache.put(&id(200), REPORT));
        assert_eq!(cache.get(&id(200)), None);
        assert_eq!(fs::read_dir(victim.path()).unwrap().count(), 100);
    }

    #[test]
    fn a_link_in_the_keys_place_is_not_followed() {
        let (state, cache) = fresh();
        let known = state.path().join("known");
        fs::write(&known, [7; 32]).unwrap();
        set_mode(&known, 0o600);
        symlink(&known, state.path().join("verified.key")).unwrap();
        assert!(!cache.put(&id(1), REPORT));
        assert_eq!(cache.get(&id(1)), None);
        assert_eq!(fs::read(&known).unwrap(), [7; 32]);
    }

    #[test]
    fn nothing_is_recorded_in_a_folder_that_others_can_write() {
        let (state, cache) = fresh();
        cache.put(&id(1), REPORT);
        set_mode(&state.path().join(FOLDER), 0o770);
        assert!(!cache.put(&id(2), REPORT));
        assert!(!record(&state, &id(2)).exists());
    }

    #[test]
    fn a_read_only_folder_gives_its_records_and_takes_none_without_an_error() {
        let (state, cache) = fresh();
        cache.put(&id(1), REPORT);
        let folder = state.path().join(FOLDER);
        set_mode(&folder, 0o500);
        assert_eq!(cache.get(&id(1)).as_deref(), Some(REPORT));
        if fs::write(folder.join("probe"), "").is_ok() {
            eprintln!("skipped in part: this user writes to read-only folders");
        } else {
            assert!(!cache.put(&id(2), REPORT));
        }
        set_mode(&folder, 0o700);
    }
}
