//! Forgeries by what a signature, a key or a name may look like: stripped, doubled and added signatures, points
//! of small order and with a component of it, names that pass for others.

use crate::forgery::access::{Cast, x25519_text};
use crate::forgery::entries::{insert, last};
use crate::forgery::kind::{Forgery, Get, Setup, changed, text};
use crate::forgery::world::{NOW, World, name, open};
use ed25519_dalek::VerifyingKey;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::file::device_key::new_device_key;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::sign::{PolicyDraft, co_sign};

/// A point of order 8.
const TORSION: [u8; 32] = [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
    0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];

const fn refused(
    name: &'static str,
    what: &'static str,
    code: &'static str,
    make: fn(&World) -> String,
) -> Forgery {
    Forgery { name, what, code, setup: Setup::File, get: Get::Refused("prod/DB"), make }
}

pub const ALL: &[Forgery] = &[
    refused(
        "policy-signature-stripped",
        "the signatures of the last policy entry are taken out",
        "empty-list",
        |world| changed(world, |file| file.chain.last_mut().unwrap().sigs.clear()),
    ),
    refused(
        "policy-signature-doubled",
        "the signature of the last policy entry stands twice, to look like that of two owners",
        "list-duplicate",
        |world| {
            changed(world, |file| {
                let entry = file.chain.last_mut().unwrap();
                let signature = entry.sigs[0].clone();
                entry.sigs.push(signature);
            })
        },
    ),
    refused(
        "policy-signature-added",
        "an outsider adds its signature to a policy entry",
        "policy-unknown-key",
        |world| {
            changed(world, |file| {
                let entry = file.chain.last_mut().unwrap();
                *entry = co_sign(entry.clone(), &world.person("mallory").key);
            })
        },
    ),
    refused(
        "entry-signature-stripped",
        "the signature of the last entry is taken out",
        "json-shape",
        |world| {
            let line = world.file.entries[&last(&world.file)].line();
            let (body, _) = line.split_once(",\"sig\":").unwrap();
            text(&world.file).replace(&line, &format!("{body}}}"))
        },
    ),
    refused(
        "entry-signature-of-another",
        "an entry gets the signature of another entry by the same key",
        "signature-invalid",
        |world| {
            changed(world, |file| {
                let id = last(&world.file);
                let key = file.entries[&id].key;
                let other = file.entries.iter().find(|(o, e)| **o != id && e.key == key).unwrap();
                let sig = other.1.sig;
                file.entries.get_mut(&id).unwrap().sig = sig;
            })
        },
    ),
    refused(
        "signature-torsioned",
        "a component of order 8 is added to the point of a signature: it would hold with the cofactor",
        "signature-invalid",
        |world| {
            changed(world, |file| {
                let id = last(&world.file);
                let mut entry = file.entries.remove(&id).unwrap();
                let point: [u8; 32] = entry.sig.0[..32].try_into().unwrap();
                entry.sig.0[..32].copy_from_slice(&torsioned(&point).to_bytes());
                insert(file, entry);
            })
        },
    ),
    refused(
        "key-of-small-order",
        "an owner is brought to add a device whose key is of small order: many signatures hold for it",
        "policy-op-bad-key",
        |world| {
            let recipient = &world.person("ada").recipient;
            let vault = Some(&world.file.header.vault);
            let (mut key, _) =
                new_device_key(&RealHost, vault, &name("ada"), &name("phone"), recipient).unwrap();
            key.key = Fixed(TORSION);
            by_ada(world, vec![PolicyOp::KeyAdd(key)])
        },
    ),
    refused(
        "recipient-torsioned",
        "a grantor adds to itself another member's recipient with a component of order 8: the same key, spelt anew",
        "policy-op-recipient-taken",
        |world| {
            let cast = Cast::new(world);
            let point = torsioned(&Cast::newcomer()).to_montgomery();
            cast.with_recipient(&x25519_text(&point.to_bytes()))
        },
    ),
    refused(
        "role-in-capitals",
        "an owner is brought to add a role whose name is another's but for the case of letters",
        "policy-op-role-alike",
        |world| by_ada(world, vec![PolicyOp::RoleAdd { role: name("Dev") }]),
    ),
    refused(
        "name-in-cyrillic",
        "the owner's name is written with a letter that looks the same",
        "json-shape",
        |world| text(&world.file).replacen("\"actor\":\"ada\"", "\"actor\":\"\u{430}da\"", 1),
    ),
    refused(
        "secret-in-cyrillic",
        "a secret's name is written with a letter that looks the same",
        "name",
        |world| text(&world.file).replace("secret.\"prod/DB\"", "secret.\"prod/D\u{412}\""),
    ),
];

fn by_ada(world: &World, ops: Vec<PolicyOp>) -> String {
    let vault = open(&world.file);
    let draft = PolicyDraft::next(vault.chain(), NOW, vault.heads(), ops, "as agreed".to_owned());
    let entry = draft.sign(&[&world.person("ada").key]);
    changed(world, |file| file.chain.push(entry))
}

/// A point, with a component of order 8 added to it.
fn torsioned(point: &[u8; 32]) -> VerifyingKey {
    let [point, torsion] =
        [point, &TORSION].map(|bytes| VerifyingKey::from_bytes(bytes).unwrap().to_edwards());
    VerifyingKey::from(point + torsion)
}
