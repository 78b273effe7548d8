//! Forgeries of what the file says of itself, and genuine states in the wrong place.

use crate::forgery::entries::{self, tips};
use crate::forgery::kind::{Forgery, Get, Setup, changed, text};
use crate::forgery::values::section;
use crate::forgery::world::{NOW, World, name, open, start};
use v_secure_core::crypto::bytes::{Blob, Fixed};
use v_secure_core::crypto::digest::{HashContext, hash};
use v_secure_core::crypto::id::VaultId;
use v_secure_core::crypto::sign::Tag;
use v_secure_core::file::slot::{SlotKind, SlotRecord, SlotSeal};
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::sign::PolicyDraft;
use v_secure_core::record::line;

pub const ALL: &[Forgery] = &[
    Forgery {
        name: "header-vault-changed",
        what: "the header names another vault",
        code: "header-vault",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| changed(world, |file| file.header.vault = VaultId([5; 32])),
    },
    Forgery {
        name: "header-name-changed",
        what: "the header states another name",
        code: "header-name",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| changed(world, |file| file.header.name = name("payroll")),
    },
    Forgery {
        name: "active-changed",
        what: "the readable copy 'active' names an older version",
        code: "merged-as-text",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            changed(world, |file| {
                let section = section(file, "prod/DB");
                let old = section.versions.keys().find(|id| **id != section.active[0]);
                section.active = vec![*old.unwrap()];
            })
        },
    },
    Forgery {
        name: "slot-forged",
        what: "an outsider adds a slot in the owner's name, to catch the passphrase's user",
        code: "slot-forged",
        setup: Setup::File,
        get: Get::Value("prod/DB", "prod-db-2"),
        make: slot_forged,
    },
    Forgery {
        name: "tail-dropped",
        what: "the last entry is dropped with its value: an older, genuine state",
        code: "base-entry-missing",
        setup: Setup::Base,
        get: Get::Value("prod/DB", "prod-db-1"),
        make: |world| text(&world.shorter),
    },
    Forgery {
        name: "tail-dropped-where-seen",
        what: "the same, where this device has seen the newer state",
        code: "pin-heads-missing",
        setup: Setup::Strict,
        get: Get::Value("prod/DB", "prod-db-1"),
        make: |world| text(&world.shorter),
    },
    Forgery {
        name: "policy-rolled-back",
        what: "the vault of before a removal, where this device has seen the removal",
        code: "pin-older",
        setup: Setup::Strict,
        get: Get::Value("prod/DB", "prod-db-1"),
        make: |world| text(&world.before),
    },
    Forgery {
        name: "policy-rolled-back-carried",
        what: "the same, where a pipeline's pin names the removal",
        code: "pin-carried",
        setup: Setup::Carried,
        get: Get::Refused("prod/DB"),
        make: |world| text(&world.before),
    },
    Forgery {
        name: "policy-rolled-back-base",
        what: "the same, compared with the newer state",
        code: "base-policy-diverged",
        setup: Setup::Base,
        get: Get::Untouched,
        make: |world| text(&world.before),
    },
    Forgery {
        name: "removed-from-old-branch",
        what: "a removed member goes on from the vault of before its removal, where this device has seen the removal",
        code: "pin-void",
        setup: Setup::Strict,
        get: Get::Value("dev/DB", "dev-db-1"),
        make: removed_from_old_branch,
    },
    Forgery {
        name: "policy-forked",
        what: "the policy goes another way from before the removal, signed by an owner",
        code: "pin-diverged",
        setup: Setup::Pinned,
        get: Get::Refused("prod/DB"),
        make: policy_forked,
    },
    Forgery {
        name: "vault-substituted",
        what: "another vault, sealed to the same recipient, where this device has used the genuine one",
        code: "pin-other-vault",
        setup: Setup::Pinned,
        get: Get::Refused("prod/DB"),
        make: |world| text(&start(&world.person("ada").recipient, "demo")),
    },
    Forgery {
        name: "vault-substituted-carried",
        what: "the same, where a pipeline carries a pin",
        code: "pin-carried",
        setup: Setup::Carried,
        get: Get::Refused("prod/DB"),
        make: |world| text(&start(&world.person("ada").recipient, "demo")),
    },
];

fn slot_forged(world: &World) -> String {
    let mallory = &world.person("mallory").key;
    let mut seal = SlotSeal {
        slot: Fixed([4; 16]),
        member: name("ada"),
        label: "laptop".to_owned(),
        kind: SlotKind::Passphrase,
        recipient: world.person("ada").recipient.clone(),
        m: 19_456,
        t: 2,
        p: 1,
        salt: Fixed([1; 16]),
        nonce: Fixed([2; 24]),
        commitment: Fixed([3; 32]),
        ciphertext: Blob(vec![4; 90]),
        key: mallory.id(),
        sig: Fixed([0; 64]),
    };
    let record = line::write(&SlotRecord::Seal(seal.clone()));
    let signed = hash(HashContext::Slot, &[line::body(&record, ",\"sig\":", "}}").as_bytes()]);
    seal.sig = mallory.sign(Tag::Slot, &signed);
    changed(world, |file| _ = file.slots.insert(seal.slot, SlotRecord::Seal(seal)))
}

fn removed_from_old_branch(world: &World) -> String {
    let mut file = world.before.clone();
    let (key, tips) = (&world.person("rex").key, tips(&world.before));
    let op = entries::put_op(&mut file, "dev/DB", key, &tips);
    let policy = entries::head(&world.before);
    entries::insert(
        &mut file,
        entries::signed(&world.before, vec![op], &tips, policy, ("rex", key)),
    );
    text(&file)
}

fn policy_forked(world: &World) -> String {
    let vault = open(&world.before);
    let (key, value) = ("reads".to_owned(), "off".to_owned());
    let ops = vec![PolicyOp::Setting { key, value }];
    let draft = PolicyDraft::next(vault.chain(), NOW, vault.heads(), ops, "elsewhere".to_owned());
    let mut file = world.before.clone();
    file.chain.push(draft.sign(&[&world.person("ada").key]));
    text(&file)
}
