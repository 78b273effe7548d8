//! Kept keys against the vault as it goes on: what they open, and what ends them.

use super::*;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::identity::{Identity, generate_identity, parse_identities};
use crate::file::format;
use crate::file::format::Trust;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::keys::policy_change;
use crate::keys::rotation::kek::{self, KekPlan};
use crate::keys::status::key_status;
use crate::name::audience::AudienceName;
use crate::name::{Pattern, SecretName};
use crate::people::init;
use crate::people::init::InitRequest;
use crate::policy::op::{EpochReseal, MemberAdd, MemberKind, PolicyOp, Right};
use crate::secret::put;
use crate::secret::put::{NewValue, PutRequest};
use crate::secret::read;
use crate::secret::read::VersionSelector;
use crate::time::UnixTime;
use crate::vault::Depth;
use crate::vault::author::Ctx;

const SINCE: u64 = 1_000;
const UNTIL: u64 = 2_000;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn identity() -> (Vec<Identity>, RecipientText) {
    let made = generate_identity();
    (parse_identities(&made.text).unwrap(), made.recipient)
}

fn open(text: &str) -> Vault {
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(9)).unwrap()
}

fn secret() -> SecretName {
    SecretName::parse("prod/DB").unwrap()
}

/// A vault of one owner.
fn solo() -> (Vault, Unlocked) {
    let (identities, recipient) = identity();
    let (member, device) = (name("olga"), name("laptop"));
    let request =
        InitRequest { name: name("shop"), member, device, recipient, now: UnixTime::from_secs(1) };
    let vault = open(&format::write(&init::init(&request, &TestHost).unwrap()));
    let who = Unlocked::new(&vault, identities).unwrap();
    (vault, who)
}

fn with<T>(vault: &Vault, who: &Unlocked, make: impl FnOnce(&Ctx<'_>) -> T) -> T {
    let signer = who.signer(vault).unwrap();
    make(&Ctx {
        who,
        signer: &signer,
        random: &TestHost,
        now: UnixTime::from_secs(1),
        reason: String::new(),
        progress: &Silent,
    })
}

fn set(vault: Vault, who: &Unlocked) -> Vault {
    let value = SecretValue::new(b"hunter2".to_vec());
    let value = Some(NewValue { value, expires: None, same: Vec::new() });
    let request = PutRequest { secret: secret(), value, fields: Vec::new() };
    let change = with(&vault, who, |ctx| put::put(&vault, vec![request], ctx)).unwrap();
    vault.apply(change).unwrap()
}

fn changed(vault: Vault, who: &Unlocked, ops: Vec<PolicyOp>) -> Vault {
    let (change, _) = with(&vault, who, |ctx| policy_change::change(&vault, ops, ctx)).unwrap();
    vault.apply(change).unwrap()
}

/// Lets a second member into the role `ci`, which reads prod.
fn with_ci(vault: Vault, who: &Unlocked) -> Vault {
    with_ci_of(vault, who, identity().1)
}

fn with_ci_of(vault: Vault, who: &Unlocked, recipient: RecipientText) -> Vault {
    let (member, role, pattern) = (name("ci"), name("ci"), Pattern::new("prod/*").unwrap());
    let recipients = vec![recipient];
    let kind = MemberKind::Service;
    let ops = vec![
        PolicyOp::MemberAdd(MemberAdd { member: member.clone(), kind, recipients, expires: None }),
        PolicyOp::RoleAdd { role: role.clone() },
        PolicyOp::grant(role.clone(), pattern, vec![Right::Read]),
        PolicyOp::role_join(role, member),
    ];
    changed(vault, who, ops)
}

fn kept(vault: &Vault, who: &Unlocked) -> SecretValue {
    gather(
        vault,
        who,
        Term { since: UnixTime::from_secs(SINCE), until: UnixTime::from_secs(UNTIL) },
    )
    .unwrap()
    .text
}

fn resumed_at(vault: &Vault, text: &SecretValue, now: u64) -> Result<Unlocked, SessionFault> {
    let text = SecretValue::new(text.expose().to_vec());
    SessionKeys::parse(text, &vault.id())
        .and_then(|keys| Unlocked::resumed(vault, keys, UnixTime::from_secs(now)))
}

fn resumed(vault: &Vault, text: &SecretValue) -> Result<Unlocked, SessionFault> {
    resumed_at(vault, text, SINCE)
}

fn fault(vault: &Vault, text: &SecretValue) -> SessionFault {
    resumed(vault, text).err().expect("the kept keys do not open the vault")
}

fn value(vault: &Vault, who: &Unlocked) -> SecretValue {
    read::read(vault, who, &secret(), &VersionSelector::Current, UnixTime::from_secs(2)).unwrap()
}

#[test]
fn kept_keys_read_write_and_change_policy() {
    let (vault, olga) = solo();
    let text = kept(&vault, &olga);
    let who = resumed(&vault, &text).unwrap();
    let vault = set(vault, &who);
    assert_eq!(value(&vault, &who).expose(), b"hunter2");
    assert_eq!(value(&vault, &olga).expose(), b"hunter2");
    let vault = with_ci(vault, &who);
    assert_eq!(value(&vault, &olga).expose(), b"hunter2", "what was sealed anew opens as before");
    assert!(who.sealable(&vault).is_none());
}

#[test]
fn they_end_with_their_time() {
    let (vault, olga) = solo();
    let text = kept(&vault, &olga);
    assert!(resumed_at(&vault, &text, UNTIL - 1).is_ok());
    assert!(matches!(resumed_at(&vault, &text, UNTIL), Err(SessionFault::Over)));
    assert!(matches!(resumed_at(&vault, &text, SINCE - 1), Err(SessionFault::ClockBack)));
    let term =
        Term { since: UnixTime::from_secs(SINCE), until: UnixTime::from_secs(SINCE + LONGEST + 1) };
    let long = gather(&vault, &olga, term).unwrap().text;
    assert!(matches!(resumed(&vault, &long), Err(SessionFault::Over)));
}

/// The vault with bytes that nobody opens for the envelope of an audience.
fn spoilt(vault: Vault, who: &Unlocked, audience: &AudienceName) -> Vault {
    let envelope = b"nothing that age made".to_vec();
    let epoch = vault.policy().audience(audience).unwrap().current.epoch;
    let op = PolicyOp::Reseal(EpochReseal {
        audience: audience.to_owned(),
        epoch,
        envelope: ids::envelope_id(&envelope),
        skipped: Vec::new(),
    });
    let section = crate::file::model::AudienceSection { epoch, envelope };
    let sections = BTreeMap::from([(audience.to_owned(), section)]);
    let entry = with(&vault, who, |ctx| policy_change::entry(&vault, vec![op], ctx));
    let change = crate::vault::change::Change::policy(entry, sections, Vec::new());
    vault.apply(change).unwrap()
}

#[test]
fn an_envelope_that_opens_for_nobody_keeps_no_other_from_being_kept() {
    let (vault, olga) = solo();
    let vault = spoilt(with_ci(vault, &olga), &olga, &AudienceName::new("ci+owner"));
    let gathered = gather(
        &vault,
        &olga,
        Term { since: UnixTime::from_secs(SINCE), until: UnixTime::from_secs(UNTIL) },
    )
    .unwrap();
    let [KeyError::Envelope { audience, .. }] = &gathered.closed[..] else { panic!() };
    assert_eq!(audience, "ci+owner");
    let kept = resumed(&vault, &gathered.text).unwrap();
    assert!(kept.open(&vault, &AudienceName::new("owner")).is_ok());
    let closed = kept.open(&vault, &AudienceName::new("ci+owner")).unwrap_err();
    let KeyError::Envelope { source: AudienceError::Envelope { source, .. }, .. } = closed else {
        panic!()
    };
    assert!(matches!(source, crate::crypto::envelope::EnvelopeError::Damaged));
    // Kept keys take rights away as an identity does.
    let vault = changed(vault, &kept, vec![PolicyOp::MemberRemove { member: name("ci") }]);
    let ci = vault.policy().audience(&AudienceName::new("ci+owner")).unwrap();
    assert_eq!((ci.earlier.len(), vault.policy().due().count()), (1, 0));
}

#[test]
fn new_keys_end_them_and_an_older_state_does_not() {
    let (vault, olga) = solo();
    let vault = set(vault, &olga);
    let before = open(&format::write(vault.file()));
    let early = kept(&vault, &olga);
    let vault = with_ci(vault, &olga);
    match fault(&vault, &early) {
        SessionFault::NewKeys { audience } => assert_eq!(audience, "ci+owner"),
        other => panic!("{other}"),
    }
    let middle = kept(&vault, &olga);
    let leave = PolicyOp::RoleLeave { role: name("ci"), member: name("ci") };
    let after = changed(vault, &olga, vec![leave]);
    assert!(matches!(fault(&after, &middle), SessionFault::NewKeys { .. }));
    let late = kept(&after, &olga);
    for vault in [&after, &before] {
        let who = resumed(vault, &late).unwrap();
        assert_eq!(value(vault, &who).expose(), b"hunter2");
    }
}

#[test]
fn a_change_that_leaves_the_keys_does_not_end_them() {
    let (vault, olga) = solo();
    let vault = with_ci(vault, &olga);
    let text = kept(&vault, &olga);
    // The audience's envelope is sealed anew, to a second service, under the same epoch.
    let (member, recipients) = (name("ci2"), vec![identity().1]);
    let kind = MemberKind::Service;
    let ops = vec![
        PolicyOp::MemberAdd(MemberAdd { member: member.clone(), kind, recipients, expires: None }),
        PolicyOp::role_join(name("ci"), member),
    ];
    let envelope = |vault: &Vault| vault.file().audiences["ci+owner"].envelope.clone();
    let former = envelope(&vault);
    let vault = changed(vault, &olga, ops);
    assert_ne!(envelope(&vault), former);
    let who = resumed(&vault, &text).unwrap();
    let vault = set(vault, &who);
    assert_eq!(value(&vault, &who).expose(), b"hunter2");
}

#[test]
fn a_key_that_was_taken_away_ends_them() {
    let (vault, olga) = solo();
    let device = crate::file::device_key::new_device_key(
        &TestHost,
        Some(&vault.id()),
        &name("olga"),
        &name("desktop"),
        &olga.recipient(&vault).unwrap(),
    );
    let text = kept(&vault, &olga);
    let vault = changed(vault, &olga, vec![PolicyOp::KeyAdd(device.unwrap().0)]);
    assert!(resumed(&vault, &text).is_ok());
    let (member, device) = (name("olga"), name("laptop"));
    let remove = PolicyOp::KeyRemove { member, device, lost: false };
    let vault = changed(vault, &olga, vec![remove]);
    assert!(matches!(fault(&vault, &text), SessionFault::DeviceGone { .. }));
}

#[test]
fn who_was_removed_has_none() {
    let (vault, olga) = solo();
    let (identities, recipient) = identity();
    let vault = with_ci_of(set(vault, &olga), &olga, recipient);
    let text = kept(&vault, &Unlocked::new(&vault, identities).unwrap());
    let ci = resumed(&vault, &text).unwrap();
    assert_eq!(value(&vault, &ci).expose(), b"hunter2");
    assert!(matches!(ci.signer(&vault), Err(SignerError::NoKey { .. })));
    let remove = PolicyOp::MemberRemove { member: name("ci") };
    let vault = changed(vault, &olga, vec![remove]);
    assert!(matches!(fault(&vault, &text), SessionFault::MemberGone { .. }));
}

#[test]
fn they_belong_to_one_vault() {
    let (vault, olga) = solo();
    let (other, _) = solo();
    let text = kept(&vault, &olga);
    assert!(matches!(fault(&other, &text), SessionFault::OtherVault));
    let renamed =
        text.expose_str().unwrap().replace(&vault.id().to_string(), &other.id().to_string());
    assert!(matches!(
        fault(&other, &SecretValue::from(renamed)),
        SessionFault::RecipientGone { .. }
    ));
}

/// Whoever can write to the keyring cannot make this program use a key of its choice.
#[test]
fn another_key_than_the_policys_is_refused() {
    let (vault, olga) = solo();
    let vault = set(vault, &olga);
    let (other, otto) = solo();
    let (text, foreign) = (kept(&vault, &olga), kept(&other, &otto));
    let line = |text: &SecretValue, start: &str| -> String {
        let mut lines = text.expose_str().unwrap().lines();
        lines.find(|line| line.starts_with(start)).unwrap().to_owned()
    };
    let keys = |text: &SecretValue| {
        let line = line(text, "epoch ");
        line.split_once(' ').unwrap().1.split_once(' ').unwrap().1.to_owned()
    };
    let changed = text.expose_str().unwrap().replace(&keys(&text), &keys(&foreign));
    let who = resumed(&vault, &SecretValue::from(changed)).unwrap();
    assert!(
        read::read(&vault, &who, &secret(), &VersionSelector::Current, UnixTime::from_secs(2))
            .is_err()
    );
    let seed = |text: &SecretValue| line(text, "device ").rsplit(' ').next().unwrap().to_owned();
    let changed = text.expose_str().unwrap().replace(&seed(&text), &seed(&foreign));
    let who = resumed(&vault, &SecretValue::from(changed)).unwrap();
    assert!(matches!(who.signer(&vault), Err(SignerError::Sealed { .. })));
}

/// What is carried on is everybody's: an identity that nothing was opened with yet, and the key of an epoch.
#[test]
fn kept_keys_that_are_other_ones_are_not_carried_on() {
    let (vault, olga) = solo();
    let owner = AudienceName::new("owner");
    let (plan, status) = (
        KekPlan { renew: vec![owner.clone()], ..KekPlan::default() },
        key_status(&vault, UnixTime::from_secs(1)),
    );
    let renewed = with(&vault, &olga, |ctx| kek::renew(&vault, plan.clone(), &status, ctx));
    let vault = vault.apply(renewed.unwrap().0.unwrap()).unwrap();
    let text = kept(&vault, &olga);
    let oldest =
        text.expose_str().unwrap().lines().rfind(|line| line.starts_with("epoch ")).unwrap();
    let fields: Vec<&str> = oldest.split(' ').collect();
    let other = generate_identity().text;
    let (kek, identity) = (bytes::encode(&[7; 32]), other.expose_str().unwrap().to_owned());
    for (place, new) in [(2, kek), (3, identity)] {
        let changed = text.expose_str().unwrap().replace(fields[place], new.trim());
        let who = resumed(&vault, &SecretValue::from(changed)).unwrap();
        assert!(matches!(who.open(&vault, &owner), Err(KeyError::Kept { .. })), "{place}");
        let (change, made) =
            with(&vault, &who, |ctx| kek::renew(&vault, plan.clone(), &status, ctx)).unwrap();
        assert!(change.is_none(), "{place}");
        assert!(matches!(made.short.closed[0].why, KeyError::Kept { .. }), "{place}");
    }
}

#[test]
fn a_part_of_the_text_opens_nothing() {
    let (vault, olga) = solo();
    let vault = set(vault, &olga);
    let text = kept(&vault, &olga);
    for length in 0..text.len() {
        let part = SecretValue::new(text.expose()[..length].to_vec());
        if let Ok(who) = resumed(&vault, &part) {
            assert!(
                who.keys(&vault, &AudienceName::new("owner")).is_err(),
                "{length} of {}",
                text.len()
            );
        }
    }
}

#[test]
fn nothing_is_shown() {
    let (vault, olga) = solo();
    let keys = SessionKeys::parse(kept(&vault, &olga), &vault.id()).unwrap();
    assert_eq!(format!("{keys:?}"), "SessionKeys(olga, until 2000)");
}
