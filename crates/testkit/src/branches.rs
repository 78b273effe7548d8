//! Two states of a vault brought together, as somebody could do by hand who may push: the union of
//! what both hold, under the longer policy.

use std::fs;
use std::path::Path;
use v_secure_core::crypto::identity::parse_identities;
use v_secure_core::file::format;
use v_secure_core::file::format::{ReadScope, Trust};
use v_secure_core::file::model::VaultFile;
use v_secure_core::log::draft::{Authorship, EntryDraft};
use v_secure_core::log::op::{Field, Op};
use v_secure_core::merge;
use v_secure_core::name::SecretName;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::unlock::{Signer, Unlocked};
use v_secure_core::vault::{Depth, Vault};

pub fn parse(path: &Path) -> VaultFile {
    format::parse(&fs::read(path).unwrap(), Trust::Strict, ReadScope::All).unwrap()
}

pub fn open(path: &Path) -> Vault {
    Vault::open(&fs::read(path).unwrap(), Trust::Strict, Depth::Everything, UnixTime::from_secs(0))
        .unwrap()
}

/// Puts everything that is in `from` into the vault at `into`.
pub fn unite(into: &Path, from: &Path) {
    let merged = merge::merge(parse(into), [parse(from)], UnixTime::MIN).unwrap();
    fs::write(into, merged.text).unwrap();
}

/// The member and signing key that an identity file gives in the vault at `path`.
pub fn thief(path: &Path, identity: &Path) -> (Unlocked, Signer) {
    let vault = open(path);
    let identities = parse_identities(&SecretValue::new(fs::read(identity).unwrap())).unwrap();
    let who = Unlocked::new(&vault, identities).unwrap();
    let signer = who.signer(&vault).unwrap();
    (who, signer)
}

/// Adds an entry that names the newest policy, signed with a key that this policy does not have.
pub fn forge(path: &Path, signer: &Signer, secret: &str) {
    let vault = open(path);
    let (secret, field) = (SecretName::parse(secret).unwrap(), "description".to_owned());
    let op = Op::Field(Field { secret, field, value: Some("mine".to_owned()), adopts: None });
    let draft = EntryDraft {
        ops: vec![op],
        reason: "set a value".to_owned(),
        ts: UnixTime::from_secs(1_800_000_000),
    };
    let (id, policy, actor) = (vault.id(), vault.chain().head(), &signer.member);
    let entry = draft.sign(&vault.tips(), Authorship { vault: &id, policy, actor }, &signer.key);
    let mut file = parse(path);
    file.entries.insert(entry.id(), entry);
    fs::write(path, format::write(&file)).unwrap();
}
