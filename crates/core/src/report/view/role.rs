//! `role create`, `role join`, `role leave`, `role list`, `role rm`.

use super::effects::EffectsView;
use super::giving::GivenView;
use super::narrowed::NarrowedView;
use crate::name::{Name, Pattern};
use crate::policy::state::PolicyState;
use serde::Serialize;

#[derive(Serialize)]
pub struct RoleCreateView<'a> {
    pub role: &'a Name,
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[derive(Serialize)]
pub struct RoleJoinView<'a> {
    pub role: &'a Name,
    pub member: &'a Name,
    pub changed: bool,
    pub gives: &'a [GivenView],
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[derive(Serialize)]
pub struct RoleLeaveView<'a> {
    pub role: &'a Name,
    pub member: &'a Name,
    pub changed: bool,
    #[serde(flatten)]
    pub narrowed: &'a NarrowedView<'a>,
}

#[derive(Serialize)]
pub struct RoleRmView<'a> {
    pub role: &'a Name,
    pub members: &'a [Name],
    #[serde(flatten)]
    pub narrowed: &'a NarrowedView<'a>,
}

#[derive(Serialize)]
pub struct RoleListView<'a> {
    pub roles: Vec<RoleView<'a>>,
}

#[derive(Serialize)]
pub struct RoleView<'a> {
    pub role: &'a Name,
    pub members: Vec<&'a Name>,
    pub grants: Vec<RoleGrantView>,
}

#[derive(Serialize)]
pub struct RoleGrantView {
    pub pattern: Pattern,
    pub rights: String,
}

impl<'a> From<&'a PolicyState> for RoleListView<'a> {
    fn from(state: &'a PolicyState) -> Self {
        let roles = state.roles().map(|(name, role)| RoleView {
            role: name,
            members: role.members().collect(),
            grants: RoleGrantView::all(state, name),
        });
        Self { roles: roles.collect() }
    }
}

impl RoleGrantView {
    fn all(state: &PolicyState, role: &Name) -> Vec<Self> {
        let grants = state.grants_of(role).into_iter();
        grants.map(|(pattern, rights)| Self { pattern, rights: rights.to_string() }).collect()
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::audience::AudienceName;
    use crate::report::view::testing::{Examples, hold, json, name, pattern};
    use crate::report::view::{effects, giving, narrowed};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[
        ("role-create", created),
        ("role-join", joined),
        ("role-leave", left),
        ("role-list", listed),
        ("role-rm", removed),
    ];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn created() -> Vec<Value> {
        let role = &name("developer");
        let view = |effects: &_| json(&RoleCreateView { role, effects });
        effects::examples().iter().map(view).collect()
    }

    fn joined() -> Vec<Value> {
        let (role, member, gives) = (&name("developer"), &name("backend"), &giving::examples()[..]);
        let view =
            |effects: &_| json(&RoleJoinView { role, member, changed: true, gives, effects });
        effects::examples().iter().map(view).collect()
    }

    fn left() -> Vec<Value> {
        let (role, member, renewed) =
            (&name("developer"), &name("backend"), [AudienceName::new("dev")]);
        let view = |effects: &_| {
            let narrowed = &narrowed::example(&renewed, effects);
            json(&RoleLeaveView { role, member, changed: true, narrowed })
        };
        effects::examples().iter().map(view).collect()
    }

    fn removed() -> Vec<Value> {
        let (role, members, renewed) =
            (&name("developer"), &[name("backend")], [AudienceName::new("dev")]);
        let view = |effects: &_| {
            let narrowed = &narrowed::example(&renewed, effects);
            json(&RoleRmView { role, members, narrowed })
        };
        effects::examples().iter().map(view).collect()
    }

    fn listed() -> Vec<Value> {
        let (role, member) = (&name("developer"), &name("backend"));
        let grants = vec![RoleGrantView { pattern: pattern("dev/*"), rights: "read".into() }];
        vec![json(&RoleListView { roles: vec![RoleView { role, members: vec![member], grants }] })]
    }
}
