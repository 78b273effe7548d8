//! Section headers: what may stand between the brackets, and in which order.

use super::bucket::Parted;
use super::cursor::Piece;
use super::error::{Cause, Fault};
use crate::crypto::bytes::ShortId;
use crate::crypto::id::{ObjectId, SecretId, WrapId};

/// A section's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section<'a> {
    Policy,
    Closed,
    Audience(&'a str),
    Slot(ShortId),
    /// No section, but the line before those of a bucket's secrets.
    Bucket(u16),
    Secret(SecretId),
    Version {
        secret: SecretId,
        object: ObjectId,
    },
    Wrap {
        secret: SecretId,
        wrap: WrapId,
    },
    Log,
}

impl<'a> Section<'a> {
    /// Parses what stands between the brackets; `known` is an id that was parsed, and its text.
    pub fn parse(inner: Piece<'a>, known: Option<(&str, SecretId)>) -> Result<Self, Fault> {
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
        } else if let Some(rest) = inner.text.strip_prefix("secret.") {
            Self::of_secret(inner, rest, known)
        } else {
            Err(unexpected(inner))
        }
    }

    fn of_secret(
        inner: Piece<'a>,
        rest: &'a str,
        known: Option<(&str, SecretId)>,
    ) -> Result<Self, Fault> {
        let piece = |text: &'a str| Piece { text, ..inner };
        let mut parts = rest.split('.');
        let text = parts.next().unwrap_or_default();
        let secret = match known {
            Some((same, secret)) if same == text => secret,
            _ => piece(text).id()?,
        };
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Ok(Self::Secret(secret)),
            (Some("version"), Some(text), None) => {
                Ok(Self::Version { secret, object: piece(text).id()? })
            }
            (Some("wrap"), Some(text), None) => Ok(Self::Wrap { secret, wrap: piece(text).id()? }),
            _ => Err(unexpected(inner)),
        }
    }

    /// The secret that the section is about.
    pub const fn secret(self) -> Option<SecretId> {
        match self {
            Self::Secret(secret) | Self::Version { secret, .. } | Self::Wrap { secret, .. } => {
                Some(secret)
            }
            Self::Policy
            | Self::Closed
            | Self::Audience(_)
            | Self::Slot(_)
            | Self::Bucket(_)
            | Self::Log => None,
        }
    }

    /// The place of the section's kind in the file.
    const fn rank(self) -> u8 {
        match self {
            Self::Policy => 0,
            Self::Closed => 1,
            Self::Audience(_) => 2,
            Self::Slot(_) => 3,
            Self::Bucket(_) | Self::Secret(_) | Self::Version { .. } | Self::Wrap { .. } => 4,
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
            Self::Secret(id) => format!("secret.{id}"),
            Self::Version { secret, object } => format!("secret.{secret}.version.{object}"),
            Self::Wrap { secret, wrap } => format!("secret.{secret}.wrap.{wrap}"),
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
            (Self::Version { .. } | Self::Wrap { .. }, _) => Cause::SectionUnexpected { name },
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
