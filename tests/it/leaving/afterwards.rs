//! What somebody who left does with a clone from before, and what others had built on it.

use super::*;
use v_secure_core::file::format;
use v_secure_core::log::draft::{Authorship, EntryDraft};
use v_secure_core::log::op::{Field, Op};
use v_secure_core::name::SecretName;
use v_secure_core::time::UnixTime;
use v_secure_testkit::branches;

/// A copy of somebody's vault as it is now.
fn kept(person: &Person, name: &str) -> std::path::PathBuf {
    let path = person.vault().with_file_name(name);
    std::fs::copy(person.vault(), &path).unwrap();
    path
}

/// Three hundred entries beside one another, each of them a head.
fn spam(by: &Person) {
    let identity = by.home().join(".config/v-secure/identity.txt");
    let (_, signer) = branches::thief(&by.vault(), &identity);
    let (vault, mut file) = (branches::open(&by.vault()), branches::parse(&by.vault()));
    let (id, policy, actor) = (vault.id(), vault.chain().head(), &signer.member);
    for number in 0..300 {
        let (secret, value) = (SecretName::parse("dev/DB").unwrap(), Some(format!("{number}")));
        let field = "description".to_owned();
        let op = Op::Field(Field { secret, field, value, adopts: None });
        let draft = EntryDraft { ops: vec![op], reason: String::new(), ts: UnixTime::from_secs(1) };
        let by = Authorship { vault: &id, policy, actor };
        let entry = draft.sign(&vault.tips(), by, &signer.key);
        file.entries.insert(entry.id(), entry);
    }
    std::fs::write(by.vault(), format::write(&file)).unwrap();
}

fn verified(person: &Person) -> Vec<String> {
    let report = person.run("audit verify --json").json();
    let found = report["findings"].as_array().unwrap().iter();
    found.map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn honest_work_on_what_a_leaver_wrote_afterwards_stands_and_the_leavers_does_not() {
    let (owner, developer) = team();
    let other = join(&owner, "other", " --role developer");
    developer.pull(&owner);
    owner.run("member remove developer --yes").ok();
    // With the clone of before, and a colleague who has not heard of it goes on from there.
    developer.set("dev/DB", "by who left");
    other.pull(&developer);
    assert_eq!(other.run("get dev/DB").ok(), "by who left");
    other.set("dev/OTHER", "honest");
    owner.set("dev/NEXT", "by who knows");
    let work = kept(&other, "work.toml");
    branches::unite(&owner.vault(), &work);
    other.pull(&owner);
    for person in [&owner, &other] {
        let codes = verified(person);
        assert!(codes.contains(&"void".to_owned()), "{codes:?}");
        assert_eq!(person.run("get dev/DB").ok(), "dev-db");
        assert_eq!(person.run("get dev/OTHER").ok(), "honest");
        assert_eq!(person.run("get dev/NEXT").ok(), "by who knows");
    }
    // It goes on: upon the void entry, and with another removal that knows of it.
    other.set("dev/OTHER", "honest too");
    owner.pull(&other);
    owner.run("role create auditor").ok();
    assert_eq!(owner.run("get dev/OTHER").ok(), "honest too");
    developer.pull(&owner);
    for name in ["dev/DB", "dev/OTHER", "dev/NEXT"] {
        assert_eq!(developer.run(&format!("--json get {name}")).error(), (3, "locked".into()));
    }
}

#[test]
fn void_entries_by_the_hundred_keep_nobody_from_writing_and_from_changing_rights() {
    let (owner, developer) = team();
    developer.pull(&owner);
    owner.run("member remove developer --yes").ok();
    spam(&developer);
    let spam = kept(&developer, "spam.toml");
    branches::unite(&owner.vault(), &spam);
    assert!(verified(&owner).contains(&"void".to_owned()));
    owner.set("dev/DB", "next");
    owner.run("role create auditor").ok();
    assert_eq!(owner.run("get dev/DB").ok(), "next");
}
