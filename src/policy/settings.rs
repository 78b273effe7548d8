//! The settings of a vault: which keys exist, what their values mean (`docs/format.md`, Settings).
//!
//! They are kept as the text that the chain states; the typed views are computed on demand, so that
//! what is checked and what is used are the same text.

use crate::crypto::kdf::Params;
use crate::name::Name;
use crate::vault::line::MAX_INTEGER;
use std::collections::BTreeMap;

/// The most bytes a setting's value may have.
pub const MAX_VALUE: usize = 4096;

/// The shortest interval of a schedule, in seconds: every rotation stays in the file.
pub const MIN_INTERVAL: u64 = 3600;
/// The longest interval of a schedule, in seconds: 100 years.
pub const MAX_INTERVAL: u64 = 100 * 365 * 24 * 3600;

/// A setting that this version knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingKey {
    /// `env.ENVIRONMENT.extends`: where the environment's missing secrets come from.
    Extends(Name),
    VariablesAllow,
    Ttl,
    Reads,
    RetentionVersions,
    RetentionDays,
    RotationKek,
    RotationDek,
    /// `kdf`: what new passphrase slots are to cost.
    Kdf,
}

/// Why a setting is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    #[error("there is no such setting")]
    UnknownKey,
    #[error("the value is not one that the setting takes")]
    Value,
    #[error("the environment would inherit from itself")]
    Cycle,
}

/// When expired versions are pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ttl {
    /// By every command that can.
    #[default]
    Every,
    /// Only by commands that write anyway.
    OnWrite,
}

/// Whether reads are kept in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reads {
    Off,
    #[default]
    BestEffort,
    Required,
}

/// How much history the vault keeps; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    pub versions: Option<u64>,
    pub days: Option<u64>,
}

/// How old keys may become, in seconds; `None` is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotation {
    /// The key of an audience's current epoch.
    pub kek: Option<u64>,
    /// The key of an active version.
    pub dek: Option<u64>,
}

impl SettingKey {
    pub fn parse(key: &str) -> Result<Self, SettingError> {
        match key {
            "variables.allow" => return Ok(Self::VariablesAllow),
            "kdf" => return Ok(Self::Kdf),
            "ttl" => return Ok(Self::Ttl),
            "reads" => return Ok(Self::Reads),
            "retention.versions" => return Ok(Self::RetentionVersions),
            "retention.days" => return Ok(Self::RetentionDays),
            "rotation.kek" => return Ok(Self::RotationKek),
            "rotation.dek" => return Ok(Self::RotationDek),
            _ => {}
        }
        key.strip_prefix("env.")
            .and_then(|rest| rest.strip_suffix(".extends"))
            .and_then(|environment| Name::new(environment).ok())
            .map(Self::Extends)
            .ok_or(SettingError::UnknownKey)
    }

    fn takes(&self, value: &str) -> bool {
        match self {
            Self::Extends(_) => Name::new(value).is_ok(),
            Self::VariablesAllow => value.split(',').all(is_variable_pattern),
            Self::Ttl => parse_ttl(value).is_some(),
            Self::Reads => parse_reads(value).is_some(),
            Self::RetentionVersions | Self::RetentionDays => parse_count(value).is_some(),
            Self::RotationKek | Self::RotationDek => parse_interval(value).is_some(),
            Self::Kdf => value.parse::<Params>().is_ok(),
        }
    }
}

fn parse_ttl(value: &str) -> Option<Ttl> {
    match value {
        "every" => Some(Ttl::Every),
        "on-write" => Some(Ttl::OnWrite),
        _ => None,
    }
}

fn parse_reads(value: &str) -> Option<Reads> {
    match value {
        "off" => Some(Reads::Off),
        "best-effort" => Some(Reads::BestEffort),
        "required" => Some(Reads::Required),
        _ => None,
    }
}

fn parse_count(value: &str) -> Option<u64> {
    let canonical = !value.starts_with('0') && value.bytes().all(|b| b.is_ascii_digit());
    let count = value.parse().ok().filter(|count| (1..=MAX_INTEGER).contains(count));
    if canonical { count } else { None }
}

/// A number of hours, days or weeks, in seconds, within the bounds.
fn parse_interval(value: &str) -> Option<u64> {
    let (count, scale) = [('h', 3600), ('d', 24 * 3600), ('w', 7 * 24 * 3600)]
        .into_iter()
        .find_map(|(unit, scale)| Some((value.strip_suffix(unit)?, scale)))?;
    let seconds = parse_count(count)?.checked_mul(scale)?;
    (MIN_INTERVAL..=MAX_INTERVAL).contains(&seconds).then_some(seconds)
}

/// A variable name, or the beginning of one with a `*`. A lone `*` would be a list that restricts
/// nothing, which is what no list is.
fn is_variable_pattern(text: &str) -> bool {
    let name = text.strip_suffix('*').unwrap_or(text);
    let well_formed = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    well_formed && !name.is_empty()
}

/// The settings after some entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Sets, or unsets with an empty value.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
        let known = SettingKey::parse(key)?;
        if value.is_empty() {
            self.0.remove(key);
            return Ok(());
        }
        if value.len() > MAX_VALUE || !known.takes(value) {
            return Err(SettingError::Value);
        }
        if let SettingKey::Extends(environment) = &known
            && (value == environment.as_str() || self.inherits(value, environment.as_str()))
        {
            return Err(SettingError::Cycle);
        }
        self.0.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    fn inherits(&self, from: &str, ancestor: &str) -> bool {
        self.bases(from).any(|base| base == ancestor)
    }

    fn bases<'a>(&'a self, environment: &str) -> impl Iterator<Item = &'a str> {
        let first = self.base(environment);
        // No setting that closes a cycle is accepted, so the walk ends.
        std::iter::successors(first, |environment| self.base(environment))
    }

    fn base(&self, environment: &str) -> Option<&str> {
        self.get(&format!("env.{environment}.extends"))
    }

    /// The text of a setting that is set.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// What is set, in order of key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The environment that `environment` extends.
    pub fn extends(&self, environment: &str) -> Option<Name> {
        self.base(environment).and_then(|base| Name::new(base).ok())
    }

    /// The environments that `environment` inherits from, nearest first, without itself.
    pub fn inheritance_of(&self, environment: &str) -> Vec<Name> {
        self.bases(environment).filter_map(|base| Name::new(base).ok()).collect()
    }

    /// Every environment that extends another.
    pub fn heirs(&self) -> impl Iterator<Item = Name> {
        self.0.keys().filter_map(|key| match SettingKey::parse(key) {
            Ok(SettingKey::Extends(environment)) => Some(environment),
            _ => None,
        })
    }

    /// Whether a list of allowed variables is set at all.
    pub fn restricts_variables(&self) -> bool {
        self.get("variables.allow").is_some()
    }

    /// Whether `variables.allow` names the variable; without the setting, every one is allowed.
    pub fn allows_variable(&self, variable: &str) -> bool {
        let Some(list) = self.get("variables.allow") else { return true };
        list.split(',').any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => variable.starts_with(prefix),
            None => variable == pattern,
        })
    }

    pub fn ttl(&self) -> Ttl {
        self.get("ttl").and_then(parse_ttl).unwrap_or_default()
    }

    pub fn reads(&self) -> Reads {
        self.get("reads").and_then(parse_reads).unwrap_or_default()
    }

    /// What new passphrase slots cost, and what older ones are measured by.
    pub fn kdf(&self) -> Params {
        self.get("kdf").and_then(|value| value.parse().ok()).unwrap_or(Params::DEFAULT)
    }

    pub fn retention(&self) -> Retention {
        let count = |key| self.get(key).and_then(parse_count);
        Retention { versions: count("retention.versions"), days: count("retention.days") }
    }

    pub fn rotation(&self) -> Rotation {
        let interval = |key| self.get(key).and_then(parse_interval);
        Rotation { kek: interval("rotation.kek"), dek: interval("rotation.dek") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, &str)]) -> Result<Settings, SettingError> {
        let mut settings = Settings::default();
        pairs.iter().try_for_each(|(key, value)| settings.set(key, value))?;
        Ok(settings)
    }

    #[test]
    fn unknown_keys_and_bad_values_are_refused() {
        for key in ["", "TTL", "env..extends", "env.a/b.extends", "env.extends", "retention"] {
            assert_eq!(set(&[(key, "every")]), Err(SettingError::UnknownKey), "{key}");
        }
        for (key, value) in [
            ("ttl", "never"),
            ("reads", "on"),
            ("retention.days", "0"),
            ("retention.days", "01"),
            ("retention.days", "+1"),
            ("retention.versions", "9007199254740992"),
            ("variables.allow", "A,,B"),
            ("variables.allow", "A*B"),
            ("variables.allow", "1A"),
            ("variables.allow", "*"),
            ("variables.allow", "A,*"),
            ("env.prod.extends", "a/b"),
            ("rotation.kek", "0h"),
            ("rotation.kek", "012h"),
            ("rotation.kek", "59m"),
            ("rotation.kek", "12"),
            ("rotation.dek", "1d12h"),
            ("rotation.dek", "36501d"),
            ("rotation.dek", "9007199254740991w"),
            ("kdf", "m=1,t=3,p=4"),
            ("kdf", "strong"),
        ] {
            assert_eq!(set(&[(key, value)]), Err(SettingError::Value), "{key} {value}");
        }
    }

    #[test]
    fn inheritance_is_a_chain_without_cycles() {
        let settings = set(&[("env.prod.extends", "stage"), ("env.stage.extends", "base")]);
        let mut settings = settings.unwrap();
        let bases: Vec<String> =
            settings.inheritance_of("prod").iter().map(Name::to_string).collect();
        assert_eq!(bases, ["stage", "base"]);
        assert_eq!(settings.set("env.base.extends", "prod"), Err(SettingError::Cycle));
        assert_eq!(settings.set("env.base.extends", "base"), Err(SettingError::Cycle));
        settings.set("env.stage.extends", "").unwrap();
        assert_eq!(settings.set("env.base.extends", "prod"), Ok(()), "the cycle is cut");
    }

    #[test]
    fn the_variable_list_takes_names_and_prefixes() {
        let settings = set(&[("variables.allow", "DB_URL,APP_*")]).unwrap();
        assert!(settings.allows_variable("DB_URL") && settings.allows_variable("APP_X"));
        assert!(!settings.allows_variable("DB_URLS") && !settings.allows_variable("LD_PRELOAD"));
        assert!(Settings::default().allows_variable("LD_PRELOAD"));
    }

    #[test]
    fn typed_views_follow_the_text() {
        let settings = set(&[("ttl", "on-write"), ("reads", "required"), ("retention.days", "30")]);
        let settings = settings.unwrap();
        assert_eq!((settings.ttl(), settings.reads()), (Ttl::OnWrite, Reads::Required));
        assert_eq!(settings.retention(), Retention { versions: None, days: Some(30) });
        assert_eq!(settings.rotation(), Rotation::default());
        let settings = set(&[("rotation.kek", "12h"), ("rotation.dek", "4w")]).unwrap();
        let dek = Some(28 * 24 * 3600);
        assert_eq!(settings.rotation(), Rotation { kek: Some(12 * 3600), dek });
    }
}
