//! What one owner of several, or somebody who can push, gets out of the commands of honest owners.

use super::{Team, folder, listed, owners, proposes};
use std::fs;
use v_secure_core::crypto::id::PolicyId;
use v_secure_core::crypto::identity::parse_identities;
use v_secure_core::crypto::sign::Tag;
use v_secure_core::file::format::Trust;
use v_secure_core::policy::entry::{Algorithm, PolicySignature};
use v_secure_core::proposal;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};
use v_secure_testkit::person::Person;

/// Puts zeros in the place of every signature of a proposal.
fn unsigned(who: &Person, id: &str) {
    for file in fs::read_dir(folder(who, id)).unwrap() {
        let path = file.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if let Some((before, _)) = text.split_once("\"sig\":\"") {
            fs::write(&path, format!("{before}\"sig\":\"{}\"}}\n", "A".repeat(86))).unwrap();
        }
    }
}

/// Who can push can put anything there; to have it made anew would be to sign it in its place.
#[test]
fn what_no_owner_signed_is_neither_called_stale_nor_made_anew() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    let id = proposes(ada, "settings set ttl on-write");
    ada.run("role create ops --grant read:ops/*").ok();
    team.push(ada, "propose, and change the policy");
    team.pull(bob);
    assert_eq!(listed(bob)[0]["state"], "stale");
    unsigned(bob, &id);
    assert_eq!(listed(bob)[0]["state"], "unfit");
    let vault = fs::read(bob.vault()).unwrap();
    for line in [format!("policy renew {id} --yes"), format!("policy sign {id} --yes")] {
        let refused = bob.run(&line);
        assert!(refused.code != 0 && refused.err.contains("no owner has signed"), "{refused:?}");
        assert!(!refused.err.contains("policy renew"), "{}", refused.err);
    }
    assert_eq!(fs::read(bob.vault()).unwrap(), vault);
    assert_eq!(listed(bob).len(), 1, "nothing was proposed in its place");
}

/// A signature on an older state would help to make a policy that this device then follows.
#[test]
fn nobody_signs_on_an_older_state() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    proposes(ada, "settings set ttl on-write");
    team.push(ada, "propose");
    team.pull(bob);
    let old = fs::read(bob.vault()).unwrap();
    bob.run("role create ops --grant read:ops/*").ok();
    fs::write(bob.vault(), old).unwrap();
    let refused = bob.run("policy sign --yes --json");
    assert_eq!(refused.error(), (7, "splits-policy".into()), "{refused:?}");
}

/// The one who is asked to sign is no reason for their own signature.
#[test]
fn a_member_that_a_proposal_makes_an_owner_is_vouched_for_by_who_completes_it() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    let eve = Person::new("eve");
    eve.pull(ada);
    let request = eve.run("member request eve --json").json();
    let line = request["request"].as_str().unwrap();
    let added = ada.feed("member add eve --request - --role owner --yes --json", line);
    assert_eq!(added.error(), (4, "owner-threshold".into()), "{added:?}");
    team.push(ada, "propose");
    team.pull(bob);
    let refused = bob.run("policy sign --yes --json");
    assert_eq!(refused.error(), (1, "not-vouched".into()), "{refused:?}");
    assert_eq!(owners(bob).len(), 3);
}

/// All that is signed is shown, keys too.
#[test]
fn keys_are_among_what_is_shown() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    proposes(ada, "owner remove cy --yes");
    team.push(ada, "propose");
    team.pull(bob);
    let changes = &listed(bob)[0]["changes"];
    let actions: Vec<&str> =
        changes.as_array().unwrap().iter().map(|c| c["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"role-leave") && actions.contains(&"epoch"), "{actions:?}");
}

/// Who leaves would keep the keys that they made for those who stay.
#[test]
fn who_leaves_makes_no_keys_for_the_others() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    proposes(ada, "owner remove cy --yes");
    team.push(ada, "propose");
    team.pull(cy);
    let refused = cy.run("policy sign --yes");
    assert!(refused.code == 4 && refused.err.contains("has to stay"), "{refused:?}");
    assert_eq!(owners(cy).len(), 3);
    team.pull(bob);
    bob.run("policy sign --yes").ok();
    assert_eq!(owners(bob), ["ada", "bob"]);
}

/// What comes back by a branch is not proposed a second time.
#[test]
fn what_is_complete_is_said_to_be() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    let id = proposes(ada, "settings set ttl on-write");
    team.push(ada, "propose");
    team.pull(bob);
    bob.run("policy sign --yes").ok();
    team.push(bob, "signed");
    super::git(bob, &["checkout", "--quiet", "HEAD~1", "--", ".v-secure/proposals"]);
    let refused = bob.run(&format!("policy sign {id} --yes --json"));
    assert_eq!(refused.error(), (7, "proposal-stale".into()), "{refused:?}");
    assert!(refused.err.contains("it is complete") && !refused.err.contains("policy renew"));
}

/// Eve is let in by a proposal of ada's, which another change of policy overtakes.
fn overtaken(team: &Team) -> (Person, String) {
    let Team { ada, bob, .. } = team;
    let eve = Person::new("eve");
    eve.pull(ada);
    let request = eve.run("member request eve --json").json();
    let line = request["request"].as_str().unwrap();
    let added = ada.feed("member add eve --request - --role owner --yes --json", line);
    assert_eq!(added.error(), (4, "owner-threshold".into()), "{added:?}");
    let id = listed(ada)[0]["proposal"].as_str().unwrap().to_owned();
    ada.run("role create ops --grant read:ops/*").ok();
    team.push(ada, "propose, and change the policy");
    team.pull(bob);
    (eve, id)
}

/// What another owner brought in is asked about when it is made anew as when it is signed: whoever makes it anew
/// would else vouch for a device that they never looked at.
#[test]
fn what_a_proposal_brings_in_is_vouched_for_by_who_makes_it_anew() {
    let Some(team) = Team::new() else { return };
    let bob = &team.bob;
    let (_, id) = overtaken(&team);
    let refused = bob.run(&format!("policy renew {id} --yes --json"));
    assert_eq!(refused.error(), (1, "not-vouched".into()), "{refused:?}");
    assert!(folder(bob, &id).exists() && listed(bob).len() == 1, "all is as it was");
    let refused = bob.run(&format!("policy renew {id} --yes"));
    assert!(refused.err.contains("added by ada, by this proposal alone"), "{}", refused.err);
    let vouches = vouches(&refused.err);
    let done = bob.run(&format!("policy renew {id} --yes --json {vouches}"));
    assert_eq!(done.error(), (4, "owner-threshold".into()), "{done:?}");
    assert!(!folder(bob, &id).exists() && listed(bob).len() == 1);
}

/// The options that vouch for what is marked in this list.
fn vouches(list: &str) -> String {
    let marked: String = list.lines().skip_while(|line| !line.starts_with('!')).collect();
    let (_, ids) = marked.split_once("eve-laptop ").unwrap();
    let (ids, _) = ids.split_once(": added by").unwrap();
    let (key, recipient) = ids.split_once(", recipient age1…").unwrap();
    format!("--vouch {key} --vouch {recipient}")
}

/// One owner of several let somebody in, and is an owner all the same.
#[test]
fn too_few_owners_are_called_that_and_not_no_owners() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    let eve = Person::new("eve");
    eve.pull(ada);
    let request = eve.run("member request eve --json").json();
    ada.feed("member add eve --request - --yes", request["request"].as_str().unwrap()).ok();
    team.push(ada, "eve");
    team.pull(bob);
    let refused = bob.run("owner add eve --yes");
    assert!(refused.err.contains("added by ada, and too few owners vouch"), "{}", refused.err);
    assert!(!refused.err.contains("is not an owner"), "{}", refused.err);
}

/// Where one signature is enough by now, the question is all that stands before the vault.
#[test]
fn what_one_signature_completes_is_vouched_for_too() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, .. } = &team;
    let (_, id) = overtaken(&team);
    let lower = proposes(bob, "owner threshold 1 --yes");
    team.push(bob, "lower");
    team.pull(ada);
    ada.run(&format!("policy sign {lower} --yes")).ok();
    team.push(ada, "one signs");
    team.pull(bob);
    let vault = fs::read(bob.vault()).unwrap();
    let refused = bob.run(&format!("policy renew {id} --yes --json"));
    assert_eq!(refused.error(), (1, "not-vouched".into()), "{refused:?}");
    assert_eq!(fs::read(bob.vault()).unwrap(), vault);
    assert_eq!(owners(bob).len(), 3);
}

/// The signature of an owner whose program is their own, as a proposal keeps it.
fn sign_all_the_same(who: &Person, id: &str) {
    let (bytes, now) = (fs::read(who.vault()).unwrap(), UnixTime::from_secs(9));
    let vault = Vault::open(&bytes, Trust::Strict, Depth::Everything, now).unwrap();
    let identity = fs::read(who.home().join(".config/v-secure/identity.txt")).unwrap();
    let identities = parse_identities(&SecretValue::new(identity)).unwrap();
    let key = Unlocked::new(&vault, identities).unwrap().signer(&vault).unwrap().key;
    let sig = key.sign(Tag::PolicyEntry, &PolicyId::parse(id).unwrap());
    let sig = PolicySignature { key: key.id(), alg: Algorithm::Ed25519, sig };
    let (name, text) = proposal::signature(&sig);
    fs::write(folder(who, id).join(name), text).unwrap();
}

/// Nobody signs the new keys that a leaver signed; who may push and is to leave could else hold that up for ever.
#[test]
fn who_is_to_leave_keeps_nobody_from_proposing_it() {
    let Some(team) = Team::new() else { return };
    let Team { ada, bob, cy, .. } = &team;
    let first = proposes(ada, "owner remove cy --yes");
    team.push(ada, "propose");
    team.pull(cy);
    sign_all_the_same(cy, &first);
    team.push(cy, "sign");
    team.pull(bob);
    let refused = bob.run("policy sign --yes");
    assert!(refused.code == 6 && refused.err.contains("policy renew"), "{refused:?}");
    let renewed = bob.run(&format!("policy renew {first} --yes --json"));
    assert_eq!(renewed.error(), (4, "owner-threshold".into()), "{renewed:?}");
    assert!(!folder(bob, &first).exists(), "the old one is over");
    team.push(bob, "renew");
    team.pull(ada);
    ada.run("policy sign --yes").ok();
    assert_eq!(owners(ada), ["ada", "bob"]);
}
