//! The settings of providers, which owners alone state: what is called to rotate a secret, and with what
//! (`docs/format.md`, Settings).

use super::Settings;
use super::known::SettingKey;
use super::value::parse_span;
use crate::name::{Name, Pattern, SecretName};
use std::collections::BTreeSet;
use std::time::Duration;

/// What the keys of all providers begin with.
const KEYS: &str = "provider.";
/// The most patterns that one provider serves.
const MAX_PATTERNS: usize = 64;
/// The longest that one call may last, in seconds.
const MAX_DEADLINE: u64 = 3600;
const DEFAULT_DEADLINE: u64 = 60;

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    /// A program, by JSON.
    Command,
    /// A PostgreSQL server.
    Postgres,
}

/// Whether a connection is encrypted and its server's certificate verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tls {
    #[default]
    Verify,
    Off,
}

/// What the owners say of one provider. What its kind needs may be missing: settings are stated one by one.
#[derive(Debug, Clone)]
pub struct ProviderSettings<'a> {
    pub name: Name,
    settings: &'a Settings,
}

impl Settings {
    /// What is said of each provider, in order of name.
    pub fn providers(&self) -> impl Iterator<Item = ProviderSettings<'_>> {
        let keys = self.0.range(KEYS.to_owned()..).map(|(key, _)| key);
        let keys = keys.take_while(|key| key.starts_with(KEYS));
        let names: BTreeSet<Name> =
            keys.filter_map(|key| SettingKey::parse(key).ok()?.provider().cloned()).collect();
        names.into_iter().map(|name| ProviderSettings { name, settings: self })
    }

    /// The providers that serve a secret: more than one is for nobody to choose from.
    pub fn serving(&self, secret: &SecretName) -> Vec<ProviderSettings<'_>> {
        self.providers().filter(|provider| provider.serves(secret)).collect()
    }
}

impl<'a> ProviderSettings<'a> {
    /// Not what it is given to act by, whatever its patterns say: that would be set and revoked as any credential.
    pub fn serves(&self, secret: &SecretName) -> bool {
        self.admin().as_ref() != Some(secret)
            && self.patterns().iter().any(|pattern| pattern.matches(secret))
    }

    /// What it serves: nothing where that is not stated.
    pub fn patterns(&self) -> Vec<Pattern> {
        self.get("serves").and_then(parse_patterns).unwrap_or_default()
    }

    pub fn kind(&self) -> Option<ProviderKind> {
        self.get("kind").and_then(parse_kind)
    }

    pub fn program(&self) -> Option<&'a str> {
        self.get("program")
    }

    /// What the file of the program must have as its SHA-256, in hexadecimal digits.
    pub fn sha256(&self) -> Option<&'a str> {
        self.get("sha256")
    }

    pub fn endpoint(&self) -> Option<&'a str> {
        self.get("endpoint")
    }

    pub fn admin(&self) -> Option<SecretName> {
        self.get("admin").and_then(|name| SecretName::parse(name).ok())
    }

    pub fn deadline(&self) -> Duration {
        let seconds = self.get("deadline").and_then(parse_deadline);
        Duration::from_secs(seconds.unwrap_or(DEFAULT_DEADLINE))
    }

    /// For how long a credential goes on to be valid once another took its place, in seconds.
    pub fn overlap(&self) -> u64 {
        self.get("overlap").and_then(parse_span).unwrap_or_else(|| self.settings.overlap())
    }

    pub fn users(&self) -> Vec<&'a str> {
        self.get("users").into_iter().flat_map(|users| users.split(',')).collect()
    }

    pub fn owner(&self) -> Option<&'a str> {
        self.get("owner")
    }

    pub fn tls(&self) -> Tls {
        self.get("tls").and_then(parse_tls).unwrap_or_default()
    }

    fn get(&self, what: &str) -> Option<&'a str> {
        self.settings.get(&format!("{KEYS}{}.{what}", self.name))
    }
}

impl ProviderKind {
    /// As the setting has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Postgres => "postgres",
        }
    }
}

pub(super) fn parse_kind(value: &str) -> Option<ProviderKind> {
    match value {
        "command" => Some(ProviderKind::Command),
        "postgres" => Some(ProviderKind::Postgres),
        _ => None,
    }
}

pub(super) fn parse_tls(value: &str) -> Option<Tls> {
    match value {
        "verify" => Some(Tls::Verify),
        "off" => Some(Tls::Off),
        _ => None,
    }
}

/// In seconds.
pub(super) fn parse_deadline(value: &str) -> Option<u64> {
    parse_span(value).filter(|seconds| (1..=MAX_DEADLINE).contains(seconds))
}

fn parse_patterns(value: &str) -> Option<Vec<Pattern>> {
    let patterns: Vec<Pattern> =
        value.split(',').map(Pattern::new).collect::<Result<_, _>>().ok()?;
    let is_set = patterns.iter().collect::<BTreeSet<_>>().len() == patterns.len();
    (is_set && patterns.len() <= MAX_PATTERNS).then_some(patterns)
}

pub(super) fn is_pattern_list(value: &str) -> bool {
    parse_patterns(value).is_some()
}

/// A path that is the same wherever it is followed from.
pub(super) fn is_program(value: &str) -> bool {
    let Some(path) = value.strip_prefix('/') else { return false };
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

pub(super) fn is_digest(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// One name, or two that take turns.
pub(super) fn is_user_list(value: &str) -> bool {
    match value.split_once(',') {
        Some((one, other)) => {
            one != other && [one, other].iter().all(|name| Name::new(name).is_ok())
        }
        None => Name::new(value).is_ok(),
    }
}

#[cfg(test)]
mod tests;
