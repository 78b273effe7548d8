//! `v-secure git pre-commit`: what the hook runs. It looks at the index alone, so that what is
//! verified is what will be committed.

mod values;

use super::no_repository;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::failures::closed;
use crate::cli::error::failures::merging::resolved;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::repository::verification;
use crate::cli::repository::verification::{Base, Origin, VerificationRequest};
use crate::cli::repository::{in_index, plain_files, plain_keys};
use crate::engine::history;
use crate::engine::session::Session;
use crate::store::git::base;
use crate::store::git::closed::{Kept, kept};
use crate::store::git::command as git_command;
use crate::store::git::index as git_index;
use crate::store::git::unfinished as git_unfinished;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use v_secure_core::vault::stated_vault;

/// Verify the staged vault, and that the commit would contain no secret in plain text
#[derive(Debug, Args)]
#[command(
    after_help = "Silent where no vault is staged, or where it is in order. Refuses, too, a dotenv file \
                  beside the vault, or one that gives secrets of the vault a value, a file with the private key of a \
                  member, and a file in which the value of a secret seems to stand: as it is, in base64 or as \
                  in a URL. For that nothing is opened; this device keeps a few bits of each value of 20 bytes or \
                  more that it reads or writes, under a key of its own. 'v-secure git install' \
                  makes git run it before every commit.\n\n\
                  Examples:\n  git add .v-secure && v-secure git pre-commit\n  v-secure git pre-commit --confirm"
)]
pub struct PreCommit {
    /// The commit takes another one back
    #[arg(long, hide = true)]
    revert: bool,

    /// Open the secrets whose values seem to be staged, and compare
    #[arg(long)]
    confirm: bool,
}

impl PreCommit {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let here = context.current_dir()?;
        let (root, _) = git_command::root_and_hooks(&here).ok_or_else(no_repository)?;
        let mut staged = git_index::staged_vaults(&here).ok_or_else(no_repository)?;
        // A vault is not whole any more, either, where what stands beside it goes.
        let beside = git_index::staged_histories(&here);
        staged.extend(beside.into_iter().filter(|vault| is_there(&here, vault)));
        staged.sort();
        staged.dedup();
        let verified = staged.iter().try_for_each(|path| verify(context, &here, &root, path));
        verified.map_err(|failure| if self.revert { reverting(failure) } else { failure })?;
        let sides = git_unfinished::merged(&here);
        sides.iter().try_for_each(|side| keeps(context, &here, &root, side))?;
        refuse_plain(context, &here, &root)?;
        refuse_keys(context, &here, &root)?;
        // What a merge or a revert brings was committed by others, or before; and nobody goes past the hook of a
        // revert.
        let brings_others = self.revert || (is_merge(context, &root) && sides.is_empty());
        match brings_others {
            true => Ok(()),
            false => values::refuse(context, (&here, &root), self.confirm),
        }
    }
}

fn is_there(here: &Path, vault: &Path) -> bool {
    git_index::staged(here, vault).is_some()
}

/// With the ways to have what a revert was meant for.
fn reverting(mut failure: Failure) -> Failure {
    failure.hints.clear();
    failure
        .hint("v-secure git resolve && git add .v-secure && git commit  # takes it back by a change of your own")
        .hint("git reset --merge  # gives the revert up")
}

/// Keeps members' private keys from being committed.
fn refuse_keys(context: &Context<'_>, here: &Path, root: &Path) -> Outcome {
    let files = git_index::staged_with(here, plain_keys::PATTERN).ok_or_else(no_repository)?;
    if files.is_empty() {
        return Ok(());
    }
    let owners = plain_keys::owners(&in_index::vaults(context, here, root));
    for file in files {
        let bytes = git_index::staged(here, &file).unwrap_or_default();
        if let Some(owner) = plain_keys::held(&bytes, &owners) {
            let message = format!(
                "the commit would contain the private key of {}, in {}",
                owner.member,
                file.display()
            );
            let failure = Failure::new(Code::PlainKey, message);
            return Err(untracked(failure, here, root, &file)
                .hint("git commit --no-verify, if everybody may have that key"));
        }
    }
    Ok(())
}

/// Keeps values that the vault holds from being committed beside it.
fn refuse_plain(context: &Context<'_>, here: &Path, root: &Path) -> Outcome {
    let files = git_index::staged_dotenvs(here).ok_or_else(no_repository)?;
    if files.is_empty() {
        return Ok(());
    }
    let names = plain_files::names(&in_index::vaults(context, here, root));
    let projects: Vec<PathBuf> =
        git_index::vaults_of_index(here).iter().map(|path| in_index::project_of(path)).collect();
    let mut allowing = None;
    for file in files {
        let bytes = git_index::staged(here, &file).unwrap_or_default();
        let held = plain_files::held(&file, &bytes, &names);
        let is_beside = file.parent().is_some_and(|folder| projects.iter().any(|at| at == folder));
        let is_plain = is_beside && plain_files::is_dotenv(&file) && plain_files::is_plain(&bytes);
        if held.is_empty() && !is_plain {
            continue;
        }
        let allowing = allowing.get_or_insert_with(|| in_index::allowing(context, here, root));
        if !allowing.iter().any(|one| one.allows(&file)) {
            return Err(match held.is_empty() {
                true => beside(here, root, &file),
                false => plain(here, root, &file, &held),
            });
        }
    }
    Ok(())
}

/// A dotenv file in the folder that the vault's is in: what it holds is meant for the vault.
fn beside(here: &Path, root: &Path, file: &Path) -> Failure {
    let shown = file.display().to_string();
    let message =
        format!("the commit would contain {shown}, with values in plain text, beside the vault");
    let failure = untracked(Failure::new(Code::PlainFile, message), here, root, file);
    let failure = match shell_word::path(file) {
        Some(file) => failure.hint(format!("v-secure import {file}")),
        None => failure,
    };
    let left_out = plain_files::ignoring(&shown, ".gitignore");
    failure.hint(left_out).hint("git commit --no-verify, if that is what you want")
}

fn plain(here: &Path, root: &Path, file: &Path, held: &[String]) -> Failure {
    let (held, shown) = (plain_files::few(held), file.display().to_string());
    let message =
        format!("the commit would contain secrets of the vault in plain text: {held} in {shown}");
    let failure = Failure::new(Code::PlainFile, message);
    let left_out = plain_files::ignoring(&shown, ".gitignore");
    untracked(failure, here, root, file)
        .hint(left_out)
        .hint("git commit --no-verify, if that is what you want")
}

/// With what takes a file out of the index alone.
fn untracked(failure: Failure, here: &Path, root: &Path, file: &Path) -> Failure {
    match pathspec(here, root, file) {
        Some(file) => {
            failure.hint(format!("git rm --cached {file}  # which keeps the file itself"))
        }
        None => failure.hint("git rm --cached, with that file  # which keeps the file itself"),
    }
}

fn verify(context: &Context<'_>, here: &Path, root: &Path, path: &Path) -> Outcome {
    let before = base::committed(here, "HEAD", path)?;
    let base = before.as_deref().map(|bytes| Base {
        label: "the last commit",
        bytes,
        origin: Origin::LastCommit,
    });
    let Some(bytes) = git_index::staged(here, path) else {
        let moved = base.as_ref().and_then(|base| moved(context, (here, root), base));
        return match moved {
            Some((to, bytes)) => verify_staged(context, (here, root), &to, &bytes, base),
            None => Err(gone(here, root, path)),
        };
    };
    verify_staged(context, (here, root), path, &bytes, base)
}

/// With what takes the staged vault back.
fn restored(failure: Failure, here: &Path, root: &Path, path: &Path) -> Failure {
    match pathspec(here, root, path) {
        Some(path) => failure.hint(format!("git restore --staged {path}")),
        None => failure.hint("git restore --staged, with that vault"),
    }
}

/// A path relative to the root as git is given it by the user. The hook runs at the root, its user may not: git says
/// by a variable where they are.
fn pathspec(here: &Path, root: &Path, path: &Path) -> Option<String> {
    let is_root =
        here.canonicalize().ok().is_some_and(|here| root.canonicalize().ok() == Some(here));
    match is_root && !git_command::is_started_below() {
        true => shell_word::pathspec(path),
        false => shell_word::pathspec_from_root(path.to_str()?),
    }
}

fn verify_staged(
    context: &Context<'_>,
    (here, root): (&Path, &Path),
    path: &Path,
    bytes: &[u8],
    base: Option<Base<'_>>,
) -> Outcome {
    let of_base = base.as_ref().map(|base| base.bytes);
    let session = session(context, (here, root), (path, bytes), of_base)?;
    let wanted = VerificationRequest { base, ..VerificationRequest::default() };
    let found = verification::verify(&session, bytes, &wanted)?;
    let what = format!("the staged {}", path.display());
    let Some(failure) = verification::failure(&what, &found.findings) else { return Ok(()) };
    verification::show(context, &found.findings)?;
    if failure.code == Code::HistoryMissing {
        return Err(without_history(failure, (here, root), &session, (path, bytes)));
    }
    Err(match is_merge(context, root) {
        true => resolved(failure).hint("git merge --abort"),
        false => restored(failure, here, root, path),
    })
}

/// With what puts the history into the index that is not there: from its folder, or from where git has it.
fn without_history(
    mut failure: Failure,
    (here, root): (&Path, &Path),
    session: &Session,
    (path, bytes): (&Path, &[u8]),
) -> Failure {
    let beside = path.with_file_name(history::FOLDER);
    let folder = pathspec(here, root, &beside).unwrap_or_else(|| ".v-secure".to_owned());
    let is_staged = |name: &String| session.brought.as_ref().is_some_and(|b| b.contains_key(name));
    let there = session.location.folder.join(history::FOLDER);
    let names = history::names(bytes);
    let lacking = names.iter().filter(|name| history::is_segment(name) && !is_staged(name));
    failure.hints.clear();
    if lacking.clone().any(|name| history::read_beside(&there, name).is_some()) {
        return failure.hint(format!("git add {folder}  # which belongs to the vault"));
    }
    let mut files = lacking.filter_map(|name| Some(beside.join(name).to_str()?.to_owned()));
    let kept = files.next().and_then(|file| kept(root, &file, false)).unwrap_or(Kept::LastCommit);
    let way = closed::checkout("git", &kept, &folder);
    failure.hint(way)
}

/// Where a staged vault stands that is compared with a base. What is committed is what the index has, of the history
/// too.
fn session(
    context: &Context<'_>,
    (here, root): (&Path, &Path),
    (path, bytes): (&Path, &[u8]),
    base: Option<&[u8]>,
) -> Outcome<Session> {
    let session = context.session_at(in_index::location(root, path)?)?;
    let brought = history::is_closed(bytes).then(|| {
        let mut names = history::names(bytes);
        names.extend(base.into_iter().flat_map(history::names));
        Arc::new(git_index::history_of_index(here, path, |name| names.contains(name)))
    });
    Ok(Session { brought, ..session })
}

/// Whether the commit is a merge. Before one that git commits by itself, its record is not there yet.
fn is_merge(context: &Context<'_>, root: &Path) -> bool {
    let action = context.host.variable("GIT_REFLOG_ACTION").unwrap_or_default();
    let words = ["merge", "pull"].map(str::as_bytes);
    words.iter().any(|word| action.as_encoded_bytes().starts_with(word))
        || !git_unfinished::merged(root).is_empty()
}

/// Where the vault of a base stands in the index now, and what is staged there. An old copy may bear its
/// id as well, wherever that sorts: the one that keeps what the base holds is where it went.
fn moved(
    context: &Context<'_>,
    (here, root): (&Path, &Path),
    base: &Base<'_>,
) -> Option<(PathBuf, Vec<u8>)> {
    let vault = stated_vault(base.bytes)?;
    let mut found: Vec<_> = git_index::vaults_of_index(here)
        .into_iter()
        .filter_map(|path| git_index::staged(here, &path).map(|bytes| (path, bytes)))
        .filter(|(_, bytes)| stated_vault(bytes) == Some(vault))
        .collect();
    let keeps = |(path, bytes): &(PathBuf, Vec<u8>)| {
        keeps_base(context, (here, root), (path, bytes), base).unwrap_or(false)
    };
    let kept = match found.len() {
        0 | 1 => 0,
        _ => found.iter().position(keeps).unwrap_or(0),
    };
    (kept < found.len()).then(|| found.swap_remove(kept))
}

/// Whether a staged vault verifies and lacks nothing of the base.
fn keeps_base(
    context: &Context<'_>,
    (here, root): (&Path, &Path),
    (path, bytes): (&Path, &[u8]),
    base: &Base<'_>,
) -> Outcome<bool> {
    let session = session(context, (here, root), (path, bytes), Some(base.bytes))?;
    let wanted = VerificationRequest { base: Some(*base), ..VerificationRequest::default() };
    let found = verification::verify(&session, bytes, &wanted)?;
    Ok(verification::failure("", &found.findings).is_none())
}

fn gone(here: &Path, root: &Path, path: &Path) -> Failure {
    let (shown, is_unmerged) = (path.display(), git_index::is_unmerged(here, path));
    if is_unmerged {
        let message = format!("the vault {shown} is part of a merge that is not finished");
        return resolved(Failure::new(Code::Unmerged, message));
    }
    let message = format!("the commit would delete the vault {shown}");
    restored(Failure::new(Code::VaultDeleted, message), here, root, path)
        .hint("git commit --no-verify, if that is what you want")
}

/// A merge is a commit upon several: one side's file in place of all would drop what another side
/// signed, such as a removal. It may be the very file of the last commit, which is not staged then.
///
/// Not so for `merge --squash`: only the message that git prepared names the side then, and `git restore` leaves it
/// behind, so that a commit that has nothing to do with it would be refused.
fn keeps(context: &Context<'_>, here: &Path, root: &Path, side: &str) -> Outcome {
    let unlike = git_index::vaults_unlike(here, side).ok_or_else(no_repository)?;
    for path in unlike {
        let Some(theirs) = base::committed(here, side, &path)? else { continue };
        let at = match git_index::staged(here, &path) {
            Some(staged) => Some((path, staged)),
            None => moved(context, (here, root), &merged_side(&theirs)),
        };
        // One that is nowhere any more was taken away by a commit of its own.
        let Some((path, staged)) = at else { continue };
        keeps_what(context, (here, root), (&path, &staged), &theirs)?;
    }
    Ok(())
}

const fn merged_side(bytes: &[u8]) -> Base<'_> {
    Base { label: "the side that is merged", bytes, origin: Origin::MergedSide }
}

/// Refuses a staged vault that lacks something of the other side's.
fn keeps_what(
    context: &Context<'_>,
    (here, root): (&Path, &Path),
    (path, staged): (&Path, &[u8]),
    theirs: &[u8],
) -> Outcome {
    let session = session(context, (here, root), (path, staged), Some(theirs))?;
    let wanted =
        VerificationRequest { base: Some(merged_side(theirs)), ..VerificationRequest::default() };
    let found = verification::verify(&session, staged, &wanted)?;
    let what = format!("the merged {}", path.display());
    let Some(mut failure) = verification::failure(&what, &found.findings) else { return Ok(()) };
    verification::show(context, &found.findings)?;
    if found.findings.iter().any(|finding| finding.code == "base-invalid") {
        return Err(failure
            .hint("git merge --abort  # the other side's vault is broken: see who did it, and have it mended there")
            .hint("git commit --no-verify, if nothing of that side is lost"));
    }
    let of_findings = std::mem::take(&mut failure.hints);
    Err(of_findings.into_iter().fold(resolved(failure), Failure::hint))
}
