//! Random files and random bytes.

use super::super::{ReadScope, Trust, parse, sample, write};
use crate::crypto::bytes::{Fixed, Id};
use crate::crypto::id::SecretId;
use crate::file::model::{SecretSection, VaultFile};
use crate::log::entry::Entry;
use crate::name::SecretName;
use crate::record::text::check_text;
use crate::time::UnixTime;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

fn text() -> impl Strategy<Value = String> {
    "[ -~äöß'\"\\\\漢\u{301}👍]{0,40}".prop_map(|text| text.nfc().collect())
}

fn entry() -> impl Strategy<Value = Entry> {
    let ops = vec(0..4u64, 1..6);
    (0..1u64 << 53, ops, text(), 0..1u64 << 53).prop_map(|(lamport, kinds, reason, ts)| {
        let op = |kind| match kind {
            0 => sample::put(lamport),
            1 => sample::field(),
            2 => sample::pending(lamport),
            _ => sample::remove(),
        };
        let ops = kinds.into_iter().map(op).collect();
        Entry {
            lamport,
            reason,
            ts: UnixTime::from_secs(ts),
            ..sample::entry(lamport % 1_000, ops)
        }
    })
}

fn file() -> impl Strategy<Value = VaultFile> {
    let secrets = vec((0..500u64, 1..4u64, "[a-z.]{0,7}[a-z]/[A-Z_]{1,12}"), 0..5);
    let puttings = vec((any::<[u8; 32]>(), proptest::option::of(0..1u64 << 53)), 16);
    let envelopes = vec(vec(any::<u8>(), 1..200), 2);
    (secrets, vec(entry(), 0..8), envelopes, puttings, text()).prop_map(
        |(secrets, entries, envelopes, puttings, reason)| {
            let mut file = sample::file();
            let secret =
                |(seed, versions, name): (u64, u64, String)| sample::secret(seed, &name, versions);
            file.secrets = secrets.into_iter().map(secret).collect();
            for ((uid, section), putting) in file.secrets.iter_mut().zip(puttings) {
                put_as(uid, section, Fixed(putting.0), putting.1.map(UnixTime::from_secs));
            }
            file.entries = sample::entries(entries);
            for (section, envelope) in file.audiences.values_mut().zip(envelopes) {
                section.envelope = envelope;
            }
            file.chain[1].reason = reason;
            file
        },
    )
}

/// The first version put elsewhere, with another expiry: another version.
fn put_as(uid: &SecretId, section: &mut SecretSection, origin: Id, expires: Option<UnixTime>) {
    let (old, mut object) = section.versions.iter().next().map(|(id, v)| (*id, v.clone())).unwrap();
    (object.origin, object.expires) = (origin, expires);
    let new = object.id(uid);
    section.versions.remove(&old);
    section.versions.insert(new, object);
    let wraps = std::mem::take(&mut section.wraps).into_values().map(|mut wrap| {
        wrap.version = if wrap.version == old { new } else { wrap.version };
        (wrap.id(), wrap)
    });
    section.wraps = wraps.collect();
    section.active = section.versions.keys().take(1).copied().collect();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_file_is_read_back(file in file()) {
        let text = write(&file);
        prop_assert_eq!(parse(text.as_bytes(), Trust::Strict, ReadScope::All), Ok(file.clone()));
        let names = file.secrets.values().map(|section| section.name.clone());
        let wanted: BTreeSet<SecretName> = names.step_by(2).collect();
        let mut some = file;
        some.secrets.retain(|_, section| wanted.contains(&section.name));
        prop_assert_eq!(
            parse(text.as_bytes(), Trust::Cached, ReadScope::Secrets(&wanted)),
            Ok(some)
        );
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..400), at in any::<prop::sample::Index>()) {
        let mut text = write(&sample::file()).into_bytes();
        let at = at.index(text.len());
        text.splice(at..at, bytes.iter().copied());
        let wanted = sample::file().secrets.into_values().map(|section| section.name).collect();
        for whole in [&bytes, &text] {
            for trust in [Trust::Strict, Trust::Cached] {
                for scope in [ReadScope::All, ReadScope::NoSecrets, ReadScope::Secrets(&wanted)] {
                    let _ = parse(whole, trust, scope);
                }
            }
        }
    }

    #[test]
    fn a_checked_text_is_never_changed_by_json(text in text()) {
        prop_assert!(check_text(&text, 1_000).is_ok());
        let line = crate::record::line::write(&text);
        prop_assert_eq!(crate::record::line::parse::<String>(&line).unwrap(), text);
    }
}
