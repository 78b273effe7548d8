//! `audit verify`.

use crate::crypto::id::{EntryId, ObjectId, VaultId};
use crate::log::report::FindingRecord;
use crate::name::SecretName;
use crate::report::verified::Verified;
use crate::vault::Vault;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub struct AuditVerifyView<'a> {
    pub verdict: &'static str,
    pub findings: &'a [FindingRecord],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault: Option<VaultId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_entries: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heads: Option<&'a [EntryId]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<BTreeMap<&'a SecretName, CurrentVersionView>>,
    /// How many reads the journal holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads: Option<usize>,
}

#[derive(Serialize)]
pub struct CurrentVersionView {
    pub current: Option<ObjectId>,
}

impl CurrentVersionView {
    /// Of every secret.
    pub fn all(vault: &Vault) -> BTreeMap<&SecretName, Self> {
        let secrets = vault.state().secrets.iter();
        secrets.map(|(name, state)| (name, Self { current: state.current })).collect()
    }
}

impl<'a> AuditVerifyView<'a> {
    /// Of findings, and of what was verified where anything could be.
    pub fn of(
        is_refused: bool,
        findings: &'a [FindingRecord],
        found: Option<&'a Verified>,
    ) -> Self {
        Self {
            verdict: if is_refused { "refused" } else { "ok" },
            findings,
            vault: found.and_then(|found| found.chain.first().map(VaultId::from)),
            entries: found.map(|found| found.entries),
            policy_entries: found.map(|found| found.chain.len()),
            secrets: found.map(|found| found.secrets),
            heads: found.map(|found| &found.heads[..]),
            state: None,
            reads: None,
        }
    }
}

#[cfg(test)]
pub use tests::examples;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::finding::Severity;
    use crate::report::view::testing::{ID, json, secret};
    use serde_json::Value;

    const KINDS: [&str; 9] =
        ["vault", "policy", "audience", "slot", "entry", "secret", "object", "wrap", "journal"];

    fn findings() -> Vec<FindingRecord> {
        let severities = [Severity::Error, Severity::Warning, Severity::Notice];
        let of = |(kind, severity)| FindingRecord {
            kind: String::from(kind),
            ..FindingRecord::of_vault("forged", severity, "it is forged".to_owned())
        };
        let mut all: Vec<_> =
            KINDS.into_iter().zip(severities.into_iter().cycle()).map(of).collect();
        all[0].hint = Some("v-secure".into());
        all[0].line = Some(3);
        all
    }

    pub fn examples() -> Vec<Value> {
        let (findings, name) = (findings(), secret());
        let none = CurrentVersionView { current: None };
        let some = CurrentVersionView { current: Some(ObjectId(ID.0)) };
        let full = |current| AuditVerifyView {
            vault: Some(VaultId(ID.0)),
            entries: Some(2),
            policy_entries: Some(1),
            secrets: Some(1),
            heads: Some(&[EntryId(ID.0)]),
            state: Some(BTreeMap::from([(&name, current)])),
            reads: Some(0),
            ..AuditVerifyView::of(false, &[], None)
        };
        vec![
            json(&AuditVerifyView::of(true, &findings, None)),
            json(&full(none)),
            json(&full(some)),
        ]
    }
}
