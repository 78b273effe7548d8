//! `v-secure audit verify`: everything that can be checked without a key.

use crate::cli::context::{Context, short};
use crate::cli::error::Outcome;
use crate::cli::verification::{self, Base, Verification, Wanted};
use crate::crypto::bytes::Id;
use crate::log::report::FindingRecord;
use crate::ops::pin::Standing;
use crate::store::base;
use crate::store::session::Session;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;

/// Verify the whole vault, without a key: form, signatures, rights, history, pins
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 6 if anything is forged, damaged or lost; warnings and notices do not fail.\n\
                  The findings' codes are stable (docs/threat-model.md).\n\n\
                  Examples:\n  v-secure audit verify\n  v-secure audit verify --base origin/main --strict\n  \
                  v-secure audit verify --base ./older-vault.toml --json"
)]
pub struct Verify {
    /// Also check that nothing of an earlier state is lost: a git revision, or a file (./FILE)
    #[arg(long, value_name = "REV|FILE")]
    base: Option<String>,

    /// Fail where this is an older state than one that was seen here
    #[arg(long)]
    strict: bool,

    /// Add the current version of every secret to the JSON
    #[arg(long, requires = "json")]
    state: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    verdict: &'static str,
    findings: &'a [FindingRecord],
    #[serde(skip_serializing_if = "Option::is_none")]
    vault: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_entries: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heads: Option<&'a [Id]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<BTreeMap<String, Current>>,
}

#[derive(Serialize)]
struct Current {
    current: Option<Id>,
}

impl Verify {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let session = context.session()?;
        let bytes = session.read()?.bytes;
        let base = match &self.base {
            Some(text) => Some(base::read(&session.location, &context.current_dir()?, text)?),
            None => None,
        };
        let base = self.base.as_deref().zip(base.as_deref());
        let base = base.map(|(label, bytes)| Base { label, bytes, may_be_broken: false });
        let wanted = Wanted { base, strict: self.strict, open: self.state };
        let working = context.ui.working("verifying");
        let found = verification::verify(&session, &bytes, &wanted)?;
        drop(working);
        remember(&session, &found)?;
        match context.ui.json {
            true => context.ui.object(&self.report(&found))?,
            false => show(context, &found)?,
        }
        let what = session.location.vault.display().to_string();
        let outcome = verification::failure(&what, &found.findings).map_or(Ok(()), Err);
        // Nothing in it is secret, and the process ends: freeing a large vault piece by piece
        // before that would only take time.
        std::mem::forget(found);
        outcome
    }

    fn report<'a>(&self, found: &'a Verification) -> Report<'a> {
        let record = found.record();
        Report {
            verdict: if found.is_refused() { "refused" } else { "ok" },
            findings: &found.findings,
            vault: record.and_then(|record| record.chain.first().copied()),
            entries: record.map(|record| record.entries),
            policy_entries: record.map(|record| record.chain.len()),
            secrets: record.map(|record| record.secrets),
            heads: record.map(|record| &record.heads[..]),
            state: if self.state { state(found) } else { None },
        }
    }
}

fn state(found: &Verification) -> Option<BTreeMap<String, Current>> {
    let vault = &found.check.as_ref()?.opened.as_ref()?.vault;
    let secrets = vault.state().secrets.iter();
    Some(secrets.map(|(name, s)| (name.to_string(), Current { current: s.current })).collect())
}

/// What continues what was accepted here is accepted.
fn remember(session: &Session, found: &Verification) -> Outcome {
    let Some(check) = found.check.as_ref().filter(|_| !found.is_refused()) else { return Ok(()) };
    if let (Standing::Continues, 0, Some(opened)) = (&check.pin, check.missing_heads, &check.opened)
    {
        session.remember(opened)?;
    }
    Ok(())
}

fn show(context: &Context<'_>, found: &Verification) -> Outcome {
    verification::show(context, &found.findings)?;
    let Some(record) = found.record().filter(|_| !found.is_refused()) else { return Ok(()) };
    let heads: Vec<String> = record.heads.iter().map(short).collect();
    let heads = match &heads[..] {
        [] => "no entry yet".to_owned(),
        [head] => format!("head {head}"),
        many => format!("heads {}", many.join(", ")),
    };
    context.ui.line(&format!(
        "ok: {} entries, {} policy entries, {} secrets; {heads}",
        record.entries,
        record.chain.len(),
        record.secrets
    ))?;
    if found.check.as_ref().is_some_and(|check| check.pin == Standing::Unknown) {
        context
            .ui
            .note("nothing here vouches that this is the right vault: see 'v-secure pin show'");
    }
    Ok(())
}
