//! The cases, each a function from the start and a size in bytes to the vault's text.
//!
//! Ops whose keys depend on the format's state are made from JSON, in the first spelling that the
//! library takes.

use crate::start::Start;
use crate::synthetic::{NOW, secret};
use serde_json::{Value, json};
use v_secure_core::crypto::bytes::{Blob, Fixed, Id};
use v_secure_core::crypto::id::{EntryId, ObjectId, WrapId};
use v_secure_core::file::format;
use v_secure_core::file::model::{VaultFile, VersionObject, Wrap, WrapKey};
use v_secure_core::log::draft::{Authorship, EntryDraft, Tips};
use v_secure_core::log::entry::Entry;
use v_secure_core::log::op::Op;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::policy::op::{MemberAdd, PolicyOp};
use v_secure_core::record::ids;
use v_secure_core::time::UnixTime;

type Make = fn(&Start, usize) -> String;

#[rustfmt::skip]
pub const CASES: &[(&str, Make)] = &[
    ("outsider/distinct-secrets", |s, b| log(s, b, Shape::Row, |n| vec![field(&many(n), n)])),
    ("outsider/one-secret", |s, b| log(s, b, Shape::Row, |n| vec![field(&secret(0), n)])),
    ("outsider/one-version-many-puts", |s, b| log(s, b, Shape::Fan, |_| vec![put(s, &[])])),
    ("outsider/puts-that-replace-much", |s, b| log(s, b, Shape::Row, |n| vec![put(s, &strange(n, 200))])),
    ("outsider/256-parents", |s, b| log(s, b, Shape::Layers, |n| vec![field(&secret(0), n)])),
    ("outsider/wide", |s, b| log(s, b, Shape::Fan, |n| vec![field(&secret(0), n)])),
    ("outsider/deep", |s, b| log(s, b, Shape::Row, |n| vec![field(&secret(1), n)])),
    ("outsider/no-such-parents", |s, b| log(s, b, Shape::Lost, |n| vec![field(&secret(0), n)])),
    ("outsider/1000-ops", |s, b| log(s, b, Shape::Row, |n| (0..1000).map(|i| field(&many(i), n)).collect())),
    ("outsider/removes", |s, b| log(s, b, Shape::Row, |n| vec![removes(n)])),
    ("outsider/policy-entries", policy_entries),
    ("outsider/policy-heads", policy_heads),
    ("outsider/policy-many-ops", policy_ops),
    ("outsider/many-recipients", recipients),
    ("outsider/many-signatures", signatures),
    ("outsider/versions", versions),
    ("outsider/versions-backwards", backwards),
    ("outsider/one-huge-value", huge_value),
    ("outsider/wraps", wraps),
    ("outsider/sections", sections),
    ("outsider/audiences", audiences),
    ("outsider/envelopes", envelopes),
    ("outsider/slots", slots),
    ("outsider/requires", requires),
    ("outsider/one-long-line", |s, b| appended(s, "x", b)),
    ("outsider/empty-lines", |s, b| appended(s, "\n", b)),
    ("outsider/nested-json", |s, b| appended(s, "[", b)),
    ("member/deep", |s, b| signed(s, b, Shape::Row, |n| vec![field(&secret(0), n)])),
    ("member/distinct-secrets", |s, b| signed(s, b, Shape::Row, |n| vec![field(&secret(n % 20), n)])),
    ("member/wide", |s, b| signed(s, b, Shape::Fan, |n| vec![field(&secret(0), n)])),
    ("member/256-parents", |s, b| signed(s, b, Shape::Layers, |n| vec![field(&secret(0), n)])),
    ("member/1000-ops", |s, b| signed(s, b, Shape::Row, |n| (0..1000).map(|i| field(&secret(i % 20), n)).collect())),
    ("member/1000-tags", |s, b| signed(s, b, Shape::Fan, |n| (0..1000).map(|i| tag(i, n)).collect())),
    ("member/one-version-many-puts", |s, b| signed(s, b, Shape::Fan, |_| vec![put(s, &[])])),
    ("member/puts-that-replace-much", |s, b| signed(s, b, Shape::Row, |n| vec![put(s, &strange(n, 200))])),
];

/// How entries follow each other.
#[derive(Clone, Copy)]
enum Shape {
    Row,
    /// All beside each other.
    Fan,
    /// Rows of 256, each of which names the whole row before.
    Layers,
    /// Parents that nobody has.
    Lost,
}

fn many(number: usize) -> SecretName {
    SecretName::parse(format!("default/X_{number:07}")).expect("a name")
}

/// Ids that mean nothing.
fn strange<T: From<Id>>(from: usize, count: usize) -> Vec<T> {
    let id = |number: usize| {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
        Fixed(bytes).into()
    };
    (0..count).map(|number| id(from * count + number + 1)).collect()
}

fn op(spellings: &[Value]) -> Op {
    let read = |value: &Value| serde_json::from_value(value.clone()).ok();
    spellings.iter().find_map(read).expect("an op of this format")
}

fn field(secret: &SecretName, number: usize) -> Op {
    op(&[json!({"field": {"secret": secret, "field": "tag.t", "value": format!("v{number}")}})])
}

fn tag(tag: usize, number: usize) -> Op {
    let (secret, value) = (secret(0), format!("v{number}"));
    op(&[json!({"field": {"secret": secret, "field": format!("tag.t{tag}"), "value": value}})])
}

/// Puts the version that is there already, or says so.
fn put(start: &Start, replaces: &[ObjectId]) -> Op {
    let name = secret(0);
    let section = &start.vault.file().secrets[&start.vault.uid(&name)];
    let object = section.versions.last_key_value().map(|(id, _)| *id);
    let wrap = section.wraps.last_key_value().map(|(id, _)| *id);
    let of = |key: &str| {
        let mut body = json!({"secret": name, key: object, "wrap": wrap});
        if !replaces.is_empty() {
            body["replaces"] = json!(replaces);
        }
        json!({"put": body})
    };
    op(&[of("object"), of("body")])
}

fn removes(number: usize) -> Op {
    op(&[json!({"remove": {"secret": secret(0), "objects": strange::<Id>(number, 200)}})])
}

/// Entries of the owner's name whose signatures do not hold.
fn log(start: &Start, bytes: usize, shape: Shape, ops: impl Fn(usize) -> Vec<Op>) -> String {
    grown(start, bytes, shape, |number, tips| Entry {
        parents: tips.parents.clone(),
        lamport: tips.lamport,
        ts: UnixTime::from_secs(number as u64),
        ops: ops(number),
        ..start.entry.clone()
    })
}

/// Entries that the member signed.
fn signed(start: &Start, bytes: usize, shape: Shape, ops: impl Fn(usize) -> Vec<Op>) -> String {
    let (actor, id) = (Name::new("mel").expect("a name"), start.vault.id());
    let by = Authorship { vault: &id, policy: start.vault.chain().head(), actor: &actor };
    grown(start, bytes, shape, |number, tips| {
        let draft = EntryDraft {
            ops: ops(number),
            reason: String::new(),
            ts: NOW.saturating_add(number as u64),
        };
        draft.sign(tips, by, &start.key)
    })
}

fn grown(
    start: &Start,
    bytes: usize,
    shape: Shape,
    make: impl Fn(usize, &Tips) -> Entry,
) -> String {
    let mut file = start.vault.file().clone();
    let (mut tips, mut row, mut size) = (start.tips.clone(), Vec::new(), 0);
    for number in 0.. {
        if let Shape::Lost = shape {
            tips.parents = strange(number, 200);
        }
        let entry = make(number, &tips);
        size += entry.line().len();
        row.push(entry.id());
        match shape {
            Shape::Row => tips = following(&mut row, &entry),
            Shape::Layers if row.len() == 256 => tips = following(&mut row, &entry),
            _ => {}
        }
        file.entries.insert(entry.id(), entry);
        if size > bytes {
            break;
        }
    }
    format::write(&file)
}

fn following(row: &mut Vec<EntryId>, entry: &Entry) -> Tips {
    row.sort_unstable();
    Tips { parents: std::mem::take(row), lamport: entry.lamport + 1 }
}

fn changed(start: &Start, change: impl FnOnce(&mut VaultFile)) -> String {
    let mut file = start.vault.file().clone();
    change(&mut file);
    format::write(&file.rekeyed())
}

fn policy_entries(start: &Start, bytes: usize) -> String {
    changed(start, |file| {
        let mut size = 0;
        while size < bytes {
            let mut next = file.chain.last().expect("genesis").clone();
            (next.prev, next.seq) = (Some(next.id()), next.seq + 1);
            next.ops = vec![PolicyOp::RoleAdd { role: role(next.seq as usize) }];
            size += next.line().len();
            file.chain.push(next);
        }
    })
}

fn role(number: usize) -> Name {
    Name::new(format!("r{number}")).expect("a name")
}

/// One more policy entry, whose signature does not hold.
fn one_policy_entry(
    start: &Start,
    change: impl FnOnce(&mut v_secure_core::policy::entry::PolicyEntry),
) -> String {
    changed(start, |file| {
        let mut next = file.chain.last().expect("genesis").clone();
        (next.prev, next.seq) = (Some(next.id()), next.seq + 1);
        change(&mut next);
        file.chain.push(next);
    })
}

fn policy_heads(start: &Start, bytes: usize) -> String {
    one_policy_entry(start, |entry| entry.heads = strange(0, bytes / 46))
}

fn policy_ops(start: &Start, bytes: usize) -> String {
    let ops = (0..bytes / 32).map(|n| PolicyOp::RoleAdd { role: role(n) });
    one_policy_entry(start, |entry| entry.ops = ops.collect())
}

fn recipients(start: &Start, bytes: usize) -> String {
    let mut own = start.vault.file().chain.iter().flat_map(|entry| &entry.ops);
    let member = own.rfind(|op| matches!(op, PolicyOp::MemberAdd(_))).expect("mel");
    let PolicyOp::MemberAdd(MemberAdd { recipients, .. }) = member else { unreachable!() };
    let (recipient, mut more) = (&recipients[0], member.clone());
    if let PolicyOp::MemberAdd(MemberAdd { recipients, .. }) = &mut more {
        *recipients = vec![recipient.clone(); bytes / (recipient.len() + 3)];
    }
    one_policy_entry(start, |entry| entry.ops = vec![more])
}

fn signatures(start: &Start, bytes: usize) -> String {
    one_policy_entry(start, |entry| {
        let one = entry.sigs[0].clone();
        entry.sigs = vec![one; bytes / 180];
    })
}

/// Versions of one secret that nobody named.
fn versions(start: &Start, bytes: usize) -> String {
    let uid = start.vault.uid(&secret(0));
    changed(start, |file| {
        let section = file.secrets.get_mut(&uid).expect("a secret");
        let object = section.versions.last_key_value().map(|(_, v)| v.clone()).expect("a version");
        for id in strange::<ObjectId>(0, bytes / 350) {
            let commitment = Fixed(id.0);
            section.versions.insert(id, VersionObject { commitment, ..object.clone() });
        }
    })
}

/// The same in the order that takes longest where they are put into a list one by one, as whoever asks whether git
/// merged the file as text might.
fn backwards(start: &Start, bytes: usize) -> String {
    let text = versions(start, bytes);
    let head = format!("\n[[secret.\"{}\".version]]\n", secret(0));
    let begin = text.find(&head).expect("a version");
    let end = begin + text[begin..].find("\n# ").expect("the next mark") + 1;
    let all = text[begin..end].split(&head).skip(1).collect::<Vec<_>>();
    let turned: String = all.iter().rev().flat_map(|one| [head.as_str(), one]).collect();
    [&text[..begin], &turned, &text[end..]].concat()
}

fn huge_value(start: &Start, bytes: usize) -> String {
    let uid = start.vault.uid(&secret(0));
    changed(start, |file| {
        let section = file.secrets.get_mut(&uid).expect("a secret");
        let id = *section.versions.last_key_value().expect("a version").0;
        let object = section.versions.get_mut(&id).expect("a version");
        object.ciphertext.0 = vec![7; bytes / 4 * 3];
    })
}

fn wraps(start: &Start, bytes: usize) -> String {
    let uid = start.vault.uid(&secret(0));
    changed(start, |file| {
        let section = file.secrets.get_mut(&uid).expect("a secret");
        let wrap = section.wraps.last_key_value().map(|(_, wrap)| wrap.clone()).expect("a wrap");
        for id in strange::<WrapId>(0, bytes / 230) {
            let key = WrapKey::Kek(Blob([&id.0[..], &[0; 16]].concat()));
            section.wraps.insert(id, Wrap { key, ..wrap.clone() });
        }
    })
}

/// Secrets that nobody wrote.
fn sections(start: &Start, bytes: usize) -> String {
    let vault = start.vault.id();
    changed(start, |file| {
        let section = file.secrets.values().next().expect("a secret").clone();
        for number in 0..bytes / 620 {
            let mut section = section.clone();
            section.name = many(number);
            file.secrets.insert(ids::secret_uid(&vault, &section.name), section);
        }
    })
}

fn audiences(start: &Start, bytes: usize) -> String {
    changed(start, |file| {
        let section = file.audiences.values().next().expect("the owners").clone();
        let each = section.envelope.len() * 4 / 3 + 150;
        for number in 0..bytes / each {
            file.audiences
                .insert(AudienceName::new(format!("owner+r{number:07}")), section.clone());
        }
    })
}

fn envelopes(start: &Start, bytes: usize) -> String {
    changed(start, |file| {
        let section = file.audiences.values_mut().next().expect("the owners");
        section.envelope = vec![7; bytes / 4 * 3];
    })
}

fn slots(start: &Start, bytes: usize) -> String {
    let (fill, key) = (|length: usize| "A".repeat(length), start.entry.key);
    let own = start.vault.file().chain.iter().flat_map(|entry| &entry.ops);
    let mut recipients = own.filter_map(|op| match op {
        PolicyOp::MemberAdd(MemberAdd { recipients, .. }) => recipients.first(),
        _ => None,
    });
    let recipient = recipients.next_back().expect("mel").clone();
    changed(start, |file| {
        for number in 0..bytes / 620 {
            let id = format!("{}{number:08}{}", fill(12), fill(2));
            let record = json!({"seal": {
                "slot": id, "member": "mel", "label": "l", "kind": "passphrase",
                "recipient": recipient, "m": 19456, "t": 2, "p": 1, "salt": fill(22),
                "nonce": fill(32), "commitment": fill(43), "ciphertext": fill(120), "key": key,
                "sig": fill(86),
            }});
            let record = serde_json::from_value(record).expect("a slot");
            let id = serde_json::from_value(json!(id)).expect("an id");
            file.slots.insert(id, record);
        }
    })
}

fn requires(start: &Start, bytes: usize) -> String {
    let names: Vec<String> = (0..bytes / 12).map(|number| format!("\"r{number:07}\"")).collect();
    let list = format!("requires = [{}]", names.join(", "));
    format::write(start.vault.file()).replacen("requires = []", &list, 1)
}

fn appended(start: &Start, text: &str, bytes: usize) -> String {
    format::write(start.vault.file()) + &text.repeat(bytes)
}
