//! A vault that has passed the checks its user asked for: what every operation works on.

use super::beside::{stands_alone, told_without_history};
use super::change::Change;
use super::closing;
use super::copies::renew_copies;
use super::ledger::Ledger;
use super::whole;
use super::whole::{Away, History, HistoryError};
use crate::crypto::id::{EntryId, ObjectId, SecretId, VaultId, WrapId};
use crate::crypto::known_signatures::{KnownSignatures, NoneKnown, SignatureOf};
use crate::file::audience::ExpectedEpoch;
use crate::file::format;
use crate::file::format::{FormatError, ReadScope, Trust};
use crate::file::model::{VaultFile, VersionObject, Wrap};
use crate::file::version::SecretRef;
use crate::log::closed::closing::{ClosingError, WholeLog};
use crate::log::draft::Tips;
use crate::log::finding::{Finding, Severity};
use crate::log::fold::FoldScope;
use crate::log::graph::Graph;
use crate::log::judge;
use crate::log::judge::is_signed;
use crate::log::register::At;
use crate::log::standing::{EntryStatus, LogSignatures, Standings};
use crate::log::state::{LogState, SecretState};
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::chain::Chain;
use crate::policy::error::ChainError;
use crate::policy::settings::Settings;
use crate::policy::signatures;
use crate::policy::state::PolicyState;
use crate::record::ids;
use crate::record::rule::RuleError;
use crate::time::UnixTime;
use crate::verify;
use crate::verify::{Reach, VerifyOptions};
use std::collections::BTreeSet;

/// So many entries at the end of a log are looked at for those that can be remembered.
const LOOKED_AT: usize = 256;

/// How much of a vault is read and verified.
#[derive(Debug, Clone, Copy)]
pub enum Depth<'a> {
    /// Everything.
    Everything,
    /// These secrets, by the same checks as everything but for what [`VerifyOptions::scope`] leaves out. Of
    /// bytes that were verified before, entries that name none of them are read without their ops.
    Secrets(&'a BTreeSet<SecretName>),
    /// Names and metadata without signatures, for completions: nothing here may be relied on.
    Unverified,
}

impl<'a> Depth<'a> {
    pub(super) fn scope(self) -> FoldScope<'a> {
        match self {
            Self::Secrets(wanted) => FoldScope::Secrets(wanted),
            Self::Everything | Self::Unverified => FoldScope::All,
        }
    }

    fn asked(self) -> Option<BTreeSet<SecretName>> {
        match self {
            Self::Secrets(wanted) => Some(wanted.clone()),
            Self::Everything | Self::Unverified => None,
        }
    }
}

/// Why a file is no vault that can be worked with.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the vault file is not in its canonical form")]
    Format(#[source] FormatError),
    #[error("the vault's policy chain is not valid")]
    Chain(#[source] ChainError),
    #[error("the vault does not verify: {}", first_error(.0))]
    Findings(Vec<Finding>),
    #[error("the header names another vault than the policy chain")]
    OtherVault,
    #[error("what was closed of the vault's history is not at hand")]
    History(#[from] HistoryError),
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
pub enum ApplyError {
    #[error("the change is not allowed by the vault's policy")]
    Chain(#[source] ChainError),
    #[error("the change would not count: its signer lacks a right that it needs")]
    NotCounting,
    #[error(
        "the change of policy would end work that counts: it takes a right away without naming the \
         entry {entry} by {actor} as known"
    )]
    Voids { entry: EntryId, actor: Name },
    #[error("the change does not fit the log")]
    Findings(Vec<Finding>),
    #[error("the change holds another version or wrap than its entries name, and is not written")]
    Torn,
    #[error("the checkpoint is not what follows from the log")]
    Checkpoint(#[source] ClosingError),
    #[error("the checkpoint states something else than what follows from the log")]
    CheckpointFalse,
    #[error("the change cannot be stored")]
    Record(#[source] RuleError),
}

/// A vault, read and verified to some depth.
#[derive(Debug, Clone)]
pub struct Vault {
    file: VaultFile,
    chain: Chain,
    graph: Graph,
    standings: Standings,
    state: LogState,
    findings: Option<Vec<Finding>>,
    /// The secrets that were asked for, where not all were.
    asked: Option<BTreeSet<SecretName>>,
    /// Set where this is an older state: the settings of the accepted policy.
    served_by: Option<Settings>,
    /// What the file cannot tell without its closed history.
    pub(super) reach: Reach,
    /// Set where that was read: what it leaves out when it is written.
    pub(super) away: Option<Away>,
}

impl Vault {
    /// Opens the bytes of a vault file.
    ///
    /// `trust` says whether exactly these bytes have passed [`Depth::Everything`] before; `now` is
    /// seconds since the Unix epoch.
    pub fn open(
        bytes: &[u8],
        trust: Trust,
        depth: Depth<'_>,
        now: UnixTime,
    ) -> Result<Self, OpenError> {
        Self::open_knowing(bytes, trust, depth, now, &NoneKnown)
    }

    /// [`Vault::open`] that passes over the signatures that are known to hold; every other check is made.
    pub fn open_knowing(
        bytes: &[u8],
        trust: Trust,
        depth: Depth<'_>,
        now: UnixTime,
        known: &dyn KnownSignatures,
    ) -> Result<Self, OpenError> {
        Self::open_beside(bytes, trust, depth, now, known, None)
    }

    /// [`Vault::open_knowing`] of the whole vault, with the history that stands beside the file where some of its
    /// log is closed. `trust` is then about the whole. With [`Depth::Secrets`] the checkpoints are not judged.
    pub fn open_whole(
        bytes: &[u8],
        trust: Trust,
        depth: Depth<'_>,
        now: UnixTime,
        known: &dyn KnownSignatures,
        history: &dyn History,
    ) -> Result<Self, OpenError> {
        Self::open_beside(bytes, trust, depth, now, known, Some(history))
    }

    fn open_beside(
        bytes: &[u8],
        trust: Trust,
        depth: Depth<'_>,
        now: UnixTime,
        known: &dyn KnownSignatures,
        history: Option<&dyn History>,
    ) -> Result<Self, OpenError> {
        let file = parse(bytes, trust, depth)?;
        let (file, away) = match history.filter(|_| file.closed.is_some()) {
            Some(history) => {
                let alone = trust == Trust::Strict
                    && stands_alone(&file, depth.scope(), now, known)?
                    && matches!(depth, Depth::Everything);
                let (mut file, mut away) = whole::assemble(file, history, trust)?;
                away.alone = alone;
                if let Depth::Secrets(wanted) = depth {
                    file.secrets.retain(|_, section| wanted.contains(&section.name));
                }
                (file, Some(away))
            }
            None => (file, None),
        };
        let chain = match (trust, depth) {
            (Trust::Cached, _) => Chain::refold(&file.chain),
            (_, Depth::Unverified) => Chain::build_knowing(&file.chain, None),
            _ => Chain::build_knowing(&file.chain, Some(known)),
        };
        let chain = chain.map_err(OpenError::Chain)?;
        if chain.vault_id() != file.header.vault {
            return Err(OpenError::OtherVault);
        }
        match (trust, depth) {
            (Trust::Cached, _) => Self::folded((file, away), chain, depth),
            (_, Depth::Unverified) => Self::folded((file, away), chain, depth),
            _ => Self::verified((file, away), chain, depth, now, known),
        }
    }

    fn verified(
        (file, away): (VaultFile, Option<Away>),
        chain: Chain,
        depth: Depth<'_>,
        now: UnixTime,
        known: &dyn KnownSignatures,
    ) -> Result<Self, OpenError> {
        let options = VerifyOptions { now, scope: depth.scope() };
        let beside = away.as_ref().filter(|_| matches!(depth, Depth::Everything));
        let beside = beside.map(Away::beside);
        let report = verify::verify_beside(&file, &chain, options, known, beside);
        if report.has_errors() {
            return Err(OpenError::Findings(report.findings));
        }
        told_without_history(&report.reach, &chain)?;
        let verify::Report { findings, graph, standings, state, reach } = report;
        let asked = depth.asked();
        let findings = asked.is_none().then_some(findings);
        Ok(Self {
            file,
            chain,
            graph,
            standings,
            state,
            findings,
            asked,
            served_by: None,
            reach,
            away,
        })
    }

    /// State without verification: of bytes that were verified before, or for completions.
    fn folded(
        (file, away): (VaultFile, Option<Away>),
        chain: Chain,
        depth: Depth<'_>,
    ) -> Result<Self, OpenError> {
        let (scope, asked) = (depth.scope(), depth.asked());
        let graph = build(&file, &chain).map_err(OpenError::Findings)?;
        let reach = Reach::of(&file, &graph, &chain, scope);
        if !matches!(depth, Depth::Unverified) {
            told_without_history(&reach, &chain)?;
        }
        let standings =
            Standings::judge(&graph, &file.entries, &chain, scope, LogSignatures::Trusted);
        let state = LogState::fold(&graph, &file.entries, &standings, scope);
        Ok(Self {
            file,
            chain,
            graph,
            standings,
            state,
            findings: None,
            asked,
            served_by: None,
            reach,
            away,
        })
    }

    pub fn id(&self) -> VaultId {
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

    pub fn state(&self) -> &LogState {
        &self.state
    }

    /// Warnings and notices of a full verification; `None` where there was none, as of bytes that
    /// were verified before.
    pub fn findings(&self) -> Option<&[Finding]> {
        self.findings.as_deref()
    }

    /// What is sound and still wants somebody at `now`, seconds since the Unix epoch; however the
    /// vault was opened, but with [`Depth::Everything`].
    pub fn remarks(&self, now: UnixTime) -> Vec<Finding> {
        let Self { file, chain, graph, standings, state, .. } = self;
        verify::remarks(file, chain, graph, standings, state, now)
    }

    /// Every signature of the policy chain and the log, in a vault of which all of them hold:
    /// [`Vault::findings`] is not `None`.
    pub fn signatures(&self) -> Vec<SignatureOf> {
        let log = self.file.entries.iter().map(|(id, entry)| judge::signature_of(id, entry));
        signatures::signatures(self.id(), &self.file.chain).chain(log).collect()
    }

    pub fn secret(&self, name: &SecretName) -> Option<&SecretState> {
        self.state.secret(name)
    }

    /// Every secret that is not gone, by name.
    pub fn live(&self) -> impl Iterator<Item = (&SecretName, &SecretState)> {
        self.state.secrets.iter().filter(|(_, secret)| !secret.is_gone())
    }

    /// The secrets with something that is kept readable: the live ones, and those that a rotation may bring back.
    pub(crate) fn kept_up(&self) -> impl Iterator<Item = (&SecretName, &SecretState)> {
        self.state.secrets.iter().filter(|(_, secret)| secret.kept_up().next().is_some())
    }

    pub fn uid(&self, name: &SecretName) -> SecretId {
        ids::secret_uid(&self.id(), name)
    }

    /// A version's object, if the file has it.
    pub fn object(&self, uid: &SecretId, object: &ObjectId) -> Option<&VersionObject> {
        self.file.secrets.get(uid)?.versions.get(object)
    }

    /// A wrap, if the file has it.
    pub fn wrap(&self, uid: &SecretId, wrap: &WrapId) -> Option<&Wrap> {
        self.file.secrets.get(uid)?.wraps.get(wrap)
    }

    /// What binds a version to this vault and a secret; `uid` is the secret's.
    pub fn binding<'a>(&'a self, uid: &'a SecretId) -> SecretRef<'a> {
        SecretRef { vault: &self.file.header.vault, uid }
    }

    /// The log entries that count and have no counting descendant.
    pub fn tips(&self) -> Tips {
        Tips::of(&self.graph, &self.standings, &self.file.entries)
    }

    /// All heads of the log, void ones among them.
    pub fn heads(&self) -> BTreeSet<EntryId> {
        self.graph.heads().iter().map(|place| *self.graph.id(*place)).collect()
    }

    /// The heads that this device may remember: of a vault that was judged in part, those that their
    /// actors signed. `None` where there are too many to look at. `before` are those that it remembers.
    pub fn signed_heads(&self, before: &[EntryId]) -> Option<BTreeSet<EntryId>> {
        let Self { graph, file, chain, .. } = self;
        match self.is_whole() {
            true => Some(self.heads()),
            false => judge::signed_heads(graph, &file.entries, chain, before, LOOKED_AT),
        }
    }

    /// What a policy entry states that its signer knew: the last entries with an op that counts. What
    /// is void stays void whoever knows of it later, so nobody can fill this list with such.
    pub fn known_heads(&self) -> BTreeSet<EntryId> {
        self.standings.tips(&self.graph).into_iter().map(|place| *self.graph.id(place)).collect()
    }

    /// An op that counts here and would not by a chain that continues this one, and whose it is.
    pub(crate) fn voided_by(&self, longer: &Chain) -> Option<(EntryId, Name)> {
        let trusted = LogSignatures::Trusted;
        let entries = &self.file.entries;
        let standings = Standings::judge(&self.graph, entries, longer, FoldScope::All, trusted);
        match spares((&self.graph, &self.standings), (&self.graph, &standings), &self.file) {
            Err(ApplyError::Voids { entry, actor }) => Some((entry, actor)),
            _ => None,
        }
    }

    /// An audience's epochs as the policy has them, the current one first.
    pub(crate) fn expected_epochs(&self, audience: &AudienceName) -> Vec<ExpectedEpoch> {
        expected_epochs(self.policy(), audience)
    }

    /// Judges the log by a longer chain that continues this vault's, and serves by its settings. An op
    /// that counts here counts on if `longer` lets it, by what this file can show; or else by what
    /// `ledger` knows of the policy entry that ended its right. Returns the entries of the others.
    pub fn hold_to(&mut self, longer: &Chain, ledger: &Ledger) -> Vec<EntryId> {
        self.served_by = Some(longer.state().settings().clone());
        let Self { file, graph, standings, state, asked, .. } = self;
        let scope = asked.as_ref().map_or(FoldScope::All, FoldScope::Secrets);
        let there = Standings::judge(graph, &file.entries, longer, scope, LogSignatures::Trusted);
        let ended = there.void_ops().filter(|(at, position)| {
            let known = ledger.counts(graph.id(at.place as usize), at.op, *position);
            standings.counts(*at) && known != Some(true)
        });
        let rotations = there.rotations().filter(|at| {
            let entry = graph.id(at.place as usize);
            !standings.is_rotation(*at) && !ledger.stood_by_write(entry, at.op, longer.len())
        });
        let (ended, rotations): (Vec<_>, Vec<_>) = (ended.collect(), rotations.collect());
        if !ended.is_empty() || !rotations.is_empty() {
            standings.restrict(&graph.in_order(&file.entries), &ended, rotations);
            *state = LogState::fold(graph, &file.entries, standings, scope);
        }
        let places: BTreeSet<u32> = ended.iter().map(|(at, _)| at.place).collect();
        places.iter().map(|place| *graph.id(*place as usize)).collect()
    }

    /// The settings by which values are given out: in an older state those of the policy that was
    /// accepted, as what an owner has forbidden since must not come back with an old file.
    pub fn serving(&self) -> &Settings {
        self.served_by.as_ref().unwrap_or_else(|| self.policy().settings())
    }

    /// Whether all of the log was judged, and not only what concerns the secrets that were asked for.
    pub fn is_whole(&self) -> bool {
        self.asked.is_none()
    }

    /// The vault after `change`, its readable copies renewed. This vault was opened with
    /// [`Depth::Everything`].
    ///
    /// # Errors
    /// A new op that would not count, or a policy entry that would end one that does: what should be
    /// undone is undone by ops, which everybody sees.
    pub fn apply(self, change: Change) -> Result<Self, ApplyError> {
        let Self { mut file, chain, state: before, graph: old, standings: stood, mut away, .. } =
            self;
        change.check().map_err(ApplyError::Record)?;
        if change.is_torn(&chain.vault_id()) {
            return Err(ApplyError::Torn);
        }
        let (entry_ids, all) = (change.entry_ids(), change.alters_policy());
        let touched = change.secrets();
        let is_checkpoint = change.is_checkpoint();
        let chain = match change.policy_entry() {
            Some(entry) => chain.extended(entry.clone()).map_err(ApplyError::Chain)?,
            None => chain,
        };
        // Whoever hands in a change need not be who signed it: what is recorded as verified afterwards is
        // verified here.
        if !change.entries().iter().all(|entry| is_signed(&chain, &entry.id(), entry)) {
            return Err(ApplyError::NotCounting);
        }
        change.apply(&mut file);
        let graph = build(&file, &chain).map_err(ApplyError::Findings)?;
        let trusted = LogSignatures::Trusted;
        let standings = Standings::judge(&graph, &file.entries, &chain, FoldScope::All, trusted);
        let counts = |id: &EntryId| {
            graph.place(id).is_some_and(|place| standings.of(place) == EntryStatus::Counting)
        };
        if !entry_ids.iter().all(counts) {
            return Err(ApplyError::NotCounting);
        }
        spares((&old, &stood), (&graph, &standings), &file)?;
        let scope = if all { FoldScope::All } else { FoldScope::Secrets(&touched) };
        let state = LogState::fold(&graph, &file.entries, &standings, scope);
        renew_copies(&mut file, &state, chain.vault_id());
        let state = if all { state } else { renewed(before, &touched, state) };
        drop_pruned(&mut file, &state, chain.vault_id());
        if is_checkpoint {
            let log = WholeLog {
                graph: &graph,
                entries: &file.entries,
                standings: &standings,
                policy: &chain,
            };
            away = Some(closing::closed_anew(&file, log, away)?);
        }
        let reach = Reach::of(&file, &graph, &chain, FoldScope::All);
        let (findings, asked) = (None, None);
        Ok(Self {
            file,
            chain,
            graph,
            standings,
            state,
            findings,
            asked,
            served_by: None,
            reach,
            away,
        })
    }
}

/// The graph of a file's log, whose links hold.
fn build(file: &VaultFile, chain: &Chain) -> Result<Graph, Vec<Finding>> {
    let graph = verify::graph_of(file, chain);
    let findings = graph.findings();
    if findings.is_empty() { Ok(graph) } else { Err(findings) }
}

/// An audience's epochs as a state of the policy has them, the current one first.
pub(super) fn expected_epochs(state: &PolicyState, audience: &AudienceName) -> Vec<ExpectedEpoch> {
    let Some(found) = state.audience(audience) else { return Vec::new() };
    let newest_first = std::iter::once(&found.current).chain(found.earlier.iter().rev());
    newest_first
        .map(|epoch| ExpectedEpoch {
            epoch: epoch.epoch,
            recipient: epoch.recipient.clone(),
            commitment: epoch.kek,
        })
        .collect()
}

/// Refuses a change after which an op is void that counted before it.
fn spares(
    (old, stood): (&Graph, &Standings),
    (graph, standings): (&Graph, &Standings),
    file: &VaultFile,
) -> Result<(), ApplyError> {
    let counted = |at: At| {
        let place = old.place(graph.id(at.place as usize))?;
        stood.counts(At::new(place, at.op as usize)).then_some(graph.id(at.place as usize))
    };
    let Some(id) = standings.void_ops().find_map(|(at, _)| counted(at)) else { return Ok(()) };
    let actor = file.entries.get(id).map(|entry| entry.actor.clone());
    actor.map_or(Ok(()), |actor| Err(ApplyError::Voids { entry: *id, actor }))
}

fn parse(bytes: &[u8], trust: Trust, depth: Depth<'_>) -> Result<VaultFile, OpenError> {
    let scope = match (depth, trust) {
        (Depth::Everything, _) => ReadScope::All,
        (Depth::Unverified, _) => ReadScope::NoSecrets,
        (Depth::Secrets(wanted), Trust::Cached) => ReadScope::Naming(wanted),
        (Depth::Secrets(wanted), Trust::Strict | Trust::Written) => ReadScope::Secrets(wanted),
    };
    format::parse(bytes, trust, scope).map_err(OpenError::Format)
}

/// The vault id stands within so many bytes, if [`stated_vault`] is to find it.
pub const STATED_WITHIN: usize = 4096;

/// The vault id that the header states: where to look, nothing to believe.
pub fn stated_vault(bytes: &[u8]) -> Option<VaultId> {
    let head = &bytes[..bytes.len().min(STATED_WITHIN)];
    let line = head.split(|byte| *byte == b'\n').take(8).find_map(|line| {
        std::str::from_utf8(line).ok()?.strip_prefix("vault = \"")?.strip_suffix('"')
    })?;
    VaultId::parse(line).ok()
}

/// A log that only grows leaves the secrets that the new entries do not name as they are.
fn renewed(mut before: LogState, touched: &BTreeSet<SecretName>, folded: LogState) -> LogState {
    before.secrets.retain(|name, _| !touched.contains(name));
    before.secrets.extend(folded.secrets);
    before
}

/// Drops the bytes that a counting `prune` names. A merge brings them back from a file that still
/// has them, so every writer does.
fn drop_pruned(file: &mut VaultFile, state: &LogState, vault: VaultId) {
    let pruned = |secret: &SecretState| secret.held().any(|version| version.pruned);
    for (name, secret) in state.secrets.iter().filter(|(_, secret)| pruned(secret)) {
        let uid = ids::secret_uid(&vault, name);
        let Some(section) = file.secrets.get_mut(&uid) else { continue };
        let gone = secret.held().filter(|version| version.pruned);
        let gone: BTreeSet<ObjectId> = gone.map(|version| version.object).collect();
        section.versions.retain(|id, _| !gone.contains(id));
        section.wraps.retain(|_, wrap| !gone.contains(&wrap.version));
        if section.versions.is_empty() {
            file.secrets.remove(&uid);
        }
    }
}
