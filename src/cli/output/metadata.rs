//! How a secret's metadata looks in JSON and in tables: what `list`, `show` and `versions` share.

use crate::cli::door::context::Context;
use serde::Serialize;
use std::collections::BTreeMap;
use v_secure_core::convert::duration;
use v_secure_core::log::state::Version;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::secret::list::Listed;
use v_secure_core::secret::rotation_due::Ages;

/// A secret in JSON. Of one with several active versions it shows the current one's facts.
#[derive(Serialize)]
pub struct SecretRow {
    pub secret: String,
    pub environment: String,
    pub name: String,
    /// active, conflicting, expired or removed.
    pub state: &'static str,
    pub version: usize,
    pub id: String,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub description: Option<String>,
    pub var: Option<String>,
    pub tags: Vec<String>,
    pub meta: BTreeMap<String, String>,
    pub expires: Option<String>,
    pub updated: String,
    pub who: String,
    pub rotation_interval: Option<String>,
    /// From when on the value is older than that.
    pub rotation_due: Option<String>,
}

pub fn row<'a>(listed: &Listed<'a>, ages: &Ages<'a>) -> SecretRow {
    let Listed { name, state, version, status } = listed;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    SecretRow {
        secret: name.to_string(),
        environment: name.environment().to_owned(),
        name: name.name().to_owned(),
        state: status.as_str(),
        version: version.number,
        id: version.object.to_string(),
        kind: owned(state.type_of()),
        description: owned(state.description()),
        var: owned(state.var()),
        tags: state.tags().map(|(tag, _)| tag.to_owned()).collect(),
        meta: state.meta().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        expires: version.expires.map(duration::rfc3339),
        updated: duration::rfc3339(version.ts),
        who: version.author.to_string(),
        rotation_interval: owned(state.rotation_interval()),
        rotation_due: ages.due(state, listed.version).map(duration::rfc3339),
    }
}

/// Text of a vault in a table; `-` where there is none.
pub fn shown(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { escape_for_display(text).into_owned() }
}

/// A time in a table: how far it is from `now` for people, RFC 3339 for a pipe. Both times are in
/// seconds since the Unix epoch.
pub fn when(context: &Context<'_>, seconds: Option<u64>, now: u64) -> String {
    match seconds {
        None => "-".to_owned(),
        Some(seconds) if context.ui.out_is_terminal() => duration::relative(seconds, now),
        Some(seconds) => duration::rfc3339(seconds),
    }
}

/// When a version expires, in a table; of one that two members gave different times the earliest.
pub fn expires(context: &Context<'_>, version: &Version, now: u64) -> String {
    let when = when(context, version.expires, now);
    if version.expiry_conflict { format!("{when} (in conflict)") } else { when }
}

/// What has become of a version that is overruled.
pub const OVERRULED: &str = "what it rotates was removed";

/// Whether a version sets nothing that could be brought back.
pub const fn is_overruled(version: &Version) -> bool {
    version.overruled && !version.pruned && !version.removed
}
