//! `env copy`, `env list`, `env rm`.

use crate::name::SecretName;
use crate::name::environment::EnvironmentName;
use crate::secret::list::ListedEnvironment;
use serde::Serialize;

#[derive(Serialize)]
pub struct EnvListView<'a> {
    pub environments: Vec<EnvironmentView<'a>>,
}

/// An environment, with the numbers of its own secrets.
#[derive(Serialize)]
pub struct EnvironmentView<'a> {
    pub name: &'a EnvironmentName,
    pub secrets: usize,
    pub expired: usize,
    pub extends: Option<&'a EnvironmentName>,
}

#[derive(Serialize)]
pub struct EnvCopyView<'a> {
    pub from: &'a EnvironmentName,
    pub to: &'a EnvironmentName,
    pub secrets: Vec<&'a SecretName>,
}

#[derive(Serialize)]
pub struct EnvRmView<'a> {
    pub environment: &'a EnvironmentName,
    pub secrets: &'a [SecretName],
}

impl<'a> From<&'a ListedEnvironment> for EnvironmentView<'a> {
    fn from(listed: &'a ListedEnvironment) -> Self {
        Self {
            name: &listed.name,
            secrets: listed.secrets,
            expired: listed.expired,
            extends: listed.extends.as_ref(),
        }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, environment, hold, json, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] =
        &[("env-copy", copies), ("env-list", lists), ("env-rm", removals)];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn copies() -> Vec<Value> {
        let (from, to) = (&environment("staging"), &environment("prod"));
        vec![json(&EnvCopyView { from, to, secrets: vec![&secret()] })]
    }

    fn lists() -> Vec<Value> {
        let listed = |extends: Option<&str>| {
            let (name, extends) = (environment("prod"), extends.map(environment));
            ListedEnvironment { name, secrets: 3, expired: 1, extends }
        };
        let listed = [listed(None), listed(Some("base"))];
        vec![json(&EnvListView {
            environments: listed.iter().map(EnvironmentView::from).collect(),
        })]
    }

    fn removals() -> Vec<Value> {
        vec![json(&EnvRmView { environment: &environment("prod"), secrets: &[secret()] })]
    }
}
