//! Why a vault is refused or remarked on by what this device has accepted before, and what helps.

use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use std::path::Path;
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::vault::pin::PinStatus;

/// What helps with a pin that does not fit, once the vault has been looked at.
pub const ACCEPT: &str = "v-secure pin accept  # after comparing the fingerprint with 'v-secure pin show' on a colleague's machine";

/// Where the newer state is another branch's.
const NEWER_BRANCH: &str =
    "git merge BRANCH  # the branch that was seen here; or go to it: git switch BRANCH";

/// How log entries come to be missing that were not thrown away.
pub(crate) const WHY_MISSING: &str = "an old branch, a roll-back, or made again after a conflict";

/// Says how many log entries that this device has seen are not there.
pub(crate) fn missing_entries(count: usize) -> String {
    match count {
        1 => "1 log entry that was seen here before is missing".to_owned(),
        many => format!("{many} log entries that were seen here before are missing"),
    }
}

/// The same, where they are this device's own and were thrown away.
pub(crate) fn discarded_entries(count: usize) -> String {
    let (entries, it) = (missing_entries(count), if count == 1 { "it" } else { "them" });
    format!(
        "{entries}: this device wrote {it}, and no commit here holds {it} (a change that was discarded). \
         'v-secure pin accept' gives {it} up"
    )
}

/// An older state, where none is wanted.
pub fn older(why: &str) -> Failure {
    let message = format!("this is an older state than one that was seen here: {why}");
    Failure::new(Code::PinOlder, message)
        .hint("git pull")
        .hint(NEWER_BRANCH)
        .hint("v-secure audit verify --base origin/main")
}

/// Of a state that lacks what took something away nothing is written.
pub(crate) fn lacks_takings() -> Failure {
    let message = "this older state lacks policy entries that took rights away, renewed keys after \
                   somebody left, or made settings stricter: writing on it would undo that";
    Failure::new(Code::PinOlder, message).hint("git pull").hint(NEWER_BRANCH)
}

/// Why a vault whose pin does not fit is refused.
pub fn pin_failure(standing: &PinStatus, path: &Path) -> Failure {
    let path = path.display();
    let (code, message) = match standing {
        PinStatus::OtherVault { accepted } => (
            Code::PinOtherVault,
            format!(
                "{path} is not the vault that was accepted here before ({})",
                fingerprint_words(accepted)
            ),
        ),
        PinStatus::OtherInProject { known } => (
            Code::PinOtherInProject,
            format!(
                "{path} is not the vault that was accepted in this project, {} ({}) in {}, and \
                 would replace it here",
                known.name,
                fingerprint_words(&known.vault),
                known.path
            ),
        ),
        PinStatus::Diverged { at } => (
            Code::PinDiverged,
            format!(
                "the policy of {path} differs from the one that this device accepted, from entry {at} on"
            ),
        ),
        _ => (
            Code::PinCarried,
            format!(
                "{path} does not contain what the given pin names: it is another vault, or an older state"
            ),
        ),
    };
    let failure = Failure::new(code, message).hint("git log -p -- .v-secure/vault.toml");
    match code {
        // What is carried is not changed by accepting anything here.
        Code::PinCarried => failure
            .hint("v-secure pin show  # where the vault is known: its line goes into V_SECURE_PIN"),
        _ => failure.hint(ACCEPT),
    }
}
