//! Files that git carries, or would with the next `git add`, and that hold what the vault is to keep: values and
//! members' private keys. The hook refuses both in a commit; here is what is there already.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::output::shell_word;
use crate::cli::repository::plain_keys::Owner;
use crate::cli::repository::{in_index, plain_files, plain_keys};
use crate::store::file::read;
use crate::store::git::command as git_command;
use crate::store::git::index as git_index;
use std::path::{Path, PathBuf};
use v_secure_core::convert::text;
use v_secure_core::vault::{Depth, Vault};

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let Some(location) = examined.location() else { return Vec::new() };
    let Some((root, _)) = git_command::root_and_hooks(&location.project) else { return Vec::new() };
    let project = &location.project;
    let (dotenvs, keys) =
        (git_index::open_dotenvs(project), git_index::tracked_with(&root, plain_keys::PATTERN));
    if dotenvs.is_empty() && keys.is_empty() {
        return Vec::new();
    }
    let vaults = vaults(examined, &root);
    let names = plain_files::names(&vaults);
    let owners = plain_keys::owners(&vaults);
    let values = dotenvs.iter().filter_map(|file| {
        let held = plain_files::held(Path::new(file), &content(project, file)?, &names);
        (!held.is_empty()).then(|| of_values(examined, project, file, &held))
    });
    let keys = keys.iter().filter_map(|file| {
        let owner = plain_keys::held(&git_index::staged(&root, file)?, &owners)?;
        Some(of_key(examined, &root, file, owner))
    });
    values.chain(keys).collect()
}

/// The vaults of the repository, and the one that is meant, which git may not track.
fn vaults(examined: &Examined<'_>, root: &Path) -> Vec<Vault> {
    let mut vaults = in_index::vaults(examined.context, root, root);
    let session = examined.context.session();
    vaults.extend(session.and_then(|session| Ok(session.open(Depth::Unverified)?.vault)));
    vaults
}

/// What a file below a folder holds: as it is here, or where it is gone here as the next commit has it.
fn content(project: &Path, file: &str) -> Option<Vec<u8>> {
    let here = read::read(&project.join(file), text::MAX_INPUT as u64);
    here.map(|found| found.bytes).ok().or_else(|| git_index::staged_below(project, file))
}

fn of_values(
    examined: &Examined<'_>,
    project: &Path,
    file: &str,
    held: &[String],
) -> DoctorFinding {
    let what = format!(
        "{file} holds secrets of the vault in plain text, and git does not ignore it: {}",
        plain_files::few(held)
    );
    let ignoring = plain_files::ignoring(file, ".gitignore");
    let mend = match git_index::is_tracked(&project.join(file)) {
        true => format!("{}  # and {ignoring}", untracking(examined, project, Path::new(file))),
        false => ignoring,
    };
    DoctorFinding::new(DoctorCode::PlainFile, what).mend(mend)
}

/// A key that a commit has held is everybody's who has the repository, whatever the next commit holds.
fn of_key(examined: &Examined<'_>, root: &Path, file: &Path, owner: &Owner) -> DoctorFinding {
    let what =
        format!("git tracks {}, which holds the private key of {}", file.display(), owner.member);
    let untracking = untracking(examined, root, file);
    let mend = match git_command::was_committed(&root.join(file)) {
        true => format!(
            "{untracking}  # and replace the key, which a commit holds: {}",
            replaced(owner)
        ),
        false => format!("{untracking}  # which keeps the file itself"),
    };
    DoctorFinding::new(DoctorCode::PlainKey, what).mend(mend)
}

/// The commands that put another key in the place of one that others have.
fn replaced(owner: &Owner) -> String {
    let Owner { member, device, recipient } = owner;
    let (new, old) = match device {
        Some(device) => ("--request REQUEST", format!("{member}/{device} --lost")),
        None => ("--new-identity", format!("{member}/{}", recipient.tag())),
    };
    format!(
        "'v-secure member add {member} --device {new}' for another one, then 'v-secure member key remove {old}'"
    )
}

/// What takes a file out of the index alone.
fn untracking(examined: &Examined<'_>, folder: &Path, file: &Path) -> String {
    let here = examined.context.current_dir().ok().and_then(|here| here.canonicalize().ok());
    let is_here = here.is_some() && here == folder.canonicalize().ok();
    let typed = if is_here { PathBuf::from(file) } else { folder.join(file) };
    shell_word::on_pathspec("git rm --cached", &typed)
}
