//! `v-secure` alone.

use crate::convert::duration::{relative, rfc3339};
use crate::crypto::id::VaultId;
use crate::name::{Name, SecretName};
use crate::secret::list;
use crate::secret::list::ListFilter;
use crate::time::UnixTime;
use crate::vault::Vault;
use serde::Serialize;
use std::collections::BTreeMap;

/// How near an expiry is worth a line, in seconds.
pub const SOON: u64 = 7 * 24 * 3600;

#[derive(Serialize)]
pub struct StatusView<'a> {
    pub vault: &'a Name,
    pub id: VaultId,
    pub path: String,
    pub fingerprint: String,
    pub pinned: bool,
    pub member: Option<&'a Name>,
    pub roles: Vec<&'a Name>,
    /// The way that unlocked the vault.
    pub unlocked_by: Option<&'a str>,
    /// Until when 'v-secure unlock' keeps it open, if that unlocked it.
    pub open_until: Option<String>,
    /// Why nothing is unlocked, if nothing is.
    pub locked: Option<String>,
    pub environments: BTreeMap<&'a str, usize>,
    pub expiring: Vec<ExpiringSecretView<'a>>,
    pub attention: Vec<String>,
}

#[derive(Serialize)]
pub struct ExpiringSecretView<'a> {
    pub secret: &'a SecretName,
    pub at: String,
    pub expired: bool,
    pub when: String,
}

/// Environments with the number of their secrets.
pub fn environments(vault: &Vault, now: UnixTime) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for listed in list::list(vault, &ListFilter::default(), now) {
        *counts.entry(listed.name.environment()).or_insert(0) += 1;
    }
    counts
}

impl<'a> ExpiringSecretView<'a> {
    /// What expires within [`SOON`] or has expired, in order of time; those too whose values were
    /// pruned since: a program that wants them does not start.
    pub fn all(vault: &'a Vault, now: UnixTime) -> Vec<Self> {
        let soon = Some(now.saturating_add(SOON));
        let filter = ListFilter { expiring: soon, expired: true, ..ListFilter::default() };
        let mut found: Vec<(UnixTime, &SecretName)> = list::list(vault, &filter, now)
            .into_iter()
            .filter_map(|listed| Some((listed.version.expires?, listed.name)))
            .collect();
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(at, secret)| Self::of(secret, at, now)).collect()
    }

    fn of(secret: &'a SecretName, at: UnixTime, now: UnixTime) -> Self {
        Self { secret, at: rfc3339(at), expired: now >= at, when: relative(at, now) }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::request::fingerprint_words;
    use crate::report::view::testing::{Examples, ID, hold, json, name, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("status", states)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn states() -> Vec<Value> {
        let (vault, member, secret, now) =
            (&name("shop"), &name("admin"), &secret(), UnixTime::from_secs(1_800_000_000));
        let open = || StatusView {
            vault,
            id: VaultId(ID.0),
            path: ".v-secure/vault.toml".into(),
            fingerprint: fingerprint_words(&ID),
            pinned: true,
            member: Some(member),
            roles: vec![member],
            unlocked_by: Some("identity.txt"),
            open_until: Some(rfc3339(now)),
            locked: None,
            environments: BTreeMap::from([("prod", 3)]),
            expiring: vec![ExpiringSecretView::of(secret, now, now)],
            attention: vec!["prod/API_KEY has two active versions".into()],
        };
        let locked = StatusView {
            member: None,
            unlocked_by: None,
            open_until: None,
            locked: Some("no identity".into()),
            ..open()
        };
        vec![json(&open()), json(&locked)]
    }
}
