//! The vectors of `docs/format.md`, in `fixtures/vectors`: any implementation gives these bytes.
//!
//! `V_SECURE_TEST_WRITE_VECTORS=1` writes the files again instead of comparing.

use serde_json::{Value, json};
use std::cell::RefCell;
use std::sync::LazyLock;
use v_secure::host::Random;
use v_secure_core::crypto::armor::{armor, dearmor};
use v_secure_core::crypto::bytes::{Blob, Fixed, encode};
use v_secure_core::crypto::digest::{HashContext, hash};
use v_secure_core::crypto::id::{EntryId, EpochId, ObjectId, RotationId, SecretId, VaultId};
use v_secure_core::crypto::identity::{parse_identities, parse_identity};
use v_secure_core::crypto::kdf::Params;
use v_secure_core::crypto::padding::padded_length;
use v_secure_core::crypto::seal::{Dek, FreshDek};
use v_secure_core::crypto::sign::{SigningKey, Tag, VerifyingKey};
use v_secure_core::crypto::wrap::{Kek, WrapBinding, open_sealed_dek, seal_dek};
use v_secure_core::file::audience::{
    EpochKeys, ExpectedEpoch, kek_commitment, open_envelope, seal_envelope,
};
use v_secure_core::file::model::WrapKey;
use v_secure_core::file::request::{Request, fingerprint_words};
use v_secure_core::file::slot::SlotRecord;
use v_secure_core::file::slot_seal;
use v_secure_core::file::slot_seal::NewSlot;
use v_secure_core::file::version::{Authored, SecretRef, WrapTo, open_version, seal_version};
use v_secure_core::log::rotation::Instance;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::record::ids;
use v_secure_core::record::ids::SUITE;
use v_secure_core::record::line;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;

const VAULT: VaultId = VaultId([0x11; 32]);
const EPOCH: EpochId = EpochId([0x22; 16]);
/// Of the version that a sealed wrap is of.
const COMMITMENT: Fixed<32> = Fixed([0x33; 32]);
const DEK: [u8; 32] = [0x44; 32];
const KEK: [u8; 32] = [0x55; 32];
const SEED: [u8; 32] = [0x66; 32];
static AUDIENCE: LazyLock<AudienceName> = LazyLock::new(|| AudienceName::new("developer+owner"));
const IDENTITY: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";

/// Gives the bytes it was told to, in order.
struct Scripted(RefCell<Vec<Vec<u8>>>);

impl Scripted {
    fn new(draws: &[&[u8]]) -> Self {
        Self(RefCell::new(draws.iter().rev().map(|draw| draw.to_vec()).collect()))
    }
}

impl Random for Scripted {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0.borrow_mut().pop().unwrap());
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn secret(bytes: &[u8]) -> SecretValue {
    SecretValue::new(bytes.to_vec())
}

fn epoch_keys() -> EpochKeys {
    let kek = Kek::parse(&encode(&KEK)).unwrap();
    EpochKeys::new(EPOCH, kek, parse_identity(&secret(IDENTITY.as_bytes())).unwrap())
}

fn stated() -> ExpectedEpoch {
    let keys = epoch_keys();
    let commitment = kek_commitment(&VAULT, &AUDIENCE, &EPOCH, &keys.kek);
    ExpectedEpoch { epoch: EPOCH, recipient: keys.identity().unwrap().recipient(), commitment }
}

fn version(value: &[u8], parents: &[EntryId], expires: Option<UnixTime>) -> Value {
    let uid = ids::secret_uid(&VAULT, &SecretName::parse("prod/DATABASE_URL").unwrap());
    let place = SecretRef { vault: &VAULT, uid: &uid };
    let draws = Scripted::new(&[&DEK]);
    let keys = [epoch_keys()];
    let to = WrapTo::Epoch { audience: &AUDIENCE, keys: &keys[0] };
    let author = SigningKey::from_seed(&secret(&SEED)).unwrap().id();
    let authored = Authored { value: &secret(value), author: &author, expires };
    let origin = ids::origin(parents);
    let made = seal_version(&draws, place, authored, to).unwrap().put_at(origin);
    assert!(draws.0.borrow().is_empty(), "every draw is used");
    let opened = open_version(place, &made.object, &made.wrap, &keys).unwrap();
    assert_eq!(opened.expose(), value);
    let stated = expires.map(|at| at.as_secs().to_le_bytes());
    let until = stated.as_ref().map_or(&[][..], |bytes| &bytes[..]);
    let value_aad = hash(
        HashContext::ValueAad,
        &[SUITE.as_bytes(), &VAULT.0, &uid.0, &author.0, until, b"padme-64"],
    );
    let commitment = made.object.commitment;
    let bound = [&VAULT.0[..], AUDIENCE.as_bytes(), &EPOCH.0, &uid.0, &commitment.0];
    let wrap_aad = hash(HashContext::WrapAad, &bound);
    json!({
        "suite": SUITE,
        "vault": VAULT,
        "secret": "prod/DATABASE_URL",
        "secret_uid": uid,
        "author": author,
        "parents": parents,
        "origin": origin,
        "expires": expires,
        "value": encode(value),
        "dek": encode(&DEK),
        "value_aad": value_aad,
        "commitment": commitment,
        "ciphertext": made.object.ciphertext,
        "body": made.body,
        "object_id": made.object_id,
        "audience": *AUDIENCE,
        "epoch": EPOCH,
        "kek": encode(&KEK),
        "wrap_aad": wrap_aad,
        "wrap": encode(made.wrap.key.bytes()),
        "wrap_id": made.wrap_id,
    })
}

fn signatures() -> Value {
    let key = SigningKey::from_seed(&secret(&SEED)).unwrap();
    let id = Fixed([0x99; 32]);
    let sign = |tag: Tag| json!({ "tag": tag.text(), "id": id, "sig": key.sign(tag, &id) });
    let tags = [Tag::PolicyEntry, Tag::LogEntry, Tag::KeyProof, Tag::Slot];
    json!({
        "seed": encode(&SEED),
        "public": key.public(),
        "key_id": key.id(),
        "signatures": Vec::from(tags.map(sign)),
    })
}

/// A request's proof does not look into `sealed`, so fixed bytes stand in for an age file.
fn request() -> Value {
    let key = SigningKey::from_seed(&secret(&SEED)).unwrap();
    let (member, device) = (name("ada"), name("laptop"));
    let (recipient, sealed) =
        (epoch_keys().identity().unwrap().recipient(), Blob(b"sealed".to_vec()));
    let proof_id =
        |vault| ids::key_proof_id(vault, &member, &device, &recipient, &key.public(), &sealed.0);
    let (in_vault, in_genesis) = (proof_id(Some(&VAULT)), proof_id(None));
    let request = Request {
        vault: VAULT,
        member,
        device,
        recipient,
        key: key.public(),
        sealed,
        proof: key.sign(Tag::KeyProof, &in_vault),
    };
    assert_eq!(Request::parse(&request.line()).unwrap(), request);
    json!({
        "json": line::write(&request),
        "proof_id": in_vault,
        "proof_id_in_genesis": in_genesis,
        "line": request.line(),
        "fingerprint": request.fingerprint(),
        "words": fingerprint_words(&request.fingerprint()),
    })
}

fn slot() -> Value {
    let signer = SigningKey::from_seed(&secret(&SEED)).unwrap();
    let key = VerifyingKey::parse(&signer.public()).unwrap();
    let member = name("ada");
    let new = NewSlot { vault: &VAULT, member: &member, label: "it's", params: Params::LEAST };
    let draws = Scripted::new(&[&[0xaa; 16], &[0xbb; 16], &[0xcc; 24]]);
    let keys = epoch_keys();
    let identity = keys.identity().unwrap();
    let passphrase = secret(b"correct horse battery staple");
    let record = slot_seal::create(&draws, new, identity, &passphrase, &signer).unwrap();
    let opened = slot_seal::open(&VAULT, &record, &key, &passphrase).unwrap();
    assert_eq!(opened.text().expose(), IDENTITY.as_bytes());
    let removed = SlotRecord::Removed(slot_seal::remove(record.slot, &member, &signer));
    let sealed = SlotRecord::Seal(record);
    json!({
        "vault": VAULT,
        "passphrase": "correct horse battery staple",
        "identity": IDENTITY,
        "seal": line::write(&sealed),
        "seal_id": slot_seal::slot_id(&sealed),
        "removed": line::write(&removed),
        "removed_id": slot_seal::slot_id(&removed),
    })
}

fn format_1() -> Value {
    let stated = stated();
    let many: Vec<EntryId> = (0..=255).map(|id| EntryId([id; 32])).collect();
    let lengths = [0, 4, 63, 64, 65, 72, 73, 127, 128, 129, 1000, 1029, 65_537, 1_048_580];
    json!({
        "padded_lengths": Vec::from(lengths.map(|length| [length, padded_length(length)])),
        "versions": [
            version(b"hunter2", &[], None),
            version(b"", &[EntryId([1; 32])], Some(UnixTime::from_secs(0))),
            version(&[b'x'; 60], &[1, 2, 3].map(|id| EntryId([id; 32])), Some(UnixTime::from_secs(0x000f_0e0d_0c0b_0a09))),
            version(&[b'x'; 61], &many, Some(UnixTime::from_secs((1 << 53) - 1))),
        ],
        "kek_commitment": {
            "vault": VAULT, "audience": *AUDIENCE, "epoch": EPOCH, "kek": encode(&KEK),
            "commitment": stated.commitment, "identity": IDENTITY, "recipient": stated.recipient,
        },
        "envelope_id": { "file": encode(b"age file"), "id": ids::envelope_id(b"age file") },
        "keys": signatures(),
        "request": request(),
        "slot": slot(),
        "instances": instances(),
        "rotations": rotations(),
    })
}

/// The ids of rotations that begin in entries with so many parents.
fn rotations() -> Value {
    let rotation = |secret: &str, parents: &[EntryId], base: u8, nonce: [u8; 16]| {
        let uid = ids::secret_uid(&VAULT, &SecretName::parse(secret).unwrap());
        let author = SigningKey::from_seed(&self::secret(&SEED)).unwrap().id();
        let (origin, base, nonce) = (ids::origin(parents), ObjectId([base; 32]), Fixed(nonce));
        let id = ids::rotation_id(&uid, &author, &origin, &base, &nonce);
        let fields: [&[u8]; 5] = [&uid.0, &author.0, &origin.0, &base.0, &nonce.0];
        assert_eq!(id.0, hash(HashContext::Rotation, &fields).0[..16]);
        json!({
            "secret_uid": uid, "author": author, "parents": parents, "base": base, "nonce": nonce,
            "rotation": id,
        })
    };
    let two = [1, 2].map(|id| EntryId([id; 32]));
    json!([
        rotation("prod/DATABASE_URL", &[], 3, [0; 16]),
        rotation("prod/DATABASE_URL", &two[..1], 3, [7; 16]),
        rotation("prod/DATABASE_URL", &two, 3, [7; 16]),
        rotation("dev/TOKEN", &two, 0xff, [0xff; 16]),
    ])
}

/// Where instances stand among all, of 10,000.
fn instances() -> Value {
    let place = |rotation: [u8; 16], instance: &str| {
        let rotation = RotationId(rotation);
        let place = Instance::new(instance).unwrap().place(&rotation);
        json!({ "rotation": rotation, "instance": instance, "place": place })
    };
    let longest = "x".repeat(1_000);
    json!([
        place([0; 16], "web-1"),
        place([7; 16], "web-1"),
        place([7; 16], "Zürich"),
        place([0xff; 16], &longest)
    ])
}

fn path(file: &str) -> String {
    format!("{}/fixtures/vectors/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// The stored vectors, written anew first if that is asked for.
fn stored(file: &str, made: impl FnOnce() -> Value) -> Value {
    if std::env::var("V_SECURE_TEST_WRITE_VECTORS").is_ok_and(|v| v == "1") {
        let text = serde_json::to_string_pretty(&made()).unwrap() + "\n";
        std::fs::write(path(file), text).unwrap();
    }
    serde_json::from_str(&std::fs::read_to_string(path(file)).unwrap()).unwrap()
}

#[test]
fn the_vectors_of_format_1_hold() {
    let (stored, made) = (stored("format-1.json", format_1), format_1());
    for (section, value) in made.as_object().unwrap() {
        assert_eq!(stored[section], *value, "{section}");
    }
    assert_eq!(stored.as_object().unwrap().len(), made.as_object().unwrap().len());
}

fn sealed_binding(uid: &SecretId) -> WrapBinding<'_> {
    WrapBinding {
        vault: &VAULT,
        audience: &AUDIENCE,
        epoch: &EPOCH,
        secret_uid: uid,
        commitment: &COMMITMENT,
    }
}

fn known_dek() -> Dek {
    FreshDek::generate(&Scripted::new(&[&DEK])).into()
}

fn age_samples() -> Value {
    let uid = SecretId([0xdd; 32]);
    let dek = known_dek();
    let stated = stated();
    let reader = [stated.recipient.clone()];
    let envelope = seal_envelope(&VAULT, &AUDIENCE, &[epoch_keys()], &reader).unwrap();
    let sealed = seal_dek(&stated.recipient, &sealed_binding(&uid), &dek).unwrap();
    json!({
        "identity": IDENTITY,
        "vault": VAULT,
        "audience": *AUDIENCE,
        "epoch": EPOCH,
        "recipient": stated.recipient,
        "kek": encode(&KEK),
        "envelope": armor(&envelope),
        "secret_uid": uid,
        "commitment": COMMITMENT,
        "sealed_wrap": armor(&sealed),
        "dek": encode(&DEK),
        "sealed_wrap_id": v_secure_core::file::model::Wrap {
            version: ObjectId([0xee; 32]),
            audience: AUDIENCE.clone(),
            epoch: EPOCH,
            key: WrapKey::Sealed(Blob(sealed)),
        }.id(),
        "sealed_wrap_version": Fixed([0xee; 32]),
    })
}

#[test]
fn the_age_samples_of_format_1_open() {
    let samples = stored("format-1-age.json", age_samples);
    let file = |key: &str| dearmor(samples[key].as_str().unwrap()).unwrap();
    let identities = parse_identities(&secret(IDENTITY.as_bytes())).unwrap();
    let keys =
        open_envelope(&identities, &file("envelope"), &VAULT, &AUDIENCE, &[stated()]).unwrap();
    assert_eq!((keys.len(), *keys[0].kek.expose()), (1, KEK));
    let (uid, sealed) = (SecretId([0xdd; 32]), file("sealed_wrap"));
    let dek = open_sealed_dek(keys[0].identity().unwrap(), &sealed_binding(&uid), &sealed).unwrap();
    // A DEK shows itself only in what it seals: the same wrap as one of the known bytes.
    let wrap = |dek: &Dek| {
        v_secure_core::crypto::wrap::wrap_dek(&keys[0].kek, &sealed_binding(&uid), dek).unwrap()
    };
    assert_eq!(wrap(&dek), wrap(&known_dek()));
}
