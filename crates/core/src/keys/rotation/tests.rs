//! What the command line alone cannot bring about: somebody who is gone and kept what they had, keys
//! of a given age, and a member whom an envelope does not reach yet.

use super::*;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::identity::{Identity, generate_identity, parse_identities};
use crate::file::audience;
use crate::file::format;
use crate::file::format::Trust;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::keys::policy_change;
use crate::keys::status::{KeyDue, key_status};
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern, SecretName};
use crate::people::init::{InitRequest, init};
use crate::policy::op::{MemberAdd, MemberKind, PolicyOp, Right};
use crate::secret::put;
use crate::secret::put::{NewValue, PutRequest};
use crate::secret::read;
use crate::secret::read::VersionSelector;
use crate::secret::rotate::{self, Retiring};
use crate::secret::testing;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use crate::vault::unlock::{Signer, Unlocked};
use crate::vault::{Depth, Vault};
use std::collections::BTreeSet;

const START: UnixTime = UnixTime::from_secs(1_000_000);
const HOUR: u64 = 3600;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn secret() -> SecretName {
    SecretName::parse("prod/DB").unwrap()
}

fn identity() -> (Vec<Identity>, RecipientText) {
    let made = generate_identity();
    (parse_identities(&made.text).unwrap(), made.recipient)
}

/// As a reader finds it who has nothing but the bytes.
fn reopened(vault: &Vault) -> Vault {
    let text = format::write(vault.file());
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, START).unwrap()
}

struct Owner {
    who: Unlocked,
    signer: Signer,
}

impl Owner {
    fn new(vault: &Vault, identities: Vec<Identity>) -> Self {
        let who = Unlocked::new(vault, identities).unwrap();
        let signer = who.signer(vault).unwrap();
        Self { who, signer }
    }

    fn at(&self, now: UnixTime) -> Ctx<'_> {
        let (who, signer) = (&self.who, &self.signer);
        Ctx { who, signer, random: &TestHost, now, reason: String::new(), progress: &Silent }
    }

    fn policy(&self, vault: Vault, ops: Vec<PolicyOp>) -> Vault {
        let (change, _) = policy_change::change(&vault, ops, &self.at(START)).unwrap();
        vault.apply(change).unwrap()
    }
}

/// A vault of one owner with one secret, and a service `ci` that reads it.
struct World {
    vault: Vault,
    owner: Owner,
    keys: Box<dyn Fn() -> Vec<Identity>>,
    ci: Vec<Identity>,
}

fn world() -> World {
    let made = generate_identity();
    let (member, device) = (name("olga"), name("laptop"));
    let recipient = made.recipient.clone();
    let request = InitRequest { name: name("shop"), member, device, recipient, now: START };
    let text = format::write(&init(&request, &TestHost).unwrap());
    let vault = Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, START).unwrap();
    let keys = Box::new(move || parse_identities(&made.text).unwrap());
    let owner = Owner::new(&vault, keys());
    let value = SecretValue::new(b"hunter2".to_vec());
    let value = Some(NewValue { value, expires: None, same: Vec::new() });
    let request = PutRequest { secret: secret(), value, fields: Vec::new() };
    let change = put::put(&vault, vec![request], &owner.at(START)).unwrap();
    let (ci, recipient) = identity();
    let vault = owner.policy(vault.apply(change).unwrap(), joining(recipient));
    World { owner: Owner::new(&vault, keys()), vault, keys, ci }
}

fn joining(recipient: RecipientText) -> Vec<PolicyOp> {
    let (member, role) = (name("ci"), name("ci"));
    let pattern = Pattern::new("prod/*").unwrap();
    let (kind, recipients) = (MemberKind::Service, vec![recipient]);
    vec![
        PolicyOp::MemberAdd(MemberAdd { member: member.clone(), kind, recipients, expires: None }),
        PolicyOp::RoleAdd { role: role.clone() },
        PolicyOp::grant(role.clone(), pattern, vec![Right::Read]),
        PolicyOp::role_join(role, member),
    ]
}

fn schedule(key: &str, value: &str) -> PolicyOp {
    PolicyOp::Setting { key: key.into(), value: value.into() }
}

fn renew(world: World, which: &kek::KekSelection, now: UnixTime) -> (World, Vec<AudienceName>) {
    let World { vault, owner, keys, ci } = world;
    let status = key_status(&vault, now);
    let plan = kek::plan(&status, owner.who.member(), which).unwrap();
    let (change, outcome) = kek::renew(&vault, plan, &status, &owner.at(now)).unwrap();
    assert_eq!(outcome.left, []);
    let vault = match change {
        Some(change) => reopened(&vault.apply(change).unwrap()),
        None => vault,
    };
    let owner = Owner::new(&vault, keys());
    (
        World { vault, owner, keys, ci },
        outcome.renewed.into_iter().map(|new| new.audience).collect(),
    )
}

#[test]
fn a_schedule_counts_from_the_entry_that_brought_the_epoch() {
    let mut world = world();
    world.vault = world.owner.policy(world.vault, vec![schedule("rotation.kek", "12h")]);
    let due = START.saturating_add(12 * HOUR);
    assert!(!key_status(&world.vault, due.saturating_sub(1)).is_due());
    let status = key_status(&world.vault, due);
    assert_eq!(status.next_due(), Some(due));
    let keys = status.audience(&AudienceName::new("ci+owner")).unwrap();
    assert_eq!((keys.due, keys.secrets, keys.under_current), (Some(KeyDue::Schedule), 1, 1));
    let (world, renewed) = renew(world, &kek::KekSelection::Due, due);
    assert_eq!(renewed, ["ci+owner", "owner"]);
    let status = key_status(&world.vault, due);
    let keys = status.audience(&AudienceName::new("ci+owner")).unwrap();
    assert_eq!(
        (keys.since, keys.epochs, keys.due_at),
        (due, 2, Some(due.saturating_add(12 * HOUR)))
    );
    assert_eq!(keys.under_current, 0, "nothing is wrapped anew");
    let (_, renewed) = renew(world, &kek::KekSelection::Due, due);
    assert_eq!(renewed, [] as [AudienceName; 0], "done is done");
}

#[test]
fn a_key_of_the_future_is_not_due() {
    let mut world = world();
    world.vault = world.owner.policy(world.vault, vec![schedule("rotation.kek", "1h")]);
    assert!(
        !key_status(&world.vault, START.saturating_sub(30 * HOUR)).is_due(),
        "this clock is behind"
    );
}

#[test]
fn who_was_removed_opens_no_epoch_that_comes_later() {
    let mut world = world();
    let member = name("ci");
    world.vault = world.owner.policy(world.vault, vec![PolicyOp::MemberRemove { member }]);
    let which = kek::KekSelection::Named(BTreeSet::from(["owner+ci".to_owned()]));
    let (world, renewed) = renew(world, &which, START.saturating_add(1));
    assert_eq!(renewed, ["ci+owner"], "roles in any order");
    let (vault, audience) = (&world.vault, &AudienceName::new("ci+owner"));
    let file = &vault.file().audiences[audience].envelope;
    let expected = vault.expected_epochs(audience);
    assert_eq!(expected.len(), 3, "as made, after the removal, and now");
    let open = |identities: &[Identity]| {
        audience::open_envelope(identities, file, &vault.id(), audience, &expected)
    };
    assert!(open(&world.ci).is_err());
    assert_eq!(open(&(world.keys)()).unwrap().len(), 3, "who stays has every key");
    let value =
        read::read(vault, &world.owner.who, &secret(), &VersionSelector::Current, START).unwrap();
    assert_eq!(value.expose(), b"hunter2");
}

#[test]
fn an_audience_of_a_role_that_is_gone_is_left_alone() {
    let mut world = world();
    let role = name("ci");
    world.vault = world.owner.policy(world.vault, vec![PolicyOp::RoleRemove { role }]);
    let status = key_status(&world.vault, START);
    assert!(!status.audience(&AudienceName::new("ci+owner")).unwrap().in_use);
    let plan = |which: &kek::KekSelection| kek::plan(&status, &name("olga"), which);
    assert_eq!(plan(&kek::KekSelection::All).unwrap().renew, ["owner"]);
    let named = plan(&kek::KekSelection::Named(BTreeSet::from(["ci+owner".to_owned()])));
    assert!(matches!(named, Err(KeyRotationError::Retired { .. })));
    let unknown = plan(&kek::KekSelection::Named(BTreeSet::from(["dev".to_owned()])));
    assert!(matches!(unknown, Err(KeyRotationError::NoAudience { .. })));
}

#[test]
fn a_value_waits_while_its_audience_has_no_keys_for_it() {
    let world = world();
    let ops = vec![PolicyOp::MemberRemove { member: name("ci") }];
    // As a remover leaves it who could not make new keys.
    let entry = policy_change::entry(&world.vault, ops, &world.owner.at(START));
    let change = crate::vault::change::Change::policy(entry, Default::default(), Vec::new());
    let vault = world.vault.apply(change).unwrap();
    let status = key_status(&vault, START);
    assert_eq!(
        status.audience(&AudienceName::new("ci+owner")).unwrap().due,
        Some(KeyDue::MemberLeft)
    );
    assert!(!status.is_due(), "the schedule has nothing to do with it");
    let plan =
        dek::plan(&vault, &status, &world.owner.who, &dek::DekSelection::All, START).unwrap();
    assert_eq!(plan.rotate, []);
    assert_eq!((plan.skipped[0].why, plan.skipped.len()), (dek::LeftCause::NoKeys, 1));
}

/// A put in the place of what a rotation was begun upon would leave it stale.
#[test]
fn a_secret_with_an_open_rotation_is_left_out_and_told() {
    let mut world = world();
    let act = |world: &mut World, make: &dyn Fn(&Vault, &Ctx<'_>) -> Change| {
        let change = make(&world.vault, &world.owner.at(START));
        let vault = reopened(&world.vault).apply(change).unwrap();
        world.vault = reopened(&vault);
        world.owner = Owner::new(&world.vault, (world.keys)());
    };
    act(&mut world, &|vault, ctx| testing::begin(vault, &secret(), "next", ctx));
    let plan = |world: &World, which: &dek::DekSelection| {
        let status = key_status(&world.vault, START);
        dek::plan(&world.vault, &status, &world.owner.who, which, START).unwrap()
    };
    let named = dek::DekSelection::Secrets(BTreeSet::from([secret()]));
    for which in [dek::DekSelection::All, named] {
        let mut plan = plan(&world, &which);
        let [left] = &plan.skipped[..] else { panic!("{plan:?}") };
        assert_eq!((left.why, &left.able[..]), (dek::LeftCause::InRotation, &[][..]));
        let done = dek::reencrypt(&world.vault, &mut plan, &world.owner.at(START)).unwrap();
        assert!(plan.rotate.is_empty() && done.is_none());
    }
    act(&mut world, &|vault, ctx| testing::abort(vault, &secret(), ctx));
    assert_eq!(plan(&world, &dek::DekSelection::All).rotate, [secret()]);
    // What was not made ready, and what cannot go on, has nothing that a fresh key would end.
    act(&mut world, &|vault, ctx| {
        let due = rotate::to_retire(vault, &secret(), &Retiring::WhatIsOver).unwrap();
        rotate::retire(vault, &secret(), due, ctx).unwrap().1
    });
    act(&mut world, &|vault, ctx| rotate::begin::intend(vault, &secret(), None, ctx).unwrap().1);
    assert_eq!(plan(&world, &dek::DekSelection::All).rotate, [secret()]);
    act(&mut world, &|vault, ctx| rotate::abort(vault, &secret(), None, ctx).unwrap().1);
    act(&mut world, &|vault, ctx| testing::begin(vault, &secret(), "next", ctx));
    act(&mut world, &|vault, ctx| {
        let value = SecretValue::from("other".to_owned());
        let value = Some(NewValue { value, expires: None, same: Vec::new() });
        put::put(vault, vec![PutRequest { secret: secret(), value, fields: Vec::new() }], ctx)
            .unwrap()
    });
    assert_eq!(plan(&world, &dek::DekSelection::All).rotate, [secret()]);
}
