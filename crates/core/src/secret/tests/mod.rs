//! Rotations where what was done is taken back, rolled back or made again on another side.

mod adopting;

use super::carry::{self, CarriedOn, Origin, Place, WhyLeftOut};
use super::put::{self, NewValue, PutRequest};
use super::read::VersionSelector;
use super::rollback::{self, RollbackError};
use super::take_back::{self, Changed, Step, TakingBack, WhyLeft};
use super::testing;
use crate::crypto::id::ObjectId;
use crate::crypto::identity::{NewIdentity, generate_identity, parse_identities};
use crate::host::testing::TestHost;
use crate::log::op::{Op, OpRef};
use crate::log::rotation::Stage;
use crate::log::state::VersionStatus;
use crate::name::{Name, SecretName};
use crate::people::init::{InitRequest, init};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::{Batch, NewPut};
use crate::vault::change::Change;
use crate::vault::testing::{Actor, open};

const NOW: UnixTime = UnixTime::from_secs(5);

fn secret() -> SecretName {
    SecretName::parse("prod/A").unwrap()
}

/// A vault of one owner, and the owner.
struct Scene {
    vault: Vault,
    olga: NewIdentity,
}

impl Scene {
    /// Without any secret.
    fn empty() -> Self {
        let olga = generate_identity();
        let name = |text| Name::new(text).unwrap();
        let (member, device) = (name("olga"), name("laptop"));
        let recipient = olga.recipient.clone();
        let now = UnixTime::from_secs(1);
        let request = InitRequest { name: name("shop"), member, device, recipient, now };
        Self { vault: open(&init(&request, &TestHost).unwrap()), olga }
    }

    /// Whose secret has one version.
    fn new() -> Self {
        let mut scene = Self::empty();
        scene.set("one");
        scene
    }

    fn actor(&self) -> Actor {
        Actor::new(&self.vault, parse_identities(&self.olga.text).unwrap())
    }

    /// The vault as it is now.
    fn now(&self) -> Vault {
        open(self.vault.file())
    }

    fn act(&mut self, make: impl FnOnce(&Vault, &Ctx<'_>) -> Change) {
        let change = make(&self.vault, &self.actor().at(NOW));
        self.vault = open(self.now().apply(change).unwrap().file());
    }

    fn set(&mut self, value: &str) {
        let value = SecretValue::from(value.to_owned());
        let value = Some(NewValue { value, expires: None, same: Vec::new() });
        let request = PutRequest { secret: secret(), value, fields: Vec::new() };
        self.act(|vault, ctx| put::put(vault, vec![request], ctx).unwrap());
    }

    fn begin(&mut self) {
        self.act(|vault, ctx| testing::begin(vault, &secret(), "two", ctx));
    }

    fn promote(&mut self) {
        self.act(|vault, ctx| testing::promote(vault, &secret(), ctx));
    }

    fn abort(&mut self) {
        self.act(|vault, ctx| testing::abort(vault, &secret(), ctx));
    }

    fn retire(&mut self, number: usize) {
        let object = self.object(number);
        self.act(|vault, ctx| testing::retire(vault, &secret(), object, ctx));
    }

    fn object(&self, number: usize) -> ObjectId {
        self.vault.secret(&secret()).unwrap().numbered(number).unwrap().object
    }

    fn statuses(&self) -> Vec<VersionStatus> {
        let state = self.vault.secret(&secret()).unwrap();
        state.versions.iter().map(|version| state.status(version, NOW)).collect()
    }

    fn stages(&self) -> Vec<Stage> {
        let state = self.vault.secret(&secret()).unwrap().rotation.as_ref();
        state.into_iter().flat_map(|state| &state.rotations).map(|of| of.stage).collect()
    }

    /// What it takes to undo all since `before`.
    fn undo(&self, before: &Vault) -> TakingBack {
        take_back::plan(&self.vault, Changed { before, after: &self.vault }, NOW)
    }

    /// Makes what `from` has beside this again here.
    fn carry(&mut self, from: &Vault) -> CarriedOn {
        let there = Actor::new(from, parse_identities(&self.olga.text).unwrap());
        let lacking = carry::lacking(&self.vault, from);
        let origin = Origin { vault: from, who: Some(&there.who) };
        let ctx = self.actor();
        let (made, change) = carry::carry(&self.vault, origin, &lacking, Place::Last, &ctx.at(NOW));
        if let Some(change) = change {
            self.vault = open(self.now().apply(change).unwrap().file());
        }
        made
    }
}

fn why(plan: &TakingBack) -> Vec<WhyLeft> {
    plan.left.iter().map(|left| left.why.clone()).collect()
}

#[test]
fn only_what_an_op_retires_is_called_retired() {
    let mut scene = Scene::new();
    scene.begin();
    scene.promote();
    assert_eq!(scene.statuses(), [VersionStatus::Replaced, VersionStatus::Active]);
    scene.retire(1);
    assert_eq!(scene.statuses(), [VersionStatus::Retired, VersionStatus::Active]);
    scene.retire(2);
    assert_eq!(scene.statuses(), [VersionStatus::Retired, VersionStatus::Active]);
    scene.set("three");
    assert_eq!(scene.statuses()[1..], [VersionStatus::Retired, VersionStatus::Active]);
}

#[test]
fn what_was_retired_is_not_rolled_back_to() {
    let mut scene = Scene::new();
    scene.begin();
    scene.promote();
    let back = |scene: &Scene| {
        let wanted = VersionSelector::Number(1);
        let actor = scene.actor();
        rollback::rollback(&scene.vault, &secret(), &wanted, &actor.at(NOW)).map(|(old, _)| old)
    };
    assert!(matches!(back(&scene), Ok(1)));
    scene.retire(1);
    assert!(matches!(back(&scene), Err(RollbackError::Retired { number: 1, .. })));
}

#[test]
fn an_undone_promotion_brings_nothing_back_that_was_retired() {
    let mut scene = Scene::new();
    scene.begin();
    let before = scene.now();
    scene.promote();
    let (plan, object) = (scene.undo(&before), scene.object(1));
    assert_eq!(plan.steps, [Step::Value { secret: secret(), object, number: 1 }]);
    assert_eq!(plan.left, []);
    scene.retire(1);
    let plan = scene.undo(&before);
    assert_eq!((plan.steps.len(), why(&plan)), (0, vec![WhyLeft::Retired { number: 1 }]));
}

#[test]
fn an_undone_beginning_says_that_the_rotation_goes_on() {
    let mut scene = Scene::new();
    let before = scene.now();
    scene.begin();
    let plan = scene.undo(&before);
    assert_eq!((plan.steps.len(), why(&plan)), (0, vec![WhyLeft::Rotation]));
    let begun = scene.now();
    scene.abort();
    // An abort is not taken back, and nothing goes on.
    assert_eq!(scene.undo(&begun), TakingBack::default());
    assert_eq!(scene.undo(&before), TakingBack::default());
}

#[test]
fn an_undone_secret_says_that_a_rotation_of_it_is_open() {
    let mut scene = Scene::empty();
    let before = scene.now();
    scene.set("one");
    let after = scene.now();
    scene.begin();
    let changed = Changed { before: &before, after: &after };
    let plan = take_back::plan(&scene.vault, changed, NOW);
    let objects = vec![scene.object(1)];
    assert_eq!(plan.steps, [Step::Remove { secret: secret(), objects }]);
    assert_eq!(why(&plan), [WhyLeft::Rotation]);
    scene.act(|vault, ctx| take_back::take_back(vault, &plan.steps, ctx).unwrap().unwrap());
    let state = scene.vault.secret(&secret()).unwrap();
    assert!(state.is_gone() && state.open_rotations().count() == 1);
}

#[test]
fn what_a_rotation_made_ready_stays_behind_on_the_side_that_gave_way() {
    let mut scene = Scene::new();
    let here = scene.now();
    scene.begin();
    let mut other = Scene { vault: here, olga: scene.olga };
    let made = other.carry(&scene.vault);
    assert!(matches!(made.left_out[0].why, WhyLeftOut::Rotation), "{:?}", made.left_out);
    assert_eq!((made.left_out[0].action, made.left_out.len()), ("pending", 1));
    assert_eq!((made.entries.len(), other.stages().len()), (0, 0));
}

/// A promotion comes to be a put of the value, and what is said of its version is said of that.
#[test]
fn a_promotion_is_made_again_as_a_put_and_once() {
    let mut scene = Scene::new();
    let here = scene.now();
    scene.begin();
    scene.promote();
    scene.retire(1);
    let (old, promoted) = (scene.object(1), scene.object(2));
    let (from, mut other) = (scene.vault, Scene { vault: here, olga: scene.olga });
    let made = other.carry(&from);
    let left: Vec<&str> = made.left_out.iter().map(|left| left.action).collect();
    assert_eq!((left, made.entries.len()), (vec!["pending"], 2));
    let state = other.vault.secret(&secret()).unwrap();
    let current = state.current().unwrap();
    assert_eq!((&current.same[..], &current.replaces[..]), (&[promoted][..], &[old][..]));
    assert!(!current.retired && state.numbered(1).unwrap().retired);
    assert_eq!(other.stages(), []);
    let again = other.carry(&from);
    assert_eq!((again.entries.len(), again.left_out.len()), (0, 1));
}

/// What is promoted once more, and what somebody called off or retired, comes to nobody by being made again.
#[test]
fn a_promotion_is_made_again_only_if_it_made_its_value_active_and_nobody_withdrew_it() {
    let left_out = |upon: fn(&mut Scene, &Vault)| {
        let mut scene = Scene::new();
        let here = scene.now();
        scene.begin();
        let begun = scene.now();
        upon(&mut scene, &begun);
        let mut other = Scene { vault: here, olga: scene.olga };
        let made = other.carry(&scene.vault);
        let left = made.left_out.iter().filter(|left| left.action == "promote");
        let left: Vec<bool> = left.map(|left| matches!(left.why, WhyLeftOut::Withdrawn)).collect();
        (left, other.vault.secret(&secret()).unwrap().versions.len())
    };
    assert_eq!(left_out(|scene, _| scene.promote()), (vec![], 2));
    assert_eq!(
        left_out(|scene, _| {
            scene.promote();
            scene.retire(2);
        }),
        (vec![true], 1)
    );
    let beside = left_out(|scene, begun| {
        scene.promote();
        let mut file = scene.vault.file().clone();
        scene.vault = open(begun.file());
        scene.abort();
        file.entries.extend(scene.vault.file().entries.clone());
        scene.vault = open(&file);
    });
    assert_eq!(beside, (vec![true], 1));
}

#[test]
fn an_abort_is_made_again_where_its_rotation_is_there() {
    let mut scene = Scene::new();
    let before = scene.now();
    scene.begin();
    let begun = scene.now();
    scene.abort();
    let (from, olga) = (scene.vault, scene.olga);
    let mut other = Scene { vault: begun, olga };
    let made = other.carry(&from);
    assert_eq!((made.left_out.len(), made.entries.len()), (0, 1));
    assert_eq!(other.stages(), [Stage::Aborted]);
    let mut without = Scene { vault: before, olga: other.olga };
    let made = without.carry(&from);
    let why = made.left_out.iter().map(|left| &left.why);
    let why: Vec<&WhyLeftOut> = why.collect();
    assert!(matches!(why[..], [WhyLeftOut::Rotation, WhyLeftOut::Gone]), "{why:?}");
    assert_eq!(without.stages(), []);
}

/// A version of which its author says that it stands for another one.
fn heir(vault: &Vault, old: ObjectId, adopts: OpRef, ctx: &Ctx<'_>) -> Change {
    let value = SecretValue::from("three".to_owned());
    let value = put::seal(vault, &secret(), &value, None, ctx).unwrap();
    let (secret, replaces, same, adopts) = (secret(), vec![old], vec![old], Some(adopts));
    let mut batch = Batch::new(vault, ctx);
    batch.put(NewPut { secret, value, replaces, same, adopts });
    batch.change().unwrap()
}

/// Who says of a version that it stands for another one moves no word about that one, where it is there itself.
#[test]
fn what_is_said_of_a_version_is_made_again_of_that_one() {
    let mut scene = Scene::new();
    let (here, old) = (scene.now(), scene.object(1));
    scene.retire(1);
    let from = scene.vault;
    let retiring =
        *from.file().entries.keys().find(|id| !here.file().entries.contains_key(*id)).unwrap();
    let mut other = Scene { vault: here, olga: scene.olga };
    other.act(|vault, ctx| heir(vault, old, OpRef { entry: retiring, op: 0 }, ctx));
    let made = other.carry(&from);
    assert_eq!((made.left_out.len(), made.entries.len()), (0, 1));
    let retires = other.vault.file().entries.values().flat_map(|entry| &entry.ops);
    let named: Vec<&ObjectId> = retires
        .filter_map(|op| if let Op::Retire(of) = op { Some(&of.objects) } else { None })
        .flatten()
        .collect();
    assert_eq!(named, [&old]);
    assert_eq!(other.statuses(), [VersionStatus::Retired, VersionStatus::Active]);
}
