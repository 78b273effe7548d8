//! Rotations in a table: what `rotation list` and `secret rotation-status` share.

use super::metadata;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use v_secure_core::convert::{duration, share};
use v_secure_core::log::describe::short;
use v_secure_core::report::view::secret::rotation::RotationView;
use v_secure_core::time::UnixTime;

/// One a row.
pub fn table(context: &Context<'_>, rotations: &[&RotationView<'_>], now: UnixTime) -> Outcome {
    let rows = rotations.iter().map(|of| cells(context, of, now)).collect();
    let header = ["secret", "rotation", "state", "share", "began on", "value", "author", "date"];
    context.ui.table(&header, rows)
}

fn cells(context: &Context<'_>, of: &RotationView<'_>, now: UnixTime) -> Vec<String> {
    let state = match of.why {
        Some(why) => format!("{}: {why}", of.state),
        None => of.state.to_owned(),
    };
    // Of one that is over, its promotion or abort says who is given what.
    let is_open = matches!(of.state, "live" | "stale");
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let date = of.date.as_deref().and_then(|date| duration::parse_instant(date).ok());
    vec![
        of.secret.to_string(),
        short(&of.rotation),
        state,
        or_none(is_open.then(|| share::text(of.share))),
        or_none(of.base.map(|number| format!("version {number}"))),
        or_none(of.value.as_ref().map(short)),
        or_none(of.author.map(ToString::to_string)),
        metadata::when(context, date, now),
    ]
}
