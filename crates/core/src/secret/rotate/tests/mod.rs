//! Rotations by hand, as one writer makes them; how they fold is `log`'s to test.

mod left;

use super::*;
use crate::crypto::bytes::Fixed;
use crate::crypto::identity::{generate_identity, parse_identities};
use crate::log::rotation::Instance;
use crate::log::state::Version;
use crate::name::Name;
use crate::people::init::{self, InitRequest};
use crate::secret::put::{self, NewValue, PutRequest};
use crate::secret::read::VersionSelector;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::batch::{Batch, NewPending};
use crate::vault::change::Change;
use crate::vault::testing::{Actor, open as open_vault};

struct Scene {
    vault: Vault,
    olga: Actor,
}

fn secret() -> SecretName {
    SecretName::parse("prod/A").unwrap()
}

fn value(text: &str) -> SecretValue {
    SecretValue::new(text.as_bytes().to_vec())
}

/// Both steps of a command that nobody is asked about.
fn retire(scene: &Scene, retiring: &Retiring) -> Result<(Vec<Retired>, Change), RotateError> {
    let due = to_retire(&scene.vault, &secret(), retiring)?;
    super::retire(&scene.vault, &secret(), due, &scene.olga.ctx())
}

impl Scene {
    fn new() -> Self {
        let made = generate_identity();
        let identities = parse_identities(&made.text).unwrap();
        let name = |text| Name::new(text).unwrap();
        let request = InitRequest {
            name: name("shop"),
            member: name("olga"),
            device: name("laptop"),
            recipient: made.recipient,
            now: UnixTime::from_secs(1),
        };
        let random = &crate::host::testing::TestHost;
        let vault = open_vault(&init::init(&request, random).unwrap());
        let olga = Actor::new(&vault, identities);
        let mut scene = Self { vault, olga };
        scene.put("old");
        scene
    }

    fn put(&mut self, text: &str) {
        let value = Some(NewValue { value: value(text), expires: None, same: Vec::new() });
        let request = PutRequest { secret: secret(), value, fields: Vec::new() };
        let change = put::put(&self.vault, vec![request], &self.olga.ctx()).unwrap();
        self.apply(change);
    }

    fn apply(&mut self, change: Change) {
        let text = crate::file::format::write(self.vault.clone().apply(change).unwrap().file());
        let now = UnixTime::from_secs(9);
        let trust = crate::file::format::Trust::Strict;
        self.vault =
            Vault::open(text.as_bytes(), trust, crate::vault::Depth::Everything, now).unwrap();
    }

    fn begin(&mut self, text: &str, share: u64) -> String {
        let begun = Begun {
            value: value(text),
            expires: None,
            share: Some(share).filter(|share| *share > 0),
        };
        let (id, change) = begin(&self.vault, &secret(), begun, &self.olga.ctx()).unwrap();
        self.apply(change);
        id.to_string()
    }

    fn state(&self) -> &SecretState {
        self.vault.secret(&secret()).unwrap()
    }

    fn served(&self, instance: &str) -> Vec<u8> {
        let instance = Instance::new(instance).unwrap();
        let now = UnixTime::from_secs(9);
        let served =
            serve::read_for(&self.vault, &self.olga.who, &[secret()], &instance, now).unwrap();
        assert_eq!(served.fallen_back, []);
        served.values[0].expose().to_vec()
    }

    fn current(&self) -> &Version {
        self.state().current().unwrap()
    }
}

#[test]
fn a_value_is_given_to_a_share_then_to_all_then_it_is_active() {
    let mut scene = Scene::new();
    let id = scene.begin("new", 0);
    assert_eq!(scene.served("web-1"), b"old");
    let (rotation, change) =
        rollout(&scene.vault, &secret(), None, 10_000, &scene.olga.ctx()).unwrap();
    assert_eq!(rotation.to_string(), id);
    scene.apply(change);
    assert_eq!(scene.served("web-1"), b"new");
    // Nobody without an instance is given it.
    let wanted = VersionSelector::Current;
    let read = |scene: &Scene| {
        let now = UnixTime::from_secs(9);
        read::read(&scene.vault, &scene.olga.who, &secret(), &wanted, now).unwrap()
    };
    assert_eq!(read(&scene).expose(), b"old");
    let (_, change) = promote(&scene.vault, &secret(), None, &scene.olga.ctx()).unwrap();
    scene.apply(change);
    assert_eq!(read(&scene).expose(), b"new");
    assert_eq!(scene.current().number, 2);
}

#[test]
fn a_share_is_a_share_and_a_beginning_says_it() {
    let mut scene = Scene::new();
    scene.begin("new", 5_000);
    let given = (0..200).filter(|n| scene.served(&format!("web-{n}")) == b"new").count();
    assert!((60..140).contains(&given), "{given}");
}

#[test]
fn an_aborted_value_is_given_to_nobody_and_is_retired_with_what_is_over() {
    let mut scene = Scene::new();
    scene.begin("new", 10_000);
    let (was, change) = abort(&scene.vault, &secret(), None, &scene.olga.ctx()).unwrap();
    assert_eq!(was.as_str(), "live");
    scene.apply(change);
    assert_eq!(scene.served("web-1"), b"old");
    let retiring = Retiring::WhatIsOver;
    let (gone, change) = retire(&scene, &retiring).unwrap();
    assert_eq!(gone.iter().map(|one| one.number).collect::<Vec<_>>(), [None]);
    scene.apply(change);
    let again = retire(&scene, &retiring);
    assert!(matches!(again, Err(RotateError::NothingToRetire { .. })));
}

#[test]
fn what_was_promoted_over_is_retired_and_what_is_in_use_is_not() {
    let mut scene = Scene::new();
    scene.begin("new", 0);
    let pending = scene.state().in_rotation().next().unwrap().object.to_string();
    let one = |text: &str| Retiring::One(VersionSelector::Id(text.to_owned()));
    let refused = retire(&scene, &one(&pending));
    assert!(matches!(refused, Err(RotateError::InRotation { .. })));
    let current = Retiring::One(VersionSelector::Number(1));
    let refused = retire(&scene, &current);
    assert!(matches!(refused, Err(RotateError::Active { number: 1, .. })));
    let (_, change) = promote(&scene.vault, &secret(), None, &scene.olga.ctx()).unwrap();
    scene.apply(change);
    let (gone, change) = retire(&scene, &Retiring::WhatIsOver).unwrap();
    assert_eq!(gone[0].number, Some(1));
    scene.apply(change);
    assert!(scene.state().numbered(1).unwrap().retired);
}

#[test]
fn one_rotation_at_a_time_and_only_on_what_is_active() {
    let mut scene = Scene::new();
    scene.begin("new", 0);
    let begun = Begun { value: value("other"), expires: None, share: None };
    let refused = begin(&scene.vault, &secret(), begun, &scene.olga.ctx());
    assert!(
        matches!(refused, Err(RotateError::Open { rotation, .. }) if rotation.as_str() == "live")
    );
    // Somebody sets it meanwhile: the rotation goes on no more, and is withdrawn or, by name, taken all the same.
    scene.put("third");
    let refused = rollout(&scene.vault, &secret(), None, 1, &scene.olga.ctx());
    assert!(matches!(refused, Err(RotateError::Stale { .. })));
    let refused = promote(&scene.vault, &secret(), None, &scene.olga.ctx());
    assert!(matches!(refused, Err(RotateError::Stale { .. })));
    let id = scene.state().open_rotations().next().unwrap().id.to_string();
    // Too little of its id is no name, of a stale one above all.
    for few in ["", &id[..3], &id[..9]] {
        let refused = promote(&scene.vault, &secret(), Some(few), &scene.olga.ctx());
        assert!(matches!(refused, Err(RotateError::ShortId { .. })), "{few}");
    }
    let refused = abort(&scene.vault, &secret(), Some(""), &scene.olga.ctx());
    assert!(matches!(refused, Err(RotateError::ShortId { .. })));
    let shown = Some(&id[..10]);
    let (_, change) = promote(&scene.vault, &secret(), shown, &scene.olga.ctx()).unwrap();
    scene.apply(change);
    assert_eq!(scene.served("web-1"), b"new");
    let refused = abort(&scene.vault, &secret(), Some(&id), &scene.olga.ctx());
    assert!(matches!(refused, Err(RotateError::Over { .. })));
    let refused = abort(&scene.vault, &secret(), None, &scene.olga.ctx());
    assert!(matches!(refused, Err(RotateError::NoneOpen { .. })));
    let refused = abort(&scene.vault, &secret(), Some("none"), &scene.olga.ctx());
    assert!(matches!(refused, Err(RotateError::NoSuch { .. })));
}

#[test]
fn an_expired_value_is_given_to_nobody_and_not_promoted() {
    let mut scene = Scene::new();
    let begun =
        Begun { value: value("new"), expires: Some(UnixTime::from_secs(5)), share: Some(10_000) };
    let (_, change) = begin(&scene.vault, &secret(), begun, &scene.olga.ctx()).unwrap();
    scene.apply(change);
    let instance = Instance::new("web-1").unwrap();
    let served = serve::read_for(
        &scene.vault,
        &scene.olga.who,
        &[secret()],
        &instance,
        UnixTime::from_secs(9),
    )
    .unwrap();
    assert_eq!(served.fallen_back, [secret()]);
    assert_eq!(served.values[0].expose(), b"old");
    let later = scene.olga.at(UnixTime::from_secs(9));
    let refused = promote(&scene.vault, &secret(), None, &later);
    assert!(matches!(refused, Err(RotateError::Expired { .. })));
    let refused = rollout(&scene.vault, &secret(), None, 5_000, &later);
    assert!(matches!(refused, Err(RotateError::Expired { .. })));
    rollout(&scene.vault, &secret(), None, 0, &later).unwrap();
}

#[test]
fn a_value_that_does_not_open_is_not_promoted_by_who_may_read_it() {
    let mut scene = Scene::new();
    // Sealed for another secret, as whoever may not read can make it.
    let other = SecretName::parse("prod/B").unwrap();
    let ctx = scene.olga.ctx();
    let sealed = put::seal(&scene.vault, &other, &value("new"), None, &ctx).unwrap();
    let sealed = sealed.moved_to(scene.vault.uid(&secret()));
    let mut batch = Batch::new(&scene.vault, &ctx);
    let (base, nonce) = (scene.current().object, Fixed([7; 16]));
    batch.begin(NewPending { secret: secret(), value: sealed, base, nonce });
    let change = batch.change().unwrap();
    scene.apply(change);
    let refused = promote(&scene.vault, &secret(), None, &scene.olga.ctx());
    assert!(matches!(refused, Err(RotateError::Read(ReadError::Open { .. }))), "{refused:?}");
}
