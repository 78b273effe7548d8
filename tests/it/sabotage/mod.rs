//! What hostile members put into the file never keeps an owner from taking rights away: each record that
//! they can make, against each command.
#![cfg(unix)]

mod hostile;
mod scene;

use hostile::{RECORDS, Record};
use scene::{AUDIENCE, Scene, path_with};
use serde_json::{Value, json};
use std::fs;
use v_secure_core::name::Name;
use v_secure_core::policy::op::Right;
use v_secure_core::policy::state::PolicyState;
use v_secure_core::vault::Vault;
use v_secure_testkit::person;
use v_secure_testkit::person::Person;
use v_secure_testkit::tools::has;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// A command that takes something away, and whether it is gone.
struct Removal {
    line: &'static str,
    gone: fn(&PolicyState) -> bool,
}

const REMOVALS: &[Removal] = &[
    Removal {
        line: "member remove mallory --yes",
        gone: |state| state.member(&name("mallory")).is_none(),
    },
    Removal { line: "member remove bob --yes", gone: |state| state.member(&name("bob")).is_none() },
    Removal {
        line: "member key remove mallory/desk --yes",
        gone: |state| !state.member(&name("mallory")).unwrap().keys.contains_key(&name("desk")),
    },
    Removal {
        line: "access revoke lead dev/* read",
        gone: |state| !state.holds_anywhere(&name("mallory"), Right::Read),
    },
    Removal {
        line: "role leave lead mallory",
        gone: |state| !state.holds_anywhere(&name("mallory"), Right::Grant),
    },
    Removal { line: "role rm lead --yes", gone: |state| state.role(&name("lead")).is_none() },
    Removal {
        line: "key rotate --audience developer+lead+owner",
        gone: |state| !state.audience(&AUDIENCE).unwrap().earlier.is_empty(),
    },
];

fn verified(person: &Person) -> Vault {
    let vault = scene::open(&person.vault());
    person.run("audit verify").ok();
    vault
}

/// What the command says, on either stream.
fn said(person: &Person, line: &str) -> String {
    let done = person.run(line);
    assert_eq!(done.code, 0, "{line}: {}", done.err);
    done.out + &done.err
}

fn every(record: &Record, scene: &Scene) {
    let hostile = scene.hostile(record);
    for removal in REMOVALS {
        scene.reset();
        fs::write(scene.olga.vault(), &hostile).unwrap();
        let before = verified(&scene.olga).policy().audience(&AUDIENCE).unwrap().earlier.len();
        let done = scene.olga.run(removal.line);
        let case = format!("{}: {}", record.name, removal.line);
        assert_eq!(done.code, 0, "{case}: {}", done.err);
        let after = verified(&scene.olga);
        assert!((removal.gone)(after.policy()), "{case}");
        assert_eq!(after.policy().due().count(), 0, "{case}: {}", done.err);
        if let Some(audience) = after.policy().audience(&AUDIENCE)
            && removal.line.starts_with("member remove")
        {
            assert_eq!(audience.earlier.len(), before + 1, "{case}: who left keeps the old keys");
        }
        // What is untouched reads on, and new values are written and read by those who stay.
        assert_eq!(scene.olga.run("get prod/DB").ok(), "prod-db", "{case}");
        scene.olga.set("dev/NEW", "new");
        assert_eq!(scene.olga.run("get dev/NEW").ok(), "new", "{case}");
    }
    scene.reset();
    fs::write(scene.olga.vault(), &hostile).unwrap();
    let done = scene.olga.run("member remove mallory --yes");
    for text in record.said {
        let flat = done.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(text), "{}: {text}: {flat}", record.name);
    }
}

#[test]
fn each_command_that_takes_rights_away_succeeds_whatever_is_in_the_file() {
    let scene = Scene::new();
    RECORDS.iter().for_each(|record| every(record, &scene));
}

#[test]
fn what_only_looks_works_and_the_rest_says_what_it_could_not_do() {
    let scene = Scene::new();
    for record in RECORDS {
        scene.reset();
        fs::write(scene.olga.vault(), scene.hostile(record)).unwrap();
        for line in ["ls", "exposed", "access list", "member list", "key status", "--json"] {
            said(&scene.olga, line);
        }
        let doctor = scene.olga.run("doctor --json");
        let report: Value = serde_json::from_str(&doctor.out).unwrap();
        let codes: Vec<&str> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["code"].as_str().unwrap())
            .collect();
        assert!(codes.contains(&record.doctor), "{}: {codes:?}", record.name);
        let is_sound = codes.contains(&"contents-sound");
        assert_eq!(is_sound, record.doctor == "contents-sound", "{}", record.name);
        let settled = scene.olga.run("access settle --json");
        match settled.code {
            0 => {}
            code => {
                let expected = (6, "closed".to_owned());
                assert_eq!((code, settled.error().1), expected, "{}: {}", record.name, settled.err);
            }
        }
        scene.olga.run("role join lead bob").ok();
        scene.olga.run("key rotate --all --dek").ok();
        verified(&scene.olga);
    }
}

#[test]
fn keys_that_a_hostile_epoch_left_out_come_back_from_git() {
    if !has("git") {
        return;
    }
    let scene = Scene::new();
    let (olga, git) = (&scene.olga, |line: &str| scene.git(line));
    git("init -q");
    git("add .v-secure");
    git("commit -qm vault");
    let whole = olga.run("key restore --json").json();
    assert_eq!((&whole["audiences"], &whole["looked_at"]), (&json!([]), &json!(0)));
    for record in RECORDS.iter().filter(|record| record.doctor.starts_with("e")) {
        git("checkout -q -f -- .");
        scene.reset();
        fs::write(olga.vault(), scene.hostile(record)).unwrap();
        olga.run("member remove mallory --yes").ok();
        if olga.run("get dev/DB").code == 0 {
            continue;
        }
        let lost = olga.run("doctor");
        assert!(lost.out.contains("epochs-missing"), "{}: {}", record.name, lost.out);
        let planned = olga.run("key restore --dry-run --json").json();
        let row = &planned["audiences"][0];
        let found = (&row["audience"], &row["held"], &row["found"], &row["missing"]);
        // A hostile epoch that no envelope ever held stays missing, and nothing is under it.
        let epochs = row["epochs"].as_u64().unwrap();
        let missing = row["missing"].as_u64().unwrap();
        assert_eq!(found.0, &json!(*AUDIENCE));
        assert!(epochs - missing >= 2, "{}: {planned}", record.name);
        let trap = scene.arm();
        let done = olga.run("key restore");
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(!trap.exists(), "the repository's configuration names no program that is run");
        scene.disarm();
        assert_eq!(olga.run("get dev/DB").ok(), "dev-db", "{}", record.name);
        verified(olga);
        let again = olga.run("key restore --json");
        match missing {
            0 => assert_eq!(again.code, 0),
            _ => assert_eq!(again.error(), (5, "keys-missing".to_owned())),
        }
    }
}

#[test]
fn keys_are_found_in_git_under_the_path_that_the_vault_had() {
    if !has("git") {
        return;
    }
    let scene = Scene::new();
    let (olga, git) = (&scene.olga, |line: &str| scene.git(line));
    git("init -q");
    git("add .v-secure");
    git("commit -qm vault");
    let app = olga.checkout().join("app");
    fs::create_dir(&app).unwrap();
    git("mv .v-secure app/.v-secure");
    let record = RECORDS.iter().find(|record| record.name == "epoch-alone").unwrap();
    fs::write(app.join(".v-secure/vault.toml"), scene.hostile(record)).unwrap();
    git("commit -qam moved");
    let run = |line: &str| -> person::Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        olga.command(&arguments).current_dir(&app).output().unwrap().into()
    };
    run("member remove mallory --yes").ok();
    assert_ne!(run("get dev/DB").code, 0);
    run("key restore").ok();
    assert_eq!(run("get dev/DB").ok(), "dev-db");
}

#[test]
fn a_copy_outside_git_gives_its_keys_too() {
    let scene = Scene::new();
    let olga = &scene.olga;
    let copy = olga.home().join("old.toml");
    fs::copy(olga.vault(), &copy).unwrap();
    let record = RECORDS.iter().find(|record| record.name == "epoch-alone").unwrap();
    fs::write(olga.vault(), scene.hostile(record)).unwrap();
    olga.run("member remove mallory --yes").ok();
    let bare = olga.run("key restore --json");
    assert_eq!(bare.error(), (5, "keys-missing".to_owned()), "{}", bare.err);
    let line = format!("key restore --json --from {}", copy.display());
    let report = olga.run(&line).json();
    assert_eq!(
        (&report["looked_at"], &report["audiences"][0]["restored"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(olga.run("get dev/DB").ok(), "dev-db");
    assert_eq!(olga.run(&line).code, 0, "nothing is missing any more");
    let absent = olga.run("--json key restore --from /nowhere");
    assert_eq!(absent.error(), (5, "from-file".to_owned()), "said even where nothing is missing");
}

#[test]
fn who_may_not_make_the_envelope_is_told_who_may() {
    let scene = Scene::new();
    let record = RECORDS.iter().find(|record| record.name == "epoch-alone").unwrap();
    fs::write(scene.olga.vault(), scene.hostile(record)).unwrap();
    let bob = &scene.bob;
    bob.pull(&scene.olga);
    let refused = bob.run("key restore --json");
    assert_eq!(refused.error(), (4, "not-permitted".to_owned()));
    assert!(refused.err.contains("who can make its envelope: mallory, olga"), "{}", refused.err);
}

#[test]
fn a_recipient_whose_program_is_missing_is_left_out_named_and_taken_up_later() {
    if !has("python3") {
        return;
    }
    let scene = Scene::new();
    let olga = &scene.olga;
    let with_plugin = |line: &str| scene.with_plugin(line);
    let add =
        "member add touch --recipient age1scripted1qqqqqqqqqqqqqqqqhxemgs --role developer --yes";
    let refused = olga.run(&format!("{add} --json"));
    assert_eq!(refused.error(), (1, "unsealable".to_owned()));
    assert!(refused.err.contains("age-plugin-scripted"), "{}", refused.err);
    with_plugin(add).ok();
    let removed = olga.run("member remove bob --yes --json").json();
    let skipped = &removed["skipped"][0];
    assert_eq!((&skipped["member"], &skipped["audiences"]), (&json!("touch"), &json!([*AUDIENCE])));
    let verified = olga.run("audit verify --json").json();
    let found = &verified["findings"][0];
    assert_eq!(
        (&found["code"], &found["subject"]),
        (&json!("recipient-skipped"), &json!(*AUDIENCE))
    );
    assert!(found["message"].as_str().unwrap().contains("touch"), "{found}");
    // It fails again: no envelope is made anew for it at each change.
    let envelope = |person: &Person| {
        scene::open(&person.vault()).policy().audience(&AUDIENCE).unwrap().envelope
    };
    let before = envelope(olga);
    let done = olga.run("role create other");
    assert_eq!(done.code, 0);
    assert!(done.err.contains("touch"), "it is said again: {}", done.err);
    assert_eq!(envelope(olga), before);
    with_plugin("access settle").ok();
    assert_ne!(envelope(olga), before);
    assert_eq!(olga.run("audit verify --json").json()["findings"], json!([]));
}

#[test]
fn a_plugin_that_fails_keeps_nobody_in() {
    let scene = Scene::new();
    let record = RECORDS.iter().find(|record| record.name == "recipient-unsealable").unwrap();
    fs::write(scene.olga.vault(), scene.hostile(record)).unwrap();
    let path = path_with(&scene.failing_plugin());
    let mut command = scene.olga.command(&["member", "remove", "bob", "--yes", "--json"]);
    let done: person::Done = command.env("PATH", path).output().unwrap().into();
    let report = done.json();
    assert_eq!(report["skipped"][0]["member"], "mallory", "{report}");
    verified(&scene.olga);
}
