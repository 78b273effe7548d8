//! What the commands that take rights away tell of exposed values: which are known now to those who
//! may not read them any more.

use super::context::Context;
use super::error::{Failure, Outcome};
use super::exit::Exit;
use super::policy::{Changed, Effects, count};
use crate::name::Name;
use crate::ops::exposure::{self, Exposed, Knower};
use crate::ops::vault::Vault;
use serde::Serialize;

/// Every exposed value of the vault.
pub fn all(vault: &Vault) -> Outcome<Vec<Exposed>> {
    // The chain was folded when the vault was opened: what fails here is this program.
    exposure::exposed(vault)
        .map_err(|error| Failure::from_error(Exit::Integrity, error.code(), &error))
}

/// The secrets whose values are exposed to those that `is_meant` picks, by name.
fn secrets(vault: &Vault, is_meant: impl Fn(&Exposed, &Knower) -> bool) -> Outcome<Vec<String>> {
    let exposed = all(vault)?;
    let meant = exposed.iter().filter(|value| value.to.iter().any(|to| is_meant(value, to)));
    Ok(meant.map(|value| value.secret.to_string()).collect())
}

/// Says which values want renewing, and how to see them.
pub fn tell(context: &Context<'_>, who: &str, secrets: &[String]) {
    if secrets.is_empty() {
        return context.ui.note(&format!("no value in force is known to {who} without a right to"));
    }
    let shown: Vec<&str> = secrets.iter().take(5).map(String::as_str).collect();
    let more = if secrets.len() > shown.len() { ", …" } else { "" };
    context.ui.warn(&format!(
        "{who} has been able to read {} in force and may not any more: {}{more}; only new values end \
         that: v-secure exposed",
        values(secrets.len()),
        shown.join(", ")
    ));
}

fn values(secrets: usize) -> String {
    format!("the value{} of {}", if secrets == 1 { "" } else { "s" }, count(secrets))
}

/// What came of a change that took rights away, as its report ends.
#[derive(Serialize)]
pub struct Narrowed<'a> {
    /// Audiences with new keys.
    renewed: Vec<String>,
    /// Secrets whose values in force are known without a right to.
    pub exposed: Vec<String>,
    #[serde(flatten)]
    effects: &'a Effects,
}

impl<'a> Narrowed<'a> {
    /// With the values that are exposed to those that `is_meant` picks.
    pub fn of(changed: &'a Changed, is_meant: impl Fn(&Exposed, &Knower) -> bool) -> Outcome<Self> {
        let renewed = if changed.written { renewed(&changed.vault) } else { Vec::new() };
        let exposed = secrets(&changed.vault, is_meant)?;
        Ok(Self { renewed, exposed, effects: &changed.effects })
    }

    /// With the values that are exposed to these members.
    pub fn to_members(changed: &'a Changed, members: &[Name]) -> Outcome<Self> {
        Self::of(changed, |_, knower| members.contains(&knower.member))
    }

    /// Says which audiences have new keys, and what was wrapped for those who stay.
    pub fn tell(&self, context: &Context<'_>) {
        if !self.renewed.is_empty() {
            context.ui.note(&format!("new keys for {}", self.renewed.join(", ")));
        }
        self.effects.tell_narrowed(&context.ui);
    }
}

/// The audiences that the last change of policy gave new keys, by name.
fn renewed(vault: &Vault) -> Vec<String> {
    let chain = vault.chain();
    let is_new = |epoch| chain.epoch(epoch).is_some_and(|fact| fact.position == chain.last());
    let audiences = vault.policy().audiences();
    audiences.filter(|(_, a)| is_new(&a.current.epoch)).map(|(name, _)| name.to_owned()).collect()
}
