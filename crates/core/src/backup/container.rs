//! The plaintext of a backup: lines that a person can take apart, around the exact bytes of the
//! vault and, on request, an identity.
//!
//! ```text
//! v-secure-backup 2
//! created 2026-11-25T09:00:00Z
//! pin v-secure-pin-1.VAULT.SEQUENCE.ENTRY
//! by MEMBER/DEVICE KEY
//! signature SIGNATURE
//! part vault.toml LENGTH
//! …
//! end part
//! part history/NAME LENGTH
//! …
//! end part
//! part identity.txt LENGTH
//! …
//! end part
//! end backup
//! ```
//!
//! Of a vault of whose log some is closed there is a part for each file of its history, in order of name. Nobody signs
//! these: the vault's policy names segments by their hash, and versions are what their ids say.
//!
//! `unsigned` stands in the place of `by` and `signature` where nobody signed. One spelling: what [`write()`] would not have written is refused.

use super::maker::{Maker, Signed};
use crate::convert::duration;
use crate::crypto::bytes::Fixed;
use crate::crypto::id::KeyId;
use crate::file::format::MAX_FILE;
use crate::name::Name;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::pin::CarriedPin;
use std::collections::BTreeMap;

const MAGIC: &str = "v-secure-backup ";
const VERSION: &str = "2";
/// The form in which nobody could sign.
const OLD_VERSION: &str = "1";
const UNSIGNED: &str = "unsigned";
const VAULT: &str = "vault.toml";
const HISTORY: &str = "history/";
const IDENTITY: &str = "identity.txt";
const END_PART: &str = "end part";
const END: &str = "end backup";

/// The most bytes of an identity.
pub(crate) const MAX_IDENTITY: usize = 64 << 10;
/// The most bytes of a plaintext: a vault, and several times as much history.
pub const MAX_PLAIN: usize = 4 * MAX_FILE;
/// The longest line outside of the parts.
const MAX_LINE: usize = 512;

/// What a backup holds.
#[derive(Debug)]
pub struct Backup<'a> {
    /// Seconds since the Unix epoch, for people.
    pub created: UnixTime,
    /// The vault and the last entry of its policy.
    pub pin: CarriedPin,
    /// Who made it; `None` if it does not say.
    pub signed: Option<Signed>,
    pub vault: &'a [u8],
    /// The files of its closed history, by name.
    pub history: BTreeMap<String, &'a [u8]>,
    /// Text as in `identity.txt`.
    pub identity: Option<&'a [u8]>,
}

/// Why a plaintext is no backup. Lines are named and not repeated: a key may stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    #[error("it does not begin with '{MAGIC}{VERSION}'")]
    NotABackup,
    #[error(
        "it is of the first form, which nobody could sign: 'v-secure backup create' writes one that \
         says who made it"
    )]
    Unsigned,
    #[error("it was written by a newer v-secure")]
    Newer,
    #[error("it is not in the form that v-secure writes: a line '{expected}' is expected")]
    Line { expected: &'static str },
    #[error("the part {name} has more than {limit} bytes")]
    TooLarge { name: &'static str, limit: usize },
    #[error("it is cut off")]
    Truncated,
    #[error("there is data after its end")]
    Trailing,
}

/// The plaintext; in a buffer that never grows, since a growing one leaves copies behind.
pub fn write(backup: &Backup<'_>) -> SecretValue {
    let created = duration::rfc3339(backup.created);
    let maker = maker_lines(backup.signed.as_ref());
    let head = format!("{MAGIC}{VERSION}\ncreated {created}\npin {}\n{maker}", backup.pin);
    let history = backup.history.iter().map(|(name, bytes)| (format!("{HISTORY}{name}"), *bytes));
    let parts: Vec<(String, &[u8])> = std::iter::once((VAULT.to_owned(), backup.vault))
        .chain(history)
        .chain(backup.identity.map(|bytes| (IDENTITY.to_owned(), bytes)))
        .collect();
    let length: usize = parts.iter().map(|(_, bytes)| bytes.len() + MAX_LINE).sum();
    let mut plain = Vec::with_capacity(head.len() + length + END.len() + 1);
    plain.extend_from_slice(head.as_bytes());
    for (name, bytes) in parts {
        plain.extend_from_slice(format!("part {name} {}\n", bytes.len()).as_bytes());
        plain.extend_from_slice(bytes);
        plain.extend_from_slice(format!("{END_PART}\n").as_bytes());
    }
    plain.extend_from_slice(format!("{END}\n").as_bytes());
    SecretValue::new(plain)
}

fn maker_lines(signed: Option<&Signed>) -> String {
    let Some(Signed { maker: Maker { member, device, key }, signature }) = signed else {
        return format!("{UNSIGNED}\n");
    };
    format!("by {member}/{device} {key}\nsignature {signature}\n")
}

/// Takes a plaintext apart. Of what is in the parts only the length is judged, and that they end
/// with a line end, so that a part's end is a line of its own.
pub fn parse(plain: &[u8]) -> Result<Backup<'_>, BackupError> {
    let mut rest = Rest(plain);
    match rest.line().ok().and_then(|line| line.strip_prefix(MAGIC)) {
        Some(VERSION) => {}
        Some(OLD_VERSION) => return Err(BackupError::Unsigned),
        Some(number) if is_number(number) => return Err(BackupError::Newer),
        _ => return Err(BackupError::NotABackup),
    }
    let created = rest.field("created ")?;
    let time = duration::parse_instant(created).ok();
    let due = |expected| BackupError::Line { expected };
    let time =
        time.filter(|time| duration::rfc3339(*time) == created).ok_or(due("created TIME"))?;
    let pin = rest.field("pin ")?.parse().map_err(|_| due("pin PIN"))?;
    let signed = rest.signed()?;
    let vault = rest.part(VAULT, "part vault.toml LENGTH", MAX_FILE)?;
    let mut history = BTreeMap::new();
    while rest.0.starts_with(b"part history/") {
        let (name, bytes) = rest.history()?;
        if history.last_key_value().is_some_and(|(before, _)| *before >= name) {
            return Err(due("part history/NAME LENGTH"));
        }
        history.insert(name, bytes);
    }
    let has_identity = rest.0.starts_with(b"part ");
    let identity = has_identity
        .then(|| rest.part(IDENTITY, "part identity.txt LENGTH", MAX_IDENTITY))
        .transpose()?;
    if rest.line()? != END {
        return Err(due(END));
    }
    match rest.0 {
        [] => Ok(Backup { created: time, pin, signed, vault, history, identity }),
        _ => Err(BackupError::Trailing),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

fn maker(text: &str) -> Option<Maker> {
    let (who, key) = text.split_once(' ')?;
    let (member, device) = who.split_once('/')?;
    let (member, device) = (Name::new(member).ok()?, Name::new(device).ok()?);
    Some(Maker { member, device, key: KeyId::parse(key).ok()? })
}

/// Whether a file of a history is called so: nothing else is written to a folder by its name.
fn is_history_name(name: &str) -> bool {
    let stem = name.strip_suffix(".log").or(name.strip_suffix(".versions"));
    stem.is_some_and(|stem| {
        stem.len() == 64 && stem.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn line(&mut self) -> Result<&'a str, BackupError> {
        let head = &self.0[..self.0.len().min(MAX_LINE)];
        let end = memchr::memchr(b'\n', head).ok_or(match head.len() < MAX_LINE {
            true => BackupError::Truncated,
            false => BackupError::Line { expected: END },
        })?;
        self.0 = &self.0[end + 1..];
        std::str::from_utf8(&head[..end]).map_err(|_| BackupError::Line { expected: END })
    }

    fn field(&mut self, name: &'static str) -> Result<&'a str, BackupError> {
        self.line()?.strip_prefix(name).ok_or(BackupError::Line { expected: name })
    }

    /// Who made it.
    fn signed(&mut self) -> Result<Option<Signed>, BackupError> {
        let due = |expected| BackupError::Line { expected };
        let line = self.line()?;
        if line == UNSIGNED {
            return Ok(None);
        }
        let maker = line.strip_prefix("by ").and_then(maker).ok_or(due("by MEMBER/DEVICE KEY"))?;
        let signature = Fixed::parse(self.field("signature ")?);
        let signature = signature.map_err(|_| due("signature SIGNATURE"))?;
        Ok(Some(Signed { maker, signature }))
    }

    /// A file of the history, with its name.
    fn history(&mut self) -> Result<(String, &'a [u8]), BackupError> {
        let expected = "part history/NAME LENGTH";
        let line = self.line()?.strip_prefix("part history/");
        let (name, number) =
            line.and_then(|line| line.split_once(' ')).ok_or(BackupError::Line { expected })?;
        if !is_history_name(name) {
            return Err(BackupError::Line { expected });
        }
        Ok((name.to_owned(), self.content("history", number, expected, MAX_FILE)?))
    }

    fn part(
        &mut self,
        name: &'static str,
        expected: &'static str,
        limit: usize,
    ) -> Result<&'a [u8], BackupError> {
        let due = BackupError::Line { expected };
        let line = self.line()?.strip_prefix("part ").ok_or(due)?;
        let number = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' ')).ok_or(due)?;
        self.content(name, number, expected, limit)
    }

    fn content(
        &mut self,
        name: &'static str,
        number: &str,
        expected: &'static str,
        limit: usize,
    ) -> Result<&'a [u8], BackupError> {
        let due = BackupError::Line { expected };
        if !is_number(number) {
            return Err(due);
        }
        let length = number.parse::<usize>().ok().filter(|length| *length <= limit);
        let length = length.ok_or(BackupError::TooLarge { name, limit })?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(BackupError::Truncated)?;
        self.0 = rest;
        if !bytes.ends_with(b"\n") || self.line()? != END_PART {
            return Err(BackupError::Line { expected: END_PART });
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::id::{PolicyId, VaultId};
    use crate::name::MAX_NAME;

    fn signed() -> Option<Signed> {
        let (member, device) = (Name::new("olga").unwrap(), Name::new("laptop").unwrap());
        let maker = Maker { member, device, key: KeyId([4; 32]) };
        Some(Signed { maker, signature: Fixed([5; 64]) })
    }

    fn sample(signed: Option<Signed>, identity: Option<&'static [u8]>) -> String {
        let pin = CarriedPin { vault: VaultId([1; 32]), seq: 2, entry: PolicyId([3; 32]) };
        let vault = b"format = 1\nend part\n";
        let history = BTreeMap::new();
        let backup = Backup {
            created: UnixTime::from_secs(1_795_600_000),
            pin,
            signed,
            vault,
            history,
            identity,
        };
        String::from_utf8(write(&backup).into_bytes()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_whatever_the_parts_hold() {
        let key = Some(&b"AGE-SECRET-KEY-1X\n"[..]);
        let longest = |name: &mut Name| *name = Name::new("n".repeat(MAX_NAME)).unwrap();
        let mut long = signed();
        if let Some(signed) = &mut long {
            longest(&mut signed.maker.member);
            longest(&mut signed.maker.device);
        }
        for (by, identity) in [(None, None), (signed(), None), (signed(), key), (long, key)] {
            let text = sample(by.clone(), identity);
            let read = parse(text.as_bytes()).unwrap();
            assert_eq!(read.signed, by);
            assert_eq!((read.created, read.pin.seq), (UnixTime::from_secs(1_795_600_000), 2));
            assert_eq!((read.vault, read.identity), (&b"format = 1\nend part\n"[..], identity));
            assert_eq!(String::from_utf8(write(&read).into_bytes()).unwrap(), text);
        }
    }

    #[test]
    fn the_history_is_read_by_names_that_lead_nowhere_else() {
        let text = sample(None, None);
        let name = format!("{}.log", "0a".repeat(32));
        let with = |name: &str| {
            text.replace("end backup", &format!("part history/{name} 2\nx\nend part\nend backup"))
        };
        let good = with(&name);
        let read = parse(good.as_bytes()).unwrap();
        assert_eq!(read.history, BTreeMap::from([(name, &b"x\n"[..])]));
        assert_eq!(String::from_utf8(write(&read).into_bytes()).unwrap(), good);
        let upper = format!("{}.log", "0A".repeat(32));
        for bad in ["../x.log", "x.log", "", &upper, &format!("{}.txt", "0a".repeat(32))] {
            let expected = "part history/NAME LENGTH";
            let error = parse(with(bad).as_bytes()).unwrap_err();
            assert_eq!(error, BackupError::Line { expected }, "{bad}");
        }
    }

    #[test]
    fn every_cut_is_noticed() {
        let text = sample(signed(), Some(b"key\n"));
        for end in 0..text.len() {
            assert!(parse(&text.as_bytes()[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let text = sample(signed(), Some(b"key\n"));
        let due = |expected| BackupError::Line { expected };
        for (from, to, error) in [
            ("v-secure-backup 2", "v-secure-backup 3", BackupError::Newer),
            ("v-secure-backup 2", "v-secure-backup 1", BackupError::Unsigned),
            ("v-secure-backup 2", "v-secure-backup 2 ", BackupError::NotABackup),
            ("v-secure-backup 2", "v-secure-backup x", BackupError::NotABackup),
            ("by olga/laptop ", "by olga ", due("by MEMBER/DEVICE KEY")),
            ("by olga/laptop ", "by olga/laptop  ", due("by MEMBER/DEVICE KEY")),
            ("by olga/laptop ", "by olga/-x ", due("by MEMBER/DEVICE KEY")),
            ("by olga/laptop ", "unsigned\nby olga/laptop ", due("part vault.toml LENGTH")),
            ("signature ", "signature A", due("signature SIGNATURE")),
            ("signature ", "sig ", due("signature ")),
            ("created 2", "created  2", due("created TIME")),
            ("pin v", "pin w", due("pin PIN")),
            ("part vault.toml 20", "part vault.toml 020", due("part vault.toml LENGTH")),
            ("part vault.toml 20", "part vault.toml -1", due("part vault.toml LENGTH")),
            ("part vault.toml 20", "part other.toml 20", due("part vault.toml LENGTH")),
            ("part vault.toml 20", "part vault.toml 19", due("end part")),
            ("part vault.toml 20", "part vault.toml 11", due("end backup")),
            ("part vault.toml 20", "part vault.toml 200000", BackupError::Truncated),
            (
                "identity.txt 4",
                "identity.txt 65537",
                BackupError::TooLarge { name: IDENTITY, limit: MAX_IDENTITY },
            ),
            (
                "vault.toml 20",
                "vault.toml 99999999999999999999",
                BackupError::TooLarge { name: VAULT, limit: MAX_FILE },
            ),
            ("end backup\n", "end backup\n\n", BackupError::Trailing),
            ("end backup\n", "end backup", BackupError::Truncated),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert_eq!(parse(changed.as_bytes()).unwrap_err(), error, "{from} -> {to}");
        }
    }
}
