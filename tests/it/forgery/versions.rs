//! Forgeries of whose a version is, and until when: by those who may put a value, and by those who
//! can push.

use crate::forgery::entries::{head, insert, last, signed, tips};
use crate::forgery::kind::{Forgery, Get, Setup, changed};
use crate::forgery::values::section;
use crate::forgery::world::{LATE, World, secret};
use v_secure_core::crypto::id::ObjectId;
use v_secure_core::file::model::{VaultFile, VersionObject};
use v_secure_core::log::draft::Tips;
use v_secure_core::log::op::{Field, Op, Put};
use v_secure_core::record::ids;
use v_secure_core::time::UnixTime;

const DB: &str = "prod/DB";

pub const ALL: &[Forgery] = &[
    Forgery {
        name: "version-put-again",
        what: "somebody who may rotate a secret puts the current version anew, as it is",
        code: "object-missing",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| again(world, "rob", tips(&world.file), |_| {}),
    },
    Forgery {
        name: "version-put-again-expired",
        what: "the same, with an expiry that is past: the next prune would delete the value",
        code: "object-missing",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| {
            again(world, "rob", tips(&world.file), |put| put.expires = Some(UnixTime::from_secs(1)))
        },
    },
    Forgery {
        name: "version-put-again-unending",
        what: "the same, without an expiry: a value that is to expire would be served for ever",
        code: "object-missing",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| again(world, "rob", tips(&world.file), |put| put.expires = None),
    },
    Forgery {
        name: "version-put-again-by-its-author",
        what: "the author of a version puts it a second time, with a later expiry",
        code: "object-missing",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| {
            again(world, "ada", tips(&world.file), |put| put.expires = Some(LATE.saturating_add(1)))
        },
    },
    Forgery {
        name: "version-put-again-backdated",
        what: "a rotator puts it anew beside the entry that put it, after the same entries",
        code: "object-missing",
        setup: Setup::File,
        get: Get::Untouched,
        make: |world| again(world, "rob", tips(&world.shorter), |_| {}),
    },
    Forgery {
        name: "version-put-again-elsewhere",
        what: "its author puts it a second time, under the same number, after another history",
        code: "object-missing",
        setup: Setup::File,
        get: Get::Untouched,
        make: elsewhere,
    },
    Forgery {
        name: "version-author-changed",
        what: "a version is said to be of another key",
        code: "object-unknown",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| {
            let rob = world.person("rob").key.id();
            stated(world, |object| object.author = rob)
        },
    },
    Forgery {
        name: "version-origin-changed",
        what: "a version is said to be of another entry of its author",
        code: "object-unknown",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| stated(world, |object| object.origin = ids::origin(&[])),
    },
    Forgery {
        name: "version-expiry-changed",
        what: "a version is said to expire later",
        code: "object-unknown",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| stated(world, |object| object.expires = Some(LATE.saturating_add(1))),
    },
];

/// The current version.
fn current(file: &mut VaultFile) -> (ObjectId, &mut VersionObject) {
    let section = section(file, DB);
    let id = section.active[0];
    (id, section.versions.get_mut(&id).unwrap())
}

/// The put of the current version, signed anew by somebody, with the right to put one.
fn again(world: &World, actor: &str, tips: Tips, change: impl FnOnce(&mut Put)) -> String {
    changed(world, |file| put_again(file, world, actor, tips, change))
}

/// Ada's put once more, after an entry of hers that stands beside the one that the put follows.
fn elsewhere(world: &World) -> String {
    changed(world, |file| {
        let genuine = &world.file.entries[&last(&world.file)];
        let beside = &world.file.entries[&genuine.parents[0]];
        let tips = Tips { parents: beside.parents.clone(), lamport: beside.lamport };
        let (field, value) = ("description".to_owned(), Some("beside".to_owned()));
        let op = Op::Field(Field { secret: secret("prod/API"), field, value, adopts: None });
        let key = &world.person("ada").key;
        let entry = signed(file, vec![op], &tips, head(&world.file), ("ada", key));
        let tips = Tips { parents: vec![entry.id()], lamport: genuine.lamport };
        insert(file, entry);
        put_again(file, world, "ada", tips, |_| {});
    })
}

fn put_again(
    file: &mut VaultFile,
    world: &World,
    actor: &str,
    tips: Tips,
    change: impl FnOnce(&mut Put),
) {
    let (current, object) = current(file);
    let (body, expires) = (object.body_id(), object.expires);
    let known: Vec<_> = world.file.entries.values().flat_map(|entry| &entry.ops).collect();
    let wrap = known.into_iter().rev().find_map(|op| match op {
        Op::Put(put) if put.object == current => Some(put.wrap),
        _ => None,
    });
    let wrap = wrap.unwrap();
    let genuine = last(&world.file);
    let replaces = if tips.parents.contains(&genuine) {
        vec![current]
    } else {
        section(&mut world.shorter.clone(), DB).versions.keys().copied().collect()
    };
    let (secret, same) = (secret(DB), Vec::new());
    let mut put =
        Put { secret, body, object: current, wrap, expires, replaces, same, adopts: None };
    change(&mut put);
    let key = &world.person(actor).key;
    let entry = signed(file, vec![Op::Put(put)], &tips, head(&world.file), (actor, key));
    insert(file, entry);
}

/// What is stated of the current version, changed: another version.
fn stated(world: &World, change: impl FnOnce(&mut VersionObject)) -> String {
    changed(world, |file| change(current(file).1))
}
