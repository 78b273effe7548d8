//! Who may give an audience keys.

use super::*;
use crate::name::audience::AudienceName;
use Right::{Grant, Read, Write};

const REFUSED: &str = "policy-unauthorised";

#[test]
fn a_grantor_gives_no_keys_beyond_its_patterns() {
    let mut world = World::cast();
    // greta reads prod/* by a role that may not grant there, and grants on dev/*.
    world.did(&["admin"], vec![join("ops", "gus"), revoke("ops", "prod/*", &[Grant])]);
    for op in [epoch("ops+owner", 9), reseal("ops+owner", 3)] {
        assert_eq!(world.code(&["gus"], vec![op.clone()]), REFUSED);
        assert_eq!(world.code(&["admin"], vec![op]), "accepted");
    }
}

#[test]
fn one_owner_of_two_gives_the_owners_no_keys_but_seals_them_anew() {
    let mut world = World::found(2, &["admin", "backend"]);
    assert_eq!(world.code(&["admin"], vec![epoch("owner", 1)]), REFUSED);
    world.did(&["admin", "backend"], vec![epoch("owner", 1)]);
    assert_eq!(world.code(&["admin"], vec![reseal("owner", 1)]), "accepted");
    let key = world.key("third", "third");
    let ops = vec![member_add("third"), key, join("owner", "third")];
    world.did(&["admin", "backend"], ops);
    let leaving = vec![leave("owner", "admin"), epoch("owner", 2)];
    assert_eq!(world.code(&["admin"], leaving), REFUSED);
}

#[test]
fn who_is_no_owner_seals_nothing_for_owners() {
    let world = World::cast();
    assert_eq!(world.code(&["paul"], vec![reseal("owner", 1)]), REFUSED);
    assert_eq!(world.code(&["paul"], vec![epoch("owner", 9)]), REFUSED);
}

#[test]
fn who_leaves_by_the_entry_hands_no_keys_on() {
    let world = World::cast();
    for gone in [leave("leads", "greta"), member_remove("greta")] {
        let ops = vec![gone, epoch("devs+leads+owner", 9)];
        assert_eq!(world.code(&["greta"], ops), REFUSED);
    }
    let ops = vec![leave("devs", "dora"), epoch("devs+leads+owner", 9)];
    assert_eq!(world.code(&["greta"], ops), "accepted");
}

/// One owner suffices for everything; not to keep the keys of those whom it leaves.
#[test]
fn an_owner_who_leaves_by_the_entry_hands_no_keys_on() {
    let mut world = World::cast();
    let key = world.key("second", "second");
    world.did(&["admin"], vec![member_add("second"), key, join("owner", "second")]);
    let hands_on = [epoch("owner", 9), epoch("devs+leads+owner", 9), reseal("owner", 1)];
    for gone in [leave("owner", "admin"), member_remove("admin")] {
        assert_eq!(world.code(&["admin"], vec![gone.clone()]), "accepted");
        for keys in hands_on.clone() {
            // An envelope of a due audience is not sealed anew by anybody.
            let refused = match keys {
                PolicyOp::Reseal(_) => "policy-op-due",
                _ => REFUSED,
            };
            assert_eq!(world.code(&["admin"], vec![gone.clone(), keys.clone()]), refused);
            let code = world.code(&["admin"], vec![keys.clone(), gone.clone()]);
            assert_eq!(code, REFUSED, "in the other order");
            let code = world.code(&["admin", "second"], vec![keys, gone.clone()]);
            assert_eq!(code, "accepted", "by one who stays, whoever signs besides");
        }
    }
    let demoted =
        vec![join("leads", "admin"), leave("owner", "admin"), epoch("devs+leads+owner", 9)];
    assert_eq!(
        world.code(&["admin"], demoted),
        "accepted",
        "who stays in the audience has its keys"
    );
}

#[test]
fn keys_are_handed_on_with_a_key_that_stays() {
    let mut world = World::cast();
    let second = world.key("admin", "desk");
    world.did(&["admin"], vec![second]);
    let gone = |member: &str| key_remove(member, member, false);
    for keys in [epoch("owner", 9), reseal("owner", 1), epoch("devs+leads+owner", 9)] {
        assert_eq!(world.code(&["admin"], vec![keys.clone(), gone("admin")]), REFUSED);
        assert_eq!(world.code(&["desk"], vec![keys.clone(), gone("admin")]), "accepted");
        let both = world.code(&["admin", "desk"], vec![keys, gone("admin")]);
        assert_eq!(both, "accepted");
    }
    let grantor = vec![epoch("devs+leads+owner", 9), gone("greta")];
    assert_eq!(world.code(&["greta"], grantor), REFUSED);
}

#[test]
fn as_many_owners_hand_keys_on_as_must_sign_and_stay() {
    let mut world = World::found(2, &["admin", "backend", "third"]);
    world.did(&["admin", "backend"], vec![epoch("owner", 1)]);
    let ops = || vec![leave("owner", "third"), epoch("owner", 2)];
    assert_eq!(world.code(&["admin", "third"], ops()), REFUSED);
    assert_eq!(world.code(&["admin", "third"], vec![leave("owner", "third")]), "accepted");
    assert_eq!(world.code(&["admin", "backend"], ops()), "accepted");
    assert_eq!(world.code(&["admin", "backend", "third"], ops()), "accepted", "more never do harm");
    let lowered = vec![threshold(1), leave("owner", "third"), epoch("owner", 2)];
    assert_eq!(world.code(&["admin", "third"], lowered), REFUSED, "by the threshold of before");
}

#[test]
fn the_patterns_of_an_audience_are_those_that_all_its_roles_read() {
    let mut world = World::cast();
    world
        .did(&["admin"], vec![grant("ops", "dev/D*", &[Read]), grant("leads", "prod/X", &[Write])]);
    let reads = |text: &str| -> Vec<String> {
        world
            .chain
            .after()
            .reads(&AudienceName::new(text))
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(reads("owner"), ["*"]);
    assert_eq!(reads("ops+owner"), ["dev/D*", "prod/*"]);
    assert_eq!(reads("leads+ops+owner"), ["dev/D*"]);
    assert!(reads("clerks+owner").is_empty() && reads("nobody+owner").is_empty());
    // greta is in it, and may grant on what all of it reads.
    assert_eq!(world.code(&["greta"], vec![epoch("leads+ops+owner", 9)]), "accepted");
    assert_eq!(world.code(&["paul"], vec![epoch("leads+ops+owner", 9)]), REFUSED);
}

#[test]
fn an_audience_that_reads_nothing_is_the_owners() {
    let world = World::cast();
    assert_eq!(world.code(&["gus"], vec![epoch("clerks+owner", 9)]), REFUSED);
    assert_eq!(world.code(&["admin"], vec![epoch("clerks+owner", 9)]), "accepted");
}

#[test]
fn grants_on_several_patterns_add_up_and_signers_do_not() {
    let mut world = World::cast();
    world.did(
        &["admin"],
        vec![grant("ops", "stage/*", &[Read]), grant("leads", "stage/*", &[Grant])],
    );
    assert_eq!(world.code(&["paul"], vec![epoch("ops+owner", 9)]), REFUSED, "not on stage/*");
    assert_eq!(world.code(&["paul", "greta"], vec![epoch("ops+owner", 9)]), REFUSED);
    world.did(&["admin"], vec![join("leads", "paul")]);
    assert_eq!(world.code(&["paul"], vec![epoch("ops+owner", 9)]), "accepted");
}

#[test]
fn nobody_may_seal_by_what_the_same_entry_gives_it() {
    let mut world = World::cast();
    world.did(&["admin"], vec![grant("leads", "prod/*", &[Read])]);
    let ops = vec![revoke("devs", "dev/*", &[Read]), revoke("leads", "dev/*", &[Read])];
    let narrowed = [ops, vec![epoch("leads+ops+owner", 9)]].concat();
    assert_eq!(world.code(&["greta"], narrowed), REFUSED, "prod/* stays");
}

#[test]
fn what_an_audience_read_once_counts_since_an_envelope_can_leave_its_keys_out() {
    let mut world = World::cast();
    let begin = || vec![epoch("devs+leads+owner", 9)];
    let once = |op: fn(&str, &str, &[Right]) -> PolicyOp| {
        vec![op("devs", "prod/*", &[Read]), op("leads", "prod/*", &[Read])]
    };
    world.did(&["admin"], [once(grant), once(revoke)].concat());
    assert_eq!(world.code(&["greta"], begin()), "accepted", "one entry: nobody read by it");
    world.did(&["admin"], once(grant));
    world.did(&["admin"], once(revoke));
    assert_eq!(world.code(&["greta"], begin()), REFUSED);
    world.did(&["greta"], vec![leave("devs", "dora"), role_remove("devs"), role_add("devs")]);
    world.did(&["greta"], vec![grant("devs", "dev/*", &[Read])]);
    assert_eq!(world.code(&["greta"], begin()), REFUSED, "the name of the role read it");
    assert_eq!(world.code(&["admin"], begin()), "accepted");
}

#[test]
fn a_wide_audience_gets_its_keys_from_owners() {
    let mut world = World::cast();
    let added: Vec<String> = (0..64).map(|role| format!("r{role:02}")).collect();
    let ops = added.iter().flat_map(|role| [role_add(role), grant(role, "dev/*", &[Read])]);
    world.did(&["admin"], ops.collect());
    let of = |roles: &[String]| epoch(&format!("leads+owner+{}", roles.join("+")), 9);
    assert_eq!(world.code(&["greta"], vec![of(&added[..63])]), "accepted");
    assert_eq!(world.code(&["greta"], vec![of(&added)]), REFUSED, "65 roles");
    assert_eq!(world.code(&["admin"], vec![of(&added)]), "accepted");
}

#[test]
fn an_audience_that_ever_read_many_patterns_gets_its_keys_from_owners() {
    let mut world = World::cast();
    let read = world.chain.after().reads(&AudienceName::new("devs+owner")).len()
        + world.chain.after().reads(&AudienceName::new("leads+owner")).len();
    let ops: Vec<PolicyOp> =
        (read..512).map(|n| grant("devs", &format!("dev/K{n}"), &[Read])).collect();
    world.did(&["admin"], ops);
    assert_eq!(world.code(&["greta"], vec![epoch("devs+leads+owner", 9)]), "accepted");
    world.did(&["admin"], vec![grant("leads", "dev/L", &[Read])]);
    assert_eq!(world.code(&["greta"], vec![epoch("devs+leads+owner", 9)]), REFUSED);
    world.did(&["admin"], vec![revoke("leads", "dev/L", &[Read])]);
    assert_eq!(world.code(&["greta"], vec![epoch("devs+leads+owner", 9)]), REFUSED, "ever");
    assert_eq!(world.code(&["admin"], vec![epoch("devs+leads+owner", 9)]), "accepted");
}
