//! Attempts to get more than the rules give, each named for the attack.

use super::*;
use crate::crypto::id::PolicyId;
use crate::name::audience::AudienceName;
use Right::{Delete, Grant, Read, Rotate, Write};

const REFUSED: &str = "policy-unauthorised";

#[test]
fn a_grantor_gives_a_right_it_lacks() {
    let world = World::cast();
    assert_eq!(world.code(&["greta"], vec![grant("devs", "dev/*", &[Delete])]), REFUSED);
    assert_eq!(world.code(&["gus"], vec![grant("clerks", "dev/*", &[Read])]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![grant("devs", "dev/*", &[Grant])]), "accepted");
}

#[test]
fn a_grantor_grants_on_a_wider_pattern() {
    let world = World::cast();
    for wider in ["dev*", "*", "prod/*", "d*", "prod/DB"] {
        assert_eq!(
            world.code(&["greta"], vec![grant("leads", wider, &[Read])]),
            REFUSED,
            "{wider}"
        );
    }
    assert_eq!(world.code(&["greta"], vec![grant("devs", "dev/DB", &[Write])]), "accepted");
}

#[test]
fn two_signers_add_up_halves_of_what_one_must_hold() {
    let mut world = World::cast();
    let key = world.key("rita", "rita");
    let ops = vec![member_add("rita"), key, role_add("readers"), join("readers", "rita")];
    world.did(&["admin"], ops);
    world.did(&["admin"], vec![grant("readers", "dev/*", &[Read, Delete])]);
    // gus may grant, rita holds delete; neither may both.
    assert_eq!(world.code(&["gus", "rita"], vec![grant("devs", "dev/*", &[Delete])]), REFUSED);
}

#[test]
fn a_role_is_given_by_who_may_grant_but_lacks_its_rights() {
    let mut world = World::cast();
    world.did(&["gus"], vec![member_add("mallory")]);
    assert_eq!(world.code(&["gus"], vec![join("devs", "mallory")]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![join("devs", "mallory")]), REFUSED, "gus made her");
    assert_eq!(world.code(&["greta", "gus"], vec![join("devs", "mallory")]), "accepted");
    assert_eq!(world.code(&["greta"], vec![join("ops", "mallory")]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![join("owner", "mallory")]), REFUSED);
}

#[test]
fn a_role_is_emptied_of_grants_to_be_joined_for_its_old_keys() {
    let mut world = World::cast();
    world.did(&["gus"], vec![member_add("mallory")]);
    let mut emptied = world.clone();
    emptied.did(&["gus"], vec![revoke("devs", "dev/*", &[Read, Write])]);
    assert_eq!(emptied.code(&["gus"], vec![join("devs", "mallory")]), REFUSED);
    let anew = vec![role_remove("devs"), role_add("devs")];
    assert_eq!(emptied.code(&["gus"], anew.clone()), REFUSED, "without grants it is its creator's");
    world.did(&["gus"], anew);
    assert_eq!(world.code(&["gus"], vec![join("devs", "mallory")]), REFUSED, "it once read");
    assert_eq!(world.code(&["greta"], vec![join("devs", "mallory")]), REFUSED, "gus made it");
    assert_eq!(world.code(&["admin"], vec![join("devs", "mallory")]), "accepted");
}

#[test]
fn a_key_is_added_to_an_owner() {
    let world = World::cast();
    for signer in ["greta", "gus", "paul", "dora"] {
        assert_eq!(world.code(&[signer], vec![world.key("admin", "evil")]), REFUSED, "{signer}");
    }
}

#[test]
fn a_key_or_recipient_is_added_to_a_member_with_more_rights() {
    let world = World::cast();
    for (signer, victim) in [("greta", "paul"), ("gus", "dora"), ("gus", "greta"), ("dora", "gus")]
    {
        assert_eq!(world.code(&[signer], vec![recipient_add(victim, "evil")]), REFUSED);
        assert_eq!(world.code(&[signer], vec![world.key(victim, "evil")]), REFUSED);
    }
    assert_eq!(world.code(&["greta"], vec![world.key("dora", "phone")]), "accepted");
}

#[test]
fn a_member_adds_a_key_to_itself_with_one_key() {
    let mut world = World::cast();
    assert_eq!(world.code(&["dora"], vec![world.key("dora", "phone")]), REFUSED);
    let (phone, tablet) = (world.key("dora", "phone"), world.key("dora", "tablet"));
    world.did(&["greta"], vec![phone]);
    assert_eq!(world.code(&["dora", "phone"], vec![tablet]), "accepted");
    assert_eq!(world.code(&["dora", "phone"], vec![world.key("gus", "tablet")]), REFUSED);
}

#[test]
fn a_removed_member_comes_back_by_name_without_its_rights_and_keys() {
    let mut world = World::cast();
    let joined = world.chain.last();
    world.did(&["greta"], vec![member_remove("dora")]);
    assert_eq!(world.code(&["dora"], vec![recipient_add("dora", "x")]), "policy-unknown-key");
    let again = world.key("dora", "dora");
    assert_eq!(world.code(&["gus"], vec![member_add("dora")]), REFUSED, "with a used recipient");
    world.did(&["admin"], vec![member_add("dora")]);
    assert_eq!(world.code(&["admin"], vec![again]), "policy-op-key-reused");
    let (dora, db) = (name("dora"), secret("dev/DB"));
    assert!(world.chain.holds(joined, &dora, Write, &db));
    assert!(!world.chain.holds(world.chain.last(), &dora, Write, &db));
    assert!(world.chain.state().is_due(&AudienceName::new("devs+leads+owner")));
}

#[test]
fn an_epoch_or_seal_for_an_audience_that_the_signer_is_not_in() {
    let world = World::cast();
    assert_eq!(world.code(&["greta"], vec![epoch("ops+owner", 9)]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![epoch("owner", 9)]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![reseal("ops+owner", 3)]), REFUSED);
    assert_eq!(world.code(&["dora"], vec![epoch("devs+leads+owner", 9)]), REFUSED, "may not grant");
    assert_eq!(world.code(&["greta"], vec![epoch("devs+leads+owner", 9)]), "accepted");
}

#[test]
fn a_signer_joins_the_audience_in_the_entry_that_renews_it() {
    let mut world = World::cast();
    world.did(&["admin"], vec![role_add("empty"), epoch("empty+owner", 8)]);
    let ops = vec![join("empty", "greta"), epoch("empty+owner", 9)];
    assert_eq!(world.code(&["greta"], ops), REFUSED);
}

#[test]
fn a_reseal_is_swapped_to_another_audience_or_an_old_epoch() {
    let mut world = World::cast();
    assert_eq!(world.code(&["admin"], vec![reseal("ops+owner", 2)]), "policy-op-not-current");
    world.did(&["admin"], vec![epoch("ops+owner", 9)]);
    assert_eq!(world.code(&["admin"], vec![reseal("ops+owner", 3)]), "policy-op-not-current");
    assert_eq!(world.code(&["admin"], vec![epoch("owner", 3)]), "policy-op-epoch-reused");
    assert_eq!(world.code(&["admin"], vec![reseal("ops+owner", 9)]), "accepted");
}

#[test]
fn a_setting_or_rebase_by_who_is_no_owner() {
    let world = World::cast();
    assert_eq!(world.code(&["paul"], vec![setting("ttl", "on-write")]), REFUSED);
    let rebase = PolicyOp::Rebase { head: PolicyId([1; 32]) };
    assert_eq!(world.code(&["paul", "greta"], vec![rebase]), REFUSED);
}

#[test]
fn an_entry_is_replayed_from_another_vault() {
    let mut here = World::found(1, &["admin"]);
    let there = World::genesis(founding(1, 2, &["admin"]), &["admin"]).unwrap();
    let entry = signed(there.draft(vec![member_add("backend")]), &["admin"]);
    assert_eq!(here.chain.extended(entry.clone()).unwrap_err().code(), "policy-link");
    let relinked = PolicyEntry { prev: Some(here.chain.head()), ..entry };
    assert_eq!(here.chain.extended(relinked).unwrap_err().code(), "policy-signature");
    here.did(&["admin"], vec![member_add("backend")]);
}

#[test]
fn entries_are_swapped_dropped_or_repeated() {
    let mut world = World::found(1, &["admin"]);
    world.did(&["admin"], vec![member_add("backend")]);
    world.did(&["admin"], vec![member_add("contractor")]);
    let entries = world.entries.clone();
    world.entries.swap(1, 2);
    assert_eq!(world.rebuilt().unwrap_err(), "policy-seq");
    world.entries[1].seq = 1;
    assert_eq!(world.rebuilt().unwrap_err(), "policy-link");
    world.entries = vec![entries[0].clone(), entries[2].clone()];
    assert_eq!(world.rebuilt().unwrap_err(), "policy-seq");
    world.entries = vec![entries[0].clone(), entries[1].clone(), entries[1].clone()];
    assert_eq!(world.rebuilt().unwrap_err(), "policy-seq");
}

#[test]
fn one_key_signs_twice_to_meet_a_threshold_of_two() {
    let world = World::found(2, &["admin", "backend"]);
    let mut entry = signed(world.draft(vec![setting("reads", "off")]), &["admin"]);
    assert_eq!(world.chain.extended(entry.clone()).unwrap_err().code(), REFUSED);
    entry.sigs.push(entry.sigs[0].clone());
    assert_eq!(world.chain.extended(entry).unwrap_err().code(), "policy-signature-order");
}

#[test]
fn two_keys_of_one_owner_meet_a_threshold_of_two() {
    let mut world = World::found(2, &["admin", "backend"]);
    let laptop = world.key("admin", "laptop");
    world.did(&["admin", "backend"], vec![laptop]);
    assert_eq!(world.code(&["admin", "laptop"], vec![setting("reads", "off")]), REFUSED);
    assert_eq!(world.code(&["laptop", "backend"], vec![setting("reads", "off")]), "accepted");
}

#[test]
fn a_co_signature_is_forged() {
    let world = World::found(2, &["admin", "backend"]);
    let mut entry = signed(world.draft(vec![setting("reads", "off")]), &["admin", "backend"]);
    let backend = device_key("backend").id();
    let (of_alice, of_bob): (Vec<_>, Vec<_>) = entry.sigs.iter().partition(|s| s.key != backend);
    let forged =
        crate::policy::entry::PolicySignature { sig: of_alice[0].sig, ..of_bob[0].clone() };
    entry.sigs = vec![of_alice[0].clone(), forged];
    entry.sigs.sort_by_key(|s| s.key);
    let cause = world.chain.extended(entry).unwrap_err().cause;
    assert_eq!(cause, ChainFault::Signature { key: backend });
}

#[test]
fn a_key_proof_comes_from_another_vault_member_or_genesis() {
    let world = World::cast();
    let other = World::genesis(founding(1, 2, &["admin"]), &["admin"]).unwrap();
    assert_eq!(world.code(&["admin"], vec![other.key("dora", "new")]), "policy-op-key-proof");
    assert_eq!(world.code(&["admin"], vec![key_add(None, "dora", "new")]), "policy-op-key-proof");
    let PolicyOp::KeyAdd(for_dora) = world.key("dora", "new") else { unreachable!() };
    let (member, recipient) = (name("gus"), recipient("gus"));
    let stolen = PolicyOp::KeyAdd(KeyAdd { member, recipient, ..for_dora });
    assert_eq!(world.code(&["admin"], vec![stolen]), "policy-op-key-proof");
}

#[test]
fn an_unsigned_entry_or_one_without_ops_says_nothing() {
    let world = World::cast();
    assert_eq!(world.code(&[], vec![]), "policy-no-op");
    assert_eq!(world.code(&["dora"], vec![]), "policy-no-op");
    assert_eq!(world.code(&[], vec![member_remove("dora")]), "policy-no-signature");
    assert_eq!(world.code(&["stranger"], vec![member_remove("dora")]), "policy-unknown-key");
}

#[test]
fn a_key_signs_the_entry_that_adds_it() {
    let world = World::cast();
    let ops = vec![world.key("admin", "evil"), setting("reads", "off")];
    assert_eq!(world.code(&["admin", "evil"], ops.clone()), "policy-unknown-key");
    assert_eq!(world.code(&["evil"], ops), "policy-unknown-key");
}

#[test]
fn a_grantor_removes_who_is_above_it() {
    let world = World::cast();
    assert_eq!(world.code(&["greta"], vec![member_remove("paul")]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![key_remove("paul", "paul", true)]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![leave("owner", "admin")]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![role_remove("ops")]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![revoke("ops", "prod/*", &[Rotate])]), REFUSED);
    assert_eq!(world.code(&["gus"], vec![member_remove("dora")]), "accepted");
}

#[test]
fn genesis_is_signed_by_too_few_owners_or_a_stranger() {
    let ops = || founding(2, 1, &["admin", "backend"]);
    assert_eq!(World::genesis(ops(), &["admin"]).err(), Some(REFUSED));
    assert_eq!(World::genesis(ops(), &["mallory"]).err(), Some("policy-unknown-key"));
    assert_eq!(World::genesis(founding(2, 1, &["admin"]), &["admin"]).err(), Some(REFUSED));
    assert!(World::genesis(ops(), &["admin", "backend"]).is_ok());
}
