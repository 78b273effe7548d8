//! Saying what the keys that a change brought lack, and what is to be typed for it.

use crate::cli::output::ui::Ui;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::report::view::lacks::{
    ClosedEnvelopeView, KeyLacksView, LeftOutAudienceView, SkippedRecipientView,
};

/// Says what is lacking; `command` goes on with the audiences that one entry had no room for.
pub fn tell(ui: &Ui<'_>, lacks: &KeyLacksView, command: &str) {
    if !lacks.later.is_empty() {
        let (count, these) = match lacks.later.len() {
            1 => ("1 audience is".into(), "it"),
            some => (format!("{some} audiences are"), "them"),
        };
        ui.warn(&format!(
            "{count} left, because one policy entry has no room for more: {command} continues with {these}"
        ));
    }
    if !lacks.unstatable.is_empty() {
        ui.warn(&unstatable_text(&lacks.unstatable));
    }
    for LeftOutAudienceView { audience, held, epochs, why } in &lacks.left_out {
        let why = why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        ui.warn(&format!(
            "the envelope of {audience} holds the keys of {held} of its {epochs} epochs{why}: what is \
             under the others opens for nobody by it; 'v-secure key restore' looks for them in git's \
             history"
        ));
    }
    for SkippedRecipientView { member, recipient, audiences, why } in &lacks.skipped {
        ui.warn(&format!(
            "{member} opens nothing of {} by a recipient that could not be sealed to: {} ({why}); \
             'v-secure access settle' where it can be",
            audiences.join(", "),
            shortened(recipient)
        ));
    }
    for ClosedEnvelopeView { audience, why } in &lacks.closed {
        ui.warn(&format!(
            "the envelope of {audience} does not open for you ({why}): 'v-secure key restore' looks for \
             its keys in git's history, and 'v-secure key rotate --audience {audience}' gives new ones"
        ));
    }
}

/// What is to be said of audiences whose keys no entry can state.
pub(crate) fn unstatable_text(audiences: &[AudienceName]) -> String {
    format!(
        "no entry of the policy can state new keys of {}: too many of the recipients cannot be sealed to, or \
         the names of the roles are too long together; 'v-secure member list' and 'v-secure role list' show \
         what to remove, and then 'v-secure access settle'",
        few(audiences.iter().map(AudienceName::as_str))
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
