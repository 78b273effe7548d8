//! What the records of a file state, where nothing says that it is true.

use super::Lines;
use crate::convert::duration::rfc3339;
use crate::file::model::VaultFile;
use crate::log::describe::{quoted, short};
use crate::log::history;
use crate::policy::describe;

pub(super) fn tell(lines: &mut Lines, file: &VaultFile) {
    lines.heading("stated by the policy, not verified");
    for entry in &file.chain {
        let (when, why) = (rfc3339(entry.ts), quoted(&entry.reason));
        let by: Vec<String> = entry.sigs.iter().map(|sig| short(&sig.key)).collect();
        for op in &entry.ops {
            let (action, object) = (describe::action(op), describe::object(op));
            lines.fact(&format!("{when} key {} {action} {object} {why}", by.join("+")));
        }
    }
    lines.heading("stated by the log, not verified");
    let mut entries: Vec<_> = file.entries.iter().collect();
    entries.sort_by_key(|(id, entry)| (entry.lamport, **id));
    for (_, entry) in entries {
        let (when, why) = (rfc3339(entry.ts), quoted(&entry.reason));
        for op in &entry.ops {
            let secret = op.secret().map(|secret| format!(" {secret}")).unwrap_or_default();
            let action = history::action(op);
            lines.fact(&format!("{when} {} {action}{secret} {why}", entry.actor));
        }
    }
}
