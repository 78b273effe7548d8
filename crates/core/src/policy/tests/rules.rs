//! Each op's conditions and effects.

use super::*;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::time::UnixTime;
use Right::{Read, Write};

#[test]
fn the_vault_is_stated_once_and_first() {
    let mut late = founding(1, 1, &["admin"]);
    late.rotate_left(1);
    assert_eq!(World::genesis(late, &["admin"]).err(), Some("policy-genesis"));
    let twice = [founding(1, 1, &["admin"]), vec![vault_op(1, 1)]].concat();
    assert_eq!(World::genesis(twice, &["admin"]).err(), Some("policy-second-vault"));
    let world = World::found(1, &["admin"]);
    assert_eq!(world.code(&["admin"], vec![vault_op(1, 9)]), "policy-second-vault");
    let none = Chain::build(&[], ChainSignatures::Check).unwrap_err();
    assert_eq!(none.cause, ChainFault::Empty);
}

#[test]
fn an_unknown_suite_or_no_threshold_is_refused() {
    let founding_with = |op: PolicyOp| {
        let mut ops = founding(1, 1, &["admin"]);
        ops[0] = op;
        World::genesis(ops, &["admin"]).err()
    };
    assert_eq!(founding_with(vault_op(0, 1)), Some("policy-op-threshold"));
    let suite = "aes".to_owned();
    let op = PolicyOp::Vault(VaultStart { suite, nonce: short(1), name: name("x"), threshold: 1 });
    assert_eq!(founding_with(op), Some("policy-op-suite"));
}

#[test]
fn members_have_one_to_sixteen_distinct_recipients() {
    let world = World::cast();
    let by = |signer: &str, recipients: Vec<RecipientText>| {
        let (member, kind) = (name("new"), MemberKind::Service);
        world.code(
            &[signer],
            vec![PolicyOp::MemberAdd(MemberAdd {
                member,
                kind,
                recipients,
                expires: Some(UnixTime::from_secs(5)),
            })],
        )
    };
    let add = |recipients| by("admin", recipients);
    assert_eq!(add(vec![]), "policy-op-recipient-count");
    let numbered = |count: u8| (0..count).map(|i| recipient(&format!("r{i}"))).collect();
    assert_eq!(add(numbered(17)), "policy-op-recipient-count");
    assert_eq!(add(vec![recipient("a"), recipient("a")]), "policy-op-recipient-exists");
    assert_eq!(
        add(vec![RecipientText::new(format!("age1{}", "x".repeat(58)))]),
        "policy-op-recipient"
    );
    assert_eq!(add(numbered(16)), "accepted");
    assert_eq!(by("greta", numbered(12)), "accepted");
    assert_eq!(by("greta", numbered(13)), "policy-unauthorised", "the last places are for owners");
    assert_eq!(world.code(&["admin"], vec![member_add("dora")]), "policy-op-member-exists");
}

#[test]
fn losing_a_recipient_takes_the_keys_sealed_to_it() {
    let mut world = World::cast();
    let only = world.code(&["dora"], vec![recipient_remove("dora", "dora")]);
    assert_eq!(only, "accepted", "who has none reads no more, and nothing stands against that");
    world.did(&["dora"], vec![recipient_add("dora", "second")]);
    assert!(
        !world.chain.state().is_due(&AudienceName::new("devs+leads+owner")),
        "an addition makes nothing due"
    );
    let again = world.code(&["dora"], vec![recipient_add("dora", "second")]);
    assert_eq!(again, "policy-op-recipient-exists");
    world.did(&["dora"], vec![recipient_remove("dora", "dora")]);
    let (last, key) = (world.chain.last(), device_key("dora").id());
    assert!(
        world.chain.key_active(last.before().unwrap(), &key) && !world.chain.key_active(last, &key)
    );
    assert!(world.chain.state().is_due(&AudienceName::new("devs+leads+owner")));
    assert_eq!(world.chain.removals(), [last]);
}

#[test]
fn device_keys_are_new_strong_and_the_members_own() {
    let world = World::cast();
    assert_eq!(world.code(&["admin"], vec![world.key("dora", "dora")]), "policy-op-device-exists");
    assert_eq!(world.code(&["admin"], vec![world.key("gus", "dora")]), "policy-op-key-reused");
    let PolicyOp::KeyAdd(add) = world.key("dora", "new") else { unreachable!() };
    let elsewhere = PolicyOp::KeyAdd(KeyAdd { recipient: recipient("gus"), ..add.clone() });
    assert_eq!(world.code(&["admin"], vec![elsewhere]), "policy-op-unknown-recipient");
    let weak = PolicyOp::KeyAdd(KeyAdd { key: Fixed([0; 32]), ..add });
    assert_eq!(world.code(&["admin"], vec![weak]), "policy-op-bad-key");
    assert_eq!(world.code(&["admin"], vec![world.key("nobody", "n")]), "policy-op-unknown-member");
}

#[test]
fn a_lost_key_takes_what_it_vouched_for_through_any_number_of_keys() {
    let mut world = World::cast();
    let (two, three) = (world.key("dora", "two"), world.key("dora", "three"));
    let (four, five) = (world.key("dora", "four"), world.key("dora", "five"));
    world.did(&["greta"], vec![two]);
    world.did(&["dora", "two"], vec![three]);
    world.did(&["two", "three"], vec![four]);
    world.did(&["greta"], vec![five]);
    world.did(&["greta"], vec![key_remove("dora", "three", false)]);
    world.did(&["greta"], vec![key_remove("dora", "dora", true)]);
    let state = world.chain.state();
    let left: Vec<&str> =
        state.member(&name("dora")).unwrap().keys.keys().map(Name::as_str).collect();
    assert_eq!(left, ["five", "two"], "four goes too: a lost key vouched for one that vouched");
    assert!(state.key_owner(&device_key("four").id()).is_none());
    assert_eq!(world.chain.key(&device_key("four").id()).unwrap().sponsors.len(), 2);
}

#[test]
fn the_last_owner_stays() {
    let world = World::found(1, &["admin"]);
    assert_eq!(world.code(&["admin"], vec![member_remove("admin")]), "policy-op-last-owner");
    assert_eq!(world.code(&["admin"], vec![leave("owner", "admin")]), "policy-op-last-owner");
    assert_eq!(world.code(&["admin"], vec![role_remove("owner")]), "policy-op-owner-role");
    assert_eq!(world.code(&["admin"], vec![grant("owner", "*", &[Read])]), "policy-op-owner-role");
}

#[test]
fn owners_do_not_fall_below_the_threshold() {
    let mut world = World::found(2, &["admin", "backend"]);
    let both = ["admin", "backend"];
    assert_eq!(world.code(&both, vec![leave("owner", "backend")]), "policy-op-last-owner");
    let key = world.key("contractor", "contractor");
    world.did(&both, vec![member_add("contractor"), join("owner", "contractor")]);
    assert_eq!(world.code(&both, vec![leave("owner", "backend")]), "policy-owners-locked");
    world.did(&both, vec![key]);
    assert_eq!(world.code(&["backend"], vec![leave("owner", "backend")]), "accepted");
}

#[test]
fn a_threshold_is_changed_by_as_many_owners_as_the_old_one_asks_for() {
    const REFUSED: &str = "policy-unauthorised";
    let mut world = World::found(1, &["admin", "backend", "paul"]);
    assert_eq!(world.code(&["admin"], vec![threshold(0)]), "policy-op-threshold");
    assert_eq!(world.code(&["admin"], vec![threshold(4)]), "policy-op-threshold-too-high");
    assert_eq!(world.code(&["admin"], vec![threshold(u32::MAX)]), "policy-op-threshold-too-high");
    // What else the entry does is judged by the state before it, as everything is.
    world.did(&["admin"], vec![threshold(2), setting("reads", "off")]);
    assert_eq!(world.chain.state().threshold(), 2);
    for number in [1, 2, 3] {
        assert_eq!(world.code(&["admin"], vec![threshold(number)]), REFUSED);
        assert_eq!(world.code(&["admin", "paul"], vec![threshold(number)]), "accepted");
    }
    let lower = vec![threshold(1), leave("owner", "backend"), leave("owner", "paul")];
    assert_eq!(world.code(&["admin"], lower.clone()), REFUSED, "it does not judge itself");
    assert_eq!(world.code(&["admin", "paul"], lower), "accepted");
    let unkeyed = vec![key_remove("backend", "backend", false), threshold(3)];
    assert_eq!(world.code(&["admin", "paul"], unkeyed), "policy-owners-locked");
    let few = vec![threshold(3), leave("owner", "backend")];
    assert_eq!(world.code(&["admin", "paul"], few), "policy-op-last-owner");
    assert_eq!(world.rebuilt().map(|chain| chain.state().threshold()), Ok(2));
}

#[test]
fn a_threshold_is_never_more_than_an_entry_has_signatures() {
    let owners: Vec<String> = (0..18).map(|n| format!("o{n}")).collect();
    let owners: Vec<&str> = owners.iter().map(String::as_str).collect();
    let world = World::genesis(founding(1, 1, &owners), &["o0"]).unwrap();
    assert_eq!(world.code(&["o0"], vec![threshold(16)]), "accepted");
    assert_eq!(world.code(&["o0"], vec![threshold(17)]), "policy-op-threshold-too-high");
}

#[test]
fn genesis_states_its_threshold_by_its_first_op_alone() {
    let ops = [founding(2, 1, &["admin", "backend"]), vec![threshold(1)]].concat();
    let founded = World::genesis(ops, &["admin", "backend"]).err();
    assert_eq!(founded, Some("policy-op-threshold-in-genesis"));
}

#[test]
fn owners_keep_enough_keys_to_sign() {
    let world = World::found(1, &["admin"]);
    let gone = key_remove("admin", "admin", true);
    assert_eq!(world.code(&["admin"], vec![gone.clone()]), "policy-owners-locked");
    let new = world.key_to("admin", "new", "fresh");
    let ops = vec![gone, recipient_add("admin", "fresh"), new];
    assert_eq!(world.code(&["admin"], ops), "accepted");
}

#[test]
fn roles_come_and_go_with_members_and_grants() {
    let mut world = World::cast();
    let before = world.chain.last();
    assert_eq!(world.code(&["admin"], vec![role_add("devs")]), "policy-op-role-exists");
    assert_eq!(world.code(&["admin"], vec![role_remove("none")]), "policy-op-unknown-role");
    assert_eq!(world.code(&["admin"], vec![join("devs", "dora")]), "policy-op-in-role");
    assert_eq!(world.code(&["admin"], vec![leave("devs", "gus")]), "policy-op-not-in-role");
    world.did(&["admin"], vec![role_remove("devs"), role_add("devs"), join("devs", "dora")]);
    let (last, dora, db) = (world.chain.last(), name("dora"), secret("dev/DB"));
    assert!(world.chain.holds(before, &dora, Read, &db));
    assert!(!world.chain.holds(last, &dora, Read, &db));
}

#[test]
fn a_role_that_comes_back_has_none_of_its_former_members() {
    let mut world = World::cast();
    world.did(&["admin"], vec![role_remove("devs")]);
    world.did(&["admin"], vec![role_add("devs"), grant("devs", "dev/*", &[Read])]);
    let (last, dora, db) = (world.chain.last(), name("dora"), secret("dev/DB"));
    assert!(!world.chain.holds(last, &dora, Read, &db));
    assert!(!world.chain.state().holds(&dora, Read, &db));
}

#[test]
fn grants_unite_and_revokes_take_exactly_what_is_there() {
    let mut world = World::cast();
    world.did(&["admin"], vec![grant("devs", "dev/*", &[Right::Delete])]);
    let state = world.chain.state();
    let rights = state.grants_of(&name("devs"))[0].1;
    assert_eq!(rights.to_string(), "read,write,delete");
    let code = |op| world.code(&["admin"], vec![op]);
    assert_eq!(code(revoke("devs", "dev/*", &[Read, Right::Grant])), "policy-op-not-granted");
    assert_eq!(code(revoke("devs", "dev/DB", &[Read])), "policy-op-not-granted");
    assert_eq!(code(revoke("devs", "dev/*", &[])), "policy-op-rights");
    assert_eq!(code(grant("devs", "dev/*", &[Read, Read])), "policy-op-rights");
    world.did(&["gus"], vec![revoke("devs", "dev/*", &[Read, Write, Right::Delete])]);
    assert!(world.chain.state().grants_of(&name("devs")).is_empty());
}

#[test]
fn who_leaves_makes_audiences_due_until_an_epoch() {
    let mut world = World::cast();
    world.did(&["greta"], vec![leave("devs", "dora")]);
    assert_eq!(world.chain.state().due().collect::<Vec<_>>(), ["devs+leads+owner"]);
    assert_eq!(world.code(&["greta"], vec![reseal("devs+leads+owner", 2)]), "policy-op-due");
    let both = vec![epoch("devs+leads+owner", 7), reseal("devs+leads+owner", 7)];
    world.did(&["greta"], both);
    assert_eq!(world.chain.state().due().count(), 0);
    let audience = world.chain.state().audience(&AudienceName::new("devs+leads+owner")).unwrap();
    assert_eq!((audience.current.epoch, audience.earlier[0].epoch), (short(7), short(2)));
    assert_eq!(world.chain.epoch(&short(2)).unwrap().audience, "devs+leads+owner");
}

#[test]
fn an_audience_without_all_its_roles_is_not_due_until_they_are_back() {
    let mut world = World::cast();
    world.did(&["admin"], vec![role_remove("devs")]);
    assert_eq!(world.chain.state().due().count(), 0);
    assert_eq!(world.code(&["admin"], vec![epoch("devs+owner", 9)]), "policy-op-unknown-role");
    assert_eq!(world.code(&["admin"], vec![epoch("owner+leads", 9)]), "policy-op-audience-name");
    world.did(&["admin"], vec![role_add("devs")]);
    assert!(world.chain.state().is_due(&AudienceName::new("devs+leads+owner")));
}

#[test]
fn keys_of_audiences_come_after_genesis_and_have_a_plain_recipient() {
    for op in [epoch("owner", 1), reseal("owner", 1)] {
        let ops = [founding(1, 1, &["admin"]), vec![op]].concat();
        assert_eq!(World::genesis(ops, &["admin"]).err(), Some("policy-op-in-genesis"));
    }
    let mut plugin = epoch("owner", 9);
    if let PolicyOp::Epoch(EpochStart { recipient: text, .. }) = &mut plugin {
        *text = RecipientText::new(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN",
        );
    }
    assert_eq!(World::cast().code(&["admin"], vec![plugin]), "policy-op-epoch-recipient");
}

#[test]
fn an_envelope_leaves_out_only_recipients_that_are_its_audiences_and_never_all() {
    let mut world = World::cast();
    let all = world.chain.state().recipients_of(&AudienceName::new("ops+owner"));
    let leaving = |out: &[RecipientText]| {
        let mut op = reseal("ops+owner", 3);
        if let PolicyOp::Reseal(EpochReseal { skipped, .. }) = &mut op {
            *skipped = out.to_vec();
        }
        op
    };
    let code = |world: &World, out: &[RecipientText], also: Vec<PolicyOp>| {
        world.code(&["admin"], [vec![leaving(out)], also].concat())
    };
    assert_eq!(all.len(), 2, "admin and paul");
    assert_eq!(code(&world, &all, vec![]), "policy-op-skipped", "nobody is left");
    assert_eq!(
        code(&world, &[recipient("dora")], vec![]),
        "policy-op-skipped",
        "of no member of it"
    );
    let added = vec![recipient_add("paul", "second")];
    let second = [recipient("second")];
    assert_eq!(code(&world, &second, vec![]), "policy-op-skipped", "nobody's");
    assert_eq!(code(&world, &second, added), "accepted", "judged by the state after the entry");
    world.did(&["admin"], vec![leaving(&[recipient("paul")])]);
    let state = world.chain.state();
    assert_eq!(state.skipped_in(&AudienceName::new("ops+owner")), BTreeSet::from([&name("paul")]));
    assert!(state.skipped_in(&AudienceName::new("owner")).is_empty());
    world.did(&["admin"], vec![leaving(&[])]);
    assert!(world.chain.state().skipped_in(&AudienceName::new("ops+owner")).is_empty());
    let gone = vec![member_remove("paul")];
    assert_eq!(code(&world, &[recipient("paul")], gone), "policy-op-skipped", "it has left");
}

#[test]
fn settings_are_checked_when_they_are_set() {
    let mut world = World::cast();
    assert_eq!(world.code(&["admin"], vec![setting("colour", "red")]), "policy-op-setting");
    world.did(&["admin"], vec![setting("env.prod.extends", "dev"), setting("reads", "off")]);
    assert_eq!(
        world.code(&["admin"], vec![setting("env.dev.extends", "prod")]),
        "policy-op-setting"
    );
    world.did(&["admin"], vec![setting("reads", "")]);
    assert_eq!(world.chain.state().settings().get("reads"), None);
}

#[test]
fn a_fault_says_where_it_is() {
    let world = World::cast();
    let entry = signed(world.draft(vec![member_add("new"), member_add("dora")]), &["admin"]);
    let error = world.chain.extended(entry).unwrap_err();
    assert_eq!((error.position.index(), error.op), (world.chain.len(), Some(1)));
    assert_eq!(error.to_string(), "policy entry 6, op 1: member dora exists");
}

#[test]
fn trusted_chains_skip_signatures_and_nothing_else() {
    let mut world = World::cast();
    world.entries[1].sigs[0].sig = Fixed([1; 64]);
    assert_eq!(world.rebuilt().unwrap_err(), "policy-signature");
    let trusted = Chain::build(&world.entries, ChainSignatures::Trusted).unwrap();
    assert_eq!(trusted.state(), world.chain.state());
    world.entries[2].seq = 7;
    let error = Chain::build(&world.entries, ChainSignatures::Trusted).unwrap_err();
    assert_eq!(error.code(), "policy-seq");
}
