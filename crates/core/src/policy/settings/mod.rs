//! The settings of a vault: what the chain states of them (`docs/format.md`, Settings).
//!
//! They are kept as the text that the chain states; the typed views are computed on demand, so that
//! what is checked and what is used are the same text.

mod known;
mod list;
mod provider;
pub(crate) mod reserved;
mod value;
mod via;

pub use known::{Setting, SettingKey};
pub use list::SETTINGS;
pub use provider::{ProviderKind, ProviderSettings, Tls};
pub use value::{Reads, Retention, Rotation, Ttl};
pub use via::Via;

use crate::crypto::kdf::Params;
use crate::name::environment::EnvironmentName;
use crate::policy::paths;
use std::collections::BTreeMap;
use value::{DEFAULT_OVERLAP, ON, parse_count, parse_interval, parse_reads, parse_span, parse_ttl};

/// The most bytes a setting's value may have.
pub const MAX_VALUE: usize = 4096;

/// Who may change settings: the chain takes them from enough owners only.
pub(crate) const SET_BY: &str = "owner";

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

/// The settings after some entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings(BTreeMap<String, String>);

/// Whether a chain may state a setting with this key, known here or carried for a later version.
pub fn is_stated(key: &str) -> bool {
    SettingKey::parse(key).is_ok() || reserved::is_carried(key)
}

impl Settings {
    /// Sets, or unsets with an empty value.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
        if !reserved::is_carried(key) {
            self.check(&SettingKey::parse(key)?, value)?;
        } else if value.len() > MAX_VALUE {
            return Err(SettingError::Value);
        }
        match value {
            "" => self.0.remove(key),
            _ => self.0.insert(key.to_owned(), value.to_owned()),
        };
        Ok(())
    }

    /// [`Settings::set`] of what was accepted before, after all that was before it.
    pub(crate) fn set_again(&mut self, key: &str, value: &str) {
        match self.0.get_mut(key) {
            _ if value.is_empty() => _ = self.0.remove(key),
            Some(there) => value.clone_into(there),
            None => _ = self.0.insert(key.to_owned(), value.to_owned()),
        }
    }

    /// Refuses what a known setting cannot have beside the others; that it is unset is no value.
    fn check(&self, known: &SettingKey, value: &str) -> Result<(), SettingError> {
        if value.is_empty() {
            return Ok(());
        }
        if !known.takes(value) {
            return Err(SettingError::Value);
        }
        let in_a_ring = |environment: &EnvironmentName| {
            value == environment.as_str() || self.inherits(value, environment.as_str())
        };
        if known.heir().is_some_and(in_a_ring) { Err(SettingError::Cycle) } else { Ok(()) }
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

    /// Where rotations are published; unset, no provider is called.
    pub fn via(&self) -> Option<Via> {
        self.get("rotation.via").and_then(Via::parse)
    }

    /// For how long a credential goes on to be valid once another took its place, in seconds, unless its
    /// provider has a setting of its own.
    pub fn overlap(&self) -> u64 {
        self.get("rotation.overlap").and_then(parse_span).unwrap_or(DEFAULT_OVERLAP)
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
        for key in
            ["", "TTL", "env..extends", "env.a/b.extends", "env.extends", "retention", "NAME"]
        {
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
            ("rotation.overlap", "1y"),
            ("rotation.overlap", "01h"),
            ("rotation.via", "origin"),
            ("rotation.via", "git origin main"),
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
        for (key, default) in
            [("reads", "best-effort"), ("rotation.overlap", "24h"), ("ttl", "every")]
        {
            let setting = SettingKey::parse(key).unwrap().setting;
            assert_eq!(setting.default, default);
            assert!(SettingKey::parse(key).unwrap().takes(default), "{key}");
        }
        let key = SettingKey::parse("env.prod.extends").unwrap();
        assert_eq!(key.heir().map(EnvironmentName::as_str), Some("prod"));
        assert!(SettingKey::parse("reads").unwrap().heir().is_none());
    }

    #[test]
    fn what_a_later_version_may_set_is_carried_whatever_it_says() {
        let settings = set(&[("sync.remote", "wss://vault"), ("rotation.window", "so, or so")]);
        let mut settings = settings.unwrap();
        assert_eq!(settings.get("sync.remote"), Some("wss://vault"));
        assert_eq!(settings.rotation(), Rotation::default());
        assert_eq!(settings.set("sync.remote", &"a".repeat(4097)), Err(SettingError::Value));
        settings.set("sync.remote", "").unwrap();
        assert_eq!(settings.iter().collect::<Vec<_>>(), [("rotation.window", "so, or so")]);
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
        let settings = set(&[("rotation.via", "device olga/desk"), ("rotation.overlap", "2h")]);
        let settings = settings.unwrap();
        assert!(matches!(settings.via(), Some(Via::Device { .. })) && settings.overlap() == 7200);
        assert_eq!((Settings::default().via(), Settings::default().overlap()), (None, 86_400));
        let settings = set(&[("plugins.allow", "fido2-hmac,tpm")]).unwrap();
        assert!(settings.allows_plugin("tpm") && !settings.allows_plugin("fido2"));
        assert!(!Settings::default().allows_plugin("tpm"));
    }
}
