//! Who else can write or read what v-secure keeps.

use super::examined::Examined;
use super::finding::{DoctorCode, DoctorFinding};
use crate::cli::output::shell_word;
use crate::store::file::inspect;
use crate::store::file::inspect::FileAccess;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::private::PrivateError;
use std::path::Path;

pub fn check(examined: &Examined<'_>) -> Vec<DoctorFinding> {
    let (host, owners) = (examined.context.host, examined.context.owners());
    let mut findings = Vec::new();
    if let Some(location) = examined.location() {
        findings.extend(vault(&location.vault, &location.folder, inspect::access));
    }
    let state = host.state_dir();
    for folder in [host.config_dir(), state.clone()].into_iter().flatten() {
        findings.extend(private(&folder, owners));
    }
    findings.extend(state.as_deref().and_then(|folder| replaceable(folder, owners)));
    findings.extend(state.and_then(|folder| unwritable(&folder)));
    if findings.is_empty() && examined.location().is_some() {
        let what = "nobody else can write the vault or what this device keeps";
        findings.push(DoctorFinding::new(DoctorCode::PermissionsSound, what));
    }
    findings
}

fn vault(
    file: &Path,
    folder: &Path,
    access: impl Fn(&Path) -> Option<FileAccess>,
) -> Vec<DoctorFinding> {
    let of = |path: &Path| access(path).map(|access| (path.to_path_buf(), access));
    let found: Vec<_> = [file, folder].into_iter().filter_map(of).collect();
    let mut findings: Vec<DoctorFinding> = found
        .iter()
        .filter(|(_, access)| access.writable_by_others())
        .map(|(path, _)| {
            let what = format!("{} can be written by other accounts", path.display());
            DoctorFinding::new(DoctorCode::VaultWritable, what)
                .mend(shell_word::on("chmod go-w", path))
        })
        .collect();
    // A file is written anew beside the old one, whose own mode keeps it from that on Windows alone.
    let counts = |path: &Path| cfg!(windows) || path == folder;
    if found.iter().any(|(path, access)| counts(path) && !access.writable) {
        let what = format!("{} cannot be written here: reading works", file.display());
        findings.push(DoctorFinding::new(DoctorCode::VaultReadOnly, what));
    }
    findings
}

/// A folder that is not there yet is made with the right mode.
fn private(folder: &Path, owners: Owners) -> Option<DoctorFinding> {
    match inspect::private_folder(folder, owners) {
        Ok(None) => None,
        Ok(Some(exposed)) => {
            let what = format!("other accounts can look into {}", exposed.path.display());
            let command = shell_word::on("chmod go=", &exposed.path);
            Some(DoctorFinding::new(DoctorCode::FolderExposed, what).mend(command))
        }
        Err(error) => Some(DoctorFinding::new(DoctorCode::FolderUnusable, error.to_string()).mend(
            match error {
                PrivateError::NotAFolder { .. } => shell_word::on("rm", folder),
                PrivateError::OtherOwner { .. } => shell_word::on("ls -ld", folder),
                _ => shell_word::on("chmod go=", folder),
            },
        )),
    }
}

/// A state folder that another account can replace is not used.
fn replaceable(folder: &Path, owners: Owners) -> Option<DoctorFinding> {
    let error = private::unreplaceable(folder, owners).err()?;
    let what = format!("{} is not used: {error}", folder.display());
    Some(DoctorFinding::new(DoctorCode::FolderUnusable, what).mend("sudo -H v-secure doctor"))
}

/// Of a folder that is to be made, the one that it is made in counts.
fn unwritable(folder: &Path) -> Option<DoctorFinding> {
    let (path, access): (&Path, FileAccess) =
        folder.ancestors().find_map(|path| Some((path, inspect::access(path)?)))?;
    if access.writable {
        return None;
    }
    let what = format!("{} cannot be written: nothing is remembered here", path.display());
    Some(DoctorFinding::new(DoctorCode::FolderReadOnly, what).mend("export XDG_STATE_HOME=FOLDER"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_whose_folder_can_be_written_can_be_written() {
        let [file, folder] = [Path::new("/p/.v-secure/vault.toml"), Path::new("/p/.v-secure")];
        let found = |closed: &Path| {
            let access =
                |path: &Path| Some(FileAccess { mode: Some(0o644), writable: path != closed });
            vault(file, folder, access).len()
        };
        assert_eq!((found(file), found(folder)), (0, 1));
    }
}
