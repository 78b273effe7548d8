//! Questions to the `git` command, which knows its own files best. Where it is missing, the answer
//! is the one that costs nothing.

use std::path::Path;
use std::process::{Command, Stdio};

/// Whether git tracks a file.
pub fn is_tracked(file: &Path) -> bool {
    let Some(name) = file.file_name() else { return false };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    git(folder.unwrap_or(Path::new(".")))
        .args(["ls-files", "--error-unmatch", "--"])
        .arg(name)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The content of `path` at a revision (`:` alone is the index), if both are there.
pub fn show(folder: &Path, revision: &str, path: &str) -> Option<Vec<u8>> {
    let output = git(folder)
        .arg("show")
        .arg("--end-of-options")
        .arg(format!("{revision}:{path}"))
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// Variables with key material, which no child of ours needs: git runs programs that a repository's
/// configuration names.
const CREDENTIALS: [&str; 2] = ["V_SECURE_IDENTITY", "V_SECURE_PASSPHRASE"];

/// A git command in a folder, with the user's variables but our credentials.
#[expect(clippy::disallowed_methods, reason = "every git command starts here")]
pub fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).stdin(Stdio::null());
    for name in CREDENTIALS {
        command.env_remove(name);
    }
    command
}
