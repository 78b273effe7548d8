//! Nobody gets more than somebody with the right meant to give: empty quantifiers, `gives`, creators.

use super::*;
use crate::crypto::bytes::Id;
use crate::policy::sign::co_sign;
use Right::{Grant, Read, Write};

const REFUSED: &str = "policy-unauthorised";

/// The cast, and a contractor who may grant on `dev/*` alone.
fn with_contractor() -> World {
    let mut world = World::cast();
    let key = world.key("cora", "cora");
    let ops = vec![member_add("cora"), key, role_add("outside"), join("outside", "cora")];
    world.did(&["admin"], ops);
    world.did(&["admin"], vec![grant("outside", "dev/*", &[Read, Write, Grant])]);
    world
}

/// The same entry, whose op at `index` states what `stated` says.
fn stating(
    world: &World,
    signer: &str,
    ops: Vec<PolicyOp>,
    index: usize,
    stated: Id,
) -> ChainError {
    let mut ops = gives::fill(Some(&world.chain), ops);
    *ops[index].gives_mut().unwrap() = stated;
    world.chain.extended(signed(world.draft(ops), &[signer])).unwrap_err()
}

#[test]
fn nobody_but_its_creator_plants_anything_in_a_member_without_roles() {
    let mut world = with_contractor();
    world.did(&["admin"], vec![member_add("newcomer")]);
    for op in [
        world.key("newcomer", "planted"),
        recipient_add("newcomer", "planted"),
        member_remove("newcomer"),
        recipient_remove("newcomer", "newcomer"),
    ] {
        assert_eq!(world.code(&["cora"], vec![op.clone()]), REFUSED);
        assert_eq!(world.code(&["greta"], vec![op.clone()]), REFUSED);
        assert_eq!(world.code(&["admin"], vec![op]), "accepted");
    }
}

#[test]
fn who_adds_a_name_first_shows_in_what_a_role_gives() {
    let mut world = with_contractor();
    let planted = world.key("newcomer", "planted");
    world.did(&["cora"], vec![member_add("newcomer"), planted]);
    // What an owner who looked at the newcomer alone would state.
    let mut elsewhere = World::cast();
    elsewhere.did(&["admin"], vec![member_add("newcomer")]);
    let seen = gives::fill(Some(&elsewhere.chain), vec![join("ops", "newcomer")]);
    let error =
        stating(&world, "admin", vec![join("ops", "newcomer")], 0, *seen[0].gives().unwrap());
    assert_eq!((error.code(), error.op), ("policy-op-gives", Some(0)));
}

/// An entry's id does not cover its signatures, so that those of several owners unite.
#[test]
fn who_signs_an_entry_afterwards_is_a_creator_and_no_more() {
    let mut world = with_contractor();
    world.did(&["admin"], vec![member_add("newcomer")]);
    let seen = gives::fill(Some(&world.chain), vec![join("ops", "newcomer")]);
    let genuine = world.entries.pop().unwrap();
    world.entries.push(co_sign(genuine, &device_key("cora")));
    world.chain = Chain::build(&world.entries, ChainSignatures::Check).unwrap();
    // It may plant a device, and can neither give a role nor be overlooked by who does.
    let planted = world.key("newcomer", "planted");
    assert_eq!(world.code(&["cora"], vec![join("ops", "newcomer")]), REFUSED);
    world.did(&["cora"], vec![planted]);
    let error =
        stating(&world, "admin", vec![join("ops", "newcomer")], 0, *seen[0].gives().unwrap());
    assert_eq!((error.code(), error.op), ("policy-op-gives", Some(0)));
    assert_eq!(world.code(&["greta"], vec![member_remove("newcomer")]), REFUSED);
}

#[test]
fn nobody_but_its_creator_is_let_into_a_role_without_grants() {
    let mut world = with_contractor();
    world.did(&["admin"], vec![role_add("later")]);
    for op in [join("later", "cora"), role_remove("later")] {
        assert_eq!(world.code(&["cora"], vec![op.clone()]), REFUSED);
        assert_eq!(world.code(&["admin"], vec![op]), "accepted");
    }
    world.did(&["greta"], vec![role_add("own"), join("own", "dora")]);
    assert_eq!(world.code(&["cora"], vec![join("own", "cora")]), REFUSED);
    assert_eq!(world.code(&["greta"], vec![leave("own", "dora")]), "accepted");
}

#[test]
fn a_grant_states_everybody_in_the_role() {
    let mut world = World::cast();
    world.did(&["greta"], vec![role_add("own")]);
    let before = gives::fill(Some(&world.chain), vec![grant("own", "prod/*", &[Read])]);
    world.did(&["greta"], vec![join("own", "gus")]);
    let stated = *before[0].gives().unwrap();
    let ops = vec![grant("own", "prod/*", &[Read])];
    assert_eq!(stating(&world, "admin", ops.clone(), 0, stated).code(), "policy-op-gives");
    assert_eq!(world.code(&["admin"], ops), "accepted");
}

#[test]
fn one_owner_of_two_cannot_plant_a_key_before_both_make_an_owner() {
    let mut world = World::found(2, &["admin", "backend"]);
    let both = ["admin", "backend"];
    world.did(&both, vec![member_add("third")]);
    let looked_at = gives::fill(Some(&world.chain), vec![join("owner", "third")]);
    // One who added the member may; then what both state is not what the role gives.
    let planted = world.key("third", "planted");
    world.did(&["admin"], vec![planted]);
    let mut ops = vec![join("owner", "third")];
    *ops[0].gives_mut().unwrap() = *looked_at[0].gives().unwrap();
    let entry = signed(world.draft(ops), &both);
    assert_eq!(world.chain.extended(entry).unwrap_err().code(), "policy-op-gives");
}

#[test]
fn one_owner_of_two_does_not_act_for_a_member_that_the_other_added() {
    let mut world = World::found(2, &["admin", "backend"]);
    world.did(&["admin"], vec![member_add("third")]);
    let planted = world.key("third", "planted");
    assert_eq!(world.code(&["backend"], vec![planted.clone()]), REFUSED);
    assert_eq!(world.code(&["admin"], vec![planted]), "accepted");
}

#[test]
fn a_creator_that_is_removed_inherits_nothing_by_name() {
    let mut world = with_contractor();
    world.did(&["cora"], vec![member_add("newcomer")]);
    let planted = world.key("newcomer", "planted");
    assert_eq!(world.code(&["cora"], vec![planted.clone()]), "accepted");
    let again = world.key("cora", "again");
    let ops = vec![member_remove("cora"), member_add("cora"), again, join("outside", "cora")];
    world.did(&["admin"], ops);
    assert_eq!(world.code(&["again"], vec![planted.clone()]), REFUSED);
    world.did(&["admin"], vec![planted]);
}

#[test]
fn a_creator_acts_only_while_it_may_grant() {
    let mut world = with_contractor();
    world.did(&["cora"], vec![member_add("newcomer"), role_add("bare")]);
    let planted = world.key("newcomer", "planted");
    world.did(&["admin"], vec![revoke("outside", "dev/*", &[Grant])]);
    assert_eq!(world.code(&["cora"], vec![planted]), REFUSED);
    assert_eq!(world.code(&["cora"], vec![join("bare", "newcomer")]), REFUSED);
}

#[test]
fn genesis_has_its_signers_for_creators() {
    let ops = [founding(1, 1, &["admin", "backend"]), vec![member_add("third"), role_add("bare")]];
    let world = World::genesis(ops.concat(), &["admin"]).unwrap();
    let mut two = world.clone();
    let lead = [grant("bare", "dev/*", &[Read, Grant]), join("bare", "third")].to_vec();
    two.did(&["backend"], lead);
    assert_eq!(world.code(&["admin"], vec![world.key("third", "planted")]), "accepted");
}

#[test]
fn each_op_that_gives_states_what() {
    let world = with_contractor();
    let key = world.key("dora", "phone");
    for op in
        [join("devs", "gus"), grant("devs", "dev/*", &[Grant]), key, recipient_add("dora", "x")]
    {
        let ops = vec![role_add("new"), op.clone()];
        let error = stating(&world, "admin", ops, 1, Fixed([7; 32]));
        assert_eq!((error.code(), error.op), ("policy-op-gives", Some(1)));
        assert_eq!(world.code(&["admin"], vec![op]), "accepted");
    }
}

#[test]
fn what_is_given_is_judged_after_the_last_op() {
    let world = World::cast();
    let alone = gives::fill(Some(&world.chain), vec![join("devs", "gus")]);
    let ops = vec![join("devs", "gus"), recipient_add("gus", "more")];
    let error = stating(&world, "admin", ops.clone(), 0, *alone[0].gives().unwrap());
    assert_eq!((error.code(), error.op), ("policy-op-gives", Some(0)));
    assert_eq!(world.code(&["admin"], ops), "accepted");
}

#[test]
fn a_vault_and_its_genesis_are_part_of_what_is_stated() {
    let genesis = gives::fill(None, founding(1, 1, &["admin"]));
    let mut later = World::found(1, &["backend"]);
    let key = later.key("admin", "admin");
    let ops = vec![member_add("admin"), key, join("owner", "admin")];
    let here = gives::fill(Some(&later.chain), ops);
    assert_ne!(genesis[3].gives(), here[2].gives());
    later.did(&["backend"], here);
}

/// `gives` of a chain of one member and role, by hand, so that no change of the code moves it.
#[test]
fn the_hash_is_what_the_format_says() {
    use crate::crypto::digest::{HashContext, hash};
    let mut world = World::found(1, &["admin"]);
    let key = world.key("dora", "desk");
    world.did(&["admin"], vec![member_add("dora"), key, role_add("devs")]);
    world.did(&["admin"], vec![grant("devs", "dev/*", &[Read]), grant("devs", "dev/A", &[Read])]);
    world.did(&["admin"], vec![revoke("devs", "dev/A", &[Read])]);
    let ops = vec![join("devs", "dora"), grant("devs", "dev/*", &[Write])];
    let ops = gives::fill(Some(&world.chain), ops);
    let member = world.chain.state().member(&name("dora")).unwrap();
    let recipient_line = format!("recipient {}", member.recipient_id(&recipient("dora")).unwrap());
    let key_line = format!("key desk {}", device_key("desk").id());
    let lines = [key_line.as_bytes(), recipient_line.as_bytes()];
    let who = format!("dora {}\n", hash(HashContext::Credentials, &lines));
    let access: [&[u8]; 3] = [b"dev/* ever", b"dev/* read,write", b"dev/A ever"];
    let what = format!("devs {}\n", hash(HashContext::RoleAccess, &access));
    let vault = world.chain.vault_id();
    let given = |what: &str| {
        hash(HashContext::Access, &[vault.as_bytes(), who.as_bytes(), what.as_bytes()])
    };
    assert_eq!(ops[0].gives(), Some(&given(&what)));
    assert_eq!(ops[1].gives(), Some(&given("devs dev/* ever\ndevs dev/* read,write\n")));
}

#[test]
fn ordinary_work_is_one_entry_still() {
    let mut world = World::cast();
    let key = world.key("nina", "nina");
    world.did(&["greta"], vec![member_add("nina"), key, join("devs", "nina")]);
    let ops = vec![
        role_add("qa"),
        grant("qa", "dev/T*", &[Read]),
        join("qa", "nina"),
        join("qa", "greta"),
        epoch("devs+leads+owner+qa", 7),
    ];
    world.did(&["greta"], ops);
    world.did(&["greta"], vec![member_remove("nina"), epoch("devs+leads+owner", 8)]);
    assert!(world.chain.state().member(&name("nina")).is_none());
}

#[test]
fn names_differ_by_more_than_case() {
    let mut world = World::cast();
    let add = |text: &str| {
        let recipients = vec![recipient("someone else")];
        let (member, kind) = (name(text), MemberKind::User);
        PolicyOp::MemberAdd(MemberAdd { member, kind, recipients, expires: None })
    };
    for (op, code) in [
        (add("Dora"), "policy-op-member-alike"),
        (add("DORA"), "policy-op-member-alike"),
        (role_add("Devs"), "policy-op-role-alike"),
        (role_add("Owner"), "policy-op-role-alike"),
    ] {
        assert_eq!(world.code(&["admin"], vec![op]), code);
    }
    assert_eq!(world.code(&["admin"], vec![add("Devs"), role_add("Dora")]), "accepted");
    world.did(&["admin"], vec![member_remove("dora"), add("Dora"), role_remove("devs")]);
    assert_eq!(world.code(&["admin"], vec![role_add("Devs")]), "accepted");
}

#[test]
fn members_roles_devices_and_patterns_have_limits() {
    let mut world = World::cast();
    let many =
        |count: usize, op: &dyn Fn(usize) -> PolicyOp| (0..count).map(op).collect::<Vec<_>>();
    let code = "policy-op-too-many";
    let patterns = |i: usize| grant("clerks", &format!("many/{i}"), &[Read]);
    assert_eq!(world.code(&["admin"], many(1_023, &patterns)), "accepted");
    assert_eq!(world.code(&["admin"], many(1_024, &patterns)), code, "dev/* is one");
    let ended = |i: usize| revoke("clerks", &format!("many/{i}"), &[Read]);
    world.did(&["admin"], [many(255, &patterns), many(255, &ended)].concat());
    let more = || vec![grant("clerks", "dev/MORE*", &[Read])];
    assert_eq!(world.code(&["greta"], more()), "policy-unauthorised", "the name would be used up");
    assert_eq!(world.code(&["admin"], more()), "accepted");
    assert_eq!(world.code(&["greta"], vec![grant("clerks", "dev/*", &[Read])]), "accepted");
    assert_eq!(world.code(&["admin"], vec![patterns(3)]), "accepted");
    world.did(&["admin"], many(64, &|i| role_add(&format!("r{i}"))));
    let joins = |i: usize| join(&format!("r{i}"), "dora");
    assert_eq!(world.code(&["admin"], many(63, &joins)), "accepted");
    assert_eq!(world.code(&["admin"], many(64, &joins)), code);
    let keys = |count| many(count, &|i| world.key("dora", &format!("d{i}")));
    assert_eq!(world.code(&["admin"], keys(63)), "accepted");
    assert_eq!(world.code(&["admin"], keys(64)), code);
    let crowd = |from: usize, to: usize| -> Vec<PolicyOp> {
        let names = (from..to).map(|i| format!("m{i}"));
        names.flat_map(|name| [member_add(&name), join("devs", &name)]).collect()
    };
    world.did(&["admin"], crowd(0, 499));
    world.did(&["admin"], crowd(499, 998));
    assert_eq!(world.code(&["admin"], crowd(998, 999)), "accepted");
    assert_eq!(world.code(&["admin"], crowd(998, 1_000)), code);
}

/// Two entries instead of one: a role of one's own, which gives nothing, and the newcomer in it.
#[test]
fn a_role_that_gives_nothing_makes_nobody_its_makers() {
    let mut world = World::cast();
    world.did(&["admin"], vec![member_add("newbie")]);
    world.did(&["gus"], vec![role_add("tools")]);
    let taking = || vec![join("tools", "newbie")];
    assert_eq!(world.code(&["gus"], taking()), "policy-unauthorised");
    assert_eq!(world.code(&["greta"], vec![join("devs", "newbie")]), "policy-unauthorised");
    world.did(&["admin"], taking());
    for op in [world.key("newbie", "planted"), recipient_add("newbie", "planted")] {
        assert_eq!(world.code(&["gus"], vec![op]), "policy-unauthorised", "tools gives nothing");
    }
    assert_eq!(world.code(&["gus"], vec![member_remove("newbie")]), "policy-unauthorised");
    // Its own newcomer stays a lead's to place, in one entry or two.
    world.did(&["greta"], vec![member_add("young")]);
    assert_eq!(world.code(&["greta"], vec![join("devs", "young")]), "accepted");
    world.did(&["admin"], vec![join("devs", "newbie")]);
    assert_eq!(world.code(&["greta"], vec![member_remove("newbie")]), "policy-unauthorised");
    world.did(&["admin"], vec![leave("tools", "newbie")]);
    assert_eq!(world.code(&["greta"], vec![member_remove("newbie")]), "accepted");
}

/// Whoever may change nothing but their own recipients can fill a chain with that.
#[test]
fn the_last_entries_are_for_owners() {
    let mut world = World::cast();
    let mut entry = signed(world.draft(vec![setting("ttl", "every")]), &["admin"]);
    while world.entries.len() < 9_000 {
        entry.seq = world.entries.len() as u64;
        entry.prev = world.entries.last().map(PolicyEntry::id);
        world.entries.push(entry.clone());
    }
    let build = |entries: &[PolicyEntry]| Chain::build(entries, ChainSignatures::Trusted).unwrap();
    let refused = "policy-unauthorised";
    world.chain = build(&world.entries[..8_999]);
    assert_eq!(world.code(&["gus"], vec![role_add("more")]), "accepted");
    world.chain = build(&world.entries);
    assert_eq!(world.code(&["gus"], vec![role_add("more")]), refused);
    assert_eq!(world.code(&["gus"], vec![recipient_add("gus", "more")]), refused, "its own");
    assert_eq!(world.code(&["admin"], vec![member_remove("gus")]), "accepted");
}
