//! Which of git's variables go on to a git command of ours: those about the vault's own repository.
//!
//! A hook runs with variables that name its repository (`git rev-parse --local-env-vars`). Of
//! another one they would give answers about another index. Which repository is meant is decided by
//! the folder, as everywhere; only the index of a commit that is being made counts besides.

use crate::host::Environment;
use crate::store::file::git_folder::root_and_git_dir;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What names a repository or a part of one. Settings (`GIT_CONFIG_PARAMETERS`, `GIT_CONFIG_COUNT`)
/// are not here: they are the user's word for every repository, and git hands them on to others too.
const LOCAL: [&str; 13] = [
    ALTERNATES,
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    DIR,
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    INDEX,
    "GIT_NAMESPACE",
    OBJECTS,
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    TREE,
];

const ALTERNATES: &str = "GIT_ALTERNATE_OBJECT_DIRECTORIES";
const OBJECTS: &str = "GIT_OBJECT_DIRECTORY";
const DIR: &str = "GIT_DIR";
const INDEX: &str = "GIT_INDEX_FILE";
const TREE: &str = "GIT_WORK_TREE";

/// Lets a command that asks about `folder` see the variables of that folder's repository alone.
pub(crate) fn settle(command: &mut Command, folder: &Path, environment: &dyn Environment) {
    let Some(here) = environment.current_dir().ok().and_then(|here| here.canonicalize().ok())
    else {
        return remove(command, &LOCAL);
    };
    let path = |name| environment.variable(name).map(|value| here.join(value));
    let folder = here.join(folder);
    match root_and_git_dir(&folder.canonicalize().unwrap_or(folder.clone())) {
        Some((root, own)) => {
            let named = path(DIR).map(|dir| is_same(&dir, &own));
            let index = environment.variable(INDEX).map(|index| root.join(index));
            let keeps_index =
                named.unwrap_or(true) && index.is_some_and(|index| is_of(&index, &own));
            let keeps = |name: &str| match name {
                INDEX => keeps_index,
                // Of a push that is not accepted yet: objects are nowhere else.
                OBJECTS | ALTERNATES => named == Some(true),
                _ => false,
            };
            remove(command, LOCAL.iter().filter(|name| !keeps(name)));
        }
        // A working tree whose repository only the variables know, such as a home folder's.
        None => match (path(DIR), path(TREE)) {
            (Some(dir), Some(tree)) if holds(&tree, &folder) => {
                command.env(DIR, dir).env(TREE, tree);
            }
            _ => remove(command, &LOCAL),
        },
    }
}

fn remove<'a>(command: &mut Command, names: impl IntoIterator<Item = &'a &'static str>) {
    for name in names {
        command.env_remove(name);
    }
}

/// Whether an index may be one of the repository `own`: it is there, and in no other's folder.
fn is_of(index: &Path, own: &Path) -> bool {
    let Some(folder) = index.parent().and_then(|folder| folder.canonicalize().ok()) else {
        return false;
    };
    index.exists() && (folder == own || !folder.join("HEAD").exists())
}

fn is_same(path: &Path, own: &PathBuf) -> bool {
    path.canonicalize().is_ok_and(|path| path == *own)
}

fn holds(tree: &Path, folder: &Path) -> bool {
    match (tree.canonicalize(), folder.canonicalize()) {
        (Ok(tree), Ok(folder)) => folder.starts_with(tree),
        _ => false,
    }
}
