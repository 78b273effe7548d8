//! `secret versions`.

use crate::convert::duration::rfc3339;
use crate::crypto::id::{EntryId, ObjectId};
use crate::log::state::{SecretState, Version};
use crate::name::{Name, SecretName};
use crate::time::UnixTime;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub struct SecretVersionsView<'a> {
    pub secret: &'a SecretName,
    pub versions: Vec<VersionView<'a>>,
}

#[derive(Serialize)]
pub struct VersionView<'a> {
    pub version: usize,
    pub id: ObjectId,
    pub date: String,
    /// active, conflicting, replaced, retired, removed, expired or pruned.
    pub state: &'static str,
    pub current: bool,
    /// Whether what it is for accepts it no more, be it active or not.
    pub retired: bool,
    /// Whether it sets nothing, since what it stood on was removed, replaced or withdrawn.
    pub overruled: bool,
    /// Who stated it.
    pub author: &'a Name,
    /// Whose entry `entry` is: of a promotion, who promoted it.
    pub brought_by: &'a Name,
    pub reason: &'a str,
    pub expires: Option<String>,
    /// Whether that was changed in several ways since a merge; `expires` is the earliest.
    pub expiry_conflict: bool,
    /// The versions that are said to hold the same value.
    pub same_value_as: &'a [ObjectId],
    /// Those of them that another secret has: what it was renamed or copied from.
    pub from: Vec<&'a OtherVersionView>,
    /// The log entry that put or promoted it.
    pub entry: EntryId,
}

/// A version of another secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherVersionView {
    pub secret: SecretName,
    pub version: usize,
}

impl<'a> SecretVersionsView<'a> {
    /// The latest first. `others` are the versions of other secrets, by id, as far as they are known.
    pub fn of(
        secret: &'a SecretName,
        state: &'a SecretState,
        others: &'a BTreeMap<ObjectId, OtherVersionView>,
        now: UnixTime,
    ) -> Self {
        let latest_first = state.versions.iter().rev();
        let versions = latest_first.map(|version| VersionView::of(state, version, others, now));
        Self { secret, versions: versions.collect() }
    }
}

impl<'a> VersionView<'a> {
    fn of(
        state: &SecretState,
        version: &'a Version,
        others: &'a BTreeMap<ObjectId, OtherVersionView>,
        now: UnixTime,
    ) -> Self {
        Self {
            version: version.number,
            id: version.object,
            date: rfc3339(version.ts),
            state: state.status(version, now).as_str(),
            current: state.current == Some(version.object),
            retired: version.retired,
            overruled: is_overruled(version),
            author: &version.author,
            brought_by: &version.brought_by,
            reason: &version.reason,
            expires: version.expires.map(rfc3339),
            expiry_conflict: version.expiry_conflict,
            same_value_as: &version.same,
            from: version.same.iter().filter_map(|id| others.get(id)).collect(),
            entry: version.entry,
        }
    }
}

/// Whether a version sets nothing that could be brought back.
pub const fn is_overruled(version: &Version) -> bool {
    version.overruled && !version.pruned && !version.removed
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::state::VersionStatus;
    use crate::report::view::testing::{Examples, ID, hold, json, name, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("secret-versions", lists)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn lists() -> Vec<Value> {
        use VersionStatus::{Active, Conflicting, Expired, Pruned, Removed, Replaced, Retired};
        let (secret, author, brought_by) = (&secret(), &name("admin"), &name("bot"));
        let other = OtherVersionView { secret: secret.clone(), version: 1 };
        let view = |status: VersionStatus| VersionView {
            version: 2,
            id: ObjectId(ID.0),
            date: rfc3339(UnixTime::from_secs(1_800_000_000)),
            state: status.as_str(),
            current: status == Active,
            retired: status == Retired,
            overruled: false,
            author,
            brought_by,
            reason: "new key",
            expires: (status == Expired).then(|| rfc3339(UnixTime::from_secs(1_800_000_000))),
            expiry_conflict: false,
            same_value_as: &[ObjectId(ID.0)],
            from: vec![&other],
            entry: EntryId(ID.0),
        };
        let states = [Active, Conflicting, Replaced, Retired, Removed, Expired, Pruned];
        vec![json(&SecretVersionsView { secret, versions: states.map(view).into() })]
    }
}
