//! Whether a place is one of a vault's own: by what the history of its repository begins with, and by
//! whether the folder that stands there is the one that was known.

use super::session::Session;
use crate::store::file::find::FOLDER;
use crate::store::file::git_folder::git_common_dir;
use crate::store::git::roots as git_roots;
use crate::store::git::roots::History;
use crate::store::state::pins::{Here, Home, KnownVault, PinError};
use crate::store::sys;
use std::path::Path;
use v_secure_core::crypto::id::VaultId;

impl Session {
    /// Whether a vault that is known, from here or elsewhere, stands in what may be another project.
    pub(crate) fn is_new_here(
        &self,
        known: &KnownVault,
        vault: &VaultId,
    ) -> Result<bool, PinError> {
        let is_known_place = match &known.here {
            Some(here) => !self.is_another(here),
            None => self.is_around(known, vault)?,
        };
        if is_known_place || known.chain.is_none() {
            return Ok(false);
        }
        Ok(!self.is_at_home(vault)?)
    }

    /// Whether the project that the place is in is one of the vault's, and not another one that stands
    /// where that was.
    fn is_around(&self, known: &KnownVault, vault: &VaultId) -> Result<bool, PinError> {
        if known.around.is_empty() {
            return Ok(false);
        }
        let homes = self.homes(vault)?;
        let stands = |path: &Path| {
            let mut there = homes.iter().filter(|home| home.path == path);
            there.any(|home| home.born.is_none() || is_still_there(home))
        };
        Ok(known.around.iter().any(|one| one.vault == *vault && stands(Path::new(&one.path))))
    }

    /// Whether a known vault may stand at a place that is new: in no history at all, or in one that
    /// goes back to where it was accepted and to nothing else.
    fn is_at_home(&self, vault: &VaultId) -> Result<bool, PinError> {
        let homes = self.homes(vault)?;
        let is_known = |folder: &Path| match git_roots::whole_history(folder) {
            History::None => true,
            History::Unclear => false,
            History::Roots(roots) => homes.iter().any(|home| reaches(home, &roots)),
        };
        let project = &self.location.project;
        // A submodule is what the repository around it says: each of them has to be the vault's.
        let around = project.ancestors().skip(1).filter(|folder| git_roots::is_root(folder));
        Ok(is_known(project) && around.into_iter().all(is_known))
    }

    /// Whether another folder stands where one was known: it may be another project's. Asked of the
    /// folder alone, since every command asks.
    fn is_another(&self, here: &Here) -> bool {
        here.born.is_some() && here.born != self.born()
    }

    /// By what a folder is told from another one at the same path: that of the repository, which all
    /// working trees share, or else of the project. Not that of the vault, which git makes anew.
    pub(crate) fn born(&self) -> Option<String> {
        sys::born(self.location.git_common_dir.as_deref().unwrap_or(&self.location.project))
    }

    /// What the history of the place's repository begins with, for what is to be kept. Asked once, when it
    /// has begun: who has push rights can merge another one in, which must not become one of the vault's.
    pub(crate) fn roots(&self, here: Option<&Here>) -> Option<Vec<String>> {
        match here {
            Some(Here { roots: Some(roots), .. })
                if here.is_some_and(|here| !self.is_another(here)) || self.goes_on(roots) =>
            {
                Some(roots.clone())
            }
            // It was used before there was a commit. What was merged in since is not to be told from what
            // it began with.
            Some(Here { roots: None, .. }) => {
                let alone = || begun_alone(&self.location.project).into_iter().collect();
                (self.begun()? != History::None).then(alone)
            }
            _ => match self.begun()? {
                History::None => None,
                History::Roots(roots) => Some(roots),
                History::Unclear => Some(Vec::new()),
            },
        }
    }

    /// The same where a person has accepted what is there: what git did not say before may be said now.
    pub(crate) fn accepted_roots(&self, here: Option<&Here>) -> Option<Vec<String>> {
        let known = here.and_then(|here| here.roots.as_ref());
        match known.filter(|roots| self.goes_on(roots)) {
            Some(roots) => Some(roots.clone()),
            None => self.roots(None),
        }
    }

    /// The history that is checked out; `None` before the first commit.
    fn begun(&self) -> Option<History> {
        let common_dir = self.location.git_common_dir.as_deref()?;
        git_roots::has_commits(common_dir).then(|| git_roots::history(&self.location.project))
    }

    /// Whether the history here still has what it began with.
    fn goes_on(&self, roots: &[String]) -> bool {
        !roots.is_empty()
            && matches!(self.begun(), Some(History::Roots(now)) if roots.iter().all(|root| now.contains(root)))
    }
}

/// The one commit that all of a repository goes back to; `None` where there are more.
fn begun_alone(project: &Path) -> Option<String> {
    match git_roots::whole_history(project) {
        History::Roots(mut roots) if roots.len() == 1 => roots.pop(),
        _ => None,
    }
}

/// Whether a history that begins with `roots` goes back to what the vault's home began with.
fn reaches(home: &Home, roots: &[String]) -> bool {
    let project = home.path.parent().unwrap_or(&home.path);
    let known = match &home.roots {
        Some(known) => known.clone(),
        None => match is_still_there(home).then(|| begun_alone(project)).flatten() {
            Some(root) => vec![root],
            None => return false,
        },
    };
    let other: Vec<String> = roots.iter().filter(|one| !known.contains(one)).cloned().collect();
    // Of a shallow clone, where the history was cut off.
    other.is_empty() || (project.is_dir() && git_roots::go_back_to(project, &other, &known))
}

/// Whether the folder of a home is the one that it was when the vault was used there, which may have
/// become a repository since.
fn is_still_there(home: &Home) -> bool {
    let Some(folder) = home.path.parent() else { return false };
    let project = folder.parent().filter(|_| folder.ends_with(FOLDER)).unwrap_or(folder);
    let repository = git_common_dir(project);
    let now = [repository.as_deref(), Some(project)].into_iter().flatten().map(sys::born);
    home.born.is_some() && now.into_iter().any(|born| born == home.born)
}
