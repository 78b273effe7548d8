//! Secrets that are expired or expire soon.

use super::examined::Examined;
use super::finding::{Code, Finding};
use v_secure_core::convert::duration;

/// How near an expiry is worth a line, in seconds.
const SOON: u64 = 7 * 24 * 3600;

pub fn check(examined: &Examined<'_>) -> Vec<Finding> {
    let Some(vault) = examined.vault() else { return Vec::new() };
    let now = examined.now();
    let expiring =
        vault.live().filter_map(|(name, secret)| Some((name, secret.current()?.expires?)));
    let mut findings: Vec<Finding> = expiring
        .filter(|(_, at)| *at <= now.saturating_add(SOON))
        .map(|(name, at)| {
            let when = duration::relative(at, now);
            let (code, what) = match at <= now {
                true => (Code::SecretExpired, format!("{name} expired {when}")),
                false => (Code::SecretExpiring, format!("{name} expires {when}")),
            };
            Finding::new(code, what).mend(format!("v-secure set {name}"))
        })
        .collect();
    if findings.is_empty() {
        findings.push(Finding::new(Code::SecretsSound, "no secret is expired or expires soon"));
    }
    findings
}
