//! Saying what the keys that a change brought lack, and what is to be typed for it.

use crate::cli::error::causes;
use crate::cli::output::ui::Ui;
use serde::Serialize;
use std::error::Error;
use v_secure_core::keys::shortfall;
use v_secure_core::keys::shortfall::Shortfall;

/// What could not be done about keys.
#[derive(Debug, Default, Serialize)]
pub struct Lacks {
    /// Audiences whose new envelope does not hold the keys of all epochs.
    left_out: Vec<LeftOut>,
    /// Recipients that could not be sealed to.
    skipped: Vec<Skipped>,
    /// Audiences whose envelope should have opened, and did not.
    closed: Vec<Closed>,
    /// Audiences among those without keys that another entry has room for.
    #[serde(skip)]
    later: Vec<String>,
    /// Audiences among those without keys that no entry can state the keys of.
    #[serde(skip)]
    unstatable: Vec<String>,
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
        let left_out = |left: &shortfall::LeftOutRecipient| LeftOut {
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
            later: short.later.clone(),
            unstatable: short.unstatable.clone(),
        }
    }

    /// The audiences whose envelopes did not open.
    pub fn closed(&self) -> impl Iterator<Item = &str> {
        self.closed.iter().map(|closed| closed.audience.as_str())
    }

    /// Whether an audience waits for nothing but another entry.
    pub fn is_later(&self, audience: &str) -> bool {
        self.later.iter().any(|later| later == audience)
    }

    /// The audiences that no entry can state the keys of.
    pub fn unstatable(&self) -> &[String] {
        &self.unstatable
    }

    /// Says what is lacking; `command` goes on with the audiences that one entry had no room for.
    pub fn tell(&self, ui: &Ui<'_>, command: &str) {
        if !self.later.is_empty() {
            let (count, these) = match self.later.len() {
                1 => ("1 audience is".into(), "it"),
                some => (format!("{some} audiences are"), "them"),
            };
            ui.warn(&format!(
                "{count} left, because one policy entry has no room for more: {command} continues with {these}"
            ));
        }
        if !self.unstatable.is_empty() {
            ui.warn(&unstatable_text(&self.unstatable));
        }
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

/// What is to be said of audiences whose keys no entry can state.
pub fn unstatable_text(audiences: &[String]) -> String {
    format!(
        "no entry of the policy can state new keys of {}: too many of the recipients cannot be sealed to, or \
         the names of the roles are too long together; 'v-secure member list' and 'v-secure role list' show \
         what to remove, and then 'v-secure access settle'",
        few(audiences.iter().map(String::as_str))
    )
}

/// The first of some audiences, none of them at full length where that is long, and how many there
/// are besides.
pub fn few<'a>(audiences: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let audiences: Vec<&str> = audiences.collect();
    let shown: Vec<String> = audiences.iter().take(SHOWN).map(|name| cut(name, 200)).collect();
    match audiences.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// An error's own words and those of its causes, on one line.
pub fn cause(error: &dyn Error) -> String {
    std::iter::once(error.to_string()).chain(causes(error)).collect::<Vec<_>>().join(": ")
}

/// A recipient is for machines: its beginning tells people which one is meant.
fn shortened(recipient: &str) -> String {
    const SHOWN: usize = 24;
    cut(recipient, SHOWN)
}

fn cut(text: &str, shown: usize) -> String {
    match text.len() > shown {
        true => format!("{}…", text.chars().take(shown).collect::<String>()),
        false => text.to_owned(),
    }
}
