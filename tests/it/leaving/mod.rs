//! Letting people, devices, roles and rights go, and what each leaves behind.

mod afterwards;
mod let_in;

use serde_json::json;
use std::collections::BTreeSet;
use v_secure_testkit::person;
use v_secure_testkit::person::Person;

/// An owner with a secret in dev and one in prod.
fn owner() -> Person {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/DB", "dev-db");
    owner.set("prod/DB", "prod-db");
    owner
}

/// Lets a device in: of a new member, or a further one.
fn join(by: &Person, name: &str, rest: &str) -> Person {
    let person = Person::new(name);
    person.pull(by);
    let request = person.run("member request --json").json();
    let line = request["request"].as_str().unwrap();
    by.feed(&format!("member add {name} --request - --yes{rest}"), line).ok();
    person.pull(by);
    person.accept_as(by);
    person
}

/// An owner, and a developer who reads and writes dev.
fn team() -> (Person, Person) {
    let owner = owner();
    owner.run("role create developer --grant read,write,delete:dev/*").ok();
    let developer = join(&owner, "developer", " --role developer");
    (owner, developer)
}

#[test]
fn a_removed_member_reads_nothing_new_and_others_go_on() {
    let (owner, developer) = team();
    let other = join(&owner, "other", " --role developer");
    let removed = owner.run("member remove developer --yes --json").json();
    assert_eq!(removed["renewed"], json!(["developer+owner"]));
    assert_eq!(removed["exposed"], json!(["dev/DB"]));
    assert_eq!((&removed["roles"], &removed["settled"]), (&json!(["developer"]), &json!([])));
    owner.set("dev/DB", "next");
    developer.pull(&owner);
    assert_eq!(developer.run("--json get dev/DB").error(), (3, "locked".into()));
    other.pull(&owner);
    assert_eq!(other.run("get dev/DB").ok(), "next");
    assert_eq!(other.run("get dev/DB --version 1").ok(), "dev-db");
    assert_eq!(owner.run("--json member remove developer --yes").error(), (5, "no-member".into()));
    // The name is free again, for another key.
    join(&owner, "developer", " --role developer");
}

/// A lost device may have sent its request to anybody, and a removed member has it still.
#[test]
fn a_request_that_was_granted_once_does_not_come_back() {
    let owner = owner();
    owner.run("role create developer --grant read,write,delete:dev/*").ok();
    let developer = Person::new("developer");
    developer.pull(&owner);
    let first = developer.run("member request --json").json();
    let first = first["request"].as_str().unwrap().to_owned();
    let add = "member add developer --request - --yes --role developer";
    owner.feed(add, &first).ok();
    let phone = join(&owner, "developer", " --device");
    owner.run("member key remove developer/developer-laptop --lost --yes").ok();
    let before = std::fs::read(owner.vault()).unwrap();
    let again = |rest: &str| {
        let run = owner.feed(&format!("--json {add}{rest}"), &first);
        assert_eq!(run.error(), (7, "request-used".into()));
        assert!(run.err.contains("member request developer"), "{}", run.err);
    };
    again(" --device");
    assert_eq!(std::fs::read(owner.vault()).unwrap(), before);
    owner.run("member remove developer --yes").ok();
    again("");
    // Under another name it is not that member's.
    let other = owner.feed("--json member add other --request - --yes", &first);
    assert!(matches!(other.error().1.as_str(), "request-used" | "request-other-name"));
    drop(phone);
}

#[test]
fn nobody_is_removed_without_being_asked() {
    let (owner, _) = team();
    let recipient = Person::new("spare").run("identity new").ok();
    owner.run(&format!("member add developer --device --recipient {}", recipient.trim())).ok();
    let before = std::fs::read(owner.vault()).unwrap();
    for line in [
        "member remove developer",
        "member key remove developer/developer-laptop",
        "role rm developer",
    ] {
        let refused = owner.run(&format!("--json {line}"));
        assert_eq!(refused.error(), (1, "not-confirmed".into()), "{line}");
    }
    assert_eq!(owner.run("--json member remove owner --yes").error().1, "policy-op-last-owner");
    let alone = owner.run("--json member key remove owner/owner-laptop --yes");
    assert_eq!(alone.error(), (7, "last-device".into()));
    let none = owner.run("--json member key remove owner/phone --yes");
    assert_eq!(none.error(), (5, "no-device".into()));
    assert!(none.err.contains("devices of owner: owner-laptop"), "{}", none.err);
    assert!(!none.err.contains("member key remove owner/"), "no line that removes another one");
    let bare = owner.run("member key remove owner --yes");
    assert!(bare.code == 2 && bare.err.contains("NAME/DEVICE"), "{}", bare.err);
    assert_eq!(std::fs::read(owner.vault()).unwrap(), before);
}

#[test]
fn a_member_may_go_by_itself() {
    let (owner, developer) = team();
    let left = developer.run("member remove developer --yes --json").json();
    assert_eq!(left["without_keys"], json!(["developer+owner"]));
    assert_eq!(developer.run("--json get dev/DB").error(), (3, "locked".into()));
    owner.pull(&developer);
    let renewed = owner.run("access settle --json").json();
    assert_eq!(renewed["without_keys"], json!([]));
    owner.set("dev/DB", "next");
}

#[test]
fn what_waits_for_keys_takes_no_value_until_somebody_able_renews_it() {
    let (owner, developer) = team();
    // Removes people without being in what they read.
    owner.run("role create lead --grant grant:dev/*").ok();
    let lead = join(&owner, "lead", " --role lead");
    lead.pull(&owner);
    let other = join(&owner, "other", " --role developer");
    lead.pull(&owner);
    let removed = lead.run("member remove developer --yes");
    assert!(removed.err.contains("wait for new keys"), "{}", removed.err);
    assert!(removed.err.contains("developer+owner"), "{}", removed.err);
    other.pull(&lead);
    assert_eq!(other.run("get dev/DB").ok(), "dev-db", "reading goes on");
    assert_eq!(other.feed("--json set dev/DB", "x").error(), (4, "no-audience".into()));
    assert_eq!(lead.run("--json access settle").error(), (4, "unsettled".into()));
    owner.pull(&lead);
    let verified = owner.run("audit verify --json").json();
    assert_eq!(verified["findings"][0]["code"], "audience-due");
    // Any change of rights by somebody able does it too.
    let created = owner.run("role create auditor --json").json();
    assert_eq!(created["without_keys"], json!([]));
    other.pull(&owner);
    other.set("dev/DB", "next");
    developer.pull(&other);
    assert_eq!(developer.run("--json get dev/DB").error().0, 3);
}

#[test]
fn a_lost_device_takes_along_what_it_vouched_for() {
    let (owner, laptop) = team();
    // By the owner; and one that the laptop's holder added, without a key to sign.
    let desk = Person::new("developer");
    desk.pull(&owner);
    let line = desk.run("member request --device desk --json").json()["request"].clone();
    owner.feed("member add developer --device --request - --yes", line.as_str().unwrap()).ok();
    laptop.pull(&owner);
    let spare = Person::new("spare").run("identity new").ok();
    laptop.run(&format!("member add developer --device --recipient {}", spare.trim())).ok();
    owner.pull(&laptop);
    let shown = owner.run("member show developer --json").json();
    assert_eq!(shown["recipients"].as_array().unwrap().len(), 3);
    let lost = "member key remove developer/developer-laptop --lost --yes --json";
    let removed = owner.run(lost).json();
    assert_eq!(removed["devices"], json!(["developer-laptop"]));
    assert_eq!(removed["recipients"].as_array().unwrap().len(), 2);
    assert_eq!((&removed["left"], &removed["exposed"]), (&json!(["desk"]), &json!(["dev/DB"])));
    let shown = owner.run("member show developer --json").json();
    assert_eq!(shown["recipients"].as_array().unwrap().len(), 1);
    desk.pull(&owner);
    desk.accept_as(&owner);
    desk.set("dev/DB", "from the desk");
    laptop.pull(&desk);
    assert_eq!(laptop.run("--json get dev/DB").error(), (3, "locked".into()));
}

#[test]
fn a_member_removes_its_own_lost_laptop_at_once_and_an_owner_renews_the_keys() {
    let (owner, laptop) = team();
    let desk = Person::new("developer");
    desk.pull(&owner);
    let line = desk.run("member request --device desk --json").json()["request"].clone();
    owner.feed("member add developer --device --request - --yes", line.as_str().unwrap()).ok();
    let spare = Person::new("spare").run("identity new").ok();
    laptop.pull(&owner);
    laptop.run(&format!("member add developer --device --recipient {}", spare.trim())).ok();
    desk.pull(&laptop);
    desk.accept_as(&laptop);
    let removed = desk.run("member key remove developer/developer-laptop --lost --yes");
    let told = "removed developer-laptop, and with it 1 recipient without a signing key";
    assert!(removed.err.contains(told), "{}", removed.err);
    assert_eq!(desk.feed("--json set dev/DB", "x").error(), (4, "no-audience".into()));
    owner.pull(&desk);
    owner.run("access settle").ok();
    desk.pull(&owner);
    desk.set("dev/DB", "next");
    laptop.pull(&desk);
    assert_eq!(laptop.run("--json get dev/DB").error(), (3, "locked".into()));
}

#[test]
fn an_owner_removes_its_own_lost_laptop_from_the_device_that_the_laptop_let_in() {
    let laptop = owner();
    let desk = join(&laptop, "owner", " --device");
    let tainted = desk.run("--json member key remove owner/owner-laptop --lost --yes");
    assert_eq!(tainted.error(), (7, "last-device".into()));
    assert!(tainted.err.contains("keeps what the device vouched for"), "{}", tainted.err);
    let why = "with --lost device owner-laptop-2 goes too: owner/owner-laptop added it";
    assert!(tainted.err.contains(why), "{}", tainted.err);
    let removed = desk.run("member key remove owner/owner-laptop --yes --json").json();
    assert_eq!(removed["left"], json!(["owner-laptop-2"]));
    assert_eq!(removed["renewed"], json!(["owner"]));
    laptop.pull(&desk);
    assert_eq!(laptop.run("--json get prod/DB").error().0, 3);
    desk.set("prod/DB", "next");
}

#[test]
fn what_a_thief_added_through_an_owners_laptop_goes_with_it() {
    let laptop = owner();
    let second = Person::new("second");
    second.pull(&laptop);
    let request = |person: &Person, member: &str, device: &str| {
        let line = person.run(&format!("member request {member} --device {device} --json"));
        line.json()["request"].as_str().unwrap().to_owned()
    };
    let line = request(&second, "second", "desk");
    laptop.feed("member add second --request - --role owner --yes", &line).ok();
    second.pull(&laptop);
    second.accept_as(&laptop);
    // A device that the second owner let in, one that the laptop did, and one that this one did.
    let [honest, thief, accomplice] = ["a", "b", "c"].map(Person::new);
    for (by, new, device) in
        [(&second, &honest, "desk"), (&laptop, &thief, "phone"), (&thief, &accomplice, "tablet")]
    {
        new.pull(&laptop);
        let line = request(new, "owner", device);
        let pulls = !std::ptr::eq(by, &laptop);
        pulls.then(|| by.pull(&laptop));
        by.feed("member add owner --device --request - --yes", &line).ok();
        pulls.then(|| laptop.pull(by));
        new.pull(by);
        new.accept_as(by);
    }
    second.pull(&laptop);
    let lost = "member key remove owner/owner-laptop --lost --yes --json";
    let removed = second.run(lost).json();
    assert_eq!(removed["devices"], json!(["owner-laptop", "phone", "tablet"]));
    assert_eq!(removed["left"], json!(["desk"]));
    for person in [&laptop, &thief, &accomplice] {
        person.pull(&second);
        assert_eq!(person.run("--json get prod/DB").error(), (3, "locked".into()));
    }
    honest.pull(&second);
    assert_eq!(honest.run("get prod/DB").ok(), "prod-db");
}

#[test]
fn rights_taken_from_a_role_move_its_secrets() {
    let (owner, developer) = team();
    let near = owner.run("--json access revoke developer dev/DB read");
    assert_eq!(near.error(), (5, "no-grant".into()));
    assert!(near.err.contains("access revoke developer 'dev/*' read"), "{}", near.err);
    owner.run("role grant developer dev/DB read").ok();
    let still = owner.run("access revoke developer dev/* read --json").json();
    assert_eq!((&still["still"], &still["settled"]), (&json!(["read:dev/DB"]), &json!([])));
    let taken = owner.run("role revoke developer dev/DB read,write --json").json();
    assert_eq!((&taken["settled"], &taken["exposed"]), (&json!(["dev/DB"]), &json!(["dev/DB"])));
    developer.pull(&owner);
    assert_eq!(developer.run("--json get dev/DB").error(), (4, "not-permitted".into()));
    // It may write still: sealed for those who read.
    developer.set("dev/DB", "unseen");
    owner.pull(&developer);
    assert_eq!(owner.run("get dev/DB").ok(), "unseen");
    assert_eq!(owner.run("--json access revoke owner * read").error(), (7, "owner-role".into()));
    assert_eq!(owner.run("--json access revoke no dev/* read").error(), (5, "no-role".into()));
    let denied = developer.run("--json access revoke developer dev/* write");
    assert_eq!(denied.error(), (4, "not-permitted".into()));
}

#[test]
fn roles_are_left_and_removed() {
    let (owner, developer) = team();
    let other = join(&owner, "other", " --role developer");
    let left = owner.run("role leave developer developer --json").json();
    assert_eq!((&left["changed"], &left["renewed"]), (&json!(true), &json!(["developer+owner"])));
    assert_eq!(left["exposed"], json!(["dev/DB"]));
    let again = owner.run("role leave developer developer --json").json();
    assert_eq!((&again["changed"], &again["renewed"]), (&json!(false), &json!([])));
    developer.pull(&owner);
    assert_eq!(developer.run("--json get dev/DB").error(), (4, "not-permitted".into()));
    owner.set("dev/DB", "next");
    other.pull(&owner);
    assert_eq!(other.run("get dev/DB").ok(), "next");
    let gone = owner.run("role rm developer --yes --json").json();
    assert_eq!((&gone["members"], &gone["settled"]), (&json!(["other"]), &json!(["dev/DB"])));
    other.pull(&owner);
    assert_eq!(other.run("--json get dev/DB").error(), (4, "not-permitted".into()));
    assert_eq!(owner.run("get dev/DB").ok(), "next");
    assert_eq!(owner.run("--json role rm owner --yes").error(), (7, "owner-role".into()));
    assert_eq!(owner.run("--json role leave developer other").error(), (5, "no-role".into()));
}

#[test]
fn an_expiry_warns_and_ends_nothing() {
    let (owner, _) = team();
    let guest = join(&owner, "guest", " --role developer --expires 1s");
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let rows = owner.run("member list --json").json();
    let row = rows["members"].as_array().unwrap().iter().find(|row| row["member"] == "guest");
    assert_eq!(row.unwrap()["expired"], true);
    assert_eq!(owner.run("member show guest --json").json()["expired"], true);
    let status = owner.run("--quiet").ok();
    assert!(status.contains("attention     member guest expired"), "{status}");
    assert_eq!(guest.run("get dev/DB").ok(), "dev-db");
    let recipient = Person::new("x").run("identity new").ok();
    let line =
        format!("--json member add guest --device --recipient {} --expires 30d", recipient.trim());
    assert_eq!(owner.run(&line).error(), (7, "member-expiry".into()));
}

#[test]
fn a_service_leaves_its_own_role_to_be_removed() {
    let owner = owner();
    owner.run("member add ci --service --new-identity --read prod/*").ok();
    let removed = owner.run("member remove ci --yes");
    assert!(removed.err.contains("v-secure role rm ci"), "{}", removed.err);
    assert_eq!(owner.run("role rm ci --yes --json").json()["settled"], json!(["prod/DB"]));
    assert_eq!(owner.run("exposed --json").json()["exposed"][0]["to"][0]["member"], "ci");
}

/// What a shell is offered for the last word of a line, without any key.
fn completed(person: &Person, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split(' ').collect();
    let mut command = person.command(&[&["--"], &words[..]].concat());
    command.env("COMPLETE", "bash").env("_CLAP_COMPLETE_COMP_TYPE", "9");
    command.env("_CLAP_COMPLETE_INDEX", (words.len() - 1).to_string());
    command.env("_CLAP_COMPLETE_SPACE", "true").env("_CLAP_IFS", "\n");
    let done: person::Done = command.output().unwrap().into();
    done.ok().lines().map(str::to_owned).collect()
}

#[test]
fn members_devices_and_roles_complete_without_a_key() {
    let (owner, _) = team();
    let stranger = Person::new("stranger");
    stranger.pull(&owner);
    for (line, expected) in [
        ("v-secure member remove de", "developer"),
        ("v-secure member show ow", "owner"),
        ("v-secure member key remove developer/", "developer/developer-laptop"),
        ("v-secure role leave dev", "developer"),
        ("v-secure role leave developer ow", "owner"),
        ("v-secure access revoke dev", "developer"),
    ] {
        assert_eq!(completed(&stranger, line), [expected], "{line}");
    }
    assert!(!stranger.home().join(".config").exists());
}
