//! The settings of a vault: which keys exist, what their values mean (`docs/format.md`, Settings).
//!
//! They are kept as the text that the chain states; the typed views are computed on demand, so that
//! what is checked and what is used are the same text.

use crate::crypto::identity::plugin;
use crate::crypto::kdf::Params;
use crate::name::Name;
use crate::name::environment::EnvironmentName;
use crate::policy::paths;
use crate::record::line::MAX_INTEGER;
use std::collections::BTreeMap;

/// The most bytes a setting's value may have.
pub const MAX_VALUE: usize = 4096;

/// The shortest interval of a schedule, in seconds: every rotation stays in the file.
pub(crate) const MIN_INTERVAL: u64 = 3600;
/// The longest interval of a schedule, in seconds: 100 years.
pub(crate) const MAX_INTERVAL: u64 = 100 * 365 * 24 * 3600;

/// What is known of a setting: the one place that a new one is added to.
#[derive(Debug)]
pub struct Setting {
    /// As it is set; in `env.ENVIRONMENT.extends` the capitals stand for a name.
    pub key: &'static str,
    /// What it takes, for people.
    pub values: &'static str,
    /// What holds where it is not set.
    pub default: &'static str,
    pub meaning: &'static str,
    takes: fn(&str) -> bool,
}

/// Who may change settings: the chain takes them from enough owners only.
pub(crate) const SET_BY: &str = "owner";

const INTERVALS: &str = "a span of time from 1h, such as 12h, 30d or 4w";

const ON: &str = "on";

/// The capitals in the key of a setting that there is one of for each environment.
const ENVIRONMENT: &str = "ENVIRONMENT";

/// Every setting, in order of key.
pub static SETTINGS: &[Setting] = &[
    Setting {
        key: "env.ENVIRONMENT.extends",
        values: "an environment",
        default: "none",
        meaning: "the environment that secrets are inherited from",
        takes: |value| Name::new(value).is_ok(),
    },
    Setting {
        key: "kdf",
        values: "m=KIB,t=PASSES,p=LANES: 19456 to 1048576, 2 to 10, 1 to 8",
        default: "m=262144,t=3,p=4",
        meaning: "what new passphrase slots cost (Argon2id)",
        takes: |value| value.parse::<Params>().is_ok(),
    },
    Setting {
        key: "plugins.allow",
        values: "names of age plugins in order, joined with ','",
        default: "none",
        meaning: "the plugins whose recipients may be added: their programs run where something is sealed",
        takes: is_plugin_list,
    },
    Setting {
        key: "reads",
        values: "off, best-effort or required",
        default: "best-effort",
        meaning: "whether each device records the values that are read on it",
        takes: |value| parse_reads(value).is_some(),
    },
    Setting {
        key: "retention.days",
        values: "a whole number from 1",
        default: "no limit",
        meaning: "for how many days a version keeps its value once its author or a member who may delete ended it",
        takes: |value| parse_count(value).is_some(),
    },
    Setting {
        key: "retention.versions",
        values: "a whole number from 1",
        default: "no limit",
        meaning: "with how many newer versions, by its author or members who may delete, a version loses its value",
        takes: |value| parse_count(value).is_some(),
    },
    Setting {
        key: "rotation.dek",
        values: INTERVALS,
        default: "never",
        meaning: "how old the key of a value may become before 'key rotate --due' renews it",
        takes: |value| parse_interval(value).is_some(),
    },
    Setting {
        key: "rotation.kek",
        values: INTERVALS,
        default: "never",
        meaning: "how old the key of readers may become before 'key rotate --due' renews it",
        takes: |value| parse_interval(value).is_some(),
    },
    Setting {
        key: "scan.allow",
        values: "paths from the vault's project, joined with ','; 'fixtures/' is a folder, '*' any text without '/'",
        default: "none",
        meaning: "files that may be committed though they seem to hold a secret's value",
        takes: paths::is_list,
    },
    Setting {
        key: "ttl",
        values: "every or on-write",
        default: "every",
        meaning: "which commands prune what has expired: every one that can, or those that write",
        takes: |value| parse_ttl(value).is_some(),
    },
    Setting {
        key: "variables.allow",
        values: "variables, or beginnings of some with '*', joined with ','",
        default: "none",
        meaning: "guarded variables that secrets may set; in strict mode the only ones",
        takes: |value| value.split(',').all(is_variable_pattern),
    },
    Setting {
        key: "variables.strict",
        values: "on",
        default: "off",
        meaning: "whether secrets pass under no other names than those of variables.allow",
        takes: |value| value == ON,
    },
];

/// A setting's key as the chain states it.
#[derive(Debug, Clone)]
pub struct SettingKey {
    pub setting: &'static Setting,
    /// Whose setting it is, where there is one for each environment.
    pub environment: Option<EnvironmentName>,
}

/// Why a setting is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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
        let known = SETTINGS.iter().find_map(|setting| setting.read(key));
        known.ok_or(SettingError::UnknownKey)
    }

    /// Whether it is the setting with this key.
    pub fn is(&self, key: &str) -> bool {
        self.setting.key == key
    }

    /// Whether it can have this value, by itself.
    pub fn takes(&self, value: &str) -> bool {
        value.len() <= MAX_VALUE && (self.setting.takes)(value)
    }

    /// The environment whose base this sets.
    pub fn heir(&self) -> Option<&EnvironmentName> {
        self.environment.as_ref().filter(|_| self.is("env.ENVIRONMENT.extends"))
    }
}

impl Setting {
    /// The key that `text` is, if it is one of this setting.
    fn read(&'static self, text: &str) -> Option<SettingKey> {
        let Some((before, after)) = self.key.split_once(ENVIRONMENT) else {
            let key = SettingKey { setting: self, environment: None };
            return (self.key == text).then_some(key);
        };
        let name = text.strip_prefix(before)?.strip_suffix(after)?;
        let environment = Some(EnvironmentName::new(name).ok()?);
        Some(SettingKey { setting: self, environment })
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

/// Names of plugins in order, none twice.
fn is_plugin_list(text: &str) -> bool {
    let names: Vec<&str> = text.split(',').collect();
    names.iter().all(|name| plugin::is_name(name)) && names.is_sorted_by(|a, b| a < b)
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
        if !known.takes(value) {
            return Err(SettingError::Value);
        }
        if let Some(environment) = known.heir()
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
    pub fn extends(&self, environment: &str) -> Option<EnvironmentName> {
        self.base(environment).and_then(|base| EnvironmentName::new(base).ok())
    }

    /// The environments that `environment` inherits from, nearest first, without itself.
    pub(crate) fn inheritance_of(&self, environment: &str) -> Vec<EnvironmentName> {
        self.bases(environment).filter_map(|base| EnvironmentName::new(base).ok()).collect()
    }

    /// Every environment that extends another.
    pub fn heirs(&self) -> impl Iterator<Item = EnvironmentName> {
        self.0.keys().filter_map(|key| SettingKey::parse(key).ok()?.heir().cloned())
    }

    /// Whether recipients of this plugin may be added.
    pub(crate) fn allows_plugin(&self, name: &str) -> bool {
        self.get("plugins.allow").is_some_and(|names| names.split(',').any(|own| own == name))
    }

    /// Whether `variables.allow` is the whole list of the names that secrets pass under.
    pub(crate) fn has_strict_variables(&self) -> bool {
        self.get("variables.strict") == Some(ON)
    }

    /// Whether a file of the project, by its path from there, may hold values.
    pub fn may_hold_values(&self, file: &str) -> bool {
        self.get("scan.allow").is_some_and(|list| paths::names(list, file))
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
            ("variables.strict", "off"),
            ("variables.strict", "true"),
            ("env.prod.extends", "a/b"),
            ("rotation.kek", "0h"),
            ("rotation.kek", "012h"),
            ("rotation.kek", "59m"),
            ("rotation.kek", "12"),
            ("rotation.dek", "1d12h"),
            ("rotation.dek", "36501d"),
            ("rotation.dek", "9007199254740991w"),
            ("plugins.allow", "yubikey,tpm"),
            ("plugins.allow", "tpm,tpm"),
            ("plugins.allow", "tpm,"),
            ("plugins.allow", "TPM"),
            ("plugins.allow", "a_b"),
            ("plugins.allow", "../x"),
            ("scan.allow", "/a"),
            ("scan.allow", "a,../b"),
            ("scan.allow", "*"),
            ("kdf", "m=1,t=3,p=4"),
            ("kdf", "strong"),
        ] {
            assert_eq!(set(&[(key, value)]), Err(SettingError::Value), "{key} {value}");
        }
    }

    #[test]
    fn settings_stand_in_order_and_each_takes_what_it_says_is_its_default_if_that_is_a_value() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.key));
        for (key, default) in [("reads", "best-effort"), ("ttl", "every")] {
            let setting = SettingKey::parse(key).unwrap().setting;
            assert_eq!(setting.default, default);
            assert!((setting.takes)(default), "{key}");
        }
        let key = SettingKey::parse("env.prod.extends").unwrap();
        assert_eq!(key.heir().map(EnvironmentName::as_str), Some("prod"));
        assert!(SettingKey::parse("reads").unwrap().heir().is_none());
    }

    #[test]
    fn inheritance_is_a_chain_without_cycles() {
        let settings = set(&[("env.prod.extends", "stage"), ("env.stage.extends", "base")]);
        let mut settings = settings.unwrap();
        let bases: Vec<String> =
            settings.inheritance_of("prod").iter().map(EnvironmentName::to_string).collect();
        assert_eq!(bases, ["stage", "base"]);
        assert_eq!(settings.set("env.base.extends", "prod"), Err(SettingError::Cycle));
        assert_eq!(settings.set("env.base.extends", "base"), Err(SettingError::Cycle));
        settings.set("env.stage.extends", "").unwrap();
        assert_eq!(settings.set("env.base.extends", "prod"), Ok(()), "the cycle is cut");
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
        let settings = set(&[("variables.allow", "DB_URL,APP_*"), ("variables.strict", "on")]);
        assert!(settings.unwrap().has_strict_variables());
        assert!(!set(&[("variables.allow", "DB_URL")]).unwrap().has_strict_variables());
        let settings = set(&[("plugins.allow", "fido2-hmac,tpm")]).unwrap();
        assert!(settings.allows_plugin("tpm") && !settings.allows_plugin("fido2"));
        assert!(!Settings::default().allows_plugin("tpm"));
    }
}
