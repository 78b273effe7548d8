//! Forgeries of the policy chain.

use crate::forgery::kind::{Forgery, Get, Setup, changed};
use crate::forgery::world::{NOW, World, name, open};
use std::collections::BTreeSet;
use v_secure::host::real::RealHost;
use v_secure_core::file::device_key::new_device_key;
use v_secure_core::name::Pattern;
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::policy::op::{MemberAdd, MemberKind, PolicyOp, Right};
use v_secure_core::policy::sign::{PolicyDraft, co_sign};

pub const ALL: &[Forgery] = &[
    Forgery {
        name: "policy-altered",
        what: "the last policy entry is changed: the removed member stays",
        code: "policy-signature",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| edited(world, |entry| entry.reason = "nothing happened".to_owned()),
    },
    Forgery {
        name: "policy-middle-altered",
        what: "an earlier policy entry is changed",
        code: "policy-signature",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| changed(world, |file| file.chain[2].reason.push('!')),
    },
    Forgery {
        name: "policy-resigned",
        what: "a policy entry is changed and signed by somebody who is not an owner",
        code: "policy-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            edited(world, |entry| {
                entry.reason = "rex leaves, says rita".to_owned();
                entry.sigs.clear();
                *entry = co_sign(entry.clone(), &world.person("rita").key);
            })
        },
    },
    Forgery {
        name: "self-granted",
        what: "a developer gives its role more rights",
        code: "policy-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            let (role, pattern) = (name("dev"), Pattern::new("prod/*").unwrap());
            let op = PolicyOp::grant(role, pattern, vec![Right::Read, Right::Write]);
            appended(world, "apprentice", vec![op])
        },
    },
    Forgery {
        name: "self-joined",
        what: "a developer joins the owners",
        code: "policy-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            let op = PolicyOp::role_join(name("owner"), name("apprentice"));
            appended(world, "apprentice", vec![op])
        },
    },
    Forgery {
        name: "self-added",
        what: "an outsider adds itself as a member and signs that with its own key",
        code: "policy-unknown-key",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            let (member, kind) = (name("mallory"), MemberKind::User);
            let recipients = vec![world.person("mallory").recipient.clone()];
            let op = PolicyOp::MemberAdd(MemberAdd { member, kind, recipients, expires: None });
            appended(world, "mallory", vec![op])
        },
    },
    Forgery {
        name: "self-returned",
        what: "a removed member adds itself again with its old key",
        code: "policy-unknown-key",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            let (member, kind) = (name("rex"), MemberKind::User);
            let recipients = vec![world.person("rex").recipient.clone()];
            let op = PolicyOp::MemberAdd(MemberAdd { member, kind, recipients, expires: None });
            appended(world, "rex", vec![op])
        },
    },
    Forgery {
        name: "key-for-another",
        what: "a developer adds a device key of its own making to the owner",
        code: "policy-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            let recipient = &world.person("ada").recipient;
            let vault = Some(&world.file.header.vault);
            let (key, _) =
                new_device_key(&RealHost, vault, &name("ada"), &name("phone"), recipient).unwrap();
            appended(world, "apprentice", vec![PolicyOp::KeyAdd(key)])
        },
    },
    Forgery {
        name: "setting-by-developer",
        what: "a developer allows loader variables",
        code: "policy-unauthorised",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            let (key, value) = ("variables.allow".to_owned(), "LD_PRELOAD".to_owned());
            appended(world, "apprentice", vec![PolicyOp::Setting { key, value }])
        },
    },
    Forgery {
        name: "policy-dropped",
        what: "the policy entry that removed a member is deleted",
        code: "policy-unknown",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            changed(world, |file| {
                file.chain.pop();
                file.audiences = world.before.audiences.clone();
            })
        },
    },
    Forgery {
        name: "policy-middle-dropped",
        what: "a policy entry in the middle is deleted",
        code: "policy-seq",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| changed(world, |file| _ = file.chain.remove(1)),
    },
    Forgery {
        name: "policy-relinked",
        what: "a policy entry names another predecessor",
        code: "policy-link",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| edited(world, |entry| entry.prev = Some(world.file.chain[0].id())),
    },
];

/// The last policy entry, changed after it was signed.
fn edited(world: &World, change: impl FnOnce(&mut PolicyEntry)) -> String {
    changed(world, |file| change(file.chain.last_mut().unwrap()))
}

fn appended(world: &World, signer: &str, ops: Vec<PolicyOp>) -> String {
    let vault = open(&world.file);
    let heads: BTreeSet<_> = vault.heads();
    let draft = PolicyDraft::next(vault.chain(), NOW, heads, ops, "as agreed".to_owned());
    let entry = draft.sign(&[&world.person(signer).key]);
    changed(world, |file| file.chain.push(entry))
}
