//! What `audit verify` would remark: conflicts, void changes, unsettled secrets, audiences without
//! keys.

use super::examined::Examined;
use super::finding::DoctorFinding;
use v_secure_core::log::finding::FindingCode;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let Some(vault) = examined.vault() else { return Vec::new() };
    let remarks = vault.remarks(examined.now()).into_iter();
    // Expiry has a check of its own.
    remarks.filter(|found| found.code != FindingCode::Expired).map(DoctorFinding::from).collect()
}
