//! Where a vault goes that is not there yet, and what git needs beside it.

use crate::cli::door::surroundings::Surroundings;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::store::file::atomic;
use crate::store::file::atomic::Expected;
use crate::store::file::lock;
use crate::store::file::lock::Lock;
use crate::store::file::{find, new_file, read};
use std::path::{Path, PathBuf};

const ATTRIBUTES: &str = "# Line ends and merges of a signed file are not git's to change.\nvault.toml -text merge=v-secure diff=v-secure\nproposals/** -text\nhistory/*.log -text -diff\nhistory/*.versions -text -diff merge=union\n";
/// The lines that earlier versions wrote there in place of the one of now.
const OLD_ATTRIBUTES: [&str; 4] = [
    "vault.toml -text",
    "vault.toml -text merge=v-secure",
    "history/*.log -text",
    "history/*.versions -text merge=union",
];
/// Many projects ignore `*.log`, which would leave out a part of the vault that nothing else has.
const IGNORE: &str = "/.lock\n/.*.tmp-*\n/history/.lock\n/history/.*.tmp-*\n!/history/\n!/history/*.log\n!/history/*.versions\n";
/// More than any such file that a person wrote.
const LIMIT: u64 = 1 << 20;
const README_MODE: u32 = 0o644;

/// The project of a new vault: the current folder, or what `--vault` says.
pub(crate) fn new_project(context: &Surroundings<'_>) -> Outcome<PathBuf> {
    let here = context.current_dir()?;
    Ok(match &context.globals.vault {
        None => here,
        Some(path) if path.ends_with(find::FILE) => {
            // …/.v-secure/vault.toml: the project is the folder above.
            let up = path.parent().and_then(Path::parent).filter(|up| !up.as_os_str().is_empty());
            up.map_or(here.clone(), |up| here.join(up))
        }
        Some(path) => here.join(path),
    })
}

pub fn in_git(project: &Path) -> bool {
    project.ancestors().any(|folder| folder.join(".git").exists())
}

/// Writes what keeps git from changing the vault and from committing its lock, where it is not there:
/// also where there is no repository yet, since one is often made afterwards. Returns what was written.
pub(crate) fn write_git_files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (name, text) in [(".gitattributes", ATTRIBUTES), (".gitignore", IGNORE)] {
        let path = folder.join(name);
        let old = match path.symlink_metadata() {
            Ok(_) => Some(
                read::read(&path, LIMIT).map_err(|error| unusable(&path).because(&error))?.bytes,
            ),
            Err(_) => None,
        };
        match old {
            None => new_file::write_new(&path, text.as_bytes(), README_MODE)?,
            Some(old) => match with_missing(&old, text, &OLD_ATTRIBUTES) {
                Some(new) => replace(folder, &path, &new)?,
                None => continue,
            },
        }
        written.push(path);
    }
    Ok(written)
}

/// The file with the lines that it lacks at its end, where they win, and without those that earlier versions wrote
/// in their place; `None` if nothing changes.
fn with_missing(old: &[u8], text: &str, outdated: &[&str]) -> Option<Vec<u8>> {
    let is = |line: &[u8], other: &str| line.trim_ascii() == other.as_bytes();
    let lines: Vec<&[u8]> = old.split_inclusive(|byte| *byte == b'\n').collect();
    let rules = text.lines().filter(|line| !line.starts_with('#'));
    let missing: Vec<&str> =
        rules.filter(|rule| !lines.iter().any(|line| is(line, rule))).collect();
    let kept = lines.iter().filter(|line| !outdated.iter().any(|other| is(line, other)));
    let mut new: Vec<u8> = kept.copied().flatten().copied().collect();
    if missing.is_empty() && new == old {
        return None;
    }
    if !new.is_empty() && !new.ends_with(b"\n") {
        new.push(b'\n');
    }
    missing.iter().for_each(|line| new.extend_from_slice(format!("{line}\n").as_bytes()));
    Some(new)
}

fn replace(folder: &Path, path: &Path, new: &[u8]) -> Outcome {
    let lock = Lock::acquire(folder, lock::WAIT).map_err(|error| unusable(path).because(&error))?;
    Ok(atomic::replace(&lock, path, new, README_MODE, Expected::Any)?)
}

fn unusable(path: &Path) -> Failure {
    Failure::new(Code::Write, format!("{} is unchanged", path.display()))
}
