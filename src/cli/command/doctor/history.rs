//! What `audit verify` would remark: conflicts, void changes, unsettled secrets, audiences without
//! keys; and whether most of the file is history.

use super::examined::{ClosedHistory, Examined};
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::error::failures::closed::ways_back;
use v_secure_core::log::finding::FindingCode;
use v_secure_core::vault::{Vault, closing};

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let Some(vault) = examined.vault() else { return Vec::new() };
    let remarks = vault.remarks(examined.now()).into_iter();
    // Expiry has a check of its own.
    let found = remarks.filter(|found| found.code != FindingCode::Expired);
    let found = found.map(DoctorFinding::from);
    found.chain(long(vault, examined)).chain(closed(examined)).collect()
}

fn closed(examined: &Examined<'_>) -> Option<DoctorFinding> {
    match &examined.history {
        ClosedHistory::Sound => None,
        ClosedHistory::Absent { name } => {
            let what = "the closed history is not in this clone: values are given, and nothing that tells of the past";
            let vault = &examined.location()?.vault;
            let way = ways_back(vault, name).into_iter().next()?;
            Some(DoctorFinding::new(DoctorCode::HistoryAbsent, what).mend(way))
        }
        ClosedHistory::Needed => Some(
            DoctorFinding::new(
                DoctorCode::HistoryNeeded,
                "without .v-secure/history some secrets cannot be read, as a branch from before the closing was merged",
            )
            .mend("v-secure history close --all"),
        ),
    }
}

/// What was closed a week ago or more is nobody's branch any more, as a rule.
fn long(vault: &Vault, examined: &Examined<'_>) -> Option<DoctorFinding> {
    let until = examined.now().saturating_sub(closing::LEFT_OPEN);
    let entries = closing::pays(vault, until)?;
    let then = closing::foreseen(vault, Some(until)).then.ok()?;
    let what = format!(
        "{entries} entries of the log are history: the vault's file could have {} bytes",
        then.bytes
    );
    Some(DoctorFinding::new(DoctorCode::HistoryLong, what).mend("v-secure history close"))
}
