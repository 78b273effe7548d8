//! The vaults that git's index names, for whoever looks into files beside them.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::store::file::find::{FOLDER, Location};
use crate::store::git::command as git_command;
use std::path::{Path, PathBuf};
use v_secure_core::vault::{Depth, Vault};

/// The vaults of the repository, in whatever folders: a file is none of one vault's. Nobody verified them:
/// a wrong name costs a question more.
pub fn vaults(context: &Context<'_>, here: &Path, root: &Path) -> Vec<Vault> {
    let open = |path: PathBuf| -> Outcome<Vault> {
        Ok(context.session_at(location(root, &path)?)?.open(Depth::Unverified)?.vault)
    };
    git_command::vaults_of_index(here).into_iter().filter_map(|path| open(path).ok()).collect()
}

/// The place that a path relative to the root names. The folder may be missing in the working tree:
/// only the index counts.
pub fn location(root: &Path, path: &Path) -> Outcome<Location> {
    let project = path.parent().filter(|folder| folder.ends_with(FOLDER)).and_then(Path::parent);
    Ok(Location::in_project(&root.join(project.unwrap_or(Path::new(""))))?)
}
