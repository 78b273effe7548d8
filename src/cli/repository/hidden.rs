//! What is said where git has a vault that the working tree has not: which one, why it is not
//! there, and what brings it back. `init` would otherwise make another one in its place.

use super::project::new_project;
use crate::cli::door::surroundings::Surroundings;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::store::file::find::{FOLDER, FindError};
use crate::store::git::command as git_command;
use crate::store::git::hidden;
use crate::store::git::hidden::{Hidden, HiddenBy};
use std::path::{Path, PathBuf};

/// Why no vault was found: what the search says, or where git has one.
pub(crate) fn explain(context: &Surroundings<'_>, error: FindError) -> Failure {
    let found = match &error {
        FindError::NotFound { start, .. } => hidden::above(start),
        FindError::Missing { .. } => {
            new_project(context).ok().and_then(|project| hidden::at(&project))
        }
        _ => None,
    };
    match found {
        Some(found) => failure(context, &found),
        None => error.into(),
    }
}

/// Refuses to write a backup's vault where one is out of sight. A file that was lost is what a
/// backup is for.
pub(crate) fn refuse_unseen(context: &Surroundings<'_>, project: &Path) -> Outcome {
    let is_lost = |why: &HiddenBy| {
        matches!(why, HiddenBy::Deleted | HiddenBy::Removed | HiddenBy::Branch { .. })
    };
    match hidden::at(project).filter(|found| !is_lost(&found.why)) {
        Some(found) => Err(in_the_way(context, &found)),
        None => Ok(()),
    }
}

/// The same, of what would take its place.
pub(crate) fn in_the_way(context: &Surroundings<'_>, found: &Hidden) -> Failure {
    failure(context, found).with_exit(Exit::Conflict)
}

/// That git has a vault where none is seen.
fn failure(context: &Surroundings<'_>, found: &Hidden) -> Failure {
    let commands = Commands::of(context, found);
    let message = format!("this repository has a vault that is not checked out: {}", said(found));
    let failure = Failure::new(Code::VaultHidden, message);
    let hints = commands.map(|commands| commands.of_state(&found.why));
    hints.unwrap_or_else(unnamed).into_iter().fold(failure, Failure::hint)
}

/// What helps where a folder's name would be shown as another one.
fn unnamed() -> Vec<String> {
    vec!["git status, in that folder: its name cannot be shown as it is typed".to_owned()]
}

fn said(found: &Hidden) -> String {
    let path = &found.path;
    match &found.why {
        HiddenBy::Sparse => format!("git has {path}, and this sparse checkout leaves it out"),
        HiddenBy::Skipped => format!("git has {path}, and its index says to do without the file"),
        HiddenBy::Deleted => format!("git has {path} in its index, but the file is missing"),
        HiddenBy::Unmerged { .. } => format!("{path} is part of a merge that is not finished"),
        HiddenBy::Removed => format!("the last commit has {path}, and the index no longer"),
        HiddenBy::Incoming { head } => {
            format!("{head}, a commit that git has not finished with, has {path}")
        }
        HiddenBy::NotFetched => {
            format!("git has not fetched the last commit's files, {path} perhaps among them")
        }
        HiddenBy::Branch { name, .. } => format!("the branch {name} has {path}"),
    }
}

/// Commands as they are typed where the user is.
struct Commands {
    root: PathBuf,
    git: String,
    path: String,
    folder: String,
    /// For commands of git that take paths and no pathspecs.
    file: String,
    directory: String,
}

impl Commands {
    /// `None` where a name in them cannot be shown as it is typed.
    fn of(context: &Surroundings<'_>, found: &Hidden) -> Option<Self> {
        let here = context.current_dir().ok().and_then(|here| here.canonicalize().ok());
        let git = match here.as_deref() == Some(found.root.as_path()) {
            true => "git".to_owned(),
            false => format!("git -C {}", shell_word::path(&found.root)?),
        };
        let path = Path::new(&found.path);
        let folder = path.parent().unwrap_or(Path::new(FOLDER));
        Some(Self {
            root: found.root.clone(),
            git,
            path: shell_word::pathspec(path)?,
            folder: shell_word::pathspec(folder)?,
            file: shell_word::path(path)?,
            directory: shell_word::path(folder)?,
        })
    }

    fn of_state(&self, why: &HiddenBy) -> Vec<String> {
        let Self { git, path, folder, file, directory, .. } = self;
        match why {
            // git takes such signs for a pattern's, which its cone mode has none of.
            HiddenBy::Sparse if directory.contains(['*', '?', '[', ']']) => {
                vec![format!("{git} sparse-checkout add --skip-checks {directory}")]
            }
            HiddenBy::Sparse => vec![format!("{git} sparse-checkout add {directory}")],
            HiddenBy::Skipped => vec![format!(
                "{git} update-index --no-skip-worktree {file} && {git} checkout -- {folder}"
            )],
            HiddenBy::Deleted => vec![format!("{git} checkout -- {folder}"), self.gone()],
            HiddenBy::Unmerged { ours, theirs } => {
                let sides = [(*ours, "--ours"), (*theirs, "--theirs")];
                let sides = sides.iter().filter(|(has, _)| *has);
                let mut hints: Vec<String> =
                    sides.map(|(_, side)| format!("{git} checkout {side} -- {path}")).collect();
                hints.push(format!("{git} status  # for what is being merged"));
                hints
            }
            HiddenBy::Removed => {
                vec![format!("{git} checkout HEAD -- {folder}"), self.gone()]
            }
            HiddenBy::Incoming { head } => vec![
                format!("{git} checkout {head} -- {folder}"),
                format!("{git} status  # for what is being merged or applied"),
            ],
            HiddenBy::NotFetched => vec![format!("{git} checkout")],
            HiddenBy::Branch { name, full } => {
                let taken = branch(&self.root, name, full)
                    .map(|name| format!("{git} checkout {name} -- {folder}"));
                let other = "v-secure init --nested  # for another vault all the same".to_owned();
                taken.into_iter().chain([other]).collect()
            }
        }
    }

    /// How a vault goes that is to go.
    fn gone(&self) -> String {
        let Self { git, path, .. } = self;
        format!(
            "{git} rm --cached --ignore-unmatch -- {path} && {git} commit  # if the vault is to go"
        )
    }
}

/// The branch as a word, in full where git would take the short name for an option, for a tag or for another
/// commit such as `HEAD`; `None` where nobody could type it.
fn branch(root: &Path, name: &str, full: &str) -> Option<String> {
    let is_one = git_command::refs_called(root, name) == [full]
        && git_command::commit(root, name) == git_command::commit(root, full);
    shell_word::operand(if is_one { name } else { full }).or_else(|| shell_word::operand(full))
}
