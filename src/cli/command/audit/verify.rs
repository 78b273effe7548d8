//! `v-secure audit verify`: everything that can be checked without a key.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::trail;
use crate::cli::repository::verification;
use crate::cli::repository::verification::{Base, Origin, Verification, VerificationRequest};
use crate::engine::session::Session;
use crate::store::git::base;
use crate::store::state::reads::{Break, Journal};
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use v_secure_core::convert::duration;
use v_secure_core::log::describe::short;
use v_secure_core::log::finding::Severity;
use v_secure_core::log::report::FindingRecord;
use v_secure_core::report::change::Change;
use v_secure_core::report::review;
use v_secure_core::report::review::Review;
use v_secure_core::report::view::audit::verify::{AuditVerifyView, CurrentVersionView};
use v_secure_core::vault::pin::PinStatus;

type Found = (Verification, Option<Failure>, Option<Journal>);

/// Verify the whole vault, without a key: form, signatures, rights, history, pins
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 6 if anything is forged, damaged or lost; warnings and notices do not fail. \
                  The codes of findings are stable (docs/errors.md).\n\n\
                  Examples:\n  v-secure audit verify\n  v-secure audit verify --base origin/main --strict\n  \
                  v-secure audit verify --base ./older-vault.toml --json\n  v-secure audit verify --reads\n  \
                  v-secure audit verify --base origin/main --format markdown"
)]
pub struct Verify {
    /// Also check that nothing of an earlier state is lost: a git revision, or a file (./FILE)
    #[arg(long, value_name = "REV|FILE")]
    base: Option<String>,

    /// Fail if this state of the vault is older than one seen on this device
    #[arg(long)]
    strict: bool,

    /// Also verify this device's journal of reads: that no line was changed or taken out
    #[arg(long)]
    reads: bool,

    /// Add the current version of every secret to the JSON
    #[arg(long)]
    state: bool,

    /// How the findings are written: markdown is for a pull request, and says what changed since the base
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
}

impl Verify {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        // Not by clap, which does not see an option before the command's name.
        if self.state && !context.ui.json {
            return Err(Failure::new(Code::Usage, "--state needs --json")
                .hint("v-secure audit verify --state --json"));
        }
        if self.format == Format::Markdown && context.ui.json {
            return Err(Failure::new(
                Code::Usage,
                "--format markdown is no JSON: leave one of them out",
            ));
        }
        let (found, failure, journal) = match self.find(context) {
            Ok(all) => all,
            Err(failure) => return Err(self.tell(context, failure)?),
        };
        match (context.ui.json, self.format) {
            (true, _) => context.ui.object(&self.view(&found, journal.as_ref()))?,
            (false, Format::Text) => show(context, &found, journal.as_ref())?,
            (false, Format::Markdown) => context.ui.out(&self.markdown(&found))?,
        }
        let failure = failure.or_else(|| journal.as_ref().and_then(trail::broken));
        let outcome = failure.map_or(Ok(()), Err);
        // Nothing in it is secret, and the process ends: freeing a large vault piece by piece
        // before that would only take time.
        std::mem::forget(found);
        outcome
    }

    /// What was found, and the failure that the vault ends with.
    fn find(&self, context: &Context<'_>) -> Outcome<Found> {
        let session = context.session()?;
        let bytes = session.read()?.bytes;
        let base = match &self.base {
            Some(text) => Some(base::read(&session.location, &context.current_dir()?, text)?),
            None => None,
        };
        let base = self.base.as_deref().zip(base.as_deref());
        let base = base.map(|(label, bytes)| Base { label, bytes, origin: Origin::Given });
        let wanted = VerificationRequest { base, strict: self.strict, open: self.state };
        let working = context.ui.working("verifying");
        let mut found = verification::verify(&session, &bytes, &wanted)?;
        drop(working);
        remember(&session, &found)?;
        let what = session.location.vault.display().to_string();
        let failure = verification::failure(&what, &found.findings);
        let journal = if self.reads { Some(trail::journal(&session)?) } else { None };
        let breaks = journal.iter().flat_map(|journal| &journal.breaks);
        found.findings.extend(breaks.map(finding));
        Ok((found, failure, journal))
    }

    fn markdown(&self, found: &Verification) -> String {
        let opened = found.check.as_ref().and_then(|check| check.opened.as_ref());
        let states = found.base.as_ref().zip(opened.map(|opened| &opened.vault));
        let change = states.map(|(old, new)| Change::between(old, new));
        let review = Review {
            vault: found.record().map(|record| &record.name),
            base: self.base.as_deref(),
            findings: &found.findings,
            change: change.as_ref().map(|change| change.as_ref().map_err(|error| *error)),
        };
        review.markdown()
    }

    /// Says of what kept verification from taking place what a reviewer has to know of it.
    fn tell(&self, context: &Context<'_>, failure: Failure) -> Outcome<Failure> {
        if self.format == Format::Markdown {
            let texts = std::iter::once(&failure.message).chain(&failure.causes);
            let texts: Vec<&str> = texts.map(String::as_str).collect();
            context.ui.out(&review::failed(&texts.join(": ")))?;
        }
        Ok(failure)
    }

    fn view<'a>(&self, found: &'a Verification, journal: Option<&Journal>) -> AuditVerifyView<'a> {
        let opened = found.check.as_ref().and_then(|check| check.opened.as_ref());
        let state = opened.filter(|_| self.state);
        AuditVerifyView {
            state: state.map(|opened| CurrentVersionView::all(&opened.vault)),
            reads: journal.map(|journal| journal.reads.len()),
            ..AuditVerifyView::of(found.is_refused(), &found.findings, found.record())
        }
    }
}

/// What continues what was accepted here is accepted.
fn remember(session: &Session, found: &Verification) -> Outcome {
    let Some(check) = found.check.as_ref().filter(|_| !found.is_refused()) else { return Ok(()) };
    if let (PinStatus::Continues, 0, Some(opened)) =
        (&check.pin, check.missing_heads, &check.opened)
    {
        session.remember(opened)?;
    }
    Ok(())
}

/// A break of the journal's chain.
fn finding(found: &Break) -> FindingRecord {
    FindingRecord {
        kind: "journal".to_owned(),
        subject: found.path.display().to_string(),
        line: Some(found.line),
        ..FindingRecord::of_vault(
            Code::JournalBroken.as_str(),
            Severity::Error,
            found.cause.to_string(),
        )
    }
}

fn show_journal(context: &Context<'_>, journal: &Journal) -> Outcome {
    if !journal.breaks.is_empty() {
        return Ok(());
    }
    let first = journal.reads.first().map(|read| duration::rfc3339(read.ts));
    let since = match (first, journal.is_trimmed) {
        (Some(first), true) => format!(" since {first}; earlier ones are no longer kept"),
        (Some(first), false) => format!(" since {first}"),
        (None, _) => String::new(),
    };
    context.ui.line(&format!("journal ok: {} reads{since}", journal.reads.len()))
}

/// What helps with the findings that are no errors, each command once, in their order.
fn steps(findings: &[FindingRecord]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let hints = findings.iter().filter_map(|finding| finding.hint.as_deref());
    hints.filter(|hint| seen.insert(*hint)).collect()
}

fn show(context: &Context<'_>, found: &Verification, journal: Option<&Journal>) -> Outcome {
    verification::show(context, &found.findings)?;
    if let Some(journal) = journal {
        show_journal(context, journal)?;
    }
    let Some(record) = found.record().filter(|_| !found.is_refused()) else { return Ok(()) };
    let heads: Vec<String> = record.heads.iter().map(short).collect();
    let heads = match &heads[..] {
        [] => "no entry yet".to_owned(),
        [head] => format!("head {head}"),
        many => format!("heads {}", many.join(", ")),
    };
    let (entries, policy, secrets) = (record.entries, record.chain.len(), record.secrets);
    let text =
        format!("ok: {entries} entries, {policy} policy entries, {secrets} secrets; {heads}");
    context.ui.wrapped("", 0, &text)?;
    steps(&found.findings).into_iter().for_each(|step| context.ui.note(&format!("  try: {step}")));
    if found.check.as_ref().is_some_and(|check| check.pin == PinStatus::Unknown) {
        context
            .ui
            .note("nothing here vouches that this is the right vault: see 'v-secure pin show'");
    }
    Ok(())
}
