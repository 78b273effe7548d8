//! `owner list`, `owner threshold`. What `owner add` and `owner remove` print is that of the role's commands.

use super::effects::EffectsView;
use crate::name::Name;
use crate::policy::state::PolicyState;
use serde::Serialize;

#[derive(Serialize)]
pub struct OwnerListView<'a> {
    /// How many of them must sign.
    pub threshold: usize,
    pub owners: Vec<OwnerView<'a>>,
}

#[derive(Serialize)]
pub struct OwnerView<'a> {
    pub member: &'a Name,
    pub kind: &'static str,
    /// Without one the owner cannot sign.
    pub devices: Vec<&'a Name>,
}

impl<'a> From<&'a PolicyState> for OwnerListView<'a> {
    fn from(state: &'a PolicyState) -> Self {
        let found = state.owners().filter_map(|name| Some((name, state.member(name)?)));
        let owners = found.map(|(member, found)| OwnerView {
            member,
            kind: found.kind.as_str(),
            devices: found.keys.keys().collect(),
        });
        Self { threshold: state.threshold(), owners: owners.collect() }
    }
}

#[derive(Serialize)]
pub struct OwnerThresholdView<'a> {
    pub threshold: u32,
    /// How many owners there are.
    pub owners: usize,
    pub changed: bool,
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::audience::AudienceName;
    use crate::policy::op::MemberKind;
    use crate::report::view::role::{RoleJoinView, RoleLeaveView};
    use crate::report::view::testing::{Examples, hold, json, name};
    use crate::report::view::{effects, giving, narrowed};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[
        ("owner-list", listed),
        ("owner-threshold", thresholds),
        ("owner-add", added),
        ("owner-remove", removed),
    ];

    fn added() -> Vec<Value> {
        let (role, member, gives) = (&name("owner"), &name("backend"), &giving::examples()[..]);
        let view =
            |effects: &_| json(&RoleJoinView { role, member, changed: true, gives, effects });
        effects::examples().iter().map(view).collect()
    }

    fn removed() -> Vec<Value> {
        let (role, member) = (&name("owner"), &name("backend"));
        let renewed = [AudienceName::new("owner")];
        let view = |effects: &_| {
            let narrowed = &narrowed::example(&renewed, effects);
            json(&RoleLeaveView { role, member, changed: true, narrowed })
        };
        effects::examples().iter().map(view).collect()
    }

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn listed() -> Vec<Value> {
        let (member, device) = (&name("admin"), &name("laptop"));
        let kinds = [MemberKind::User, MemberKind::Service, MemberKind::Agent];
        let owners =
            kinds.map(|kind| OwnerView { member, kind: kind.as_str(), devices: vec![device] });
        vec![json(&OwnerListView { threshold: 2, owners: owners.into() })]
    }

    fn thresholds() -> Vec<Value> {
        let view = |effects: &_| {
            json(&OwnerThresholdView { threshold: 2, owners: 3, changed: true, effects })
        };
        effects::examples().iter().map(view).collect()
    }
}
