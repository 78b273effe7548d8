//! `v-secure exposed`: the current values that somebody knows who may not read them.

use crate::cli::args::times;
use crate::cli::args::times::Takes;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::meant;
use crate::cli::error::{Failure, Outcome};
use crate::cli::output::metadata::when;
use crate::cli::people::exposure;
use crate::cli::people::policy::count;
use crate::engine::door::Purpose;
use clap::Args;
use std::collections::BTreeSet;
use v_secure_core::convert::duration;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::exposure::{
    Exposed as Value, Exposure, ExposureCause, Knower, Through, Uncompared, Waived,
};
use v_secure_core::log::describe::short;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::policy::vouching::Credential;
use v_secure_core::report::view::exposed::ExposedView;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Depth;

/// How many secrets the warning names.
const NAMED: usize = 5;

/// List the values that are known to somebody who may no longer read them
#[derive(Debug, Args)]
#[command(
    after_help = "Lists for each current value the keys that could open it, or another version with the same \
                        value, but whose holders may no longer read it: members who left, devices that were removed, grants that were revoked. Only a new value ends the exposure: change it at the provider, then run 'v-secure set'. \
                        What an open rotation makes ready is listed with the rotation: abort that, or its value comes to be current. What a rotation left is listed until 'v-secure rotation retire' says that it was revoked. This \
                        needs no key, except to notice that an old value was set again: where older values cannot be opened, it says so. An owner can waive a value that needs no change, such as an empty one ('secret waive'). Authors who could never read the values that they set are not listed, though they know them.\n\n\
                        Examples:\n  v-secure exposed\n  v-secure exposed -e prod\n  \
                        v-secure exposed --deadline 7d   # exit 1 if one has been for longer"
)]
pub struct Exposed {
    /// Fail if a value has been exposed for longer than this, such as 7d
    #[arg(long, value_name = "SPAN")]
    deadline: Option<String>,
}

impl Exposed {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let deadline = self.deadline.as_deref().map(duration::parse_span).transpose();
        let deadline =
            deadline.map_err(|error| times::refuse("--deadline", Takes::Duration, &error))?;
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let Exposure { values: mut found, mut waived, mut uncompared } =
            exposure::thoroughly(context, &opened.vault)?;
        if context.states_environment() {
            let environment = context.environment()?;
            meant::must_exist(&opened.vault, &environment)?;
            found.retain(|value| value.secret.environment() == environment.as_str());
            waived.retain(|value| value.secret.environment() == environment.as_str());
            uncompared.retain(|secret, _| secret.environment() == environment.as_str());
        }
        let is_late = |value: &Value| {
            deadline.is_some_and(|span| value.since().saturating_add(span) < session.now)
        };
        let late: Vec<&Value> = found.iter().filter(|value| is_late(value)).collect();
        if context.ui.json {
            context.ui.object(&ExposedView::of(&found, is_late, &waived, &uncompared))?;
        } else {
            show(context, &found, session.now)?;
            tell_waived(context, &waived);
            tell_uncompared(context, &uncompared);
        }
        match (late.as_slice(), self.deadline) {
            ([], _) | (_, None) => Ok(()),
            (late, Some(span)) => Err(overdue(late, &span)),
        }
    }
}

fn overdue(late: &[&Value], span: &str) -> Failure {
    let secrets = late.iter().map(|value| &value.secret).collect::<BTreeSet<_>>().len();
    let have = if secrets == 1 { "has a value that has" } else { "have values that have" };
    let message = format!("{} {have} been exposed for longer than {span}", count(secrets));
    let failure = Failure::new(Code::Exposed, message);
    match late.iter().find(|value| value.is_current()).or(late.first()) {
        Some(one) if one.rotation.is_some() => {
            failure.hint(format!("v-secure secret rotate {} --abort", one.secret))
        }
        Some(one) if one.to_retire => failure.hint(format!(
            "revoke it at the provider, then: v-secure rotation retire {}",
            one.secret
        )),
        Some(current) => failure
            .hint(format!("change it at the provider, then: v-secure set {}", current.secret)),
        None => failure,
    }
}

fn show(context: &Context<'_>, found: &[Value], now: UnixTime) -> Outcome {
    if found.is_empty() {
        context.ui.note("no value is exposed");
        return Ok(());
    }
    let rows = found.iter().map(|value| {
        let people = people(value);
        let known: Vec<String> = people.iter().map(|all| who(all[0])).collect();
        let since = value.to.iter().map(|to| to.since).min();
        let (known, why) = (known.join(", "), reasons(&people));
        vec![called(value), known, why, when(context, since, now)]
    });
    context.ui.table(&["SECRET", "KNOWN TO", "REASON", "SINCE"], rows.collect())?;
    let kept: BTreeSet<(&Name, &RecipientText)> =
        found.iter().flat_map(|value| &value.to).filter_map(kept).collect();
    for (service, recipient) in kept {
        let id = Credential::Recipient(recipient.clone()).tag();
        context.ui.note(&format!(
            "give {service} another identity first: v-secure member add {service} --device --new-identity, then \
             v-secure member key remove {service}/{id}"
        ));
    }
    if found.iter().any(Value::is_current) {
        context.ui.note("change each at its provider, then: v-secure set NAME");
    }
    if found.iter().any(|value| value.rotation.is_some()) {
        context.ui.note(
            "a rotation may make its value current: v-secure secret rotate NAME --abort, and withdraw that at its provider",
        );
    }
    if found.iter().any(|value| value.to_retire) {
        context.ui.note(
            "a provider accepts what a rotation left until it is revoked there; then: v-secure rotation retire NAME",
        );
    }
    Ok(())
}

/// The secret, and the rotation that makes the value ready.
fn called(value: &Value) -> String {
    match &value.rotation {
        Some(rotation) => format!("{}, rotation {}", value.secret, short(rotation)),
        None if value.to_retire && value.version == 0 => {
            format!("{}, the value {}", value.secret, short(&value.object))
        }
        None if value.to_retire => format!("{}, version {}", value.secret, value.version),
        None => value.secret.to_string(),
    }
}

/// The service, and the recipient of its identity that somebody may have kept.
fn kept(to: &Knower) -> Option<(&Name, &RecipientText)> {
    Some((to.made.as_ref()?, &to.recipient))
}

/// Those who know a value: whoever may have kept several identities of one service is one.
fn people(value: &Value) -> Vec<Vec<&Knower>> {
    let mut people: Vec<Vec<&Knower>> = Vec::new();
    for to in &value.to {
        let same = |all: &&mut Vec<&Knower>| {
            to.made.is_some() && all[0].made == to.made && all[0].member == to.member
        };
        match people.iter_mut().find(same) {
            Some(all) => all.push(to),
            None => people.push(vec![to]),
        }
    }
    people
}

fn tell_waived(context: &Context<'_>, waived: &[Waived]) {
    for Waived { secret, waiver, .. } in waived {
        context
            .ui
            .note(&format!("{secret} is known, and waived by {}: {}", waiver.by, waiver.reason));
    }
}

/// An old value that was set again is found by opening it alone.
fn tell_uncompared(context: &Context<'_>, uncompared: &Uncompared) {
    if uncompared.is_empty() {
        return;
    }
    let one = |(secret, versions): (&SecretName, &BTreeSet<usize>)| {
        let number = |number: &usize| match number {
            0 => "of a rotation".to_owned(),
            number => number.to_string(),
        };
        let versions: Vec<String> = versions.iter().map(number).collect();
        format!("{secret} ({})", versions.join(", "))
    };
    let named: Vec<String> = uncompared.iter().take(NAMED).map(one).collect();
    let more = if uncompared.len() > NAMED { ", …" } else { "" };
    context.ui.warn(&format!(
        "no key here opens older values, which may be current again: {}{more}",
        named.join(", ")
    ));
}

fn who(to: &Knower) -> String {
    match &to.device {
        Some(device) => format!("{}/{device}", to.member),
        None => to.member.to_string(),
    }
}

/// Why each of them knows it and may not: said once where it is the same.
fn reasons(people: &[Vec<&Knower>]) -> String {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for all in people {
        let (why, who) = (why(all), who(all[0]));
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, whose)) => whose.push(who),
            None => reasons.push((why, vec![who])),
        }
    }
    match reasons.as_slice() {
        [(why, _)] => why.clone(),
        several => {
            let said = several.iter().map(|(why, whose)| format!("{}: {why}", whose.join(", ")));
            said.collect::<Vec<_>>().join("; ")
        }
    }
}

fn why(all: &[&Knower]) -> String {
    let to = all[0];
    let why = match (to.why, &to.made) {
        (ExposureCause::MemberRemoved, _) => "no longer a member".to_owned(),
        (ExposureCause::KeyRemoved, _) => "the key was removed".to_owned(),
        (ExposureCause::NoRight, _) => "no longer has a right to it".to_owned(),
        (ExposureCause::NeverAllowed, _) => "never had a right to it".to_owned(),
        (ExposureCause::LetReaderIn, made) => {
            let service = made.as_ref().map_or("", Name::as_str);
            let ids = all.iter().map(|to| Credential::Recipient(to.recipient.clone()).tag());
            let ids: BTreeSet<String> = ids.collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            format!("may have kept {service}'s identity {}", ids.join(", "))
        }
    };
    match &to.through {
        Some(Through { secret, in_force: true }) => format!("{why}; {secret} has the same value"),
        Some(Through { secret, in_force: false }) => format!("{why}; {secret} had the same value"),
        None => why,
    }
}
