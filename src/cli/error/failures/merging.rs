//! What does not merge, and the ways out: by `git resolve`, or where members or rights changed on both sides, by
//! making one side's changes again.

use super::open_failure;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome, layer::LayerCode};
use crate::engine::session::SessionError;
use crate::store::git::command as git_command;
use std::path::Path;
use v_secure_core::file::model::VaultFile;
use v_secure_core::merge::{self, MergeError};
use v_secure_core::name::SecretName;
use v_secure_core::policy::describe;
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::vault::{OpenError, Vault};

/// Unites the sides of a merge, without a key.
pub const RESOLVE: &str = "v-secure git resolve";
/// The most policy entries that are described of one side.
const MOST: usize = 8;

/// What git could not merge.
pub(super) fn unmerged(error: &SessionError) -> Failure {
    Failure::from_error(Code::Unmerged, error).hint(RESOLVE)
}

/// What git merged line by line. What the file lacks is not to be taken from another commit.
pub(super) fn merged_as_text(error: &SessionError, path: &Path, source: &OpenError) -> Failure {
    let mut failure = Failure::new(Code::MergedAsText, error.to_string());
    failure.causes = open_failure(path, source).causes;
    failure.hint(RESOLVE)
}

/// With what makes a whole vault of the sides again.
pub fn resolved(failure: Failure) -> Failure {
    failure.hint(format!("{RESOLVE} && git add .v-secure"))
}

/// Why the copies of the vault at `path` were not merged. `labels` are what the sides are called.
pub(crate) fn not_merged(path: &Path, [ours, theirs]: [&str; 2], error: &MergeError) -> Failure {
    let place = path.display();
    match error {
        MergeError::PolicyDiverged { ours: here, theirs: there, .. } => {
            let message = format!(
                "{place}: both sides changed members, roles or settings, and neither knows of the other's change"
            );
            let mut failure = Failure::new(Code::PolicyDiverged, message);
            failure.causes = [changed(ours, here), changed(theirs, there)].concat();
            failure
        }
        MergeError::OtherVault { .. } => {
            let message = format!("{place}: {ours} and {theirs} have two different vaults");
            Failure::new(Code::MergeOtherVault, message).hint("git log -p -- .v-secure/vault.toml")
        }
        MergeError::Side(source) => Failure::new(
            Code::Of(source.into()),
            format!("{place}, line {}: not a valid vault file", source.line),
        )
        .because(&source.cause)
        .hint("git log -p -- .v-secure/vault.toml"),
        MergeError::Chain(source) => Failure::new(
            Code::Of(LayerCode::from(source)),
            format!("{place}: the policy chain is broken"),
        )
        .because(source)
        .hint("git log -p -- .v-secure/vault.toml"),
        MergeError::Links(findings) => open_failure(path, &OpenError::Findings(findings.clone())),
        MergeError::Result(source) => open_failure(path, source),
    }
}

/// Who changed what on one side.
fn changed(label: &str, entries: &[PolicyEntry]) -> Vec<String> {
    let told =
        entries.iter().take(MOST).map(|entry| format!("{label}: {}", describe::entry(entry)));
    let left = entries.len().saturating_sub(MOST);
    told.chain((left > 0).then(|| format!("{label}: {left} more"))).collect()
}

/// With the way out of a merge whose sides both changed the policy: one side stays whole, and the other one's
/// changes are made again on it.
pub fn diverged(failure: Failure, path: &Path) -> Failure {
    let folder = path.parent().unwrap_or(path);
    let is_added = !git_command::is_unmerged_file(path);
    match is_added && git_command::merged(folder).is_empty() && !git_command::is_rebasing(folder) {
        false => redone(failure, folder, is_added),
        // The marks were committed: git has the sides in the parents of that commit alone.
        true => again(
            failure
                .hint("git log --oneline -- .v-secure/vault.toml  # COMMIT: the one that brought the marks")
                .hint(format!("git show COMMIT^2:./.v-secure/vault.toml > {OTHER}  # keeps the second side"))
                .hint("git checkout COMMIT^1 -- .v-secure/vault.toml  # takes the first side; exchange ^1 and ^2 if members or roles changed on the second. Then:"),
        )
        .hint("git add .v-secure && git commit"),
    }
}

/// A device follows one policy of a vault: what is read of the other side is read as by another device.
const AS_ANOTHER: &str = "XDG_STATE_HOME=\"$(mktemp -d)\" v-secure --trust-first-use";

/// Where one side of a conflict is kept. Not in the working tree, where a link to anywhere may have been
/// committed by that name, which a shell would follow.
const OTHER: &str = "\"$(git rev-parse --git-dir)/other.toml\"";

/// With the way out of a merge or rebase that is not finished. What others have may hold a removal, so it
/// stays whole, and what is one's own is made again on it: in a merge that takes a rebase, in a rebase the
/// side that was checked out is that of the others. `is_added`: the file was added with its marks, and the
/// index has the sides no more.
fn redone(failure: Failure, folder: &Path, is_added: bool) -> Failure {
    if !git_command::merged(folder).is_empty() {
        return rebased(failure);
    }
    let last = match git_command::is_rebasing(folder) {
        // A rebase that goes on runs no hook; a commit does.
        true => "git add .v-secure && git commit --no-edit && git rebase --continue",
        false => "git add .v-secure && git commit",
    };
    let failure = match is_added {
        true => {
            failure.hint("git checkout --merge -- .v-secure/vault.toml  # takes 'git add' back")
        }
        false => failure,
    };
    again(
        failure
            .hint(format!("git show :3:./.v-secure/vault.toml > {OTHER}  # keeps the second side"))
            .hint("git checkout --ours -- .v-secure/vault.toml  # takes the first side, and then:"),
    )
    .hint(last)
}

/// With a rebase in place of the merge that is under way.
fn rebased(failure: Failure) -> Failure {
    failure
        .hint(
            "side=$(git rev-parse MERGE_HEAD) && git merge --abort && git rebase \"$side\"  # that side \
             stays whole, and your commits are made again on it",
        )
        .hint("git merge --abort  # where the side is a branch of your own: git switch it, and rebase it")
}

fn again(failure: Failure) -> Failure {
    failure
        .hint("v-secure pin accept  # the policy that stays")
        .hint(format!("{AS_ANOTHER} audit log --vault {OTHER}  # shows what is to be done again: members, roles and settings too"))
        .hint(format!("{AS_ANOTHER} get NAME --vault {OTHER} | v-secure set NAME  # for each secret of it"))
        .hint(format!("rm {OTHER}"))
}

/// The secrets of which several values are active.
pub fn conflicts(vault: &Vault) -> Vec<SecretName> {
    let live = vault.live().filter(|(_, secret)| secret.is_conflict());
    live.map(|(name, _)| name.clone()).collect()
}

/// Says which secrets both sides of a merge changed.
pub(crate) fn tell_conflicts(context: &Context<'_>, vault: &Vault) {
    for secret in conflicts(vault) {
        context.ui.warn(&format!(
            "{secret} has several values since both sides changed it: v-secure secret resolve {secret} --take VERSION"
        ));
    }
}

/// Refuses what takes a commit back or onto another branch: the union would undo nothing of the one, and bring
/// with the other all that it was written upon.
pub(crate) fn refuse_picks(
    path: &Path,
    base: &VaultFile,
    [ours, theirs]: [&VaultFile; 2],
) -> Outcome {
    if [ours, theirs].iter().any(|side| side.header.vault != base.header.vault) {
        return Ok(());
    }
    let place = path.display();
    let taken_back = merge::lacking(base, theirs).len();
    if taken_back > 0 {
        let message = format!(
            "{place}: this would take {} out of the vault's history, which only grows",
            changes(taken_back)
        );
        return Err(Failure::new(Code::Revert, message)
            .hint("git revert --abort")
            .hint("v-secure secret rollback NAME --version N  # gives a secret its earlier value, as a change of your own"));
    }
    let missing = merge::lacking(base, ours).len();
    if missing > 0 {
        let message = format!(
            "{place}: the picked commit was made upon {} that this branch does not have",
            changes(missing)
        );
        return Err(Failure::new(Code::Pick, message)
            .hint("git cherry-pick --abort")
            .hint("git merge BRANCH  # brings all of that branch")
            .hint("v-secure set NAME  # gives the one secret that value here"));
    }
    Ok(())
}

fn changes(count: usize) -> String {
    if count == 1 { "one change".to_owned() } else { format!("{count} changes") }
}
