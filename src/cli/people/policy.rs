//! What the commands that change policy share: making the change, and telling what came of it
//! besides, above all which secrets some of their readers cannot open yet.

use super::giving::{OlderArgs, VouchArgs};
use super::shortfall;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome, Unknown};
use crate::cli::output::ui::Ui;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::exposure;
use v_secure_core::keys::policy_change;
use v_secure_core::keys::policy_change::PolicyOutcome;
use v_secure_core::name::Name;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::people::recovery;
use v_secure_core::policy::op::PolicyOp;
use v_secure_core::policy::vouching::Gift;
use v_secure_core::report::view::effects::{EffectsView, UnsettledSecretView};
use v_secure_core::report::view::giving::GivenView;
use v_secure_core::vault::Vault;
use v_secure_core::vault::author::Ctx;
use v_secure_core::vault::key_holders;

#[derive(Debug, Clone, Args)]
pub(crate) struct ReasonArg {
    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// A change of policy as it was written, or found to be needless.
pub(crate) struct Changed {
    pub written: bool,
    /// The vault as it is now.
    pub vault: Vault,
    /// Audiences with new keys.
    pub renewed: Vec<AudienceName>,
    pub effects: EffectsView,
    /// What it gave, and to whom.
    pub gives: Vec<GivenView>,
}

impl Changed {
    pub fn of(outcome: PolicyOutcome, written: bool, vault: Vault) -> Self {
        let effects = EffectsView::from(&outcome);
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

/// [`change`] with a question before it, which is asked of nobody who may not do it.
pub(crate) fn take(
    context: &Context<'_>,
    (reason, default_reason): (&ReasonArg, &str),
    make: impl FnOnce(&Vault) -> Outcome<Vec<PolicyOp>>,
    ask: impl FnOnce(&Vault) -> Outcome,
) -> Outcome<Changed> {
    let plan = |vault: &Vault, ctx: &Ctx<'_>| {
        let ops = make(vault)?;
        if !ops.is_empty() {
            policy_change::check(vault, &ops, ctx)?;
            ask(vault)?;
        }
        Ok(ops)
    };
    let (outcome, (written, vault)) = context.write_planned(
        reason.reason.as_deref(),
        default_reason,
        plan,
        |ops, vault, ctx| {
            if ops.is_empty() {
                return Ok((PolicyOutcome::default(), None));
            }
            let (change, outcome) = policy_change::change(vault, ops, ctx)?;
            Ok((outcome, Some(change)))
        },
    )?;
    Ok(Changed::of(outcome, written, vault))
}

/// [`change`] by ops that may give access: says first who gets what, and asks about those whom nobody
/// vouched for who could give it. `ask` asks what else is to be asked, after that.
pub fn give(
    context: &Context<'_>,
    why: (&ReasonArg, &str),
    asks: (&VouchArgs, &OlderArgs),
    make: impl FnOnce(&Vault) -> Outcome<Vec<PolicyOp>>,
    ask: impl FnOnce() -> Outcome,
) -> Outcome<Changed> {
    let gifts =
        |vault: &Vault, ops: &[PolicyOp], ctx: &Ctx<'_>| Ok(policy_change::gifts(vault, ops, ctx)?);
    give_by(context, why, asks, (make, gifts), |_| ask())
}

/// The same by this signer alone: refused where more owners must sign.
pub(crate) fn give_alone(
    context: &Context<'_>,
    why: (&ReasonArg, &str),
    asks: (&VouchArgs, &OlderArgs),
    make: impl FnOnce(&Vault) -> Outcome<Vec<PolicyOp>>,
    ask: impl FnOnce() -> Outcome,
) -> Outcome<Changed> {
    let gifts = |vault: &Vault, ops: &[PolicyOp], ctx: &Ctx<'_>| {
        policy_change::check_alone(vault, ops, ctx)?;
        Ok(policy_change::gifts(vault, ops, ctx)?)
    };
    give_by(context, why, asks, (make, gifts), |_| ask())
}

/// The same where `gifts` says what the ops give: of ops that are not the signer's own, by the word of those
/// whose they are.
pub(crate) fn give_by(
    context: &Context<'_>,
    (reason, default_reason): (&ReasonArg, &str),
    (vouch, older): (&VouchArgs, &OlderArgs),
    (make, gifts): (
        impl FnOnce(&Vault) -> Outcome<Vec<PolicyOp>>,
        impl FnOnce(&Vault, &[PolicyOp], &Ctx<'_>) -> Outcome<Vec<Gift>>,
    ),
    ask: impl FnOnce(&Vault) -> Outcome,
) -> Outcome<Changed> {
    let plan = |vault: &Vault, ctx: &Ctx<'_>| {
        let ops = make(vault)?;
        let gifts = match ops.is_empty() {
            true => Vec::new(),
            false => gifts(vault, &ops, ctx)?,
        };
        let gives = vouch.check(context, &gifts)?;
        older.check(context, &exposure::older(vault, &gifts))?;
        ask(vault)?;
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

/// Says what was settled, and what waits for whom.
pub fn tell(ui: &Ui<'_>, effects: &EffectsView) {
    tell_wrapped(ui, effects, "for new readers");
}

/// The same of a change that took readers away.
pub(crate) fn tell_narrowed(ui: &Ui<'_>, effects: &EffectsView) {
    tell_wrapped(ui, effects, "for those who still read them");
}

fn tell_wrapped(ui: &Ui<'_>, effects: &EffectsView, for_whom: &str) {
    if !effects.settled.is_empty() {
        ui.note(&format!("wrapped {for_whom}: {}", count(effects.settled.len())));
    }
    if !effects.kept.is_empty() {
        ui.note(&format!("sealed by a writer, kept for readers: {}", count(effects.kept.len())));
    }
    let (waiting, closed) = effects.waiting();
    if !waiting.is_empty() {
        ui.warn(&format!(
            "{} cannot be opened by all who may read them yet: {}; who can settle that, with \
             'v-secure access settle': {}",
            count(waiting.len()),
            some(&waiting),
            effects.settlers().join(", ")
        ));
    }
    if !closed.is_empty() {
        ui.warn(&closed_text(&closed));
    }
    let own = |audience: &&AudienceName| {
        !effects.lacks.later.contains(audience) && !effects.lacks.unstatable.contains(audience)
    };
    let waiting: Vec<&str> =
        effects.without_keys.iter().filter(own).map(AudienceName::as_str).collect();
    if !waiting.is_empty() {
        ui.warn(&format!(
            "these audiences wait for new keys, and nothing is sealed to them until then: {}; an owner \
             gives them with 'v-secure access settle'",
            shortfall::few(waiting.into_iter())
        ));
    }
    shortfall::tell(ui, &effects.lacks, "'v-secure access settle'");
}

/// Whom somebody asks to give these audiences keys: members who may, or the owners.
pub(crate) fn givers(vault: &Vault, audiences: &[AudienceName]) -> String {
    let able: BTreeSet<Name> =
        audiences.iter().flat_map(|audience| key_holders::may_begin(vault, audience)).collect();
    match able.is_empty() {
        true => listed(recovery::to_ask(vault.policy().owners())),
        false => listed(recovery::to_ask(&able)),
    }
}

/// The first of these secrets.
fn some(waiting: &[&UnsettledSecretView]) -> String {
    let names: Vec<&str> = waiting.iter().take(5).map(|left| left.secret.as_str()).collect();
    let more = if waiting.len() > names.len() { ", …" } else { "" };
    format!("{}{more}", names.join(", "))
}

/// What is to be said of secrets that do not open.
pub(crate) fn closed_text(closed: &[&UnsettledSecretView]) -> String {
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
pub fn listed(names: impl IntoIterator<Item: ToString>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    if names.is_empty() { "-".into() } else { names.join(", ") }
}

/// `1 owner`, `2 owners`.
pub(crate) fn owners_counted(owners: usize) -> String {
    if owners == 1 { "1 owner".into() } else { format!("{owners} owners") }
}

/// There is no such member.
pub(crate) fn unknown_member(name: &Name) -> Failure {
    Failure::new(Code::NoMember, format!("there is no member {name}"))
        .of_unknown(Unknown::Member(name.clone()))
        .hint("v-secure member list")
}
