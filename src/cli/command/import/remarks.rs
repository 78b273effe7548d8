//! What `import` says of the files themselves: which environment their names mean, and that git has or will have them.

use super::Import;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::cli::repository::plain_files;
use crate::store::git::command as git_command;
use crate::store::git::index as git_index;
use std::path::{Path, PathBuf};
use v_secure_core::name::Name;
use v_secure_core::name::environment::EnvironmentName;

impl Import {
    /// What the user should know of the files themselves.
    pub(super) fn remark(&self, context: &Context<'_>, environment: &EnvironmentName) -> Outcome {
        for file in &self.files {
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            let suffix = name.as_deref().and_then(|name| name.strip_prefix(".env."));
            let other = |s: &&str| *s != environment.as_str() && Name::new(*s).is_ok();
            if let Some(suffix) = suffix.filter(other)
                && !context.states_environment()
            {
                let message = format!(
                    "{} looks like the environment {suffix}, but no environment was given",
                    file.display()
                );
                let from = self.from.map(|tool| format!("--from {} ", tool.as_str()));
                let from = from.unwrap_or_default();
                let into = |name: &str| {
                    format!("v-secure import {from}{} -e {name}", shell_word::file(file))
                };
                return Err(Failure::new(Code::EnvironmentUnsaid, message)
                    .hint(into(suffix))
                    .hint(into(environment.as_str())));
            }
            // What another tool encrypted is meant to be in git.
            if self.from.is_none()
                && let Some(warning) = in_git(file)
            {
                context.ui.warn(&warning);
            }
        }
        Ok(())
    }

    /// Says which files stay with their values for everybody to commit.
    pub(super) fn remark_left(&self, context: &Context<'_>) {
        let is_left = |file: &&PathBuf| file.as_os_str() != "-" && file.is_file();
        if self.dry_run || self.delete_source || self.from.is_some() {
            return;
        }
        for file in self.files.iter().filter(is_left) {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let stays = format!("{} stays, with its values in plain text", file.display());
            if !git_command::is_working_tree(folder) || git_command::is_ignored(file) {
                context.ui.note(&format!("{stays}: --delete-source removes it"));
                continue;
            }
            let ignore = folder.join(".gitignore");
            let ignore = ignore.strip_prefix(".").unwrap_or(&ignore).to_string_lossy();
            context.ui.warn(&format!(
                "{stays}, and git does not ignore it: {}, or {}",
                shell_word::on("rm", file),
                plain_files::ignoring(&name, &ignore)
            ));
        }
    }
}

/// What git has of a file of plain text.
fn in_git(file: &Path) -> Option<String> {
    let name = file.display();
    let remove = shell_word::on_pathspec("git rm --cached", file);
    match (git_index::is_tracked(file), git_command::was_committed(file)) {
        (true, true) => Some(format!(
            "git tracks {name}: its values are in the history for good. Rotate these, and remove it with {remove}"
        )),
        (true, false) => {
            Some(format!("{name} is staged: {remove}, before it is in a commit for good"))
        }
        (false, true) => Some(format!(
            "{name} was committed once: its values are in the history for good. Rotate these"
        )),
        (false, false) => None,
    }
}
