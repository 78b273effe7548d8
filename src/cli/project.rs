//! Where a vault goes that is not there yet, and what git needs beside it.

use super::context::Context;
use super::error::Outcome;
use crate::store::{find, fresh};
use std::path::{Path, PathBuf};

const ATTRIBUTES: &str =
    "# Line ends and merges of a signed file are not git's to change.\nvault.toml -text\n";
const IGNORE: &str = "/.lock\n/.*.tmp-*\n";
const README_MODE: u32 = 0o644;

/// The project of a new vault: the current folder, or what `--vault` says.
pub fn new_project(context: &Context<'_>) -> Outcome<PathBuf> {
    let here = context.current_dir()?;
    Ok(match &context.globals.vault {
        None => here,
        Some(path) if path.ends_with(find::FILE) => {
            // …/.v-secure/vault.toml: the project is the folder above.
            let up = path.parent().and_then(Path::parent).filter(|up| !up.as_os_str().is_empty());
            up.map_or(here.clone(), |up| here.join(up))
        }
        Some(path) => here.join(path),
    })
}

pub fn in_git(project: &Path) -> bool {
    project.ancestors().any(|folder| folder.join(".git").exists())
}

/// Writes what keeps git from changing the vault, where there is a repository and none is there.
pub fn write_git_files(project: &Path) -> Outcome {
    if !in_git(project) {
        return Ok(());
    }
    for (name, text) in [(".gitattributes", ATTRIBUTES), (".gitignore", IGNORE)] {
        let path = project.join(find::FOLDER).join(name);
        if path.symlink_metadata().is_err() {
            fresh::write_new(&path, text.as_bytes(), README_MODE)?;
        }
    }
    Ok(())
}
