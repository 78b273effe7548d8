//! Values that owners let be, and what becomes of that.

use super::*;

#[test]
fn an_owner_lets_a_value_be_and_nobody_else() {
    let owner = owner();
    let writer = join(&owner, "writer");
    join(&owner, "leaver");
    owner.run("member remove leaver --yes").ok();
    owner.set("prod/DB", "next");
    writer.pull(&owner);
    // Who may write is told who can, and a field by hand is no waiver.
    let waive = ["--json", "secret", "waive", "dev/DB", "--reason", "an example value"];
    let refused = person::Done::from(writer.command(&waive).output().unwrap());
    assert_eq!(refused.error(), (4, "not-permitted".into()));
    assert!(refused.err.contains("who can: owner"), "{}", refused.err);
    let report = owner.run("exposed --json").json();
    let id = report["exposed"][0]["id"].as_str().unwrap().to_owned();
    let by_hand = format!("set dev/DB --meta waived.{id}=no_secret");
    writer.run(&by_hand).ok();
    let waived = |report: &Value| report["waived"].as_array().unwrap().len();
    let report = writer.run("exposed --json").json();
    assert_eq!((pairs(&report), waived(&report)), (vec![("dev/DB", "leaver")], 0));
    // An owner can, where there is something to let be.
    owner.pull(&writer);
    assert_eq!(
        owner.run("--json secret waive prod/DB --reason x").error(),
        (7, "not-exposed".into())
    );
    assert_eq!(owner.run("--json secret waive dev/DB").code, 2);
    person::Done::from(owner.command(&waive).output().unwrap()).ok();
    std::thread::sleep(Duration::from_millis(2_100));
    let report = owner.run("exposed --json --deadline 1s").json();
    assert_eq!((pairs(&report), waived(&report)), (Vec::new(), 1));
    assert_eq!(report["waived"][0]["reason"], "an example value");
    assert_eq!(report["waived"][0]["by"], "owner");
    let shown = owner.run("exposed");
    assert!(shown.err.contains("dev/DB is known, and waived by owner: an example value"));
    assert_eq!(owner.run("--json secret waive dev/DB --reason x").json()["changed"], true);
    owner.run("audit verify").ok();
    // Another's word ends it, as does the owner's, and the next value.
    writer.pull(&owner);
    writer.run(&by_hand).ok();
    assert_eq!(pairs(&writer.run("exposed --json").json()), [("dev/DB", "leaver")]);
    owner.pull(&writer);
    person::Done::from(owner.command(&waive).output().unwrap()).ok();
    assert_eq!(waived(&owner.run("exposed --json").json()), 1);
    owner.run("secret waive dev/DB --undo").ok();
    assert_eq!(waived(&owner.run("exposed --json").json()), 0);
    person::Done::from(owner.command(&waive).output().unwrap()).ok();
    owner.set("dev/DB", "dev-db");
    let report = owner.run("exposed --json").json();
    assert_eq!((pairs(&report), waived(&report)), (vec![("dev/DB", "leaver")], 0));
}

#[test]
fn a_waiver_is_of_owners_then_and_now() {
    let owner = owner();
    let writer = join(&owner, "writer");
    join(&owner, "leaver");
    owner.run("member remove leaver --yes").ok();
    writer.pull(&owner);
    let report = writer.run("exposed --json -e dev").json();
    let id = report["exposed"][0]["id"].as_str().unwrap().to_owned();
    writer.run(&format!("set dev/DB --meta waived.{id}=mine")).ok();
    owner.pull(&writer);
    // Being made an owner later makes no old word count.
    owner.run("role join owner writer").ok();
    assert_eq!(pairs(&owner.run("exposed --json -e dev").json()), [("dev/DB", "leaver")]);
    writer.pull(&owner);
    writer.run("secret waive dev/DB --reason mine").ok();
    assert_eq!(pairs(&writer.run("exposed --json -e dev").json()), [("", ""); 0]);
    owner.pull(&writer);
    // And whoever is an owner no more has no word.
    owner.run("role leave owner writer").ok();
    assert_eq!(pairs(&owner.run("exposed --json -e dev").json()), [("dev/DB", "leaver")]);
}
