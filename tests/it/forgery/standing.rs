//! Forgeries by those who lost their standing: a revoked device, a demoted member, a removed one, at the
//! policy of now and at the one of before; and values under keys that are not for them.

use crate::forgery::entries::{head, insert, put_op, signed, tips};
use crate::forgery::kind::{Forgery, Get, Setup, changed};
use crate::forgery::values::{add, keys, section};
use crate::forgery::world::{World, secret};
use v_secure::host::real::RealHost;
use v_secure_core::crypto::id::PolicyId;
use v_secure_core::file::model::VaultFile;
use v_secure_core::file::version::{Authored, SecretRef, WrapTo, seal_version};
use v_secure_core::log::draft::Tips;
use v_secure_core::log::op::{Op, Put, Versions};
use v_secure_core::name::audience::AudienceName;
use v_secure_core::record::ids;
use v_secure_core::secret_value::SecretValue;

const DB: &str = "dev/DB";
const GENUINE: Get = Get::Value(DB, "dev-db-1");

const fn refused(
    name: &'static str,
    what: &'static str,
    code: &'static str,
    make: fn(&World) -> String,
) -> Forgery {
    Forgery { name, what, code, setup: Setup::File, get: Get::Refused(DB), make }
}

const fn harmless(
    name: &'static str,
    what: &'static str,
    code: &'static str,
    get: Get,
    make: fn(&World) -> String,
) -> Forgery {
    Forgery { name, what, code, setup: Setup::Harmless, get, make }
}

pub const ALL: &[Forgery] = &[
    refused(
        "device-revoked",
        "a revoked device puts a value in its member's name under the policy of now",
        "key-inactive",
        |world| now(world, ("apprentice", "phone")),
    ),
    harmless(
        "device-revoked-old-policy",
        "a revoked device puts a value and names the policy of before",
        "void",
        GENUINE,
        |world| before(world, ("apprentice", "phone")),
    ),
    refused(
        "demoted-new-policy",
        "a member who left its role puts a value under the policy of now",
        "op-unauthorised",
        |world| now(world, ("demoted", "demoted")),
    ),
    harmless(
        "demoted-old-policy",
        "a member who left its role puts a value and names the policy of before",
        "void",
        GENUINE,
        |world| before(world, ("demoted", "demoted")),
    ),
    harmless(
        "removed-inside-heads",
        "a removed member puts a value after entries that the removal knows of, and beside what followed them",
        "void",
        GENUINE,
        |world| {
            let first = first_of(&world.before);
            backdated(world, ("rex", "rex"), &first)
        },
    ),
    harmless(
        "removed-owner-backdated",
        "a removed owner removes a secret and names the policy of before",
        "void",
        Get::Value("prod/DB", "prod-db-2"),
        removed_by_owner,
    ),
    harmless(
        "void-spam",
        "a removed member adds three hundred entries that name the policy of before",
        "void",
        GENUINE,
        |world| changed(world, |file| spam(world, file)),
    ),
    refused(
        "rotated-outside-pattern",
        "somebody who may rotate one secret rotates another one",
        "op-unauthorised",
        |world| {
            changed(world, |file| {
                put(world, file, DB, ("rob", "rob"), (head(&world.file), &tips(&world.file)));
            })
        },
    ),
    harmless(
        "wrapped-for-others",
        "a developer puts a value and wraps it for an audience that is not the secret's",
        "unsettled",
        Get::Value(DB, "forged"),
        |world| wrapped(world, "ci+owner", &world.file, "rita"),
    ),
    harmless(
        "wrapped-under-old-epoch",
        "a developer puts a value under the keys of before the removal, which removed members have",
        "superseded-epoch",
        Get::Value(DB, "forged"),
        |world| wrapped(world, "dev+owner", &world.before, "rex"),
    ),
];

fn put(
    world: &World,
    file: &mut VaultFile,
    of: &str,
    (actor, signer): (&str, &str),
    (policy, after): (PolicyId, &Tips),
) {
    let key = &world.person(signer).key;
    let op = put_op(file, of, key, after);
    insert(file, signed(&world.file, vec![op], after, policy, (actor, key)));
}

fn now(world: &World, who: (&str, &str)) -> String {
    changed(world, |file| put(world, file, DB, who, (head(&world.file), &tips(&world.file))))
}

fn before(world: &World, who: (&str, &str)) -> String {
    backdated(world, who, &tips(&world.before))
}

/// Everything as its author can make it: the old policy, old parents, and copies that give nothing away.
fn backdated(world: &World, who: (&str, &str), after: &Tips) -> String {
    changed(world, |file| {
        let active = section(file, DB).active.clone();
        put(world, file, DB, who, (head(&world.before), after));
        section(file, DB).active = active;
    })
}

/// What follows the first entry of a log.
fn first_of(file: &VaultFile) -> Tips {
    let first = file.entries.iter().find(|(_, entry)| entry.lamport == 1).unwrap();
    Tips { parents: vec![*first.0], lamport: 2 }
}

fn removed_by_owner(world: &World) -> String {
    changed(world, |file| {
        let objects = section(file, "prod/DB").versions.keys().copied().collect();
        let op = Op::Remove(Versions { secret: secret("prod/DB"), objects, adopts: None });
        let (key, after) = (&world.person("boss").key, tips(&world.before));
        insert(file, signed(&world.file, vec![op], &after, head(&world.before), ("boss", key)));
    })
}

fn spam(world: &World, file: &mut VaultFile) {
    let (key, after) = (&world.person("rex").key, tips(&world.before));
    let policy = head(&world.before);
    let objects: Vec<_> = section(file, DB).versions.keys().copied().collect();
    for number in 0..300 {
        let secret = secret(DB);
        let op = Op::Remove(Versions { secret, objects: objects.clone(), adopts: None });
        let mut entry = signed(&world.file, vec![op], &after, policy, ("rex", key));
        entry.reason = format!("number {number}");
        entry.sig = key.sign(v_secure_core::crypto::sign::Tag::LogEntry, &entry.id());
        insert(file, entry);
    }
}

/// A developer's value, under keys that somebody holds who is not to have it.
fn wrapped(world: &World, audience: &str, keys_of: &VaultFile, holder: &str) -> String {
    let keys = keys(world, keys_of, holder, audience);
    changed(world, |file| {
        let (key, after) = (&world.person("apprentice").key, tips(&world.file));
        let uid = ids::secret_uid(&file.header.vault, &secret(DB));
        let vault = file.header.vault;
        let value = SecretValue::from("forged".to_owned());
        let authored = Authored { value: &value, author: &key.id(), expires: None };
        let to = WrapTo::Epoch { audience: &AudienceName::new(audience), keys: &keys[0] };
        let binding = SecretRef { vault: &vault, uid: &uid };
        let sealed = seal_version(&RealHost, binding, authored, to).unwrap().put_at(after.origin());
        let op = Op::Put(Put {
            secret: secret(DB),
            body: sealed.body,
            object: sealed.object_id,
            wrap: sealed.wrap_id,
            expires: None,
            replaces: section(file, DB).active.clone(),
            same: Vec::new(),
            adopts: None,
        });
        add(file, DB, sealed);
        insert(file, signed(&world.file, vec![op], &after, head(&world.file), ("apprentice", key)));
    })
}
