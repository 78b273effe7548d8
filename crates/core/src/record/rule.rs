//! Rules that hold for a record by itself, whatever the rest of the vault says: order and size of
//! lists, integers, texts, recipients (`docs/format.md`, Limits). Reading and writing both apply them.

use super::line::MAX_INTEGER;
use super::text::{self, TextError};
use crate::crypto::identity::recipient;
use crate::name::Name;

/// What a record holds too many of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Entries,
    Ops,
    Parents,
    Heads,
    Signatures,
    Recipients,
    Ids,
    Slots,
}

impl Counted {
    /// The most of them: in the chain, an entry, a list, or the file.
    pub const fn max(self) -> usize {
        match self {
            Self::Entries => 10_000,
            Self::Ops | Self::Ids => 1_000,
            Self::Parents | Self::Heads | Self::Slots => 256,
            Self::Signatures | Self::Recipients => 16,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Ops => "ops",
            Self::Parents => "parents",
            Self::Heads => "heads",
            Self::Signatures => "signatures",
            Self::Recipients => "recipients",
            Self::Ids => "ids",
            Self::Slots => "slots",
        }
    }

    const fn code(self) -> &'static str {
        match self {
            Self::Entries => "too-many-entries",
            Self::Ops => "too-many-ops",
            Self::Parents => "too-many-parents",
            Self::Heads => "too-many-heads",
            Self::Signatures => "too-many-signatures",
            Self::Recipients => "too-many-recipients",
            Self::Ids => "too-many-ids",
            Self::Slots => "too-many-slots",
        }
    }

    /// Refuses `count` of them if it is over the limit.
    pub fn check(self, count: usize) -> Result<(), RuleError> {
        if count > self.max() { Err(RuleError::TooMany { what: self }) } else { Ok(()) }
    }
}

/// Why a record is refused by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    #[error("more than {} {}", what.max(), what.text())]
    TooMany { what: Counted },
    #[error("'{list}' must not be empty")]
    Empty { list: &'static str },
    #[error("'{list}' is not in order")]
    Order { list: &'static str },
    #[error("'{list}' holds something twice")]
    Duplicate { list: &'static str },
    #[error("'{key}' is out of range")]
    Integer { key: &'static str },
    #[error("'{key}': {source}")]
    Text { key: &'static str, source: TextError },
    #[error("not an age recipient")]
    Recipient,
    #[error("an audience is names of roles in byte order, joined with '+', 'owner' among them")]
    Audience,
    #[error("not a field: type, description, var, generate, tag.NAME or meta.NAME")]
    FieldName,
    #[error("'{key}' is there without what belongs to it, or the other way round")]
    Apart { key: &'static str },
    #[error("the key derivation's parameter '{key}' is outside what is allowed")]
    Kdf { key: &'static str },
}

impl RuleError {
    /// Stable across releases.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooMany { what } => what.code(),
            Self::Empty { .. } => "empty-list",
            Self::Order { .. } => "list-order",
            Self::Duplicate { .. } => "list-duplicate",
            Self::Integer { .. } => "integer-range",
            Self::Text { source, .. } => source.code(),
            Self::Recipient => "recipient",
            Self::Audience => "audience-name",
            Self::FieldName => "field-name",
            Self::Apart { .. } => "keys-apart",
            Self::Kdf { .. } => "kdf-range",
        }
    }
}

/// Checks that each item is greater than the one before.
pub(crate) fn ascending<T: Ord>(list: &'static str, items: &[T]) -> Result<(), RuleError> {
    for pair in items.windows(2) {
        match pair[0].cmp(&pair[1]) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => return Err(RuleError::Duplicate { list }),
            std::cmp::Ordering::Greater => return Err(RuleError::Order { list }),
        }
    }
    Ok(())
}

/// Checks that a list holds something.
pub(crate) fn not_empty<T>(list: &'static str, items: &[T]) -> Result<(), RuleError> {
    if items.is_empty() { Err(RuleError::Empty { list }) } else { Ok(()) }
}

/// Checks that an integer is exact in every JSON reader.
pub fn integer(key: &'static str, value: u64) -> Result<(), RuleError> {
    if value > MAX_INTEGER { Err(RuleError::Integer { key }) } else { Ok(()) }
}

/// Checks a text of at most `max` bytes.
pub fn text(key: &'static str, value: &str, max: usize) -> Result<(), RuleError> {
    text::check_text(value, max).map_err(|source| RuleError::Text { key, source })
}

/// Checks the text form of a recipient.
pub fn recipient(text: &str) -> Result<(), RuleError> {
    recipient::check_text(text).map_err(|_| RuleError::Recipient)
}

/// Checks an audience's name: role names in byte order joined with `+`, `owner` among them.
pub fn audience(text: &str) -> Result<(), RuleError> {
    let mut before = "";
    let mut has_owner = false;
    for role in text.split('+') {
        if role <= before || Name::new(role).is_err() {
            return Err(RuleError::Audience);
        }
        has_owner |= role == "owner";
        before = role;
    }
    if has_owner { Ok(()) } else { Err(RuleError::Audience) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_strictly_ascending() {
        assert_eq!(ascending("x", &[1, 2, 9]), Ok(()));
        assert_eq!(ascending("x", &[1, 1]), Err(RuleError::Duplicate { list: "x" }));
        assert_eq!(ascending("x", &[2, 1]), Err(RuleError::Order { list: "x" }));
    }

    #[test]
    fn integers_end_where_json_readers_stop_being_exact() {
        assert_eq!(integer("ts", (1 << 53) - 1), Ok(()));
        assert_eq!(integer("ts", 1 << 53), Err(RuleError::Integer { key: "ts" }));
    }

    #[test]
    fn an_audience_names_its_roles_in_order_with_owner() {
        for good in ["owner", "ci+developer+owner", "owner+web"] {
            assert_eq!(audience(good), Ok(()), "{good}");
        }
        for bad in ["", "ci", "owner+ci", "owner+owner", "ci++owner", "+owner", "a b+owner"] {
            assert_eq!(audience(bad), Err(RuleError::Audience), "{bad}");
        }
    }
}
