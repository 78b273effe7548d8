//! Who may rotate by hand: `rotate` alone suffices for all of it and for nothing more, `read` alone for none.

use super::{NEW, OLD};
use v_secure_testkit::person::Person;

/// An owner of prod/A, and a member with this right on it alone.
fn with_right(right: &str) -> (Person, Person) {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("prod/A", OLD);
    owner.set("prod/B", "second");
    owner.run(&format!("role create few --grant {right}:prod/A")).ok();
    let member = Person::new("member");
    member.pull(&owner);
    let line = member.run("member request").ok();
    owner.feed("member add member --request - --role few --yes", &line).ok();
    member.pull(&owner);
    member.accept_as(&owner);
    (owner, member)
}

#[track_caller]
fn refused(person: &Person, line: &str) {
    let done = person.feed(&format!("--json {line}"), NEW);
    assert_eq!(done.error(), (4, "not-permitted".into()), "{line}");
}

#[test]
fn who_may_rotate_does_all_of_it_and_reads_nothing() {
    let (owner, rotator) = with_right("rotate");
    rotator.feed("secret rotate prod/A --to 5%", NEW).ok();
    rotator.run("secret rotate prod/A --resume --to 100%").ok();
    refused(&rotator, "get prod/A");
    refused(&rotator, "exec -e prod --only A --instance web-1 -- true");
    owner.pull(&rotator);
    let given = owner.run("exec -e prod --only A --instance web-1 -- printenv A").ok();
    assert_eq!(given.trim_end(), NEW);
    rotator.run("rotation list").ok();
    rotator.run("rotation promote prod/A").ok();
    rotator.run("rotation retire prod/A --yes").ok();
    rotator.feed("secret rotate prod/A --to 5%", OLD).ok();
    rotator.run("secret rollback prod/A").ok();
    rotator.run("rotation retire prod/A --yes").ok();
    rotator.feed("secret rotate prod/A --to 5%", OLD).ok();
    rotator.run("secret rotate prod/A --abort").ok();
    owner.pull(&rotator);
    assert_eq!(owner.run("get prod/A").ok().trim_end(), NEW);
    owner.run("audit verify").ok();
}

#[test]
fn who_may_only_rotate_does_nothing_else_by_a_rotation() {
    let (owner, rotator) = with_right("rotate");
    refused(&rotator, "secret rotate prod/B --to 5%");
    rotator.feed("secret rotate prod/A --to 100%", NEW).ok();
    owner.pull(&rotator);
    owner.set("prod/A", "set meanwhile");
    rotator.pull(&owner);
    // What is stale is promoted by a writer alone.
    let list = rotator.run("rotation list --json").json();
    let id = list["rotations"][0]["rotation"].as_str().unwrap().to_owned();
    refused(&rotator, &format!("rotation promote prod/A --rotation={id}"));
    refused(&rotator, "set prod/A --description text");
    rotator.run("secret rotate prod/A --abort").ok();
}

#[test]
fn who_may_only_read_does_none_of_it() {
    let (owner, reader) = with_right("read");
    refused(&reader, "secret rotate prod/A --to 5%");
    owner.feed("secret rotate prod/A --to 100%", NEW).ok();
    reader.pull(&owner);
    let given = reader.run("exec -e prod --only A --instance web-1 -- printenv A").ok();
    assert_eq!(given.trim_end(), NEW, "whoever reads a secret is given what is pending");
    for line in [
        "secret rotate prod/A --resume --to 5%",
        "secret rotate prod/A --abort",
        "secret rollback prod/A",
        "rotation promote prod/A",
    ] {
        refused(&reader, line);
    }
    owner.run("rotation promote prod/A").ok();
    reader.pull(&owner);
    refused(&reader, "rotation retire prod/A --yes");
    reader.run("rotation list").ok();
    reader.run("secret rotation-status prod/A").ok();
}
