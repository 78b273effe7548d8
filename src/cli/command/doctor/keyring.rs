//! What keyrings hold for the vault: the keys that `unlock` keeps, and this device's keyring slot.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::unlocking::{Tried, keyring, session};
use v_secure_core::convert::duration;
use v_secure_core::time::UnixTime;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    [kept(examined), slot(examined)].into_iter().flatten().collect()
}

fn kept(examined: &Examined<'_>) -> Option<DoctorFinding> {
    match session::attempt(examined.context, examined.vault()?) {
        Tried::Absent => None,
        Tried::Opened(who) => {
            let until = duration::rfc3339(who.kept_until().unwrap_or(UnixTime::MIN));
            let what = format!(
                "'v-secure unlock' keeps the vault open for {} until {until}",
                who.member()
            );
            Some(DoctorFinding::new(DoctorCode::SessionOpen, what))
        }
        Tried::Passed(why) | Tried::Stranger(why) => {
            let what =
                format!("what 'v-secure unlock' keeps does not open the vault as it is: {why}");
            Some(DoctorFinding::new(DoctorCode::SessionStale, what).mend("v-secure unlock"))
        }
    }
}

fn slot(examined: &Examined<'_>) -> Option<DoctorFinding> {
    match keyring::attempt(examined.context, examined.vault()?) {
        Tried::Absent => None,
        Tried::Stranger(who) => Some(broken(&format!("{who} belongs to no member"))),
        Tried::Passed(why) => Some(broken(&why)),
        Tried::Opened(who) => {
            let what = format!("the OS keyring opens the vault for {}", who.member());
            Some(DoctorFinding::new(DoctorCode::KeyringSound, what))
        }
    }
}

fn broken(why: &str) -> DoctorFinding {
    let what = format!("this device's keyring slot does not open the vault: {why}");
    DoctorFinding::new(DoctorCode::KeyringBroken, what).mend("v-secure --identity FILE keyring add")
}
