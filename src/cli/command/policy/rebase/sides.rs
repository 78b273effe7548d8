//! The two copies that are brought together: which they are, and which one stays as it is.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::failures::merging::{RESOLVE, not_merged};
use crate::cli::error::{Failure, Outcome};
use crate::cli::repository::older_states::OlderStates;
use crate::store::file::find::Location;
use crate::store::git::unfinished as git_unfinished;
use crate::store::git::{base, sides};
use v_secure_core::file::model::VaultFile;
use v_secure_core::merge::{MergeError, blended, marks, settled_whole, union};
use v_secure_core::rebase;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;

/// Which side of an unfinished merge stays, as git calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Keep {
    /// What was checked out; in a rebase the branch that it goes onto
    Ours,
    /// What comes in
    Theirs,
}

/// A side, and what it is called.
pub(super) struct Side {
    pub label: String,
    pub vault: Vault,
}

/// The side that stays, and the one whose changes are made again on it.
pub(super) struct Both {
    pub stays: Side,
    pub gives_way: Side,
}

/// Reads both sides. `here` is what stands at the vault's place: of a merge it may hold what was written since.
pub(super) fn read(
    context: &Context<'_>,
    location: &Location,
    here: &[u8],
    (onto, keep): (Option<&str>, Keep),
    past: &OlderStates<'_>,
) -> Outcome<Both> {
    let (now, here) = (context.host.now(), String::from_utf8_lossy(here));
    let Some(onto) = onto else { return of_merge(location, &here, keep, (now, past)) };
    let other = base::read(location, &context.current_dir()?, onto)?;
    let other = String::from_utf8_lossy(&other).into_owned();
    let labels = [onto, "ours"];
    let refused = |error: MergeError| past.tell(not_merged(&location.vault, labels, &error));
    let settled = |file| settled_whole(file, now, past);
    let stays = blended::loose(&other).and_then(settled).map_err(refused)?;
    let own = blended::loose(&here).and_then(settled).map_err(refused)?;
    Ok(Both {
        stays: Side { label: labels[0].to_owned(), vault: stays.vault },
        gives_way: Side { label: labels[1].to_owned(), vault: own.vault },
    })
}

fn of_merge(
    location: &Location,
    here: &str,
    keep: Keep,
    (now, past): (UnixTime, &OlderStates<'_>),
) -> Outcome<Both> {
    refuse_picks(location)?;
    let labels = ["ours", "theirs"];
    let refused = |error: MergeError| past.tell(not_merged(&location.vault, labels, &error));
    let [ours, theirs] = files(location, here)?.ok_or_else(none)?.map_err(refused)?;
    let ours = settled_whole(ours, now, past).map_err(refused)?.vault;
    let theirs = settled_whole(theirs, now, past).map_err(refused)?.vault;
    let ours = Side { label: labels[0].to_owned(), vault: ours };
    let theirs = Side { label: labels[1].to_owned(), vault: theirs };
    Ok(match keep {
        Keep::Ours => Both { stays: ours, gives_way: theirs },
        Keep::Theirs => Both { stays: theirs, gives_way: ours },
    })
}

/// As git has them, with what was written to the file since, or as they stand between its marks.
fn files(location: &Location, here: &str) -> Outcome<Option<Result<[VaultFile; 2], MergeError>>> {
    let parse = |bytes: &Vec<u8>| blended::loose(&String::from_utf8_lossy(bytes));
    let marked = marks::sides(here);
    if let [ours, theirs] = sides::sides(location)?.as_slice() {
        let both = parse(ours).and_then(|ours| Ok([ours, parse(theirs)?]));
        // A side with marks of its own: a rebase went on over them.
        if both.is_ok() || marked.is_none() {
            return Ok(Some(both.map(|both| with_later(both, here))));
        }
    }
    let Some([ours, theirs]) = marked else { return Ok(None) };
    let both = blended::loose(&ours).and_then(|ours| Ok((ours, blended::loose(&theirs)?)));
    Ok(Some(both.and_then(|(ours, theirs)| rebase::apart(ours, theirs))))
}

/// With what was written to the file since git left it, upon whichever side.
fn with_later([ours, theirs]: [VaultFile; 2], here: &str) -> [VaultFile; 2] {
    let Ok(later) = blended::loose(here) else { return [ours, theirs] };
    if let Ok(both) = union::union(ours.clone(), later.clone()) {
        return [both, theirs];
    }
    match union::union(theirs.clone(), later) {
        Ok(both) => [ours, both],
        Err(_) => [ours, theirs],
    }
}

/// A picked commit is one change, and not a side.
fn refuse_picks(location: &Location) -> Outcome {
    let folder = &location.folder;
    if git_unfinished::is_rebasing(folder) {
        return Ok(());
    }
    for (name, code) in [("CHERRY_PICK_HEAD", Code::Pick), ("REVERT_HEAD", Code::Revert)] {
        if !git_unfinished::unfinished(folder, name).is_empty() {
            let message = "this is one commit that is picked or taken back, and no side of a merge";
            return Err(Failure::new(code, message).hint(RESOLVE));
        }
    }
    Ok(())
}

fn none() -> Failure {
    let message = "no merge or rebase of the vault is unfinished here";
    Failure::new(Code::NoSides, message)
}
