//! Versions whose puts fill several entries, and changes whose records are not those they name.

use super::*;
use crate::crypto::bytes::Fixed;
use crate::crypto::id::{EntryId, KeyId, ObjectId, VaultId, WrapId};
use crate::crypto::identity::{generate_identity, parse_identities};
use crate::file::format;
use crate::file::format::Trust;
use crate::file::version::{Authored, WrapTo, seal_version};
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::log::op::Field;
use crate::name::Name;
use crate::name::audience::AudienceName;
use crate::people::init;
use crate::people::init::InitRequest;
use crate::secret::put;
use crate::secret::put::{NewValue, PutRequest};
use crate::secret::read;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::unlock::{Signer, Unlocked};
use crate::vault::{ApplyError, Depth};

/// A vault of one owner.
struct Scene {
    vault: Vault,
    who: Unlocked,
    signer: Signer,
}

fn secret(number: usize) -> SecretName {
    SecretName::parse(format!("prod/S{number}")).unwrap()
}

fn value(number: usize) -> SecretValue {
    SecretValue::from(format!("value {number}"))
}

fn field(number: usize, text: &str) -> Op {
    let (field, value) = ("description".to_owned(), Some(text.to_owned()));
    Op::Field(Field { secret: secret(number), field, value, adopts: None })
}

fn open(text: &str) -> Vault {
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(1)).unwrap()
}

impl Scene {
    fn new() -> Self {
        let made = generate_identity();
        let identities = parse_identities(&made.text).unwrap();
        let name = |text| Name::new(text).unwrap();
        let (member, device, recipient) = (name("olga"), name("laptop"), made.recipient);
        let request = InitRequest {
            name: name("shop"),
            member,
            device,
            recipient,
            now: UnixTime::from_secs(1),
        };
        let vault = open(&format::write(&init::init(&request, &TestHost).unwrap()));
        let who = Unlocked::new(&vault, identities).unwrap();
        let signer = who.signer(&vault).unwrap();
        Self { vault, who, signer }
    }

    fn ctx(&self) -> Ctx<'_> {
        let (who, signer) = (&self.who, &self.signer);
        Ctx {
            who,
            signer,
            random: &TestHost,
            now: UnixTime::from_secs(1),
            reason: String::new(),
            progress: &Silent,
        }
    }

    fn sealed(&self, number: usize, author: &KeyId) -> SealedValue {
        let (uid, value) = (self.vault.uid(&secret(number)), value(number));
        let keys = self.who.keys(&self.vault, &AudienceName::new("owner")).unwrap();
        let to = WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &keys[0] };
        let authored =
            Authored { value: &value, author, expires: Some(UnixTime::from_secs(9_000_000_000)) };
        seal_version(&TestHost, self.vault.binding(&uid), authored, to).unwrap()
    }

    fn new_put(&self, number: usize, author: &KeyId) -> NewPut {
        let (value, replaces) = (self.sealed(number, author), Vec::new());
        NewPut { secret: secret(number), value, replaces, same: Vec::new(), adopts: None }
    }

    fn add_put(&self, batch: &mut Batch<'_>, number: usize) {
        batch.put(self.new_put(number, &self.signer.key.id()));
    }

    /// Applies the change, writes, and reads as a stranger would.
    fn after(self, change: Change) -> Self {
        let text = format::write(self.vault.apply(change).unwrap().file());
        Self { vault: open(&text), ..self }
    }

    fn ops_per_entry(&self) -> Vec<usize> {
        let entries = self.vault.graph().in_order(&self.vault.file().entries);
        entries.iter().map(|entry| entry.ops.len()).collect()
    }

    /// Opens the current values of these secrets.
    fn open_all(&self, numbers: impl Iterator<Item = usize>) {
        let numbers: Vec<usize> = numbers.collect();
        let names: Vec<SecretName> = numbers.iter().map(|number| secret(*number)).collect();
        let values =
            read::read_all(&self.vault, &self.who, &names, UnixTime::from_secs(1)).unwrap();
        assert_eq!(values.len(), numbers.len());
        for (number, found) in numbers.iter().zip(values) {
            assert!(found.same_as(&value(*number)), "{number}");
        }
    }
}

#[test]
fn an_import_of_2500_secrets_is_three_entries_and_opens() {
    let scene = Scene::new();
    let request = |number| {
        let new = NewValue { value: value(number), expires: None, same: Vec::new() };
        PutRequest { secret: secret(number), value: Some(new), fields: Vec::new() }
    };
    let change = put::put(&scene.vault, (0..2_500).map(request).collect(), &scene.ctx()).unwrap();
    let scene = scene.after(change);
    assert_eq!(scene.ops_per_entry(), [1_000, 1_000, 500]);
    scene.open_all(0..2_500);
    // After an entry that is there already, the row goes on from it.
    let change = put::put(&scene.vault, (0..1_001).map(request).collect(), &scene.ctx()).unwrap();
    let scene = scene.after(change);
    assert_eq!(scene.ops_per_entry(), [1_000, 1_000, 500, 1_000, 1]);
    scene.open_all(0..2_500);
}

#[test]
fn each_entry_of_a_change_follows_the_one_before_and_its_versions_say_so() {
    let scene = Scene::new();
    let ctx = scene.ctx();
    let mut batch = Batch::new(&scene.vault, &ctx);
    for number in 0..3 {
        scene.add_put(&mut batch, number);
        batch.close();
    }
    let change = batch.change().unwrap();
    let scene = scene.after(change);
    let row = scene.vault.graph().in_order(&scene.vault.file().entries);
    let mut before = Vec::new();
    for (number, entry) in row.into_iter().enumerate() {
        assert_eq!((entry.lamport, &entry.parents), (number as u64 + 1, &before));
        let section = &scene.vault.file().secrets[&scene.vault.uid(&secret(number))];
        let (_, object) = section.versions.iter().next().unwrap();
        assert_eq!(object.origin, ids::origin(&before));
        before = vec![entry.id()];
    }
}

#[test]
fn puts_on_either_side_of_each_limit_open_whatever_is_between_them() {
    let scene = Scene::new();
    let ctx = scene.ctx();
    let mut batch = Batch::new(&scene.vault, &ctx);
    scene.add_put(&mut batch, 0);
    (0..998).for_each(|_| batch.add(field(0, "x")));
    scene.add_put(&mut batch, 1);
    scene.add_put(&mut batch, 2);
    batch.close();
    batch.close();
    scene.add_put(&mut batch, 3);
    // Texts of the greatest length: a thousand of them are no line any more.
    let long = "x".repeat(4_096);
    (0..600).for_each(|_| batch.add(field(3, &long)));
    scene.add_put(&mut batch, 4);
    let change = batch.change().unwrap();
    let scene = scene.after(change);
    let lengths = scene.ops_per_entry();
    assert_eq!(lengths[..2], [1_000, 1]);
    assert_eq!((lengths.len(), lengths.iter().sum::<usize>()), (5, 998 + 600 + 5));
    scene.open_all(0..5);
}

#[test]
fn nothing_taken_down_is_no_change() {
    let scene = Scene::new();
    let ctx = scene.ctx();
    let mut batch = Batch::new(&scene.vault, &ctx);
    batch.close();
    assert!(batch.is_empty() && batch.change().is_none());
}

/// What is applied when entries are not those that the versions' ids were made for.
fn torn(spoil: impl FnOnce(&Scene, Batch<'_>) -> Change) {
    let scene = Scene::new();
    let ctx = scene.ctx();
    let mut batch = Batch::new(&scene.vault, &ctx);
    scene.add_put(&mut batch, 0);
    let change = spoil(&scene, batch);
    assert!(matches!(scene.vault.apply(change), Err(ApplyError::Torn)));
}

#[test]
fn a_version_of_another_entry_than_its_puts_is_not_written() {
    let resigned = |scene: &Scene, entry: Entry, parents: Vec<EntryId>, vault: &VaultId| {
        let tips = Tips { parents, lamport: entry.lamport };
        let (policy, actor) = (entry.policy, &scene.signer.member);
        let draft = EntryDraft { ops: entry.ops, reason: entry.reason, ts: entry.ts };
        let by = Authorship { vault, policy, actor };
        Change::log(vec![draft.sign(&tips, by, &scene.signer.key)])
    };
    torn(|scene, batch| {
        let parents = vec![EntryId([1; 32])];
        batch.change_with(|mut entries| {
            resigned(scene, entries.remove(0), parents, &scene.vault.id())
        })
    });
    torn(|scene, batch| {
        let vault = VaultId([1; 32]);
        batch.change_with(|mut entries| resigned(scene, entries.remove(0), Vec::new(), &vault))
    });
    torn(|_, batch| {
        batch.change_with(|mut entries| {
            entries[0].ops = vec![field(0, "the put is gone")];
            Change::log(entries)
        })
    });
    torn(|scene, mut batch| {
        batch.put(scene.new_put(1, &KeyId([1; 32])));
        batch.change().unwrap()
    });
}

#[test]
fn an_op_without_its_version_is_not_written() {
    torn(|_, mut batch| {
        batch.add(Op::Rewrap {
            secret: secret(0),
            object: ObjectId([1; 32]),
            wrap: WrapId([2; 32]),
        });
        batch.change().unwrap()
    });
    torn(|_, mut batch| {
        let (body, object, wrap) = (Fixed([1; 32]), ObjectId([2; 32]), WrapId([3; 32]));
        let (replaces, same, secret) = (Vec::new(), Vec::new(), secret(0));
        let put = Put { secret, body, object, wrap, expires: None, replaces, same, adopts: None };
        batch.add(Op::Put(put));
        batch.change().unwrap()
    });
}

#[test]
fn a_change_that_nobody_signed_is_not_applied() {
    let scene = Scene::new();
    let request = PutRequest {
        secret: secret(1),
        value: Some(NewValue { value: value(1), expires: None, same: Vec::new() }),
        fields: Vec::new(),
    };
    let made = put::put(&scene.vault, vec![request], &scene.ctx()).unwrap();
    let mut entry = made.entries()[0].clone();
    entry.ops = vec![field(1, "forged")];
    entry.sig = Fixed([7; 64]);
    let forged = scene.vault.apply(Change::log(vec![entry]));
    assert!(matches!(forged, Err(ApplyError::NotCounting)));
    let nothing = Scene::new().vault.apply(Change::log(Vec::new()));
    assert!(matches!(nothing, Err(ApplyError::Torn)));
}
