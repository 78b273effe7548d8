//! What this device accepted of the vault before.

use super::examined::Examined;
use super::finding::{Code, Finding};
use super::vault::is_about_pins;
use crate::cli::context::{ACCEPT, missing_entries, pin_failure};
use crate::ops::pin::Standing;
use crate::store::session::{Opened, Session};

pub fn check(examined: &Examined<'_>) -> Vec<Finding> {
    let Some(Ok(session)) = &examined.session else { return Vec::new() };
    match &examined.opened {
        Some(Ok(opened)) => standing(session, opened),
        Some(Err(failure)) if is_about_pins(failure) => {
            vec![Finding::of_failure(Code::PinUnreadable, failure)]
        }
        _ => Vec::new(),
    }
}

fn standing(session: &Session, opened: &Opened) -> Vec<Finding> {
    let finding = match &opened.pin {
        Standing::Continues => match session.missing_heads(opened).len() {
            0 => Finding::new(Code::PinAccepted, "the vault is the one that was accepted here"),
            missing => Finding::new(Code::PinOlder, missing_entries(missing))
                .mend("v-secure audit verify --base origin/main"),
        },
        Standing::Prefix { seen, accepted } => Finding::new(
            Code::PinOlder,
            format!("the policy has {seen} of the {accepted} entries that were seen here before"),
        )
        .mend("git pull  # or, for the branch that was seen here: git switch BRANCH"),
        Standing::Unknown => {
            Finding::new(Code::PinFirstUse, "this device has not accepted this vault yet")
                .mend(ACCEPT)
        }
        refused => {
            let failure = pin_failure(refused, &session.location.vault);
            // The last of its hints says how to go on; the first, how it came.
            let finding = Finding::of_failure(Code::PinRefused, &failure);
            match failure.hints.last() {
                Some(hint) => finding.mend(hint),
                None => finding,
            }
        }
    };
    vec![finding]
}
