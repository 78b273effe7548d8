//! The merge driver in git's configuration: git's attributes can only name it, so that each clone has to be told
//! what the name means.

use super::command::{git, text};
use std::path::Path;
use std::process::Stdio;

/// What the attribute `merge` of a vault says.
pub const NAME: &str = "v-secure";
/// What git runs for it.
pub const COMMAND: &str = "v-secure git merge-driver %O %A %B %P";

const SETTINGS: [(&str, &str); 2] = [
    ("merge.v-secure.name", "union of the signed records of a vault"),
    ("merge.v-secure.driver", COMMAND),
];

/// Whether this clone runs the driver.
pub(crate) fn is_registered(folder: &Path) -> bool {
    text(folder, &["config", "--get", "merge.v-secure.driver"]).as_deref() == Some(COMMAND)
}

/// Whether git's attributes say that a file is merged by the driver.
pub fn is_named(file: &Path) -> bool {
    let folder = file.parent().unwrap_or(Path::new("."));
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return false };
    let answer = text(folder, &["check-attr", "-z", "merge", "--", name]).unwrap_or_default();
    answer.split('\0').nth(2) == Some(NAME)
}

/// Whether this clone's own configuration says anything of the driver, of whatever version.
pub fn is_told(folder: &Path) -> bool {
    text(folder, &["config", "--local", "--get", "merge.v-secure.driver"]).is_some()
}

/// Tells this clone; whether it is told now.
pub fn register(folder: &Path) -> bool {
    SETTINGS.iter().all(|(key, value)| runs(folder, &["config", "--local", key, value]))
}

/// Takes it back; whether nothing of it is left.
pub(crate) fn unregister(folder: &Path) -> bool {
    runs(folder, &["config", "--local", "--remove-section", "merge.v-secure"])
}

fn runs(folder: &Path, arguments: &[&str]) -> bool {
    let mut command = git(folder);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
