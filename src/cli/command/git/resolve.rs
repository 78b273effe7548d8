//! `v-secure git resolve`: makes a vault of what git left of a merge.

use crate::cli::door::context::Context;
use crate::cli::error::failures::merging::{self, diverged, not_merged};
use crate::cli::error::{Failure, Outcome};
use crate::engine::resolving::Resolution;
use crate::engine::writing;
use crate::store::file::find::Location;
use crate::store::git::command as git_command;
use crate::store::git::sides::sides;
use clap::Args;
use v_secure_core::merge::{MergeError, Merged, blended, merge, union};
use v_secure_core::report::view::git::GitResolveView;
use v_secure_core::time::UnixTime;

/// Unite the sides of an unfinished merge of the vault, without a key
#[derive(Debug, Args)]
#[command(
    after_help = "For a vault with conflict marks, one that git merged as text, or one that a clone without the \
                  merge driver left half merged. Every signed record of every side is kept; nothing is written \
                  unless the result verifies. Where both sides changed one secret, both values are there \
                  afterwards, and 'v-secure secret resolve' ends that.\n\n\
                  Examples:\n  v-secure git resolve && git add .v-secure && git commit"
)]
pub struct Resolve {}

impl Resolve {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session()?;
        let location = session.location.clone();
        let resolution = Resolution::begin(&session)?;
        let now = context.host.now();
        refuse_picks(&location)?;
        let merged = merged(&location, resolution.bytes(), now)
            .map_err(|error| refused(&location, &error))?;
        let changed = merged.text.as_bytes() != resolution.bytes();
        let vault = match changed {
            true => writing::finish(context, &session, resolution.commit(context, &merged)?),
            false => merged.vault,
        };
        let conflicts = merging::conflicts(&vault);
        if context.ui.json {
            return context.ui.object(&GitResolveView { changed, conflicts: &conflicts });
        }
        if !changed {
            context.ui.note("nothing to resolve: the vault is whole");
            return Ok(());
        }
        context.ui.note(&format!("{}: all sides are united", location.vault.display()));
        merging::tell_conflicts(context, &vault);
        context.ui.note(&format!("next: {}", next(&location)));
        Ok(())
    }
}

/// As the driver does, which a clone may not have run.
fn refuse_picks(location: &Location) -> Outcome {
    let side = |stage| {
        let bytes = git_command::side(&location.vault, stage)?;
        blended::loose(&String::from_utf8_lossy(&bytes)).ok()
    };
    match (side(1), side(2), side(3)) {
        (Some(base), Some(ours), Some(theirs)) if !union::is_parted(&ours, &theirs) => {
            merging::refuse_picks(&location.vault, &base, [&ours, &theirs])
        }
        _ => Ok(()),
    }
}

/// The sides as git has them, and what stands in the file: somebody may have written to it since.
fn merged(location: &Location, bytes: &[u8], now: UnixTime) -> Result<Merged, MergeError> {
    let text = String::from_utf8_lossy(bytes);
    let sides = sides(location);
    let sides = sides.iter().map(|side| blended::loose(&String::from_utf8_lossy(side)));
    let mut sides = sides.collect::<Result<Vec<_>, _>>()?.into_iter();
    match sides.next() {
        None => blended::mended(&text, now),
        Some(first) => merge(first, sides.chain(blended::read(&text).ok()), now),
    }
}

fn refused(location: &Location, error: &MergeError) -> Failure {
    let failure = not_merged(&location.vault, ["first side", "second side"], error);
    match error {
        MergeError::PolicyDiverged { .. } => diverged(failure, &location.vault),
        _ => failure,
    }
}

/// What ends the merge in git.
fn next(location: &Location) -> String {
    let last = match (
        git_command::is_rebasing(&location.folder),
        git_command::is_in_the_middle(&location.folder),
    ) {
        (true, _) => "git rebase --continue",
        (false, true) => "git commit",
        (false, false) => "git commit -m 'Mend the vault'",
    };
    format!("git add .v-secure && {last}")
}
