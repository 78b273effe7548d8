//! `key status`.

use crate::convert::duration::rfc3339;
use crate::crypto::id::EpochId;
use crate::keys::status::{AudienceKeys, KeyDue, KeyStatus, OldestDek};
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::settings::Settings;
use crate::time::UnixTime;
use serde::Serialize;

#[derive(Serialize)]
pub struct KeyStatusView<'a> {
    pub schedule: KeyScheduleView<'a>,
    pub audiences: Vec<AudienceKeysView<'a>>,
    pub missing: &'a [AudienceName],
}

/// The spans that the settings state.
#[derive(Serialize)]
pub struct KeyScheduleView<'a> {
    pub kek: Option<&'a str>,
    pub dek: Option<&'a str>,
}

#[derive(Serialize)]
pub struct AudienceKeysView<'a> {
    pub audience: &'a str,
    pub roles: &'a [Name],
    pub readers: &'a [Name],
    pub epoch: EpochId,
    pub since: String,
    pub age_seconds: u64,
    pub epochs: usize,
    pub in_use: bool,
    pub secrets: usize,
    pub under_current: usize,
    pub oldest_dek: Option<OldestDekView<'a>>,
    pub deks_due: usize,
    pub due: bool,
    /// Why it is due.
    pub why: Option<&'static str>,
    pub due_at: Option<String>,
    pub able: &'a [Name],
}

#[derive(Serialize)]
pub struct OldestDekView<'a> {
    pub secret: &'a SecretName,
    pub since: String,
}

impl<'a> KeyStatusView<'a> {
    pub fn of(settings: &'a Settings, status: &'a KeyStatus, now: UnixTime) -> Self {
        Self {
            schedule: KeyScheduleView::from(settings),
            audiences: status.audiences.iter().map(|k| AudienceKeysView::of(k, now)).collect(),
            missing: &status.missing,
        }
    }
}

impl<'a> From<&'a Settings> for KeyScheduleView<'a> {
    fn from(settings: &'a Settings) -> Self {
        Self { kek: settings.get("rotation.kek"), dek: settings.get("rotation.dek") }
    }
}

impl<'a> AudienceKeysView<'a> {
    fn of(keys: &'a AudienceKeys, now: UnixTime) -> Self {
        Self {
            audience: &keys.audience,
            roles: &keys.roles,
            readers: &keys.readers,
            epoch: keys.epoch,
            since: rfc3339(keys.since),
            age_seconds: now.since(keys.since),
            epochs: keys.epochs,
            in_use: keys.in_use,
            secrets: keys.secrets,
            under_current: keys.under_current,
            oldest_dek: keys.oldest_dek.as_ref().map(OldestDekView::from),
            deks_due: keys.deks_due,
            due: keys.due.is_some(),
            why: keys.due.map(KeyDue::as_str),
            due_at: keys.due_at.map(rfc3339),
            able: &keys.able,
        }
    }
}

impl<'a> From<&'a OldestDek> for OldestDekView<'a> {
    fn from(oldest: &'a OldestDek) -> Self {
        Self { secret: &oldest.secret, since: rfc3339(oldest.since) }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, SHORT_ID, hold, json, name, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("key-status", states)];
    const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn keys(due: Option<KeyDue>) -> AudienceKeys {
        let dek = OldestDek { secret: secret(), since: NOW };
        AudienceKeys {
            audience: AudienceName::new("dev+ops"),
            roles: vec![name("dev"), name("ops")],
            readers: vec![name("admin")],
            epoch: EpochId(SHORT_ID.0),
            since: NOW.saturating_sub(60),
            epochs: 2,
            secrets: 3,
            under_current: 1,
            oldest_dek: due.map(|_| dek),
            deks_due: 1,
            roles_exist: true,
            in_use: true,
            due,
            due_at: due.map(|_| NOW),
            scheduled: true,
            able: vec![name("admin")],
        }
    }

    fn states() -> Vec<Value> {
        let keys = [None, Some(KeyDue::MemberLeft), Some(KeyDue::Schedule)].map(keys);
        let missing = [AudienceName::new("qa")];
        let view = |schedule| KeyStatusView {
            schedule,
            audiences: keys.iter().map(|keys| AudienceKeysView::of(keys, NOW)).collect(),
            missing: &missing,
        };
        let settings = Settings::default();
        let set = KeyScheduleView { kek: Some("30d"), dek: Some("1y") };
        vec![json(&view(KeyScheduleView::from(&settings))), json(&view(set))]
    }
}
