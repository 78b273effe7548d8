//! Whether what this identity may open opens: every envelope with all its epochs, every value in
//! force. Nothing of a value is shown or kept.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::people::policy::{count, listed};
use v_secure_core::keys::opening;
use v_secure_core::keys::opening::{Envelope, EnvelopeState, Opening, WhyClosed};
use v_secure_core::people::recovery;
use v_secure_core::report::view::cause::cause;
use v_secure_core::vault::Vault;
use v_secure_core::vault::key_holders;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let (Some(vault), Some(opened)) = (examined.vault(), examined.unlocked()) else {
        return Vec::new();
    };
    let who = &opened.who;
    if !who.needs_nobody() {
        let what = "not opened to see whether it opens: what a plugin holds is not asked for";
        return vec![DoctorFinding::new(DoctorCode::ContentsUnasked, what).mend("v-secure unlock")];
    }
    let progress = examined.context.ui.progress();
    let opening = match opening::open_all(vault, who, &*progress) {
        Ok(opening) => opening,
        Err(error) => return vec![DoctorFinding::new(DoctorCode::VaultBroken, cause(&error))],
    };
    let mut findings: Vec<DoctorFinding> =
        opening.envelopes.iter().filter_map(|found| envelope(vault, found)).collect();
    findings.extend(values(&opening));
    if findings.is_empty() {
        let envelopes = opening.envelopes.len();
        let what = format!(
            "all that you may open opens: {} of {envelopes} audiences in every epoch, {}",
            envelopes,
            count(opening.opened)
        );
        findings.push(DoctorFinding::new(DoctorCode::ContentsSound, what));
    }
    findings
}

fn envelope(vault: &Vault, found: &Envelope) -> Option<DoctorFinding> {
    let name = &found.audience;
    Some(match &found.state {
        EnvelopeState::Open { held, of } if held == of => return None,
        EnvelopeState::Open { held, of } => {
            let what = format!("the envelope of {name} holds the keys of {held} of {of} epochs");
            DoctorFinding::new(DoctorCode::EpochsMissing, what).mend("v-secure key restore")
        }
        EnvelopeState::Waiting => {
            let able = key_holders::may_reseal(vault, name);
            let what = format!(
                "the keys of {name} were not sealed to this identity yet; who can, by 'v-secure access \
                 settle': {}",
                listed(recovery::to_ask(&able))
            );
            DoctorFinding::new(DoctorCode::EnvelopeWaiting, what)
        }
        EnvelopeState::Closed(error) => {
            let what = format!("the envelope of {name} does not open: {}", cause(error));
            DoctorFinding::new(DoctorCode::EnvelopeClosed, what).mend("v-secure key restore")
        }
    })
}

fn values(opening: &Opening) -> impl Iterator<Item = DoctorFinding> {
    opening.closed.iter().map(|closed| {
        let name = &closed.secret;
        let version = &closed.called;
        match &closed.why {
            WhyClosed::Keys => {
                let what = format!("{version} is under an epoch whose keys are not there");
                DoctorFinding::new(DoctorCode::ValueClosed, what).mend("v-secure key restore")
            }
            WhyClosed::Content(error) => {
                let what = format!("{version} does not open: {}", cause(error));
                DoctorFinding::new(DoctorCode::ValueClosed, what)
                    .mend(format!("v-secure set {name}"))
            }
        }
    })
}
