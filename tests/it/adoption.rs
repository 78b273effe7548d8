//! `adopt`: void work that was honest, taken over by somebody who has the right.

use serde_json::{Value, json};
use v_secure_testkit::branches;
use v_secure_testkit::person::Person;

fn owner() -> Person {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/DB", "dev-db");
    owner.set("prod/DB", "prod-db");
    owner.run("role create developer --grant read,write,delete:dev/*").ok();
    owner
}

fn join(by: &Person, name: &str) -> Person {
    let person = Person::new(name);
    person.pull(by);
    let request = person.run("member request --json").json();
    let line = request["request"].as_str().unwrap();
    by.feed(&format!("member add {name} --request - --yes --role developer"), line).ok();
    person.pull(by);
    person.accept_as(by);
    person
}

/// An owner who removed a developer, and pulled after that what the developer did on a branch.
fn voided(work: impl FnOnce(&Person)) -> (Person, Person) {
    let owner = owner();
    let other = join(&owner, "other");
    let developer = join(&owner, "developer");
    work(&developer);
    owner.run("member remove developer --yes").ok();
    branches::unite(&owner.vault(), &developer.vault());
    other.pull(&owner);
    (owner, other)
}

fn void(person: &Person) -> Vec<Value> {
    person.run("adopt --list --json").json()["void"].as_array().unwrap().clone()
}

fn codes(person: &Person) -> Vec<String> {
    let report = person.run("audit verify --json").json();
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_void_value_has_no_effect_until_somebody_adopts_it() {
    let (owner, other) = voided(|developer| developer.set("dev/DB", "honest"));
    assert_eq!(owner.run("get dev/DB").ok(), "dev-db");
    assert_eq!(codes(&owner), ["void-changes-value", "void"]);
    let log = owner.run("audit log --actor developer").ok();
    assert!(log.contains("\tput\tdev/DB\tdeveloper\t") && log.contains("\tvoid\t"), "{log}");
    let listed = void(&owner);
    assert_eq!(
        (&listed[0]["actor"], &listed[0]["device"]),
        (&json!("developer"), &json!("developer-laptop"))
    );
    assert_eq!(listed[0]["changes"], json!([{ "action": "put", "secret": "dev/DB" }]));
    let id = listed[0]["entry"].as_str().unwrap();
    assert_eq!(owner.run(&format!("--json adopt -- {id}")).error(), (1, "not-confirmed".into()));
    let adopted = other.run(&format!("adopt --yes --json -- {}", &id[..10])).json();
    assert_eq!((&adopted["entries"], &adopted["secrets"]), (&json!([id]), &json!(["dev/DB"])));
    owner.pull(&other);
    assert_eq!(owner.run("get dev/DB").ok(), "honest");
    assert_eq!(codes(&owner), ["void"], "it stays, and changes nothing");
    assert_eq!(void(&owner)[0]["adopted"], true);
    let log = owner.run("audit log --actor other --json").json();
    assert_eq!((&log[0]["status"], &log[0]["action"]), (&json!("counting"), &json!("put")));
    let again = owner.run(&format!("--json adopt --yes -- {id}"));
    assert_eq!(again.error(), (7, "not-void".into()));
    assert!(owner.run("adopt --all --yes").err.contains("nothing to adopt"));
}

/// Its value may have been withdrawn since: whoever adopted it would make it current by a right to write.
#[test]
fn a_void_promotion_is_not_adopted_and_what_to_do_instead_works() {
    let (owner, _) = voided(|developer| {
        developer.feed("secret rotate dev/DB --to 5%", "promoted").ok();
        developer.run("rotation promote dev/DB").ok();
    });
    let instead = "its value may have been withdrawn since: v-secure set dev/DB, or v-secure secret \
                   rotate dev/DB, if it is still wanted";
    let listed = owner.run("adopt --list");
    assert!(
        listed.err.contains(&format!("a promotion is not adopted, as {instead}")),
        "{listed:?}"
    );
    let adopted = owner.run("adopt --all --yes");
    assert!(adopted.code == 0 && adopted.err.contains(&format!("was not adopted: {instead}")));
    assert!(adopted.err.contains("nothing to adopt"), "{adopted:?}");
    assert_eq!(owner.run("get dev/DB").ok(), "dev-db");
    assert!(codes(&owner).contains(&"rotation-void".to_owned()));
    owner.set("dev/DB", "set");
    assert!(!codes(&owner).contains(&"rotation-void".to_owned()));
}

/// Who keeps `rotate` alone does not undo in silence what everybody was served.
#[test]
fn what_was_promoted_by_write_is_told_where_write_is_taken_beside_it() {
    let owner = owner();
    owner.run("access grant developer dev/* rotate").ok();
    owner.feed("secret rotate dev/DB --to 5%", "promoted").ok();
    let developer = join(&owner, "developer");
    developer.run("rotation promote dev/DB").ok();
    assert_eq!(developer.run("get dev/DB").ok(), "promoted");
    owner.run("access revoke developer dev/* write").ok();
    branches::unite(&owner.vault(), &developer.vault());
    assert_eq!(owner.run("get dev/DB").ok(), "dev-db");
    assert_eq!(owner.run("get dev/DB --strict").code, 7);
    let told = codes(&owner);
    for code in ["rotation-void", "void-changes-value"] {
        assert!(told.contains(&code.to_owned()), "{told:?}");
    }
}

/// What `--strict` refuses before history is closed, it refuses after.
#[test]
fn closing_history_silences_nothing_about_what_is_active() {
    let owner = owner();
    let developer = join(&owner, "developer");
    owner.feed("secret rotate dev/DB --to 5%", "promoted").ok();
    developer.pull(&owner);
    developer.run("secret rotate dev/DB --abort").ok();
    owner.run("rotation promote dev/DB").ok();
    branches::unite(&owner.vault(), &developer.vault());
    assert_eq!(owner.run("get dev/DB --strict").code, 7);
    owner.run("history close --all --yes").ok();
    assert_eq!(owner.run("get dev/DB --strict").code, 7);
    owner.set("dev/DB", "set");
    owner.run("history close --all --yes").ok();
    assert_eq!(owner.run("get dev/DB --strict").ok(), "set");
}

#[test]
fn its_author_knows_what_was_adopted() {
    let (owner, _) = voided(|developer| developer.set("dev/NEW", "honest"));
    owner.set("dev/DB", "next");
    assert_eq!(owner.run("exposed --json").json()["exposed"], json!([]));
    owner.run("adopt --all --yes").ok();
    let exposed = owner.run("exposed --json").json()["exposed"].clone();
    assert_eq!((&exposed[0]["secret"], exposed.as_array().unwrap().len()), (&json!("dev/NEW"), 1));
    assert_eq!(exposed[0]["to"][0]["member"], "developer");
}

#[test]
fn a_name_that_is_adopted_is_one_that_exec_may_refuse() {
    let (owner, _) = voided(|developer| {
        developer.set("dev/TAR_OPTIONS", "v");
        developer.set("dev/PREFIX", "v");
        developer.run("rm dev/PREFIX").ok();
    });
    let adopted = owner.run("adopt --all --yes");
    assert_eq!(adopted.code, 0, "{adopted:?}");
    assert!(adopted.err.contains("dev/TAR_OPTIONS would set TAR_OPTIONS"), "{adopted:?}");
    assert!(!adopted.err.contains("set PREFIX"), "what is gone is not given: {adopted:?}");
}

#[test]
fn all_of_a_branch_is_adopted_in_its_order() {
    let (owner, other) = voided(|developer| {
        developer.set("dev/A", "one");
        developer.set("dev/A", "two");
        developer.set("dev/B", "gone");
        developer.set("dev/B --tag web", "gone again");
        developer.run("rm dev/B").ok();
        developer.run("rm dev/DB").ok();
    });
    assert_eq!(void(&owner).len(), 6);
    let adopted = other.run("adopt --all --yes --json").json();
    assert_eq!(
        (&adopted["secrets"], &adopted["left_out"]),
        (&json!(["dev/A", "dev/B", "dev/DB"]), &json!([]))
    );
    assert_eq!(other.run("get dev/A").ok(), "two");
    assert_eq!(other.run("get dev/A --version 1").ok(), "one");
    assert_eq!(other.run("--json get dev/B").error(), (5, "removed".into()));
    assert_eq!(other.run("--json get dev/DB").error(), (5, "removed".into()));
    assert!(other.run("audit verify").ok().starts_with("notice"), "nothing is wrong");
    other.run("secret restore dev/B").ok();
    assert_eq!(other.run("get dev/B").ok(), "gone again");
}

#[test]
fn adopting_takes_the_right_to_write() {
    let owner = owner();
    owner.run("role create operator --grant read,write:prod/*").ok();
    let other = join(&owner, "other");
    let developer = join(&owner, "developer");
    owner.run("role join operator developer").ok();
    developer.pull(&owner);
    developer.set("prod/DB", "honest");
    owner.run("member remove developer --yes").ok();
    branches::unite(&owner.vault(), &developer.vault());
    other.pull(&owner);
    let refused = other.run("--json adopt --all --yes");
    assert_eq!(refused.error(), (4, "not-permitted".into()));
    assert!(refused.err.contains("who can: owner"), "{}", refused.err);
    assert_eq!(other.run("--json adopt nothing --yes").error(), (5, "no-entry".into()));
    let counting = other.run("audit log --json --action put").json();
    let ids: Vec<&str> = counting
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["status"] == "counting")
        .map(|row| row["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        other.run(&format!("--json adopt --yes -- {}", ids[0])).error(),
        (7, "not-void".into())
    );
}
