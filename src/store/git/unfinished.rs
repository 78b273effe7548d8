//! What git is in the middle of: a merge, a rebase, a picked commit, by records of this clone, which no push brings.

use super::command::{commit, refs_called, text};
use crate::store::file::read;
use std::path::Path;

/// The commits that are being merged into the last one: several, of a merge of many branches.
pub fn merged(folder: &Path) -> Vec<String> {
    unfinished(folder, "MERGE_HEAD")
}

/// The last commit of what `git merge --squash` took in, by the message that it prepared: git keeps no other record.
/// Where that was given up since, the message may be there still.
pub(crate) fn squashed(folder: &Path) -> Option<String> {
    let file = text(folder, &["rev-parse", "--git-path", "SQUASH_MSG"])?;
    let found = read::read(&folder.join(file), MOST_SQUASHED).ok()?;
    let message = String::from_utf8_lossy(&found.bytes).into_owned();
    let mut ids =
        message.lines().filter_map(|line| line.strip_prefix("commit ")?.split(' ').next());
    ids.find(|id| is_object_id(id)).map(str::to_owned)
}

/// Whether one commit is being picked or taken back, which is no step of a rebase.
pub(crate) fn is_picking(folder: &Path) -> bool {
    let records = ["CHERRY_PICK_HEAD", "REVERT_HEAD"];
    records.iter().any(|name| !unfinished(folder, name).is_empty()) && !is_rebasing(folder)
}

/// Whether the commit that is being made takes another one back: git keeps no record of it where nothing
/// conflicts but the message that it prepared.
pub(crate) fn is_taking_back(folder: &Path) -> bool {
    if !unfinished(folder, "REVERT_HEAD").is_empty() {
        return true;
    }
    let Some(file) = text(folder, &["rev-parse", "--git-path", "MERGE_MSG"]) else { return false };
    let Ok(found) = read::read(&folder.join(file), MOST_UNFINISHED) else { return false };
    String::from_utf8_lossy(&found.bytes).contains("This reverts commit ")
}

/// Whether a merge, a rebase or a picked commit waits to be finished: by records of this clone, which no
/// push brings.
pub(crate) fn is_in_the_middle(folder: &Path) -> bool {
    let records = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD"];
    records.iter().any(|name| !unfinished(folder, name).is_empty()) || is_rebasing(folder)
}

/// Whether a rebase is not finished, at whichever step: the name of its commit alone may outlive it.
pub(crate) fn is_rebasing(folder: &Path) -> bool {
    ["rebase-merge", "rebase-apply"].iter().any(|name| {
        text(folder, &["rev-parse", "--git-path", name])
            .is_some_and(|path| folder.join(path).symlink_metadata().is_ok())
    })
}

/// The commits that an unfinished command of git's works on, by the name of its own record. Where there
/// is none, git takes a tag of that name, which comes with a pull.
pub(crate) fn unfinished(folder: &Path, name: &str) -> Vec<String> {
    let Some(file) = text(folder, &["rev-parse", "--git-path", name]) else { return Vec::new() };
    match read::read(&folder.join(file), MOST_UNFINISHED) {
        Ok(found) => {
            let ids = String::from_utf8_lossy(&found.bytes).into_owned();
            ids.lines().filter(|id| is_object_id(id)).map(str::to_owned).collect()
        }
        // Some repositories keep it in their database of refs.
        Err(_) if refs_called(folder, name).is_empty() => {
            commit(folder, name).into_iter().collect()
        }
        Err(_) => Vec::new(),
    }
}

/// The longest record of an unfinished command that is read.
const MOST_UNFINISHED: u64 = 64 * 1024;
/// A squashed branch has a line and a message for each of its commits; its last one comes first.
const MOST_SQUASHED: u64 = 16 * 1024 * 1024;

fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
