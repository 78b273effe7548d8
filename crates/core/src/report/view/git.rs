//! `git install`, `git resolve`.

use crate::log::history;
use crate::log::op::Op;
use crate::name::SecretName;
use crate::secret::carry::LeftOut;
use crate::secret::take_back::{Left, Step};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
pub struct GitInstallView<'a> {
    pub hook: &'a Path,
    /// The same for a merge that git commits by itself.
    pub merge_hook: &'a Path,
    /// The same for a revert.
    pub revert_hook: &'a Path,
    /// Whether anything had to be written.
    pub changed: bool,
    /// Git's files beside the vault that were written.
    pub files: &'a [PathBuf],
}

#[derive(Serialize)]
pub struct GitResolveView<'a> {
    /// Whether there was anything to unite.
    pub changed: bool,
    /// Secrets of which several values are active.
    pub conflicts: &'a [SecretName],
    /// Of a commit that is picked or taken back: what was made of it, as changes of their own.
    pub again: &'a [AgainView],
    /// What was not.
    pub left: &'a [NotAgainView],
}

#[derive(Debug, Serialize)]
pub struct AgainView {
    pub action: &'static str,
    pub secret: String,
    /// The field, or the version whose value it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct NotAgainView {
    pub what: String,
    pub why: String,
}

impl From<&Step> for AgainView {
    fn from(step: &Step) -> Self {
        let detail = match step {
            Step::Value { number, .. } => Some(format!("the value of version {number}")),
            Step::Field { field, .. } => Some(field.clone()),
            Step::Restore { .. } | Step::Remove { .. } | Step::Expire { .. } => None,
        };
        Self { action: step.action(), secret: step.secret().to_string(), detail }
    }
}

impl From<&Op> for AgainView {
    fn from(op: &Op) -> Self {
        let detail = match op {
            Op::Field(field) => Some(field.field.clone()),
            _ => None,
        };
        let secret = op.secret().map(ToString::to_string).unwrap_or_default();
        Self { action: history::action(op), secret, detail }
    }
}

impl From<&Left> for NotAgainView {
    fn from(left: &Left) -> Self {
        Self { what: left.secret.to_string(), why: left.why.to_string() }
    }
}

impl From<&LeftOut> for NotAgainView {
    fn from(left: &LeftOut) -> Self {
        let secret = left.secret.as_ref().map(ToString::to_string).unwrap_or_default();
        let what = format!("{} {secret}", left.action).trim_end().to_owned();
        Self { what, why: left.why.to_string() }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] =
        &[("git-install", installations), ("git-resolve", resolutions)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn installations() -> Vec<Value> {
        let (hook, merge_hook) =
            (Path::new("hooks/pre-commit"), Path::new("hooks/pre-merge-commit"));
        let files = &[PathBuf::from(".v-secure/.gitattributes")];
        let revert_hook = Path::new("hooks/prepare-commit-msg");
        vec![json(&GitInstallView { hook, merge_hook, revert_hook, changed: true, files })]
    }

    fn resolutions() -> Vec<Value> {
        let conflicts = &[SecretName::parse("prod/A").unwrap()];
        let again = |detail: Option<&str>| AgainView {
            action: "rollback",
            secret: "prod/A".into(),
            detail: detail.map(str::to_owned),
        };
        let again = &[again(None), again(Some("the value of version 1"))];
        let left =
            &[NotAgainView { what: "prod/B".into(), why: "it was changed again since".into() }];
        vec![json(&GitResolveView { changed: true, conflicts, again, left })]
    }
}
