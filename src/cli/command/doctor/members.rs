//! Members who should have gone, and keys that were never used.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use std::collections::BTreeSet;
use v_secure_core::convert::duration;
use v_secure_core::crypto::id::KeyId;
use v_secure_core::name::Name;
use v_secure_core::people::recovery;
use v_secure_core::policy::state::Member;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;

/// How near a member's date is worth a line, in seconds.
const SOON: u64 = 14 * 24 * 3600;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let Some(vault) = examined.vault() else { return Vec::new() };
    let (used, now) = (used(vault), examined.now());
    let mut findings = Vec::new();
    for (name, member) in vault.policy().members() {
        findings.extend(expiry(name, member.expires, now));
        // A recovery identity is for a day that has not come.
        if recovery::members(vault.policy()).all(|spare| spare != name) {
            findings.extend(unused(name, member, &used));
        }
        if member.roles().next().is_none() {
            let what = format!("{name} is in no role and can read nothing");
            let command = format!("v-secure role join ROLE {name}");
            findings.push(DoctorFinding::new(DoctorCode::MemberIdle, what).mend(command));
        }
    }
    if findings.is_empty() {
        findings.push(DoctorFinding::new(DoctorCode::MembersSound, "no member has expired"));
    }
    findings
}

fn expiry(name: &Name, expires: Option<UnixTime>, now: UnixTime) -> Option<DoctorFinding> {
    let at = expires?;
    let when = duration::relative(at, now);
    if at <= now {
        let what = format!("{name} expired {when} and still has its rights");
        let command = format!("v-secure member remove {name}");
        return Some(DoctorFinding::new(DoctorCode::MemberExpired, what).mend(command));
    }
    (at <= now.saturating_add(SOON)).then(|| {
        DoctorFinding::new(DoctorCode::MemberExpiring, format!("{name} expires {when}"))
            .mend(format!("v-secure member show {name}"))
    })
}

/// Every key that has signed an entry of the log or of the policy.
fn used(vault: &Vault) -> BTreeSet<KeyId> {
    let log = vault.file().entries.values().map(|entry| entry.key);
    let policy = vault.file().chain.iter().flat_map(|entry| entry.sigs.iter().map(|sig| sig.key));
    log.chain(policy).collect()
}

fn unused(name: &Name, member: &Member, used: &BTreeSet<KeyId>) -> Vec<DoctorFinding> {
    let idle = member.keys.iter().filter(|(_, key)| !used.contains(&key.id));
    idle.map(|(device, _)| {
        let what = format!("the key of {name}'s device {device} has never signed anything");
        DoctorFinding::new(DoctorCode::MemberKeyUnused, what)
            .mend(format!("v-secure member show {name}"))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_members_date_is_past_near_or_far() {
        let name = Name::new("contractor").unwrap();
        let finding = |expires| expiry(&name, expires, UnixTime::from_secs(1000));
        let code = |expires| finding(expires).map(|found| found.code);
        assert_eq!(code(None), None);
        assert_eq!(code(Some(UnixTime::from_secs(1000))), Some("member-expired"));
        let mend = finding(Some(UnixTime::from_secs(1000))).and_then(|found| found.command);
        assert_eq!(mend.as_deref(), Some("v-secure member remove contractor"));
        assert_eq!(code(Some(UnixTime::from_secs(1000 + SOON))), Some("member-expiring"));
        assert_eq!(code(Some(UnixTime::from_secs(1001 + SOON))), None);
    }
}
