//! What the commands that take rights away tell of exposed values: which are known now to those who
//! may not read them any more.

use super::policy;
use super::policy::{Changed, count};
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::unlocking;
use std::collections::BTreeSet;
use std::fmt::Display;
use v_secure_core::exposure;
use v_secure_core::exposure::{Exposed, Exposure, Knower};
use v_secure_core::log::describe::short;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::report::view::narrowed::{ExposedRotationView, NarrowedView};
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::Unlocked;

/// Every exposed value of the vault, as far as that can be told without asking anybody for anything.
pub fn all(context: &Context<'_>, vault: &Vault) -> Outcome<Exposure> {
    by(vault, || unlocking::unasked(context, vault))
}

/// [`all`] for a command that is about it: a passphrase that was given is used, and a key touched.
pub(crate) fn thoroughly(context: &Context<'_>, vault: &Vault) -> Outcome<Exposure> {
    by(vault, || {
        let given = || unlocking::unlock_without_asking(context, vault).ok();
        unlocking::unasked(context, vault).or_else(|| given().map(|opened| opened.who))
    })
}

fn by(vault: &Vault, who: impl FnOnce() -> Option<Unlocked>) -> Outcome<Exposure> {
    // The chain was folded when the vault was opened: what fails here is this program.
    exposure::exposed(vault, who)
        .map_err(|error| Failure::from_error(Code::Of((&error).into()), &error))
}

/// How many secrets have a value that is exposed.
pub(crate) fn secrets(context: &Context<'_>, vault: &Vault) -> Outcome<usize> {
    let exposed = all(context, vault)?.values;
    Ok(exposed.iter().map(|value| &value.secret).collect::<BTreeSet<_>>().len())
}

/// What is exposed to those whom somebody asks for.
struct Known {
    /// By name, those whose current values are.
    current: Vec<SecretName>,
    /// The open rotations whose values are.
    ready: Vec<ExposedRotationView>,
    /// By name, those of which a value is that is to be retired.
    old: BTreeSet<SecretName>,
}

impl Known {
    fn of(
        context: &Context<'_>,
        vault: &Vault,
        is_meant: impl Fn(&Exposed, &Knower) -> bool,
    ) -> Outcome<Self> {
        let mut known = Self { current: Vec::new(), ready: Vec::new(), old: BTreeSet::new() };
        for value in all(context, vault)?.values {
            if !value.to.iter().any(|to| is_meant(&value, to)) {
                continue;
            }
            let Exposed { secret, rotation, to_retire, .. } = value;
            match rotation {
                Some(rotation) => known.ready.push(ExposedRotationView { secret, rotation }),
                None if to_retire => _ = known.old.insert(secret),
                None => known.current.push(secret),
            }
        }
        Ok(known)
    }
}

/// Says which values want renewing, and how to see them.
fn tell(context: &Context<'_>, who: &str, secrets: &[SecretName]) {
    if secrets.is_empty() {
        return context.ui.note(&format!("no current value is known to {who} without a right to"));
    }
    context.ui.warn(&format!(
        "{who} could read {} and may not any more: {}; only new values end that: v-secure exposed",
        values(secrets.len()),
        some(secrets.iter())
    ));
}

/// Says which rotations are about to bring what somebody knows.
fn tell_ready(context: &Context<'_>, who: &str, rotations: &[ExposedRotationView]) {
    if rotations.is_empty() {
        return;
    }
    let one = |of: &ExposedRotationView| format!("{} of {}", short(&of.rotation), of.secret);
    let (what, them) = match rotations.len() {
        1 => ("the value of an open rotation".to_owned(), "that rotation"),
        many => (format!("the values of {many} open rotations"), "each of them"),
    };
    context.ui.warn(&format!(
        "{who} may know {what}: {}; abort {them}, or the value that it makes ready comes to be current: v-secure exposed",
        some(rotations.iter().map(one))
    ));
}

/// Says of which secrets somebody knows what the provider accepts still.
fn tell_old(context: &Context<'_>, who: &str, secrets: &BTreeSet<SecretName>) {
    if !secrets.is_empty() {
        context.ui.warn(&format!(
            "{who} may know old values that rotations of {} left: {}; they work until they are revoked: v-secure exposed",
            count(secrets.len()),
            some(secrets.iter())
        ));
    }
}

/// Warns of what a member that was let in can open and may not read: an envelope holds all earlier keys
/// of its audience, those for secrets that the role could once read too.
pub(crate) fn tell_older(context: &Context<'_>, vault: &Vault, member: &Name) -> Outcome {
    let known = Known::of(context, vault, |_, knower| knower.member == *member)?;
    let secrets = known.current;
    if !secrets.is_empty() {
        context.ui.warn(&format!(
            "{member} has the keys to {} that it may not read: {}; only new values end that: \
             v-secure exposed",
            values(secrets.len()),
            some(secrets.iter())
        ));
    }
    tell_ready(context, member.as_str(), &known.ready);
    tell_old(context, member.as_str(), &known.old);
    Ok(())
}

pub(crate) fn tell_renewed(context: &Context<'_>, audiences: &[AudienceName]) {
    if !audiences.is_empty() {
        context.ui.note(&format!("new keys for {}", audiences.join(", ")));
    }
}

/// The first of them.
fn some(all: impl ExactSizeIterator<Item = impl Display>) -> String {
    let more = if all.len() > 5 { ", …" } else { "" };
    let first: Vec<String> = all.take(5).map(|one| one.to_string()).collect();
    format!("{}{more}", first.join(", "))
}

fn values(secrets: usize) -> String {
    format!("the current value{} of {}", if secrets == 1 { "" } else { "s" }, count(secrets))
}

/// What came of a change that took rights away, as its report ends; and of which secrets somebody knows an old value.
pub(crate) struct Narrowed<'a>(NarrowedView<'a>, BTreeSet<SecretName>);

impl<'a> Narrowed<'a> {
    /// With the values that are exposed to those that `is_meant` picks.
    pub fn of(
        context: &Context<'_>,
        changed: &'a Changed,
        is_meant: impl Fn(&Exposed, &Knower) -> bool,
    ) -> Outcome<Self> {
        let Changed { vault, renewed, effects, .. } = changed;
        let Known { current: exposed, ready: exposed_rotations, old } =
            Known::of(context, vault, is_meant)?;
        Ok(Self(NarrowedView { renewed, exposed, exposed_rotations, effects }, old))
    }

    /// With the values that are exposed to these members.
    pub(crate) fn to_members(
        context: &Context<'_>,
        changed: &'a Changed,
        members: &[Name],
    ) -> Outcome<Self> {
        Self::of(context, changed, |_, knower| members.contains(&knower.member))
    }

    pub fn is_anything_known(&self) -> bool {
        let NarrowedView { exposed, exposed_rotations, .. } = &self.0;
        !exposed.is_empty() || !exposed_rotations.is_empty() || !self.1.is_empty()
    }

    pub const fn view(&self) -> &NarrowedView<'a> {
        &self.0
    }

    /// Says which audiences have new keys, and what was wrapped for those who stay.
    pub fn tell(&self, context: &Context<'_>) {
        tell_renewed(context, self.0.renewed);
        policy::tell_narrowed(&context.ui, self.0.effects);
    }

    /// Says what `who` knows, if it is anybody.
    pub fn finish(&self, context: &Context<'_>, who: &str) {
        if !who.is_empty() {
            tell(context, who, &self.0.exposed);
            tell_ready(context, who, &self.0.exposed_rotations);
            tell_old(context, who, &self.1);
        }
    }
}
