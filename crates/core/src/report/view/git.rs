//! `git install`, `git resolve`.

use crate::name::SecretName;
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
        vec![json(&GitResolveView { changed: true, conflicts })]
    }
}
