//! What a new place takes over of the log that others have seen.

use super::*;

/// What the commands give that insist on the newest log, and those that do not.
#[track_caller]
fn lags(person: &Person, folder: &Path, lags: bool) -> Done {
    let run = |line: &str| -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        person.command(&arguments).current_dir(folder).output().unwrap().into()
    };
    let strict = run("--json get dev/DB --strict");
    match lags {
        true => assert_eq!(strict.error(), (6, "pin-older".into())),
        false => assert_eq!(strict.code, 0, "{strict:?}"),
    }
    let told = run("get dev/DB");
    assert_eq!((told.code, told.err.contains("missing")), (0, lags), "{told:?}");
    told
}

#[test]
fn a_new_place_takes_over_what_the_others_have_seen_of_the_log() {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    let old = kept(&olga, "old.toml");
    olga.set("dev/DB", "two");
    let new = kept(&olga, "new.toml");
    // A second one, which honestly lags behind.
    let clone = olga.checkout().join("../clone");
    copy(&old, &clone);
    for _ in 0..2 {
        let told = lags(&olga, &clone, true);
        assert!(told.err.contains("has what is lacking"), "{told:?}");
    }
    copy(&new, &clone);
    lags(&olga, &clone, false);
    // The project is moved, and an older log served in it.
    let moved = olga.checkout().join("../moved");
    fs::rename(olga.checkout(), &moved).unwrap();
    fs::create_dir(olga.checkout()).unwrap();
    fs::remove_dir_all(&clone).unwrap();
    copy(&moved.join("old.toml"), &moved);
    for _ in 0..2 {
        let told = lags(&olga, &moved, true);
        assert!(told.err.contains("'v-secure pin accept' ends this"), "{told:?}");
    }
    copy(&moved.join("new.toml"), &moved);
    lags(&olga, &moved, false);
}

#[test]
fn a_new_place_with_an_older_policy_forgets_nothing_of_the_log() {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    let old = kept(&olga, "old.toml");
    olga.run("role create x").ok();
    let without = kept(&olga, "without.toml");
    olga.set("dev/DB", "two");
    let clone = olga.checkout().join("../clone");
    copy(&old, &clone);
    let run = |line: &str| -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        olga.command(&arguments).current_dir(&clone).output().unwrap().into()
    };
    assert!(run("get dev/DB").err.contains("older state"));
    copy(&without, &clone);
    lags(&olga, &clone, true);
    let given_up = run("pin accept --yes --json").json();
    assert_eq!(given_up["given_up"]["log_entries"], 1);
    lags(&olga, &clone, false);
}

#[test]
fn the_log_is_not_given_up_without_a_word() {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    let old = kept(&olga, "old.toml");
    olga.set("dev/DB", "one");
    checkout(&olga, &old);
    let asked = olga.run("--json pin accept");
    assert_eq!(asked.error(), (1, "not-confirmed".into()));
    assert!(olga.run("ls").err.contains("missing"));
}

#[test]
fn a_head_that_was_seen_stays_known_where_its_signature_is_spoilt_in_the_file() {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    let old = kept(&olga, "old.toml");
    olga.set("dev/OTHER", "two");
    let text = fs::read_to_string(olga.vault()).unwrap();
    let spoil = |line: &str| match line.split_once("\"sig\":\"") {
        Some((before, sig)) if before.contains("\"put\":{\"secret\":\"dev/OTHER\"") => {
            let other = if sig.starts_with('A') { "B" } else { "A" };
            format!("{before}\"sig\":\"{other}{}\n", &sig[1..])
        }
        _ => format!("{line}\n"),
    };
    let spoilt: String = text.lines().map(spoil).collect();
    assert_ne!(text, spoilt);
    fs::write(olga.vault(), spoilt).unwrap();
    // Who reads one secret does not check the signatures of others.
    olga.run("get dev/DB").ok();
    assert_eq!(olga.run("ls").code, 6);
    checkout(&olga, &old);
    lags(&olga, &olga.checkout(), true);
}
