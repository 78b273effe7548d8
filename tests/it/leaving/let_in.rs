//! What a device or a member that goes has let in.

use super::*;

#[test]
fn what_a_lost_device_let_in_elsewhere_is_listed_and_goes_on_request() {
    let owner = owner();
    owner.run("role create developer --grant read,write:dev/*").ok();
    let mate = join(&owner, "mate", " --role developer");
    let second = join(&owner, "second", " --role owner");
    let desk = Person::new("second");
    desk.pull(&owner);
    let line = desk.run("member request --device desk --json").json()["request"].clone();
    owner.feed("member add second --device --request - --yes", line.as_str().unwrap()).ok();
    second.pull(&owner);
    join(&second, "mallory", " --role owner");
    let planted = Person::new("spare").run("identity new").ok();
    second.run(&format!("member add mate --device --recipient {}", planted.trim())).ok();
    second.run("role create tools --grant read:dev/*").ok();
    second.run("role join tools mate").ok();
    owner.pull(&second);
    let before = std::fs::read(owner.vault()).unwrap();
    let told = |err: &str| {
        for line in [
            "only second/second-laptop vouched for:",
            "  the owner mallory with all it has",
            "  mate: recipient age1…",
            "  the role tools (read on dev/*; in it: mate)",
        ] {
            assert!(err.contains(line), "{line}: {err}");
        }
    };
    let lost = "member key remove second/second-laptop --lost";
    let asked = owner.run(lost);
    assert_eq!(asked.code, 1);
    told(&asked.err);
    assert_eq!(std::fs::read(owner.vault()).unwrap(), before);
    let usage = owner.run("member key remove second/second-laptop --revoke-vouched --yes");
    assert_eq!(usage.code, 2, "{}", usage.err);
    let stays = owner.run(&format!("{lost} --yes --json")).json();
    let rows = stays["vouched_alone"].as_array().unwrap();
    assert!(rows.len() == 3 && rows.iter().all(|row| row["revoked"] == false), "{stays}");
    assert_eq!(owner.run("member show mallory").code, 0, "it stays unless that is said");
    let review = owner.run("policy review --marked").ok();
    assert!(review.contains("by second, with a device that was lost"), "{review}");

    desk.pull(&owner);
    std::fs::write(desk.vault(), before).unwrap();
    desk.run("pin accept --yes").ok();
    let gone = desk.run(&format!("{lost} --yes --revoke-vouched"));
    assert_eq!(gone.code, 0, "{}", gone.err);
    told(&gone.err);
    assert!(gone.err.contains("went with it: the owner mallory"), "{}", gone.err);
    assert_eq!(desk.run("--json member show mallory").error(), (5, "no-member".into()));
    let left = desk.run("member show mate --json").json();
    assert_eq!(left["recipients"].as_array().unwrap().len(), 1, "{left}");
    assert_eq!(left["roles"], json!(["developer"]));
    drop(mate);
}

#[test]
fn the_owner_who_lets_the_last_other_one_go_is_not_listed() {
    let first = owner();
    let second = join(&first, "second", " --role owner");
    let gone = second.run("member remove owner --yes");
    assert_eq!(gone.code, 0, "{}", gone.err);
    assert!(!gone.err.contains("vouched for"), "{}", gone.err);
    let review = second.run("policy review --marked");
    assert!(review.err.contains("nothing is marked"), "{} {}", review.out, review.err);
}

/// The members and roles that a review marks.
fn marked(person: &Person) -> BTreeSet<String> {
    let review = person.run("policy review --marked --json").json();
    let rows = |kind: &str, field: &str| -> Vec<String> {
        let rows = review[kind].as_array().unwrap().iter();
        rows.map(|row| row[field].as_str().unwrap().to_owned()).collect()
    };
    let members = [rows("credentials", "member"), rows("memberships", "member")].concat();
    members
        .into_iter()
        .chain(rows("roles", "role").into_iter().map(|r| format!("role {r}")))
        .collect()
}

/// The same of what a removal lists.
fn listed(report: &serde_json::Value) -> BTreeSet<String> {
    let rows = report["vouched_alone"].as_array().unwrap().iter();
    rows.map(|row| match row["member"].as_str() {
        Some(member) => member.to_owned(),
        None => format!("role {}", row["role"].as_str().unwrap()),
    })
    .collect()
}

/// An owner `first`, who let the owner `second` in and, by the device that goes, a member and a role;
/// `second` let `first` have another device.
fn let_in_by_a_laptop() -> (Person, Person) {
    let first = owner();
    let second = join(&first, "second", " --role owner");
    let desk = Person::new("owner");
    desk.pull(&second);
    let line = desk.run("member request --device desk --json").json()["request"].clone();
    second.feed("member add owner --device --request - --yes", line.as_str().unwrap()).ok();
    first.pull(&second);
    first.run("role create tools --grant read:dev/*").ok();
    join(&first, "newcomer", " --role tools");
    second.pull(&first);
    (second, desk)
}

#[test]
fn what_a_removal_lists_is_what_a_review_marks_afterwards() {
    for line in ["member key remove owner/owner-laptop --lost", "member remove owner"] {
        let (second, desk) = let_in_by_a_laptop();
        if line.contains("--lost") {
            // Nobody but the lost device let in the one who removes it.
            let third = join(&second, "third", " --role owner");
            drop(third);
        }
        let before = marked(&second);
        assert!(before.is_empty(), "{before:?}");
        let report = second.run(&format!("{line} --yes --json")).json();
        let (listed, marked) = (listed(&report), marked(&second));
        assert_eq!(listed, marked, "{line}: {report}");
        for name in ["newcomer", "role tools"] {
            assert!(listed.contains(name), "{line}: {report}");
        }
        assert_eq!(listed.contains("second"), line.contains("--lost"), "{line}: {report}");
        drop(desk);
    }
}

#[test]
fn of_what_a_removal_lists_the_signer_does_not_take_itself_away() {
    let (second, _) = let_in_by_a_laptop();
    join(&second, "third", " --role owner");
    for line in [
        "member key remove owner/owner-laptop --lost --revoke-vouched",
        "member remove owner --revoke-vouched",
    ] {
        let before = std::fs::read(second.vault()).unwrap();
        let report = second.run(&format!("{line} --yes --json")).json();
        let rows = report["vouched_alone"].as_array().unwrap();
        assert!(rows.iter().all(|row| row["revoked"] == (row["member"] != "second")), "{report}");
        assert!(listed(&report).contains("second"), "{report}");
        assert_eq!(second.run("get dev/DB").ok(), "dev-db");
        assert_eq!(marked(&second), ["second".to_owned()].into());
        std::fs::write(second.vault(), before).unwrap();
        second.run("pin accept --yes").ok();
    }
}
