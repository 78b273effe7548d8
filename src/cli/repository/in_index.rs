//! The vaults that git's index names, for whoever looks into files beside them.

use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::store::file::find::{FOLDER, Location};
use crate::store::git::index as git_index;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::id::VaultId;
use v_secure_core::policy::settings::Settings;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::{Depth, Vault};

/// The vaults of the repository, in whatever folders: a file is none of one vault's. Nobody verified them:
/// a wrong name costs a question more.
pub fn vaults(context: &Context<'_>, here: &Path, root: &Path) -> Vec<Vault> {
    placed(context, here, root).into_iter().map(|(_, vault)| vault).collect()
}

/// The same, each with its place.
pub fn placed(context: &Context<'_>, here: &Path, root: &Path) -> Vec<(Location, Vault)> {
    let open = |path: PathBuf| -> Outcome<(Location, Vault)> {
        let session = context.session_at(location(root, &path)?)?;
        let vault = session.open(Depth::Unverified)?.vault;
        Ok((session.location, vault))
    };
    git_index::vaults_of_index(here).into_iter().filter_map(|path| open(path).ok()).collect()
}

/// What a vault that this device has accepted says of its project's files.
pub(crate) struct Allowing {
    /// The project's folder, relative to the root.
    project: PathBuf,
    pub vault: VaultId,
    pub settings: Settings,
}

impl Allowing {
    /// The path of a file as the settings name it: `None` for one that is not of the project.
    pub fn within(&self, file: &Path) -> Option<String> {
        let within = file.strip_prefix(&self.project).ok()?.to_str()?;
        Some(within.replace(std::path::MAIN_SEPARATOR, "/"))
    }

    pub fn allows(&self, file: &Path) -> bool {
        self.within(file).is_some_and(|file| self.settings.may_hold_values(&file))
    }
}

/// What the vaults of the index say of files. One that was not accepted, or that is an older state, says nothing:
/// anybody could have written it.
pub(crate) fn allowing(context: &Context<'_>, here: &Path, root: &Path) -> Vec<Allowing> {
    let open = |path: PathBuf| -> Option<Allowing> {
        let session = context.session_at(location(root, &path).ok()?).ok()?;
        // As it stands in the folder, where a setting may wait to be staged, or as it is staged alone.
        let opened = session.open(Depth::Everything).ok().or_else(|| {
            let bytes = git_index::staged(here, &path)?;
            session.open_bytes(&bytes, Depth::Everything).ok()
        })?;
        let is_accepted = opened.pin == PinStatus::Continues && !opened.is_new_here;
        let (vault, settings) = (opened.vault.id(), opened.vault.policy().settings().clone());
        is_accepted.then(|| Allowing { project: project_of(&path), vault, settings })
    };
    git_index::vaults_of_index(here).into_iter().filter_map(open).collect()
}

/// The project's folder, relative to the root, of a vault's path.
pub(crate) fn project_of(path: &Path) -> PathBuf {
    let project = path.parent().filter(|folder| folder.ends_with(FOLDER)).and_then(Path::parent);
    project.unwrap_or(Path::new("")).to_owned()
}

/// The place that a path relative to the root names. The folder may be missing in the working tree:
/// only the index counts.
pub fn location(root: &Path, path: &Path) -> Outcome<Location> {
    Ok(Location::in_project(&root.join(project_of(path)))?)
}
