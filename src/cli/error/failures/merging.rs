//! What does not merge, and the ways out: by `git resolve`, or where members or rights changed on both sides, by
//! `policy rebase`.

use super::{history_failure, open_failure};
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome, layer::LayerCode};
use crate::engine::session::SessionError;
use crate::store::git::unfinished as git_unfinished;
use std::path::Path;
use v_secure_core::file::model::VaultFile;
use v_secure_core::log::finding::FindingCode;
use v_secure_core::merge::lost::Past;
use v_secure_core::merge::{self, MergeError};
use v_secure_core::name::SecretName;
use v_secure_core::policy::describe;
use v_secure_core::policy::entry::PolicyEntry;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::vault::{OpenError, Vault};

/// Unites the sides of a merge, without a key.
pub const RESOLVE: &str = "v-secure git resolve";
/// The same of one commit, whose change it makes as one of its own.
pub(super) const AGAIN: &str = "v-secure git resolve && git add .v-secure && git commit  # makes the change as one of your own";
const REBASE_ASKED: &str = "git rebase --abort  # and ask an owner for it";
const MERGE_ASKED: &str = "git merge --abort  # and ask an owner for it";
const AGAIN_IN_REBASE: &str = "v-secure git resolve && git add .v-secure && git rebase --continue  # makes the change as one of your own";
/// Makes one side's changes of the policy again on the other's.
pub const POLICY_REBASE: &str = "v-secure policy rebase";
/// Takes what neither side has any more from earlier states.
pub const FROM_HISTORY: &str = "v-secure git resolve  # takes it from git's history";
/// The most policy entries that are described of one side.
const MOST: usize = 8;

/// What git could not merge.
pub(super) fn unmerged(error: &SessionError) -> Failure {
    Failure::from_error(Code::Unmerged, error).hint(RESOLVE)
}

/// Whether a merge that git has not ended is why a vault lacks something: git may have put the lines together so that
/// one side's are gone.
pub(crate) fn waits(path: &Path, error: &OpenError) -> bool {
    let folder = path.parent().unwrap_or(path);
    matches!(error, OpenError::Findings(_))
        && (!git_unfinished::merged(folder).is_empty()
            || git_unfinished::squashed(folder).is_some())
}

/// What git merged line by line. What the file lacks is not to be taken from another commit.
pub(super) fn merged_as_text(error: &SessionError, path: &Path, source: &OpenError) -> Failure {
    let mut failure = Failure::new(Code::MergedAsText, error.to_string());
    failure.causes = open_failure(path, source).causes;
    failure.hint(RESOLVE)
}

/// The same, where neither side has a version any more that is wanted again.
pub(super) fn lacking(path: &Path, source: &OpenError) -> Failure {
    let mut failure = open_failure(path, source);
    failure.hints.clear();
    failure.hint(FROM_HISTORY)
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
                "{place}: both sides changed {}, and neither knows of the other's change",
                what([here, there])
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
        MergeError::History(source) => history_failure(path, source),
        MergeError::Closing(source) => Failure::new(
            Code::Of(FindingCode::CheckpointFalse.into()),
            format!("{place}: a checkpoint of the policy is false"),
        )
        .because(source)
        .hint("git log -p -- .v-secure/vault.toml"),
        MergeError::Result(source) => open_failure(path, source),
    }
}

/// What may have changed on both sides: a closing alone is no change of who may do what.
fn what(sides: [&[PolicyEntry]; 2]) -> &'static str {
    let ops = |side: &'_ [PolicyEntry]| {
        side.iter().flat_map(|entry| &entry.ops).all(|op| {
            matches!(op, PolicyOp::Checkpoint(_) | PolicyOp::Rebase { .. }) || op.gives_keys()
        })
    };
    let closes = |side: &[PolicyEntry]| {
        let mut ops = side.iter().flat_map(|entry| &entry.ops);
        ops.any(|op| matches!(op, PolicyOp::Checkpoint(_)))
    };
    match (sides.into_iter().all(ops), sides.into_iter().any(closes)) {
        (true, true) => "keys, or what is closed of the history",
        (true, false) => "keys",
        (false, true) => "members, roles or settings, or closed the history",
        (false, false) => "members, roles or settings",
    }
}

/// Who changed what on one side.
fn changed(label: &str, entries: &[PolicyEntry]) -> Vec<String> {
    let told =
        entries.iter().take(MOST).map(|entry| format!("{label}: {}", describe::entry(entry)));
    let left = entries.len().saturating_sub(MOST);
    told.chain((left > 0).then(|| format!("{label}: {left} more"))).collect()
}

/// With the way out of a merge whose sides both changed the policy: an owner makes one side's changes again on
/// the other.
pub(crate) fn diverged(failure: Failure, path: &Path) -> Failure {
    let folder = path.parent().unwrap_or(path);
    let failure = match git_unfinished::is_rebasing(folder) {
        // A rebase that goes on runs no hook; a commit does.
        true => failure.hint("v-secure policy rebase && git add .v-secure && git commit --no-edit && git rebase --continue"),
        false => failure.hint("v-secure policy rebase && git add .v-secure && git commit"),
    };
    given_up(failure, folder)
}

/// With both ways out, while git merges: it has not written down yet that it does.
pub(crate) fn diverging(failure: Failure, path: &Path) -> Failure {
    let failure = failure.hint(POLICY_REBASE);
    match git_unfinished::is_rebasing(path.parent().unwrap_or(path)) {
        true => failure.hint(REBASE_ASKED),
        false => failure.hint(MERGE_ASKED),
    }
}

/// With how who is no owner leaves it to one.
pub(crate) fn given_up(failure: Failure, folder: &Path) -> Failure {
    match (git_unfinished::is_rebasing(folder), git_unfinished::merged(folder).is_empty()) {
        (true, _) => failure.hint(REBASE_ASKED),
        (false, false) => failure.hint(MERGE_ASKED),
        // The marks were committed.
        (false, true) => failure.hint("git log --oneline -- .v-secure/vault.toml"),
    }
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
    past: &dyn Past,
) -> Outcome {
    if [ours, theirs].iter().any(|side| side.header.vault != base.header.vault) {
        return Ok(());
    }
    let place = path.display();
    let lacks =
        |side| merge::lacking(base, side, past).len() + merge::lacking_policy(base, side).len();
    let taken_back = lacks(theirs);
    if taken_back > 0 {
        let message = format!(
            "{place}: this would take {} out of the vault's history, which only grows",
            changes(taken_back)
        );
        return Err(Failure::new(Code::Revert, message).hint(AGAIN).hint("git revert --abort"));
    }
    let missing = lacks(ours);
    if missing > 0 {
        let message = format!(
            "{place}: the picked commit was made upon {} that this branch does not have",
            changes(missing)
        );
        let failure = Failure::new(Code::Pick, message);
        // Commits of one branch in another order.
        if git_unfinished::is_rebasing(path.parent().unwrap_or(path)) {
            return Err(failure.hint(AGAIN_IN_REBASE).hint("git rebase --abort"));
        }
        return Err(failure
            .hint(AGAIN)
            .hint("git cherry-pick --abort")
            .hint("git merge BRANCH  # brings all of that branch"));
    }
    Ok(())
}

fn changes(count: usize) -> String {
    if count == 1 { "one change".to_owned() } else { format!("{count} changes") }
}
