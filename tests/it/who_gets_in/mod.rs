//! A contractor who may grant on dev alone tries to come by production: what honest owners are shown,
//! asked and refused as they type the ordinary commands, each person on a machine of their own.

mod ordinary;

use serde_json::Value;
use v_secure_testkit::person::{Done, Person};

/// An owner with a secret in dev and one in prod, and the roles for both.
fn owner() -> Person {
    let owner = Person::new("owner");
    owner.run("init --vault-name shop").ok();
    owner.set("dev/DB", "dev-db");
    owner.set("prod/DB", "prod-db");
    owner.run("role create dev --grant read,write,rotate,delete,grant:dev/*").ok();
    owner.run("role create ops --grant read,write:prod/*").ok();
    owner
}

/// A member's request on their own machine: the line and the words.
fn asks(vault_of: &Person, person: &Person, name: &str) -> (String, String) {
    person.pull(vault_of);
    let request = person.run(&format!("member request {name} --json")).json();
    let text = |key: &str| request[key].as_str().unwrap().to_owned();
    (text("request"), text("fingerprint"))
}

fn join(by: &Person, name: &str, rest: &str) -> Person {
    let person = Person::new(name);
    let (line, words) = asks(by, &person, name);
    by.feed(&format!("member add {name} --request - --fingerprint {words}{rest}"), &line).ok();
    person.pull(by);
    person.accept_as(by);
    person
}

/// With a contractor who is in the role dev.
fn team() -> (Person, Person) {
    let owner = owner();
    let contractor = join(&owner, "contractor", " --role dev");
    (owner, contractor)
}

/// A recipient whose key is on a machine of the contractor's choice.
fn recipient() -> (Person, String) {
    let spare = Person::new("spare");
    let recipient = spare.run("identity new").ok().trim().to_owned();
    (spare, recipient)
}

fn tag(recipient: &str) -> &str {
    &recipient[recipient.len() - 12..]
}

/// The short id of a member's device, as the lists show it.
fn device_tag(at: &Person, member: &str, device: &str) -> String {
    let shown = at.run(&format!("member show {member} --json")).json();
    let devices = shown["devices"].as_array().unwrap();
    let found = devices.iter().find(|found| found["device"] == device).unwrap();
    found["key"].as_str().unwrap()[..10].to_owned()
}

#[track_caller]
fn not_vouched(done: &Done) {
    assert_eq!(
        (done.code, done.err.contains("nobody with the right to grant this has vouched")),
        (1, true),
        "{}",
        done.err
    );
}

fn reads(person: &Person, from: &Person, secret: &str) -> bool {
    person.pull(from);
    person.run(&format!("--trust-first-use get {secret}")).code == 0
}

/// (a) Planted devices and recipients of a newcomer who is given more than the planter may give.
#[test]
fn what_was_planted_in_a_newcomer_is_shown_before_it_gets_more() {
    let (owner, contractor) = team();
    join(&owner, "newcomer", " --role dev");
    contractor.pull(&owner);
    let (spare, planted) = recipient();
    contractor.run(&format!("member add newcomer --device --recipient {planted}")).ok();
    let phone = Person::new("phone");
    let (line, _) = asks(&contractor, &phone, "newcomer --device phone");
    contractor.feed("member add newcomer --device --request - --yes", &line).ok();
    owner.pull(&contractor);

    for command in
        ["role join ops newcomer", "role join owner newcomer", "access grant dev prod/* read"]
    {
        let refused = owner.run(command);
        not_vouched(&refused);
        let phone = device_tag(&owner, "newcomer", "phone");
        let why = if command.contains("owner") {
            "who is not an owner"
        } else {
            "who may not grant prod/*"
        };
        for shown in [
            format!("! newcomer: recipient age1…{}: added by contractor, {why}", tag(&planted)),
            format!("! newcomer: device phone {phone}, recipient age1…"),
        ] {
            assert!(refused.err.contains(&shown), "{command}: {}", refused.err);
        }
        assert!(refused.err.contains("  newcomer: device newcomer-laptop "), "{}", refused.err);
        let hint = "--vouch ID, for each that you checked with the person";
        assert!(refused.err.contains(hint), "{}", refused.err);
        assert!(!refused.err.contains(&format!("--vouch {phone}")), "no line to copy");
        // Neither silence nor another list of options passes.
        not_vouched(&owner.run(&format!("--quiet {command}")));
        assert!(owner.run(&format!("--quiet {command}")).err.contains("! newcomer: device phone"));
        not_vouched(&owner.run(&format!("{command} --vouch {phone}")));
        not_vouched(&owner.run(&format!("{command} --vouch newcomer --vouch phone")));
        let json = owner.run(&format!("--json {command}"));
        assert_eq!(json.error(), (1, "not-vouched".into()));
    }
    assert!(!reads(&spare, &owner, "prod/DB"));
    // Who takes the planted ones out gives the rest without a question.
    owner.run("member key remove newcomer/phone --yes").ok();
    not_vouched(&owner.run("role join ops newcomer"));
    let before = std::fs::read(owner.vault()).unwrap();
    owner.run(&format!("member key remove newcomer/{} --yes", tag(&planted))).ok();
    let newcomer = owner.run("member show newcomer --json").json();
    assert_eq!(newcomer["recipients"].as_array().unwrap().len(), 1, "by its id it goes, too");
    owner.run("role join ops newcomer").ok();
    std::fs::write(owner.vault(), before).unwrap();
    let owner = again(&owner);
    let vouch = format!("role join ops newcomer --vouch {}", tag(&planted));
    owner.run(&vouch).ok();
    // From here on the owner stands for it.
    owner.run("access grant ops prod/X* read").ok();
}

/// (a) A member that is in no role is its creator's.
#[test]
fn a_newcomer_without_a_role_is_not_handed_over() {
    let (owner, contractor) = team();
    join(&owner, "newcomer", "");
    contractor.pull(&owner);
    let (spare, planted) = recipient();
    for more in ["", " --role dev"] {
        let line = format!("--json member add newcomer --device --recipient {planted}{more}");
        assert_eq!(contractor.run(&line).error().0, 4, "{more}");
    }
    owner.run("role join ops newcomer").ok();
    assert!(!reads(&spare, &owner, "prod/DB"));
}

/// (b) The name of somebody who is expected, taken first.
#[test]
fn a_name_that_is_taken_is_said_before_words_are_compared() {
    let (owner, contractor) = team();
    let (spare, planted) = recipient();
    contractor.run(&format!("member add newcomer --recipient {planted} --role dev")).ok();
    owner.pull(&contractor);
    let newcomer = Person::new("newcomer");
    let (line, words) = asks(&owner, &newcomer, "newcomer");
    let add = |rest: &str| {
        owner.feed(&format!("member add newcomer --request - --fingerprint {words}{rest}"), &line)
    };
    let taken = add(" --role ops --json");
    assert_eq!(taken.error(), (7, "member-exists".into()));
    let taken = add(" --role ops");
    assert!(
        taken.err.contains("a member named newcomer already exists, added by contractor"),
        "{}",
        taken.err
    );
    // Somebody who insists is shown whose the other recipient is.
    let refused = add(" --role ops --device");
    not_vouched(&refused);
    assert!(
        refused.err.contains(&format!("age1…{}: added by contractor", tag(&planted))),
        "{}",
        refused.err
    );
    assert!(!reads(&spare, &owner, "prod/DB"));
    // Names that differ by case alone would be taken for each other.
    let (line, words) = asks(&owner, &Person::new("other"), "Newcomer");
    let other = format!("--json member add Newcomer --request - --fingerprint {words}");
    for rest in ["", " --device"] {
        assert_eq!(
            owner.feed(&format!("{other}{rest}"), &line).error(),
            (7, "member-exists".into())
        );
    }
    let nobody = owner.run("--json member add nobody --device --new-identity");
    assert_eq!(nobody.error(), (5, "no-member".into()));
}

#[test]
fn a_service_that_is_there_is_not_made_again() {
    let owner = owner();
    owner.run("member add ci --service --new-identity --read prod/*").ok();
    for again in ["ci", "CI"] {
        let line = format!("--json member add {again} --service --new-identity --read prod/*");
        let refused = owner.run(&line);
        assert_eq!(refused.error(), (7, "member-exists".into()));
        assert_eq!(refused.out, "", "no identity is printed");
    }
    owner.run("member add ci --device --service --new-identity").ok();
}

/// (c) A role that has nothing yet, joined before it is given something.
#[test]
fn who_joined_a_role_before_it_had_grants_is_shown_when_it_gets_them() {
    let (owner, contractor) = team();
    contractor.run("role create tools").ok();
    contractor.run("role join tools contractor").ok();
    owner.pull(&contractor);
    let refused = owner.run("access grant tools prod/* read");
    not_vouched(&refused);
    let shown = "! contractor: in tools by contractor, who may not grant prod/*";
    assert!(refused.err.contains(shown), "{}", refused.err);
    not_vouched(&owner.run("access grant tools prod/* read --vouch contractor"));
    assert!(!reads(&contractor, &owner, "prod/DB"));
    owner.run("access grant tools prod/* read --vouch tools/contractor").ok();
}

/// (c) The same with the order turned: whoever joins first is not stood for by the grant's signer.
#[test]
fn a_role_that_has_nothing_is_no_way_around_the_question() {
    let (owner, contractor) = team();
    contractor.run("member add newcomer --service --new-identity --role dev").ok();
    owner.pull(&contractor);
    owner.run("role create later").ok();
    let refused = owner.run("role join later newcomer");
    not_vouched(&refused);
    assert!(refused.err.contains("this gives the role later (nothing yet) to:"), "{}", refused.err);
}

/// (c) A role that the contractor made is no way around it either.
#[test]
fn an_empty_role_of_the_contractors_is_filled_by_a_question() {
    let (owner, contractor) = team();
    join(&owner, "newcomer", " --role dev");
    contractor.pull(&owner);
    let (spare, planted) = recipient();
    contractor.run(&format!("member add newcomer --device --recipient {planted}")).ok();
    contractor.run("role create tools").ok();
    owner.pull(&contractor);
    let refused = owner.run("role join tools newcomer");
    not_vouched(&refused);
    let shown = format!("! newcomer: recipient age1…{}: added by contractor", tag(&planted));
    assert!(refused.err.contains(&shown), "{}", refused.err);
    owner.run(&format!("role join tools newcomer --vouch {}", tag(&planted))).ok();
    let refused = owner.run("access grant tools prod/* read");
    not_vouched(&refused);
    assert!(refused.err.contains(&shown), "{}", refused.err);
    assert!(!reads(&spare, &owner, "prod/DB"));
    // Who joins is listed, though there is nothing to ask about.
    let joined = owner.run("role join tools owner");
    assert_eq!(joined.code, 0, "{}", joined.err);
    for line in ["this gives the role tools (nothing yet) to:", "  owner: device "] {
        assert!(joined.err.contains(line), "{line}: {}", joined.err);
    }
}

/// A word for what the contractor may give is no word for more.
#[test]
fn an_owners_word_for_little_is_not_their_word_for_more() {
    let (owner, contractor) = team();
    owner.run("role create reader --grant read:dev/*").ok();
    join(&owner, "newcomer", " --role dev");
    contractor.pull(&owner);
    let (spare, planted) = recipient();
    contractor.run(&format!("member add newcomer --device --recipient {planted}")).ok();
    owner.pull(&contractor);
    // Right as they are: the contractor could give that.
    owner.run("access grant dev dev/X* write").ok();
    owner.run("role join reader newcomer").ok();
    for more in
        ["role join ops newcomer", "role join owner newcomer", "access grant dev prod/* read"]
    {
        let refused = owner.run(more);
        not_vouched(&refused);
        let shown =
            format!("! newcomer: recipient age1…{}: added by contractor, who", tag(&planted));
        assert!(refused.err.contains(&shown), "{more}: {}", refused.err);
    }
    assert!(!reads(&spare, &owner, "prod/DB"));
}

/// (e) What goes with a contractor, and what stays.
#[test]
fn removing_the_contractor_lists_what_nobody_else_vouched_for() {
    let (owner, contractor) = team();
    join(&owner, "newcomer", " --role dev");
    contractor.pull(&owner);
    let (spare, planted) = recipient();
    contractor.run(&format!("member add newcomer --device --recipient {planted}")).ok();
    contractor.run("member add bot --service --new-identity --role dev").ok();
    contractor.run("role create tools --grant read:dev/*").ok();
    contractor.run("role join tools newcomer").ok();
    owner.pull(&contractor);
    let shown = |err: &str| {
        for line in [
            "only contractor vouched for:",
            "  the member bot with all it has",
            &format!("  newcomer: recipient age1…{}", tag(&planted)),
            "  the role tools (read on dev/*; in it: newcomer)",
        ] {
            assert!(err.contains(line), "{line}: {err}");
        }
    };
    let asked = owner.run("member remove contractor");
    assert_eq!(asked.code, 1);
    shown(&asked.err);
    let kept = std::fs::read(owner.vault()).unwrap();
    let left = owner.run("--json member remove contractor --yes").json();
    let rows = left["vouched_alone"].as_array().unwrap();
    assert!(rows.len() == 3 && rows.iter().all(|row| row["revoked"] == false), "{left}");
    assert_eq!(owner.run("member show bot").code, 0, "it stays unless that is said");
    let review = owner.run("policy review --marked").ok();
    assert!(
        review.contains("bot\t") && review.contains("no current member vouches for it"),
        "{review}"
    );
    // Whoever made a service's identity may have kept it.
    let exposed = owner.run("exposed --json").json();
    let to = exposed["exposed"][0]["to"].as_array().unwrap();
    assert!(to.iter().any(|to| to["why"] == "let-reader-in" && to["made"] == "bot"), "{exposed}");
    let told = owner.run("exposed");
    assert!(told.out.contains("contractor: may have kept bot's identity "), "{}", told.out);
    assert!(told.err.contains("v-secure member add bot --device --new-identity"), "{}", told.err);

    std::fs::write(owner.vault(), kept).unwrap();
    let owner = again(&owner);
    let gone = owner.run("member remove contractor --yes --revoke-vouched");
    assert_eq!(gone.code, 0, "{}", gone.err);
    shown(&gone.err);
    assert!(gone.err.contains("went with it: the member bot"), "{}", gone.err);
    assert_eq!(owner.run("--json member show bot").error(), (5, "no-member".into()));
    let newcomer = owner.run("member show newcomer --json").json();
    assert_eq!(newcomer["recipients"].as_array().unwrap().len(), 1);
    assert_eq!(newcomer["roles"], serde_json::json!(["dev"]));
    owner.set("dev/DB", "next");
    assert!(!reads(&spare, &owner, "dev/DB"));
}

/// The same person on a device that has not seen what came since.
fn again(owner: &Person) -> Person {
    let fresh = Person::new("owner");
    std::fs::create_dir_all(fresh.home().join(".config/v-secure")).unwrap();
    let file = ".config/v-secure/identity.txt";
    std::fs::copy(owner.home().join(file), fresh.home().join(file)).unwrap();
    fresh.pull(owner);
    fresh.run("pin accept --yes").ok();
    fresh
}
