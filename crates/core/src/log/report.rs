//! Findings as the stable JSON that `audit verify --json` prints (`docs/json.md`).

use super::finding::{Finding, Severity};
use serde::{Deserialize, Serialize};

/// One finding, for machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRecord {
    pub code: String,
    /// `error`, `warning` or `notice`.
    pub severity: String,
    /// `vault`, `policy`, `audience`, `slot`, `entry`, `secret`, `object` or `wrap`.
    pub kind: String,
    pub subject: String,
    pub message: String,
    pub hint: Option<String>,
    /// The line of the file, counted from 1, where the file's form is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

impl From<&Finding> for FindingRecord {
    fn from(finding: &Finding) -> Self {
        Self {
            code: finding.code.as_str().to_owned(),
            severity: finding.severity.as_str().to_owned(),
            kind: finding.subject.kind().to_owned(),
            subject: finding.subject.to_string(),
            message: finding.message.clone(),
            hint: finding.hint.clone(),
            line: None,
        }
    }
}

impl FindingRecord {
    /// A finding about the vault as a whole that verification by itself cannot make: what the pins,
    /// the form of the file or a base say.
    pub fn of_vault(code: &str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            severity: severity.as_str().to_owned(),
            kind: "vault".to_owned(),
            subject: "vault".to_owned(),
            message: message.into(),
            hint: None,
            line: None,
        }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error.as_str()
    }
}
