//! Verification without keys: every rule of `docs/format.md` sections 2, 3, 6 and 7 that a parsed
//! file with a valid policy chain can still break. What a line breaks by itself, the parser refuses;
//! what the chain breaks, [`crate::policy`] does.

mod attention;
mod base;
mod contents;
mod copies;
mod heads;
mod slots;

#[cfg(test)]
mod tests;

use super::finding::{Finding, Severity};
use super::fold::Scope;
use super::graph::Graph;
use super::policy_view::PolicyView;
use super::standing::{self, PARALLEL_FROM, Signatures, Standings};
use super::state::State;
use crate::vault::model::VaultFile;

pub use base::{new_secrets, verify_base};
pub use copies::active;

#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Seconds since the Unix epoch: what is past its expiry then is reported.
    pub now: u64,
}

/// What was found, and what it was found in, so that nobody folds twice.
#[derive(Debug)]
pub struct Report {
    /// Errors first.
    pub findings: Vec<Finding>,
    pub graph: Graph,
    pub standings: Standings,
    pub state: State,
}

impl Report {
    /// Whether the vault must not be trusted as it is (exit code 6).
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Verifies all of a vault file against its policy chain, `policy` being the chain of `file`.
///
/// Signatures are checked beside everything else, which takes them to hold: where one does not,
/// what hangs on it is done again without its entry.
pub fn verify(file: &VaultFile, policy: &dyn PolicyView, options: Options) -> Report {
    let unsigned = || standing::unsigned(file.entries.iter().collect(), policy);
    let checked = || Report::unsigned(file, policy, options);
    let (unsigned, mut report) = match file.entries.len() {
        ..PARALLEL_FROM => (unsigned(), checked()),
        _ => rayon::join(unsigned, checked),
    };
    if report.standings.forge(&report.graph, &unsigned) {
        report.check(file, policy, options);
    }
    report
}

impl Report {
    /// As if every signature held.
    fn unsigned(file: &VaultFile, policy: &dyn PolicyView, options: Options) -> Self {
        let graph = Graph::inspect(&file.entries);
        let standings = Standings::judge(&graph, &file.entries, policy, Signatures::None);
        let (findings, state) = (Vec::new(), State::default());
        let mut report = Self { findings, graph, standings, state };
        report.check(file, policy, options);
        report
    }

    /// Finds the state, and what is wrong or wants attention, by the standings.
    fn check(&mut self, file: &VaultFile, policy: &dyn PolicyView, options: Options) {
        let Self { findings, graph, standings, state } = self;
        *state = State::fold(graph, &file.entries, standings, Scope::All);
        let case = Case { file, policy, graph, standings, state };
        *findings = graph.findings();
        findings.extend(standings.findings(graph, &file.entries, policy));
        findings.extend(heads::check(&case));
        findings.extend(copies::check(&case));
        findings.extend(contents::check(&case));
        findings.extend(slots::check(&case));
        findings.extend(attention::check(&case, options.now));
        sort(findings);
    }
}

fn sort(findings: &mut [Finding]) {
    findings
        .sort_by(|a, b| (a.severity, &a.subject, a.code).cmp(&(b.severity, &b.subject, b.code)));
}

/// What is sound and still wants somebody, of a file that was verified before.
pub fn remarks(
    file: &VaultFile,
    policy: &dyn PolicyView,
    graph: &Graph,
    standings: &Standings,
    state: &State,
    now: u64,
) -> Vec<Finding> {
    let case = Case { file, policy, graph, standings, state };
    let mut findings = attention::check(&case, now);
    findings.extend(standings.findings(graph, &file.entries, policy));
    sort(&mut findings);
    findings
}

/// What the checks look at.
struct Case<'a> {
    file: &'a VaultFile,
    policy: &'a dyn PolicyView,
    graph: &'a Graph,
    standings: &'a Standings,
    state: &'a State,
}
