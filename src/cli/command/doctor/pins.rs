//! What this device accepted of the vault before.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use super::vault::is_about_pins;
use crate::cli::error::lost;
use crate::cli::error::lost::GIVE_UP;
use crate::cli::error::pin_failures::{ACCEPT, WHY_MISSING, discarded_entries, missing_entries};
use crate::engine::session::{OpenedVault, Session};
use v_secure_core::vault::pin::PinStatus;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let Some(Ok(session)) = &examined.session else { return Vec::new() };
    match &examined.opened {
        Some(Ok(opened)) => standing(session, opened),
        Some(Err(failure)) if is_about_pins(failure) => {
            vec![DoctorFinding::of_failure(DoctorCode::PinUnreadable, failure)]
        }
        _ => Vec::new(),
    }
}

fn standing(session: &Session, opened: &OpenedVault) -> Vec<DoctorFinding> {
    let finding = match &opened.pin {
        PinStatus::Continues => match session.missing_heads(opened).len() {
            0 => DoctorFinding::new(
                DoctorCode::PinAccepted,
                "the vault is the one that was accepted here",
            ),
            count if is_discarded(session, opened) => {
                DoctorFinding::new(DoctorCode::PinOlder, discarded_entries(count)).mend(GIVE_UP)
            }
            missing => {
                let text = format!(
                    "{} ({WHY_MISSING}): 'v-secure audit verify --base origin/main' tells whether anything \
                     that was published is gone; if not, 'v-secure pin accept' ends the warning",
                    missing_entries(missing)
                );
                DoctorFinding::new(DoctorCode::PinOlder, text).mend(GIVE_UP)
            }
        },
        PinStatus::Prefix { seen, accepted } => {
            let lost = lost::of(session, opened);
            let finding = DoctorFinding::new(
                DoctorCode::PinOlder,
                lost::older(*seen, *accepted, lost.as_ref()),
            );
            match lost.is_some_and(|lost| lost.is_discarded()) {
                true => finding.mend(GIVE_UP),
                false => finding
                    .mend("git pull  # or, for the branch that was seen here: git switch BRANCH"),
            }
        }
        PinStatus::Unknown => DoctorFinding::new(
            DoctorCode::PinFirstUse,
            "this device has not accepted this vault yet",
        )
        .mend(ACCEPT),
        _ => {
            let failure = lost::refusal(session, opened);
            // The last of its commands says how to go on; the first, how it came.
            let finding = DoctorFinding::of_failure(DoctorCode::PinRefused, &failure);
            match failure.hints.iter().rfind(|hint| hint.starts_with("v-secure ")) {
                Some(hint) => finding.mend(hint),
                None => finding,
            }
        }
    };
    vec![finding]
}

fn is_discarded(session: &Session, opened: &OpenedVault) -> bool {
    session.is_discarded(&opened.vault.id(), &session.missing_heads(opened)).unwrap_or(false)
}
