//! Secrets as lists show them: metadata without values, narrowed by what the user asked for.

use super::read::pruned;
use super::rotation_due::Ages;
use crate::log::state::{SecretState, Version, VersionStatus};
use crate::name::environment::EnvironmentName;
use crate::name::{Name, NameError, Pattern, SecretName};
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::BTreeMap;
use std::fmt;

/// What narrows a list; all that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    pub environment: Option<EnvironmentName>,
    pub pattern: Option<ListPattern>,
    /// At least one of these.
    pub tags: Vec<String>,
    pub kind: Option<String>,
    /// Not expired, but from this second on, in seconds since the Unix epoch. Together with
    /// `expired` either suffices.
    pub expiring: Option<UnixTime>,
    pub expired: bool,
    /// Active, with a value that is older than the secret's rotation interval.
    pub stale: bool,
    /// Removed ones too.
    pub removed: bool,
}

/// Names in a list, as a user types them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListPattern {
    Full(Pattern),
    /// In any environment.
    Bare {
        beginning: String,
        /// Whether more may follow.
        open: bool,
    },
}

impl ListPattern {
    /// # Errors
    /// A text that no name can match.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.contains('/') || text == "*" {
            return Pattern::new(text).map(Self::Full);
        }
        let (beginning, open) = text.strip_suffix('*').map_or((text, false), |text| (text, true));
        Name::new(beginning)?;
        Ok(Self::Bare { beginning: beginning.to_owned(), open })
    }

    fn matches(&self, secret: &SecretName) -> bool {
        match self {
            Self::Full(pattern) => pattern.matches(secret),
            Self::Bare { beginning, open: true } => secret.name().starts_with(beginning.as_str()),
            Self::Bare { beginning, open: false } => secret.name() == beginning,
        }
    }
}

impl fmt::Display for ListPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(pattern) => write!(f, "{pattern}"),
            Self::Bare { beginning, open } => {
                write!(f, "{beginning}{}", if *open { "*" } else { "" })
            }
        }
    }
}

/// A secret in a list.
#[derive(Debug)]
pub struct Listed<'a> {
    pub name: &'a SecretName,
    pub state: &'a SecretState,
    /// The current version; of a secret that is gone, its last one.
    pub version: &'a Version,
    pub status: VersionStatus,
}

/// The secrets that pass the filter, by name. `now` is in seconds since the Unix epoch.
pub fn list<'a>(vault: &'a Vault, filter: &ListFilter, now: UnixTime) -> Vec<Listed<'a>> {
    let secrets = vault.state().secrets.iter();
    let ages = Ages::new(vault);
    let listed = secrets.filter_map(|(name, state)| listed(name, state, now));
    let passing = listed.filter(|listed| filter.passes(listed, now));
    passing.filter(|listed| !filter.stale || is_stale(listed, &ages, now)).collect()
}

fn is_stale<'a>(listed: &Listed<'a>, ages: &Ages<'a>, now: UnixTime) -> bool {
    let due = || ages.due(listed.state, listed.version);
    listed.status != VersionStatus::Removed && due().is_some_and(|due| due <= now)
}

/// How one secret is listed; `None` if it never had a version.
pub fn listed<'a>(
    name: &'a SecretName,
    state: &'a SecretState,
    now: UnixTime,
) -> Option<Listed<'a>> {
    if let Some(version) = state.current() {
        return Some(Listed { name, state, version, status: state.status(version, now) });
    }
    if let Some(version) = pruned(state) {
        let by_age = version.expires.is_some();
        let status = if by_age { VersionStatus::Expired } else { VersionStatus::Pruned };
        return Some(Listed { name, state, version, status });
    }
    let version = state.versions.last()?;
    // Not the version's own status: a retired version does not come back by itself.
    Some(Listed { name, state, version, status: VersionStatus::Removed })
}

impl ListFilter {
    fn passes(&self, listed: &Listed<'_>, now: UnixTime) -> bool {
        let state = listed.state;
        let here =
            |environment: &EnvironmentName| environment.as_str() == listed.name.environment();
        let tagged = || state.tags().any(|(tag, _)| self.tags.iter().any(|wanted| wanted == tag));
        self.environment.as_ref().is_none_or(here)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(listed.name))
            && (self.tags.is_empty() || tagged())
            && self.kind.as_deref().is_none_or(|kind| state.type_of() == Some(kind))
            && (self.removed || listed.status != VersionStatus::Removed)
            && self.passes_age(listed.version, now)
    }

    fn passes_age(&self, version: &Version, now: UnixTime) -> bool {
        if self.expiring.is_none() && !self.expired {
            return true;
        }
        match version.expires {
            None => false,
            Some(_) if version.is_expired(now) => self.expired,
            Some(at) => self.expiring.is_some_and(|deadline| at <= deadline),
        }
    }
}

/// The secrets that an environment holds itself and that are not removed, by name.
pub fn own(vault: &Vault, environment: &EnvironmentName) -> Vec<SecretName> {
    let filter = ListFilter { environment: Some(environment.clone()), ..ListFilter::default() };
    list(vault, &filter, UnixTime::MIN).into_iter().map(|listed| listed.name.clone()).collect()
}

/// An environment in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedEnvironment {
    pub name: EnvironmentName,
    /// Its own secrets that are not removed, and those of them that have expired.
    pub secrets: usize,
    pub expired: usize,
    pub extends: Option<EnvironmentName>,
}

/// The environments that hold a secret, extend another or are extended, by name.
pub fn environments(vault: &Vault, now: UnixTime) -> Vec<ListedEnvironment> {
    let mut counts: BTreeMap<EnvironmentName, (usize, usize)> = BTreeMap::new();
    for listed in list(vault, &ListFilter::default(), now) {
        let Ok(name) = EnvironmentName::new(listed.name.environment()) else { continue };
        let (secrets, expired) = counts.entry(name).or_default();
        *secrets += 1;
        *expired += usize::from(listed.status == VersionStatus::Expired);
    }
    let settings = vault.policy().settings();
    for heir in settings.heirs() {
        let base = settings.extends(heir.as_str());
        for name in base.into_iter().chain([heir]) {
            counts.entry(name).or_default();
        }
    }
    let environments = counts.into_iter().map(|(name, (secrets, expired))| {
        let extends = settings.extends(name.as_str());
        ListedEnvironment { name, secrets, expired, extends }
    });
    environments.collect()
}
