//! Saying what the keys that a change brought lack, and what is to be typed for it.

use super::error::causes;
use super::ui::Ui;
use crate::ops::shortfall::{self, Shortfall};
use serde::Serialize;
use std::error::Error;

/// What could not be done about keys.
#[derive(Debug, Default, Serialize)]
pub struct Lacks {
    /// Audiences whose new envelope does not hold the keys of all epochs.
    left_out: Vec<LeftOut>,
    /// Recipients that could not be sealed to.
    skipped: Vec<Skipped>,
    /// Audiences whose envelope should have opened, and did not.
    closed: Vec<Closed>,
}

#[derive(Debug, Serialize)]
struct LeftOut {
    audience: String,
    held: usize,
    epochs: usize,
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct Skipped {
    member: String,
    recipient: String,
    audiences: Vec<String>,
    why: String,
}

#[derive(Debug, Serialize)]
struct Closed {
    audience: String,
    why: String,
}

impl Lacks {
    pub fn of(short: &Shortfall) -> Self {
        let left_out = |left: &shortfall::LeftOut| LeftOut {
            audience: left.audience.clone(),
            held: left.held,
            epochs: left.of,
            why: left.why.as_ref().map(|error| cause(error)),
        };
        let skipped = |left: &shortfall::Skipped| Skipped {
            member: left.member.to_string(),
            recipient: left.recipient.clone(),
            audiences: left.audiences.clone(),
            why: cause(&left.why),
        };
        let closed = |left: &shortfall::Closed| Closed {
            audience: left.audience.clone(),
            why: cause(&left.why),
        };
        Self {
            left_out: short.left_out.iter().map(left_out).collect(),
            skipped: short.skipped.iter().map(skipped).collect(),
            closed: short.closed.iter().map(closed).collect(),
        }
    }

    /// The audiences whose envelopes did not open.
    pub fn closed(&self) -> impl Iterator<Item = &str> {
        self.closed.iter().map(|closed| closed.audience.as_str())
    }

    pub fn tell(&self, ui: &Ui<'_>) {
        for LeftOut { audience, held, epochs, why } in &self.left_out {
            let why = why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            ui.warn(&format!(
                "the envelope of {audience} holds the keys of {held} of its {epochs} epochs{why}: what is \
                 under the others opens for nobody by it; 'v-secure key restore' looks for them in git's \
                 history"
            ));
        }
        for Skipped { member, recipient, audiences, why } in &self.skipped {
            ui.warn(&format!(
                "{member} opens nothing of {} by a recipient that could not be sealed to: {} ({why}); \
                 'v-secure access settle' where it can be",
                audiences.join(", "),
                shortened(recipient)
            ));
        }
        for Closed { audience, why } in &self.closed {
            ui.warn(&format!(
                "the envelope of {audience} does not open for you ({why}): 'v-secure key restore' looks for \
                 its keys in git's history, and 'v-secure key rotate --audience {audience}' gives new ones"
            ));
        }
    }
}

/// An error's own words and those of its causes, on one line.
pub fn cause(error: &dyn Error) -> String {
    std::iter::once(error.to_string()).chain(causes(error)).collect::<Vec<_>>().join(": ")
}

/// A recipient is for machines: its beginning tells people which one is meant.
fn shortened(recipient: &str) -> String {
    const SHOWN: usize = 24;
    match recipient.len() > SHOWN {
        true => format!("{}…", recipient.chars().take(SHOWN).collect::<String>()),
        false => recipient.to_owned(),
    }
}
