//! How a secret's metadata looks in tables: what `list`, `show` and `versions` share.

use crate::cli::door::context::Context;
use v_secure_core::convert::duration;
use v_secure_core::log::state::Version;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::time::UnixTime;

/// Text of a vault in a table; `-` where there is none.
pub fn shown(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { escape_for_display(text).into_owned() }
}

/// A time in a table: how far it is from `now` for people, RFC 3339 for a pipe.
pub fn when(context: &Context<'_>, time: Option<UnixTime>, now: UnixTime) -> String {
    match time {
        None => "-".to_owned(),
        Some(time) if context.ui.out_is_terminal() => duration::relative(time, now),
        Some(time) => duration::rfc3339(time),
    }
}

/// When a version expires, in a table; of one that two members gave different times the earliest.
pub fn expires(context: &Context<'_>, version: &Version, now: UnixTime) -> String {
    let when = when(context, version.expires, now);
    if version.expiry_conflict { format!("{when} (in conflict)") } else { when }
}

/// What has become of a version that is overruled.
pub(crate) const OVERRULED: &str = "what it stood on was removed, replaced or withdrawn";
