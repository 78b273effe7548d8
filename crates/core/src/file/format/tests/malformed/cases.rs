//! The malformed files, each one change away from the sample.

use super::super::super::{sample, write};
use crate::crypto::bytes::{Blob, Fixed};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::file::model::{VaultFile, WrapKey};
use crate::file::slot::{SlotRecord, SlotSeal};
use crate::log::entry::Entry;
use crate::log::op::Op;
use crate::name::audience::AudienceName;
use crate::policy::op::{EpochStart, MemberAdd, PolicyOp, VaultStart};
use crate::time::UnixTime;

type Cases = Vec<(&'static str, Vec<u8>)>;

pub(super) fn all() -> Cases {
    let mut cases = bytes();
    for (name, from, to) in REPLACED {
        let text = write(&sample::file());
        assert!(text.contains(from), "{name}: the sample lacks {from:?}");
        cases.push((name, text.replacen(from, to, 1).into_bytes()));
    }
    for (name, change) in [FILES, CHAIN, SLOTS].concat() {
        let mut file = sample::file();
        change(&mut file);
        cases.push((name, write(&file).into_bytes()));
    }
    for (name, change) in ENTRIES {
        let mut entry = sample::entry(1, vec![sample::put(1)]);
        change(&mut entry);
        let file = VaultFile { entries: sample::entries([entry]), ..sample::file() };
        cases.push((name, write(&file).into_bytes()));
    }
    cases.extend(version_keys());
    cases.extend(sections());
    cases.extend(lines());
    cases.extend(buckets());
    cases
}

fn bytes() -> Cases {
    let text = write(&sample::file());
    let with = |byte: &[u8]| {
        text.replacen("Zürich", "Z?", 1).into_bytes().iter().fold(Vec::new(), |mut out, b| {
            if *b == b'?' {
                out.extend_from_slice(byte)
            } else {
                out.push(*b)
            }
            out
        })
    };
    vec![
        ("bom", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("not-utf8", with(b"\xff")),
        ("not-utf8-surrogate", with(b"\xed\xa0\x80")),
        ("carriage-return", text.replace('\n', "\r\n").into_bytes()),
        ("carriage-return-one", with(b"\r")),
        ("missing-final-newline", text.trim_end().as_bytes().to_vec()),
        ("missing-final-newline-empty", Vec::new()),
        ("trailing-bytes", [text.as_bytes(), b"\n"].concat()),
        ("trailing-bytes-section", [text.as_bytes(), b"\n[more]\n"].concat()),
        ("block-open", text.strip_suffix("'''\n").unwrap().as_bytes().to_vec()),
    ]
}

const REPLACED: &[(&str, &str, &str)] = &[
    ("header-key", "suite = ", "sweet = "),
    ("header-key-comment", "format = 1\n", "# a vault\nformat = 1\n"),
    ("header-key-format-spelling", "format = 1\n", "format = 01\n"),
    ("header-key-order", "requires = []\n", ""),
    ("header-key-requires-spelling", "requires = []", "requires = [ ]"),
    ("format-number", "format = 1\n", "format = 2\n"),
    ("format-number-zero", "format = 1\n", "format = 0\n"),
    ("requires", "requires = []", "requires = [\"gates\"]"),
    ("suite-unknown", "xchacha20poly1305-blake3", "aes-256-gcm"),
    ("algorithm-unknown", "\"alg\":\"ed25519\"", "\"alg\":\"sshsig\""),
    ("name", "name = \"shop\"", "name = \"-shop\""),
    ("name-secret", "[secret.\"prod/DATABASE_URL\".version]", "[secret.\"DATABASE_URL\".version]"),
    ("bytes-syntax", "vault = \"", "vault = \"A"),
    (
        "bytes-syntax-padding",
        "epoch = \"BAQEBAQEBAQEBAQEBAQEBA\"",
        "epoch = \"BAQEBAQEBAQEBAQEBAQEBA==\"",
    ),
    (
        "bytes-syntax-trailing-bits",
        "epoch = \"BAQEBAQEBAQEBAQEBAQEBA\"",
        "epoch = \"BAQEBAQEBAQEBAQEBAQEBB\"",
    ),
    ("bytes-syntax-alphabet", "ciphertext = \"ERER", "ciphertext = \"ER+R"),
    ("section-expected", "\n[policy]", "[policy]"),
    ("section-expected-space", "\n[policy]", "\n [policy]"),
    ("section-expected-two-empty-lines", "\n[policy]", "\n\n[policy]"),
    ("section-expected-extra-key", "\n[policy]", "note = \"x\"\n\n[policy]"),
    ("section-unexpected", "[audience.\"owner\"]", "[audiences.\"owner\"]"),
    ("section-unexpected-unquoted", "[audience.\"owner\"]", "[audience.owner]"),
    ("audience-name", "[audience.\"developer+owner\"]", "[audience.\"owner+developer\"]"),
    ("audience-name-no-owner", "[audience.\"developer+owner\"]", "[audience.\"developer\"]"),
    ("audience-name-wrap", "audience = \"developer+owner\"", "audience = \"developer\""),
    ("key-unexpected", "active = true", "actives = true"),
    ("key-unexpected-space", "active = true", "active=true"),
    ("key-unexpected-false", "active = true", "active = false"),
    ("key-unexpected-twice", "active = true", "active = true\nactive = true"),
    ("key-unexpected-id", "active = true", "active = [\"A\"]"),
    ("value-syntax", "origin = \"", "origin = \"\\"),
    ("value-syntax-literal", "name = \"shop\"", "name = 'shop'"),
    ("value-syntax-block", "chain = '''", "chain = \"\"\""),
    ("armor", "-----BEGIN AGE", "-----BEGIN Age"),
    ("armor-end", "-----END AGE", "-----END Age"),
    ("armor-wrapping", "Dw8P\nDw8P", "Dw8PDw8P\n"),
    ("armor-padding", "Dw==", "Dw"),
    ("json-syntax", "{\"seq\":1", "{\"seq\":1,"),
    ("json-syntax-empty-line", "{\"seq\":1", "\n{\"seq\":1"),
    ("json-syntax-truncated-escape", "\\\"dev\\\"", "\\ud800"),
    ("json-shape", "\"lamport\":1", "\"lamport\":\"1\""),
    ("json-shape-unknown-key", "\"lamport\":1", "\"note\":1,\"lamport\":1"),
    ("json-shape-double-key", "\"lamport\":1", "\"lamport\":1,\"lamport\":1"),
    ("json-shape-missing-key", "\"lamport\":1,", ""),
    ("json-shape-negative", "\"lamport\":1", "\"lamport\":-1"),
    ("json-shape-fraction", "\"lamport\":1", "\"lamport\":1.0"),
    ("json-shape-object-stated", "\"wrap\":\"", "\"object\":\"x\",\"wrap\":\""),
    ("json-shape-unknown-op", "{\"field\":", "{\"fields\":"),
    ("json-syntax-nesting", "\"ops\":[", "\"ops\":[[[[[[[["),
    ("json-not-canonical-space", "\"lamport\":1", "\"lamport\": 1"),
    (
        "json-not-canonical-key-order",
        "\"role\":\"developer\",\"pattern\":\"dev/*\"",
        "\"pattern\":\"dev/*\",\"role\":\"developer\"",
    ),
    ("json-not-canonical-raw-apostrophe", "it\\u0027s", "it's"),
    ("json-not-canonical-escape", "Zürich", "Z\\u00fcrich"),
    ("json-not-canonical-slash", "dev/TOKEN\",\"field", "dev\\/TOKEN\",\"field"),
    ("json-not-canonical-null", "\"expires\":1800000000", "\"expires\":null"),
    ("json-not-canonical-empty-list", "\"expires\":1800000000", "\"expires\":1,\"same\":[]"),
    ("text-control", "Zürich", "Z\u{7f}rich"),
    ("text-control-bidi", "Zürich", "Z\u{202e}rich"),
    ("text-not-nfc", "Zürich", "Zu\u{308}rich"),
];

type Alteration<T> = (&'static str, fn(&mut T));

const FILES: &[Alteration<VaultFile>] = &[
    ("chain-empty", |file| file.chain.clear()),
    ("section-unexpected-wrap-alone", |file| {
        first(file).wraps.values_mut().for_each(|wrap| wrap.version = sample::id(0));
    }),
    ("bytes-syntax-wrap-length", |file| {
        first(file).wraps.values_mut().for_each(|wrap| wrap.key = WrapKey::Kek(Blob(vec![1; 47])));
    }),
    ("armor-empty", |file| file.audiences.values_mut().for_each(|a| a.envelope.clear())),
    ("slot-section", |file| {
        let slot = file.slots.pop_first().unwrap();
        file.slots.insert(Fixed([0x21; 16]), slot.1);
    }),
    ("too-many-slots", |file| {
        let SlotRecord::Removed(slot) = file.slots.pop_last().unwrap().1 else { return };
        for n in 0..257u16 {
            let [high, low] = n.to_be_bytes();
            let mut slot = slot.clone();
            slot.slot.0[..2].copy_from_slice(&[0x90 + high, low]);
            file.slots.insert(slot.slot, SlotRecord::Removed(slot));
        }
    }),
];

const CHAIN: &[Alteration<VaultFile>] = &[
    ("list-order-heads", |file| file.chain[1].heads = reversed()),
    ("list-duplicate-heads", |file| file.chain[1].heads = vec![sample::id(1); 2]),
    ("too-many-heads", |file| file.chain[1].heads = sample::ids(0..257)),
    ("empty-list-policy-ops", |file| file.chain[1].ops.clear()),
    ("too-many-ops-policy", |file| {
        let setting = file.chain[1].ops[2].clone();
        file.chain[1].ops = vec![setting; 1_001];
    }),
    ("empty-list-sigs", |file| file.chain[1].sigs.clear()),
    ("too-many-signatures", |file| {
        file.chain[1].sigs = (0..17).map(sample::signature).collect();
    }),
    ("list-duplicate-sigs", |file| file.chain[1].sigs = vec![sample::signature(1); 2]),
    ("text-too-long-reason", |file| file.chain[1].reason = "x".repeat(1_001)),
    ("integer-range-seq", |file| file.chain[1].seq = 1 << 53),
    ("integer-range-threshold", |file| {
        if let PolicyOp::Vault(VaultStart { threshold, .. }) = &mut file.chain[0].ops[0] {
            *threshold = 0;
        }
    }),
    ("empty-list-recipients", |file| recipients(file).clear()),
    ("too-many-recipients", |file| {
        *recipients(file) = (10..27).map(|n| RecipientText::new(format!("ssh-{n}"))).collect();
    }),
    ("list-order-recipients", |file| *recipients(file) = ["b", "a"].map(RecipientText::new).into()),
    ("recipient", |file| *recipients(file) = vec![RecipientText::new(" ssh-ed25519 AAAA")]),
    ("recipient-checksum", |file| {
        *recipients(file) = vec![RecipientText::new(sample::RECIPIENT.replace("aqmc", "aqmd"))];
    }),
    ("list-order-rights", |file| {
        if let PolicyOp::Grant { rights, .. } = &mut file.chain[1].ops[0] {
            rights.reverse();
        }
    }),
    ("empty-list-rights", |file| {
        if let PolicyOp::Grant { rights, .. } = &mut file.chain[1].ops[0] {
            rights.clear();
        }
    }),
    ("audience-name-epoch", |file| {
        if let PolicyOp::Epoch(EpochStart { audience, .. }) = &mut file.chain[1].ops[1] {
            *audience = AudienceName::new("owner+developer");
        }
    }),
    ("text-too-long-setting", |file| {
        if let PolicyOp::Setting { value, .. } = &mut file.chain[1].ops[2] {
            *value = "x".repeat(4_097);
        }
    }),
];

const SLOTS: &[Alteration<VaultFile>] = &[
    ("kdf-range-memory-low", |file| seal(file).m = 19_455),
    ("kdf-range-memory-high", |file| seal(file).m = 1_048_577),
    ("kdf-range-passes", |file| seal(file).t = 11),
    ("kdf-range-lanes", |file| seal(file).p = 0),
    ("recipient-slot", |file| {
        let text = &mut seal(file).recipient;
        *text = RecipientText::new(format!("{text}'"));
    }),
    ("text-control-label", |file| seal(file).label.push('\u{1b}')),
];

const ENTRIES: &[Alteration<Entry>] = &[
    ("list-order-parents", |entry| entry.parents = reversed()),
    ("list-duplicate-parents", |entry| entry.parents = vec![sample::id(1); 2]),
    ("too-many-parents", |entry| entry.parents = sample::ids(0..257)),
    ("empty-list-ops", |entry| entry.ops.clear()),
    ("integer-range-lamport", |entry| entry.lamport = 1 << 53),
    ("integer-range-expires", |entry| {
        if let Op::Put(put) = &mut entry.ops[0] {
            put.expires = Some(UnixTime::from_secs(1 << 53));
        }
    }),
    ("integer-range-expires-pending", |entry| {
        entry.ops = vec![sample::pending(1)];
        if let Op::Pending(pending) = &mut entry.ops[0] {
            pending.expires = Some(UnixTime::from_secs(1 << 53));
        }
    }),
    ("keys-apart-wrap", |entry| {
        entry.ops = vec![sample::pending(1)];
        if let Op::Pending(pending) = &mut entry.ops[0] {
            pending.wrap = None;
        }
    }),
    ("keys-apart-expires", |entry| {
        entry.ops = vec![sample::pending(2)];
        if let Op::Pending(pending) = &mut entry.ops[0] {
            (pending.body, pending.wrap) = (None, None);
        }
    }),
    ("keys-apart-base", |entry| {
        entry.ops = vec![sample::pending(1)];
        if let Op::Pending(pending) = &mut entry.ops[0] {
            pending.base = None;
        }
    }),
    ("keys-apart-rotation", |entry| {
        entry.ops = vec![sample::pending(1)];
        if let Op::Pending(pending) = &mut entry.ops[0] {
            pending.rotation = Some(pending.begun);
        }
    }),
    ("keys-apart-rotation-of-none", |entry| {
        entry.ops = vec![sample::pending(1)];
        if let Op::Pending(pending) = &mut entry.ops[0] {
            (pending.base, pending.nonce) = (None, None);
        }
    }),
    ("keys-apart-rotation-without-value", |entry| {
        entry.ops = vec![sample::pending(1)];
        if let Op::Pending(pending) = &mut entry.ops[0] {
            (pending.base, pending.nonce, pending.rotation) = (None, None, Some(pending.begun));
            (pending.body, pending.wrap, pending.expires) = (None, None, None);
        }
    }),
    ("integer-range-share", |entry| {
        let Op::Pending(of) = sample::pending(1) else { return };
        let (secret, rotation) = (of.secret, of.begun);
        entry.ops = vec![Op::Rollout { secret, rotation, share: 10_001 }];
    }),
    ("list-order-replaces", |entry| {
        if let Op::Put(put) = &mut entry.ops[0] {
            put.replaces = reversed();
        }
    }),
    ("too-many-ids", |entry| {
        if let Op::Put(put) = &mut entry.ops[0] {
            put.same = sample::ids(0..1_001);
        }
    }),
    ("empty-list-objects", |entry| {
        entry.ops = vec![sample::remove()];
        if let Op::Remove(versions) = &mut entry.ops[0] {
            versions.objects.clear();
        }
    }),
    ("field-name", |entry| {
        entry.ops = vec![sample::field()];
        if let Op::Field(field) = &mut entry.ops[0] {
            field.field = "tag.".to_owned();
        }
    }),
    ("text-too-long-field", |entry| {
        entry.ops = vec![sample::field()];
        if let Op::Field(field) = &mut entry.ops[0] {
            field.value = Some("x".repeat(4_097));
        }
    }),
];

fn first(file: &mut VaultFile) -> &mut crate::file::model::SecretSection {
    file.secrets.values_mut().next().expect("the sample has secrets")
}

fn recipients(file: &mut VaultFile) -> &mut Vec<RecipientText> {
    match &mut file.chain[0].ops[1] {
        PolicyOp::MemberAdd(MemberAdd { recipients, .. }) => recipients,
        _ => unreachable!("the sample's genesis adds a member second"),
    }
}

fn seal(file: &mut VaultFile) -> &mut SlotSeal {
    match file.slots.values_mut().next() {
        Some(SlotRecord::Seal(seal)) => seal,
        _ => unreachable!("the sample's first slot is sealed"),
    }
}

fn reversed<T: From<crate::crypto::bytes::Id> + Ord>() -> Vec<T> {
    let mut ids = sample::ids(0..2);
    ids.reverse();
    ids
}

/// The sample, split before each section; the first part is the header.
struct Parts<'a>(Vec<&'a str>);

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.split("\n\n").collect())
    }

    fn find(&self, start: &str) -> usize {
        self.0.iter().position(|part| part.starts_with(start)).expect("a section of the sample")
    }

    fn with(&self, change: impl FnOnce(&mut Vec<&'a str>)) -> Vec<u8> {
        let mut parts = self.0.clone();
        change(&mut parts);
        parts.join("\n\n").into_bytes()
    }

    fn swapped(&self, a: usize, b: usize) -> Vec<u8> {
        self.with(|parts| parts.swap(a, b))
    }

    fn doubled(&self, at: usize) -> Vec<u8> {
        self.with(|parts| parts.insert(at, parts[at]))
    }

    fn dropped(&self, at: usize) -> Vec<u8> {
        self.with(|parts| {
            parts.remove(at);
        })
    }
}

/// What a version's section states before its content.
fn version_keys() -> Cases {
    let text = write(&sample::file());
    let lines: Vec<&str> = text.lines().collect();
    let expires = lines.iter().position(|line| line.starts_with("expires = "));
    let expires = expires.expect("a version of the sample expires");
    let line = |key: &str| {
        let found = lines[expires - 2..].iter().find(|line| line.starts_with(key));
        format!("{}\n", found.expect("a line of that version"))
    };
    let (author, origin, expires) = (line("author = "), line("origin = "), line("expires = "));
    let stated = format!("{author}{origin}{expires}");
    let with = |new: &[&str]| {
        assert!(text.contains(&stated), "the lines of one version");
        text.replacen(&stated, &new.concat(), 1).into_bytes()
    };
    let (author, origin, expires) = (author.as_str(), origin.as_str(), expires.as_str());
    let origin_of = |value: &str| with(&[author, &format!("origin = {value}\n"), expires]);
    let expires_of = |value: &str| with(&[author, origin, &format!("expires = {value}\n")]);
    vec![
        ("key-unexpected-author-missing", with(&[origin, expires])),
        ("key-unexpected-author-twice", with(&[author, author, origin, expires])),
        ("key-unexpected-origin-missing", with(&[author, expires])),
        ("key-unexpected-origin-twice", with(&[author, origin, origin, expires])),
        ("key-unexpected-origin-first", with(&[origin, author, expires])),
        ("key-unexpected-lamport-of-version", with(&[author, "lamport = 1\n", expires])),
        ("key-unexpected-expires-twice", with(&[author, origin, expires, expires])),
        ("key-unexpected-expires-first", with(&[author, expires, origin])),
        ("bytes-syntax-author", with(&["author = \"AAAA\"\n", origin, expires])),
        ("value-syntax-author", with(&["author = 1\n", origin, expires])),
        ("bytes-syntax-origin-short", origin_of("\"AAAA\"")),
        ("bytes-syntax-origin-empty", origin_of("\"\"")),
        ("bytes-syntax-origin-trailing-bits", origin_of(&format!("\"{}B\"", "A".repeat(42)))),
        ("value-syntax-origin-number", origin_of("1")),
        ("value-syntax-origin-list", origin_of("[]")),
        ("value-syntax-origin-empty", origin_of("")),
        ("integer-range-expires-of-version", expires_of("9007199254740992")),
        ("integer-range-expires-beyond-64-bits", expires_of("99999999999999999999")),
        ("value-syntax-expires-zeros", expires_of("00")),
        ("value-syntax-expires-empty", expires_of("")),
        ("value-syntax-expires-never", expires_of("\"never\"")),
        ("value-syntax-expires-sign", expires_of("+1001")),
        ("value-syntax-expires-negative", expires_of("-1")),
        ("value-syntax-expires-grouped", expires_of("1_001")),
        ("value-syntax-expires-quoted", expires_of("\"1001\"")),
        ("value-syntax-expires-space", expires_of("1001 ")),
    ]
}

/// Whole sections in other places.
fn sections() -> Cases {
    let text = write(&sample::file());
    let parts = Parts::of(&text);
    let (policy, audience, slot) =
        (parts.find("[policy]"), parts.find("[audience."), parts.find("[slot."));
    let (secret, log) = (parts.find("[[secret."), parts.find("[log]"));
    let of = |n: usize| parts.0[n].lines().next().unwrap_or_default();
    let two = (0..log).find(|n| of(*n).contains(".version]]") && of(*n) == of(n + 2));
    let two = two.expect("two versions, each with a wrap");
    vec![
        ("section-missing-policy", parts.dropped(policy)),
        ("section-missing-log", [parts.0[..log].join("\n\n").as_bytes(), b"\n"].concat()),
        ("section-duplicate-policy", parts.doubled(policy)),
        ("section-duplicate-audience", parts.doubled(audience)),
        ("section-duplicate-slot", parts.doubled(slot)),
        ("section-duplicate-version", parts.doubled(two)),
        ("section-duplicate-wrap", parts.doubled(two + 1)),
        ("section-order-audience", parts.swapped(audience, audience + 1)),
        ("section-order-slot", parts.swapped(slot, slot + 1)),
        ("section-order-kinds", parts.swapped(audience, slot)),
        ("section-order-version", parts.swapped(two, two + 2)),
        ("section-unexpected-orphan", parts.dropped(secret)),
        (
            "section-unexpected-wrap-of-another",
            text.replacen("version.wrap]", "other.wrap]", 1).into_bytes(),
        ),
        ("section-unexpected-beside", text.replacen(".version.wrap]", ".wrap]", 1).into_bytes()),
        ("section-unexpected-uid", text.replacen("[[secret.\"", "[secret.\"", 1).into_bytes()),
    ]
}

/// Lines of blocks in other places.
fn lines() -> Cases {
    let text = write(&sample::file());
    let parts = Parts::of(&text);
    let file = VaultFile { entries: sample::neighbours(), ..sample::file() };
    let of_log = write(&file);
    let entry: Vec<String> = file.entries.values().map(|entry| entry.line() + "\n").collect();
    let entries = |a: &str, b: &str| of_log.replace(&entry.concat(), &[a, b].concat()).into_bytes();
    let (one, two) = (&entry[0], &entry[1]);
    let record = parts.0[parts.find("[slot.")].lines().nth(2).expect("a slot's record");
    vec![
        ("entry-order", entries(two, one)),
        ("entry-duplicate", entries(one, one)),
        ("entry-in-wrong-bucket", moved_over_bucket(&of_log, one)),
        ("slot-records-two", text.replace(record, &format!("{record}\n{record}")).into_bytes()),
        ("slot-records-none", text.replace(&format!("{record}\n"), "").into_bytes()),
    ]
}

/// A piece of the text moved over the line before it, which is a bucket's.
fn moved_over_bucket(text: &str, piece: &str) -> Vec<u8> {
    let (before, after) = text.split_once(piece).expect("a piece of the text");
    let bucket = before[..before.len() - 1].rfind('\n').expect("a line before") + 1;
    let (before, bucket) = before.split_at(bucket);
    assert!(bucket.starts_with('#'), "{bucket}");
    [before, piece, bucket, after].concat().into_bytes()
}

/// The lines of buckets, missing and in other places, and what stands behind another's.
fn buckets() -> Cases {
    let text = write(&sample::file());
    let replaced = |from: &str, to: &str| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to).into_bytes()
    };
    let section = text.split_once("\n\n[[secret.").expect("a secret").1;
    let section = section.split_once("\n# ").expect("the next bucket").0;
    vec![
        ("bucket-missing", replaced("\n#1fe\n#1ff\n", "\n#1ff\n")),
        ("bucket-missing-last", replaced("\n#3ff\n", "\n")),
        ("bucket-missing-of-log", replaced("\nentries = '''\n#000\n", "\nentries = '''\n")),
        ("bucket-missing-of-secrets", replaced("\n# fe\n# ff\n", "\n# fe\n")),
        ("bucket-missing-first", replaced("\n# 00\n", "\n")),
        ("bucket-doubled", replaced("\n#1ff\n", "\n#1ff\n#1ff\n")),
        ("bucket-doubled-later", replaced("\n#1ff\n", "\n#1ff\n#000\n")),
        ("bucket-doubled-of-secrets", replaced("\n# 00\n", "\n# 00\n# 00\n")),
        ("bucket-order", replaced("\n#1fe\n#1ff\n", "\n#1ff\n#1fe\n")),
        ("bucket-order-of-secrets", replaced("\n# 00\n# 01\n", "\n# 01\n# 00\n")),
        ("section-in-wrong-bucket", moved_over_bucket(&text, &format!("\n[[secret.{section}\n"))),
        ("section-expected-before-bucket", replaced("\n# 00\n", "\n\n# 00\n")),
        ("section-expected-bucket-spelling", replaced("\n# 0a\n", "\n# 0A\n")),
        ("json-syntax-bucket-spelling", replaced("\n#00a\n", "\n#00A\n")),
        ("json-syntax-bucket-beyond", replaced("\n#3ff\n", "\n#3ff\n#400\n")),
    ]
}
