//! `access grant`, `access list`, `access revoke`, `access settle`.

use super::effects::EffectsView;
use super::giving::GivenView;
use super::narrowed::NarrowedView;
use crate::name::environment::EnvironmentName;
use crate::name::{Name, Pattern, SecretName};
use crate::policy::access::MemberAccess;
use crate::vault::Vault;
use serde::Serialize;

#[derive(Serialize)]
pub struct AccessGrantView<'a> {
    pub role: &'a Name,
    pub pattern: &'a Pattern,
    pub rights: String,
    pub changed: bool,
    /// How many secrets the pattern matches now.
    pub matches: usize,
    pub gives: &'a [GivenView],
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[derive(Serialize)]
pub struct AccessRevokeView<'a> {
    pub role: &'a Name,
    pub pattern: &'a Pattern,
    pub rights: String,
    /// Rights of these that the role has there all the same, by other grants.
    pub still: &'a [String],
    #[serde(flatten)]
    pub narrowed: &'a NarrowedView<'a>,
}

#[derive(Serialize)]
pub struct AccessListView<'a> {
    pub access: Vec<MemberAccessView<'a>>,
    /// Whether some who may read the secret cannot open it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<bool>,
}

#[derive(Serialize)]
pub struct MemberAccessView<'a> {
    pub member: &'a Name,
    pub role: &'a Name,
    pub pattern: &'a Pattern,
    pub rights: Vec<&'static str>,
    /// The environment that is inherited from, if the access is to what is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<&'a EnvironmentName>,
}

impl<'a> From<&'a MemberAccess> for MemberAccessView<'a> {
    fn from(access: &'a MemberAccess) -> Self {
        Self {
            member: &access.member,
            role: &access.role,
            pattern: &access.pattern,
            rights: access.rights.iter().map(|right| right.as_str()).collect(),
            through: access.through.as_ref(),
        }
    }
}

/// Whether a current value is wrapped for other readers than the grants say.
pub fn is_unsettled(vault: &Vault, secret: &SecretName) -> bool {
    let (uid, audience) = (vault.uid(secret), vault.policy().audience_of(secret));
    let versions = vault.secret(secret).into_iter().flat_map(|found| found.active());
    let mut wraps = versions.filter_map(|version| vault.wrap(&uid, &version.live_wrap.wrap));
    wraps.any(|wrap| wrap.audience != audience)
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::audience::AudienceName;
    use crate::policy::op::Right;
    use crate::policy::rights::Rights;
    use crate::report::view::testing::{Examples, environment, hold, json, name, pattern};
    use crate::report::view::{effects, giving, narrowed};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[
        ("access-grant", grants),
        ("access-list", lists),
        ("access-revoke", revocations),
        ("access-settle", settlements),
    ];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn grants() -> Vec<Value> {
        let (role, pattern) = (&name("developer"), &pattern("dev/*"));
        let (rights, gives) = (|| "read,write".to_owned(), &giving::examples()[..]);
        let view = |effects: &EffectsView| {
            let (changed, matches) = (true, 3);
            json(&AccessGrantView {
                role,
                pattern,
                rights: rights(),
                changed,
                matches,
                gives,
                effects,
            })
        };
        effects::examples().iter().map(view).collect()
    }

    fn revocations() -> Vec<Value> {
        let (role, pattern, renewed) =
            (&name("developer"), &pattern("dev/*"), [AudienceName::new("dev")]);
        let still = &["read:dev/DB_*".to_owned()];
        let view = |effects: &EffectsView| {
            let narrowed = &narrowed::example(&renewed, effects);
            json(&AccessRevokeView { role, pattern, rights: "read".into(), still, narrowed })
        };
        effects::examples().iter().map(view).collect()
    }

    fn lists() -> Vec<Value> {
        let access = |through: Option<&str>| MemberAccess {
            member: name("admin"),
            role: name("developer"),
            pattern: pattern("dev/*"),
            rights: [Right::Read, Right::Write].into_iter().collect::<Rights>(),
            through: through.map(environment),
        };
        let found = [access(None), access(Some("base"))];
        let list = |unsettled| {
            let access = found.iter().map(MemberAccessView::from).collect();
            json(&AccessListView { access, unsettled })
        };
        vec![list(None), list(Some(true))]
    }

    fn settlements() -> Vec<Value> {
        effects::examples().iter().map(json).collect()
    }
}
