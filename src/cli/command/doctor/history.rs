//! What `audit verify` would remark: conflicts, void changes, unsettled secrets, audiences without
//! keys.

use super::examined::Examined;
use super::finding::Finding;
use v_secure_core::log::finding::Code;

pub fn check(examined: &Examined<'_>) -> Vec<Finding> {
    let Some(vault) = examined.vault() else { return Vec::new() };
    let remarks = vault.remarks(examined.now()).into_iter();
    // Expiry has a check of its own.
    remarks.filter(|found| found.code != Code::Expired).map(Finding::from).collect()
}
