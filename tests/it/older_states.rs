//! What an older state of a vault gives where a newer one was accepted: what counted there, and
//! nothing that the newer policy does not let count.

use std::fs;
use std::path::{Path, PathBuf};
use v_secure_testkit::branches::unite;
use v_secure_testkit::person::{Done, Person, copy};
use v_secure_testkit::terminal::{rest, terminal, type_in};

/// An owner and a developer who reads and writes dev, with one file.
fn team() -> (Person, Person) {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    olga.run("role create developer --grant read,write,delete:dev/*").ok();
    let rex = join(&olga, "rex", "developer");
    (olga, rex)
}

fn join(by: &Person, name: &str, role: &str) -> Person {
    let person = Person::new(name);
    person.pull(by);
    let request = person.run("member request --json").json();
    let line = request["request"].as_str().unwrap();
    by.feed(&format!("member add {name} --request - --yes --role {role}"), line).ok();
    person.pull(by);
    person.accept_as(by);
    person
}

/// Keeps the vault as it is now under a name.
fn kept(person: &Person, name: &str) -> PathBuf {
    let path = person.checkout().join(name);
    fs::copy(person.vault(), &path).unwrap();
    path
}

fn checkout(person: &Person, file: &Path) {
    fs::copy(file, person.vault()).unwrap();
}

/// A file that [`unite`] makes of two.
fn united(person: &Person, name: &str, one: &Path, other: &Path) -> PathBuf {
    let path = person.checkout().join(name);
    fs::copy(one, &path).unwrap();
    unite(&path, other);
    path
}

/// What `get` and `exec` give of dev/DB.
fn given(person: &Person) -> (Done, String) {
    let get = person.run("get dev/DB");
    let env = person.run("exec -e dev -- env");
    assert_eq!((get.code, env.code), (0, 0), "{get:?} {env:?}");
    let exec = env.out.lines().find_map(|line| line.strip_prefix("DB=")).unwrap().to_owned();
    assert_eq!(get.out, exec);
    (get, exec)
}

#[test]
fn a_back_dated_entry_that_was_seen_does_not_count_in_an_older_state() {
    let (olga, rex) = team();
    let before = kept(&olga, "before.toml");
    rex.pull(&olga);
    olga.run("member remove rex --yes").ok();
    let after = kept(&olga, "after.toml");
    rex.set("dev/DB", "evil");
    let with_it = kept(&rex, "evil.toml");
    // First beside the removal, where it is void and seen.
    let seen = united(&olga, "seen.toml", &after, &with_it);
    checkout(&olga, &seen);
    assert_eq!(given(&olga).1, "one");
    olga.run("audit verify").ok();
    // Then without the removal.
    let older = united(&olga, "older.toml", &before, &with_it);
    checkout(&olga, &older);
    for _ in 0..2 {
        let (done, value) = given(&olga);
        assert_eq!(value, "one");
        assert!(done.err.contains("older state"), "{}", done.err);
    }
    let strict = olga.run("--json audit verify --strict");
    assert!(strict.code == 6 && strict.out.contains("pin-void"), "{strict:?}");
}

#[test]
fn what_counted_in_a_pull_request_is_void_once_a_removal_without_it_was_accepted() {
    let (olga, rex) = team();
    rex.pull(&olga);
    rex.set("dev/DB", "of the branch");
    let main = kept(&olga, "main.toml");
    let branch = kept(&rex, "branch.toml");
    checkout(&olga, &branch);
    assert_eq!(given(&olga).1, "of the branch");
    checkout(&olga, &main);
    olga.run("member remove rex --yes").ok();
    olga.run("get dev/DB").ok();
    checkout(&olga, &branch);
    assert_eq!(given(&olga).1, "one");
}

#[test]
fn an_old_branch_gives_what_counted_though_its_file_cannot_show_it() {
    let (olga, rex) = team();
    rex.set("dev/DB", "honest");
    olga.pull(&rex);
    assert_eq!(given(&olga).1, "honest");
    let old = kept(&olga, "old.toml");
    // The removal names what follows the honest entry, which the old branch does not have.
    olga.set("dev/OTHER", "x");
    olga.run("member remove rex --yes").ok();
    assert_eq!(given(&olga).1, "honest");
    checkout(&olga, &old);
    assert_eq!(given(&olga).1, "honest");
    let ledger = fs::read_dir(olga.home().join(".local/state/v-secure/pins")).unwrap();
    let ledger = ledger.map(|entry| entry.unwrap().path());
    let ledger = ledger.into_iter().find(|path| path.extension().is_some_and(|e| e == "ledger"));
    // Without what this device remembers, nothing vouches for it.
    fs::remove_file(ledger.unwrap()).unwrap();
    assert_eq!(given(&olga).1, "one");
}

#[test]
fn writing_on_an_older_state_that_lacks_a_removal_is_refused() {
    let (olga, _) = team();
    let old = kept(&olga, "old.toml");
    olga.run("member remove rex --yes").ok();
    checkout(&olga, &old);
    let refused = olga.feed("--json set dev/DB", "x");
    assert_eq!(refused.error(), (6, "pin-older".into()));
    // Before a request is read, or anything asked that only a terminal answers.
    for line in [
        "member add x --request absent",
        "member remove rex",
        "member key remove rex/rex-laptop",
        "role rm developer",
    ] {
        let refused = olga.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (6, "pin-older".into()), "{line}");
    }
}

#[test]
fn strict_readers_give_nothing_out_of_an_older_state() {
    let (olga, _) = team();
    fs::write(olga.checkout().join("t"), "{{ v-secure:dev/DB }}").unwrap();
    let commands = [
        "get dev/DB --strict",
        "exec -e dev --strict -- env",
        "export -e dev --format json --strict",
        "inject -i t --strict",
    ];
    let check = |code: i32| {
        for line in commands {
            let done = olga.run(&format!("--json {line}"));
            assert_eq!(done.code, code, "{line}: {done:?}");
            if code != 0 {
                assert_eq!(done.error(), (6, "pin-older".into()), "{line}");
                assert_eq!(done.out, "", "{line}");
            }
            assert_eq!(olga.run(&line.replace(" --strict", "")).code, 0, "{line}");
        }
    };
    check(0);
    let before = kept(&olga, "before.toml");
    olga.set("dev/DB", "two");
    let policy = kept(&olga, "policy.toml");
    checkout(&olga, &before);
    check(6);
    checkout(&olga, &policy);
    check(0);
    olga.run("role create more").ok();
    checkout(&olga, &policy);
    check(6);
}

#[test]
fn an_older_state_is_served_by_the_settings_of_the_accepted_policy() {
    let (olga, _) = team();
    olga.set("base/HOST", "localhost");
    olga.set("dev/LD_PRELOAD", "x.so");
    for setting in ["env.dev.extends base", "variables.allow LD_PRELOAD", "reads off"] {
        olga.run(&format!("settings set {setting}")).ok();
    }
    assert!(olga.run("exec -e dev -- env").ok().contains("HOST=localhost"));
    let old = kept(&olga, "old.toml");
    for setting in ["env.dev.extends", "variables.allow", "reads"] {
        olga.run(&format!("settings set {setting} --unset")).ok();
    }
    let reads = olga.home().join(".local/state/v-secure/reads");
    assert!(!reads.exists());
    checkout(&olga, &old);
    let env = olga.run("exec -e dev --only DB -- env").ok();
    assert!(env.contains("DB=one") && !env.contains("HOST="), "{env}");
    assert!(reads.exists(), "reads are written down again");
    let guarded = olga.run("--json exec -e dev -- env");
    assert_eq!(guarded.error(), (1, "environment".into()));
    assert_eq!(olga.run("--json export -e dev --format dotenv").code, 1);
}

#[test]
fn what_a_grantor_voids_that_counted_here_or_in_the_base_is_told() {
    let (olga, rex) = team();
    olga.run("role create lead --grant read,write,grant:dev/*").ok();
    let gina = join(&olga, "gina", "lead");
    rex.pull(&olga);
    rex.set("dev/DB", "honest");
    gina.run("access revoke developer dev/* write,delete").ok();
    let (with_it, revoked) = (kept(&rex, "with.toml"), kept(&gina, "revoked.toml"));
    checkout(&olga, &with_it);
    assert_eq!(given(&olga).1, "honest");
    let merged = united(&olga, "merged.toml", &revoked, &with_it);
    checkout(&olga, &merged);
    for _ in 0..2 {
        let told = olga.run("audit verify");
        assert_eq!(told.code, 0, "{told:?}");
        assert!(told.out.contains("void-known") && told.out.contains("dev/DB"), "{told:?}");
        olga.run("get dev/DB").ok();
    }
    let strict = olga.run("audit verify --strict");
    assert!(strict.code == 6 && strict.out.contains("void-known"), "{strict:?}");
    let stranger = Person::new("stranger");
    checkout(stranger_at(&stranger), &merged);
    let line = format!("audit verify --base {}", with_it.display());
    let base = stranger.run(&line);
    assert!(base.code == 6 && base.out.contains("void-known"), "{base:?}");
    let alone = stranger.run("audit verify");
    assert!(alone.code == 0 && !alone.out.contains("void-known"), "{alone:?}");
}

#[test]
fn what_an_owner_voids_is_not_told_as_such() {
    let (olga, rex) = team();
    rex.pull(&olga);
    let main = kept(&olga, "main.toml");
    rex.set("dev/DB", "honest");
    let with_it = kept(&rex, "with.toml");
    checkout(&olga, &with_it);
    olga.run("get dev/DB").ok();
    checkout(&olga, &main);
    olga.run("member remove rex --yes").ok();
    let removed = kept(&olga, "removed.toml");
    checkout(&olga, &united(&olga, "merged.toml", &removed, &with_it));
    let told = olga.run("audit verify");
    assert!(told.code == 0 && !told.out.contains("void-known"), "{told:?}");
}

fn stranger_at(person: &Person) -> &Person {
    fs::create_dir(person.checkout().join(".v-secure")).unwrap();
    person
}

#[test]
fn a_write_does_not_make_a_device_forget_what_was_cut_off() {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "old");
    let cut = kept(&olga, "cut.toml");
    olga.set("dev/DB", "new");
    olga.run("get dev/DB").ok();
    checkout(&olga, &cut);
    olga.set("dev/OTHER", "written on the older log");
    assert_eq!(olga.run("get dev/DB --strict").code, 6);
    assert!(olga.run("get dev/DB").err.contains("missing"));
    olga.run("pin accept --yes").ok();
    assert_eq!(olga.run("get dev/DB --strict").ok(), "old");
}

#[test]
fn accepting_an_older_state_says_that_it_lowers_the_pin_for_every_clone() {
    let (olga, _) = team();
    let old = kept(&olga, "old.toml");
    let clone = olga.checkout().join("../clone");
    copy(&old, &clone);
    let at_clone = |line: &str| -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        olga.command(&arguments).current_dir(&clone).output().unwrap().into()
    };
    olga.set("dev/DB", "two");
    olga.run("member remove rex --yes").ok();
    assert!(at_clone("--trust-first-use get dev/DB").err.contains("older state"));
    let kept_up = olga.run("pin accept --json").json();
    assert_eq!(kept_up["given_up"]["policy_entries"], 0);
    checkout(&olga, &old);
    let asked = olga.run("pin accept");
    assert_eq!(asked.code, 1, "{asked:?}");
    let quiet = olga.run("-q pin accept --yes --json");
    for done in [&asked, &quiet] {
        for text in ["entries that this device has accepted", "lowers the pin for every clone"] {
            assert!(done.err.contains(text), "{done:?}");
        }
    }
    let report = quiet.json();
    assert_eq!(report["changed"], true);
    assert_eq!(report["given_up"]["policy_entries"], 1);
    assert_eq!(report["given_up"]["log_entries"], 1);
    assert!(!at_clone("get dev/DB").err.contains("older state"), "it holds there, too");
    let again = olga.run("pin accept");
    assert!(again.err.contains("accepted already") && !again.err.contains("lowers"), "{again:?}");
}

#[test]
fn an_accepted_older_state_is_told_in_words() {
    let (olga, _) = team();
    let old = kept(&olga, "old.toml");
    olga.run("member remove rex --yes").ok();
    checkout(&olga, &old);
    let mut session = terminal(olga.command(&["pin", "accept"]));
    type_in(&mut session, "for every clone on this device?", "y");
    let text = rest(&mut session);
    assert!(
        text.contains("every clone of this vault on this device is held to this state"),
        "{text}"
    );
    olga.set("dev/DB", "two");
    checkout(&olga, &old);
    let same_policy = olga.run("pin accept --yes");
    assert!(same_policy.err.contains("1 entry of the log given up"), "{same_policy:?}");
    assert!(!same_policy.err.contains("clone"), "{same_policy:?}");
}

#[test]
fn rights_are_not_changed_on_a_branch_that_lacks_changes_of_them() {
    let (olga, _) = team();
    let old = kept(&olga, "old.toml");
    olga.run("role create ops").ok();
    checkout(&olga, &old);
    for line in
        ["role create other", "settings set reads off", "member add x --service --new-identity"]
    {
        let refused = olga.run(line);
        assert_eq!(refused.code, 7, "{line}: {refused:?}");
        assert!(refused.err.contains("split the policy"), "{line}: {refused:?}");
    }
    assert_eq!(fs::read(olga.vault()).unwrap(), fs::read(&old).unwrap());
    olga.set("dev/DB", "two");
    assert_eq!(given(&olga).1, "two", "secrets are written on");
}

/// A setting, a first value and a later one: whether the later one lets less through.
const SETTINGS: [(&str, Option<&str>, Option<&str>, bool); 27] = [
    ("env.dev.extends", None, Some("base"), false),
    ("env.dev.extends", Some("base"), Some("common"), true),
    ("env.dev.extends", Some("base"), None, true),
    ("kdf", None, Some("m=524288,t=4,p=4"), true),
    ("kdf", Some("m=524288,t=4,p=4"), None, false),
    ("plugins.allow", None, Some("tpm"), false),
    ("plugins.allow", Some("tpm,yubikey"), Some("yubikey"), true),
    ("reads", None, Some("off"), false),
    ("reads", Some("off"), None, true),
    ("reads", None, Some("required"), true),
    ("retention.days", None, Some("9000"), true),
    ("retention.days", Some("9000"), Some("9001"), false),
    ("retention.versions", Some("9001"), Some("9000"), true),
    ("retention.versions", Some("9000"), None, false),
    ("rotation.dek", None, Some("30d"), true),
    ("rotation.dek", Some("30d"), Some("5w"), false),
    ("rotation.kek", Some("5w"), Some("30d"), true),
    ("rotation.kek", Some("30d"), None, false),
    ("ttl", None, Some("on-write"), false),
    ("ttl", Some("on-write"), None, true),
    ("variables.allow", None, Some("PATH"), false),
    ("variables.allow", Some("PATH,LD_*"), Some("PATH"), true),
    ("variables.allow", Some("LD_*"), Some("LD_PRELOAD"), true),
    ("variables.allow", Some("LD_PRELOAD,LD_A*"), Some("LD_*"), false),
    ("variables.allow", Some("PATH"), None, true),
    ("variables.strict", None, Some("on"), true),
    ("variables.strict", Some("on"), None, false),
];

#[test]
fn a_setting_that_was_made_stricter_counts_as_something_taken_away() {
    for known in v_secure_core::policy::settings::SETTINGS {
        let key = known.key.replace("ENVIRONMENT", "dev");
        let of_key: Vec<bool> = SETTINGS.iter().filter(|s| s.0 == key).map(|s| s.3).collect();
        assert!(of_key.contains(&true) && of_key.contains(&false), "{key}");
    }
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    let first = kept(&olga, "first.toml");
    for (key, before, after, tightens) in SETTINGS {
        checkout(&olga, &first);
        olga.run("pin accept --yes").ok();
        let set = |value: Option<&str>| {
            let value = value.map_or("--unset".to_owned(), str::to_owned);
            olga.run(&format!("settings set {key} {value}")).ok();
        };
        before.into_iter().for_each(|before| set(Some(before)));
        let old = kept(&olga, "old.toml");
        set(after);
        checkout(&olga, &old);
        let told = olga.run("get dev/DB");
        let said = told.err.contains("which made a setting stricter");
        assert_eq!(said, tightens, "{key} {before:?} {after:?}: {told:?}");
        let written = olga.feed("--json set dev/NEW", "x");
        let code = if tightens { 6 } else { 0 };
        assert_eq!(written.code, code, "{key} {before:?} {after:?}: {written:?}");
    }
}

#[test]
fn new_keys_after_somebody_left_count_as_something_taken_away_and_a_schedules_do_not() {
    let (olga, rex) = team();
    let other = join(&olga, "other", "developer");
    rex.pull(&olga);
    // Leaves on their own, and cannot make the new keys.
    rex.run("member remove rex --yes").ok();
    olga.pull(&rex);
    olga.run("get dev/DB").ok();
    let left = kept(&olga, "left.toml");
    olga.run("access settle").ok();
    let settled = kept(&olga, "settled.toml");
    checkout(&olga, &left);
    let told = olga.run("get dev/DB");
    assert!(told.err.contains("made new keys since somebody had left"), "{told:?}");
    assert_eq!(olga.feed("--json set dev/DB", "x").error(), (6, "pin-older".into()));
    checkout(&olga, &settled);
    olga.run("key rotate --all").ok();
    checkout(&olga, &settled);
    let told = olga.run("get dev/DB");
    assert!(told.err.contains("older state") && !told.err.contains("which"), "{told:?}");
    olga.set("dev/DB", "two");
    drop(other);
}

#[test]
fn a_recipient_without_a_signing_key_is_something_taken_away_too() {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    let spare = Person::new("spare").run("identity new").ok();
    olga.run(&format!("member add olga --device --recipient {}", spare.trim())).ok();
    let old = kept(&olga, "old.toml");
    let tag: String =
        spare.trim().chars().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect();
    olga.run(&format!("member key remove olga/{tag} --yes")).ok();
    checkout(&olga, &old);
    assert!(olga.run("get dev/DB").err.contains("which took rights away"));
    assert_eq!(olga.feed("--json set dev/DB", "x").error(), (6, "pin-older".into()));
}

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
        assert!(told.err.contains("'v-secure pin accept' ends this warning"), "{told:?}");
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
