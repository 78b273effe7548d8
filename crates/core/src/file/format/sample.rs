//! A synthetic vault for tests: well-formed, with made-up ids and signatures.

use super::bucket::Parted;
use crate::crypto::bytes::{Blob, Fixed, Id, ShortId};
use crate::crypto::id::{EntryId, RotationId, SecretId, VaultId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::file::model::{
    AudienceSection, Header, SecretSection, VaultFile, VersionObject, Wrap, WrapKey,
};
use crate::file::slot::{SlotKind, SlotRecord, SlotRemoved, SlotSeal};
use crate::log::entry::Entry;
use crate::log::op::{Field, Op, OpRef, Pending, Put, Versions};
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern, SecretName};
use crate::policy::entry::{Algorithm, PolicyEntry, PolicySignature};
use crate::policy::op::{EpochStart, KeyAdd, MemberAdd, MemberKind, PolicyOp, Right, VaultStart};
use crate::record::ids::{SUITE, secret_uid};
use crate::time::UnixTime;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// From the age README.
pub(super) const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

pub(super) fn id<T: From<Id>>(seed: u64) -> T {
    Fixed(*blake3::hash(&seed.to_le_bytes()).as_bytes()).into()
}

fn short<T: From<ShortId>>(seed: u8) -> T {
    Fixed([seed; 16]).into()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// Ids made from the seeds, in order.
pub(super) fn ids<T: From<Id> + Ord>(seeds: std::ops::Range<u64>) -> Vec<T> {
    let mut ids: Vec<T> = seeds.map(id).collect();
    ids.sort();
    ids
}

/// Whose ids all are.
pub(super) static VAULT: LazyLock<VaultId> = LazyLock::new(|| VaultId(genesis().id().0));

pub(super) fn file() -> VaultFile {
    VaultFile {
        header: Header { suite: SUITE.to_owned(), vault: *VAULT, name: name("shop") },
        chain: vec![genesis(), policy_entry()],
        closed: None,
        audiences: ["developer+owner", "owner"].into_iter().map(section).collect(),
        slots: [(short(0x20), seal()), (short(0x90), removed())].into_iter().collect(),
        secrets: [secret(1, "prod/DATABASE_URL", 2), secret(2, "dev/TOKEN", 1)]
            .into_iter()
            .collect(),
        entries: entries([entry(1, vec![put(1)]), entry(2, vec![field(), remove()])]),
    }
}

pub(super) fn entries(entries: impl IntoIterator<Item = Entry>) -> BTreeMap<EntryId, Entry> {
    let derived = entries.into_iter().map(|mut entry| {
        entry.derive_objects(&VAULT);
        (entry.id(), entry)
    });
    derived.collect()
}

/// Two entries that stand in one bucket.
pub(super) fn neighbours() -> BTreeMap<EntryId, Entry> {
    let all = entries((1..200).map(|seed| entry(seed, vec![put(seed)])));
    let bucket = |id: &EntryId| Parted::Log.bucket(id);
    let pairs = all.keys().zip(all.keys().skip(1));
    let (one, two) = pairs.into_iter().find(|&(a, b)| bucket(a) == bucket(b)).expect("a pair");
    [one, two].map(|id| (*id, all[id].clone())).into_iter().collect()
}

fn genesis() -> PolicyEntry {
    PolicyEntry {
        seq: 0,
        prev: None,
        ts: UnixTime::from_secs(1_790_000_000),
        heads: Vec::new(),
        ops: vec![
            PolicyOp::Vault(VaultStart {
                suite: SUITE.to_owned(),
                nonce: short(3),
                name: name("shop"),
                threshold: 1,
            }),
            PolicyOp::MemberAdd(MemberAdd {
                member: name("ada"),
                kind: MemberKind::User,
                recipients: vec![RecipientText::new(RECIPIENT)],
                expires: None,
            }),
            PolicyOp::KeyAdd(KeyAdd {
                member: name("ada"),
                device: name("laptop"),
                key: Fixed([5; 32]),
                recipient: RecipientText::new(RECIPIENT),
                sealed: Blob(vec![6; 40]),
                proof: Fixed([7; 64]),
                gives: id(62),
            }),
        ],
        reason: "begin".to_owned(),
        sigs: vec![signature(40)],
    }
}

pub(super) fn signature(seed: u64) -> PolicySignature {
    PolicySignature { key: id(seed), alg: Algorithm::Ed25519, sig: Fixed([8; 64]) }
}

fn policy_entry() -> PolicyEntry {
    PolicyEntry {
        seq: 1,
        prev: Some(id(1)),
        ts: UnixTime::from_secs(1_790_000_100),
        heads: ids(50..52),
        ops: vec![
            PolicyOp::Grant {
                role: name("developer"),
                pattern: Pattern::new("dev/*").unwrap(),
                rights: vec![Right::Read, Right::Write],
                gives: id(63),
            },
            PolicyOp::Epoch(EpochStart {
                audience: AudienceName::new("developer+owner"),
                epoch: short(4),
                recipient: RecipientText::new(RECIPIENT),
                kek: id(60),
                envelope: id(61),
                skipped: Vec::new(),
            }),
            PolicyOp::Setting { key: "ttl".to_owned(), value: "every".to_owned() },
        ],
        reason: "it's \"dev\"".to_owned(),
        sigs: vec![signature(40)],
    }
}

fn section(name: &str) -> (AudienceName, AudienceSection) {
    (
        AudienceName::new(name),
        AudienceSection { epoch: short(4), envelope: vec![name.len() as u8; 70] },
    )
}

fn seal() -> SlotRecord {
    SlotRecord::Seal(SlotSeal {
        slot: short(0x20),
        member: name("ada"),
        label: "laptop".to_owned(),
        kind: SlotKind::Passphrase,
        recipient: RecipientText::new(RECIPIENT),
        m: 262_144,
        t: 3,
        p: 4,
        salt: Fixed([9; 16]),
        nonce: Fixed([10; 24]),
        commitment: Fixed([11; 32]),
        ciphertext: Blob(vec![12; 90]),
        key: id(40),
        sig: Fixed([13; 64]),
    })
}

fn removed() -> SlotRecord {
    SlotRecord::Removed(SlotRemoved {
        slot: short(0x90),
        member: name("ada"),
        key: id(40),
        sig: Fixed([14; 64]),
    })
}

/// A secret with `versions` versions, all of them active, and a wrap for each; the first is sealed.
pub(super) fn secret(seed: u64, name: &str, versions: u64) -> (SecretId, SecretSection) {
    let name = SecretName::parse(name).unwrap();
    let uid = secret_uid(&VAULT, &name);
    let mut section = SecretSection::of(name);
    for n in seed * 1_000..seed * 1_000 + versions {
        let object = VersionObject {
            author: id(40),
            origin: id(3_000 + n),
            expires: n.is_multiple_of(2).then_some(UnixTime::from_secs(1_800_000_000)),
            commitment: id(n),
            ciphertext: Blob(vec![17; 80]),
        };
        let key = match n % 1_000 {
            0 => WrapKey::Sealed(Blob(vec![18; 50])),
            _ => WrapKey::Kek(Blob(vec![19; 48])),
        };
        let (version, audience) = (object.id(&uid), AudienceName::new("developer+owner"));
        let wrap = Wrap { version, audience, epoch: short(4), key };
        section.versions.insert(version, object);
        section.wraps.insert(wrap.id(), wrap);
    }
    section.active = section.versions.keys().copied().collect();
    (uid, section)
}

pub(super) fn pending(seed: u64) -> Op {
    Op::Pending(Pending {
        secret: SecretName::parse("prod/DATABASE_URL").unwrap(),
        nonce: Some(Fixed([7; 16])),
        base: Some(id(seed + 2)),
        begun: RotationId([0; 16]),
        rotation: None,
        body: Some(id(seed)),
        derived: id(0),
        wrap: Some(id(seed + 1)),
        expires: seed.is_multiple_of(2).then_some(UnixTime::from_secs(1_800_000_000)),
    })
}

pub(super) fn entry(seed: u64, ops: Vec<Op>) -> Entry {
    Entry {
        parents: ids(seed * 100..seed * 100 + 2),
        lamport: seed,
        policy: id(1),
        actor: name("ada"),
        key: id(40),
        ts: UnixTime::from_secs(1_790_000_200),
        ops,
        reason: "it's needed".to_owned(),
        sig: Fixed([20; 64]),
    }
}

pub(super) fn put(seed: u64) -> Op {
    Op::Put(Put {
        secret: SecretName::parse("prod/DATABASE_URL").unwrap(),
        body: id(seed),
        object: id(0),
        wrap: id(seed + 1),
        expires: Some(UnixTime::from_secs(1_800_000_000)),
        replaces: ids(80..82),
        same: Vec::new(),
        adopts: None,
    })
}

pub(super) fn field() -> Op {
    Op::Field(Field {
        secret: SecretName::parse("dev/TOKEN").unwrap(),
        field: "description".to_owned(),
        value: Some("Zürich".to_owned()),
        adopts: None,
    })
}

pub(super) fn remove() -> Op {
    Op::Remove(Versions {
        secret: SecretName::parse("dev/TOKEN").unwrap(),
        objects: ids(90..91),
        adopts: Some(OpRef { entry: id(2), op: 3 }),
    })
}
