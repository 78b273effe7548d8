//! Which policy entries took something away: a right or what opens it, the keys of somebody who had left,
//! or what a setting let through. A state of the vault without such an entry gives that back.
//!
//! [`Chain::removals`] is narrower: it is what decides which ops count.

use crate::policy::chain::Chain;
use crate::policy::entry::PolicyEntry;
use crate::policy::error::ChainError;
use crate::policy::op::{EpochStart, PolicyOp};
use crate::policy::position::PolicyPosition;
use crate::policy::settings::{Reads, SettingKey, Settings, Ttl};
use crate::policy::state::PolicyState;
use std::collections::{BTreeMap, BTreeSet};

/// What an entry took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// A right, a key or a recipient.
    Rights,
    /// What somebody who had left could open: an audience got new keys for that.
    Keys,
    /// What a setting let through.
    Leeway,
}

/// The entries that took something away, by position. `chain` is that of `entries`.
///
/// # Errors
/// Those of the chain, which one that was built does not have.
pub fn takings(
    chain: &Chain,
    entries: &[PolicyEntry],
) -> Result<BTreeMap<PolicyPosition, Taking>, ChainError> {
    let mut found: BTreeMap<PolicyPosition, Taking> =
        chain.removals().iter().map(|position| (*position, Taking::Rights)).collect();
    let mut before = Before::default();
    Chain::replay(entries, |position, state| {
        let now = Before::of(state);
        if let Some(taking) = before.taken(&entries[position.index()].ops, &now) {
            found.entry(position).or_insert(taking);
        }
        before = now;
    })?;
    Ok(found)
}

/// What an entry is compared with.
#[derive(Debug, Default)]
struct Before {
    settings: Settings,
    /// Audiences that somebody left since their keys were made.
    due: BTreeSet<String>,
}

impl Before {
    fn of(state: &PolicyState) -> Self {
        let due = state.due().map(str::to_owned).collect();
        Self { settings: state.settings().clone(), due }
    }

    fn taken(&self, ops: &[PolicyOp], now: &Self) -> Option<Taking> {
        let has = |test: &dyn Fn(&PolicyOp) -> bool| ops.iter().any(test);
        let renews = |op: &PolicyOp| matches!(op, PolicyOp::Epoch(EpochStart { audience, .. }) if self.due.contains(audience));
        let tightens = |op: &PolicyOp| matches!(op, PolicyOp::Setting { key, .. } if tightens(key, &self.settings, &now.settings));
        // The member may have had no key to sign, as one who only reads.
        if has(&|op| matches!(op, PolicyOp::RecipientRemove { .. } | PolicyOp::MemberRemove { .. }))
        {
            return Some(Taking::Rights);
        }
        if has(&renews) {
            return Some(Taking::Keys);
        }
        has(&tightens).then_some(Taking::Leeway)
    }
}

/// Whether a setting lets less through than before. Of one that is not known here that is not ruled out.
fn tightens(key: &str, before: &Settings, now: &Settings) -> bool {
    if before.get(key) == now.get(key) {
        return false;
    }
    let Ok(known) = SettingKey::parse(key) else { return true };
    let loses = |covers: fn(&str, &str) -> bool| loses(before.get(key), now.get(key), covers);
    let (rotation, retention) = (before.rotation(), before.retention());
    match known.setting.key {
        // What came from there comes no more.
        "env.ENVIRONMENT.extends" => before.get(key).is_some(),
        "kdf" => before.kdf().is_weaker_than(now.kdf()),
        "plugins.allow" => loses(|new, old| new == old),
        "reads" => strictness(now.reads()) > strictness(before.reads()),
        "retention.days" => is_less(now.retention().days, retention.days),
        "retention.versions" => is_less(now.retention().versions, retention.versions),
        "rotation.dek" => is_less(now.rotation().dek, rotation.dek),
        "rotation.kek" => is_less(now.rotation().kek, rotation.kek),
        "ttl" => before.ttl() == Ttl::OnWrite,
        "variables.allow" => loses(covers),
        "variables.strict" => now.has_strict_variables(),
        _ => true,
    }
}

/// Whether a limit is below the former one; `None` is no limit.
fn is_less(now: Option<u64>, before: Option<u64>) -> bool {
    now.is_some_and(|now| before.is_none_or(|before| now < before))
}

const fn strictness(reads: Reads) -> u8 {
    match reads {
        Reads::Off => 0,
        Reads::BestEffort => 1,
        Reads::Required => 2,
    }
}

/// Whether something of a list is covered by nothing of the one that comes in its place.
fn loses(before: Option<&str>, now: Option<&str>, covers: fn(&str, &str) -> bool) -> bool {
    let of = |list: Option<&'_ str>| -> Vec<String> {
        list.into_iter().flat_map(|list| list.split(',')).map(str::to_owned).collect()
    };
    let now = of(now);
    of(before).iter().any(|old| !now.iter().any(|new| covers(new, old)))
}

/// Whether a variable, or a beginning of some with `*`, has all that another one has.
fn covers(new: &str, old: &str) -> bool {
    match new.strip_suffix('*') {
        Some(beginning) => old.trim_end_matches('*').starts_with(beginning),
        None => new == old,
    }
}
