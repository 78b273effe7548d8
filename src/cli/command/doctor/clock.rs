//! Whether the clock can be believed: expiry is judged by it.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use v_secure_core::convert::duration;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;

/// 2026-01-01: before, there was no v-secure.
const EARLIEST: UnixTime = UnixTime::from_secs(1_767_225_600);
/// 2100-01-01.
const LATEST: UnixTime = UnixTime::from_secs(4_102_444_800);
/// How far clocks of colleagues may be apart, in seconds.
const TOLERANCE: u64 = 300;
const COMMAND: &str = "date -u, and set the clock by a time server";

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    judge(examined.now(), examined.vault().and_then(newest)).into_iter().collect()
}

fn judge(now: UnixTime, newest: Option<UnixTime>) -> Option<DoctorFinding> {
    if !(EARLIEST..LATEST).contains(&now) {
        let what = format!("the clock shows {}", duration::rfc3339(now));
        return Some(DoctorFinding::new(DoctorCode::ClockAbsurd, what).mend(COMMAND));
    }
    let newest = newest?;
    if newest > now.saturating_add(TOLERANCE) {
        let (now, newest) = (duration::rfc3339(now), duration::rfc3339(newest));
        // Its date is its signer's word: 'policy review' names whose.
        let what = format!(
            "the clock shows {now}, and the newest entry says it was written at {newest}: this clock is behind, or its \
             signer's was ahead"
        );
        return Some(DoctorFinding::new(DoctorCode::ClockBehind, what).mend(COMMAND));
    }
    Some(DoctorFinding::new(DoctorCode::ClockSound, "the clock is not behind the vault's entries"))
}

fn newest(vault: &Vault) -> Option<UnixTime> {
    let log = vault.file().entries.values().map(|entry| entry.ts);
    log.chain(vault.file().chain.iter().map(|entry| entry.ts)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(now: UnixTime, newest: Option<UnixTime>) -> Option<&'static str> {
        judge(now, newest).map(|finding| finding.code)
    }

    #[test]
    fn a_clock_is_judged_by_entries_and_by_reason() {
        let now = EARLIEST.saturating_add(1000);
        assert_eq!(code(now, None), None);
        assert_eq!(code(now, Some(now)), Some("clock-sound"));
        assert_eq!(code(now, Some(now.saturating_add(TOLERANCE))), Some("clock-sound"));
        assert_eq!(code(now, Some(now.saturating_add(TOLERANCE + 1))), Some("clock-behind"));
        assert_eq!(code(UnixTime::from_secs(0), None), Some("clock-absurd"));
        assert_eq!(code(LATEST, Some(now)), Some("clock-absurd"));
    }
}
