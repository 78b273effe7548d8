//! Which settings this version knows, and what each takes (`docs/format.md`, Settings).

use super::MAX_VALUE;
use super::SettingError;
use super::value::{
    ON, is_plugin_list, is_variable_pattern, parse_count, parse_interval, parse_reads, parse_ttl,
};
use crate::crypto::kdf::Params;
use crate::name::Name;
use crate::name::environment::EnvironmentName;
use crate::policy::paths;

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

const INTERVALS: &str = "a span of time from 1h, such as 12h, 30d or 4w";

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
        // Most keys are others: a chain can have thousands of settings.
        if self.key.as_bytes().first() != text.as_bytes().first() {
            return None;
        }
        let Some((before, after)) = self.key.split_once(ENVIRONMENT) else {
            let key = SettingKey { setting: self, environment: None };
            return (self.key == text).then_some(key);
        };
        let name = text.strip_prefix(before)?.strip_suffix(after)?;
        let environment = Some(EnvironmentName::new(name).ok()?);
        Some(SettingKey { setting: self, environment })
    }
}
