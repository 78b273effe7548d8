//! Where a base of comparison comes from: a git revision, or a file.

use crate::store::file::find::Location;
use crate::store::file::read;
use crate::store::file::read::ReadError;
use crate::store::git::command as git_command;
use std::path::{Path, PathBuf};
use v_secure_core::file::format::MAX_FILE;

/// Why there is nothing to compare with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaseError {
    #[error("git does not know the revision '{revision}' here")]
    NoRevision { revision: String },
    #[error("'{revision}' is a revision, and the program git is not there to look it up")]
    NoGit { revision: String },
    #[error("'{revision}' is a revision, and the vault is in no git repository")]
    NoRepository { revision: String },
    /// git takes the tag, which anybody with push rights makes: it comes with a fetch.
    #[error("'{revision}' is ambiguous: it may be any of {}", refs.join(", "))]
    Ambiguous { revision: String, refs: Vec<String> },
    #[error("there is no vault at this path in the revision '{revision}'")]
    NoVault { revision: String },
    /// No fetch is begun for it: that runs what a configuration names.
    #[error("the revision '{revision}' has a vault, and this clone has not fetched its bytes")]
    NotFetched { revision: String, folder: PathBuf, path: PathBuf },
    #[error("the base cannot be read")]
    File(#[from] ReadError),
}

/// Whether `text` means a file: it begins with `.` or `/`, or ends with `.toml`.
///
/// Decided by the text alone. What is on disk must not decide: a repository could hold a file
/// `origin/main` to be compared with in place of the branch.
pub fn is_file(text: &str) -> bool {
    text.starts_with('.') || Path::new(text).is_absolute() || text.ends_with(".toml")
}

/// The bytes of the base that `text` names; a file is relative to `here`.
pub fn read(location: &Location, here: &Path, text: &str) -> Result<Vec<u8>, BaseError> {
    if is_file(text) {
        return Ok(read::read(&here.join(text), MAX_FILE as u64)?.bytes);
    }
    let revision = || text.to_owned();
    if location.git_common_dir.is_none() {
        return Err(BaseError::NoRepository { revision: revision() });
    }
    let name = short_name(text);
    let refs = git_command::meanings(&location.folder, name);
    if refs.len() > 1 {
        return Err(BaseError::Ambiguous { revision: revision(), refs });
    }
    // git would go on to look for a tag that is called `refs/…`.
    if name.starts_with("refs/") && refs.is_empty() {
        return Err(BaseError::NoRevision { revision: revision() });
    }
    let Some(commit) = git_command::commit(&location.folder, text) else {
        if !git_command::is_there() {
            return Err(BaseError::NoGit { revision: revision() });
        }
        return Err(BaseError::NoRevision { revision: revision() });
    };
    // `./` makes git take the path from the folder that it runs in.
    let name = Path::new(".").join(location.vault.file_name().unwrap_or_default());
    match committed(&location.folder, &commit, &name) {
        Ok(found) => found.ok_or_else(|| BaseError::NoVault { revision: revision() }),
        Err(BaseError::NotFetched { folder, path, .. }) => {
            Err(BaseError::NotFetched { revision: revision(), folder, path })
        }
        Err(error) => Err(error),
    }
}

/// The vault of a commit, at a path as in `REV:PATH`; none where the commit has none there.
///
/// # Errors
/// The commit has one that this clone left out.
pub(crate) fn committed(
    folder: &Path,
    commit: &str,
    path: &Path,
) -> Result<Option<Vec<u8>>, BaseError> {
    let found = git_command::show(folder, commit, path);
    if found.is_none() && git_command::is_left_out(folder, commit, path) {
        let (revision, folder, path) = (commit.to_owned(), folder.to_owned(), path.to_owned());
        return Err(BaseError::NotFetched { revision, folder, path });
    }
    Ok(found)
}

/// The name that a revision begins with; empty for `HEAD`, which no ref stands in for. A name may have an
/// `@` in it.
fn short_name(revision: &str) -> &str {
    let ends = [revision.find(['~', '^', ':']), revision.find("@{")];
    let end = ends.into_iter().flatten().min().unwrap_or(revision.len());
    let name = &revision[..end];
    if name == "HEAD" { "" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_begins_with_a_name_but_for_the_head() {
        let revisions = [
            "origin/main",
            "main~2",
            "v1^{commit}",
            "main@{1}",
            "a@b/main",
            "old_HEAD",
            "HEAD~1",
            "HEAD@{1}",
        ];
        let names = ["origin/main", "main", "v1", "main", "a@b/main", "old_HEAD", "", ""];
        assert_eq!(revisions.map(short_name), names);
    }

    #[test]
    fn a_branch_is_never_taken_for_a_file() {
        for revision in ["main", "origin/main", "HEAD~1", "v1.2", "-x"] {
            assert!(!is_file(revision), "{revision}");
        }
        for file in ["./main", "../old/vault.toml", "/tmp/old", "old.toml", ".v-secure/vault.toml"]
        {
            assert!(is_file(file), "{file}");
        }
    }
}
