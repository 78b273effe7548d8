//! Adoption op by op, of entries that no command line writes: some ops void, some counting.

use super::*;
use crate::crypto::id::ObjectId;
use crate::crypto::identity::{generate_identity, parse_identities};
use crate::file::device_key::new_device_key;
use crate::file::format;
use crate::file::format::Trust;
use crate::file::model::VaultFile;
use crate::host::testing::TestHost;
use crate::keys::policy_change;
use crate::name::Pattern;
use crate::people::init;
use crate::people::init::InitRequest;
use crate::policy::op::{MemberAdd, MemberKind, PolicyOp};
use crate::policy::sign::PolicyDraft;
use crate::secret::put::{NewValue, PutRequest};
use crate::secret::read;
use crate::secret::read::VersionSelector;
use crate::time::UnixTime;
use crate::vault::Depth;
use crate::vault::testing::Actor;
use crate::vault::unlock::{Signer, Unlocked};

const NOW: UnixTime = UnixTime::from_secs(1_000);

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn secret(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

fn open(file: &VaultFile) -> Vault {
    let text = format::write(file);
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, NOW).unwrap()
}

/// What a put of `bob` states, and its other ops, beside the loss of his rights on `prod/*`.
struct Scene {
    vault: Vault,
    olga: Actor,
    /// The version of his that is void.
    void: ObjectId,
}

/// `bob` may do everything on `dev/*` and `prod/*`, and loses the latter; `with` are what his entry does
/// besides putting `prod/A` and `dev/A`, given the version of `prod/A`.
fn scene(expires: Option<UnixTime>, with: impl FnOnce(ObjectId) -> Vec<Op>) -> Scene {
    let made = generate_identity();
    let (member, device) = (name("olga"), name("laptop"));
    let recipient = made.recipient.clone();
    let request =
        InitRequest { name: name("shop"), member, device, recipient, now: UnixTime::from_secs(1) };
    let vault = open(&init::init(&request, &TestHost).unwrap());
    let who = Unlocked::new(&vault, parse_identities(&made.text).unwrap()).unwrap();
    let signer = who.signer(&vault).unwrap();
    let mut olga = Actor { who, signer };
    let (bob, role, his) = (name("bob"), name("dev"), generate_identity());
    let laptop = name("laptop");
    let key = new_device_key(&TestHost, Some(&vault.id()), &bob, &laptop, &his.recipient).unwrap();
    let (kind, recipients) = (MemberKind::User, vec![his.recipient]);
    let rights = vec![Right::Read, Right::Write, Right::Delete];
    let grant = |of: &str| PolicyOp::grant(role.clone(), Pattern::new(of).unwrap(), rights.clone());
    let ops = vec![
        PolicyOp::RoleAdd { role: role.clone() },
        grant("dev/*"),
        grant("prod/*"),
        PolicyOp::MemberAdd(MemberAdd { member: bob.clone(), kind, recipients, expires: None }),
        PolicyOp::KeyAdd(key.0),
        PolicyOp::role_join(role.clone(), bob.clone()),
    ];
    let (change, _) = policy_change::change(&vault, ops, &olga.at(NOW)).unwrap();
    let vault = open(vault.apply(change).unwrap().file());
    let who = Unlocked::new(&vault, parse_identities(&his.text).unwrap()).unwrap();
    let ctx = Ctx {
        who: &who,
        signer: &Signer { member: bob, device: laptop, key: key.1 },
        ..olga.at(NOW)
    };
    let value = |text: &str, expires| {
        Some(NewValue { value: SecretValue::new(text.as_bytes().to_vec()), expires, same: vec![] })
    };
    let request = |of: &str, value| PutRequest { secret: secret(of), value, fields: Vec::new() };
    let requests =
        vec![request("prod/A", value("his", expires)), request("dev/A", value("dev", None))];
    let change = put::put(&vault, requests, &ctx).unwrap();
    let wrote = vault.file().clone();
    let mut file = open(&wrote).apply(change).unwrap().file().clone();
    let first = file.entries.values().next().unwrap().clone();
    let Op::Put(put) = &first.ops[0] else { panic!("a put") };
    let void = put.object;
    let more = with(void);
    if !more.is_empty() {
        let batch = Batch::of(&open(&file), &ctx, more);
        batch.change_with(|entries| {
            file.entries.extend(entries.iter().map(|entry| (entry.id(), entry.clone())));
            Change::log(entries)
        });
    }
    let heads = vault.heads();
    let revoke = PolicyOp::Revoke { role, pattern: Pattern::new("prod/*").unwrap(), rights };
    let draft = PolicyDraft::next(vault.chain(), NOW, heads, vec![revoke], String::new());
    file.chain.push(draft.sign(&[&olga.signer.key]));
    let uid = vault.uid(&secret("prod/A"));
    file.secrets.get_mut(&uid).unwrap().active.clear();
    let vault = open(&file);
    olga.who = Unlocked::new(&vault, parse_identities(&made.text).unwrap()).unwrap();
    Scene { vault, olga, void }
}

impl Scene {
    fn adopt(&self) -> (Adopted, Vault) {
        let chosen: Vec<_> =
            void_entries(&self.vault).into_iter().filter(|void| !void.is_adopted()).collect();
        let (adopted, change) = adopt(&self.vault, &chosen, &self.olga.at(NOW)).unwrap();
        let vault = open(self.vault.file());
        match change {
            Some(change) => (adopted, open(vault.apply(change).unwrap().file())),
            None => (adopted, vault),
        }
    }

    fn value(&self, vault: &Vault) -> Option<Vec<u8>> {
        let value =
            read::read(vault, &self.olga.who, &secret("prod/A"), &VersionSelector::Current, NOW)
                .ok();
        value.map(|value| value.expose().to_vec())
    }
}

#[test]
fn only_the_void_ops_of_an_entry_are_issued_anew() {
    let scene = scene(None, |_| Vec::new());
    let void = void_entries(&scene.vault);
    assert_eq!(void.len(), 1);
    assert_eq!(void[0].ops.iter().map(|op| op.index).collect::<Vec<_>>(), [0]);
    assert!(scene.vault.secret(&secret("dev/A")).is_some_and(|found| !found.is_gone()));
    let (adopted, vault) = scene.adopt();
    assert_eq!(adopted.secrets, BTreeSet::from([secret("prod/A")]));
    assert_eq!(scene.value(&vault), Some(b"his".to_vec()));
    let version = vault.secret(&secret("prod/A")).unwrap().current().unwrap();
    assert_eq!(version.adopts, [OpRef { entry: void[0].id, op: 0 }]);
    assert_eq!(version.same, [scene.void]);
    assert!(void_entries(&vault)[0].is_adopted());
    assert!(matches!(find(&vault, &void[0].id.to_string()), Err(AdoptError::Adopted { .. })));
}

#[test]
fn what_is_said_of_a_void_version_is_said_of_its_heir() {
    let scene = scene(Some(UnixTime::from_secs(5_000)), |object| {
        let expire = |at| Op::Expire(Expire { secret: secret("prod/A"), object, at, adopts: None });
        let resolve = Resolve { secret: secret("prod/A"), object, adopts: None };
        let prune = Op::Prune { secret: secret("prod/A"), objects: vec![object] };
        vec![expire(Some(UnixTime::from_secs(9_000))), Op::Resolve(resolve), prune]
    });
    let (adopted, vault) = scene.adopt();
    assert_eq!(adopted.left_out.iter().map(|left| left.action).collect::<Vec<_>>(), ["prune"]);
    assert_eq!(scene.value(&vault), Some(b"his".to_vec()));
    let version = vault.secret(&secret("prod/A")).unwrap().current().unwrap();
    assert_eq!(
        version.expires,
        Some(UnixTime::from_secs(9_000)),
        "the heir's expiry is changed as the void one's was"
    );
    assert_eq!(vault.secret(&secret("prod/A")).unwrap().versions.len(), 1);
}

#[test]
fn what_was_said_of_rotations_is_repeated_where_there_is_something_to_say_it_of() {
    let scene = scene(None, |object| {
        let retire = Versions { secret: secret("prod/A"), objects: vec![object], adopts: None };
        vec![Op::Retire(retire)]
    });
    let (adopted, vault) = scene.adopt();
    assert_eq!(adopted.left_out.iter().map(|left| left.action).collect::<Vec<_>>(), ["retire"]);
    assert!(!vault.secret(&secret("prod/A")).unwrap().current().unwrap().retired);
    let (adopted, vault) = Scene { vault, ..scene }.adopt();
    assert!(adopted.left_out.is_empty());
    let version = vault.secret(&secret("prod/A")).unwrap().current().unwrap();
    assert!(version.retired, "the heir of what was retired");
}

#[test]
fn what_has_expired_is_not_issued_anew() {
    let scene = scene(Some(NOW), |_| Vec::new());
    let (adopted, vault) = scene.adopt();
    assert_eq!(adopted.left_out.len(), 1);
    assert!(adopted.entries.is_empty() && vault.secret(&secret("prod/A")).is_none());
}
