//! `provider test`, `provider list`.

use crate::name::{Name, Pattern, SecretName};
use serde::Serialize;

#[derive(Serialize)]
pub struct ProviderListView<'a> {
    pub providers: Vec<ProviderView<'a>>,
}

/// What the owners say of a provider, and what is here of it.
#[derive(Serialize)]
pub struct ProviderView<'a> {
    pub name: Name,
    pub kind: Option<&'static str>,
    pub serves: Vec<Pattern>,
    /// How many secrets these match.
    pub secrets: usize,
    pub program: Option<&'a str>,
    /// What the file of the program must have, as the setting says.
    pub sha256: Option<&'a str>,
    /// `None` where the provider is no program.
    pub matches: Option<ProgramMatch>,
    pub why: Option<String>,
    pub admin: Option<SecretName>,
    /// What is set for no provider of this kind yet, and has to be.
    pub missing: Vec<&'static str>,
}

/// Whether the file of a program is the one that owners stated, and nobody else's to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramMatch {
    Yes,
    No,
    /// It is not on this machine.
    Missing,
}

#[derive(Serialize)]
pub struct ProviderTestView<'a> {
    pub program: &'a str,
    /// Of the program's file, as the setting has it.
    pub sha256: &'a str,
    /// `None` where it does not say what it can do.
    pub abilities: Option<ProviderAbilitiesView>,
    pub checks: Vec<ProviderCheckView<'a>>,
    pub passed: bool,
    /// Commands that make it the provider of secrets.
    pub settings: &'a [String],
}

/// What a provider says of itself, in the words of the contract.
#[derive(Serialize)]
pub struct ProviderAbilitiesView {
    pub verbs: Vec<&'static str>,
    pub makes: &'static str,
    pub finds: &'static str,
    pub holds: u8,
    pub fences: bool,
}

#[derive(Serialize)]
pub struct ProviderCheckView<'a> {
    pub check: &'static str,
    pub result: CheckResult,
    pub why: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckResult {
    Passed,
    Failed,
    Skipped,
}

impl CheckResult {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json, name, pattern, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("provider-list", listed), ("provider-test", tested)];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    #[test]
    fn a_result_is_written_as_it_is_shown() {
        for result in [CheckResult::Passed, CheckResult::Failed, CheckResult::Skipped] {
            assert_eq!(json(&result), result.as_str());
        }
    }

    fn listed() -> Vec<Value> {
        let view = |kind, matches, why: Option<&str>| ProviderView {
            name: name("db"),
            kind,
            serves: vec![pattern("prod/*")],
            secrets: 2,
            program: why.map(|_| "/opt/provider"),
            sha256: why.map(|_| "00"),
            matches,
            why: why.map(str::to_owned),
            admin: why.map(|_| secret()),
            missing: vec!["endpoint"],
        };
        let providers = vec![
            view(Some("command"), Some(ProgramMatch::Yes), None),
            view(Some("command"), Some(ProgramMatch::No), Some("why")),
            view(Some("postgres"), None, None),
            view(None, Some(ProgramMatch::Missing), Some("why")),
        ];
        vec![json(&ProviderListView { providers })]
    }

    fn tested() -> Vec<Value> {
        let check = |result, why| ProviderCheckView { check: "set", result, why };
        let view = |abilities, passed| ProviderTestView {
            program: "/opt/provider",
            sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            abilities,
            checks: vec![
                check(CheckResult::Passed, None),
                check(CheckResult::Failed, Some("why")),
                check(CheckResult::Skipped, Some("why")),
            ],
            passed,
            settings: &[],
        };
        let abilities = |makes, finds, holds, fences| {
            let verbs = vec!["set", "validate", "revoke"];
            Some(ProviderAbilitiesView { verbs, makes, finds, holds, fences })
        };
        let settings = ["v-secure settings set provider.db.kind command".to_owned()];
        let whole = ProviderTestView {
            settings: &settings,
            ..view(abilities("here", "nothing", 1, false), true)
        };
        vec![
            json(&whole),
            json(&view(abilities("provider", "label", 2, true), false)),
            json(&view(abilities("provider", "idempotency", 2, true), false)),
            json(&view(None, false)),
        ]
    }
}
