//! What is asked nothing more than before: ordinary work, and what one of the team knows.

use super::*;

#[test]
fn ordinary_work_stays_ordinary() {
    let owner = owner();
    owner.run("role create lead --grant read,write,grant:dev/*").ok();
    let lead = join(&owner, "lead", " --role lead");
    lead.run("role create team --grant read,write:dev/*").ok();
    let apprentice = Person::new("apprentice");
    let (line, words) = asks(&lead, &apprentice, "apprentice");
    let add = format!("--json member add apprentice --request - --role team --fingerprint {words}");
    let added = lead.feed(&add, &line).json();
    let gives = added["gives"].as_array().unwrap();
    assert_eq!(gives.len(), 2, "a key and a recipient: {added}");
    assert!(
        gives.iter().all(|row| row["vouched"] == true && row["added_by"][0] == "lead"),
        "{added}"
    );
    lead.run("access grant team dev/X* read").ok();
    owner.pull(&lead);
    // An owner may give more of what the lead may give.
    owner.run("access grant team dev/Y* write").ok();
    let review: Value = owner.run("policy review --json").json();
    assert_eq!(review["memberships"].as_array().unwrap().len(), 3);
}

#[test]
fn a_recipient_that_was_used_before_is_said_to_be_the_owners_to_bring_back() {
    let (owner, contractor) = team();
    let (_, planted) = recipient();
    join(&owner, "newcomer", " --role dev");
    contractor.pull(&owner);
    let add = format!("member add newcomer --device --recipient {planted}");
    contractor.run(&add).ok();
    contractor.run(&format!("member key remove newcomer/{} --yes", tag(&planted))).ok();
    let refused = contractor.run(&add);
    let why = "this recipient was used before (by newcomer); only an owner can add it again";
    assert!(refused.code == 4 && refused.err.contains(why), "{}", refused.err);
    assert!(refused.err.contains("who can: owner"), "{}", refused.err);
    owner.pull(&contractor);
    owner.run(&add).ok();
}

#[test]
fn a_copy_that_is_not_there_is_said_before_anything_else() {
    let owner = owner();
    let missing = owner.run("--json key restore --from nowhere.toml");
    assert_eq!(missing.error(), (5, "from-file".into()));
}

#[test]
fn other_words_say_that_the_line_is_to_be_sent_again() {
    let owner = owner();
    let (line, _) = asks(&owner, &Person::new("newcomer"), "newcomer");
    let other = owner.feed("member add newcomer --request - --fingerprint zoo", &line);
    assert!(other.code == 6 && other.err.contains("have it sent again"), "{}", other.err);
}

#[test]
fn a_member_sees_which_device_is_the_one_at_hand() {
    let (owner, contractor) = team();
    let shown = contractor.run("member show contractor").ok();
    assert_eq!(shown.matches("(this device)").count(), 1, "{shown}");
    assert!(!owner.run("member show contractor").ok().contains("(this device)"));
}
