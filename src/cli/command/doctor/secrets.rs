//! Secrets that are expired or expire soon.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use v_secure_core::convert::duration;

/// How near an expiry is worth a line, in seconds.
const SOON: u64 = 7 * 24 * 3600;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let Some(vault) = examined.vault() else { return Vec::new() };
    let now = examined.now();
    let expiring =
        vault.live().filter_map(|(name, secret)| Some((name, secret.current()?.expires?)));
    let mut findings: Vec<DoctorFinding> = expiring
        .filter(|(_, at)| *at <= now.saturating_add(SOON))
        .map(|(name, at)| {
            let when = duration::relative(at, now);
            let (code, what) = match at <= now {
                true => (DoctorCode::SecretExpired, format!("{name} expired {when}")),
                false => (DoctorCode::SecretExpiring, format!("{name} expires {when}")),
            };
            DoctorFinding::new(code, what).mend(format!("v-secure set {name}"))
        })
        .collect();
    if findings.is_empty() {
        findings.push(DoctorFinding::new(
            DoctorCode::SecretsSound,
            "no secret is expired or expires soon",
        ));
    }
    findings
}
