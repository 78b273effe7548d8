//! What an open rotation makes ready: known to the same people, before it is current.

use super::*;
use crate::log::op::{Op, Versions};
use crate::policy::vouching::Gift;
use crate::secret::rotate::{self, Retiring};
use crate::secret::testing;

fn db() -> SecretName {
    secret("dev/DB")
}

/// Each exposed value of `dev/DB`: of which rotation, and to whom.
fn rows(found: &[Exposed]) -> Vec<(Option<RotationId>, usize, String)> {
    let rows = found.iter().filter(|value| value.secret == db());
    let known = rows.flat_map(|value| value.to.iter().map(move |to| (value, to)));
    known.map(|(value, to)| (value.rotation, value.version, to.member.to_string())).collect()
}

impl World {
    fn begin(&mut self, value: &str) -> RotationId {
        self.act(|vault, ctx| testing::begin(vault, &db(), value, ctx));
        testing::ready(self.vault(), &db()).0
    }

    fn rows(&self) -> Vec<(Option<RotationId>, usize, String)> {
        rows(&stated(self.vault()).unwrap())
    }

    /// All that rotations left.
    fn retire(&mut self) {
        self.act(|vault, ctx| {
            let due = rotate::to_retire(vault, &db(), &Retiring::WhatIsOver).unwrap();
            rotate::retire(vault, &db(), due, ctx).unwrap().1
        });
    }

    fn let_go(&mut self, member: &str) {
        self.change(vec![PolicyOp::MemberRemove { member: name(member) }]);
    }
}

#[test]
fn a_removed_member_knows_what_a_rotation_makes_ready() {
    let mut world = with_developer();
    let rotation = world.begin("next");
    assert_eq!(world.rows(), []);
    world.let_go("ann");
    let (ann, removed) = (|| String::from("ann"), world.now);
    assert_eq!(world.rows(), [(None, 1, ann()), (Some(rotation), 0, ann())]);
    // A new value leaves the rotation stale, and still to be promoted.
    world.set("dev/DB");
    assert_eq!(world.rows(), [(Some(rotation), 0, ann())]);
    assert_eq!(stated(world.vault()).unwrap()[0].since(), removed);
    world.act(|vault, ctx| testing::abort(vault, &db(), ctx));
    // The provider may accept it still.
    assert_eq!(world.rows(), [(None, 0, ann())]);
    world.retire();
    assert_eq!(world.rows(), []);
}

#[test]
fn what_was_promoted_over_is_known_until_it_is_retired() {
    let mut world = with_developer();
    world.let_go("ann");
    assert_eq!(world.rows(), [(None, 1, "ann".into())]);
    world.begin("next");
    world.act(|vault, ctx| testing::promote(vault, &db(), ctx));
    let found = stated(world.vault()).unwrap();
    assert_eq!(rows(&found), [(None, 1, "ann".into())]);
    assert!(found[0].to_retire && !found[0].is_current());
    world.retire();
    assert_eq!(world.rows(), []);
}

#[test]
fn what_is_ready_is_told_of_a_secret_that_is_gone_too() {
    let mut world = with_developer();
    let rotation = world.begin("next");
    world.let_go("ann");
    let current = world.vault().secret(&db()).unwrap().current.unwrap();
    world.act(|vault, ctx| {
        let objects = Versions { secret: db(), objects: vec![current], adopts: None };
        testing::says(vault, Op::Remove(objects), ctx)
    });
    assert_eq!(world.rows(), [(Some(rotation), 0, "ann".into())]);
    // As a removal by hand does it.
    let mut world = with_developer();
    world.begin("next");
    world.let_go("ann");
    world.remove("dev/DB");
    assert_eq!(world.rows(), [(None, 0, "ann".into())], "it is to be retired");
}

/// Who may only rotate makes a value ready, and goes.
#[test]
fn a_removed_author_knows_what_they_made_ready() {
    let (mut world, eve) = with_writer();
    let vault = world.vault.take().unwrap();
    let who = Unlocked::new(&vault, world.keys.last().unwrap().identities()).unwrap();
    let ctx = Ctx {
        who: &who,
        signer: &eve,
        random: &TestHost,
        now: UnixTime::from_secs(500),
        reason: String::new(),
        progress: &Silent,
    };
    let change = testing::begin(&vault, &db(), "planted", &ctx);
    world.vault = Some(open(vault.apply(change).unwrap().file()));
    let (rotation, _) = testing::ready(world.vault(), &db());
    assert_eq!(world.rows(), []);
    world.let_go("eve");
    assert_eq!(world.rows(), [(Some(rotation), 0, "eve".into())]);
}

#[test]
fn a_promotion_does_not_begin_the_time_anew() {
    let mut world = with_developer();
    world.begin("next");
    let (role, rights) = (name("developer"), vec![Right::Read]);
    world.change(vec![PolicyOp::Revoke { role, pattern: pattern("dev/*"), rights }]);
    // He gets the older keys of the role, and never had a right.
    world.add("bob", "developer");
    let bob = |world: &World| {
        let mut found = stated(world.vault()).unwrap().into_iter();
        let ready = found.rfind(|value| value.secret == db() && !value.to_retire).unwrap();
        ready.to.into_iter().find(|to| to.member == name("bob")).map(|to| (to.why, to.since))
    };
    let joined = world.now;
    assert_eq!(bob(&world), Some((ExposureCause::NeverAllowed, joined)));
    world.act(|vault, ctx| testing::promote(vault, &db(), ctx));
    assert_eq!(stated(world.vault()).unwrap().iter().filter(|v| v.is_current()).count(), 1);
    assert_eq!(bob(&world), Some((ExposureCause::NeverAllowed, joined)));
}

#[test]
fn whoever_is_let_in_gets_the_keys_to_what_is_ready() {
    let mut world = with_developer();
    world.begin("next");
    let (role, rights) = (name("developer"), vec![Right::Read]);
    world.change(vec![PolicyOp::Revoke { role: role.clone(), pattern: pattern("dev/*"), rights }]);
    // The current value is of after that, what is ready of before.
    world.set("dev/DB");
    world.change(vec![PolicyOp::RoleLeave { role: role.clone(), member: name("ann") }]);
    let joins = |world: &World| {
        let ctx = Ctx {
            who: &world.who,
            signer: &world.signer,
            random: &TestHost,
            now: world.now,
            reason: String::new(),
            progress: &Silent,
        };
        let join = PolicyOp::role_join(role.clone(), name("ann"));
        let gifts: Vec<Gift> = policy_change::gifts(world.vault(), &[join], &ctx).unwrap();
        older::older(world.vault(), &gifts)
    };
    assert_eq!(joins(&world), BTreeSet::from([(name("ann"), db())]));
    world.act(|vault, ctx| testing::abort(vault, &db(), ctx));
    assert_eq!(joins(&world), BTreeSet::new());
}

#[test]
fn an_old_value_that_is_made_ready_is_compared() {
    let mut world = with_developer();
    world.set_to("dev/DB", 7);
    world.let_go("ann");
    world.set_to("dev/DB", 8);
    let rotation = world.begin("hunter7");
    assert_eq!(world.rows(), []);
    let owner = || Unlocked::new(world.vault(), world.keys[0].identities()).ok();
    let found = exposed(world.vault(), owner).unwrap();
    assert_eq!(rows(&found.values), [(Some(rotation), 0, "ann".into())]);
    assert_eq!(found.uncompared, Uncompared::new());
}

#[test]
fn a_value_that_was_made_ready_and_withdrawn_is_known_when_it_is_set_again() {
    let mut world = with_developer();
    world.begin("hunter7");
    world.act(|vault, ctx| testing::abort(vault, &db(), ctx));
    world.set("dev/DB");
    world.let_go("ann");
    world.set_to("dev/DB", 7);
    // Whoever set it could see that, and said so: nobody has to open it.
    let nobody = exposed(world.vault(), || None).unwrap();
    assert_eq!(rows(&nobody.values), [(None, 3, "ann".into())]);
    let owner = || Unlocked::new(world.vault(), world.keys[0].identities()).ok();
    let found = exposed(world.vault(), owner).unwrap().values;
    assert_eq!(rows(&found), [(None, 3, "ann".into())]);
}

#[test]
fn a_waiver_is_for_what_is_current() {
    let mut world = with_developer();
    let rotation = world.begin("next");
    world.let_go("ann");
    world.act(|vault, ctx| waived::waive(vault, &db(), Some("an example"), ctx).unwrap().unwrap());
    let found = exposed(world.vault(), || None).unwrap();
    assert_eq!(found.waived.len(), 1);
    assert_eq!(rows(&found.values), [(Some(rotation), 0, "ann".into())]);
}
