//! `secret show`.

use super::row::SecretView;
use super::versions::is_overruled;
use crate::convert::duration::rfc3339;
use crate::log::state::{SecretState, Version};
use crate::name::Name;
use crate::report::view::access::is_unsettled;
use crate::secret::list::Listed;
use crate::secret::rotation_due::Ages;
use crate::time::UnixTime;
use crate::vault::Vault;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize)]
pub struct SecretShowView<'a> {
    #[serde(flatten)]
    pub row: SecretView<'a>,
    /// The generator of its values, if it has one.
    pub generate: Option<&'a str>,
    pub versions: usize,
    pub created: String,
    /// The roles that may read it, and their members.
    pub audience: Vec<String>,
    pub readers: BTreeSet<&'a Name>,
    /// The numbers of the active versions, where there are several.
    pub conflict: BTreeSet<usize>,
    /// Fields with values that differ since a merge: the losing ones.
    pub field_conflicts: BTreeMap<&'a str, &'a [Option<String>]>,
    /// The numbers of the versions whose expiry was changed in several ways since a merge.
    pub expiry_conflict: Vec<usize>,
    /// The numbers of the versions that set nothing, since what they rotate was removed.
    pub overruled: Vec<usize>,
    /// Whether a current value is wrapped for other readers than the grants say.
    pub unsettled: bool,
}

impl<'a> SecretShowView<'a> {
    pub fn of(vault: &'a Vault, listed: &Listed<'a>, ages: &Ages<'a>) -> Self {
        let Listed { name, state, .. } = *listed;
        let policy = vault.policy();
        let audience = policy.audience_of(name);
        let active = state.active().map(|version| version.number);
        Self {
            row: SecretView::of(listed, ages),
            generate: state.generate(),
            versions: state.versions.len(),
            created: rfc3339(state.versions.first().map_or(UnixTime::MIN, |first| first.ts)),
            readers: policy.members_of(&audience),
            audience: audience.split('+').map(str::to_owned).collect(),
            conflict: if state.is_conflict() { active.collect() } else { BTreeSet::new() },
            field_conflicts: field_conflicts(state),
            expiry_conflict: numbers(state, |version| version.expiry_conflict && !version.pruned),
            overruled: numbers(state, is_overruled),
            unsettled: is_unsettled(vault, name),
        }
    }
}

fn numbers(state: &SecretState, which: impl Fn(&Version) -> bool) -> Vec<usize> {
    state.versions.iter().filter(|v| which(v)).map(|version| version.number).collect()
}

fn field_conflicts(state: &SecretState) -> BTreeMap<&str, &[Option<String>]> {
    let conflicting = state.fields.iter().filter(|(_, register)| !register.others.is_empty());
    conflicting.map(|(field, register)| (field.as_str(), &register.others[..])).collect()
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::secret::row;
    use crate::report::view::testing::{Examples, hold, json, name, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("secret-show", shown)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn shown() -> Vec<Value> {
        let (secret, who) = (&secret(), &name("admin"));
        let others = [Some("old".to_owned()), None];
        let view = |(row, generate)| {
            json(&SecretShowView {
                row,
                generate,
                versions: 3,
                created: rfc3339(UnixTime::from_secs(1_800_000_000)),
                audience: vec!["dev".into(), "ops".into()],
                readers: BTreeSet::from([who]),
                conflict: BTreeSet::from([2, 3]),
                field_conflicts: BTreeMap::from([("description", &others[..])]),
                expiry_conflict: vec![2],
                overruled: vec![3],
                unsettled: true,
            })
        };
        let generators = [Some("hex:32")].into_iter().chain(std::iter::repeat(None));
        row::examples(secret, who).into_iter().zip(generators).map(view).collect()
    }
}
