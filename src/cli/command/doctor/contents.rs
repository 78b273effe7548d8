//! Whether what this identity may open opens: every envelope with all its epochs, every value in
//! force. Nothing of a value is shown or kept.

use super::examined::Examined;
use super::finding::{Code, Finding};
use crate::cli::people::policy::{count, listed};
use v_secure_core::keys::opening;
use v_secure_core::keys::opening::{Envelope, EnvelopeState, Opening, WhyClosed};
use v_secure_core::people::recovery;
use v_secure_core::report::view::cause::cause;
use v_secure_core::vault::Vault;
use v_secure_core::vault::key_holders;

pub fn check(examined: &Examined<'_>) -> Vec<Finding> {
    let (Some(vault), Some(opened)) = (examined.vault(), examined.unlocked()) else {
        return Vec::new();
    };
    let who = &opened.who;
    if !who.needs_nobody() {
        let what = "not opened to see whether it opens: what a plugin holds is not asked for";
        return vec![Finding::new(Code::ContentsUnasked, what).mend("v-secure unlock")];
    }
    let progress = examined.context.ui.progress();
    let opening = match opening::open_all(vault, who, &*progress) {
        Ok(opening) => opening,
        Err(error) => return vec![Finding::new(Code::VaultBroken, cause(&error))],
    };
    let mut findings: Vec<Finding> =
        opening.envelopes.iter().filter_map(|found| envelope(vault, found)).collect();
    findings.extend(values(&opening));
    if findings.is_empty() {
        let envelopes = opening.envelopes.len();
        let what = format!(
            "all that you may open opens: {} of {envelopes} audiences in every epoch, {}",
            envelopes,
            count(opening.opened)
        );
        findings.push(Finding::new(Code::ContentsSound, what));
    }
    findings
}

fn envelope(vault: &Vault, found: &Envelope) -> Option<Finding> {
    let name = &found.audience;
    Some(match &found.state {
        EnvelopeState::Open { held, of } if held == of => return None,
        EnvelopeState::Open { held, of } => {
            let what = format!("the envelope of {name} holds the keys of {held} of {of} epochs");
            Finding::new(Code::EpochsMissing, what).mend("v-secure key restore")
        }
        EnvelopeState::Waiting => {
            let able = key_holders::may_reseal(vault, name);
            let what = format!(
                "the keys of {name} were not sealed to this identity yet; who can, by 'v-secure access \
                 settle': {}",
                listed(recovery::to_ask(&able))
            );
            Finding::new(Code::EnvelopeWaiting, what)
        }
        EnvelopeState::Closed(error) => {
            let what = format!("the envelope of {name} does not open: {}", cause(error));
            Finding::new(Code::EnvelopeClosed, what).mend("v-secure key restore")
        }
    })
}

fn values(opening: &Opening) -> impl Iterator<Item = Finding> {
    opening.closed.iter().map(|closed| {
        let name = &closed.secret;
        let version = format!("version {} of {name}", closed.number);
        match &closed.why {
            WhyClosed::Keys => {
                let what = format!("{version} is under an epoch whose keys are not there");
                Finding::new(Code::ValueClosed, what).mend("v-secure key restore")
            }
            WhyClosed::Content(error) => {
                let what = format!("{version} does not open: {}", cause(error));
                Finding::new(Code::ValueClosed, what).mend(format!("v-secure set {name}"))
            }
        }
    })
}
