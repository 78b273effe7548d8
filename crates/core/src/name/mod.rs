//! Names of environments, secrets, roles, members and devices, full secret names
//! (`environment/name`) and the patterns that grants are written in (`docs/format.md`, Names).

pub mod audience;
pub mod environment;
pub(crate) mod stated_text;

use environment::EnvironmentName;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// The most bytes a name may have.
pub(crate) const MAX_NAME: usize = 128;

/// Why a text is no name or pattern. The text itself is not repeated: it may be a mistyped value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("a name must not be empty")]
    Empty,
    #[error("a name has at most {MAX_NAME} characters")]
    TooLong,
    #[error(
        "a name has only the letters A-Z, a-z, digits, '.', '_' and '-', and does not begin with '-'"
    )]
    Character,
    #[error("a name is not of dots alone: it would lead out of a folder that it names a file in")]
    Dots,
    #[error("a full name is ENVIRONMENT/NAME")]
    NotFull,
    #[error("a pattern is a literal ENVIRONMENT/NAME with at most one '*', at its end")]
    Pattern,
}

fn check(text: &str) -> Result<(), NameError> {
    match text.as_bytes() {
        [] => Err(NameError::Empty),
        bytes if bytes.len() > MAX_NAME => Err(NameError::TooLong),
        [b'-', ..] => Err(NameError::Character),
        bytes if bytes.iter().all(|b| *b == b'.') => Err(NameError::Dots),
        bytes if bytes.iter().all(|b| is_name_byte(*b)) => Ok(()),
        _ => Err(NameError::Character),
    }
}

fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')
}

/// One name: `[A-Za-z0-9._-]+`, not beginning with `-` nor of dots alone, at most [`MAX_NAME`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    pub fn new(text: impl AsRef<str>) -> Result<Self, NameError> {
        let text = text.as_ref();
        check(text).map(|()| Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A secret's full name, `environment/name`; shared by what names it, as 10,000 secrets are named
/// half a dozen times each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName {
    full: Arc<str>,
    slash: usize,
}

impl SecretName {
    pub fn new(environment: &EnvironmentName, name: &Name) -> Self {
        let slash = environment.as_str().len();
        Self { full: format!("{environment}/{name}").into(), slash }
    }

    pub fn parse(text: impl AsRef<str>) -> Result<Self, NameError> {
        let full = text.as_ref();
        let slash = full.find('/').ok_or(NameError::NotFull)?;
        check(&full[..slash])?;
        check(&full[slash + 1..])?;
        Ok(Self { full: full.into(), slash })
    }

    pub fn environment(&self) -> &str {
        &self.full[..self.slash]
    }

    pub fn name(&self) -> &str {
        &self.full[self.slash + 1..]
    }

    /// `environment/name`.
    pub fn as_str(&self) -> &str {
        &self.full
    }
}

/// What a grant covers: a literal over `environment/name`, with at most one `*`, at the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(Arc<str>);

impl Pattern {
    pub fn new(text: impl AsRef<str>) -> Result<Self, NameError> {
        let text = text.as_ref();
        let (literal, open) = match text.strip_suffix('*') {
            Some(literal) => (literal, true),
            None => (text, false),
        };
        if text.len() > 2 * MAX_NAME + 2 {
            return Err(NameError::TooLong);
        }
        let well_formed = match (literal.split_once('/'), open) {
            (Some((env, "")), true) => check(env).is_ok(),
            (Some((env, name)), _) => check(env).is_ok() && check(name).is_ok(),
            (None, true) => literal.is_empty() || check(literal).is_ok(),
            (None, false) => false,
        };
        if well_formed { Ok(Self(text.into())) } else { Err(NameError::Pattern) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this pattern covers `name`.
    pub fn matches(&self, name: &SecretName) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => name.as_str().starts_with(prefix),
            None => *self.0 == *name.as_str(),
        }
    }

    /// Whether everything that `other` covers is covered by this pattern.
    pub fn contains(&self, other: &Pattern) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => other.0.trim_end_matches('*').starts_with(prefix),
            None => self.0 == other.0,
        }
    }
}

macro_rules! text_form {
    ($type:ident, $parse:expr) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl TryFrom<String> for $type {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                $parse(text)
            }
        }
        impl std::str::FromStr for $type {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                $parse(text)
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.as_str().to_owned()
            }
        }
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a text")
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        $parse(text).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    };
}

text_form!(Name, Name::new);
text_form!(EnvironmentName, EnvironmentName::new);
text_form!(SecretName, SecretName::parse);
text_form!(Pattern, Pattern::new);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_refuse_what_could_escape() {
        for bad in ["", "-x", "a/b", "a=b", "a b", "a\u{1b}[0m", "é", "a\n"] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
        for bad in [".", "..", "..."] {
            assert_eq!(Name::new(bad), Err(NameError::Dots));
            assert!(EnvironmentName::new(bad).is_err());
            assert!(SecretName::parse(format!("{bad}/x")).is_err());
            assert!(SecretName::parse(format!("x/{bad}")).is_err());
            assert!(Pattern::new(format!("{bad}/*")).is_err());
        }
        assert!(Name::new(".env").is_ok() && Name::new("a..b").is_ok());
        assert!(Name::new("x".repeat(MAX_NAME)).is_ok());
        assert_eq!(Name::new("x".repeat(MAX_NAME + 1)), Err(NameError::TooLong));
    }

    #[test]
    fn full_names_split_at_the_only_slash() {
        let name = SecretName::parse("prod/DATABASE_URL").unwrap();
        assert_eq!((name.environment(), name.name()), ("prod", "DATABASE_URL"));
        for bad in ["prod", "/x", "prod/", "a/b/c"] {
            assert!(SecretName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn patterns_take_one_star_at_the_end() {
        for good in ["*", "prod/*", "prod/DB_*", "prod/DB", "pr*"] {
            assert!(Pattern::new(good).is_ok(), "{good:?}");
        }
        for bad in ["", "prod", "*/x", "prod/*x", "a**", "/*", "prod//x"] {
            assert!(Pattern::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn containment_follows_the_prefix() {
        let p = |text: &str| Pattern::new(text).unwrap();
        assert!(p("*").contains(&p("prod/*")));
        assert!(p("prod/*").contains(&p("prod/DB")));
        assert!(p("prod/*").contains(&p("prod/DB_*")));
        assert!(!p("prod/DB").contains(&p("prod/DB*")));
        assert!(!p("prod/DB_*").contains(&p("prod/*")));
        assert!(p("prod/DB*").matches(&SecretName::parse("prod/DB").unwrap()));
    }
}
