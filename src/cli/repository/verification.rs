//! What `audit verify` and the git hook share: verification whose every outcome is a list of
//! findings, the errors of form and of the policy chain, the pins and the base included.

use crate::cli::door::context::Context;
use crate::cli::error::codes;
use crate::cli::error::failures::{closed, earlier_form, merging, one_commit};
use crate::cli::error::lost;
use crate::cli::error::lost::GIVE_UP;
use crate::cli::error::pin_failures::{
    WHY_MISSING, discarded_entries, missing_entries, pin_failure,
};
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::shell_word;
use crate::engine::check;
use crate::engine::check::Check;
use crate::engine::session::{Session, SessionError};
use crate::store::git::base;
use crate::store::git::index as git_index;
use std::path::Path;
use v_secure_core::crypto::id::EntryId;
use v_secure_core::file::format::Trust;
use v_secure_core::log::finding::{FindingCode, Severity};
use v_secure_core::log::report::FindingRecord;
use v_secure_core::policy::error::ChainError;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::report::verified::Verified;
use v_secure_core::secret::void_known;
use v_secure_core::secret::void_known::{VoidKnown, void_known};
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::{Depth, HistoryError, OpenError, Vault};
use v_secure_core::verify::{new_secrets, verify_base};

/// What to compare with, and how much to insist on.
#[derive(Debug, Default)]
pub(crate) struct VerificationRequest<'a> {
    pub base: Option<Base<'a>>,
    /// An old state is an error.
    pub strict: bool,
    /// The vault itself is wanted, not the findings alone.
    pub open: bool,
}

/// An earlier state of the vault.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// How the user calls it.
    pub label: &'a str,
    pub bytes: &'a [u8],
    pub origin: Origin,
}

/// Who chose the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The user, by a name.
    Given,
    /// The hook: one that does not verify was committed, which must keep nobody from repairing it.
    LastCommit,
    /// The hook: where it does not verify, nobody can tell what of it the merge drops.
    MergedSide,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verification {
    pub findings: Vec<FindingRecord>,
    /// `None` for bytes that do not pass by themselves.
    pub check: Option<Check>,
    /// The base, where there is one that verifies.
    pub base: Option<Vault>,
}

impl Verification {
    pub(crate) fn is_refused(&self) -> bool {
        self.findings.iter().any(FindingRecord::is_error)
    }

    pub fn record(&self) -> Option<&Verified> {
        self.check.as_ref().map(|check| &check.record)
    }
}

/// Verifies `bytes` as the vault of the session's place. What does not verify is an outcome; an
/// error is what kept verification from taking place.
pub fn verify(
    session: &Session,
    bytes: &[u8],
    wanted: &VerificationRequest<'_>,
) -> Outcome<Verification> {
    let open = wanted.open || wanted.base.is_some();
    let check = match check::check(session, bytes, open) {
        Ok(check) => check,
        Err(SessionError::Open { path, source }) => {
            let mut findings = refusal(&path, &source);
            // A part of a history, which git may have made of one commit.
            let of_part = |found: &&mut FindingRecord| {
                ["parent-missing", "policy-head-missing"].contains(&found.code.as_str())
            };
            if let Some(found) = findings.iter_mut().flatten().find(of_part) {
                found.hint = one_commit::way(&path).map(str::to_owned).or(found.hint.take());
            }
            if let Some(first) = findings.iter_mut().flatten().find(|found| found.is_error())
                && merging::waits(&path, &source)
            {
                first.hint = Some(merging::RESOLVE.to_owned());
            }
            let newer = || Failure::from(SessionError::Open { path, source });
            return Ok(Verification {
                findings: findings.ok_or_else(newer)?,
                ..Verification::default()
            });
        }
        Err(SessionError::Lacking { path, source }) => {
            let mut findings = refusal(&path, &source).unwrap_or_default();
            for finding in findings.iter_mut().filter(|finding| finding.hint.is_none()) {
                finding.hint = Some(merging::FROM_HISTORY.to_owned());
            }
            return Ok(Verification { findings, ..Verification::default() });
        }
        Err(error @ SessionError::MergedAsText { .. }) => {
            let findings = vec![merged_as_text(error.into())];
            return Ok(Verification { findings, ..Verification::default() });
        }
        Err(error) => return Err(error.into()),
    };
    let mut findings = pins(session, &check, wanted);
    let mut old = None;
    if let (Some(opened), Some(base)) = (&check.opened, &wanted.base) {
        match open_base(session, base) {
            Ok(found) => findings.extend(against(&opened.vault, old.insert(found), base)),
            Err(error) => findings.push(incomparable(base, &error)),
        }
    }
    findings.extend(known_and_void(session, &check, wanted, old.as_ref())?);
    findings.extend(check.record.findings.iter().flatten().cloned());
    findings.sort_by_key(rank);
    Ok(Verification { findings, check: Some(check), base: old })
}

/// The whole file's one finding: what a strict reader says of it follows from how git merged it.
fn merged_as_text(failure: Failure) -> FindingRecord {
    let Failure { code, message, hints, .. } = failure;
    let finding = FindingRecord::of_vault(code.as_str(), Severity::Error, message);
    FindingRecord { hint: hints.into_iter().next(), ..finding }
}

fn rank(finding: &FindingRecord) -> usize {
    let order = [Severity::Error, Severity::Warning, Severity::Notice];
    order.iter().position(|severity| severity.as_str() == finding.severity).unwrap_or(order.len())
}

/// The findings of a file that cannot be opened; `None` where it needs a newer program, which
/// judges nothing.
fn refusal(path: &Path, error: &OpenError) -> Option<Vec<FindingRecord>> {
    let one = |code, message| FindingRecord::of_vault(code, Severity::Error, message);
    Some(match error {
        OpenError::Format(source) if source.needs_newer() => return None,
        OpenError::Format(source) => {
            let mut message = source.cause.to_string();
            if source.is_of_line_ends() && git_index::has_other_line_ends(path) {
                message.push_str("; core.autocrlf changes them: v-secure git install");
            }
            let finding = one(source.code(), message);
            let hint = earlier_form::way(path);
            vec![FindingRecord { line: Some(source.line), hint, ..finding }]
        }
        OpenError::Chain(source) => vec![chain(source)],
        OpenError::Findings(findings) => {
            let placed = |finding: FindingRecord| {
                let hint = finding.hint.map(|hint| closed::placed(path, hint));
                FindingRecord { hint, ..finding }
            };
            findings.iter().map(|finding| placed(finding.into())).collect()
        }
        OpenError::History(source) => vec![history(path, source)],
        OpenError::OtherVault => vec![one("header-vault", error.to_string())],
    })
}

/// What is closed is not all there, or is another's: nothing is said of it.
fn history(path: &Path, error: &HistoryError) -> FindingRecord {
    let code = match error {
        HistoryError::Missing { .. } => codes::Code::HistoryMissing,
        HistoryError::Other { .. } | HistoryError::Format { .. } => codes::Code::HistoryWrong,
    };
    let finding = FindingRecord::of_vault(code.as_str(), Severity::Error, error.to_string());
    FindingRecord { hint: closed::ways_back(path, error.name()).into_iter().next(), ..finding }
}

fn chain(error: &ChainError) -> FindingRecord {
    let message = format!("{error}: {}", error.cause);
    let finding = FindingRecord::of_vault(
        error.code(),
        Severity::Error,
        escape_for_display(&message).into_owned(),
    );
    FindingRecord { kind: "policy".to_owned(), subject: error.position.to_string(), ..finding }
}

fn pins(session: &Session, check: &Check, wanted: &VerificationRequest<'_>) -> Vec<FindingRecord> {
    let strict = wanted.strict;
    let old = if strict { Severity::Error } else { Severity::Warning };
    let mut findings = Vec::new();
    match &check.pin {
        PinStatus::Unknown | PinStatus::Continues => {}
        PinStatus::Prefix { seen, accepted } => {
            let lost = check.opened.as_ref().and_then(|opened| lost::of(session, opened));
            let message = lost::older(*seen, *accepted, lost.as_ref());
            let finding = FindingRecord::of_vault("pin-older", old, message);
            let is_discarded = lost.is_some_and(|lost| lost.is_discarded());
            let hint = is_discarded.then(|| GIVE_UP.to_owned());
            findings.push(FindingRecord { hint, ..finding });
        }
        refused => {
            let failure = match &check.opened {
                Some(opened) => lost::refusal(session, opened),
                None => pin_failure(refused, &session.location.vault),
            };
            let Failure { code, message, hints, .. } = failure;
            let finding = FindingRecord::of_vault(code.as_str(), Severity::Error, message);
            findings.push(FindingRecord { hint: hints.into_iter().next(), ..finding });
        }
    }
    let voided = check.opened.iter().flat_map(|opened| &opened.voided);
    findings.extend(voided.map(|id| {
        let message =
            "this entry counts by the policy of this older state, and not by the one accepted here";
        let finding = FindingRecord::of_vault("pin-void", old, message);
        FindingRecord { kind: "entry".to_owned(), subject: id.to_string(), ..finding }
    }));
    if check.missing_heads > 0 {
        let severity = if strict { Severity::Error } else { Severity::Notice };
        let message = format!(
            "{}, the last ones accepted: {WHY_MISSING}",
            missing_entries(check.missing_heads)
        );
        let finding = FindingRecord::of_vault("pin-heads-missing", severity, message);
        // Once that is compared, nothing else is left to do.
        let hint = match wanted.base {
            Some(_) => GIVE_UP.to_owned(),
            None => "v-secure audit verify --base origin/main".to_owned(),
        };
        findings.push(match is_discarded(session, check) {
            true => FindingRecord {
                message: discarded_entries(check.missing_heads),
                hint: Some(GIVE_UP.to_owned()),
                ..finding
            },
            false => FindingRecord { hint: Some(hint), ..finding },
        });
    }
    findings
}

/// Whether the log entries that are missing were thrown away here. Of an older policy that is said of
/// its entries.
fn is_discarded(session: &Session, check: &Check) -> bool {
    let opened = check.opened.as_ref().filter(|_| check.pin == PinStatus::Continues);
    opened.is_some_and(|opened| {
        let missing = session.missing_heads(opened);
        session.is_discarded(&opened.vault.id(), &missing).unwrap_or(false)
    })
}

/// Ops that counted, here or in the base, and that somebody below owner level voided.
fn known_and_void(
    session: &Session,
    check: &Check,
    wanted: &VerificationRequest<'_>,
    base: Option<&Vault>,
) -> Outcome<Vec<FindingRecord>> {
    let Some(opened) = &check.opened else { return Ok(Vec::new()) };
    let vault = &opened.vault;
    let ledger = session.ledger(&vault.id()).load().map_err(SessionError::Pin)?;
    let in_base =
        |entry: &EntryId, op| base.is_some_and(|base| void_known::counts(base, entry, op));
    let found = void_known(vault, |entry, op| ledger.counted(entry, op) || in_base(entry, op));
    // Of the hook: the policy entry that voids what is here came with a merge, and to refuse that
    // does not undo it.
    let is_hook = wanted.base.as_ref().is_some_and(|base| base.origin != Origin::Given);
    let is_error = wanted.strict || (wanted.base.is_some() && !is_hook);
    let severity = if is_error { Severity::Error } else { Severity::Warning };
    Ok(found.iter().map(|void| void_finding(void, severity)).collect())
}

fn void_finding(void: &VoidKnown, severity: Severity) -> FindingRecord {
    let what = void.secret.as_ref().map(|secret| format!(" on {secret}")).unwrap_or_default();
    let message = format!(
        "op {}{what} counted before, and does not since policy entry {}, which was signed by a \
         member who is not an owner, without knowledge of it: an honest race, or somebody who undoes \
         others' work",
        void.op, void.position
    );
    FindingRecord {
        kind: "entry".to_owned(),
        subject: void.entry.to_string(),
        hint: Some("v-secure adopt --list".to_owned()),
        ..FindingRecord::of_vault("void-known", severity, message)
    }
}

fn open_base(session: &Session, base: &Base<'_>) -> Result<Vault, OpenError> {
    let trust = match session.verified(base.bytes) {
        Some(_) => Trust::Cached,
        None => Trust::Strict,
    };
    session.open_vault(base.bytes, trust, Depth::Everything)
}

fn against(new: &Vault, old: &Vault, base: &Base<'_>) -> Vec<FindingRecord> {
    let lost = verify_base(new.file(), new.state(), new.chain(), old.file());
    let named = new_secrets(new.state(), old.state());
    lost.iter().chain(&named).map(|finding| led_out(finding.into(), base)).collect()
}

fn incomparable(base: &Base<'_>, error: &OpenError) -> FindingRecord {
    let severity = match base.origin {
        Origin::LastCommit => Severity::Warning,
        Origin::Given | Origin::MergedSide => Severity::Error,
    };
    let message = format!("{} cannot be compared with: {error}", base.label);
    FindingRecord::of_vault("base-invalid", severity, message)
}

/// What is gone of a revision's log is there again where one's own changes are made again on it.
fn led_out(finding: FindingRecord, base: &Base<'_>) -> FindingRecord {
    let is_missing = finding.code == FindingCode::BaseEntryMissing.as_str();
    let is_revision = base.origin == Origin::Given && !base::is_file(base.label);
    match shell_word::operand(base.label).filter(|_| is_missing && is_revision) {
        Some(revision) => {
            let hint = format!(
                "git rebase {revision}  # what you signed since is made again on what others published \
                 there"
            );
            FindingRecord { hint: Some(hint), ..finding }
        }
        None => finding,
    }
}

/// Shows findings as a table.
pub fn show(context: &Context<'_>, findings: &[FindingRecord]) -> Outcome {
    let rows = findings.iter().map(|finding| {
        let place = finding.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let subject = match finding.kind.as_str() {
            "vault" => "vault".to_owned(),
            kind => format!("{kind} {}", finding.subject),
        };
        let message = format!("{place}{}", finding.message);
        vec![finding.severity.clone(), finding.code.clone(), subject, message]
    });
    context.ui.table(&["severity", "finding", "subject", "what"], rows.collect())
}

/// The failure that a refusal ends with.
pub fn failure(what: &str, findings: &[FindingRecord]) -> Option<Failure> {
    let errors: Vec<&FindingRecord> = findings.iter().filter(|found| found.is_error()).collect();
    let first = errors.first()?;
    let count = match errors.len() {
        1 => first.code.clone(),
        many => format!("{} and {} more findings", first.code, many - 1),
    };
    let message = format!("{what} does not verify: {count}");
    let of_its_own = [codes::Code::MergedAsText, codes::Code::HistoryMissing];
    let code = of_its_own.into_iter().find(|code| first.code == code.as_str());
    let code = code.unwrap_or(codes::Code::Refused);
    let failure = Failure::new(code, message);
    let mut hints: Vec<&String> = errors.iter().filter_map(|found| found.hint.as_ref()).collect();
    hints.dedup();
    Some(hints.into_iter().take(3).fold(failure, |failure, hint| failure.hint(hint)))
}
