//! `doctor`. What it looks for, and the codes of it, are the door's: most of it is about a device.

use serde::Serialize;

#[derive(Serialize)]
pub struct DoctorView<'a> {
    /// `ok` or `error`.
    pub verdict: &'static str,
    pub version: &'a str,
    pub findings: Vec<DoctorFindingView<'a>>,
}

#[derive(Serialize)]
pub struct DoctorFindingView<'a> {
    pub severity: DoctorSeverity,
    pub code: &'static str,
    /// One sentence, escaped for display.
    pub what: &'a str,
    /// What mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<&'a str>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DoctorSeverity {
    Ok,
    /// Worth knowing; nothing has to be done.
    Note,
    /// Works, and somebody should act.
    Warning,
    /// Does not work: exit code 1.
    Error,
}

impl DoctorSeverity {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl<'a> DoctorView<'a> {
    pub fn of(version: &'a str, findings: Vec<DoctorFindingView<'a>>) -> Self {
        let is_error = findings.iter().any(|found| found.severity == DoctorSeverity::Error);
        Self { verdict: if is_error { "error" } else { "ok" }, version, findings }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("doctor", examinations)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn examinations() -> Vec<Value> {
        use DoctorSeverity::{Error, Note, Ok, Warning};
        let finding = |severity| DoctorFindingView {
            severity,
            code: "vault-found",
            what: "the vault verifies",
            command: (severity != Ok).then_some("v-secure doctor"),
        };
        let view = |severities: &[DoctorSeverity]| {
            DoctorView::of("0.1.0", severities.iter().copied().map(finding).collect())
        };
        vec![json(&view(&[Ok, Note, Warning, Error])), json(&view(&[Ok, Note, Warning]))]
    }
}
