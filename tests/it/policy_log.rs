//! `policy log`: who signed what of the chain, without a key.
#![cfg(unix)]

use serde_json::{Value, json};
use v_secure_testkit::person::Person;

/// Olga's vault with a role, and ci let in by her.
fn olga() -> Person {
    let olga = Person::new("olga");
    olga.run("init --vault-name shop").ok();
    olga.set("dev/DB", "one");
    olga.run("role create developer --grant read:dev/* --reason developers").ok();
    olga.run("member add ci --service --new-identity --role developer").ok();
    olga.run("settings set ttl on-write").ok();
    olga
}

fn entries(person: &Person, options: &str) -> Vec<Value> {
    let log = person.run(&format!("policy log --json{options}")).json();
    log["entries"].as_array().unwrap().clone()
}

fn actions(entry: &Value) -> Vec<&str> {
    entry["changes"].as_array().unwrap().iter().map(|c| c["action"].as_str().unwrap()).collect()
}

#[test]
fn each_entry_is_told_with_its_signer_newest_first() {
    let olga = olga();
    let all = entries(&olga, "");
    let positions: Vec<u64> = all.iter().map(|entry| entry["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (0..all.len() as u64).rev().collect::<Vec<_>>());
    assert_eq!(actions(&all[0]), ["setting"]);
    assert_eq!(all[0]["changes"][0]["object"], "ttl=on-write");
    assert_eq!(all[0]["signed_by"][0]["member"], "olga");
    assert_eq!(actions(all.last().unwrap())[0], "vault");
    assert_eq!(entries(&olga, " --limit 2"), all[..2]);
    let shown = olga.run("policy log").ok();
    let line = shown.lines().find(|line| line.contains("developers")).unwrap();
    assert!(line.contains("olga/") && line.contains("role-add developer"), "{line}");
}

#[test]
fn it_is_narrowed_by_whom_it_is_about_and_who_signed() {
    let olga = olga();
    let about = entries(&olga, " --member ci");
    assert_eq!(about.len(), 1);
    assert!(actions(&about[0]).contains(&"role-join"));
    let of_role = entries(&olga, " --role developer");
    assert!(of_role.iter().any(|entry| entry["reason"] == "developers") && of_role.len() >= 2);
    assert!(of_role.iter().all(|entry| !actions(entry).contains(&"setting")));
    assert_eq!(entries(&olga, " --actor ci"), Vec::<Value>::new());
    assert_eq!(entries(&olga, " --until 1d"), Vec::<Value>::new());
    assert_eq!(entries(&olga, " --since 1d"), entries(&olga, " --actor olga"));
    for (option, expected) in [
        ("--member nobody", (5, "no-member")),
        ("--actor nobody", (5, "no-member")),
        ("--role nobody", (5, "no-role")),
        ("--role a/b", (2, "bad-name")),
        ("--since soon", (2, "bad-time")),
    ] {
        let refused = olga.run(&format!("--json policy log {option}"));
        assert_eq!(refused.error(), (expected.0, expected.1.to_owned()), "{option}");
    }
}

#[test]
fn it_takes_no_key_and_refuses_what_verification_refuses() {
    let olga = olga();
    let ops = Person::new("ops");
    ops.pull(&olga);
    assert_eq!(entries(&ops, "").len(), entries(&olga, "").len());
    let text = std::fs::read_to_string(olga.vault()).unwrap();
    std::fs::write(olga.vault(), text.replacen("ttl", "tll", 1)).unwrap();
    let refused = olga.run("policy log --json");
    assert_eq!((refused.code, refused.out.as_str()), (6, ""), "{refused:?}");
    assert_eq!(json!(refused.error().0), json!(6));
}
