//! What brings back the files of a closed history, by where git has them. The commands hold wherever they are typed: a
//! vault may be named from outside of its repository.

use crate::cli::output::shell_word;
use crate::engine::history::{self, FOLDER};
use crate::store::file::read::{self, VAULT_LIMIT};
use crate::store::git::closed::{Kept, kept};
use crate::store::git::command as git_command;
use std::path::Path;

/// What finds say that know of no repository, in words of a vault in the current folder.
const ANYWHERE: &str = "git checkout --ignore-skip-worktree-bits -- .v-secure/history";

/// For a file of the history that is not there, or is another one.
pub fn ways_back(vault: &Path, name: &str) -> Vec<String> {
    let Some((folder, word)) = vault.parent().and_then(|at| Some((at, shell_word::path(at)?)))
    else {
        return vec![ANYWHERE.to_owned()];
    };
    let git = format!("git -C {word}");
    match kept_beside(folder, name) {
        Some(Kept::Nowhere) => elsewhere(folder, vault, name, &git),
        Some(kept) => vec![checkout(&git, &kept, FOLDER)],
        None => vec![
            "v-secure backup restore FILE  # or bring .v-secure/history from another copy of the vault"
                .to_owned(),
        ],
    }
}

/// For versions that are not in the files of them, whichever file should have them.
pub(crate) fn ways_back_to_versions(vault: &Path) -> Vec<String> {
    let bytes = read::read(vault, VAULT_LIMIT).map(|found| found.bytes).unwrap_or_default();
    let names = history::names(&bytes);
    let folder = vault.parent().unwrap_or(Path::new("."));
    let mut versions = names.iter().filter(|name| !history::is_segment(name));
    let found = versions
        .clone()
        .find(|name| !matches!(kept_beside(folder, name), None | Some(Kept::Nowhere)));
    match found.or_else(|| versions.next()) {
        Some(name) => ways_back(vault, name),
        None => vec![ANYWHERE.to_owned()],
    }
}

/// A hint in words of a vault in the current folder, in words that hold.
pub(crate) fn placed(vault: &Path, hint: String) -> String {
    match hint == ANYWHERE {
        true => ways_back_to_versions(vault).into_iter().next().unwrap_or(hint),
        false => hint,
    }
}

/// The command for the files of a folder.
pub(crate) fn checkout(git: &str, kept: &Kept, folder: &str) -> String {
    match kept {
        Kept::Index | Kept::Nowhere => {
            format!("{git} checkout --ignore-skip-worktree-bits -- {folder}")
        }
        Kept::LastCommit => format!(
            "{git} checkout --ignore-skip-worktree-bits HEAD -- {folder}  # as the last commit has it"
        ),
        Kept::Commit(commit) => format!(
            "{git} checkout --ignore-skip-worktree-bits {commit} -- {folder}  # a commit that has it"
        ),
    }
}

fn kept_beside(folder: &Path, name: &str) -> Option<Kept> {
    let is_there = history::read_beside(&folder.join(FOLDER), name).is_some();
    kept(folder, &format!("{FOLDER}/{name}"), is_there)
}

/// What no commit here has: the closing was not committed with its files, or another clone has them.
fn elsewhere(folder: &Path, vault: &Path, name: &str, git: &str) -> Vec<String> {
    let fetch = format!("{git} fetch --all  # a commit of another clone may have it");
    let file = vault.file_name().and_then(|name| name.to_str());
    let last = file.and_then(|file| git_command::show(folder, "HEAD", &Path::new(".").join(file)));
    let word = file.and_then(|file| shell_word::path(Path::new(file)));
    match (last, word) {
        (Some(last), Some(word)) if !history::names(&last).contains(name) => vec![
            format!(
                "{git} checkout HEAD -- {word}  # from before the closing, with all of it; what was written since then is lost. Then: v-secure pin accept"
            ),
            fetch,
        ],
        _ => vec![fetch],
    }
}
