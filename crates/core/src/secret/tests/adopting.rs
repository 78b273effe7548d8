//! What somebody said of a rotation who may say nothing more, issued anew.

use super::*;
use crate::file::device_key::new_device_key;
use crate::keys::policy_change;
use crate::log::rotation::Staleness;
use crate::name::Pattern;
use crate::policy::op::{MemberAdd, MemberKind, PolicyOp, Right};
use crate::report::history::{self, HistoryFilter};
use crate::secret::adopt::{self, Adopted};
use crate::vault::unlock::{Signer, Unlocked};

/// A colleague who may do everything with the secrets in `prod`.
struct Bob {
    made: NewIdentity,
    signer: Signer,
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

impl Scene {
    fn policy(&mut self, ops: Vec<PolicyOp>) {
        self.act(|vault, ctx| policy_change::change(vault, ops, ctx).unwrap().0);
    }

    fn hire(&mut self) -> Bob {
        self.hire_for(vec![Right::Read, Right::Write, Right::Delete])
    }

    fn hire_for(&mut self, rights: Vec<Right>) -> Bob {
        let (bob, role, device, made) =
            (name("bob"), name("ops"), name("laptop"), generate_identity());
        let id = self.vault.id();
        let (key, private) =
            new_device_key(&TestHost, Some(&id), &bob, &device, &made.recipient).unwrap();
        let (kind, recipients) = (MemberKind::User, vec![made.recipient.clone()]);
        self.policy(vec![
            PolicyOp::RoleAdd { role: role.clone() },
            PolicyOp::grant(role.clone(), Pattern::new("prod/*").unwrap(), rights),
            PolicyOp::MemberAdd(MemberAdd { member: bob.clone(), kind, recipients, expires: None }),
            PolicyOp::KeyAdd(key),
            PolicyOp::role_join(role, bob.clone()),
        ]);
        Bob { made, signer: Signer { member: bob, device, key: private } }
    }

    /// What the colleague does while he is let go on another branch.
    fn beside_his_removal(&mut self, bob: Bob, make: impl FnOnce(&Vault, &Ctx<'_>) -> Change) {
        let who = Unlocked::new(&self.vault, parse_identities(&bob.made.text).unwrap()).unwrap();
        let actor = Actor { who, signer: bob.signer };
        let change = make(&self.vault, &actor.at(NOW));
        let his = self.now().apply(change).unwrap().file().entries.clone();
        self.policy(vec![PolicyOp::MemberRemove { member: name("bob") }]);
        let mut file = self.vault.file().clone();
        file.entries.extend(his);
        self.vault = open(&file);
    }

    fn adopt(&mut self) -> Adopted {
        let actor = self.actor();
        let void = adopt::void_entries(&self.vault);
        let (adopted, change) = adopt::adopt(&self.vault, &void, &actor.at(NOW)).unwrap();
        if let Some(change) = change {
            self.vault = open(self.now().apply(change).unwrap().file());
        }
        adopted
    }
}

#[test]
fn an_abort_that_does_not_count_is_adopted_as_it_is() {
    let mut scene = Scene::new();
    let bob = scene.hire();
    scene.begin();
    scene.beside_his_removal(bob, |vault, ctx| testing::abort(vault, &secret(), ctx));
    assert_eq!(scene.stages(), [Stage::Stale(Staleness::Void)]);
    let adopted = scene.adopt();
    assert_eq!((adopted.entries.len(), adopted.left_out.len()), (1, 0));
    assert_eq!(scene.stages(), [Stage::Aborted]);
    assert!(adopt::void_entries(&scene.vault).iter().all(|void| void.is_adopted()));
}

/// Its value may have been withdrawn since, and whoever adopts would make it current by the right to write.
#[test]
fn a_promotion_that_does_not_count_is_not_adopted() {
    let mut scene = Scene::new();
    let bob = scene.hire();
    scene.begin();
    scene.beside_his_removal(bob, |vault, ctx| testing::promote(vault, &secret(), ctx));
    let adopted = scene.adopt();
    assert_eq!((adopted.entries.len(), adopted.left_out[0].action), (0, "promote"));
    assert_eq!(scene.statuses(), [VersionStatus::Active]);
    assert_eq!(scene.stages(), [Stage::Live]);
}

/// Who may only rotate brings nothing back by saying what somebody else makes again.
#[test]
fn a_promotion_that_did_nothing_is_not_made_again() {
    let mut scene = Scene::new();
    let bob = scene.hire_for(vec![Right::Read, Right::Rotate]);
    let here = scene.now();
    scene.begin();
    let who = Unlocked::new(&scene.vault, parse_identities(&bob.made.text).unwrap()).unwrap();
    let his = Actor { who, signer: bob.signer };
    let change = testing::promote(&scene.vault, &secret(), &his.at(NOW));
    let from = scene.now().apply(change).unwrap();
    assert_eq!(from.secret(&secret()).unwrap().versions.len(), 1);
    let mut other = Scene { vault: here, olga: scene.olga };
    let made = other.carry(&from);
    let why: Vec<&WhyLeftOut> = made.left_out.iter().map(|left| &left.why).collect();
    assert!(matches!(why[..], [WhyLeftOut::Rotation, WhyLeftOut::Withdrawn]), "{why:?}");
    assert_eq!(other.statuses(), [VersionStatus::Active]);
}

/// Whoever puts a version in the place of another moves no word about that one, which is held itself.
#[test]
fn a_retire_is_adopted_of_the_version_that_it_names() {
    let mut scene = Scene::new();
    let bob = scene.hire();
    let old = scene.object(1);
    scene.beside_his_removal(bob, |vault, ctx| testing::retire(vault, &secret(), old, ctx));
    let retiring = adopt::void_entries(&scene.vault)[0].id;
    scene.act(|vault, ctx| heir(vault, old, OpRef { entry: retiring, op: 0 }, ctx));
    let adopted = scene.adopt();
    assert_eq!((adopted.entries.len(), adopted.left_out.len()), (1, 0));
    assert_eq!(scene.statuses(), [VersionStatus::Retired, VersionStatus::Active]);
}

#[test]
fn who_stated_a_value_is_told_beside_who_promoted_it() {
    let mut scene = Scene::new();
    let bob = scene.hire();
    let who = Unlocked::new(&scene.vault, parse_identities(&bob.made.text).unwrap()).unwrap();
    let his = Actor { who, signer: bob.signer };
    let change = testing::begin(&scene.vault, &secret(), "two", &his.at(NOW));
    scene.vault = open(scene.now().apply(change).unwrap().file());
    scene.promote();
    let version = scene.vault.secret(&secret()).unwrap().current().unwrap();
    assert_eq!((version.author.as_str(), version.brought_by.as_str()), ("bob", "olga"));
    let rows = history::rows(&scene.vault, &HistoryFilter::default());
    let told = rows.iter().map(|row| (row.action, row.actor.as_str(), row.object.as_str()));
    let told: Vec<_> = told.take(2).collect();
    assert_eq!(told, [("promote", "olga", "bob"), ("pending", "bob", "")]);
}
