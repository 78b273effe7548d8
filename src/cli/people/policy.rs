//! What the commands that change policy share: making the change, and telling what came of it
//! besides, above all which secrets some of their readers cannot open yet.

use super::giving::{Given, OlderArgs, VouchArgs};
use super::shortfall::{self, Lacks};
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome, Unknown};
use crate::cli::output::ui::Ui;
use clap::Args;
use serde::Serialize;
use std::collections::BTreeSet;
use v_secure_core::exposure;
use v_secure_core::keys::policy_change;
use v_secure_core::keys::policy_change::{PolicyOutcome, WhyUnsettled};
use v_secure_core::name::Name;
use v_secure_core::people::recovery;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::key_holders;

#[derive(Debug, Clone, Args)]
pub struct ReasonArg {
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// A change of policy as it was written, or found to be needless.
pub struct Changed {
    pub written: bool,
    /// The vault as it is now.
    pub vault: Vault,
    /// Audiences with new keys.
    pub renewed: Vec<String>,
    pub effects: Effects,
    /// What it gave, and to whom.
    pub gives: Vec<Given>,
}

impl Changed {
    pub fn of(outcome: PolicyOutcome, written: bool, vault: Vault) -> Self {
        let effects = Effects::of(&outcome);
        Self { written, vault, renewed: outcome.renewed, effects, gives: Vec::new() }
    }
}

/// Makes the ops that `make` finds to be needed; none changes nothing.
pub fn change(
    context: &Context<'_>,
    reason: &ReasonArg,
    default_reason: &str,
    make: impl FnOnce(&Vault) -> Outcome<Vec<PolicyOp>>,
) -> Outcome<Changed> {
    let (outcome, (written, vault)) =
        context.write_if(reason.reason.as_deref(), default_reason, |vault, ctx| {
            let ops = make(vault)?;
            if ops.is_empty() {
                return Ok((PolicyOutcome::default(), None));
            }
            let (change, outcome) = policy_change::change(vault, ops, ctx)?;
            Ok((outcome, Some(change)))
        })?;
    Ok(Changed::of(outcome, written, vault))
}

/// [`change`] by ops that may give access: says first who gets what, and asks about those whom nobody
/// vouched for who could give it. `ask` asks what else is to be asked, after that.
pub fn give(
    context: &Context<'_>,
    (reason, default_reason): (&ReasonArg, &str),
    (vouch, older): (&VouchArgs, &OlderArgs),
    make: impl FnOnce(&Vault) -> Outcome<Vec<PolicyOp>>,
    ask: impl FnOnce() -> Outcome,
) -> Outcome<Changed> {
    let plan = |vault: &Vault, ctx: &Ctx<'_>| {
        let ops = make(vault)?;
        let gifts = match ops.is_empty() {
            true => Vec::new(),
            false => policy_change::gifts(vault, &ops, ctx)?,
        };
        let gives = vouch.check(context, &gifts)?;
        older.check(context, &exposure::older(vault, &gifts))?;
        ask()?;
        Ok((ops, gives))
    };
    let ((outcome, gives), (written, vault)) = context.write_planned(
        reason.reason.as_deref(),
        default_reason,
        plan,
        |(ops, gives), vault, ctx| {
            if ops.is_empty() {
                return Ok(((PolicyOutcome::default(), gives), None));
            }
            let (change, outcome) = policy_change::change(vault, ops, ctx)?;
            Ok(((outcome, gives), Some(change)))
        },
    )?;
    Ok(Changed { gives, ..Changed::of(outcome, written, vault) })
}

/// What a change of policy brought besides itself.
#[derive(Debug, Default, Serialize)]
pub struct Effects {
    /// Secrets that were wrapped for their new readers.
    pub settled: Vec<String>,
    /// Secrets that not all of their readers can open yet.
    pub unsettled: Vec<WaitingAccess>,
    /// Audiences that lack keys.
    pub without_keys: Vec<String>,
    #[serde(flatten)]
    pub lacks: Lacks,
}

#[derive(Debug, Serialize)]
pub struct WaitingAccess {
    pub secret: String,
    /// Who can settle it.
    pub able: Vec<String>,
    /// Why it was not.
    pub why: &'static str,
}

impl WaitingAccess {
    /// Whether nobody can settle it with the keys at hand here.
    pub fn is_closed(&self) -> bool {
        self.why == WhyUnsettled::DoesNotOpen.as_str()
    }
}

impl Effects {
    pub fn of(outcome: &PolicyOutcome) -> Self {
        let texts = |names: &[Name]| names.iter().map(Name::to_string).collect();
        let waiting = outcome.unsettled.iter();
        Self {
            settled: outcome.settled.iter().map(ToString::to_string).collect(),
            unsettled: waiting
                .map(|left| WaitingAccess {
                    secret: left.secret.to_string(),
                    able: texts(&left.able),
                    why: left.why.as_str(),
                })
                .collect(),
            without_keys: outcome.without_keys.clone(),
            lacks: Lacks::of(&outcome.short),
        }
    }

    pub fn is_complete(&self) -> bool {
        self.unsettled.is_empty() && self.without_keys.is_empty()
    }

    /// The secrets that wait for somebody's right or keys, and those that do not open.
    fn waiting(&self) -> (Vec<&WaitingAccess>, Vec<&WaitingAccess>) {
        self.unsettled.iter().partition(|left| !left.is_closed())
    }

    /// Those who can settle all that waits, and else those who can settle some of it.
    pub fn settlers(&self) -> Vec<&str> {
        let (waiting, _) = self.waiting();
        let everywhere =
            |name: &&str| waiting.iter().all(|left| left.able.iter().any(|able| able == name));
        let mut some: Vec<&str> =
            waiting.iter().flat_map(|left| &left.able).map(String::as_str).collect();
        some.sort_unstable();
        some.dedup();
        let all: Vec<&str> = some.iter().copied().filter(|name| everywhere(name)).collect();
        to_ask(if all.is_empty() { some } else { all })
    }

    /// Says what was settled, and what waits for whom.
    pub fn tell(&self, ui: &Ui<'_>) {
        self.tell_wrapped(ui, "for new readers");
    }

    /// The same of a change that took readers away.
    pub fn tell_narrowed(&self, ui: &Ui<'_>) {
        self.tell_wrapped(ui, "for those who still read them");
    }

    fn tell_wrapped(&self, ui: &Ui<'_>, for_whom: &str) {
        if !self.settled.is_empty() {
            ui.note(&format!("wrapped {for_whom}: {}", count(self.settled.len())));
        }
        let (waiting, closed) = self.waiting();
        if !waiting.is_empty() {
            ui.warn(&format!(
                "{} cannot be opened by all who may read them yet: {}; who can settle that, with \
                 'v-secure access settle': {}",
                count(waiting.len()),
                some(&waiting),
                self.settlers().join(", ")
            ));
        }
        if !closed.is_empty() {
            ui.warn(&closed_text(&closed));
        }
        let own = |audience: &&String| {
            !self.lacks.is_later(audience) && !self.lacks.unstatable().contains(audience)
        };
        let waiting: Vec<&str> = self.without_keys.iter().filter(own).map(String::as_str).collect();
        if !waiting.is_empty() {
            ui.warn(&format!(
                "these audiences wait for new keys, and nothing is sealed to them until then: {}; an owner \
                 gives them with 'v-secure access settle'",
                shortfall::few(waiting.into_iter())
            ));
        }
        self.lacks.tell(ui, "'v-secure access settle'");
    }
}

/// Whom somebody asks to give these audiences keys: members who may, or the owners.
pub fn givers(vault: &Vault, audiences: &[String]) -> String {
    let able: BTreeSet<Name> =
        audiences.iter().flat_map(|audience| key_holders::may_begin(vault, audience)).collect();
    match able.is_empty() {
        true => listed(recovery::to_ask(vault.policy().owners())),
        false => listed(recovery::to_ask(&able)),
    }
}

/// The members who can be asked, of those who are able.
fn to_ask(able: Vec<&str>) -> Vec<&str> {
    let names: Vec<Name> = able.iter().filter_map(|name| Name::new(*name).ok()).collect();
    let people = recovery::to_ask(&names);
    able.into_iter().filter(|able| people.iter().any(|name| name.as_str() == *able)).collect()
}

/// The first of these secrets.
fn some(waiting: &[&WaitingAccess]) -> String {
    let names: Vec<&str> = waiting.iter().take(5).map(|left| left.secret.as_str()).collect();
    let more = if waiting.len() > names.len() { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}

/// What is to be said of secrets that do not open.
pub fn closed_text(closed: &[&WaitingAccess]) -> String {
    format!(
        "{} not open with the keys at hand, and {} left as {}: {}; a new value helps: 'v-secure set NAME'",
        if closed.len() == 1 {
            "1 secret does".into()
        } else {
            format!("{} secrets do", closed.len())
        },
        if closed.len() == 1 { "is" } else { "are" },
        if closed.len() == 1 { "it is" } else { "they are" },
        some(closed)
    )
}

/// `1 secret`, `2 secrets`.
pub fn count(secrets: usize) -> String {
    if secrets == 1 { "1 secret".into() } else { format!("{secrets} secrets") }
}

/// Names, joined for people; a dash for none.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.into_iter().map(Name::as_str).collect();
    if names.is_empty() { "-".into() } else { names.join(", ") }
}

/// There is no such member.
pub fn unknown_member(name: &Name) -> Failure {
    Failure::new(Code::NoMember, format!("there is no member {name}"))
        .of_unknown(Unknown::Member(name.clone()))
        .hint("v-secure member list")
}
