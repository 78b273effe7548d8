//! The sides of a merge or rebase that is not finished, as git has them.

use super::base::{self, BaseError};
use super::{command as git_command, index as git_index, unfinished as git_unfinished};
use crate::store::file::find::Location;
use std::path::Path;

/// The copies of the vault that git could not merge, what is checked out first: from the index while it has them,
/// and from the commits of a merge where somebody has added the file since. None where nothing is unfinished.
///
/// # Errors
/// A side is not in this clone: without it the others would be taken for all.
pub(crate) fn sides(location: &Location) -> Result<Vec<Vec<u8>>, BaseError> {
    let staged = [2, 3].map(|stage| git_index::side(&location.vault, stage));
    if let [Some(ours), Some(theirs)] = staged {
        return Ok(vec![ours, theirs]);
    }
    let (folder, merged) = (&location.folder, git_unfinished::merged(&location.folder));
    if merged.is_empty() {
        return Ok(Vec::new());
    }
    let name = Path::new(".").join(location.vault.file_name().unwrap_or_default());
    let commits = git_command::commit(folder, "HEAD").into_iter().chain(merged);
    commits.filter_map(|commit| base::committed(folder, &commit, &name).transpose()).collect()
}
