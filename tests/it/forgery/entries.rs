//! Forgeries of log entries.

use crate::forgery::kind::{Forgery, Get, Setup, changed, text};
use crate::forgery::values::{add, sealed_by_outsider, section};
use crate::forgery::world::{LATE, NOW, World, name, open, secret};
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::id::{EntryId, ObjectId, PolicyId, RotationId};
use v_secure_core::crypto::sign::SigningKey;
use v_secure_core::file::model::VaultFile;
use v_secure_core::log::draft::{Authorship, EntryDraft, Tips};
use v_secure_core::log::entry::Entry;
use v_secure_core::log::op::{Field, Op, OpRef, Pending, Put, Versions};

pub const ALL: &[Forgery] = &[
    Forgery {
        name: "entry-unknown-key",
        what: "an outsider puts a value in the owner's name, with a key of its own",
        code: "key-unknown",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| put(world, "prod/DB", "ada", "mallory", head(&world.file)),
    },
    Forgery {
        name: "entry-by-reader",
        what: "a reader without the right to write puts a value",
        code: "op-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| put(world, "prod/DB", "rita", "rita", head(&world.file)),
    },
    Forgery {
        name: "entry-outside-pattern",
        what: "a developer writes outside the pattern of its grant",
        code: "op-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| put(world, "prod/DB", "apprentice", "apprentice", head(&world.file)),
    },
    Forgery {
        name: "removed-old-policy",
        what: "a removed member puts a value and names the policy of before its removal",
        code: "void",
        setup: Setup::Harmless,
        get: Get::Value("dev/DB", "dev-db-1"),
        make: removed_old_policy,
    },
    Forgery {
        name: "removed-new-policy",
        what: "a removed member puts a value under the policy of now",
        code: "key-inactive",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: |world| put(world, "dev/DB", "rex", "rex", head(&world.file)),
    },
    Forgery {
        name: "removed-backdated",
        what: "a removed member names the old policy in an entry that follows newer ones",
        code: "policy-backdated",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: |world| put(world, "dev/DB", "rex", "rex", head(&world.before)),
    },
    Forgery {
        name: "policy-invented",
        what: "an entry names a policy entry that is not in the chain",
        code: "policy-unknown",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: |world| put(world, "dev/DB", "apprentice", "apprentice", PolicyId([9; 32])),
    },
    Forgery {
        name: "actor-stolen",
        what: "a developer signs with its own key and writes the owner's name",
        code: "actor-wrong",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: |world| put(world, "dev/DB", "ada", "apprentice", head(&world.file)),
    },
    Forgery {
        name: "reason-changed",
        what: "the reason of the last entry is changed",
        code: "signature-invalid",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| edited(world, |entry| entry.reason = "rotated by the provider".to_owned()),
    },
    Forgery {
        name: "reason-resigned",
        what: "the reason is changed and signed by another key than the one that is named",
        code: "signature-invalid",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            edited(world, |entry| {
                entry.reason = "rotated by the provider".to_owned();
                resign(entry, &world.person("apprentice").key);
            })
        },
    },
    Forgery {
        name: "time-changed",
        what: "the time of the last entry is changed",
        code: "signature-invalid",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| edited(world, |entry| entry.ts = entry.ts.saturating_add(1)),
    },
    Forgery {
        name: "expiry-extended",
        what: "a value's expiry is put off",
        code: "signature-invalid",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            edited(world, |entry| {
                for op in &mut entry.ops {
                    if let Op::Put(put) = op {
                        put.expires = Some(LATE.saturating_add(1));
                    }
                }
            })
        },
    },
    Forgery {
        name: "parents-cut",
        what: "the last entry's links to what was before are cut",
        code: "signature-invalid",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            edited(world, |entry| {
                entry.parents.clear();
                entry.lamport = 1;
            })
        },
    },
    Forgery {
        name: "lamport-wrong",
        what: "a developer gives its entry a number that wins over what comes later",
        code: "lamport-wrong",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: |world| {
            let tips = Tips { lamport: 1_000_000, ..tips(&world.file) };
            put_at(world, "dev/DB", "apprentice", "apprentice", head(&world.file), tips)
        },
    },
    Forgery {
        name: "entry-dropped",
        what: "an entry in the middle of the history is deleted",
        code: "parent-missing",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            changed(world, |file| {
                let last = last(file);
                let parent = file.entries[&last].parents[0];
                file.entries.remove(&parent);
            })
        },
    },
    Forgery {
        name: "entry-before-policy-dropped",
        what: "an old vault is cut: an entry that a policy entry knows of is deleted",
        code: "policy-head-missing",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            let mut file = world.before.clone();
            file.chain = world.file.chain.clone();
            file.audiences = world.file.audiences.clone();
            let known = file.chain.last().unwrap().heads[0];
            file.entries.remove(&known);
            text(&file)
        },
    },
    Forgery {
        name: "entry-doubled",
        what: "an entry's line stands twice",
        code: "merged-as-text",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            let line = world.file.entries.values().next().unwrap().line();
            text(&world.file).replace(&line, &format!("{line}\n{line}"))
        },
    },
    Forgery {
        name: "remove-by-reader",
        what: "a reader removes a secret",
        code: "op-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            by_rita(world, |secret, objects| Op::Remove(Versions { secret, objects, adopts: None }))
        },
    },
    Forgery {
        name: "prune-by-reader",
        what: "a reader prunes a secret and deletes its bytes",
        code: "op-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| by_rita(world, |secret, objects| Op::Prune { secret, objects }),
    },
    Forgery {
        name: "field-by-reader",
        what: "a reader changes the variable that a secret becomes",
        code: "op-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            by_rita(world, |secret, _| {
                let (field, value) = ("var".to_owned(), Some("PAGER".to_owned()));
                Op::Field(Field { secret, field, value, adopts: None })
            })
        },
    },
    Forgery {
        name: "rollout-by-reader",
        what: "a reader says how many are given what is pending",
        code: "op-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            by_rita(world, |secret, _| Op::Rollout {
                secret,
                rotation: RotationId([3; 16]),
                share: 10_000,
            })
        },
    },
    Forgery {
        name: "pending-without-put",
        what: "a developer begins a rotation of a secret that nobody put",
        code: "op-unauthorised",
        setup: Setup::File,
        get: Get::Value("dev/DB", "dev-db-1"),
        make: |world| {
            let ops = vec![Op::Pending(Pending {
                secret: secret("dev/NOWHERE"),
                nonce: Some(Fixed([3; 16])),
                base: Some(ObjectId([4; 32])),
                begun: RotationId([3; 16]),
                rotation: None,
                body: None,
                derived: ObjectId([0; 32]),
                wrap: None,
                expires: None,
            })];
            changed(world, |file| sign_into(world, file, "apprentice", "apprentice", ops))
        },
    },
    Forgery {
        name: "checkpoint-by-developer",
        what: "a developer closes the history behind a checkpoint",
        code: "op-unauthorised",
        setup: Setup::File,
        get: Get::Value("dev/DB", "dev-db-1"),
        make: |world| {
            let op = Op::Checkpoint { segment: Fixed([3; 32]), heads: tips(&world.file).parents };
            changed(world, |file| sign_into(world, file, "apprentice", "apprentice", vec![op]))
        },
    },
    Forgery {
        name: "adopted-by-reader",
        what: "a reader re-issues a removed member's void entry",
        code: "op-unauthorised",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: adopted_by_reader,
    },
];

/// The policy's head.
pub fn head(file: &VaultFile) -> PolicyId {
    file.chain.last().unwrap().id()
}

pub fn tips(file: &VaultFile) -> Tips {
    open(file).tips()
}

/// The one head of the log.
pub fn last(file: &VaultFile) -> EntryId {
    tips(file).parents[0]
}

fn draft(ops: Vec<Op>) -> EntryDraft {
    EntryDraft { ops, reason: "set a value".to_owned(), ts: NOW }
}

/// The entry of an actor, signed by a key that need not be theirs.
pub fn signed(
    file: &VaultFile,
    ops: Vec<Op>,
    tips: &Tips,
    policy: PolicyId,
    (actor, key): (&str, &SigningKey),
) -> Entry {
    let by = Authorship { vault: &file.header.vault, policy, actor: &name(actor) };
    draft(ops).sign(tips, by, key)
}

pub fn insert(file: &mut VaultFile, entry: Entry) {
    file.entries.insert(entry.id(), entry);
}

/// Signs ops under the policy of now, with all heads as parents.
fn sign_into(world: &World, file: &mut VaultFile, actor: &str, signer: &str, ops: Vec<Op>) {
    let key = &world.person(signer).key;
    insert(file, signed(&world.file, ops, &tips(&world.file), head(&world.file), (actor, key)));
}

fn put(world: &World, secret: &str, actor: &str, signer: &str, policy: PolicyId) -> String {
    put_at(world, secret, actor, signer, policy, tips(&world.file))
}

/// A `put` with everything that belongs to it in the file.
fn put_at(
    world: &World,
    secret: &str,
    actor: &str,
    signer: &str,
    policy: PolicyId,
    tips: Tips,
) -> String {
    changed(world, |file| {
        let key = &world.person(signer).key;
        let op = put_op(file, secret, key, &tips);
        insert(file, signed(&world.file, vec![op], &tips, policy, (actor, key)));
    })
}

/// A version in the file, and the op by which an entry after these tips puts it.
pub fn put_op(file: &mut VaultFile, full: &str, key: &SigningKey, tips: &Tips) -> Op {
    let sealed = sealed_by_outsider(file, full, "forged", (key.id(), tips.origin()));
    let replaces = section(file, full).active.clone();
    let op = Op::Put(Put {
        secret: secret(full),
        body: sealed.body,
        object: sealed.object_id,
        wrap: sealed.wrap_id,
        expires: None,
        replaces,
        same: Vec::new(),
        adopts: None,
    });
    add(file, full, sealed);
    op
}

/// All of it as Rex can make it: under the old policy, after what he knew, and in the file's own
/// copies nothing that gives it away.
fn removed_old_policy(world: &World) -> String {
    let (policy, tips) = (head(&world.before), tips(&world.before));
    changed(world, |file| {
        let active = section(file, "dev/DB").active.clone();
        let key = &world.person("rex").key;
        let op = put_op(file, "dev/DB", key, &tips);
        section(file, "dev/DB").active = active;
        insert(file, signed(&world.file, vec![op], &tips, policy, ("rex", key)));
    })
}

fn resign(entry: &mut Entry, key: &SigningKey) {
    entry.sig = key.sign(v_secure_core::crypto::sign::Tag::LogEntry, &entry.id());
}

/// The last entry, changed after it was signed.
fn edited(world: &World, change: impl FnOnce(&mut Entry)) -> String {
    changed(world, |file| {
        let id = last(&world.file);
        let mut entry = file.entries.remove(&id).unwrap();
        change(&mut entry);
        insert(file, entry);
    })
}

fn by_rita(
    world: &World,
    op: impl FnOnce(v_secure_core::name::SecretName, Vec<ObjectId>) -> Op,
) -> String {
    changed(world, |file| {
        let active = section(file, "prod/DB").active.clone();
        sign_into(world, file, "rita", "rita", vec![op(secret("prod/DB"), active)]);
    })
}

fn adopted_by_reader(world: &World) -> String {
    changed(world, |file| {
        let (policy, tips) = (head(&world.before), tips(&world.before));
        let key = &world.person("rex").key;
        let op = put_op(file, "dev/DB", key, &tips);
        let void = signed(&world.file, vec![op.clone()], &tips, policy, ("rex", key));
        let Op::Put(put) = op else { unreachable!("a put") };
        let adopted = Op::Put(Put { adopts: Some(OpRef { entry: void.id(), op: 0 }), ..put });
        insert(file, void);
        sign_into(world, file, "rita", "rita", vec![adopted]);
    })
}
