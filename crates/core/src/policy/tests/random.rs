//! Random ops: nothing panics, and the spans answer as a state kept for every position would.

use super::*;
use crate::policy::current_audiences::CurrentAudiences;
use crate::policy::position::PolicyPosition;
use crate::policy::state::PolicyState;
use crate::policy::widest::WidestReach;
use proptest::prelude::*;
use proptest::sample::select;

pub(in crate::policy) const MEMBERS: [&str; 4] = ["admin", "backend", "contractor", "dave"];
pub(in crate::policy) const ROLES: [&str; 3] = ["owner", "r1", "r2"];
const PATTERNS: [&str; 4] = ["*", "dev/*", "dev/D*", "prod/DB"];
pub(in crate::policy) const SECRETS: [&str; 4] = ["dev/DB", "dev/X", "prod/DB", "prod/X"];

/// An op by recipe: the vault's id is known only when it is used.
#[derive(Debug, Clone)]
pub(in crate::policy) enum Recipe {
    Key { member: &'static str, device: u8 },
    Op(PolicyOp),
}

fn rights() -> impl Strategy<Value = Vec<Right>> {
    proptest::sample::subsequence(Right::ALL.to_vec(), 0..=5)
}

pub(in crate::policy) fn recipe(
    members: &'static [&'static str],
    roles: &'static [&'static str],
) -> impl Strategy<Value = Recipe> {
    let (member, role, on) = (select(members), select(roles), select(&PATTERNS[..]));
    let device = 0u8..6;
    let keyed = |device: u8| format!("k{device}");
    prop_oneof![
        member.clone().prop_map(|m| Recipe::Op(member_add(m))),
        member.clone().prop_map(|m| Recipe::Op(member_remove(m))),
        member.clone().prop_map(|m| Recipe::Op(recipient_add(m, "spare"))),
        member.clone().prop_map(|m| Recipe::Op(recipient_remove(m, m))),
        (member.clone(), device.clone())
            .prop_map(|(member, device)| Recipe::Key { member, device }),
        (member.clone(), device, any::<bool>())
            .prop_map(move |(m, d, lost)| Recipe::Op(key_remove(m, &keyed(d), lost))),
        role.clone().prop_map(|r| Recipe::Op(role_add(r))),
        role.clone().prop_map(|r| Recipe::Op(role_remove(r))),
        (role.clone(), member.clone()).prop_map(|(r, m)| Recipe::Op(join(r, m))),
        (role.clone(), member).prop_map(|(r, m)| Recipe::Op(leave(r, m))),
        (role.clone(), on.clone(), rights()).prop_map(|(r, p, s)| Recipe::Op(grant(r, p, &s))),
        (role, on, rights()).prop_map(|(r, p, s)| Recipe::Op(revoke(r, p, &s))),
        (select(vec!["owner", "owner+r1", "owner+r1+r2", "r1"]), any::<u8>())
            .prop_map(|(a, e)| Recipe::Op(epoch(a, e))),
        (0u32..4).prop_map(|owners| Recipe::Op(threshold(owners))),
        (select(vec!["owner", "owner+r1"]), any::<u8>())
            .prop_map(|(a, e)| Recipe::Op(reseal(a, e))),
    ]
}

pub(in crate::policy) fn op(world: &World, recipe: Recipe) -> PolicyOp {
    match recipe {
        Recipe::Key { member, device } => world.key(member, &format!("k{device}")),
        Recipe::Op(op) => op,
    }
}

/// Asks the state of one position what the spans were asked for that position.
fn agree(
    chain: &Chain,
    position: PolicyPosition,
    state: &PolicyState,
) -> Result<(), TestCaseError> {
    for member in MEMBERS.map(name) {
        for right in Right::ALL {
            for secret in SECRETS.map(secret) {
                let spans = chain.holds(position, &member, right, &secret);
                prop_assert_eq!(spans, state.holds(&member, right, &secret));
            }
            for on in PATTERNS.map(pattern) {
                let spans = chain.holds_pattern(position, &member, right, &on);
                prop_assert_eq!(spans, state.holds_pattern(&member, right, &on));
                prop_assert_eq!(spans, WidestReach::new(state, &member).holds(right, &on));
            }
        }
    }
    let keys = ["admin".to_owned()].into_iter().chain((0..6).map(|device| format!("k{device}")));
    for key in keys.map(|key| device_key(&key).id()) {
        prop_assert_eq!(chain.actor_at(position, &key), state.key_owner(&key));
    }
    Ok(())
}

/// What a removal is: a right or key of the state before that the state after lacks.
fn lost_something(before: &PolicyState, after: &PolicyState) -> bool {
    MEMBERS.map(name).iter().any(|member| {
        Right::ALL.iter().any(|right| {
            SECRETS.map(secret).iter().any(|secret| {
                before.holds(member, *right, secret) && !after.holds(member, *right, secret)
            })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn spans_agree_with_a_state_for_every_position(
        steps in proptest::collection::vec(proptest::collection::vec(recipe(&MEMBERS, &ROLES), 1..4), 1..40),
        next in proptest::collection::vec(recipe(&MEMBERS, &ROLES), 0..8),
    ) {
        let mut world = World::found(1, &["admin"]);
        let mut states = vec![world.chain.state().clone()];
        for step in steps {
            let ops = step.into_iter().map(|recipe| op(&world, recipe)).collect();
            let entry = signed(world.draft(ops), &["admin"]);
            if let Ok(chain) = world.chain.extended(entry.clone()) {
                world.chain = chain;
                world.entries.push(entry);
                states.push(world.chain.state().clone());
            }
        }
        let rebuilt = Chain::build(&world.entries, ChainSignatures::Trusted).unwrap();
        for (position, state) in states.iter().enumerate() {
            let at = PolicyPosition::new(position);
            agree(&rebuilt, at, state)?;
            if position > 0 && lost_something(&states[position - 1], state) {
                prop_assert!(rebuilt.removals().contains(&at));
            }
        }
        prop_assert_eq!(rebuilt.state(), world.chain.state());
        // Folded again without being judged: the same, and what comes next is judged as ever.
        let again = Chain::refold(&world.entries).unwrap();
        for (position, state) in states.iter().enumerate() {
            let at = PolicyPosition::new(position);
            agree(&again, at, state)?;
            prop_assert_eq!(again.heads(at), rebuilt.heads(at));
            prop_assert_eq!(again.signers(at), rebuilt.signers(at));
        }
        prop_assert_eq!(again.ids(), rebuilt.ids());
        prop_assert_eq!(again.removals(), rebuilt.removals());
        prop_assert_eq!(again.state(), rebuilt.state());
        for next in next.into_iter().map(|recipe| op(&world, recipe)) {
            let next = signed(world.draft(vec![next]), &["admin"]);
            let [then, now] = [&rebuilt, &again].map(|chain| chain.extended(next.clone()));
            match (then, now) {
                (Ok(then), Ok(now)) => prop_assert_eq!(then.state(), now.state()),
                (Err(then), Err(now)) => prop_assert_eq!(then.to_string(), now.to_string()),
                (then, now) => prop_assert!(false, "{then:?} and {now:?}"),
            }
        }
        let mut fresh = CurrentAudiences::default();
        for (audience, found) in rebuilt.state().audiences().filter(|(_, found)| !found.left) {
            fresh.begin(audience, &found.roles);
        }
        prop_assert_eq!(&rebuilt.state().fresh, &fresh);
    }

    #[test]
    fn any_records_are_judged_without_a_panic(
        ops in proptest::collection::vec(recipe(&MEMBERS, &ROLES), 0..8),
        seq in 0u64..3,
        signers in proptest::collection::vec(select(vec!["admin", "k0", "k1"]), 0..4),
        linked in any::<bool>(),
    ) {
        let world = World::cast();
        let ops: Vec<PolicyOp> = ops.into_iter().map(|recipe| op(&world, recipe)).collect();
        let mut entry = signed(world.draft(ops), &signers);
        entry.sigs.extend(entry.sigs.clone());
        entry.seq = seq;
        entry.prev = linked.then(|| world.chain.head());
        prop_assert!(Chain::build(&[entry.clone()], ChainSignatures::Trusted).is_err());
        prop_assert!(world.chain.extended(entry).is_err());
    }

    #[test]
    fn whoever_signs_alone_gives_only_what_it_holds(
        steps in proptest::collection::vec(
            (select(CAST.to_vec()), proptest::collection::vec(recipe(&CAST, &CAST_ROLES), 1..3)),
            1..60,
        ),
    ) {
        let mut world = World::cast();
        for (signer, step) in steps {
            let ops: Vec<PolicyOp> = step.into_iter().map(|recipe| op(&world, recipe)).collect();
            let entry = signed(world.draft(ops.clone()), &[signer]);
            if let Ok(chain) = world.chain.extended(entry) {
                gave_only_its_own(&name(signer), &ops, world.chain.state(), chain.state())?;
                world.chain = chain;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_owners_alone_may_do_takes_as_many_of_them_as_the_state_before_asks_for(
        steps in proptest::collection::vec(
            (proptest::sample::subsequence(OWNERS.to_vec(), 1..=3), 0u32..5, select(OWNERS.to_vec()), any::<bool>()),
            1..40,
        ),
    ) {
        let mut world = World::found(1, &OWNERS);
        for (signers, owners, leaver, leaves) in steps {
            let ops = if leaves { vec![leave("owner", leaver)] } else { vec![threshold(owners)] };
            let before = world.chain.state().clone();
            let Ok(chain) = world.chain.extended(signed(world.draft(ops), &signers)) else { continue };
            let of: Vec<Name> = signers.iter().map(|signer| name(signer)).collect();
            let enough = of.iter().filter(|signer| before.is_owner(signer)).count() >= before.threshold();
            prop_assert!(enough || (leaves && of.contains(&name(leaver))));
            let after = chain.state();
            prop_assert!((1..=after.signing_owners()).contains(&after.threshold()));
            prop_assert!(!leaves || after.threshold() == before.threshold());
            world.chain = chain;
        }
    }
}

const OWNERS: [&str; 3] = ["admin", "backend", "paul"];

const CAST: [&str; 4] = ["greta", "dora", "paul", "gus"];
const CAST_ROLES: [&str; 5] = ["owner", "leads", "devs", "ops", "clerks"];

/// Whatever somebody can do after an entry and could not before, its signer could before: as that
/// member, or through a key or recipient that the signer put there.
fn gave_only_its_own(
    signer: &Name,
    ops: &[PolicyOp],
    before: &PolicyState,
    after: &PolicyState,
) -> Result<(), TestCaseError> {
    let stood_in = |member: &Name| {
        ops.iter().any(|op| match op {
            PolicyOp::KeyAdd(add) => add.member == *member,
            PolicyOp::RecipientAdd { member: m, .. } => m == member && m != signer,
            _ => false,
        })
    };
    for (member, _) in after.members() {
        for (right, secret) in Right::ALL.iter().flat_map(|r| SECRETS.map(|s| (*r, secret(s)))) {
            let had = before.holds(member, right, &secret) && !stood_in(member);
            if after.holds(member, right, &secret) && !had {
                prop_assert!(before.holds(signer, right, &secret), "{signer} gave {right:?}");
            }
        }
    }
    Ok(())
}
