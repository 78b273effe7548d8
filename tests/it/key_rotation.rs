//! Renewing keys: what `key status` says, new epochs, fresh keys of values, the schedule, who may do
//! it, and what happens where two do it at once or one is interrupted.
#![cfg(unix)]

use serde_json::{Value, json};
use std::fs;
use v_secure_testkit::faults;
use v_secure_testkit::old_vault;
use v_secure_testkit::person;
use v_secure_testkit::person::Person;

/// Olga's vault with a secret in dev and one in prod, and a role for dev.
fn olga() -> Person {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "dev-db");
    olga.set("prod/DB", "prod-db");
    olga.run("role create developer --grant read,write:dev/*").ok();
    olga
}

fn join(owner: &Person, name: &str, role: &str) -> Person {
    let person = Person::new(name);
    person.pull(owner);
    let request = person.run("member request --json").json();
    let (line, words) = (request["request"].as_str().unwrap(), &request["fingerprint"]);
    let words = words.as_str().unwrap();
    owner
        .feed(&format!("member add {name} --request - --role {role} --fingerprint {words}"), line)
        .ok();
    person.pull(owner);
    person.accept_as(owner);
    person
}

/// What `key status` says of an audience.
fn keys(person: &Person, audience: &str) -> Value {
    let status = person.run("key status --json").json();
    let audiences = status["audiences"].as_array().unwrap();
    audiences.iter().find(|keys| keys["audience"] == audience).unwrap().clone()
}

/// The audiences of a report, by name.
fn renewed(report: &Value) -> Vec<&str> {
    let audiences = report["audiences"].as_array().unwrap().iter();
    audiences.map(|audience| audience["audience"].as_str().unwrap()).collect()
}

/// Files are compared to show that a refusal, a plan and an idle schedule write nothing.
fn bytes(person: &Person) -> Vec<u8> {
    fs::read(person.vault()).unwrap()
}

#[test]
fn status_tells_of_every_audience_its_age_and_who_can_renew_it() {
    let olga = olga();
    let apprentice = join(&olga, "apprentice", "developer");
    let dev = keys(&apprentice, "developer+owner");
    assert_eq!(dev["roles"], json!(["developer", "owner"]));
    assert_eq!(dev["readers"], json!(["apprentice", "olga"]));
    assert_eq!(dev["able"], json!(["olga"]), "only who may grant begins an epoch");
    assert_eq!(
        (&dev["secrets"], &dev["under_current"], &dev["epochs"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!((&dev["due"], &dev["due_at"]), (&json!(false), &Value::Null));
    assert_eq!(dev["oldest_dek"]["secret"], "dev/DB");
    olga.run("settings set rotation.kek 4w").ok();
    let status = olga.run("key status");
    let line = status.out.lines().find(|line| line.starts_with("developer+owner\t")).unwrap();
    let cells: Vec<&str> = line.split('\t').collect();
    assert_eq!((cells[1], cells[3], cells[4]), ("apprentice, olga", "1", "1"));
    assert!(["in 28 days", "in 27 days"].contains(&cells[6]), "{line}");
    assert!(
        status.err.contains("key schedule: audiences every 4w, values never"),
        "{}",
        status.err
    );
}

#[test]
fn a_new_epoch_wraps_nothing_anew_and_everybody_reads_on() {
    let olga = olga();
    let apprentice = join(&olga, "apprentice", "developer");
    let before = String::from_utf8(bytes(&olga)).unwrap();
    let done = olga.run("key rotate --audience owner+developer --json").json();
    assert_eq!(done["audiences"][0]["audience"], "developer+owner", "roles in any order");
    let after = String::from_utf8(bytes(&olga)).unwrap();
    let count = |text: &str, part: &str| text.matches(part).count();
    let wraps = |text: &str| count(text, ".version.wrap]]");
    assert_eq!(wraps(&before), wraps(&after));
    assert!(wraps(&before) > 0);
    assert_eq!(count(&before, "\"lamport\""), count(&after, "\"lamport\""), "no log entry");
    let dev = keys(&olga, "developer+owner");
    assert_eq!(dev["epoch"], done["audiences"][0]["epoch"]);
    assert_eq!((&dev["epochs"], &dev["under_current"]), (&json!(2), &json!(0)));
    assert_eq!(keys(&olga, "owner")["epochs"], 1, "the others keep theirs");
    assert_eq!(apprentice.run("get dev/DB").ok(), "dev-db", "an old clone reads on");
    apprentice.pull(&olga);
    assert_eq!(apprentice.run("get dev/DB").ok(), "dev-db", "by an earlier key in the envelope");
    apprentice.set("dev/DB", "next");
    olga.pull(&apprentice);
    assert_eq!(olga.run("get dev/DB").ok(), "next");
    assert_eq!(keys(&olga, "developer+owner")["under_current"], 1);
    let late = join(&olga, "late", "developer");
    assert_eq!(
        late.run("get dev/DB --version 1").ok(),
        "dev-db",
        "who joins later opens all of it"
    );
    assert_eq!(olga.run("audit verify --json").json()["findings"], json!([]));
}

#[test]
fn who_was_removed_reads_nothing_under_a_later_epoch() {
    let olga = olga();
    let apprentice = join(&olga, "apprentice", "developer");
    olga.run("member remove apprentice --yes").ok();
    olga.run("key rotate --audience developer+owner").ok();
    assert_eq!(keys(&olga, "developer+owner")["epochs"], 3, "the removal began one too");
    olga.set("dev/DB", "after");
    assert_eq!(apprentice.run("get dev/DB").ok(), "dev-db", "what was there stays known");
    apprentice.pull(&olga);
    assert_eq!(apprentice.run("--json get dev/DB").error(), (3, "locked".into()));
    assert_eq!(olga.run("get dev/DB").ok(), "after");
}

#[test]
fn a_fresh_key_of_a_value_changes_nothing_else() {
    let olga = olga();
    olga.feed("set prod/TOKEN --ttl 90d --description token --tag web --meta team=web", "t0ken")
        .ok();
    let before = olga.run("secret show prod/TOKEN --json").json();
    let done = olga.run("key rotate --dek --secret prod/TOKEN").err;
    assert!(
        done.contains("1 value encrypted again") && done.contains("only a new value does"),
        "{done}"
    );
    let after = olga.run("secret show prod/TOKEN --json").json();
    for field in ["expires", "description", "tags", "type", "meta", "state"] {
        assert_eq!(before[field], after[field], "{field}");
    }
    assert_eq!((&after["version"], olga.run("get prod/TOKEN").ok()), (&json!(2), "t0ken".into()));
    let versions = olga.run("secret versions prod/TOKEN --json").json();
    assert_eq!(versions["versions"][0]["same_value_as"], json!([versions["versions"][1]["id"]]));
    assert_eq!(olga.run("get prod/TOKEN --version 1").ok(), "t0ken");
    olga.run("key rotate --audience owner --dek").ok();
    let version =
        |name: &str| olga.run(&format!("secret show {name} --json")).json()["version"].clone();
    assert_eq!(
        (version("prod/TOKEN"), version("prod/DB"), version("dev/DB")),
        (3.into(), 2.into(), 1.into())
    );
}

#[test]
fn what_one_may_not_renew_is_said_with_who_can() {
    let olga = olga();
    let apprentice = join(&olga, "apprentice", "developer");
    let before = bytes(&apprentice);
    for line in [
        "key rotate --all",
        "key rotate --audience developer+owner",
        "key rotate --dek --secret prod/DB",
    ] {
        for dry in ["", " --dry-run"] {
            let refused = apprentice.run(&format!("--json {line}{dry}"));
            assert_eq!(refused.error(), (4, "not-permitted".into()), "{line}{dry}");
            assert!(refused.err.contains("who can: olga\""), "{line}: {}", refused.err);
        }
    }
    assert_eq!(bytes(&apprentice), before);
    let some = apprentice.run("key rotate --all --dek --json").json();
    assert_eq!(some["secrets"], json!(["dev/DB"]), "what can be done is done");
    let left =
        json!([{"audience": null, "secret": "prod/DB", "why": "not-permitted", "able": ["olga"]}]);
    assert_eq!(some["left"], left);
    olga.pull(&apprentice);
    olga.run("role create operator --grant read,rotate:prod/*").ok();
    let operator = join(&olga, "operator", "operator");
    let done = operator.run("key rotate --all --dek --json").json();
    assert_eq!(done["secrets"], json!(["prod/DB"]), "the right to rotate suffices");
    assert_eq!(operator.run("audit verify --json").json()["verdict"], "ok");
    assert_eq!(
        olga.run("--json key rotate --audience dev").error(),
        (5, "unknown-audience".into())
    );
    assert_eq!(
        olga.run("--json key rotate --dek --secret prod/NO").error(),
        (5, "not-found".into())
    );
    assert_eq!(olga.run("--json key rotate").error(), (2, "usage".into()));
    assert_eq!(
        olga.run("--json key rotate --all --secret prod/DB --dek").error(),
        (2, "usage".into())
    );
}

#[test]
fn a_service_renews_the_keys_of_values_and_epochs_only_where_it_may_grant() {
    let olga = olga();
    let role = "role create rotator --grant read,rotate:* --grant grant:rotation/*";
    olga.run(role).ok();
    let rotator = join(&olga, "rotator", "rotator");
    assert_eq!(rotator.run("key rotate --all --json").error(), (4, "not-permitted".into()));
    let deks = rotator.run("key rotate --all --dek --json").json();
    assert_eq!(deks["secrets"], json!(["dev/DB", "prod/DB"]));
    assert_eq!(rotator.run("--json access grant developer prod/* read").error().0, 4);
    assert_eq!(rotator.feed("--json set prod/NEW", "x").error(), (4, "not-permitted".into()));
    olga.pull(&rotator);
    assert_eq!(olga.run("get prod/DB").ok(), "prod-db");
    olga.run("access grant rotator * grant").ok();
    rotator.pull(&olga);
    let keks = rotator.run("key rotate --all --json").json();
    assert_eq!(renewed(&keks), ["developer+owner+rotator", "owner+rotator"]);
}

#[test]
fn a_dry_run_says_all_and_writes_nothing() {
    let olga = olga();
    let before = bytes(&olga);
    let plan = olga.run("key rotate --all --dry-run --json").json();
    assert_eq!(
        (renewed(&plan), &plan["dry_run"]),
        (vec!["developer+owner", "owner"], &json!(true))
    );
    let plan = olga.run("key rotate --all --dek --dry-run --json").json();
    assert_eq!(plan["secrets"], json!(["dev/DB", "prod/DB"]));
    assert_eq!(bytes(&olga), before);
}

#[test]
fn an_expired_value_is_left_as_it_is() {
    let olga = olga();
    olga.feed("set prod/OLD --expires-at 2001-01-01", "x").ok();
    let done = olga.run("key rotate --all --dek --json").json();
    assert_eq!((&done["secrets"], &done["left"]), (&json!(["dev/DB", "prod/DB"]), &json!([])));
    let named = olga.run("key rotate --dek --secret prod/OLD").err;
    assert!(named.contains("left as they are, expired: prod/OLD"), "{named}");
}

/// A vault as it was left so many hours ago, with a schedule.
fn past(hours: u64, kek: &str, dek: &str) -> Person {
    let olga = Person::new("olga");
    let settings = [("rotation.kek", kek), ("rotation.dek", dek)];
    let ops = old_vault::ops("developer", "read,write:dev/*", &settings);
    let secrets = [("dev/DB", "dev-db"), ("prod/DB", "prod-db")];
    old_vault::leave(&olga.vault(), &olga.home(), hours, &secrets, ops);
    olga.run("--trust-first-use get dev/DB").ok();
    olga
}

#[test]
fn due_renews_what_the_schedule_says_and_nothing_else() {
    let olga = past(3, "2h", "4h");
    let status = olga.run("key status");
    assert!(status.err.contains("developer+owner wants a new key: 'v-secure key rotate --due'"));
    assert_eq!(keys(&olga, "owner")["why"], "schedule");
    let done = olga.run("key rotate --due --json").json();
    assert_eq!((renewed(&done), &done["secrets"]), (vec!["developer+owner", "owner"], &json!([])));
    let renewed = bytes(&olga);
    let idle = olga.run("key rotate --due");
    assert!(idle.err.contains("nothing is due; next in "), "{}", idle.err);
    assert_eq!((idle.code, bytes(&olga)), (0, renewed), "once in an interval");
    assert_eq!(olga.run("audit verify --json").json()["verdict"], "ok");
}

#[test]
fn due_values_are_encrypted_anew_under_the_new_epoch() {
    let olga = past(5, "4h", "4h");
    let done = olga.run("key rotate --due --json").json();
    assert_eq!(done["secrets"], json!(["dev/DB", "prod/DB"]));
    let dev = keys(&olga, "developer+owner");
    assert_eq!((&dev["epochs"], &dev["under_current"]), (&json!(2), &json!(1)));
    assert_eq!(olga.run("get dev/DB").ok(), "dev-db");
    let idle = olga.run("key rotate --due --json").json();
    assert_eq!((&idle["audiences"], &idle["secrets"]), (&json!([]), &json!([])));
    assert!(idle["next_due"].is_string());
}

#[test]
fn a_schedule_that_is_not_due_needs_no_key() {
    let olga = past(3, "4h", "4h");
    let before = bytes(&olga);
    fs::remove_file(olga.home().join(".config/v-secure/identity.txt")).unwrap();
    assert_eq!(olga.run("key rotate --due").code, 0);
    assert_eq!(bytes(&olga), before);
    let due = past(5, "4h", "4h");
    fs::remove_file(due.home().join(".config/v-secure/identity.txt")).unwrap();
    assert_eq!(due.run("--json key rotate --due").code, 3, "what is due does");
}

#[test]
fn a_schedule_has_bounds() {
    let olga = olga();
    for bad in ["rotation.kek 59m", "rotation.kek 0h", "rotation.dek 36501d", "rotation.dek often"]
    {
        let refused = olga.run(&format!("--json settings set {bad}"));
        assert_eq!(refused.error(), (2, "policy-op-setting".into()), "{bad}");
    }
    olga.run("settings set rotation.kek 1h").ok();
    let shown = olga.run("settings show").ok();
    assert!(shown.contains("rotation.kek\t1h\t") && shown.contains("rotation.dek\tnever\t"));
}

#[test]
fn of_two_at_once_one_finds_nothing_due() {
    let olga = past(3, "2h", "2h");
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = olga.command(&["key", "rotate", "--due", "--json"]);
            command.stdout(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let mut renewed = (0, 0);
    for child in children {
        let done: person::Done = child.wait_with_output().unwrap().into();
        let done = done.json();
        renewed.0 += done["audiences"].as_array().unwrap().len();
        renewed.1 += done["secrets"].as_array().unwrap().len();
    }
    assert_eq!(renewed, (2, 2));
    assert_eq!(keys(&olga, "owner")["epochs"], 2);
    assert_eq!(olga.run("audit verify --json").json()["findings"], json!([]));
}

#[test]
fn an_interruption_leaves_a_vault_that_the_next_run_finishes() {
    if faults::skipped() {
        return;
    }
    let olga = past(3, "2h", "2h");
    let before = bytes(&olga);
    let command = olga.command(&["key", "rotate", "--due"]);
    let prepare = || {
        fs::write(olga.vault(), &before).unwrap();
        let _ = fs::remove_dir_all(olga.home().join(".local/state"));
        olga.run("--trust-first-use get dev/DB").ok();
    };
    let calls = ["rename", "renameat", "renameat2", "fsync"];
    let met = faults::each_fault_at(&calls, &command, &olga.vault(), prepare, |outcome| {
        assert_eq!(olga.run("--trust-first-use get dev/DB").ok(), "dev-db", "{outcome}");
        olga.run("--trust-first-use -q key rotate --due").ok();
        let (dev, prod) = (keys(&olga, "developer+owner"), keys(&olga, "owner"));
        for keys in [dev, prod] {
            assert_eq!((&keys["epochs"], &keys["deks_due"]), (&json!(2), &json!(0)), "{outcome}");
        }
    });
    assert!(met > 3, "only {met} faults were met");
}
