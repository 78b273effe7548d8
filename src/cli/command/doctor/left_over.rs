//! Files in the folder of the closed history that no closing of this vault names: one that was broken off leaves them,
//! or one that gave way to another policy. They may belong to another state of the vault, so that a file is called of no
//! use only where no vault that is at hand names it and this one has all that is in it.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::output::shell_word;
use crate::engine::history;
use crate::store::file::find::Location;
use crate::store::git::command as git_command;
use crate::store::git::index as git_index;
use crate::store::git::unfinished as git_unfinished;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use v_secure_core::file::format;
use v_secure_core::vault::Vault;
use v_secure_core::vault::pin::PinStatus;

/// So many are looked at: git is asked about each, and whoever can push decides how many lie there.
const MOST: usize = 16;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    found(examined).unwrap_or_default()
}

fn found(examined: &Examined<'_>) -> Option<Vec<DoctorFinding>> {
    let (vault, location) = (examined.vault()?, examined.location()?);
    // Without its history it cannot be told what this vault has; and a later state may name what an older one does not.
    let is_older = matches!(examined.pin()?, PinStatus::Prefix { .. });
    if vault.is_upon_checkpoint() || is_older {
        return None;
    }
    let folder = location.folder.join(history::FOLDER);
    let named = history::names(vault.texts().vault.as_bytes());
    let left = history::names_there(&folder).into_iter().filter(|name| !named.contains(name));
    let left = without(left.collect(), staged_and_committed(location));
    let (tracked, others): (Vec<_>, Vec<_>) =
        left.into_iter().take(MOST).partition(|name| git_index::is_tracked(&folder.join(name)));
    let others: BTreeSet<String> = others.into_iter().collect();
    let unnamed = match others.is_empty() {
        true => BTreeSet::new(),
        false => without(others.clone(), git_command::states_of(&location.folder, file(location)?)),
    };
    let elsewhere: Vec<String> = others.difference(&unnamed).cloned().collect();
    let (lone, more): (Vec<_>, Vec<_>) =
        unnamed.into_iter().partition(|name| has_all_of(vault, &folder, name));
    let (known, unknown): (Vec<_>, Vec<_>) =
        tracked.into_iter().partition(|name| has_all_of(vault, &folder, name));
    let findings = [
        of_no_use(location, "git rm --", &known),
        of_no_use(location, "rm --", &lone),
        of_another(location, &[elsewhere, more, unknown].concat()),
    ];
    Some(findings.into_iter().flatten().collect())
}

fn file(location: &Location) -> Option<PathBuf> {
    location.vault.file_name().map(PathBuf::from)
}

/// The vault as the index has it, the last commit, and what is merged into that.
fn staged_and_committed(location: &Location) -> impl Iterator<Item = Vec<u8>> {
    let (folder, name) = (location.folder.clone(), file(location).unwrap_or_default());
    let merged = git_unfinished::merged(&folder);
    let states = ["", "HEAD"].map(str::to_owned).into_iter().chain(merged);
    states.filter_map(move |state| git_command::show(&folder, &state, &Path::new(".").join(&name)))
}

/// The names that none of these vaults has.
fn without(
    mut names: BTreeSet<String>,
    mut vaults: impl Iterator<Item = Vec<u8>>,
) -> BTreeSet<String> {
    while !names.is_empty()
        && let Some(vault) = vaults.next()
    {
        let named = history::names(&vault);
        names.retain(|name| !named.contains(name));
    }
    names
}

/// Whether every entry of a segment is in the vault; of versions, which no entry of it names, nothing is asked.
fn has_all_of(vault: &Vault, folder: &Path, name: &str) -> bool {
    let Some(bytes) = history::read_beside(folder, name) else { return false };
    !history::is_segment(name)
        || format::segment_entries(&bytes).all(|id| vault.file().entries.contains_key(&id))
}

fn of_no_use(location: &Location, command: &str, names: &[String]) -> Option<DoctorFinding> {
    let first = names.first()?;
    let what = format!(
        "no closing of the vault names {} in {}: one that was broken off or gave way left {}",
        counted(names),
        history::FOLDER,
        if names.len() == 1 { "it" } else { "them" },
    );
    let folder = location.folder.join(history::FOLDER);
    let command = match shell_word::path(&folder) {
        // Both files of one closing, which have one name.
        Some(folder) => {
            let of_one = names.iter().filter(|name| name.get(..64) == first.get(..64));
            let paths: Vec<String> = of_one.map(|name| format!("{folder}/{name}")).collect();
            format!("{command} {}", paths.join(" "))
        }
        None => shell_word::on("ls -l", &folder),
    };
    Some(DoctorFinding::new(DoctorCode::HistoryLeft, what).mend(command))
}

fn of_another(location: &Location, names: &[String]) -> Option<DoctorFinding> {
    (!names.is_empty()).then(|| {
        let what = format!(
            "no closing of the vault names {} in {}, and another state of it may: keep what is there",
            counted(names),
            history::FOLDER,
        );
        let command = shell_word::on_pathspec("git log --all --oneline --", &location.vault);
        DoctorFinding::new(DoctorCode::HistoryLeft, what).mend(command)
    })
}

fn counted(names: &[String]) -> String {
    if names.len() == 1 { "1 file".to_owned() } else { format!("{} files", names.len()) }
}
