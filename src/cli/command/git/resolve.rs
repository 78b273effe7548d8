//! `v-secure git resolve`: makes a vault of what git left of a merge.

use super::again::{self, OneChange, Remade};
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::failures::merging::{self, diverged, not_merged};
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::policy::ReasonArg;
use crate::cli::repository::older_states::OlderStates;
use crate::engine::resolving::Resolution;
use crate::engine::session::Session;
use crate::engine::writing;
use crate::store::file::find::Location;
use crate::store::git::base;
use crate::store::git::sides::sides;
use crate::store::git::unfinished as git_unfinished;
use clap::Args;
use std::path::Path;
use v_secure_core::file::format;
use v_secure_core::file::model::VaultFile;
use v_secure_core::merge::lost::Past;
use v_secure_core::merge::{MergeError, Merged, blended, is_lacking, marks, settled_with, union};
use v_secure_core::report::view::git::GitResolveView;
use v_secure_core::time::UnixTime;

/// Unite the sides of an unfinished merge of the vault, or make one commit's change your own
#[derive(Debug, Args)]
#[command(
    after_help = "For a vault with conflict marks, one that git merged as text, or one that a clone without the \
                  merge driver left half merged. Every signed record of every side is kept, and no key is needed; nothing is written \
                  unless the result verifies. Where both sides changed one secret, both values are there \
                  afterwards, and 'v-secure secret resolve' ends that.\n\n\
                  Of a commit that 'git revert' takes back, or 'git cherry-pick' brings from another branch, it \
                  makes the change as one of your own, which takes your key and your rights, once it has shown it and asked: an \
                  earlier value becomes active again, what was removed is restored, what was made is removed; a \
                  picked value is encrypted anew for those who may read it here.\n\n\
                  Examples:\n  v-secure git resolve && git add .v-secure && git commit"
)]
pub struct Resolve {
    #[command(flatten)]
    confirm: ConfirmArgs,

    #[command(flatten)]
    reason: ReasonArg,
}

impl Resolve {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session()?;
        let location = session.location.clone();
        let resolution = Resolution::begin(&session)?;
        let now = context.host.now();
        let text = String::from_utf8_lossy(resolution.bytes()).into_owned();
        if let Some(change) = again::find(context, &location, &text)? {
            return self.again(context, &session, resolution, change);
        }
        let last = last_commit(&location)?;
        let sides = sides(&location)?;
        let squashed = squashed(&location)?;
        let past = OlderStates::new(context, &location);
        let merged =
            merged((&sides, squashed.as_ref()), resolution.bytes(), last.as_ref(), (now, &past))
                .map_err(|error| past.tell(refused(&location, &error)))?;
        let is_last = last.is_some_and(|last| format::write(&last) == merged.text);
        let changed = merged.text.as_bytes() != resolution.bytes();
        let vault = match changed {
            true => writing::finish(context, &session, resolution.commit(context, &merged)?),
            false => merged.vault,
        };
        let conflicts = merging::conflicts(&vault);
        if context.ui.json {
            let (again, left) = (&[][..], &[][..]);
            return context.ui.object(&GitResolveView {
                changed,
                conflicts: &conflicts,
                again,
                left,
            });
        }
        if !changed {
            context.ui.note("nothing to resolve: the vault is whole");
            return Ok(());
        }
        if is_last {
            context.ui.note("the vault has all of the last commit again");
            return Ok(());
        }
        context.ui.note(&format!("{}: all sides are united", location.vault.display()));
        past.tell_found(&vault);
        merging::tell_conflicts(context, &vault);
        context.ui.note(&format!("next: {}", next(&location)));
        Ok(())
    }

    /// Of one commit, whose change is made as one of its own.
    fn again(
        self,
        context: &Context<'_>,
        session: &Session,
        resolution: Resolution<'_>,
        change: OneChange,
    ) -> Outcome {
        let reason = self.reason.reason.as_deref();
        let Remade { vault, again, left } = change.make(context, session, &self.confirm, reason)?;
        let text = vault.text_alone();
        let written = resolution.commit(context, &Merged { vault, text })?;
        let vault = writing::finish(context, session, written);
        let conflicts = merging::conflicts(&vault);
        if context.ui.json {
            let (changed, conflicts) = (true, &conflicts[..]);
            let view = GitResolveView { changed, conflicts, again: &again, left: &left };
            return context.ui.object(&view);
        }
        for left in &left {
            context.ui.warn(&format!("'{}' is left as it is: {}", left.what, left.why));
        }
        let count = if again.len() == 1 { "1 change" } else { &format!("{} changes", again.len()) };
        context.ui.note(&format!("made as your own: {count}"));
        merging::tell_conflicts(context, &vault);
        context.ui.note(&format!("next: {}", next(&session.location)));
        Ok(())
    }
}

/// The sides as git has them, and what stands in the file: somebody may have written to it since.
fn merged(
    (sides, squashed): (&[Vec<u8>], Option<&VaultFile>),
    bytes: &[u8],
    last: Option<&VaultFile>,
    (now, past): (UnixTime, &dyn Past),
) -> Result<Merged, MergeError> {
    let text = String::from_utf8_lossy(bytes);
    let sides = sides.iter().map(|side| blended::loose(&String::from_utf8_lossy(side)));
    let sides = match sides.collect::<Result<Vec<_>, _>>() {
        // A side with marks of its own: a rebase went on over them, and the file has all of it.
        Err(_) if marks::sides(&text).is_some() => Vec::new(),
        sides => sides?,
    };
    let mut sides = sides.into_iter();
    match sides.next() {
        None => {
            let whole = blended::read(&text).and_then(|file| settled_with(file, now, past));
            let whole = match (whole, last.zip(squashed)) {
                (Err(MergeError::Links(_) | MergeError::Result(_)), Some((last, squashed))) => {
                    let sides = union::union(last.clone(), squashed.clone())?;
                    let text = blended::read_beside(&text, &sides);
                    return united(sides, text.into_iter(), (now, past));
                }
                (whole, _) => whole?,
            };
            // A revert that was given up by half leaves an older file, which no later commit may bring.
            match last
                .filter(|last| whole.text == text && is_behind(whole.vault.file(), last, past))
            {
                Some(last) => {
                    let last = std::iter::once(last.clone());
                    united(whole.vault.file().clone(), last, (now, past))
                }
                None => Ok(whole),
            }
        }
        Some(first) => {
            let sides = sides.try_fold(first, union::union)?;
            let text = blended::read_beside(&text, &sides);
            united(sides, text.into_iter(), (now, past))
        }
    }
}

fn united(
    first: VaultFile,
    mut others: impl Iterator<Item = VaultFile>,
    (now, past): (UnixTime, &dyn Past),
) -> Result<Merged, MergeError> {
    settled_with(others.try_fold(first, union::union)?, now, past)
}

/// The vault of what `git merge --squash` took in. It counts only where the file lacks something: the message that names
/// the commit outlives a merge that is given up.
fn squashed(location: &Location) -> Outcome<Option<VaultFile>> {
    let Some(commit) = git_unfinished::squashed(&location.folder) else { return Ok(None) };
    let name = Path::new(".").join(location.vault.file_name().unwrap_or_default());
    let bytes = base::committed(&location.folder, &commit, &name)?;
    Ok(bytes.and_then(|bytes| blended::loose(&String::from_utf8_lossy(&bytes)).ok()))
}

fn is_behind(here: &VaultFile, last: &VaultFile, past: &dyn Past) -> bool {
    last.header.vault == here.header.vault && is_lacking(here, last, past)
}

/// The vault of the last commit, if it is one.
fn last_commit(location: &Location) -> Outcome<Option<VaultFile>> {
    let name = Path::new(".").join(location.vault.file_name().unwrap_or_default());
    let bytes = base::committed(&location.folder, "HEAD", &name)?;
    Ok(bytes.and_then(|bytes| blended::loose(&String::from_utf8_lossy(&bytes)).ok()))
}

fn refused(location: &Location, error: &MergeError) -> Failure {
    let failure = not_merged(&location.vault, ["ours", "theirs"], error);
    match error {
        MergeError::PolicyDiverged { .. } => diverged(failure, &location.vault),
        _ => failure,
    }
}

/// What ends the merge in git.
fn next(location: &Location) -> String {
    let last = match (
        git_unfinished::is_rebasing(&location.folder),
        git_unfinished::is_in_the_middle(&location.folder),
    ) {
        (true, _) => "git rebase --continue",
        (false, true) => "git commit",
        (false, false) => "git commit -m 'Mend the vault'",
    };
    format!("git add .v-secure && {last}")
}
