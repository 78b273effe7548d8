//! What `key rotate` did or would do, and what is left for whom.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::shortfall::Lacks;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use v_secure_core::convert::duration::{relative, rfc3339};
use v_secure_core::keys::rotation::dek::{DekPlan, LeftCause, Skipped};
use v_secure_core::keys::rotation::kek::{KekOutcome, KekPlan, Left, Renewed};
use v_secure_core::name::Name;

/// How many names a remark holds.
const SHOWN: usize = 5;

#[derive(Debug, Default, Serialize)]
pub struct Report {
    dry_run: bool,
    audiences: Vec<Audience>,
    /// Secrets whose values were encrypted anew.
    secrets: Vec<String>,
    left: Vec<Remaining>,
    #[serde(flatten)]
    lacks: Lacks,
    /// When the schedule wants something next, where nothing was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_due: Option<String>,
}

#[derive(Debug, Serialize)]
struct Audience {
    audience: String,
    /// The new epoch; none where it was only planned.
    epoch: Option<String>,
}

/// Something that was asked for and not done.
#[derive(Debug, Serialize)]
struct Remaining {
    audience: Option<String>,
    secret: Option<String>,
    why: &'static str,
    able: Vec<String>,
    #[serde(skip)]
    for_others: bool,
}

impl Report {
    /// Of what would be done.
    pub fn planned(keks: Option<KekPlan>, deks: Option<DekPlan>) -> Self {
        let mut report = Self { dry_run: true, ..Self::default() };
        let KekPlan { renew, left } = keks.unwrap_or_default();
        report.audiences =
            renew.into_iter().map(|audience| Audience { audience, epoch: None }).collect();
        report.left.extend(left.into_iter().map(Remaining::from));
        report.add_deks(deks.unwrap_or_default());
        report
    }

    pub fn add_keks(&mut self, outcome: KekOutcome) {
        let KekOutcome { renewed, left, short } = outcome;
        self.lacks = Lacks::of(&short);
        self.audiences.extend(renewed.into_iter().map(|Renewed { audience, epoch }| Audience {
            audience,
            epoch: Some(epoch.to_string()),
        }));
        self.left.extend(left.into_iter().map(Remaining::from));
    }

    pub fn add_deks(&mut self, plan: DekPlan) {
        self.secrets.extend(plan.rotate.iter().map(ToString::to_string));
        self.left.extend(plan.skipped.into_iter().map(Remaining::from));
    }

    /// Of a schedule by which nothing is due.
    pub fn show_idle(context: &Context<'_>, dry_run: bool, next: Option<u64>, now: u64) -> Outcome {
        if context.ui.json {
            let next_due = next.map(rfc3339);
            return context.ui.object(&Self { dry_run, next_due, ..Self::default() });
        }
        context.ui.note(&match next {
            Some(at) => format!("nothing is due; next {} ({})", relative(at, now), rfc3339(at)),
            None => "nothing is due; the settings rotation.kek and rotation.dek set a key schedule"
                .into(),
        });
        Ok(())
    }

    /// # Errors
    /// Nothing could be done, and somebody else could.
    pub fn show(self, context: &Context<'_>) -> Outcome {
        let nothing = self.audiences.is_empty() && self.secrets.is_empty();
        if nothing && self.left.iter().any(|left| left.for_others) {
            return Err(self.refusal());
        }
        if context.ui.json {
            return context.ui.object(&self);
        }
        self.tell_done(context, nothing);
        self.tell_left(context);
        self.lacks.tell(&context.ui, "the same command again");
        Ok(())
    }

    fn tell_done(&self, context: &Context<'_>, nothing: bool) {
        let ui = &context.ui;
        let (new_key, anew) = match self.dry_run {
            true => ("would get a new key", "would be encrypted again"),
            false => ("has a new key", "encrypted again, each under a fresh key"),
        };
        for Audience { audience, epoch } in &self.audiences {
            let epoch = epoch.as_ref().map(|epoch| format!(" (epoch {epoch})")).unwrap_or_default();
            ui.note(&format!("{audience} {new_key}{epoch}"));
        }
        if !self.secrets.is_empty() {
            let some = few(self.secrets.iter().map(String::as_str));
            ui.note(&format!("{} {anew}: {some}", counted(self.secrets.len(), "value")));
        }
        match (nothing, self.dry_run) {
            (true, _) => ui.note("there is nothing to renew"),
            (false, true) => {}
            (false, false) => ui.note(
                "this does not take back what somebody could read before: only a new value does \
                 (v-secure set NAME)",
            ),
        }
    }

    fn tell_left(&self, context: &Context<'_>) {
        for ((why, able), names) in self.by_cause() {
            let some = few(names.iter().copied());
            context.ui.warn(&match why {
                "conflict" => format!(
                    "left as they are, with several active versions: {some}; 'v-secure set NAME' settles that"
                ),
                "no-keys" => {
                    format!("left as they are until their audience has keys: {some}; 'v-secure access settle'")
                }
                "does-not-open" => format!(
                    "left as they are, since they do not open: {some}; a new value helps: 'v-secure set NAME'"
                ),
                "expired" => format!("left as they are, expired: {some}"),
                _ => format!("left for who may: {some}; who can: {}", joined(able)),
            });
        }
    }

    /// What is left, by cause and by who could do it.
    fn by_cause(&self) -> BTreeMap<(&'static str, &[String]), BTreeSet<&str>> {
        let mut causes: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for left in &self.left {
            let name = left.audience.as_deref().or(left.secret.as_deref()).unwrap_or_default();
            causes.entry((left.why, &left.able[..])).or_default().insert(name);
        }
        causes
    }

    fn refusal(&self) -> Failure {
        let others: Vec<&Remaining> = self.left.iter().filter(|left| left.for_others).collect();
        let named = |left: &&Remaining| left.audience.clone().or_else(|| left.secret.clone());
        let names: Vec<String> = others.iter().filter_map(named).collect();
        let some = few(names.iter().map(String::as_str));
        let able: BTreeSet<&str> =
            others.iter().flat_map(|left| &left.able).map(String::as_str).collect();
        let able: Vec<String> = able.into_iter().map(str::to_owned).collect();
        let message = format!("none of these is yours to renew: {some}");
        Failure::new(Code::NotPermitted, message)
            .hint(format!("who can: {}", joined(&able)))
            .hint("v-secure key status")
    }
}

impl From<Left> for Remaining {
    fn from(Left { audience, able }: Left) -> Self {
        let (why, able) = (LeftCause::NotPermitted.as_str(), texts(&able));
        Self { audience: Some(audience), secret: None, why, able, for_others: true }
    }
}

impl From<Skipped> for Remaining {
    fn from(Skipped { secret, why, able }: Skipped) -> Self {
        Self {
            audience: None,
            secret: Some(secret.to_string()),
            why: why.as_str(),
            able: texts(&able),
            for_others: why.is_for_others(),
        }
    }
}

fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(Name::to_string).collect()
}

fn joined(names: &[String]) -> String {
    if names.is_empty() { "nobody now".into() } else { names.join(", ") }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The first of some names, and how many there are besides.
fn few<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown = names[..names.len().min(SHOWN)].join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
