//! Findings as the stable JSON that `audit verify --json` prints (`docs/json.md`).

use super::finding::Finding;
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
        }
    }
}

pub fn to_json(findings: &[Finding]) -> String {
    let records: Vec<FindingRecord> = findings.iter().map(FindingRecord::from).collect();
    serde_json::to_string(&records).unwrap_or_default()
}

/// What [`to_json`] wrote; `None` if it is something else.
pub fn from_json(text: &str) -> Option<Vec<FindingRecord>> {
    serde_json::from_str(text).ok()
}
