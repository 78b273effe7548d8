//! What the command line alone cannot bring about: changes that an earlier writer left half done,
//! and a vault with two owners who must both sign.

use super::*;
use crate::crypto::bytes::{Blob, Fixed};
use crate::crypto::id::EntryId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::identity::{Identity, generate_identity, parse_identities};
use crate::file::audience;
use crate::file::device_key::new_device_key;
use crate::file::format;
use crate::file::format::Trust;
use crate::file::model::{Header, VaultFile, Wrap, WrapKey};
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::keys::opening;
use crate::log::finding::FindingCode;
use crate::log::op::{Field, Op, Versions};
use crate::name::Pattern;
use crate::name::audience::AudienceName;
use crate::people::init;
use crate::people::init::InitRequest;
use crate::policy::op::{EpochStart, MemberAdd, MemberKind, Right, VaultStart};
use crate::record::ids::SUITE;
use crate::secret::put;
use crate::secret::put::{NewValue, PutRequest};
use crate::secret::read;
use crate::secret::read::{ReadError, VersionSelector};
use crate::secret::testing;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::batch::Batch;
use crate::vault::change::NewWrap;
use crate::vault::testing::{Actor, open};
use crate::vault::unlock::Unlocked;
use crate::vault::{ApplyError, Depth, OpenError};
use bech32::{ToBase32, Variant};
use std::collections::BTreeMap;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn secret() -> SecretName {
    SecretName::parse("prod/DB").unwrap()
}

/// An identity with its recipient.
fn identity() -> (Vec<Identity>, RecipientText) {
    let made = generate_identity();
    (parse_identities(&made.text).unwrap(), made.recipient)
}

/// A vault of one owner with one secret.
fn solo() -> (Vault, Actor) {
    let (identities, recipient) = identity();
    let (member, device) = (name("olga"), name("laptop"));
    let request =
        InitRequest { name: name("shop"), member, device, recipient, now: UnixTime::from_secs(1) };
    let vault = open(&init::init(&request, &TestHost).unwrap());
    let olga = Actor::new(&vault, identities);
    let value = SecretValue::new(b"hunter2".to_vec());
    let value = Some(NewValue { value, expires: None, same: Vec::new() });
    let request = PutRequest { secret: secret(), value, fields: Vec::new() };
    let change = put::put(&vault, vec![request], &olga.ctx()).unwrap();
    (vault.apply(change).unwrap(), olga)
}

/// Ops that let `ci` read prod, without the keys that belong to them.
fn ci_ops(recipient: RecipientText) -> Vec<PolicyOp> {
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

fn read(vault: &Vault, who: &Unlocked) -> Result<SecretValue, ReadError> {
    read::read(vault, who, &secret(), &VersionSelector::Current, UnixTime::from_secs(2))
}

#[test]
fn an_audience_that_was_left_without_keys_gets_them_with_its_secrets() {
    let (vault, olga) = solo();
    let (identities, recipient) = identity();
    let entry = entry(&vault, ci_ops(recipient), &olga.ctx());
    let vault = vault.apply(Change::policy(entry, BTreeMap::new(), Vec::new())).unwrap();
    let ci = Unlocked::new(&vault, identities).unwrap();
    assert!(matches!(read(&vault, &ci), Err(ReadError::Unsettled { .. })));
    let (change, outcome) = settle(&vault, &olga.ctx()).unwrap();
    let change = change.unwrap();
    assert!(change.alters_policy());
    assert_eq!((outcome.settled, outcome.unsettled), (vec![secret()], Vec::new()));
    let vault = open(vault.apply(change).unwrap().file());
    assert_eq!(read(&vault, &ci).unwrap().expose(), b"hunter2");
    assert!(settle(&vault, &olga.ctx()).unwrap().0.is_none(), "nothing is left to do");
}

#[test]
fn secrets_that_were_not_wrapped_for_their_audience_need_no_change_of_policy() {
    let (vault, olga) = solo();
    let (identities, recipient) = identity();
    let to = &AudienceName::new("ci+owner");
    let (keys, stated) = audience::new_epoch(&TestHost, &vault.id(), to).unwrap();
    let readers =
        [vault.policy().recipients_of(&AudienceName::new("owner")), vec![recipient.clone()]]
            .concat();
    let envelope = audience::seal_envelope(&vault.id(), to, &[keys], &readers).unwrap();
    let mut ops = ci_ops(recipient);
    ops.push(PolicyOp::Epoch(EpochStart {
        audience: to.clone(),
        epoch: stated.epoch,
        recipient: stated.recipient,
        kek: stated.commitment,
        envelope: crate::record::ids::envelope_id(&envelope),
        skipped: Vec::new(),
    }));
    let section = crate::file::model::AudienceSection { epoch: stated.epoch, envelope };
    let sections = BTreeMap::from([(to.clone(), section)]);
    let entry = entry(&vault, ops, &olga.ctx());
    let vault = vault.apply(Change::policy(entry, sections, Vec::new())).unwrap();
    let ci = Unlocked::new(&vault, identities).unwrap();
    match read(&vault, &ci).unwrap_err() {
        ReadError::Unsettled { able, .. } => assert_eq!(able, [name("olga")]),
        other => panic!("{other}"),
    }
    let (change, outcome) = settle(&vault, &olga.ctx()).unwrap();
    let change = change.unwrap();
    assert!(!change.alters_policy());
    assert_eq!(outcome.settled, [secret()]);
    let vault = open(vault.apply(change).unwrap().file());
    assert_eq!(read(&vault, &ci).unwrap().expose(), b"hunter2");
}

#[test]
fn what_two_owners_must_sign_is_refused_to_one_and_named() {
    let mut ops = vec![PolicyOp::Vault(VaultStart {
        suite: SUITE.into(),
        nonce: Fixed([1; 16]),
        name: name("shop"),
        threshold: 2,
    })];
    let (mut keys, mut first) = (Vec::new(), None);
    for owner in ["olga", "otto"] {
        let (identities, recipient) = identity();
        let member = name(owner);
        let (add, key) =
            new_device_key(&TestHost, None, &member, &name("laptop"), &recipient).unwrap();
        let (kind, recipients) = (MemberKind::User, vec![recipient]);
        ops.push(PolicyOp::MemberAdd(MemberAdd {
            member: member.clone(),
            kind,
            recipients,
            expires: None,
        }));
        ops.push(PolicyOp::KeyAdd(add));
        ops.push(PolicyOp::role_join(name("owner"), member));
        keys.push(key);
        first.get_or_insert(identities);
    }
    let genesis = PolicyDraft::genesis(UnixTime::from_secs(1), ops, String::new())
        .sign(&[&keys[0], &keys[1]]);
    let header = Header { suite: SUITE.into(), vault: genesis.id().into(), name: name("shop") };
    let vault = open(&VaultFile {
        header,
        chain: vec![genesis],
        closed: None,
        audiences: BTreeMap::new(),
        slots: BTreeMap::new(),
        secrets: BTreeMap::new(),
        entries: BTreeMap::new(),
    });
    let olga = Actor::new(&vault, first.unwrap());
    let setting = PolicyOp::Setting { key: "ttl".into(), value: "on-write".into() };
    let refused = change_alone(&vault, vec![setting.clone()], &olga.ctx()).unwrap_err();
    assert!(matches!(refused, PolicyChangeError::Threshold { threshold: 2 }), "{refused}");
    let (proposed, _) = change(&vault, vec![setting], &olga.ctx()).unwrap();
    assert_eq!(proposed.proposed().unwrap().0.sigs.len(), 1);
    // No vault takes it as it is.
    let vault_again = open(vault.file());
    assert!(matches!(vault_again.apply(proposed), Err(ApplyError::Chain(_))));
    // What no two need to sign, each may do; the owners' audience waits for two.
    let (change, outcome) =
        change(&vault, vec![PolicyOp::RoleAdd { role: name("dev") }], &olga.ctx()).unwrap();
    assert_eq!(outcome.without_keys, ["owner"]);
    let vault = open(vault.apply(change).unwrap().file());
    assert!(vault.policy().role(&name("dev")).is_some());
    assert!(vault.policy().audience(&AudienceName::new("owner")).is_none());
}

/// `vault` with a wrap of garbage as the live one of its secret.
fn with_useless_wrap(vault: Vault, olga: &Actor) -> Vault {
    let uid = vault.uid(&secret());
    let version = vault.secret(&secret()).unwrap().current().unwrap();
    let object = version.object;
    let key = WrapKey::Kek(Blob(vec![7; 48]));
    let wrap = Wrap { key, ..vault.wrap(&uid, &version.live_wrap.wrap).unwrap().clone() };
    let id = wrap.id();
    let ops = vec![Op::Rewrap { secret: secret(), object, wrap: id }];
    let ctx = olga.ctx();
    let mut batch = Batch::of(&vault, &ctx, ops);
    batch.wrap(NewWrap { uid, id, wrap });
    let change = batch.change().unwrap();
    open(vault.apply(change).unwrap().file())
}

#[test]
fn a_live_wrap_of_no_use_falls_back_to_another_until_it_is_settled() {
    let (vault, olga) = solo();
    let vault = with_useless_wrap(vault, &olga);
    assert_eq!(read(&vault, &olga.who).unwrap().expose(), b"hunter2");
    assert!(olga.who.take_fallen_back().contains(&secret()));
    let all = read::read_all(&vault, &olga.who, &[secret()], UnixTime::from_secs(2)).unwrap();
    assert_eq!(all[0].expose(), b"hunter2");
    let (change, outcome) = settle(&vault, &olga.ctx()).unwrap();
    assert_eq!(outcome.settled, [secret()]);
    let vault = open(vault.apply(change.unwrap()).unwrap().file());
    let version = vault.secret(&secret()).unwrap().current().unwrap();
    // To wrap it anew for the same readers gives the wrap that was there.
    assert_eq!(version.wraps_to_try().count(), 2, "each is kept");
    let (again, _) = settle(&vault, &olga.ctx()).unwrap();
    assert!(again.is_none(), "nothing is left to do");
}

#[test]
fn dropping_the_wrap_that_opens_is_refused_in_every_depth() {
    let (vault, olga) = solo();
    let vault = with_useless_wrap(vault, &olga);
    let mut file = vault.file().clone();
    let good = vault.secret(&secret()).unwrap().versions[0].other_wraps[0];
    file.secrets.values_mut().for_each(|section| _ = section.wraps.remove(&good));
    let (text, wanted) = (format::write(&file), BTreeSet::from([secret()]));
    for depth in [Depth::Everything, Depth::Secrets(&wanted)] {
        match Vault::open(text.as_bytes(), Trust::Strict, depth, UnixTime::from_secs(9))
            .unwrap_err()
        {
            OpenError::Findings(found) => assert_eq!(found[0].code, FindingCode::WrapMissing),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_policy_entry_that_would_end_work_that_counts_is_refused() {
    let (vault, olga) = solo();
    let (identities, recipient) = identity();
    let (bob, role) = (name("bob"), name("writer"));
    let made = new_device_key(&TestHost, Some(&vault.id()), &bob, &name("laptop"), &recipient);
    let (kind, recipients) = (MemberKind::User, vec![recipient]);
    let rights = vec![Right::Read, Right::Write];
    let ops = vec![
        PolicyOp::RoleAdd { role: role.clone() },
        PolicyOp::grant(role.clone(), Pattern::new("*").unwrap(), rights),
        PolicyOp::MemberAdd(MemberAdd { member: bob.clone(), kind, recipients, expires: None }),
        PolicyOp::KeyAdd(made.unwrap().0),
        PolicyOp::role_join(role, bob.clone()),
    ];
    let (added, _) = change(&vault, ops, &olga.ctx()).unwrap();
    let vault = open(vault.apply(added).unwrap().file());
    let actor = Actor::new(&vault, identities);
    let field = Op::Field(Field {
        secret: secret(),
        field: "type".to_owned(),
        value: Some("x".to_owned()),
        adopts: None,
    });
    let written = Batch::of(&vault, &actor.ctx(), vec![field]).change().unwrap();
    let (id, before) = (written.entry_ids()[0], vault.heads());
    let vault = open(vault.apply(written).unwrap().file());
    let removal = |heads: BTreeSet<EntryId>| {
        let ops = vec![PolicyOp::MemberRemove { member: bob.clone() }];
        let draft =
            PolicyDraft::next(vault.chain(), UnixTime::from_secs(1), heads, ops, String::new());
        Change::policy(draft.sign(&[&olga.signer.key]), BTreeMap::new(), Vec::new())
    };
    let reopened = || open(vault.file());
    match reopened().apply(removal(before)).unwrap_err() {
        ApplyError::Voids { entry, actor } => assert_eq!((entry, actor), (id, bob.clone())),
        other => panic!("{other}"),
    }
    assert!(reopened().apply(removal(vault.heads())).is_ok());
}

/// Roles with a pattern of their own each, and the role `contractor` that all secrets are open to, as
/// members with the right to grant make them: without keys.
fn crowded(
    roles: usize,
    role: impl Fn(usize) -> String,
    pattern: impl Fn(usize) -> String,
) -> (Vault, Actor) {
    let (mut vault, olga) = solo();
    let contractor = name("contractor");
    let kind = MemberKind::Service;
    let first = vec![
        PolicyOp::MemberAdd(MemberAdd {
            member: contractor.clone(),
            kind,
            recipients: vec![identity().1],
            expires: None,
        }),
        PolicyOp::RoleAdd { role: contractor.clone() },
        PolicyOp::grant(contractor.clone(), Pattern::new("*").unwrap(), vec![Right::Read]),
        PolicyOp::role_join(contractor.clone(), contractor),
    ];
    let (let_in, _) = change(&vault, first, &olga.ctx()).unwrap();
    vault = vault.apply(let_in).unwrap();
    let all: Vec<usize> = (0..roles).collect();
    for some in all.chunks(450) {
        let ops = some.iter().flat_map(|n| {
            let (role, pattern) = (name(&role(*n)), Pattern::new(pattern(*n)).unwrap());
            [
                PolicyOp::RoleAdd { role: role.clone() },
                PolicyOp::grant(role, pattern, vec![Right::Read]),
            ]
        });
        let entry = entry(&vault, ops.collect(), &olga.ctx());
        vault = vault.apply(Change::policy(entry, BTreeMap::new(), Vec::new())).unwrap();
    }
    (vault, olga)
}

fn removal() -> Vec<PolicyOp> {
    vec![PolicyOp::MemberRemove { member: name("contractor") }]
}

#[test]
fn a_member_goes_however_many_audiences_wait_for_keys() {
    let (vault, olga) = crowded(1_100, |n| format!("p{n}"), |n| format!("dev/P{n}"));
    let (gone, outcome) = change(&vault, removal(), &olga.ctx()).unwrap();
    let ops = &gone.policy_entry().unwrap().ops;
    assert_eq!((ops.len(), &ops[..1]), (1_000, &removal()[..]));
    assert!(
        outcome.renewed.contains(&AudienceName::new("contractor+owner")),
        "what is used comes first"
    );
    assert_eq!(outcome.unsettled, []);
    assert_eq!(outcome.short.later.len(), outcome.without_keys.len());
    let left = outcome.without_keys.len();
    assert_eq!(outcome.renewed.len() + left, 1_101, "each role's, and that of prod");
    let vault = open(vault.apply(gone).unwrap().file());
    assert!(vault.policy().member(&name("contractor")).is_none());
    assert_eq!(read(&vault, &olga.who).unwrap().expose(), b"hunter2");
    let (settled, outcome) = settle(&vault, &olga.ctx()).unwrap();
    assert_eq!((outcome.renewed.len(), outcome.without_keys.len()), (left, 0));
    let vault = open(vault.apply(settled.unwrap()).unwrap().file());
    assert!(vault.policy().missing_audiences().is_empty() && vault.policy().due().next().is_none());
    assert!(settle(&vault, &olga.ctx()).unwrap().0.is_none(), "nothing is left to do");
}

#[test]
fn the_names_of_roles_do_not_make_an_entry_that_is_too_long() {
    let role =
        |n: usize| if n < 200 { format!("q{n:04}{}", "x".repeat(120)) } else { format!("p{n}") };
    let pattern = |n: usize| if n < 200 { "dev/*".to_owned() } else { format!("dev/P{n}") };
    let (mut vault, olga) = crowded(260, role, pattern);
    let (gone, outcome) = change(&vault, removal(), &olga.ctx()).unwrap();
    assert!(gone.policy_entry().unwrap().line().len() < format::MAX_LINE);
    let mut left = outcome.short.later.len();
    assert!(left > 0);
    vault = open(vault.apply(gone).unwrap().file());
    while left > 0 {
        let (more, outcome) = settle(&vault, &olga.ctx()).unwrap();
        assert!(outcome.short.later.len() < left);
        left = outcome.short.later.len();
        vault = open(vault.apply(more.unwrap()).unwrap().file());
    }
    assert!(vault.policy().missing_audiences().is_empty() && vault.policy().due().next().is_none());
}

#[test]
fn an_audience_with_too_many_that_cannot_be_sealed_to_is_left_and_named() {
    let (mut vault, olga) = crowded(1, |_| "p".to_owned(), |_| "prod/*".to_owned());
    let unusable = |n: usize| {
        let text = bech32::encode("age1nobody", n.to_be_bytes().to_base32(), Variant::Bech32);
        RecipientText::new(text.unwrap())
    };
    let allowed = PolicyOp::Setting { key: "plugins.allow".into(), value: "nobody".into() };
    let (allowed, _) = change(&vault, vec![allowed], &olga.ctx()).unwrap();
    vault = vault.apply(allowed).unwrap();
    for some in (0..70).collect::<Vec<usize>>().chunks(20) {
        let ops = some.iter().flat_map(|n| {
            let (member, kind) = (name(&format!("s{n}")), MemberKind::Service);
            let mut recipients: Vec<RecipientText> = (n * 16..n * 16 + 16).map(unusable).collect();
            recipients.sort();
            let add = PolicyOp::MemberAdd(MemberAdd {
                member: member.clone(),
                kind,
                recipients,
                expires: None,
            });
            [add, PolicyOp::role_join(name("p"), member)]
        });
        let entry = entry(&vault, ops.collect(), &olga.ctx());
        vault = vault.apply(Change::policy(entry, BTreeMap::new(), Vec::new())).unwrap();
    }
    let (gone, outcome) = change(&vault, removal(), &olga.ctx()).unwrap();
    assert_eq!(outcome.short.unstatable, ["contractor+owner+p"]);
    assert_eq!((&outcome.without_keys, outcome.short.later.len()), (&outcome.short.unstatable, 0));
    let vault = open(vault.apply(gone).unwrap().file());
    assert!(vault.policy().member(&name("contractor")).is_none());
}

#[test]
fn what_only_a_leaver_vouched_for_goes_as_far_as_one_entry_reaches() {
    use crate::people::departure;
    let (vault, olga) = crowded(1_100, |n| format!("p{n}"), |n| format!("dev/P{n}"));
    let roles = vault.policy().roles().map(|(role, _)| role.clone());
    let roles = roles.filter(|role| role.as_str().starts_with('p')).collect();
    let alone = crate::policy::vouching::Alone { roles, ..Default::default() };
    let taken = departure::revoke(&vault, &alone, &olga.signer.key.id(), &removal());
    assert_eq!(taken.len(), 999);
    let ops = taken.into_iter().chain(removal()).collect();
    let (gone, _) = change(&vault, ops, &olga.ctx()).unwrap();
    let vault = open(vault.apply(gone).unwrap().file());
    assert!(vault.policy().member(&name("contractor")).is_none());
}

/// What a rotation may bring yet is wrapped for those to whom it comes, whether the secret is gone or not.
#[test]
fn what_open_rotations_may_bring_is_settled_as_what_is_active() {
    for is_gone in [false, true] {
        let (vault, olga) = solo();
        let current = vault.secret(&secret()).unwrap().current.unwrap();
        let begun = testing::begin(&vault, &secret(), "made ready", &olga.ctx());
        let mut vault = vault.apply(begun).unwrap();
        if is_gone {
            let (secret, objects) = (secret(), vec![current]);
            let remove = Op::Remove(Versions { secret, objects, adopts: None });
            let change = Batch::of(&vault, &olga.ctx(), vec![remove]).change().unwrap();
            vault = vault.apply(change).unwrap();
        }
        let (identities, recipient) = identity();
        let entry = entry(&vault, ci_ops(recipient), &olga.ctx());
        let vault = vault.apply(Change::policy(entry, BTreeMap::new(), Vec::new())).unwrap();
        let unsettled = |vault: &Vault| {
            let vault = open(vault.file());
            let findings = vault.findings().unwrap().iter();
            findings.filter(|finding| finding.code == FindingCode::Unsettled).count()
        };
        let wanted = if is_gone { 1 } else { 2 };
        assert_eq!(unsettled(&vault), wanted);
        let (change, outcome) = settle(&vault, &olga.ctx()).unwrap();
        assert_eq!((outcome.settled, outcome.unsettled), (vec![secret()], Vec::new()));
        let vault = open(vault.apply(change.unwrap()).unwrap().file());
        assert_eq!(unsettled(&vault), 0);
        let ci = Unlocked::new(&vault, identities).unwrap();
        let coming = vault.secret(&secret()).unwrap().in_rotation().next().unwrap();
        let value = read::open(&vault, &ci, &secret(), coming).unwrap();
        assert_eq!(value.expose(), b"made ready");
        let opening = opening::open_all(&vault, &ci, &Silent).unwrap();
        assert_eq!((opening.opened, opening.closed.len()), (wanted, 0));
    }
}
