//! What git's configuration says of vaults: how they are merged, and by which text their changes are shown. git's
//! attributes can only name these, so that each clone has to be told what the name means.
//!
//! git's own cache of such texts (`cachetextconv`) is left off: it outlives the program that made them, and
//! whoever may write refs would choose what is shown.

use super::command::{git, text};
use std::path::Path;
use std::process::Stdio;

/// What the attributes `merge` and `diff` of a vault say.
pub const NAME: &str = "v-secure";
/// What git runs to merge.
pub const COMMAND: &str = "v-secure git merge-driver %O %A %B %P";
/// What git runs to show, with a file behind it.
pub const TEXTCONV: &str = "v-secure git textconv";

const SETTINGS: [(&str, &str); 3] = [
    ("merge.v-secure.name", "union of the signed records of a vault"),
    (MERGE, COMMAND),
    (DIFF, TEXTCONV),
];
const MERGE: &str = "merge.v-secure.driver";
const DIFF: &str = "diff.v-secure.textconv";
const SECTIONS: [&str; 2] = ["merge.v-secure", "diff.v-secure"];

/// Which of the two something is so for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Both {
    pub merge: bool,
    pub diff: bool,
}

impl Both {
    pub(crate) const fn all(self) -> bool {
        self.merge && self.diff
    }
}

/// What this clone has been told.
pub(crate) fn registered(folder: &Path) -> Both {
    let says = |key, command| text(folder, &["config", "--get", key]).as_deref() == Some(command);
    Both { merge: says(MERGE, COMMAND), diff: says(DIFF, TEXTCONV) }
}

/// What git's attributes say of a file.
pub(crate) fn named(file: &Path) -> Both {
    let folder = file.parent().unwrap_or(Path::new("."));
    let name = file.file_name().and_then(|name| name.to_str());
    let asked = name.map(|name| ["check-attr", "-z", "merge", "diff", "--", name]);
    let answer = asked.and_then(|asked| text(folder, &asked)).unwrap_or_default();
    // Path, attribute and value, of each.
    let fields: Vec<&str> = answer.split('\0').collect();
    let is = |attribute: &str| {
        fields.chunks(3).any(|found| found.get(1..) == Some(&[attribute, NAME][..]))
    };
    Both { merge: is("merge"), diff: is("diff") }
}

/// Whether this clone's own configuration says anything of vaults, of whatever version.
pub fn is_told(folder: &Path) -> bool {
    SECTIONS.iter().any(|section| has(folder, section))
}

/// Tells this clone; whether it is told now.
pub fn register(folder: &Path) -> bool {
    SETTINGS.iter().all(|(key, value)| runs(folder, &["config", "--local", key, value]))
}

/// Takes it back; whether nothing of it is left.
pub(crate) fn unregister(folder: &Path) -> bool {
    let remove = |section| runs(folder, &["config", "--local", "--remove-section", section]);
    SECTIONS.iter().filter(|section| has(folder, section)).all(|section| remove(section))
}

fn has(folder: &Path, section: &str) -> bool {
    let keys = format!("^{}\\.", section.replace('.', "\\."));
    text(folder, &["config", "--local", "--name-only", "--get-regexp", &keys]).is_some()
}

fn runs(folder: &Path, arguments: &[&str]) -> bool {
    let mut command = git(folder);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
