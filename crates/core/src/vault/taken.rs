//! Which policy entries took something away: a right or what opens it, the keys of somebody who had left,
//! or what a setting let through. A state of the vault without such an entry gives that back.
//!
//! [`Chain::removals`] is narrower: it is what decides which ops count.

use crate::name::audience::AudienceName;
use crate::policy::chain::Chain;
use crate::policy::entry::PolicyEntry;
use crate::policy::error::ChainError;
use crate::policy::op::{EpochStart, PolicyOp};
use crate::policy::position::PolicyPosition;
use crate::policy::settings::Settings;
use crate::policy::state::PolicyState;
use crate::policy::strictness::tightens;
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
    due: BTreeSet<AudienceName>,
}

impl Before {
    fn of(state: &PolicyState) -> Self {
        let due = state.due().cloned().collect();
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
