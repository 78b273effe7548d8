//! Forgeries that only whoever opens the value can find, and those that would give two readers two values.

use crate::forgery::access::{Cast, DEV};
use crate::forgery::entries::{head, insert, signed, tips};
use crate::forgery::kind::{Forgery, Get, Setup, changed, text};
use crate::forgery::values::{add, keys, section};
use crate::forgery::world::{World, secret};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::{Blob, Id};
use v_secure_core::crypto::digest::{HashContext, hash};
use v_secure_core::crypto::id::KeyId;
use v_secure_core::crypto::wrap::Kek;
use v_secure_core::file::audience::{self, EpochKeys};
use v_secure_core::file::model::{AudienceSection, VaultFile, VersionObject, Wrap, WrapKey};
use v_secure_core::file::version::{
    Authored, SealedValue, SealedVersion, SecretRef, WrapTo, seal_version,
};
use v_secure_core::log::op::{Op, Put};
use v_secure_core::name::audience::AudienceName;
use v_secure_core::policy::op::{EpochStart, PolicyOp};
use v_secure_core::record::ids;
use v_secure_core::secret_value::SecretValue;

/// The audience of the developers' secrets.
const OWN: &str = "dev+owner";
const DB: &str = "dev/DB";

pub const ALL: &[Forgery] = &[
    Forgery {
        name: "kek-uncommitted",
        what: "a grantor begins an epoch whose envelope holds another key than its entry commits to",
        code: "keys",
        setup: Setup::Opened,
        get: Get::Refused(DB),
        make: kek_uncommitted,
    },
    Forgery {
        name: "body-of-another-secret",
        what: "a developer puts the sealed bytes of one secret as the value of another one",
        code: "value-damaged",
        setup: Setup::Opened,
        get: Get::Refused("dev/FLAG"),
        make: body_of_another,
    },
    Forgery {
        name: "two-keys",
        what: "a developer wraps a value anew with another key, to show another value to who reads by that wrap",
        code: "",
        setup: Setup::Harmless,
        get: Get::Value(DB, "dev-db-1"),
        make: two_keys,
    },
    Forgery {
        name: "wrap-garbage-put",
        what: "a developer puts a value with a key that does not open it",
        code: "value-damaged",
        setup: Setup::Opened,
        get: Get::Refused(DB),
        make: wrap_garbage_put,
    },
];

fn kek_uncommitted(world: &World) -> String {
    let cast = Cast::new(world);
    let name = AudienceName::new(DEV);
    let vault = world.file.header.vault;
    let (mut keys, stated) = audience::new_epoch(&RealHost, &vault, &name).unwrap();
    keys.kek = Kek::generate(&RealHost);
    let recipients = ["ada", "apprentice"].map(|who| world.person(who).recipient.clone());
    let envelope =
        audience::seal_envelope(&vault, &name, std::slice::from_ref(&keys), &recipients).unwrap();
    let op = PolicyOp::Epoch(EpochStart {
        audience: name.clone(),
        epoch: stated.epoch,
        recipient: stated.recipient,
        kek: stated.commitment,
        envelope: ids::envelope_id(&envelope),
        skipped: Vec::new(),
    });
    let mut file = cast.grown(vec![op]);
    let section = AudienceSection { epoch: keys.epoch, envelope };
    file.audiences.insert(name.clone(), section);
    let (key, after) = (&world.person("apprentice").key, tips(&world.file));
    let sealed = sealed(world, key.id(), (&name, &keys)).put_at(after.origin());
    let op = put_of(&mut file, DB, &sealed);
    add(&mut file, DB, sealed);
    let policy = head(&file);
    insert(&mut file, signed(&world.file, vec![op], &after, policy, ("apprentice", key)));
    text(&file)
}

fn sealed(
    world: &World,
    author: KeyId,
    (audience, keys): (&AudienceName, &EpochKeys),
) -> SealedValue {
    let vault = world.file.header.vault;
    let uid = ids::secret_uid(&vault, &secret(DB));
    let value = SecretValue::from("forged".to_owned());
    let authored = Authored { value: &value, author: &author, expires: None };
    let to = WrapTo::Epoch { audience, keys };
    seal_version(&RealHost, SecretRef { vault: &vault, uid: &uid }, authored, to).unwrap()
}

fn put_of(file: &mut VaultFile, of: &str, sealed: &SealedVersion) -> Op {
    Op::Put(Put {
        secret: secret(of),
        body: sealed.body,
        object: sealed.object_id,
        wrap: sealed.wrap_id,
        expires: None,
        replaces: section(file, of).active.clone(),
        same: Vec::new(),
        adopts: None,
    })
}

/// A developer's version in the file, however it was made.
fn put_by_developer(
    world: &World,
    of: &str,
    make: impl FnOnce(Putting<'_>) -> SealedVersion,
) -> String {
    changed(world, |file| {
        let (key, after) = (&world.person("apprentice").key, tips(&world.file));
        let sealed = make(Putting { world, author: key.id(), origin: after.origin() });
        let op = put_of(file, of, &sealed);
        add(file, of, sealed);
        insert(file, signed(&world.file, vec![op], &after, head(&world.file), ("apprentice", key)));
    })
}

/// Whose a version is to be.
struct Putting<'a> {
    world: &'a World,
    author: KeyId,
    origin: Id,
}

fn body_of_another(world: &World) -> String {
    put_by_developer(world, "dev/FLAG", |Putting { world, author, origin }| {
        let other = section(&mut world.file.clone(), DB).clone();
        let object = other.versions[&other.active[0]].clone();
        let dek = key_of(world, DB, &object, other.wraps.values().next().unwrap());
        let object = VersionObject { author, origin, expires: None, ..object };
        under(world, "dev/FLAG", object, &dek)
    })
}

fn wrap_garbage_put(world: &World) -> String {
    put_by_developer(world, DB, |Putting { world, author, origin }| {
        let keys = keys(world, &world.file, "apprentice", OWN);
        let made = sealed(world, author, (&AudienceName::new(OWN), &keys[0])).put_at(origin);
        under(world, DB, made.object, &[7; 32])
    })
}

fn two_keys(world: &World) -> String {
    changed(world, |file| {
        let (key, after) = (&world.person("apprentice").key, tips(&world.file));
        let section = section(file, DB);
        let object = section.versions[&section.active[0]].clone();
        let SealedVersion { object_id, wrap_id, wrap, .. } = under(world, DB, object, &[7; 32]);
        section.wraps.insert(wrap_id, wrap);
        let op = Op::Rewrap { secret: secret(DB), object: object_id, wrap: wrap_id };
        insert(file, signed(&world.file, vec![op], &after, head(&world.file), ("apprentice", key)));
    })
}

/// What a wrap is bound to, and its cipher.
fn binding(
    world: &World,
    of: &str,
    object: &VersionObject,
    keys: &EpochKeys,
) -> (Id, XChaCha20Poly1305) {
    let vault = world.file.header.vault;
    let uid = ids::secret_uid(&vault, &secret(of));
    let aad = [&vault.0[..], OWN.as_bytes(), &keys.epoch.0, &uid.0, &object.commitment.0];
    let aad = hash(HashContext::WrapAad, &aad);
    let mut key = blake3::Hasher::new_derive_key(HashContext::WrapKey.text());
    let key = key.update(keys.kek.expose()).update(&aad.0).finalize();
    (aad, XChaCha20Poly1305::new_from_slice(key.as_bytes()).unwrap())
}

/// The key of a version, which its readers can know.
fn key_of(world: &World, of: &str, object: &VersionObject, wrap: &Wrap) -> Vec<u8> {
    let keys = keys(world, &world.file, "apprentice", OWN);
    let keys = keys.iter().find(|keys| keys.epoch == wrap.epoch).unwrap();
    let (aad, cipher) = binding(world, of, object, keys);
    cipher.decrypt(&XNonce::from([0; 24]), Payload { msg: wrap.key.bytes(), aad: &aad.0 }).unwrap()
}

/// A version with a wrap of this key, as it has to be but for the key.
fn under(world: &World, of: &str, object: VersionObject, dek: &[u8]) -> SealedVersion {
    let keys = &keys(world, &world.file, "apprentice", OWN)[0];
    let (aad, cipher) = binding(world, of, &object, keys);
    let key = cipher.encrypt(&XNonce::from([0; 24]), Payload { msg: dek, aad: &aad.0 }).unwrap();
    let key = WrapKey::Kek(Blob(key));
    let object_id = object.id(&ids::secret_uid(&world.file.header.vault, &secret(of)));
    let (audience, epoch) = (AudienceName::new(OWN), keys.epoch);
    let wrap = Wrap { version: object_id, audience, epoch, key };
    SealedVersion { body: object.body_id(), object_id, object, wrap_id: wrap.id(), wrap }
}
