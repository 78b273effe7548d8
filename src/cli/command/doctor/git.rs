//! Whether git carries the vault as it is, and verifies it before a commit.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::child;
use crate::cli::output::shell_word;
use crate::cli::repository::hook::{BEGIN, HOOKS, body};
use crate::engine::history;
use crate::store::file::find::{FOLDER, Location};
use crate::store::file::{lock, read};
use crate::store::git::{command as git_command, driver, index as git_index};
use std::path::Path;
use v_secure_core::file::format::MAX_FILE;

/// More than any hook that a person wrote.
const LIMIT: u64 = 1 << 20;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let Some(location) = examined.location() else { return Vec::new() };
    if location.git_common_dir.is_none() {
        let what = "the project is in no git repository: nothing carries the vault to others";
        let command = "git init && git add .v-secure";
        return vec![DoctorFinding::new(DoctorCode::GitNone, what).mend(command)];
    }
    let Some((_, hooks)) = git_command::root_and_hooks(&location.project) else {
        if !git_command::is_there() {
            let what = "the program git is not there";
            return vec![DoctorFinding::new(DoctorCode::GitUnusable, what).mend("install git")];
        }
        let what = "git fails in this repository";
        return vec![DoctorFinding::new(DoctorCode::GitUnusable, what).mend("git status")];
    };
    let mut findings = carried(location);
    if findings.is_empty() {
        findings.push(DoctorFinding::new(
            DoctorCode::GitSound,
            "git tracks the vault and keeps its bytes",
        ));
    }
    let search = examined.context.host.variable("PATH");
    let on_path = child::is_program("v-secure".as_ref(), search.as_deref());
    findings.push(hook(&hooks, on_path));
    findings.push(merge_driver(location));
    findings
}

fn carried(location: &Location) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    if !git_index::is_tracked(&location.vault) {
        findings.push(match git_command::is_ignored(&location.vault) {
            true => {
                DoctorFinding::new(DoctorCode::GitIgnored, "git ignores the vault").mend(format!(
                    "{}  # which names the line to take out",
                    shell_word::on("git check-ignore -v", &location.vault)
                ))
            }
            false => DoctorFinding::new(DoctorCode::GitUntracked, "git does not track the vault")
                .mend(shell_word::on_pathspec("git add", &location.folder)),
        });
    }
    if !git_command::keeps_line_ends(&location.vault) {
        let what = "git may change the vault's line ends, which breaks every signature";
        let command = match location.folder.ends_with(FOLDER) {
            true => "v-secure git install".to_owned(),
            false => {
                let name = location.vault.file_name().and_then(|name| name.to_str());
                match name.filter(|name| shell_word::is_plain(name)) {
                    Some(name) => {
                        format!("add this line to .gitattributes beside the vault: {name} -text")
                    }
                    None => "have .gitattributes beside the vault say -text of it".to_owned(),
                }
            }
        };
        findings.push(DoctorFinding::new(DoctorCode::GitAttributes, what).mend(command));
    }
    findings.extend(history_left_out(location));
    findings.extend(lock_file(location));
    findings
}

/// Of a vault that git tracks a segment that it does not: nobody else gets it, and nothing else has what is in it. One
/// that is not here is no such: to add the folder would stage that it is deleted.
fn history_left_out(location: &Location) -> Option<DoctorFinding> {
    let vault = read::read(&location.vault, MAX_FILE as u64).ok()?;
    let segments =
        history::names(&vault.bytes).into_iter().filter(|name| history::is_segment(name));
    let folder = location.folder.join(history::FOLDER);
    let here = segments.filter(|name| history::read_beside(&folder, name).is_some());
    let mut segments = here.map(|name| folder.join(name));
    let left_out = segments.find(|segment| !git_index::is_tracked(segment))?;
    if !git_index::is_tracked(&location.vault) {
        return None;
    }
    Some(match git_command::is_ignored(&left_out) {
        true => {
            DoctorFinding::new(DoctorCode::GitIgnored, "git ignores the vault's closed history")
                .mend("v-secure git install")
        }
        false => {
            let what = "git does not track the vault's closed history: nobody else gets it";
            let command = shell_word::on_pathspec("git add", &location.folder);
            DoctorFinding::new(DoctorCode::GitUntracked, what).mend(command)
        }
    })
}

/// A lock file that is committed comes back with each checkout, under other writers' hands.
fn lock_file(location: &Location) -> Option<DoctorFinding> {
    let lock = location.folder.join(lock::FILE);
    if !location.folder.ends_with(FOLDER) {
        return None;
    }
    if git_index::is_tracked(&lock) {
        let what = "git tracks the vault's lock file";
        let command = shell_word::on_pathspec("git rm --cached", &lock);
        return Some(DoctorFinding::new(DoctorCode::GitLock, what).mend(command));
    }
    let what = "git does not ignore the vault's lock file, and a commit may take it along";
    let finding = || DoctorFinding::new(DoctorCode::GitLock, what).mend("v-secure git install");
    (!git_command::is_ignored(&lock)).then(finding)
}

/// Git's attributes come with the repository, and what they name is for each clone to say.
fn merge_driver(location: &Location) -> DoctorFinding {
    let (named, told) = (driver::named(&location.vault), driver::registered(&location.folder));
    let what = match (named.merge && told.merge, named.diff && told.diff) {
        (true, true) => {
            let what = "git merges the vault by its records, and shows its changes in words";
            return DoctorFinding::new(DoctorCode::DriverInstalled, what);
        }
        (true, false) => "this clone shows changes of the vault as lines of its text",
        (false, _) => "this clone merges the vault as text",
    };
    DoctorFinding::new(DoctorCode::DriverMissing, what).mend("v-secure git install")
}

fn hook(hooks: &Path, on_path: bool) -> DoctorFinding {
    let texts = HOOKS.map(|name| {
        let text = read::read(&hooks.join(name), LIMIT).ok();
        text.and_then(|found| String::from_utf8(found.bytes).ok()).unwrap_or_default()
    });
    let verifies = texts.each_ref().map(|text| text.contains("v-secure git pre-commit"));
    let what = match (verifies, on_path) {
        ([false, ..], _) => {
            let what = "no hook verifies the staged vault before a commit";
            return DoctorFinding::new(DoctorCode::HookMissing, what).mend("v-secure git install");
        }
        ([true, ..], false) => {
            let what = "the hook pre-commit needs v-secure on PATH, and it is not there";
            return DoctorFinding::new(DoctorCode::HookHelpless, what)
                .mend("export PATH=\"$PATH:FOLDER\"");
        }
        ([true, merge, revert], true) if !merge || !revert => {
            let what =
                "no hook verifies the vault of a merge or a revert that git commits by itself";
            return DoctorFinding::new(DoctorCode::HookOld, what).mend("v-secure git install");
        }
        ([true, ..], true) => "hooks verify the staged vault before commits and merges",
    };
    let old = |(text, name): (&String, &&str)| text.contains(BEGIN) && !text.contains(body(name));
    if texts.iter().zip(&HOOKS).any(old) {
        let what = "the hooks are ones that an older v-secure wrote";
        return DoctorFinding::new(DoctorCode::HookOld, what).mend("v-secure git install");
    }
    DoctorFinding::new(DoctorCode::HookInstalled, what)
}
