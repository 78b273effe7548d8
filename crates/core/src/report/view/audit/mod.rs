//! `audit export`, `audit log`, `audit verify`.

pub mod log;
pub mod verify;

use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
pub struct AuditExportView<'a> {
    pub format: &'static str,
    pub file: &'a Path,
    pub events: usize,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[
        ("audit-export", exports),
        ("audit-log", log::examples),
        ("audit-verify", verify::examples),
    ];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn exports() -> Vec<Value> {
        let file = Path::new("audit.csv");
        vec![json(&AuditExportView { format: "csv", file, events: 12 })]
    }
}
