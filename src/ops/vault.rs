//! A vault that has passed the checks its user asked for: what every operation works on.

use super::change::Change;
use crate::crypto::bytes::Id;
use crate::log::draft::Tips;
use crate::log::finding::{Code, Finding, Severity, Subject};
use crate::log::fold::Scope as FoldScope;
use crate::log::graph::Graph;
use crate::log::standing::{Signatures as LogSignatures, Standing, Standings};
use crate::log::state::{SecretState, State};
use crate::log::verify::{self, Options};
use crate::name::SecretName;
use crate::policy::chain::{Chain, Signatures};
use crate::policy::error::ChainError;
use crate::policy::state::State as PolicyState;
use crate::vault::audience::ExpectedEpoch;
use crate::vault::format::{self, FormatError, Scope, Trust};
use crate::vault::ids;
use crate::vault::model::{VaultFile, VersionObject, Wrap};
use crate::vault::rule::RuleError;
use crate::vault::version::SecretRef;
use std::collections::{BTreeSet, HashSet};

/// How much of a vault is read and verified.
#[derive(Debug, Clone, Copy)]
pub enum Depth<'a> {
    /// Everything.
    Everything,
    /// These secrets, with the checks that `docs/architecture.md` lists for `get`. Of bytes that
    /// were verified before, entries that name none of them are read without their ops.
    Secrets(&'a BTreeSet<SecretName>),
    /// Names and metadata without signatures, for completions: nothing here may be relied on.
    Unverified,
}

/// Why a file is no vault that can be worked with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    #[error("the vault file is not in its canonical form")]
    Format(#[source] FormatError),
    #[error("the vault's policy chain is not valid")]
    Chain(#[source] ChainError),
    #[error("the vault does not verify: {}", first_error(.0))]
    Findings(Vec<Finding>),
    #[error("the header names another vault than the policy chain")]
    OtherVault,
}

fn first_error(findings: &[Finding]) -> String {
    let errors = || findings.iter().filter(|finding| finding.severity == Severity::Error);
    match (errors().next(), errors().count()) {
        (Some(first), 1) => first.message.clone(),
        (Some(first), count) => format!("{} (and {} more findings)", first.message, count - 1),
        (None, _) => String::from("no finding"),
    }
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    #[error("the change is not allowed by the vault's policy")]
    Chain(#[source] ChainError),
    #[error("the change would not count: its signer lacks a right that it needs")]
    NotCounting,
    #[error("the change does not fit the log")]
    Findings(Vec<Finding>),
    #[error("the change holds another version or wrap than its entries name, and is not written")]
    Torn,
    #[error("the change cannot be stored")]
    Record(#[source] RuleError),
}

/// A vault, read and verified to some depth.
#[derive(Debug)]
pub struct Vault {
    file: VaultFile,
    chain: Chain,
    graph: Graph,
    standings: Standings,
    state: State,
    findings: Option<Vec<Finding>>,
    /// Whether every record is known to be what its id says.
    hashed: bool,
}

impl Vault {
    /// Opens the bytes of a vault file.
    ///
    /// `trust` says whether exactly these bytes have passed [`Depth::Everything`] before; `now` is
    /// seconds since the Unix epoch.
    pub fn open(bytes: &[u8], trust: Trust, depth: Depth<'_>, now: u64) -> Result<Self, OpenError> {
        let mut file = parse(bytes, trust, depth)?;
        let signatures = match (trust, depth) {
            (Trust::Strict, Depth::Everything | Depth::Secrets(_)) => Signatures::Check,
            _ => Signatures::Trusted,
        };
        let chain = Chain::build(&file.chain, signatures).map_err(OpenError::Chain)?;
        if chain.vault_id() != file.header.vault {
            return Err(OpenError::OtherVault);
        }
        if !count_without_ops(&file, &chain) {
            file = parse_whole_log(bytes, trust, depth)?;
        }
        match (trust, depth) {
            (Trust::Strict, Depth::Everything) => Self::verified(file, chain, now),
            (Trust::Strict, Depth::Secrets(wanted)) => Self::checked(file, chain, wanted),
            (trust, depth) => Self::folded(file, chain, depth, trust == Trust::Cached),
        }
    }

    fn verified(file: VaultFile, chain: Chain, now: u64) -> Result<Self, OpenError> {
        let report = verify::verify(&file, &chain, Options { now });
        if report.has_errors() {
            return Err(OpenError::Findings(report.findings));
        }
        let verify::Report { findings, graph, standings, state } = report;
        Ok(Self { file, chain, graph, standings, state, findings: Some(findings), hashed: true })
    }

    /// What `get` checks: all links, and everything about the wanted secrets.
    fn checked(
        file: VaultFile,
        chain: Chain,
        wanted: &BTreeSet<SecretName>,
    ) -> Result<Self, OpenError> {
        let graph = Graph::build(&file.entries).map_err(OpenError::Findings)?;
        let signatures = LogSignatures::Secrets(wanted);
        let standings = Standings::judge(&graph, &file.entries, &chain, signatures);
        let mut findings = standings.findings(&graph, &file.entries, &chain);
        findings.retain(|finding| finding.severity == Severity::Error);
        findings.retain(|finding| names_one_of(&file, &graph, finding, wanted));
        if !findings.is_empty() {
            return Err(OpenError::Findings(findings));
        }
        let state = State::fold(&graph, &file.entries, &standings, FoldScope::Secrets(wanted));
        let stale = stale_copies(&file, &state, &chain.vault_id(), wanted);
        if !stale.is_empty() {
            return Err(OpenError::Findings(stale));
        }
        Ok(Self { file, chain, graph, standings, state, findings: None, hashed: false })
    }

    /// State without verification: of bytes that were verified before, or for completions.
    fn folded(
        file: VaultFile,
        chain: Chain,
        depth: Depth<'_>,
        hashed: bool,
    ) -> Result<Self, OpenError> {
        let graph = Graph::build(&file.entries).map_err(OpenError::Findings)?;
        let standings = Standings::judge(&graph, &file.entries, &chain, LogSignatures::None);
        let scope = match depth {
            Depth::Secrets(wanted) => FoldScope::Secrets(wanted),
            _ => FoldScope::All,
        };
        let state = State::fold(&graph, &file.entries, &standings, scope);
        Ok(Self { file, chain, graph, standings, state, findings: None, hashed })
    }

    pub fn id(&self) -> Id {
        self.chain.vault_id()
    }

    pub fn file(&self) -> &VaultFile {
        &self.file
    }

    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// The policy of now.
    pub fn policy(&self) -> &PolicyState {
        self.chain.state()
    }

    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    pub fn standings(&self) -> &Standings {
        &self.standings
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Warnings and notices of a full verification; `None` where there was none, as of bytes that
    /// were verified before.
    pub fn findings(&self) -> Option<&[Finding]> {
        self.findings.as_deref()
    }

    /// What is sound and still wants somebody at `now`, seconds since the Unix epoch; however the
    /// vault was opened, but with [`Depth::Everything`].
    pub fn remarks(&self, now: u64) -> Vec<Finding> {
        let Self { file, chain, graph, standings, state, .. } = self;
        verify::remarks(file, chain, graph, standings, state, now)
    }

    pub fn secret(&self, name: &SecretName) -> Option<&SecretState> {
        self.state.secret(name)
    }

    /// Every secret that is not gone, by name.
    pub fn live(&self) -> impl Iterator<Item = (&SecretName, &SecretState)> {
        self.state.secrets.iter().filter(|(_, secret)| !secret.is_gone())
    }

    pub fn uid(&self, name: &SecretName) -> Id {
        ids::secret_uid(&self.id(), name)
    }

    /// A version's object, if the file has it and it is what its id says.
    pub fn object(&self, uid: &Id, object: &Id) -> Option<&VersionObject> {
        let found = self.file.secrets.get(uid)?.versions.get(object)?;
        (self.hashed || ids::object_id(uid, found) == *object).then_some(found)
    }

    /// A wrap, if the file has it and it is what its id says.
    pub fn wrap(&self, uid: &Id, wrap: &Id) -> Option<&Wrap> {
        let found = self.file.secrets.get(uid)?.wraps.get(wrap)?;
        (self.hashed || ids::wrap_id(found) == *wrap).then_some(found)
    }

    /// Whether every object and wrap has been found to be what its id says: the file's exact bytes
    /// passed full verification.
    pub fn is_hashed(&self) -> bool {
        self.hashed
    }

    /// What binds a version to this vault and a secret; `uid` is the secret's.
    pub fn binding<'a>(&'a self, uid: &'a Id) -> SecretRef<'a> {
        SecretRef { vault: &self.file.header.vault, uid }
    }

    /// The log entries that count and have no counting descendant.
    pub fn tips(&self) -> Tips {
        Tips::of(&self.graph, &self.standings, &self.file.entries)
    }

    /// All heads of the log, for a policy entry.
    pub fn heads(&self) -> BTreeSet<Id> {
        self.graph.heads().iter().map(|place| *self.graph.id(*place)).collect()
    }

    /// An audience's epochs as the policy has them, the current one first.
    pub fn expected_epochs(&self, audience: &str) -> Vec<ExpectedEpoch> {
        let Some(found) = self.policy().audience(audience) else { return Vec::new() };
        let newest_first = std::iter::once(&found.current).chain(found.earlier.iter().rev());
        newest_first
            .map(|epoch| ExpectedEpoch {
                epoch: epoch.epoch,
                recipient: epoch.recipient.clone(),
                commitment: epoch.kek,
            })
            .collect()
    }

    /// Judges the log by a longer chain that continues this vault's: an entry that counts here, is
    /// not `known` from before, and does not count there, is void. Returns those entries.
    pub fn hold_to(&mut self, longer: &Chain, known: &HashSet<Id>) -> Vec<Id> {
        let there = Standings::judge(&self.graph, &self.file.entries, longer, LogSignatures::None);
        let fresh = |place: &usize| !known.contains(self.graph.id(*place));
        let void: Vec<(usize, Standing)> = there
            .iter()
            .filter(|(place, standing)| *standing != Standing::Counting && fresh(place))
            .filter(|(place, _)| self.standings.counts(*place))
            .collect();
        if !void.is_empty() {
            self.standings.override_with(&void);
            self.state =
                State::fold(&self.graph, &self.file.entries, &self.standings, FoldScope::All);
        }
        void.iter().map(|(place, _)| *self.graph.id(*place)).collect()
    }

    /// The vault after `change`, its readable copies renewed.
    pub fn apply(self, change: Change) -> Result<Self, ApplyError> {
        let Self { mut file, chain, state: before, .. } = self;
        change.check().map_err(ApplyError::Record)?;
        if change.is_torn(&chain.vault_id()) {
            return Err(ApplyError::Torn);
        }
        let (entry_ids, all) = (change.entry_ids(), change.alters_policy());
        let touched = change.secrets();
        let chain = match change.policy_entry() {
            Some(entry) => chain.extended(entry.clone()).map_err(ApplyError::Chain)?,
            None => chain,
        };
        change.apply(&mut file);
        let graph = Graph::build(&file.entries).map_err(ApplyError::Findings)?;
        let standings = Standings::judge(&graph, &file.entries, &chain, LogSignatures::None);
        let counts = |id: &Id| {
            graph.place(id).is_some_and(|place| standings.of(place) == Standing::Counting)
        };
        if !entry_ids.iter().all(counts) {
            return Err(ApplyError::NotCounting);
        }
        let scope = if all { FoldScope::All } else { FoldScope::Secrets(&touched) };
        let state = State::fold(&graph, &file.entries, &standings, scope);
        renew_copies(&mut file, &state, chain.vault_id());
        let state = if all { state } else { renewed(before, &touched, state) };
        drop_pruned(&mut file, &state, chain.vault_id());
        Ok(Self { file, chain, graph, standings, state, findings: None, hashed: false })
    }
}

fn parse(bytes: &[u8], trust: Trust, depth: Depth<'_>) -> Result<VaultFile, OpenError> {
    let (uids, names) = match depth {
        Depth::Secrets(wanted) => (uids(bytes, wanted), wanted),
        _ => (BTreeSet::new(), &BTreeSet::new()),
    };
    let scope = match (depth, trust) {
        (Depth::Everything, _) => Scope::All,
        (Depth::Unverified, _) => Scope::NoSecrets,
        (Depth::Secrets(_), Trust::Strict) => Scope::Secrets(&uids),
        (Depth::Secrets(_), Trust::Cached) => Scope::Naming { uids: &uids, names },
    };
    format::parse(bytes, trust, scope).map_err(OpenError::Format)
}

fn parse_whole_log(bytes: &[u8], trust: Trust, depth: Depth<'_>) -> Result<VaultFile, OpenError> {
    match depth {
        Depth::Secrets(wanted) => {
            let scope = uids(bytes, wanted);
            format::parse(bytes, trust, Scope::Secrets(&scope)).map_err(OpenError::Format)
        }
        _ => parse(bytes, trust, depth),
    }
}

/// Whether the entries that were read without their ops count for certain. The bytes passed before,
/// so none is forged; and only a right taken away after the policy that it names makes one void.
fn count_without_ops(file: &VaultFile, chain: &Chain) -> bool {
    let Some(last) = chain.removals().last() else { return true };
    let knows = |policy: &Id| chain.position(policy).is_some_and(|position| position >= *last);
    file.entries.values().filter(|entry| entry.ops.is_empty()).all(|entry| knows(&entry.policy))
}

/// The uids of the wanted secrets; none where the header names no vault, and then the parser says
/// what is wrong with it.
fn uids(bytes: &[u8], wanted: &BTreeSet<SecretName>) -> BTreeSet<Id> {
    let vault = stated_vault(bytes);
    let uid = |name| vault.map(|vault| ids::secret_uid(&vault, name));
    wanted.iter().filter_map(uid).collect()
}

/// The vault id that the header states: where to look, nothing to believe.
fn stated_vault(bytes: &[u8]) -> Option<Id> {
    let head = &bytes[..bytes.len().min(4096)];
    let line = head.split(|byte| *byte == b'\n').take(8).find_map(|line| {
        std::str::from_utf8(line).ok()?.strip_prefix("vault = \"")?.strip_suffix('"')
    })?;
    Id::parse(line).ok()
}

/// Whether a finding is about an entry that names one of the secrets.
fn names_one_of(
    file: &VaultFile,
    graph: &Graph,
    finding: &Finding,
    wanted: &BTreeSet<SecretName>,
) -> bool {
    let _ = graph;
    match finding.subject.entry().and_then(|id| file.entries.get(id)) {
        Some(entry) => {
            entry.ops.iter().filter_map(|op| op.secret()).any(|name| wanted.contains(name))
        }
        None => finding.subject.secret().is_none_or(|name| wanted.contains(name)),
    }
}

/// Where the sections of the wanted secrets contradict the log.
fn stale_copies(
    file: &VaultFile,
    state: &State,
    vault: &Id,
    wanted: &BTreeSet<SecretName>,
) -> Vec<Finding> {
    let stale = wanted.iter().filter_map(|name| {
        let section = file.secrets.get(&ids::secret_uid(vault, name))?;
        if section.name == *name {
            return verify::active(section, state);
        }
        let message = format!("the section of {name} says that it is {}", section.name);
        Some(Finding::new(Code::SecretUid, Subject::Secret(name.clone()), message))
    });
    stale.collect()
}

/// A log that only grows leaves the secrets that the new entries do not name as they are.
fn renewed(mut before: State, touched: &BTreeSet<SecretName>, folded: State) -> State {
    before.secrets.retain(|name, _| !touched.contains(name));
    before.secrets.extend(folded.secrets);
    before
}

/// Drops the bytes that a counting `prune` names. A merge brings them back from a file that still
/// has them, so every writer does.
fn drop_pruned(file: &mut VaultFile, state: &State, vault: Id) {
    let pruned = |secret: &SecretState| secret.versions.iter().any(|version| version.pruned);
    for (name, secret) in state.secrets.iter().filter(|(_, secret)| pruned(secret)) {
        let uid = ids::secret_uid(&vault, name);
        let Some(section) = file.secrets.get_mut(&uid) else { continue };
        for pruned in secret.versions.iter().filter(|version| version.pruned) {
            section.versions.remove(&pruned.object);
            section.wraps.retain(|_, wrap| wrap.version != pruned.object);
        }
        if section.versions.is_empty() {
            file.secrets.remove(&uid);
        }
    }
}

fn renew_copies(file: &mut VaultFile, state: &State, vault: Id) {
    for (name, secret) in &state.secrets {
        if let Some(section) = file.secrets.get_mut(&ids::secret_uid(&vault, name)) {
            section.active = secret.candidates.clone();
        }
    }
}
