//! Chains for tests: a cast of members, and entries signed by them.

mod access;
mod attacks;
mod queries;
pub(super) mod random;
mod recipients;
mod rules;
mod sealing;

use super::chain::{Chain, ChainSignatures};
use super::entry::PolicyEntry;
use super::error::{ChainError, ChainFault, Needs};
use super::gives::{self, UNSTATED};
use super::op::{
    EpochReseal, EpochStart, KeyAdd, MemberAdd, MemberKind, PolicyOp, Right, VaultStart,
};
use super::sign::PolicyDraft;
use crate::crypto::bytes::{Blob, Fixed, ShortId};
use crate::crypto::id::VaultId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::{SigningKey, Tag};
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern, SecretName};
use crate::record::ids::SUITE;
use crate::record::ids::key_proof_id;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use bech32::{ToBase32, Variant};
use std::collections::BTreeSet;

pub fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

pub fn secret(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

/// The device key called `text`; the same text is always the same key.
pub fn device_key(text: &str) -> SigningKey {
    let seed = blake3::hash(text.as_bytes());
    SigningKey::from_seed(&SecretValue::new(seed.as_bytes().to_vec())).unwrap()
}

/// The age recipient called `text`; nobody has its identity.
pub fn recipient(text: &str) -> RecipientText {
    let mut key = *blake3::hash(format!("recipient {text}").as_bytes()).as_bytes();
    key[31] &= 0x3f;
    RecipientText::new(bech32::encode("age", key.to_base32(), Variant::Bech32).unwrap())
}

pub fn short<T: From<ShortId>>(byte: u8) -> T {
    Fixed([byte; 16]).into()
}

pub(crate) fn vault_op(threshold: u32, nonce: u8) -> PolicyOp {
    let suite = SUITE.to_owned();
    PolicyOp::Vault(VaultStart { suite, nonce: short(nonce), name: name("shop"), threshold })
}

pub fn member_add(member: &str) -> PolicyOp {
    PolicyOp::MemberAdd(MemberAdd {
        member: name(member),
        kind: MemberKind::User,
        recipients: vec![recipient(member)],
        expires: None,
    })
}

/// Adds the key called `device` to `member`, proved for `vault`.
pub fn key_add(vault: Option<&VaultId>, member: &str, device: &str) -> PolicyOp {
    key_add_to(vault, member, device, member)
}

/// The same, sealed to the recipient called `to`.
pub(crate) fn key_add_to(
    vault: Option<&VaultId>,
    member: &str,
    device: &str,
    to: &str,
) -> PolicyOp {
    let key = device_key(device);
    let (member, recipient) = (name(member), recipient(to));
    let (device, sealed) = (name(device), Blob(b"sealed".to_vec()));
    let proved = key_proof_id(vault, &member, &device, &recipient, &key.public(), &sealed.0);
    let proof = key.sign(Tag::KeyProof, &proved);
    let (key, gives) = (key.public(), UNSTATED);
    PolicyOp::KeyAdd(KeyAdd { member, device, key, recipient, sealed, proof, gives })
}

pub(crate) fn key_remove(member: &str, device: &str, lost: bool) -> PolicyOp {
    PolicyOp::KeyRemove { member: name(member), device: name(device), lost }
}

pub fn join(role: &str, member: &str) -> PolicyOp {
    PolicyOp::role_join(name(role), name(member))
}

pub fn leave(role: &str, member: &str) -> PolicyOp {
    PolicyOp::RoleLeave { role: name(role), member: name(member) }
}

pub fn role_add(role: &str) -> PolicyOp {
    PolicyOp::RoleAdd { role: name(role) }
}

pub(crate) fn role_remove(role: &str) -> PolicyOp {
    PolicyOp::RoleRemove { role: name(role) }
}

pub(crate) fn member_remove(member: &str) -> PolicyOp {
    PolicyOp::MemberRemove { member: name(member) }
}

pub fn recipient_add(member: &str, text: &str) -> PolicyOp {
    PolicyOp::recipient_add(name(member), recipient(text))
}

pub(crate) fn recipient_remove(member: &str, text: &str) -> PolicyOp {
    PolicyOp::RecipientRemove { member: name(member), recipient: recipient(text) }
}

pub fn grant(role: &str, on: &str, rights: &[Right]) -> PolicyOp {
    PolicyOp::grant(name(role), pattern(on), rights.to_vec())
}

pub fn revoke(role: &str, on: &str, rights: &[Right]) -> PolicyOp {
    PolicyOp::Revoke { role: name(role), pattern: pattern(on), rights: rights.to_vec() }
}

pub fn epoch(audience: &str, byte: u8) -> PolicyOp {
    PolicyOp::Epoch(EpochStart {
        audience: AudienceName::new(audience),
        epoch: short(byte),
        recipient: recipient(&format!("epoch {byte}")),
        kek: Fixed([byte; 32]),
        envelope: Fixed([byte; 32]),
        skipped: Vec::new(),
    })
}

pub fn reseal(audience: &str, byte: u8) -> PolicyOp {
    let (audience, envelope) = (AudienceName::new(audience), Fixed([byte ^ 0x80; 32]));
    PolicyOp::Reseal(EpochReseal { audience, epoch: short(byte), envelope, skipped: Vec::new() })
}

pub fn setting(key: &str, value: &str) -> PolicyOp {
    PolicyOp::Setting { key: key.to_owned(), value: value.to_owned() }
}

/// A valid chain that grows.
#[derive(Clone)]
pub struct World {
    pub entries: Vec<PolicyEntry>,
    pub chain: Chain,
}

pub fn signed(draft: PolicyDraft, signers: &[&str]) -> PolicyEntry {
    let keys: Vec<SigningKey> = signers.iter().map(|signer| device_key(signer)).collect();
    draft.sign(&keys.iter().collect::<Vec<_>>())
}

pub(crate) const fn threshold(owners: u32) -> PolicyOp {
    PolicyOp::Threshold { owners }
}

/// The ops that add `owners`, each with one key of its own name.
pub(crate) fn founding(threshold: u32, nonce: u8, owners: &[&str]) -> Vec<PolicyOp> {
    let mut ops = vec![vault_op(threshold, nonce)];
    for owner in owners {
        ops.extend([member_add(owner), key_add(None, owner, owner), join("owner", owner)]);
    }
    ops
}

impl World {
    pub fn found(threshold: u32, owners: &[&str]) -> Self {
        Self::genesis(founding(threshold, 1, owners), owners).unwrap()
    }

    pub fn genesis(ops: Vec<PolicyOp>, signers: &[&str]) -> Result<Self, &'static str> {
        let entries =
            vec![signed(PolicyDraft::genesis(UnixTime::from_secs(0), ops, String::new()), signers)];
        let chain = Chain::build(&entries, ChainSignatures::Check).map_err(|error| error.code())?;
        Ok(Self { entries, chain })
    }

    /// Owner admin; greta leads `dev/*` (`leads`); dora writes there (`devs`); paul has every right
    /// on `prod/*` (`ops`); gus may grant on `dev/*` and nothing else (`clerks`).
    pub fn cast() -> Self {
        use Right::{Delete, Grant, Read, Rotate, Write};
        let mut world = Self::found(1, &["admin"]);
        for (member, role) in
            [("greta", "leads"), ("dora", "devs"), ("paul", "ops"), ("gus", "clerks")]
        {
            let key = world.key(member, member);
            world
                .did(&["admin"], vec![member_add(member), key, role_add(role), join(role, member)]);
        }
        world.did(
            &["admin"],
            vec![
                grant("leads", "dev/*", &[Read, Write, Grant]),
                grant("devs", "dev/*", &[Read, Write]),
                grant("ops", "prod/*", &[Read, Write, Rotate, Delete, Grant]),
                grant("clerks", "dev/*", &[Grant]),
                epoch("owner", 1),
                epoch("devs+leads+owner", 2),
                epoch("ops+owner", 3),
            ],
        );
        world
    }

    pub fn key(&self, member: &str, device: &str) -> PolicyOp {
        key_add(Some(&self.chain.vault_id()), member, device)
    }

    pub(crate) fn key_to(&self, member: &str, device: &str, to: &str) -> PolicyOp {
        key_add_to(Some(&self.chain.vault_id()), member, device, to)
    }

    pub fn draft(&self, ops: Vec<PolicyOp>) -> PolicyDraft {
        PolicyDraft::next(&self.chain, UnixTime::from_secs(0), BTreeSet::new(), ops, String::new())
    }

    pub fn fault(&self, signers: &[&str], ops: Vec<PolicyOp>) -> Option<ChainFault> {
        self.chain.extended(signed(self.draft(ops), signers)).err().map(|error| error.cause)
    }

    pub fn code(&self, signers: &[&str], ops: Vec<PolicyOp>) -> &'static str {
        self.fault(signers, ops).map_or("accepted", |fault| fault.code())
    }

    /// Adds an entry that must be accepted.
    pub fn did(&mut self, signers: &[&str], ops: Vec<PolicyOp>) {
        let entry = signed(self.draft(ops), signers);
        self.chain = self.chain.extended(entry.clone()).unwrap();
        self.entries.push(entry);
    }

    pub(crate) fn rebuilt(&self) -> Result<Chain, &'static str> {
        Chain::build(&self.entries, ChainSignatures::Check).map_err(|error| error.code())
    }
}
