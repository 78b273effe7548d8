//! Whether there is a vault, and whether it verifies.

use super::examined::{Examined, VaultSearch};
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::error::Failure;
use crate::cli::error::codes;
use crate::cli::people::policy::count;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let finding = match &examined.place {
        VaultSearch::Nowhere => {
            DoctorFinding::new(DoctorCode::VaultNone, "no vault is here or in a folder above")
                .mend("v-secure init")
        }
        VaultSearch::Refused(failure) => {
            DoctorFinding::of_failure(DoctorCode::VaultRefused, failure)
        }
        // What the pins say has a check of its own.
        VaultSearch::Found(_) if examined.is_refused() => return Vec::new(),
        VaultSearch::Found(_) => match &examined.opened {
            Some(Ok(opened)) => {
                let vault = &opened.vault;
                let (name, secrets) = (&vault.file().header.name, count(vault.live().count()));
                let entries = match vault.file().entries.len() {
                    1 => "1 log entry".to_owned(),
                    many => format!("{many} log entries"),
                };
                DoctorFinding::new(
                    DoctorCode::VaultFound,
                    format!("the vault {name} verifies: {secrets}, {entries}"),
                )
            }
            Some(Err(failure)) if is_about_pins(failure) => return Vec::new(),
            Some(Err(failure)) => DoctorFinding::of_failure(DoctorCode::VaultBroken, failure),
            None => return Vec::new(),
        },
    };
    vec![finding]
}

pub(crate) fn is_about_pins(failure: &Failure) -> bool {
    matches!(failure.code, codes::Code::Pin | codes::Code::State)
}
