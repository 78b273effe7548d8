//! What members with some rights do to what they have no right to, or had one to: the file stays in
//! order, and none of it counts for more than it may.

use crate::forgery::entries::{head, insert, put_op, signed, tips};
use crate::forgery::kind::{Forgery, Get, Setup, changed, text};
use crate::forgery::values::section;
use crate::forgery::world::{NOW, World, name, open, secret};
use std::collections::BTreeSet;
use v_secure_core::crypto::bytes::Blob;
use v_secure_core::crypto::id::{ObjectId, WrapId};
use v_secure_core::file::model::{VaultFile, WrapKey};
use v_secure_core::log::op::{Op, Resolve, Versions};
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::sign::PolicyDraft;

pub const ALL: &[Forgery] = &[
    Forgery {
        name: "log-cut",
        what: "the policy is kept whole, and the log is cut back to its first entry",
        code: "policy-head-missing",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: log_cut,
    },
    Forgery {
        name: "removed-revived",
        what: "somebody who may rotate a removed secret puts a value beside the removal",
        code: "overruled",
        setup: Setup::Harmless,
        get: Get::Gone("prod/DB"),
        make: removed_revived,
    },
    Forgery {
        name: "removed-resolved",
        what: "a version that was removed is declared to be the active one",
        code: "",
        setup: Setup::Harmless,
        get: Get::Value("dev/FLAG", "dev-flag-2"),
        make: removed_resolved,
    },
    Forgery {
        name: "policy-heads-empty",
        what: "with a stolen key its member leaves a role, and the entry says that it knows nothing of the log",
        code: "void-changes-value",
        setup: Setup::Harmless,
        get: Get::Value("dev/DB", "dev-db-1"),
        make: heads_empty,
    },
    Forgery {
        name: "policy-heads-empty-base",
        what: "the same, compared with what counted before",
        code: "void-known",
        setup: Setup::Base,
        get: Get::Value("dev/DB", "dev-db-1"),
        make: heads_empty,
    },
    Forgery {
        name: "wrap-garbage",
        what: "a developer wraps a value anew with bytes that open nothing",
        code: "",
        setup: Setup::Harmless,
        get: Get::Value("dev/DB", "dev-db-1"),
        make: |world| changed(world, |file| wrap_garbage(world, file)),
    },
    Forgery {
        name: "wrap-garbage-alone",
        what: "the same, and the wrap that opens the value is deleted",
        code: "wrap-missing",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: |world| {
            changed(world, |file| {
                wrap_garbage(world, file);
                let good: BTreeSet<WrapId> =
                    section(&mut world.file.clone(), "dev/DB").wraps.keys().copied().collect();
                section(file, "dev/DB").wraps.retain(|id, _| !good.contains(id));
            })
        },
    },
];

fn log_cut(world: &World) -> String {
    changed(world, |file| {
        file.entries.retain(|_, entry| entry.lamport == 1);
        let kept: BTreeSet<_> =
            file.entries.values().flat_map(|e| &e.ops).filter_map(|op| op.secret()).collect();
        file.secrets = world.before.secrets.clone();
        file.secrets.retain(|_, section| kept.contains(&section.name));
    })
}

fn removed_revived(world: &World) -> String {
    changed(world, |file| {
        let (policy, beside) = (head(&world.file), tips(&world.file));
        let objects: Vec<ObjectId> = section(file, "prod/DB").versions.keys().copied().collect();
        let remove = Op::Remove(Versions { secret: secret("prod/DB"), objects, adopts: None });
        let (ada, rob) = (&world.person("ada").key, &world.person("rob").key);
        let put = put_op(file, "prod/DB", rob, &beside);
        insert(file, signed(&world.file, vec![remove], &beside, policy, ("ada", ada)));
        insert(file, signed(&world.file, vec![put], &beside, policy, ("rob", rob)));
        section(file, "prod/DB").active = Vec::new();
    })
}

fn removed_resolved(world: &World) -> String {
    changed(world, |file| {
        let (policy, beside) = (head(&world.file), tips(&world.file));
        let section = section(file, "dev/FLAG");
        let old = section.versions.keys().find(|id| !section.active.contains(id)).copied().unwrap();
        let (secret, key) = (secret("dev/FLAG"), &world.person("apprentice").key);
        let remove =
            Op::Remove(Versions { secret: secret.clone(), objects: vec![old], adopts: None });
        let resolve = Op::Resolve(Resolve { secret, object: old, adopts: None });
        for op in [remove, resolve] {
            insert(file, signed(&world.file, vec![op], &beside, policy, ("apprentice", key)));
        }
    })
}

fn heads_empty(world: &World) -> String {
    let vault = open(&world.file);
    let leave = PolicyOp::RoleLeave { role: name("dev"), member: name("apprentice") };
    let key = &world.person("apprentice").key;
    let draft = PolicyDraft::next(vault.chain(), NOW, BTreeSet::new(), vec![leave], String::new());
    let mut file = world.file.clone();
    file.chain.push(draft.sign(&[key]));
    // The latest policy entry knew of the first version, and of the second nobody's policy does.
    let flag = section(&mut file, "dev/FLAG");
    let first = flag.versions.keys().find(|id| !flag.active.contains(id)).copied().unwrap();
    flag.active = vec![first];
    text(&file)
}

fn wrap_garbage(world: &World, file: &mut VaultFile) {
    let (policy, after) = (head(&world.file), tips(&world.file));
    let section = section(file, "dev/DB");
    let mut wrap = section.wraps.values().next().unwrap().clone();
    wrap.key = WrapKey::Kek(Blob(vec![7; 48]));
    let (object, id) = (wrap.version, wrap.id());
    section.wraps.insert(id, wrap);
    let op = Op::Rewrap { secret: secret("dev/DB"), object, wrap: id };
    let key = &world.person("apprentice").key;
    insert(file, signed(&world.file, vec![op], &after, policy, ("apprentice", key)));
}
