//! Readable copies: what the file says of itself, against what the chain and the log say.

use super::Case;
use crate::crypto::id::ObjectId;
use crate::file::model::{AudienceSection, SecretSection};
use crate::log::describe::{quoted, short};
use crate::log::finding::{Finding, FindingCode, Subject};
use crate::log::policy_view::AudienceView;
use crate::log::state::LogState;
use crate::name::audience::AudienceName;
use crate::record::ids;
use std::collections::BTreeMap;

pub(super) fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = header(case);
    findings.extend(audiences(case));
    findings.extend(secrets(case));
    findings
}

fn header(case: &Case<'_>) -> Vec<Finding> {
    let (header, id) = (&case.file.header, case.policy.vault_id());
    let mut findings = Vec::new();
    let Some(name) = case.policy.vault_name() else { return findings };
    let mut differs = |code, what: &str, stated: String, signed: String| {
        let message = format!("the header's {what} is {stated} where genesis says {signed}");
        findings.push(Finding::new(code, Subject::Vault, message));
    };
    if header.vault != id {
        differs(FindingCode::HeaderVault, "vault id", short(&header.vault), short(&id));
    }
    if header.name != *name {
        differs(FindingCode::HeaderName, "name", header.name.to_string(), name.to_string());
    }
    findings
}

fn audiences(case: &Case<'_>) -> Vec<Finding> {
    let views = case.policy.audiences();
    let mut left: BTreeMap<&AudienceName, &AudienceSection> = case.file.audiences.iter().collect();
    let mut findings: Vec<Finding> = Vec::new();
    for view in &views {
        let section = case.file.audiences.get(view.name);
        left.retain(|name, _| *name != view.name);
        findings.extend(audience(view, section));
    }
    findings.extend(left.keys().map(|name| {
        let message = format!("the policy has no audience {}", quoted(name));
        Finding::new(FindingCode::AudienceUnknown, Subject::Audience((*name).clone()), message)
    }));
    findings
}

fn audience(view: &AudienceView<'_>, section: Option<&AudienceSection>) -> Option<Finding> {
    let (code, message) = match section {
        None => (FindingCode::AudienceMissing, format!("audience {} has no envelope", view.name)),
        Some(section) if section.epoch != *view.epoch => (
            FindingCode::AudienceEpoch,
            format!(
                "audience {} states epoch {} where the policy says {}",
                view.name,
                short(&section.epoch),
                short(view.epoch)
            ),
        ),
        Some(section) if ids::envelope_id(&section.envelope) != *view.envelope => (
            FindingCode::EnvelopeWrong,
            format!("the envelope of audience {} is not the one that the policy names", view.name),
        ),
        Some(_) => return None,
    };
    let finding = Finding::new(code, Subject::Audience(view.name.clone()), message);
    Some(finding.hint("git log -p -- .v-secure/vault.toml"))
}

fn secrets(case: &Case<'_>) -> Vec<Finding> {
    let sections = case.file.secrets.values().filter(|section| !case.reach.has(&section.name));
    sections.filter_map(|section| active(section, case.state)).collect()
}

/// Whether a section's `active` is what the log leads to: a log without its last entry is one that
/// nothing else in the file contradicts. Of a version that is not there the text can say nothing: it is missing.
fn active(section: &SecretSection, state: &LogState) -> Option<Finding> {
    let name = &section.name;
    let found = state.secret(name).map_or(&[][..], |state| &state.candidates);
    let is_there = |id: &&ObjectId| section.versions.contains_key(*id);
    let (said, found) = (section.active.iter().filter(is_there), found.iter().filter(is_there));
    (!said.eq(found)).then(|| {
        let message = format!("'active' of {name} is not what the log leads to");
        Finding::new(FindingCode::ActiveWrong, Subject::Secret(name.clone()), message)
            .hint("git log -p -- .v-secure/vault.toml")
    })
}
