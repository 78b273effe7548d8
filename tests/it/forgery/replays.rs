//! What was genuine once, or elsewhere: a section, an entry, a policy entry, another way on from an earlier
//! state; and what stands beside what is signed.

use crate::forgery::entries::insert;
use crate::forgery::kind::{Forgery, Get, Setup, changed, text};
use crate::forgery::values::section;
use crate::forgery::world::{NOW, World, open, secret, start};
use v_secure_core::crypto::id::EpochId;
use v_secure_core::file::model::Wrap;
use v_secure_core::log::draft::{Authorship, EntryDraft, Tips};
use v_secure_core::log::op::{Field, Op};
use v_secure_core::name::audience::AudienceName;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::sign::PolicyDraft;

const DB: &str = "prod/DB";

pub const ALL: &[Forgery] = &[
    Forgery {
        name: "section-replayed",
        what: "a secret gets back its section of an older state",
        code: "object-missing",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| {
            changed(world, |file| {
                *section(file, DB) = section(&mut world.shorter.clone(), DB).clone();
            })
        },
    },
    Forgery {
        name: "entry-of-another-vault",
        what: "an entry that the owner signed in another vault is put into this one",
        code: "policy-unknown",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: of_another_vault,
    },
    Forgery {
        name: "policy-replayed",
        what: "an earlier policy entry stands at the end a second time",
        code: "merged-as-text",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| {
            changed(world, |file| {
                let entry = file.chain[1].clone();
                file.chain.push(entry);
            })
        },
    },
    Forgery {
        name: "policy-forked-shorter",
        what: "the policy goes another way from its beginning, and is shorter than the one this device has seen",
        code: "pin-diverged",
        setup: Setup::Pinned,
        get: Get::Refused(DB),
        make: |world| {
            let (key, value) = ("reads".to_owned(), "off".to_owned());
            forked(world, false, vec![PolicyOp::Setting { key, value }])
        },
    },
    Forgery {
        name: "rebase-by-removed-owner",
        what: "a removed owner goes another way from before its removal and states that the removal gave way to it",
        code: "pin-diverged",
        setup: Setup::Pinned,
        get: Get::Refused(DB),
        make: |world| {
            let from = world.before.chain.len();
            let gone = world.file.chain[from..].iter();
            forked(world, true, gone.map(|entry| PolicyOp::Rebase { head: entry.id() }).collect())
        },
    },
    Forgery {
        name: "rebase-by-removed-owner-base",
        what: "the same, compared with the state that had the removal",
        code: "base-policy-diverged",
        setup: Setup::Base,
        get: Get::Untouched,
        make: |world| {
            let from = world.before.chain.len();
            let gone = world.file.chain[from..].iter();
            forked(world, true, gone.map(|entry| PolicyOp::Rebase { head: entry.id() }).collect())
        },
    },
    Forgery {
        name: "setting-in-header",
        what: "a setting stands in the header, beside what is signed",
        code: "section-expected",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| text(&world.file).replacen("\n[policy]", "reads = \"off\"\n\n[policy]", 1),
    },
    Forgery {
        name: "wrap-audience-changed",
        what: "a wrap is said to be for another audience",
        code: "wrap-epoch",
        setup: Setup::File,
        get: Get::Refused(DB),
        make: |world| rewrapped(world, |wrap| wrap.audience = AudienceName::new("dev+owner")),
    },
    Forgery {
        name: "wrap-epoch-changed",
        what: "a wrap is said to be under the current epoch",
        code: "wrap-unknown",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: |world| {
            let epoch: EpochId = world.file.audiences["dev+owner"].epoch;
            changed(world, |file| {
                let section = section(file, "dev/DB");
                let wraps = std::mem::take(&mut section.wraps);
                section.wraps = wraps
                    .into_values()
                    .map(|wrap| Wrap { epoch, ..wrap })
                    .map(|wrap| (wrap.id(), wrap))
                    .collect();
            })
        },
    },
];

fn rewrapped(world: &World, change: impl Fn(&mut Wrap)) -> String {
    changed(world, |file| {
        let section = section(file, DB);
        let wraps = std::mem::take(&mut section.wraps);
        section.wraps = wraps
            .into_values()
            .map(|mut wrap| {
                change(&mut wrap);
                (wrap.id(), wrap)
            })
            .collect();
    })
}

fn of_another_vault(world: &World) -> String {
    let other = start(&world.person("ada").recipient, "other");
    let (field, value) = ("var".to_owned(), Some("PAGER".to_owned()));
    let op = Op::Field(Field { secret: secret(DB), field, value, adopts: None });
    let draft = EntryDraft { ops: vec![op], reason: String::new(), ts: NOW };
    let policy = other.chain.last().unwrap().id();
    let name = crate::forgery::world::name("ada");
    let by = Authorship { vault: &other.header.vault, policy, actor: &name };
    let entry = draft.sign(&Tips { parents: Vec::new(), lamport: 1 }, by, &world.person("ada").key);
    changed(world, |file| insert(file, entry))
}

/// From before the removal by the owner who was removed then, or from the beginning by Ada.
fn forked(world: &World, late: bool, ops: Vec<PolicyOp>) -> String {
    let (from, who) = if late { (&world.before, "boss") } else { (&world.first, "ada") };
    let vault = open(from);
    let draft = PolicyDraft::next(vault.chain(), NOW, vault.heads(), ops, "elsewhere".to_owned());
    let mut file = from.clone();
    file.chain.push(draft.sign(&[&world.person(who).key]));
    text(&file)
}
