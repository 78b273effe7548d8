//! Rotations in a table: what `rotation list` and `secret rotation-status` share.

use super::metadata;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use v_secure_core::convert::{duration, share};
use v_secure_core::log::describe::short;
use v_secure_core::report::view::secret::rotation::RotationView;
use v_secure_core::time::UnixTime;
use v_secure_rotation::engine::Step;

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

/// What is done next, for who waits for it.
pub fn step(step: Step, now: UnixTime) -> String {
    match step {
        Step::Checking => "looking at what the provider has".to_owned(),
        Step::Setting => "setting the new credential".to_owned(),
        Step::Testing => "testing it".to_owned(),
        Step::Again => "asking the provider again".to_owned(),
        Step::Promoting => "promoting it".to_owned(),
        Step::Finishing => "telling the provider which one is active".to_owned(),
        Step::Waiting { until } => {
            format!("the old credential is revoked {}", duration::relative(until, now))
        }
        Step::Revoking => "revoking the old credential".to_owned(),
    }
}
