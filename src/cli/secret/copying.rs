//! What `secret copy` and `secret rename` share: the write, the journal of reads, the report.

use super::{rotations, variables};
use crate::cli::door::context::Context;
use crate::cli::door::reads;
use crate::cli::door::reads::Reading;
use crate::cli::error::Outcome;
use crate::cli::error::meant;
use crate::cli::people::policy::{count, listed};
use std::collections::BTreeSet;
use v_secure_core::name::SecretName;
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::report::view::secret::value::{CurrentView, SecretCopyView};
use v_secure_core::secret::copy;
use v_secure_core::secret::copy::CopyRequest;
use v_secure_core::vault::Vault;

pub(crate) struct Copying<'a> {
    pub request: CopyRequest,
    /// What the history and the journal of reads call it.
    pub action: &'static str,
    pub reason: Option<&'a str>,
}

/// Warns of those who may read a copy and not what it was made of: they know its value from now on. `copies`
/// are the old and the new names.
pub(crate) fn tell_readers<'a>(
    context: &Context<'_>,
    vault: &Vault,
    copies: impl IntoIterator<Item = (&'a SecretName, &'a SecretName)>,
) {
    let (state, mut people, mut known) = (vault.policy(), BTreeSet::new(), Vec::new());
    for (from, to) in copies {
        let (may, there) = (state.who_can_read(from), state.who_can_read(to));
        if !there.is_subset(&may) {
            known.push(from);
            people.extend(there.difference(&may).copied());
        }
    }
    let what = match known.as_slice() {
        [] => return,
        [one] => one.to_string(),
        many => format!("{} of those copied", count(many.len())),
    };
    context.ui.warn(&format!(
        "who may read the copy and not {what} knows the value of both now: {}; see 'v-secure exposed'",
        listed(people)
    ));
}

pub fn run(context: &Context<'_>, copying: Copying<'_>) -> Outcome {
    let Copying { request, action, reason } = copying;
    let CopyRequest { from, to, .. } = &request;
    let session = context.session()?;
    if let Ok(environment) = EnvironmentName::new(to.environment()) {
        meant::begin(context, &environment)?;
    }
    let default = format!("{action} {from} to {to}");
    let ((open, left), vault) = context.write(reason, &default, |vault, ctx| {
        let change = copy::copy(vault, &request, ctx)?;
        let reading = Reading {
            who: ctx.who,
            action,
            environment: from.environment(),
            secrets: std::slice::from_ref(from),
            reason,
        };
        reads::record(context, &session, vault, reading)?;
        let ends = request.rename.then_some(from);
        let left = rotations::to_retire(ends.and_then(|secret| vault.secret(secret)));
        Ok(((rotations::open(vault, ends), left), change))
    })?;
    variables::remark(context, &vault, [to]);
    rotations::remark_removed(context, &vault, &open);
    rotations::remark_renamed(context, from, &left);
    if !request.rename {
        tell_readers(context, &vault, [(from, to)]);
    }
    let current = CurrentView::of(&vault, to);
    let report = SecretCopyView { secret: to, from, current };
    if context.ui.json {
        return context.ui.object(&report);
    }
    let number = report.current.version.map_or("none".into(), |number| number.to_string());
    context.ui.note(&match request.rename {
        true => format!(
            "{from} is {to} now, version {number}; its older versions: v-secure secret versions {from}"
        ),
        false => format!("{to}: version {number}, with the value of {from}"),
    });
    Ok(())
}
