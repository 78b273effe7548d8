//! Verification without keys: every rule of `docs/format.md` sections 2, 3, 6 and 7 that a parsed
//! file with a valid policy chain can still break. What a line breaks by itself, the parser refuses;
//! what the chain breaks, [`crate::policy`] does.

mod attention;
mod base;
pub(crate) mod checkpoints;
mod contents;
mod copies;
mod heads;
mod reach;
mod rotation;
mod slots;

#[cfg(test)]
mod tests;

use crate::crypto::known_signatures::{KnownSignatures, NoneKnown};
use crate::file::model::VaultFile;
use crate::log::closed::closing::WholeLog;
use crate::log::finding::{Finding, Severity};
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::judge;
use crate::log::judge::Signed;
use crate::log::policy_view::PolicyView;
use crate::log::standing::{LogSignatures, Standings};
use crate::log::state::LogState;

use crate::time::UnixTime;
pub use base::{new_secrets, verify_base};
use checkpoints::Beside;
pub use reach::Reach;
pub(crate) use reach::{Holding, Named};

#[derive(Debug, Clone, Copy)]
pub struct VerifyOptions<'a> {
    /// Seconds since the Unix epoch: what is past its expiry then is reported.
    pub now: UnixTime,
    /// Which secrets are judged. With some secrets, the same checks leave out exactly this: the
    /// signatures, keys, actors and rights of entries that name none of them, the sections of other
    /// secrets, which `file` then need not hold, and the signatures of slots.
    pub scope: FoldScope<'a>,
}

impl VerifyOptions<'_> {
    /// Everything is judged.
    pub const fn all(now: UnixTime) -> Self {
        Self { now, scope: FoldScope::All }
    }
}

/// What was found, and what it was found in, so that nobody folds twice.
#[derive(Debug)]
pub struct Report {
    /// Errors first.
    pub findings: Vec<Finding>,
    pub graph: Graph,
    pub standings: Standings,
    pub state: LogState,
    /// What the file cannot tell without its closed history; nothing is found out about that here.
    pub reach: Reach,
}

impl Report {
    /// Whether the vault must not be trusted as it is (exit code 6).
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Verifies a vault file against its policy chain, `policy` being the chain of `file`.
///
/// Signatures of entries come first, beside the hashing of contents: what does not hold is forged
/// before its ops are looked at.
pub fn verify(file: &VaultFile, policy: &dyn PolicyView, options: VerifyOptions<'_>) -> Report {
    verify_knowing(file, policy, options, &NoneKnown)
}

/// [`verify`] that passes over the signatures of entries that are known to hold; every other check is made.
pub(crate) fn verify_knowing(
    file: &VaultFile,
    policy: &dyn PolicyView,
    options: VerifyOptions<'_>,
    known: &dyn KnownSignatures,
) -> Report {
    verify_beside(file, policy, options, known, None)
}

/// The same of a file that has all of its log again, by what stands `beside` it.
pub(crate) fn verify_beside(
    file: &VaultFile,
    policy: &dyn PolicyView,
    options: VerifyOptions<'_>,
    known: &dyn KnownSignatures,
    beside: Option<Beside<'_>>,
) -> Report {
    let scope = options.scope;
    let (unsigned, (graph, block)) = rayon::join(
        || judge::unsigned(&file.entries, policy, scope, known),
        || (graph_of(file, policy), block(file, policy)),
    );
    if Reach::is_everything(file, &graph, policy) {
        // What is missing could be missing below what is there, too, so that no right and no order can be judged.
        let findings = block.into_iter().collect();
        let (standings, state) = Default::default();
        return Report { findings, graph, standings, state, reach: Reach::Everything };
    }
    let signed = Signed { unsigned, signatures: LogSignatures::Check };
    let standings = Standings::judge_signed(&graph, &file.entries, policy, scope, &signed);
    let (state, reach) = rayon::join(
        || LogState::fold(&graph, &file.entries, &standings, scope),
        || Reach::of(file, &graph, policy, scope),
    );
    let case = Case {
        file,
        policy,
        graph: &graph,
        standings: &standings,
        state: &state,
        scope,
        reach: &reach,
    };
    let mut findings = Vec::new();
    findings.extend(block);
    if let Some(beside) = beside {
        let (graph, entries, standings) = (&graph, &file.entries, &standings);
        let log = WholeLog { graph, entries, standings, policy };
        findings.extend(checkpoints::check(&file.chain, log, beside));
    }
    findings.extend(graph.findings());
    findings.extend(standings.findings(&graph, &file.entries, policy));
    findings.extend(heads::check(&case));
    findings.extend(copies::check(&case));
    let (contents, (slots, attention)) = rayon::join(
        || contents::check(&case),
        || {
            let is_all = matches!(scope, FoldScope::All);
            (is_all.then(|| slots::check(&case)), attention::check(&case, options.now))
        },
    );
    findings.extend(contents);
    findings.extend(slots.into_iter().flatten());
    findings.extend(attention);
    sort(&mut findings);
    Report { findings, graph, standings, state, reach }
}

/// The graph of a file's log: without what is closed where the file is read without that.
pub(crate) fn graph_of(file: &VaultFile, policy: &dyn PolicyView) -> Graph {
    let last = policy.checkpoint().map(|(checkpoint, _)| &checkpoint.entry);
    Graph::inspect_upon(&file.entries, file.closed.as_ref().zip(last))
}

/// Whether the block of what is closed is that of the chain's last checkpoint, and all that it keeps is there.
fn block(file: &VaultFile, policy: &dyn PolicyView) -> Option<Finding> {
    let closed = file.closed.as_ref()?;
    let fault = match policy.checkpoint() {
        Some((checkpoint, _)) => closed.fault(checkpoint, &file.entries)?.to_string(),
        None => "the policy closes nothing".to_owned(),
    };
    Some(checkpoints::closed_wrong(fault))
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
    state: &LogState,
    now: UnixTime,
) -> Vec<Finding> {
    let reach = Reach::of(file, graph, policy, FoldScope::All);
    let case = Case { file, policy, graph, standings, state, scope: FoldScope::All, reach: &reach };
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
    state: &'a LogState,
    scope: FoldScope<'a>,
    reach: &'a Reach,
}
