//! Section headers: what may stand between the brackets, and in which order.

use super::bucket::Parted;
use super::cursor::Piece;
use super::error::{Cause, Fault};
use crate::crypto::bytes::ShortId;

/// A section's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section<'a> {
    Policy,
    Closed,
    Audience(&'a str),
    Slot(ShortId),
    /// No section, but the line before those of a bucket's secrets.
    Bucket(u16),
    /// A version of the secret with this name, which nobody has looked at yet.
    Version(&'a str),
    /// A wrap of the version before it, which is to be of this secret.
    Wrap(&'a str),
    /// A wrap beside the vault, whose version may be elsewhere.
    WrapBeside(&'a str),
    Log,
}

impl<'a> Section<'a> {
    /// Parses what stands between the outer brackets.
    pub fn parse(inner: Piece<'a>) -> Result<Self, Fault> {
        match inner.text {
            "policy" => return Ok(Self::Policy),
            "closed" => return Ok(Self::Closed),
            "log" => return Ok(Self::Log),
            _ => {}
        }
        if let Some(quoted) = inner.text.strip_prefix("audience.") {
            let name = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            let name = name.ok_or_else(|| unexpected(inner))?;
            crate::record::rule::audience(name).map_err(|rule| Cause::Rule(rule).at(inner.at))?;
            Ok(Self::Audience(name))
        } else if let Some(id) = inner.text.strip_prefix("slot.") {
            Piece { text: id, ..inner }.id().map(Self::Slot)
        } else if let Some(rest) = inner.text.strip_prefix("[secret.\"") {
            Self::of_secret(rest).ok_or_else(|| unexpected(inner))
        } else {
            Err(unexpected(inner))
        }
    }

    fn of_secret(rest: &'a str) -> Option<Self> {
        let (name, part) = rest.split_once('"')?;
        match part {
            ".version]" => Some(Self::Version(name)),
            ".version.wrap]" => Some(Self::Wrap(name)),
            ".wrap]" => Some(Self::WrapBeside(name)),
            _ => None,
        }
    }

    /// The place of the section's kind in the file.
    const fn rank(self) -> u8 {
        match self {
            Self::Policy => 0,
            Self::Closed => 1,
            Self::Audience(_) => 2,
            Self::Slot(_) => 3,
            Self::Bucket(_) | Self::Version(_) | Self::Wrap(_) | Self::WrapBeside(_) => 4,
            Self::Log => 5,
        }
    }

    pub fn name(self) -> String {
        match self {
            Self::Policy => "policy".to_owned(),
            Self::Closed => "closed".to_owned(),
            Self::Audience(name) => format!("audience.\"{name}\""),
            Self::Slot(id) => format!("slot.{id}"),
            Self::Bucket(bucket) => Parted::Secrets.line(bucket),
            Self::Version(name) => format!("[secret.\"{name}\".version]"),
            Self::Wrap(name) => format!("[secret.\"{name}\".version.wrap]"),
            Self::WrapBeside(name) => format!("[secret.\"{name}\".wrap]"),
            Self::Log => "log".to_owned(),
        }
    }

    /// Why this section may not stand where `wanted` was the next kind to come.
    pub fn misplaced(self, wanted: Section<'a>) -> Cause {
        let name = self.name();
        match (self, wanted) {
            (Self::Policy, _) => Cause::SectionDuplicate { name },
            (_, Section::Closed) => Cause::SectionMissing { name: "closed" },
            (Self::Closed, Section::Policy) => Cause::SectionMissing { name: "policy" },
            (Self::Closed, _) => Cause::SectionUnexpected { name },
            (Self::Wrap(_) | Self::WrapBeside(_), _) => Cause::SectionUnexpected { name },
            _ if self.rank() < wanted.rank() => Cause::SectionOrder { name },
            _ => Cause::SectionMissing { name: "policy" },
        }
    }
}

fn unexpected(inner: Piece<'_>) -> Fault {
    Cause::SectionUnexpected { name: inner.text.chars().take(200).collect() }.at(inner.at)
}

/// Refuses an id that is not greater than the one of the section before.
pub(super) fn follows<T: Ord>(
    before: Option<T>,
    id: T,
    at: usize,
    section: Section<'_>,
) -> Result<(), Fault> {
    match before.map(|before| before.cmp(&id)) {
        None | Some(std::cmp::Ordering::Less) => Ok(()),
        Some(std::cmp::Ordering::Equal) => {
            Err(Cause::SectionDuplicate { name: section.name() }.at(at))
        }
        Some(std::cmp::Ordering::Greater) => {
            Err(Cause::SectionOrder { name: section.name() }.at(at))
        }
    }
}
