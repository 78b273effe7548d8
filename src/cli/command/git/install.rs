//! `v-secure git install`: puts the hooks in place, beside what is there, and tells git how vaults are merged
//! and shown.

use super::no_repository;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::repository::hook::{BEGIN, END, HOOKS, LINE, body};
use crate::cli::repository::project;
use crate::store::file::atomic;
use crate::store::file::atomic::Expected;
use crate::store::file::find::FOLDER;
use crate::store::file::lock;
use crate::store::file::lock::Lock;
use crate::store::file::{new_file, read};
use crate::store::git::{command as git_command, driver};
use clap::Args;
use std::path::Path;
use v_secure_core::report::view::git::GitInstallView;

const HEAD: &str = "#!/bin/sh\n";
/// More than any hook that a person wrote.
const LIMIT: u64 = 1 << 20;
/// Git runs only hooks that are executable.
const MODE: u32 = 0o755;

/// Make git verify the staged vault before every commit, merge vaults by their records and show them in words
#[derive(Debug, Args)]
#[command(
    after_help = "Writes the hooks 'pre-commit', 'pre-merge-commit' and 'prepare-commit-msg' into git's folder for hooks \
                  (core.hooksPath is respected), or adds a marked block to a shell script that \
                  is there. Tells git in this clone how to merge vaults (merge.v-secure.driver) and how 'git diff' and \
                  'git log -p' show their changes (diff.v-secure.textconv), and adds what is missing to \
                  .gitattributes and .gitignore beside the vault. Running it again changes nothing.\n\n\
                  Examples:\n  v-secure git install\n  v-secure git install --uninstall"
)]
pub struct Install {
    /// Remove from the hooks and from git's configuration what this command wrote
    #[arg(long)]
    uninstall: bool,
}

impl Install {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let here = context.current_dir()?;
        let (_, hooks) = git_command::root_and_hooks(&here).ok_or_else(no_repository)?;
        let hooks = HOOKS.map(|name| hooks.join(name));
        // All are read before one is written, so that a refusal leaves nothing half done.
        let planned = hooks.iter().map(|hook| self.plan(hook)).collect::<Outcome<Vec<_>>>()?;
        let changed: Vec<bool> = planned.iter().map(Planned::changes).collect();
        planned.iter().filter(|planned| planned.changes()).try_for_each(Planned::write)?;
        let told = self.tell_git(&here)?;
        // The hook is for any folder of the repository, and the vault may come later.
        let files = match context.location() {
            Ok(found) if !self.uninstall && found.folder.ends_with(FOLDER) => {
                project::write_git_files(&found.folder)?
            }
            _ => Vec::new(),
        };
        if context.ui.json {
            let changed = changed.contains(&true) || told || !files.is_empty();
            let ([hook, merge_hook, revert_hook], files) = (&hooks, &files);
            return context.ui.object(&GitInstallView {
                hook,
                merge_hook,
                revert_hook,
                changed,
                files,
            });
        }
        for file in &files {
            context.ui.line(&format!("{} (written: commit it)", file.display()))?;
        }
        for (hook, changed) in hooks.iter().zip(changed) {
            let state = match (changed, self.uninstall) {
                (true, true) => "removed",
                (true, false) => "written",
                (false, _) => "nothing to change",
            };
            context.ui.line(&format!("{} ({state})", hook.display()))?;
        }
        Ok(())
    }

    /// Tells git in this clone what merges and shows vaults, or no more; whether that is new.
    fn tell_git(&self, here: &Path) -> Outcome<bool> {
        let is_done = match self.uninstall {
            true => !driver::is_told(here),
            false => driver::registered(here).all(),
        };
        if is_done {
            return Ok(false);
        }
        let done = if self.uninstall { driver::unregister(here) } else { driver::register(here) };
        match done {
            true => Ok(true),
            false => Err(Failure::new(Code::Write, "git's configuration cannot be written")),
        }
    }

    fn plan<'a>(&self, hook: &'a Path) -> Outcome<Planned<'a>> {
        let old = read_hook(hook)?;
        let name = hook.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let new = match self.uninstall {
            true => old.as_deref().map(without_block),
            false => Some(with_block(old.as_deref(), body(name)).ok_or_else(|| foreign(hook))?),
        };
        Ok(Planned { hook, old, new })
    }
}

/// A hook as it is and as it is to be.
struct Planned<'a> {
    hook: &'a Path,
    old: Option<String>,
    new: Option<String>,
}

impl Planned<'_> {
    fn changes(&self) -> bool {
        self.new != self.old
    }

    fn write(&self) -> Outcome {
        write(self.hook, self.old.is_some(), self.new.as_deref())
    }
}

fn read_hook(hook: &Path) -> Outcome<Option<String>> {
    if hook.symlink_metadata().is_err() {
        return Ok(None);
    }
    // A link leads into another tool's files, and a binary has no place for a line of shell.
    let contents = read::read(hook, LIMIT).map_err(|error| foreign(hook).because(&error))?;
    String::from_utf8(contents.bytes).map(Some).map_err(|error| foreign(hook).because(&error))
}

fn foreign(hook: &Path) -> Failure {
    let message =
        format!("{} is a link or not a shell script, so it was not changed", hook.display());
    Failure::new(Code::ForeignHook, message).hint(format!("have it run this line of shell: {LINE}"))
}

/// The hook with the block behind its first line, before anything that may end the script; `None`
/// where that line does not say that it is a shell script.
fn with_block(old: Option<&str>, body: &str) -> Option<String> {
    let Some(old) = old else { return Some(format!("{HEAD}{BEGIN}{body}{END}")) };
    // A block that is there may be an older version's.
    let old = without_block(old);
    let (first, rest) = old.split_once('\n').unwrap_or((&old, ""));
    let interpreter = first.strip_prefix("#!")?.split_whitespace();
    let mut words = interpreter.map(|word| word.rsplit('/').next().unwrap_or(word));
    let program = words.find(|word| *word != "env" && !word.starts_with('-'))?;
    let is_shell = ["sh", "bash", "dash", "zsh", "ksh"].contains(&program);
    is_shell.then(|| format!("{first}\n{BEGIN}{body}{END}{rest}"))
}

fn without_block(old: &str) -> String {
    let cut = old.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{after}"))
    });
    cut.unwrap_or_else(|| old.to_owned())
}

fn write(hook: &Path, exists: bool, new: Option<&str>) -> Outcome {
    let Some(new) = new else { return Ok(()) };
    let folder = hook.parent().unwrap_or(Path::new("."));
    if !exists {
        if folder.symlink_metadata().is_err() {
            atomic::create_folder(folder)?;
        }
        return Ok(new_file::write_new(hook, new.as_bytes(), MODE)?);
    }
    if new == HEAD {
        return Ok(atomic::remove(hook)?);
    }
    let lock = Lock::acquire(folder, lock::WAIT).map_err(|error| {
        Failure::new(Code::Write, "git's folder for hooks cannot be written").because(&error)
    })?;
    Ok(atomic::replace(&lock, hook, new.as_bytes(), MODE, Expected::Any)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "v-secure git pre-commit || exit 1\n";

    #[test]
    fn a_block_goes_in_once_and_comes_out_whole() {
        for old in ["#!/bin/sh\nexit 0\n", "#!/usr/bin/env bash\nset -e\n", "#!/bin/sh -e\n"] {
            let new = with_block(Some(old), BODY).unwrap();
            assert!(new.starts_with(old.split_once('\n').unwrap().0));
            assert_eq!(with_block(Some(&new), BODY).unwrap(), new);
            assert_eq!(without_block(&new), old);
        }
        assert_eq!(without_block(&with_block(None, BODY).unwrap()), HEAD);
    }

    #[test]
    fn what_is_no_shell_script_is_left_alone() {
        for foreign in ["#!/usr/bin/env python3\n", "#!/usr/bin/perl\n", "echo\n", "", "#!\n"] {
            assert_eq!(with_block(Some(foreign), BODY), None, "{foreign:?}");
        }
    }
}
