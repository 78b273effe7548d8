//! Chains that parted, and what is made again of one on the other.

use super::*;
use crate::name::SecretName;
use crate::policy::chain::ChainSignatures;
use crate::policy::op::Right;
use crate::policy::state::PolicyState;
use crate::policy::tests::random::{self, MEMBERS, ROLES, Recipe, SECRETS, recipe};
use crate::policy::tests::*;
use proptest::prelude::*;

/// A side that goes on from a common chain.
fn side(base: &World, work: impl FnOnce(&mut World)) -> World {
    let mut side = base.clone();
    work(&mut side);
    side
}

fn line(world: &World) -> Line<'_> {
    Line { chain: &world.chain, entries: &world.entries }
}

/// What an owner makes of it who says the same to all that is asked.
fn replayed(base: &World, [stays, gives_way]: [&World; 2], agreed: Option<bool>) -> Replay {
    let key = device_key("admin");
    replay(&Request {
        stays: line(stays),
        gives_way: line(gives_way),
        parted: base.entries.len(),
        agreed: &|_| agreed,
        heads: &|_| BTreeSet::new(),
        key: &key,
        now: UnixTime::from_secs(1),
    })
    .unwrap()
}

fn verdicts(replay: &Replay) -> Vec<&'static str> {
    replay.entries.iter().flat_map(|entry| &entry.ops).map(|op| op.verdict.as_str()).collect()
}

fn reasons(replay: &Replay) -> Vec<String> {
    let ops = replay.entries.iter().flat_map(|entry| &entry.ops);
    ops.filter_map(|op| match &op.verdict {
        Verdict::Refused(why) => Some(why.to_string()),
        Verdict::Asked { why, .. } => Some(why.to_string()),
        _ => None,
    })
    .collect()
}

fn let_in(world: &mut World, by: &str, member: &str, role: &str) {
    let key = world.key(member, member);
    world.did(&[by], vec![member_add(member), key, join(role, member)]);
}

#[test]
fn two_members_let_in_by_two_sides_are_both_in() {
    let base = World::cast();
    let stays = side(&base, |world| let_in(world, "admin", "one", "devs"));
    let other = side(&base, |world| let_in(world, "greta", "two", "devs"));
    let replay = replayed(&base, [&stays, &other], None);
    assert_eq!(verdicts(&replay), ["again"; 3]);
    assert!(replay.undecided.is_empty() && replay.kept.is_empty());
    let state = replay.chain.state();
    assert!(["one", "two"].iter().all(|member| facts::is_in(state, &name("devs"), &name(member))));
    assert_eq!(replay.entries[0].by, [name("greta")]);
    assert_eq!(replay.left_behind, [other.chain.head()]);
}

#[test]
fn the_same_member_on_both_sides_is_there_already_and_another_of_the_name_is_refused() {
    let base = World::cast();
    let stays = side(&base, |world| let_in(world, "admin", "new", "devs"));
    let same = side(&base, |world| let_in(world, "admin", "new", "devs"));
    let same = side(&same, |world| world.did(&["admin"], vec![join("ops", "new")]));
    let replay = replayed(&base, [&stays, &same], None);
    assert_eq!(verdicts(&replay), ["there", "there", "there", "again"]);
    let other = side(&base, |world| {
        let mut add = member_add("new");
        if let PolicyOp::MemberAdd(add) = &mut add {
            add.recipients = vec![recipient("somebody else")];
        }
        world.did(&["admin"], vec![add, join("ops", "new")]);
    });
    let replay = replayed(&base, [&stays, &other], Some(true));
    assert_eq!(verdicts(&replay), ["refused", "refused"]);
    let expected = ["member new exists", "new is another member on the side that stays"];
    assert_eq!(reasons(&replay), expected);
    assert!(!facts::is_in(replay.chain.state(), &name("ops"), &name("new")));
}

#[test]
fn a_recipient_that_another_member_has_is_refused_with_whose_it_is() {
    let base = World::cast();
    let stays = side(&base, |world| let_in(world, "admin", "new", "devs"));
    let other = side(&base, |world| {
        world.did(&["admin"], vec![recipient_add("dora", "new")]);
    });
    let replay = replayed(&base, [&stays, &other], Some(true));
    assert_eq!(reasons(&replay), ["that recipient is a key of member new"]);
}

#[test]
fn a_removal_is_made_again_and_what_was_given_beside_it_goes() {
    let base = World::cast();
    let stays = side(&base, |world| world.did(&["admin"], vec![join("ops", "dora")]));
    let other = side(&base, |world| world.did(&["admin"], vec![member_remove("dora")]));
    let replay = replayed(&base, [&stays, &other], None);
    assert_eq!(verdicts(&replay), ["again"]);
    assert!(replay.chain.state().member(&name("dora")).is_none() && replay.kept.is_empty());
    let replay = replayed(&base, [&other, &stays], Some(true));
    assert_eq!(reasons(&replay), ["there is no member dora"]);
    assert!(replay.made.is_empty());
}

#[test]
fn nobody_comes_back_whom_the_side_that_stays_let_go() {
    let base = World::cast();
    let stays = side(&base, |world| {
        world.did(&["admin"], vec![member_remove("greta")]);
        world.did(&["admin"], vec![revoke("devs", "dev/*", &[Right::Write])]);
        world.did(&["admin"], vec![leave("ops", "paul")]);
    });
    let other = side(&base, |world| {
        world.did(&["admin"], vec![member_remove("greta"), member_add("greta")]);
        world.did(&["admin"], vec![join("owner", "greta"), join("leads", "greta")]);
        world.did(&["admin"], vec![grant("devs", "dev/D*", &[Right::Write])]);
        world.did(&["admin"], vec![role_remove("ops"), role_add("ops"), join("ops", "paul")]);
    });
    let replay = replayed(&base, [&stays, &other], Some(true));
    let back = reasons(&replay);
    assert!(back[0].ends_with("took away: the member greta"), "{back:?}");
    assert_eq!(back[1..3], ["there is no member greta"; 2]);
    assert!(back[3].contains("write on dev/D* for"), "{back:?}");
    assert!(back[4].contains("paul in the role ops"), "{back:?}");
    let state = replay.chain.state();
    assert!(state.member(&name("greta")).is_none());
    assert!(!state.holds(&name("dora"), Right::Write, &secret("dev/DB")));
}

#[test]
fn what_a_signer_could_not_do_any_more_is_asked_about() {
    let base = World::cast();
    let stays = side(&base, |world| world.did(&["admin"], vec![member_remove("greta")]));
    let other = side(&base, |world| let_in(world, "greta", "new", "devs"));
    let replay = replayed(&base, [&stays, &other], None);
    assert_eq!(replay.undecided, [1, 2, 3]);
    assert!(reasons(&replay)[0].starts_with("signed by greta, who could not do it"));
    let replay = replayed(&base, [&stays, &other], Some(true));
    assert!(facts::is_in(replay.chain.state(), &name("devs"), &name("new")));
    let replay = replayed(&base, [&stays, &other], Some(false));
    assert!(replay.made.is_empty() && replay.undecided.is_empty());
}

#[test]
fn what_gives_more_than_was_looked_at_is_asked_about() {
    let base = World::cast();
    let stays =
        side(&base, |world| world.did(&["admin"], vec![grant("devs", "prod/*", &[Right::Read])]));
    let other = side(&base, |world| let_in(world, "admin", "new", "devs"));
    let replay = replayed(&base, [&stays, &other], None);
    assert_eq!(verdicts(&replay), ["again", "asked", "asked"]);
    assert_eq!(replay.undecided, [2, 3]);
    let replay = replayed(&base, [&stays, &other], Some(false));
    assert!(replay.chain.state().member(&name("new")).is_some());
    assert!(!facts::is_in(replay.chain.state(), &name("devs"), &name("new")));
    let replay = replayed(&base, [&stays, &other], Some(true));
    assert!(replay.chain.state().holds(&name("new"), Right::Read, &secret("prod/DB")));
}

/// A device that is lost on one side and only retired on the other: what it may have let in goes all the same.
#[test]
fn what_a_lost_device_brought_in_goes_where_it_is_gone_itself() {
    let mut base = World::cast();
    base.did(&["admin"], vec![base.key("dora", "laptop")]);
    base.did(&["laptop"], vec![recipient_add("dora", "planted")]);
    let stays = side(&base, |world| {
        world.did(&["admin"], vec![key_remove("dora", "laptop", false)]);
    });
    let other = side(&base, |world| {
        world.did(&["admin"], vec![key_remove("dora", "laptop", true)]);
    });
    let replay = replayed(&base, [&stays, &other], None);
    assert_eq!(verdicts(&replay), ["there", "again"]);
    assert!(replay.kept.is_empty());
    let dora = replay.chain.state().member(&name("dora")).unwrap().clone();
    assert!(!dora.recipients.contains(&recipient("planted")));
}

#[test]
fn a_right_that_was_given_by_other_means_stops_the_rebase() {
    let base = World::cast();
    let stays = side(&base, |world| {
        world.did(&["admin"], vec![role_add("more"), grant("more", "dev/*", &[Right::Read])]);
        world.did(&["admin"], vec![join("more", "dora")]);
    });
    let other = side(&base, |world| world.did(&["admin"], vec![leave("devs", "dora")]));
    let replay = replayed(&base, [&stays, &other], None);
    assert!(replay.kept.contains(&"read on dev/* for dora".to_owned()), "{:?}", replay.kept);
    // The other way round it is the op that goes.
    let replay = replayed(&base, [&other, &stays], Some(true));
    assert!(replay.kept.is_empty());
    assert!(reasons(&replay)[0].contains("read on dev/* for dora"), "{:?}", reasons(&replay));
}

#[test]
fn two_owners_who_remove_each_other_leave_one() {
    let base = World::found(1, &["admin", "paul"]);
    let stays = side(&base, |world| world.did(&["admin"], vec![member_remove("paul")]));
    let other = side(&base, |world| world.did(&["paul"], vec![member_remove("admin")]));
    let replay = replayed(&base, [&stays, &other], Some(true));
    assert!(reasons(&replay)[0].contains("last owner"), "{:?}", reasons(&replay));
    assert!(replay.kept.contains(&"the member admin".to_owned()));
}

#[test]
fn of_a_setting_that_both_sides_set_the_stricter_stays() {
    let base = World::cast();
    let set = |key: &'static str, value: &'static str| {
        side(&base, move |world| world.did(&["admin"], vec![setting(key, value)]))
    };
    for (here, there, expected) in
        [("required", "off", "refused"), ("off", "required", "again"), ("off", "off", "there")]
    {
        let replay = replayed(&base, [&set("reads", here), &set("reads", there)], None);
        assert_eq!(verdicts(&replay), [expected], "{here} {there}");
    }
    let replay = replayed(&base, [&set("reads", "required"), &set("reads", "off")], None);
    assert_eq!(reasons(&replay), ["the side that stays set it to required"]);
    let replay = replayed(&base, [&set("reads", "required"), &set("ttl", "on-write")], None);
    assert_eq!(verdicts(&replay), ["again"]);
    for (there, expected) in [("b", "refused"), ("a", "there")] {
        let replay = replayed(&base, [&set("sync.remote", "a"), &set("sync.remote", there)], None);
        assert_eq!(verdicts(&replay), [expected], "what is not known here stays as it is");
    }
    // Neither lets less through.
    for (key, here, there) in [
        ("env.qa.extends", "dev", "prod"),
        ("scan.allow", "a.conf", "b.conf"),
        ("rotation.via", "git origin refs/heads/main", "device admin/desk"),
        ("rotation.overlap", "2d", "24h"),
        ("provider.db.endpoint", "a.example/x", "b.example/x"),
        ("provider.db.tls", "off", "verify"),
        ("provider.db.overlap", "1h", "2d"),
    ] {
        let replay = replayed(&base, [&set(key, here), &set(key, there)], None);
        assert_eq!(reasons(&replay), [format!("the side that stays set it to {here}")], "{key}");
        let stays = replay.chain.state().settings().get(key);
        assert_eq!(stays, Some(here));
    }
    for [here, there] in [["ttl", "sync.remote"], ["provider.a.tls", "provider.b.tls"]] {
        let value = |key| if key == "ttl" { "on-write" } else { "off" };
        let sides = [&set(here, value(here)), &set(there, value(there))];
        assert_eq!(verdicts(&replayed(&base, sides, None)), ["again"], "{here} {there}");
    }
    let sides = [&set("rotation.overlap", "2h"), &set("rotation.overlap", "2d")];
    assert_eq!(verdicts(&replayed(&base, sides, None)), ["again"], "the longer one stays");
}

#[test]
fn of_a_threshold_that_both_sides_changed_the_higher_stays() {
    let three = ["admin", "paul", "greta"];
    let base = |threshold| World::found(threshold, &three);
    let set = |base: &World, owners: &[u32]| {
        side(base, |world| owners.iter().for_each(|n| world.did(&three, vec![threshold(*n)])))
    };
    type Case = (u32, &'static [u32], &'static [u32], &'static [&'static str], usize);
    let cases: [Case; 6] = [
        (1, &[1], &[2], &["again"], 2),
        (1, &[2, 1], &[2], &["again"], 2),
        (2, &[1], &[3], &["again"], 3),
        (3, &[2], &[1], &["refused"], 2),
        (3, &[1], &[2], &["again"], 2),
        (1, &[2], &[2, 1], &["there", "refused"], 2),
    ];
    for (from, here, there, expected, left) in cases {
        let base = base(from);
        let replay = replayed(&base, [&set(&base, here), &set(&base, there)], None);
        let found = (verdicts(&replay), replay.chain.state().threshold());
        assert_eq!(found, (expected.to_vec(), left), "{from} {here:?} {there:?}");
        assert!(replay.kept.is_empty());
    }
    let base = base(3);
    let replay = replayed(&base, [&set(&base, &[2]), &set(&base, &[1])], None);
    assert_eq!(reasons(&replay), ["the side that stays set it, too, and asks for 2 owners"]);
}

#[test]
fn a_higher_threshold_that_cannot_be_stops_the_rebase() {
    let base = World::found(1, &["admin", "paul", "greta"]);
    let raised = side(&base, |world| world.did(&["admin"], vec![threshold(3)]));
    let left = side(&base, |world| world.did(&["admin"], vec![member_remove("greta")]));
    let replay = replayed(&base, [&left, &raised], Some(true));
    assert_eq!(verdicts(&replay), ["refused"]);
    assert!(replay.kept.contains(&"that one owner alone signs for everything".to_owned()));
}

#[test]
fn what_was_taken_over_once_is_not_made_again() {
    let base = World::cast();
    let stays = side(&base, |world| let_in(world, "admin", "one", "devs"));
    let other = side(&base, |world| let_in(world, "admin", "two", "devs"));
    let replay = replayed(&base, [&stays, &other], None);
    let mut result = stays.clone();
    for entry in &replay.made {
        result.chain = result.chain.extended(entry.clone()).unwrap();
        result.entries.push(entry.clone());
    }
    let named = replay.left_behind.iter().map(|head| PolicyOp::Rebase { head: *head }).collect();
    result.did(&["admin"], named);
    let longer = side(&other, |world| let_in(world, "admin", "three", "devs"));
    let again = replayed(&base, [&result, &longer], None);
    assert_eq!(again.entries.len(), 1);
    assert_eq!(verdicts(&again), ["again"; 3]);
    assert_eq!(again.left_behind, [longer.chain.head()]);
}

#[test]
fn a_chain_is_taken_over_on_the_word_of_its_own_owners() {
    let base = World::found(1, &["admin", "paul"]);
    let accepted = side(&base, |world| world.did(&["admin"], vec![member_remove("paul")]));
    let over = |signer: &str| {
        let head = accepted.chain.head();
        let result = side(&base, |world| world.did(&[signer], vec![PolicyOp::Rebase { head }]));
        took_over(&result.chain, &result.entries, &accepted.chain)
    };
    assert!(over("admin") && !over("paul"), "paul is none of its owners");
    let longer = side(&accepted, |world| world.did(&["admin"], vec![role_add("x")]));
    let head = accepted.chain.head();
    let result = side(&base, |world| world.did(&["admin"], vec![PolicyOp::Rebase { head }]));
    assert!(!took_over(&result.chain, &result.entries, &longer.chain), "it has more");
    let stranger = World::genesis(founding(1, 2, &["admin"]), &["admin"]).unwrap();
    assert!(!took_over(&result.chain, &result.entries, &stranger.chain));
}

/// Plays what of the recipes the chain accepts, each op by itself; returns the states.
fn play(world: &mut World, steps: Vec<Recipe>) -> Vec<PolicyState> {
    let mut states = vec![world.chain.state().clone()];
    for step in steps {
        let ops = vec![random::op(world, step)];
        let entry = signed(world.draft(ops), &["admin"]);
        if let Ok(chain) = world.chain.extended(entry.clone()) {
            world.chain = chain;
            world.entries.push(entry);
            states.push(world.chain.state().clone());
        }
    }
    states
}

/// What a member could do after one of the states and not after the last.
fn lost(states: &[PolicyState], member: &crate::name::Name, right: Right, of: &SecretName) -> bool {
    let held = |state: &PolicyState| state.holds(member, right, of);
    states.iter().any(held) && !states.last().is_some_and(held)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever two sides did, and whoever agrees to all of it.
    #[test]
    fn no_right_that_either_side_took_away_is_in_force(
        common in proptest::collection::vec(recipe(&MEMBERS, &ROLES), 0..20),
        ours in proptest::collection::vec(recipe(&MEMBERS, &ROLES), 1..14),
        theirs in proptest::collection::vec(recipe(&MEMBERS, &ROLES), 1..14),
    ) {
        let mut base = World::found(1, &["admin"]);
        play(&mut base, common);
        let (mut stays, mut gives_way) = (base.clone(), base.clone());
        let sides = [play(&mut stays, ours), play(&mut gives_way, theirs)];
        prop_assume!(sides.iter().all(|states| states.len() > 1));
        prop_assume!(stays.chain.head() != gives_way.chain.head());
        let shared = stays.entries.iter().zip(&gives_way.entries);
        let parted = shared.take_while(|(a, b)| a.id() == b.id()).count();
        prop_assume!(parted == base.entries.len());
        prop_assume!(stays.chain.state().key_owner(&device_key("admin").id()).is_some());
        prop_assume!(stays.chain.state().is_owner(&name("admin")));
        let key = device_key("admin");
        let planned = replay(&Request {
            stays: line(&stays),
            gives_way: line(&gives_way),
            parted,
            agreed: &|_| Some(true),
            heads: &|_| BTreeSet::new(),
            key: &key,
            now: UnixTime::from_secs(1),
        });
        // An entry may leave nobody who can sign the next one, as when admin goes.
        let Ok(planned) = planned else { return Ok(()) };
        let entries: Vec<_> = stays.entries.iter().chain(&planned.made).cloned().collect();
        let chain = Chain::build(&entries, ChainSignatures::Check);
        prop_assert_eq!(chain.map(|chain| chain.head()), Ok(planned.chain.head()));
        for member in MEMBERS.map(name) {
            for right in Right::ALL {
                for of in SECRETS.map(secret) {
                    let now = planned.chain.state().holds(&member, right, &of);
                    let back = now && lost(&sides[0], &member, right, &of);
                    prop_assert!(!back, "{member} {right:?} {of} is back");
                    let kept = now && lost(&sides[1], &member, right, &of);
                    prop_assert!(!kept || !planned.kept.is_empty(), "{member} {right:?} {of} stays");
                }
            }
        }
    }
}
