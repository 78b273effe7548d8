//! A commit that was picked or taken back where neither a driver nor a hook stopped it: the vault lacks what its
//! log rests on. git's own records say that it is at work on one, and the commit before, which one it was.

use super::merging::AGAIN;
use crate::cli::error::Failure;
use crate::store::file::read::{self, VAULT_LIMIT};
use crate::store::git::command as git_command;
use crate::store::git::unfinished as git_unfinished;
use std::path::Path;
use v_secure_core::log::finding::{Finding, FindingCode};
use v_secure_core::merge::{blended, settled};
use v_secure_core::time::UnixTime;

const BACK: &str = "git checkout HEAD~1 -- .v-secure/vault.toml && git commit -m 'Take the vault back'  # the last commit picked or reverted a part of it; then: v-secure git install, and do that again";
const AS_COMMITTED: &str =
    "git checkout HEAD -- .v-secure/vault.toml  # as the last commit has it, which is whole";

/// Whether something that the log rests on is not there.
pub(super) fn is_one(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| {
        matches!(finding.code, FindingCode::ParentMissing | FindingCode::PolicyHeadMissing)
    })
}

pub(super) fn led_out(failure: Failure, path: &Path) -> Failure {
    match way(path) {
        Some(way) => failure.hint(way),
        None => failure,
    }
}

/// What leads out for a vault that is at its place, by what git has of it.
pub(crate) fn way(path: &Path) -> Option<&'static str> {
    let folder = path.parent()?;
    if git_unfinished::is_picking(folder) {
        return Some(AGAIN);
    }
    let committed = |revision| show(folder, path, revision);
    let (last, here) = (committed("HEAD")?, read::read(path, VAULT_LIMIT).ok()?);
    if last != here.bytes {
        return is_whole(&last).then_some(AS_COMMITTED);
    }
    // What a merge broke has two sides before it.
    let is_merge = git_command::has_commit(folder, "HEAD^2");
    committed("HEAD~1").filter(|before| !is_merge && is_whole(before)).map(|_| BACK)
}

fn show(folder: &Path, path: &Path, revision: &str) -> Option<Vec<u8>> {
    git_command::show(folder, revision, &Path::new(".").join(path.file_name()?))
}

/// Nothing that counts hangs on the time.
fn is_whole(bytes: &[u8]) -> bool {
    let file = blended::loose(&String::from_utf8_lossy(bytes));
    file.and_then(|file| settled(file, UnixTime::MIN)).is_ok()
}
