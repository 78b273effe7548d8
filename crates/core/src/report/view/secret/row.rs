//! A secret's metadata: what `secret list` and `secret show` share.

use crate::convert::duration::rfc3339;
use crate::crypto::id::ObjectId;
use crate::name::{Name, SecretName};
use crate::secret::list::Listed;
use crate::secret::rotation_due::Ages;
use serde::Serialize;
use std::collections::BTreeMap;

/// Of a secret with several active versions it shows the current one's facts.
#[derive(Serialize)]
pub struct SecretView<'a> {
    pub secret: &'a SecretName,
    pub environment: &'a str,
    pub name: &'a str,
    /// active, conflicting, expired, pruned or removed.
    pub state: &'static str,
    pub version: usize,
    pub id: ObjectId,
    #[serde(rename = "type")]
    pub kind: Option<&'a str>,
    pub description: Option<&'a str>,
    pub var: Option<&'a str>,
    pub tags: Vec<&'a str>,
    pub meta: BTreeMap<&'a str, &'a str>,
    pub expires: Option<String>,
    pub updated: String,
    pub who: &'a Name,
    pub rotation_interval: Option<&'a str>,
    /// From when on the value is older than that.
    pub rotation_due: Option<String>,
}

impl<'a> SecretView<'a> {
    pub fn of(listed: &Listed<'a>, ages: &Ages<'a>) -> Self {
        let Listed { name, state, version, status } = *listed;
        Self {
            secret: name,
            environment: name.environment(),
            name: name.name(),
            state: status.as_str(),
            version: version.number,
            id: version.object,
            kind: state.type_of(),
            description: state.description(),
            var: state.var(),
            tags: state.tags().map(|(tag, _)| tag).collect(),
            meta: state.meta().collect(),
            expires: version.expires.map(rfc3339),
            updated: rfc3339(version.ts),
            who: &version.author,
            rotation_interval: state.rotation_interval(),
            rotation_due: ages.due(state, version).map(rfc3339),
        }
    }
}

#[cfg(test)]
pub use tests::examples;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::state::VersionStatus;
    use crate::report::view::testing::ID;
    use crate::time::UnixTime;

    /// One in each state that a secret has, the first with all that there may be.
    pub fn examples<'a>(secret: &'a SecretName, who: &'a Name) -> Vec<SecretView<'a>> {
        use VersionStatus::{Active, Conflicting, Expired, Pruned, Removed};
        let row = |status: VersionStatus| SecretView {
            secret,
            environment: secret.environment(),
            name: secret.name(),
            state: status.as_str(),
            version: 2,
            id: ObjectId(ID.0),
            kind: None,
            description: None,
            var: None,
            tags: vec!["web"],
            meta: BTreeMap::from([("team", "payment")]),
            expires: None,
            updated: rfc3339(UnixTime::from_secs(1_800_000_000)),
            who,
            rotation_interval: None,
            rotation_due: None,
        };
        let full = SecretView {
            kind: Some("api_key"),
            description: Some("live key"),
            var: Some("KEY"),
            expires: Some(rfc3339(UnixTime::from_secs(1_800_000_000))),
            rotation_interval: Some("30d"),
            rotation_due: Some(rfc3339(UnixTime::from_secs(1_800_000_000))),
            ..row(Active)
        };
        std::iter::once(full).chain([Conflicting, Expired, Pruned, Removed].map(row)).collect()
    }
}
