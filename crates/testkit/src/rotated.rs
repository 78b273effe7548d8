//! Rotations in a vault of the program: no command makes them yet, so the library writes what the program then finds.

use crate::person::Person;
use crate::planted::IDENTITY;
use std::collections::BTreeSet;
use std::fs;
use v_secure::host::Clock;
use v_secure::host::random;
use v_secure::host::real::RealHost;
use v_secure_core::crypto::bytes::Fixed;
use v_secure_core::crypto::id::{ObjectId, RotationId};
use v_secure_core::crypto::identity::parse_identities;
use v_secure_core::file::format;
use v_secure_core::file::format::Trust;
use v_secure_core::file::model::VaultFile;
use v_secure_core::file::version::{Authored, SealedVersion, WrapTo, seal_version};
use v_secure_core::log::draft::{Authorship, EntryDraft};
use v_secure_core::log::op::{Op, Pending, Versions};
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

/// Begins a rotation of a secret's current value with this one, in the person's name. Returns its id.
pub fn begin(by: &Person, secret: &str, value: &str) -> RotationId {
    let (secret, vault) = (name(secret), open(by));
    let who = who(by, &vault);
    let (uid, tips) = (vault.uid(&secret), vault.tips());
    let audience = vault.policy().audience_of(&secret);
    let keys = who.keys(&vault, &audience).unwrap();
    let author = who.signer(&vault).unwrap().key.id();
    let value = SecretValue::from(value.to_owned());
    let authored = Authored { value: &value, author: &author, expires: None };
    let to = WrapTo::Epoch { audience: &audience, keys: &keys[0] };
    let sealed = seal_version(&RealHost, vault.binding(&uid), authored, to).unwrap();
    let SealedVersion { body, object_id, object, wrap_id, wrap } = sealed.put_at(tips.origin());
    let pending = Op::Pending(Pending {
        secret: secret.clone(),
        nonce: Some(Fixed(random(&RealHost))),
        base: vault.secret(&secret).unwrap().current,
        begun: RotationId([0; 16]),
        rotation: None,
        body: Some(body),
        derived: object_id,
        wrap: Some(wrap_id),
        expires: None,
    });
    write(by, &vault, &who, pending, |file| {
        let section = file.secret_section(uid, &secret);
        section.versions.insert(object_id, object);
        section.wraps.insert(wrap_id, wrap);
    });
    let open = open(by);
    let mut begun = open.secret(&secret).unwrap().open_rotations();
    begun.find(|rotation| rotation.objects.contains(&object_id)).unwrap().id
}

/// Says that what these versions are for accepts them no more.
pub fn retire(by: &Person, secret: &str, numbers: &[usize]) {
    let (secret, vault) = (name(secret), open(by));
    let state = vault.secret(&secret).unwrap();
    let objects: BTreeSet<ObjectId> =
        numbers.iter().map(|number| state.numbered(*number).unwrap().object).collect();
    let objects = objects.into_iter().collect();
    let retire = Op::Retire(Versions { secret, objects, adopts: None });
    write(by, &vault, &who(by, &vault), retire, |_| {});
}

fn name(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

fn open(of: &Person) -> Vault {
    let text = fs::read(of.vault()).unwrap();
    Vault::open(&text, Trust::Strict, Depth::Everything, RealHost.now()).unwrap()
}

fn who(person: &Person, vault: &Vault) -> Unlocked {
    let text = fs::read(person.home().join(IDENTITY)).unwrap();
    Unlocked::new(vault, parse_identities(&SecretValue::new(text)).unwrap()).unwrap()
}

/// An entry of one op, with what it names.
fn write(by: &Person, vault: &Vault, who: &Unlocked, op: Op, with: impl FnOnce(&mut VaultFile)) {
    let signer = who.signer(vault).unwrap();
    let (policy, actor) = (vault.chain().head(), &signer.member);
    let authorship = Authorship { vault: &vault.id(), policy, actor };
    let draft = EntryDraft { ops: vec![op], reason: String::new(), ts: RealHost.now() };
    let entry = draft.sign(&vault.tips(), authorship, &signer.key);
    let mut file = vault.file().clone();
    file.entries.insert(entry.id(), entry);
    with(&mut file);
    fs::write(by.vault(), format::write(&file)).unwrap();
}
