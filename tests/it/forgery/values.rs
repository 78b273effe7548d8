//! Forgeries of values, wraps and envelopes.

use crate::forgery::kind::{Forgery, Get, Setup, changed};
use crate::forgery::world::{World, name, open, secret};
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::Id;
use v_secure_core::crypto::id::{EpochId, KeyId, SecretId};
use v_secure_core::file::audience;
use v_secure_core::file::audience::EpochKeys;
use v_secure_core::file::model::{AudienceSection, SecretSection, VaultFile, Wrap};
use v_secure_core::file::version;
use v_secure_core::file::version::{Authored, SealedVersion, SecretRef, WrapTo};
use v_secure_core::name::audience::AudienceName;
use v_secure_core::record::ids;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::unlock::Unlocked;

pub const ALL: &[Forgery] = &[
    Forgery {
        name: "value-swapped",
        what: "the values of two secrets are swapped, without their wraps",
        code: "object-unknown",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: value_swapped,
    },
    Forgery {
        name: "section-swapped",
        what: "two secrets swap all that they hold, wraps included",
        code: "object-unknown",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: section_swapped,
    },
    Forgery {
        name: "environment-moved",
        what: "a version of dev is copied to prod, with its wrap",
        code: "object-unknown",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: environment_moved,
    },
    Forgery {
        name: "section-renamed",
        what: "the section of a secret gets another secret's name",
        code: "object-unknown",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: |world| changed(world, |file| section(file, "dev/DB").name = secret("prod/DB-OLD")),
    },
    Forgery {
        name: "ciphertext-changed",
        what: "a byte of a ciphertext is changed",
        code: "object-unknown",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| changed(world, |file| flip(file, "prod/DB")),
    },
    Forgery {
        name: "object-dropped",
        what: "the current version is deleted",
        code: "object-missing",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            changed(world, |file| {
                let section = section(file, "prod/DB");
                let current = section.active[0];
                section.versions.remove(&current);
                section.wraps.retain(|_, wrap| wrap.version != current);
            })
        },
    },
    Forgery {
        name: "wrap-dropped",
        what: "the wrap of the current version is deleted",
        code: "wrap-missing",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            changed(world, |file| {
                let section = section(file, "prod/DB");
                let current = section.active[0];
                section.wraps.retain(|_, wrap| wrap.version != current);
            })
        },
    },
    Forgery {
        name: "wrap-replayed",
        what: "a new version gets the key of an older one: its wrap, replayed",
        code: "wrap-unknown",
        setup: Setup::File,
        get: Get::Refused("dev/FLAG"),
        make: wrap_replayed,
    },
    Forgery {
        name: "wrap-old-epoch",
        what: "a removed member seals a value's key to the epoch whose key it still has",
        code: "wrap-unknown",
        setup: Setup::File,
        get: Get::Refused("dev/DB"),
        make: wrap_old_epoch,
    },
    Forgery {
        name: "wrap-epoch-invented",
        what: "a wrap names an epoch that the policy never had",
        code: "wrap-epoch",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            changed(world, |file| {
                rewrapped(file, "prod/DB", |wrap| wrap.epoch = EpochId([7; 16]));
            })
        },
    },
    Forgery {
        name: "secret-injected",
        what: "an outsider adds a secret, sealed to the public key of the right epoch",
        code: "object-unknown",
        setup: Setup::File,
        get: Get::Refused("prod/NEW"),
        make: |world| {
            changed(world, |file| {
                let by = (world.person("mallory").key.id(), ids::origin(&[]));
                let sealed = sealed_by_outsider(file, "prod/NEW", "evil", by);
                add(file, "prod/NEW", sealed);
            })
        },
    },
    Forgery {
        name: "recipient-added",
        what: "a reader seals an audience's keys again, to itself and an outsider",
        code: "envelope-wrong",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: recipient_added,
    },
    Forgery {
        name: "envelopes-swapped",
        what: "the envelopes of two audiences are swapped",
        code: "envelope-wrong",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            changed(world, |file| {
                let other = file.audiences["dev+owner"].envelope.clone();
                let own = &mut audience(file, "ci+owner").envelope;
                let own = std::mem::replace(own, other);
                audience(file, "dev+owner").envelope = own;
            })
        },
    },
    Forgery {
        name: "envelope-invented",
        what: "an outsider makes an envelope with keys of its own, to the right recipients",
        code: "envelope-wrong",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: envelope_invented,
    },
    Forgery {
        name: "envelope-replayed",
        what: "an audience gets back the envelope of the epoch before a member was removed",
        code: "audience-epoch",
        setup: Setup::File,
        get: Get::Refused("dev/FLAG"),
        make: |world| {
            changed(world, |file| {
                let old = world.before.audiences["dev+owner"].clone();
                file.audiences.insert(AudienceName::new("dev+owner"), old);
            })
        },
    },
    Forgery {
        name: "audience-dropped",
        what: "an audience's section is deleted",
        code: "audience-missing",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| changed(world, |file| _ = file.audiences.remove("ci+owner")),
    },
    Forgery {
        name: "audience-added",
        what: "a section for an audience that the policy does not have",
        code: "audience-unknown",
        setup: Setup::File,
        get: Get::Refused("prod/DB"),
        make: |world| {
            changed(world, |file| {
                let copy = file.audiences["ci+owner"].clone();
                file.audiences.insert(AudienceName::new("ci+dev+owner"), copy);
            })
        },
    },
];

fn uid(file: &VaultFile, name: &str) -> SecretId {
    ids::secret_uid(&file.header.vault, &secret(name))
}

pub fn section<'a>(file: &'a mut VaultFile, name: &str) -> &'a mut SecretSection {
    let uid = uid(file, name);
    file.secret_section(uid, &secret(name))
}

fn audience<'a>(file: &'a mut VaultFile, name: &str) -> &'a mut AudienceSection {
    file.audiences.get_mut(name).unwrap()
}

fn flip(file: &mut VaultFile, name: &str) {
    let section = section(file, name);
    section.versions.get_mut(&section.active[0]).unwrap().ciphertext.0[0] ^= 1;
}

fn value_swapped(world: &World) -> String {
    changed(world, |file| {
        let (db, api) = (section(file, "prod/DB").active[0], section(file, "prod/API").active[0]);
        let other = section(file, "prod/API").versions[&api].clone();
        let own = section(file, "prod/DB").versions.insert(db, other).unwrap();
        section(file, "prod/API").versions.insert(api, own);
    })
}

fn section_swapped(world: &World) -> String {
    changed(world, |file| {
        let other = section(file, "prod/API").clone();
        let own = std::mem::replace(section(file, "prod/DB"), other);
        *section(file, "prod/API") = own;
        section(file, "prod/DB").name = secret("prod/DB");
        section(file, "prod/API").name = secret("prod/API");
    })
}

fn environment_moved(world: &World) -> String {
    changed(world, |file| {
        let from = section(file, "dev/DB").clone();
        let to = section(file, "prod/DB");
        to.versions.extend(from.versions);
        to.wraps.extend(from.wraps);
        to.active = from.active;
    })
}

/// Changes every wrap of a secret, and its id with it.
fn rewrapped(file: &mut VaultFile, name: &str, change: impl Fn(&mut Wrap)) {
    let section = section(file, name);
    let wraps = std::mem::take(&mut section.wraps);
    section.wraps = wraps
        .into_values()
        .map(|mut wrap| {
            change(&mut wrap);
            (wrap.id(), wrap)
        })
        .collect();
}

fn wrap_replayed(world: &World) -> String {
    changed(world, |file| {
        let section = section(file, "dev/FLAG");
        let current = section.active[0];
        let old = section.wraps.values().find(|wrap| wrap.version != current).unwrap().clone();
        section.wraps.retain(|_, wrap| wrap.version != current);
        let forged = Wrap { version: current, ..old };
        section.wraps.insert(forged.id(), forged);
    })
}

/// The keys of an audience that somebody can open in a vault.
pub fn keys(world: &World, file: &VaultFile, who: &str, audience: &str) -> Vec<EpochKeys> {
    let vault = open(file);
    let who = Unlocked::new(&vault, world.identities(who)).unwrap();
    assert_ne!(who.member(), &name("mallory"));
    who.open(&vault, &AudienceName::new(audience)).unwrap()
}

fn wrap_old_epoch(world: &World) -> String {
    let keys = keys(world, &world.before, "rex", "dev+owner");
    let audience = AudienceName::new("dev+owner");
    let recipient =
        open(&world.before).policy().audience(&audience).unwrap().current.recipient.clone();
    changed(world, |file| {
        let uid = uid(file, "dev/DB");
        let binding = SecretRef { vault: &file.header.vault.clone(), uid: &uid };
        let section = section(file, "dev/DB");
        let current = section.active[0];
        let object = &section.versions[&current];
        let wrap = section.wraps.values().find(|wrap| wrap.version == current).unwrap();
        // Under the KEK it would be the wrap that is there.
        let to =
            WrapTo::Recipient { audience: &audience, epoch: keys[0].epoch, recipient: &recipient };
        let (id, wrap) = version::rewrap(binding, object, wrap, &keys, to).unwrap();
        section.wraps.insert(id, wrap);
    })
}

/// A value as anybody can seal it who can read the repository, for the entry of this key and origin.
pub fn sealed_by_outsider(
    file: &VaultFile,
    name: &str,
    value: &str,
    (author, origin): (KeyId, Id),
) -> SealedVersion {
    let vault = open(file);
    let audience = vault.policy().audience_of(&secret(name));
    let epoch = &vault.policy().audience(&audience).unwrap().current;
    let (epoch, recipient) = (epoch.epoch, &epoch.recipient);
    let uid = uid(file, name);
    let binding = SecretRef { vault: &file.header.vault, uid: &uid };
    let to = WrapTo::Recipient { audience: &audience, epoch, recipient };
    let value = SecretValue::from(value.to_owned());
    let authored = Authored { value: &value, author: &author, expires: None };
    version::seal_version(&RealHost, binding, authored, to).unwrap().put_at(origin)
}

/// Puts a sealed version into the file, as the active one.
pub fn add(file: &mut VaultFile, name: &str, sealed: SealedVersion) {
    let section = section(file, name);
    section.versions.insert(sealed.object_id, sealed.object);
    section.wraps.insert(sealed.wrap_id, sealed.wrap);
    section.active = vec![sealed.object_id];
}

fn recipient_added(world: &World) -> String {
    let keys = keys(world, &world.file, "rita", "ci+owner");
    let recipients = ["ada", "rita", "mallory"].map(|who| world.person(who).recipient.clone());
    changed(world, |file| {
        let vault = file.header.vault;
        audience(file, "ci+owner").envelope =
            audience::seal_envelope(&vault, &AudienceName::new("ci+owner"), &keys, &recipients)
                .unwrap();
    })
}

fn envelope_invented(world: &World) -> String {
    let vault = world.file.header.vault;
    let (mut keys, _) =
        audience::new_epoch(&RealHost, &vault, &AudienceName::new("ci+owner")).unwrap();
    let recipients = ["ada", "rita"].map(|who| world.person(who).recipient.clone());
    changed(world, |file| {
        let epoch: EpochId = file.audiences["ci+owner"].epoch;
        keys.epoch = epoch;
        audience(file, "ci+owner").envelope =
            audience::seal_envelope(&vault, &AudienceName::new("ci+owner"), &[keys], &recipients)
                .unwrap();
    })
}
