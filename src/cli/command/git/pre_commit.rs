//! `v-secure git pre-commit`: what the hook runs. It looks at the index alone, so that what is
//! verified is what will be committed.

use super::no_repository;
use crate::cli::context::Context;
use crate::cli::error::{Failure, Outcome};
use crate::cli::exit::Exit;
use crate::cli::failures::{rebased, redone};
use crate::cli::plain_files;
use crate::cli::shell_word;
use crate::cli::verification::{self, Base, Wanted};
use crate::store::find::{FOLDER, Location};
use crate::store::git_command;
use clap::Args;
use std::path::{Path, PathBuf};

/// Verify the staged vault, and that it loses nothing of the last commit
#[derive(Debug, Args)]
#[command(
    after_help = "Silent where no vault is staged, or where it is in order. Refuses, too, a dotenv file \
                  that gives secrets of the vault a value. 'v-secure git install' \
                  makes git run it before every commit.\n\n\
                  Examples:\n  git add .v-secure && v-secure git pre-commit"
)]
pub struct PreCommit {}

impl PreCommit {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let here = context.current_dir()?;
        let (root, _) = git_command::root_and_hooks(&here).ok_or_else(no_repository)?;
        let staged = git_command::staged_vaults(&here).ok_or_else(no_repository)?;
        staged.iter().try_for_each(|path| verify(context, &here, &root, path))?;
        let unlike = git_command::vaults_unlike_the_merged(&here);
        unlike.iter().try_for_each(|path| keeps_the_other_side(context, &here, &root, path))?;
        refuse_plain(context, &here, &root)
    }
}

/// Keeps values that the vault holds from being committed beside it.
fn refuse_plain(context: &Context<'_>, here: &Path, root: &Path) -> Outcome {
    let files = git_command::staged_dotenvs(here);
    if files.is_empty() {
        return Ok(());
    }
    let names = plain_files::names(context);
    for file in files {
        let bytes = git_command::staged(here, &file).unwrap_or_default();
        let held = plain_files::held(Path::new(&file), &bytes, &names);
        if !held.is_empty() {
            return Err(plain(here, root, &file, &held));
        }
    }
    Ok(())
}

fn plain(here: &Path, root: &Path, file: &str, held: &[String]) -> Failure {
    let held = plain_files::few(held);
    let message =
        format!("the commit would hold secrets of the vault in plain text: {held} in {file}");
    let failure = Failure::new(Exit::Failure, "plain-file", message);
    let failure = match pathspec(here, root, file) {
        Some(file) => {
            failure.hint(format!("git rm --cached {file}  # which keeps the file itself"))
        }
        None => failure.hint("git rm --cached, with that file  # which keeps the file itself"),
    };
    failure
        .hint(plain_files::ignoring(file, ".gitignore"))
        .hint("git commit --no-verify, if that is what you want")
}

fn verify(context: &Context<'_>, here: &Path, root: &Path, path: &str) -> Outcome {
    let before = git_command::show(here, "HEAD", path);
    let Some(bytes) = git_command::staged(here, path) else {
        if git_command::is_unmerged(here, path) {
            let message = format!("the vault {path} is part of a merge that is not finished");
            return Err(redone(Failure::new(Exit::Conflict, "unmerged", message), here));
        }
        let message = format!("the commit would delete the vault {path}");
        let failure = Failure::new(Exit::Integrity, "vault-deleted", message);
        return Err(restored(failure, here, root, path)
            .hint("git commit --no-verify, if that is what you want"));
    };
    let session = context.session_at(location(root, path)?)?;
    let base = before.as_deref().map(|bytes| Base {
        label: "the last commit",
        bytes,
        // A broken vault that was committed must not keep anybody from repairing it.
        may_be_broken: true,
    });
    let wanted = Wanted { base, ..Wanted::default() };
    let found = verification::verify(&session, &bytes, &wanted)?;
    let Some(failure) = verification::failure(&format!("the staged {path}"), &found.findings)
    else {
        return Ok(());
    };
    verification::show(context, &found.findings)?;
    Err(restored(failure, here, root, path))
}

/// With what takes the staged vault back.
fn restored(failure: Failure, here: &Path, root: &Path, path: &str) -> Failure {
    match pathspec(here, root, path) {
        Some(path) => failure.hint(format!("git restore --staged {path}")),
        None => failure.hint("git restore --staged, with that vault"),
    }
}

/// A path relative to the root as git is given it here. The hook runs at the root, its user may not.
fn pathspec(here: &Path, root: &Path, path: &str) -> Option<String> {
    let is_root =
        here.canonicalize().ok().is_some_and(|here| root.canonicalize().ok() == Some(here));
    match is_root {
        true => shell_word::pathspec(Path::new(path)),
        false => shell_word::pathspec_from_root(path),
    }
}

/// A merge is a commit upon two: one side's file in place of both would drop what the other side
/// signed, such as a removal. It may be the very file of the last commit, which is not staged then.
fn keeps_the_other_side(context: &Context<'_>, here: &Path, root: &Path, path: &str) -> Outcome {
    let staged = git_command::staged(here, path);
    let Some((staged, bytes)) = staged.zip(git_command::show(here, "MERGE_HEAD", path)) else {
        return Ok(());
    };
    let session = context.session_at(location(root, path)?)?;
    let base = Base { label: "the side that is merged", bytes: &bytes, may_be_broken: true };
    let wanted = Wanted { base: Some(base), ..Wanted::default() };
    let found = verification::verify(&session, &staged, &wanted)?;
    let Some(mut failure) = verification::failure(&format!("the merged {path}"), &found.findings)
    else {
        return Ok(());
    };
    verification::show(context, &found.findings)?;
    let of_findings = std::mem::take(&mut failure.hints);
    Err(of_findings.into_iter().fold(rebased(failure), Failure::hint))
}

/// The place that a path relative to the root names. The folder may be missing in the working tree:
/// only the index counts.
fn location(root: &Path, path: &str) -> Outcome<Location> {
    let vault = PathBuf::from(path);
    let project = vault.parent().filter(|folder| folder.ends_with(FOLDER)).and_then(Path::parent);
    Ok(Location::in_project(&root.join(project.unwrap_or(Path::new(""))))?)
}
