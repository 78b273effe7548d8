//! The line of an entry in bytes that passed before: read as it is always written, since a long policy is for the most part
//! lines that say little and are read by every command. JSON allows much that a canonical line never has.
//!
//! `None` is no judgement: it is for [`crate::record::line`] to read the line, and to say what is wrong with it.

use super::entry::{Algorithm, PolicyEntry, PolicySignature};
use super::op::{EpochStart, PolicyOp};
use crate::crypto::bytes::BytesError;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::time::UnixTime;
use std::str::FromStr;

/// The digits of the greatest integer of the format, and no more than fit.
const DIGITS: usize = 16;

/// The characters of ids of 32 and of 16 bytes, and of a signature.
const ID: usize = 43;
const SHORT_ID: usize = 22;
const SIGNATURE: usize = 86;

/// The entry that a line is, where its ops are an epoch or a setting and no text in it has an escape.
pub(crate) fn read(line: &str) -> Option<PolicyEntry> {
    let rest = &mut Rest(line);
    rest.pass("{\"seq\":")?;
    let seq = rest.integer()?;
    rest.pass(",\"prev\":\"")?;
    let prev = match rest.pass("\"") {
        Some(()) => None,
        None => Some(rest.id(ID)?),
    };
    rest.pass(",\"ts\":")?;
    let ts = UnixTime::from_secs(rest.integer()?);
    rest.pass(",\"heads\":[")?;
    let heads = rest.list("],\"ops\":[", |rest| {
        rest.pass("\"")?;
        rest.id(ID)
    })?;
    let ops = rest.list("],\"reason\":\"", op)?;
    let reason = rest.text()?.to_owned();
    rest.pass(",\"sigs\":[")?;
    let sigs = rest.list("]}", signature)?;
    let entry = PolicyEntry { seq, prev, ts, heads, ops, reason, sigs };
    rest.0.is_empty().then_some(entry)
}

fn op(rest: &mut Rest<'_>) -> Option<PolicyOp> {
    if rest.pass("{\"epoch\":{\"audience\":\"").is_some() {
        return epoch(rest).map(PolicyOp::Epoch);
    }
    rest.pass("{\"setting\":{\"key\":\"")?;
    let key = rest.text()?.to_owned();
    rest.pass(",\"value\":\"")?;
    let value = rest.text()?.to_owned();
    rest.pass("}}")?;
    Some(PolicyOp::Setting { key, value })
}

/// One whose envelope leaves nobody out.
fn epoch(rest: &mut Rest<'_>) -> Option<EpochStart> {
    let audience = AudienceName::new(rest.text()?);
    rest.pass(",\"epoch\":\"")?;
    let epoch = rest.id(SHORT_ID)?;
    rest.pass(",\"recipient\":\"")?;
    let recipient = RecipientText::new(rest.text()?);
    rest.pass(",\"kek\":\"")?;
    let kek = rest.id(ID)?;
    rest.pass(",\"envelope\":\"")?;
    let envelope = rest.id(ID)?;
    rest.pass("}}")?;
    Some(EpochStart { audience, epoch, recipient, kek, envelope, skipped: Vec::new() })
}

fn signature(rest: &mut Rest<'_>) -> Option<PolicySignature> {
    rest.pass("{\"key\":\"")?;
    let key = rest.id(ID)?;
    rest.pass(",\"alg\":\"ed25519\",\"sig\":\"")?;
    let sig = rest.id(SIGNATURE)?;
    rest.pass("}")?;
    Some(PolicySignature { key, alg: Algorithm::Ed25519, sig })
}

/// What of the line is not read yet.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn pass(&mut self, what: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(what)?;
        Some(())
    }

    /// An integer as JSON and the format have it.
    fn integer(&mut self) -> Option<u64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(length);
        if length > DIGITS || (length > 1 && digits.starts_with('0')) {
            return None;
        }
        self.0 = rest;
        digits.parse().ok()
    }

    /// A text up to its closing quote, without escapes and what must be one.
    fn text(&mut self) -> Option<&'a str> {
        let end = memchr::memchr2(b'"', b'\\', self.0.as_bytes())?;
        let (text, rest) = (self.0.get(..end)?, self.0.get(end + 1..)?);
        // Without a stop at the first one, which lets many bytes be looked at at a time.
        let is_plain = text.bytes().fold(true, |all, byte| all & (byte >= b' '));
        if self.0.as_bytes()[end] == b'\\' || !is_plain {
            return None;
        }
        self.0 = rest;
        Some(text)
    }

    /// Bytes of so many characters, and the closing quote.
    fn id<T: FromStr<Err = BytesError>>(&mut self, length: usize) -> Option<T> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        self.pass("\"")?;
        text.parse().ok()
    }

    /// What stands in brackets up to `end`, with commas between.
    fn list<T>(&mut self, end: &str, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        if self.pass(end).is_some() {
            return Some(Vec::new());
        }
        // Nearly always one: room for four, which a vector begins with, is what most of the memory of a long policy was.
        let mut all = Vec::with_capacity(1);
        loop {
            all.push(one(self)?);
            match self.pass(end) {
                Some(()) => return Some(all),
                None => self.pass(",")?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::bytes::Fixed;
    use crate::crypto::id::{EntryId, EpochId, KeyId, PolicyId};
    use crate::record::line;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn sample() -> PolicyEntry {
        let epoch = EpochStart {
            audience: AudienceName::new("ci+owner"),
            epoch: EpochId([1; 16]),
            recipient: RecipientText::new("age1xyz"),
            kek: Fixed([2; 32]),
            envelope: Fixed([3; 32]),
            skipped: Vec::new(),
        };
        let sig = |seed| PolicySignature {
            key: KeyId([seed; 32]),
            alg: Algorithm::Ed25519,
            sig: Fixed([seed; 64]),
        };
        let setting = PolicyOp::Setting { key: "reads".into(), value: "off".into() };
        PolicyEntry {
            seq: 17,
            prev: Some(PolicyId([4; 32])),
            ts: UnixTime::from_secs(1_800_000_000),
            heads: vec![EntryId([5; 32]), EntryId([6; 32])],
            ops: vec![PolicyOp::Epoch(epoch), setting],
            reason: "a reason, 'quoted'".replace('\'', ""),
            sigs: vec![sig(7), sig(8)],
        }
    }

    /// What the line is by the reader of all lines.
    fn by_json(line: &str) -> Option<PolicyEntry> {
        line::parse_trusted(line).ok()
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[a-z .,{}\\[\\]:]{0,12}", any::<String>(), "[\"\\\\'\u{0}-\u{1f}é]{0,4}"]
    }

    fn entry() -> impl Strategy<Value = PolicyEntry> {
        let op = prop_oneof![
            (text(), text()).prop_map(|(key, value)| PolicyOp::Setting { key, value }),
            (text(), text(), any::<[u8; 32]>(), vec(text(), 0..2)).prop_map(
                |(a, r, id, skipped)| {
                    PolicyOp::Epoch(EpochStart {
                        audience: AudienceName::new(a),
                        recipient: RecipientText::new(r),
                        kek: Fixed(id),
                        skipped: skipped.into_iter().map(RecipientText::new).collect(),
                        epoch: EpochId([id[0]; 16]),
                        envelope: Fixed(id),
                    })
                }
            ),
            (0..9u32).prop_map(|owners| PolicyOp::Threshold { owners }),
        ];
        let numbers = (0..1u64 << 53, 0..1u64 << 53, any::<Option<[u8; 32]>>());
        (numbers, vec(any::<[u8; 32]>(), 0..3), vec(op, 0..3), text(), vec(any::<[u8; 32]>(), 0..3))
            .prop_map(|((seq, ts, prev), heads, ops, reason, sigs)| PolicyEntry {
                seq,
                prev: prev.map(PolicyId),
                ts: UnixTime::from_secs(ts),
                heads: heads.into_iter().map(EntryId).collect(),
                ops,
                reason,
                sigs: sigs
                    .into_iter()
                    .map(|key| PolicySignature {
                        key: KeyId(key),
                        alg: Algorithm::Ed25519,
                        sig: Fixed([key[3]; 64]),
                    })
                    .collect(),
            })
    }

    #[test]
    fn a_plain_line_is_read() {
        let entry = sample();
        assert_eq!(read(&entry.line()), Some(entry));
    }

    /// Nothing but a whole canonical line of these ops is read here, and what is read says what it says to everybody.
    #[test]
    fn every_line_that_is_nearly_one_is_read_as_by_json_or_not_at_all() {
        let line = sample().line();
        let mut read_here = 0;
        for at in 0..line.len() {
            let rest = &line[at + 1..];
            for with in [
                "", "0", "-1", "00", "z", "\"", "\\", "\\u0041", "\n", " ", "{", "]", ",", "é",
                "1e3",
            ] {
                let changed = format!("{}{with}{rest}", &line[..at]);
                let doubled = format!("{}{with}{}", &line[..at], &line[at..]);
                for changed in [changed, doubled] {
                    let found = read(&changed);
                    read_here += usize::from(found.is_some());
                    if found.is_some() {
                        assert_eq!(found, by_json(&changed), "{changed}");
                        assert_eq!(found.map(|entry| entry.line()), Some(changed));
                    }
                }
            }
            assert_eq!(read(&line[..at]), None);
        }
        assert!(read_here > 100, "{read_here}");
    }

    proptest! {
        #[test]
        fn any_entry_is_read_as_by_json_or_not_at_all(entry in entry()) {
            let line = entry.line();
            if let Some(found) = read(&line) {
                prop_assert_eq!(&found, &entry);
            }
            let plain = !line.contains('\\');
            let usual = |op: &PolicyOp| match op {
                PolicyOp::Epoch(start) => start.skipped.is_empty(),
                op => matches!(op, PolicyOp::Setting { .. }),
            };
            if plain && entry.ops.iter().all(usual) {
                prop_assert_eq!(read(&line), Some(entry));
            }
        }
    }
}
