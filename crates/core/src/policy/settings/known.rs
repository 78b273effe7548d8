//! Which settings this version knows, and how their keys are read (`docs/format.md`, Settings).

use super::list::SETTINGS;
use super::{MAX_VALUE, SettingError};
use crate::name::Name;
use crate::name::environment::EnvironmentName;

/// What is known of a setting.
#[derive(Debug)]
pub struct Setting {
    /// As it is set; in `env.ENVIRONMENT.extends` and `provider.NAME.kind` the capitals stand for a name.
    pub key: &'static str,
    /// What it takes, for people.
    pub values: &'static str,
    /// What holds where it is not set.
    pub default: &'static str,
    pub meaning: &'static str,
    pub(super) takes: fn(&str) -> bool,
}

/// The capitals in the key of a setting that there is one of for each environment.
const ENVIRONMENT: &str = "ENVIRONMENT";
/// Those in the key of one that there is one of for each provider.
const PROVIDER: &str = "NAME";

/// What there is a setting of its own for, by the name in its key.
#[derive(Debug, Clone)]
enum Whose {
    Vault,
    Environment(EnvironmentName),
    Provider(Name),
}

/// A setting's key as the chain states it.
#[derive(Debug, Clone)]
pub struct SettingKey {
    pub setting: &'static Setting,
    whose: Whose,
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
        match &self.whose {
            Whose::Environment(environment) if self.is("env.ENVIRONMENT.extends") => {
                Some(environment)
            }
            _ => None,
        }
    }

    /// The provider that this says something of.
    pub fn provider(&self) -> Option<&Name> {
        match &self.whose {
            Whose::Provider(name) => Some(name),
            _ => None,
        }
    }
}

impl Setting {
    /// What stands before and behind the name in the key, where it has one.
    pub fn around_name(&self) -> Option<(&'static str, &'static str)> {
        self.key.split_once(ENVIRONMENT).or_else(|| self.key.split_once(PROVIDER))
    }

    /// Whether there is one for each environment.
    pub fn is_of_environments(&self) -> bool {
        self.key.contains(ENVIRONMENT)
    }

    /// The key with a name in the place of its capitals, where it has some.
    pub fn named(&self, name: &str) -> String {
        let around = self.around_name();
        around.map_or_else(|| self.key.to_owned(), |(before, after)| [before, name, after].concat())
    }

    /// The key that `text` is, if it is one of this setting.
    fn read(&'static self, text: &str) -> Option<SettingKey> {
        // Most keys are others: a chain can have thousands of settings.
        if self.key.as_bytes().first() != text.as_bytes().first() {
            return None;
        }
        let whose = match self.around_name() {
            None => (self.key == text).then_some(Whose::Vault),
            Some((before, after)) => self.whose(text.strip_prefix(before)?.strip_suffix(after)?),
        };
        Some(SettingKey { setting: self, whose: whose? })
    }

    fn whose(&self, name: &str) -> Option<Whose> {
        match self.is_of_environments() {
            true => EnvironmentName::new(name).ok().map(Whose::Environment),
            false => Name::new(name).ok().map(Whose::Provider),
        }
    }
}
