//! Which changes of one policy chain are made anew upon another, that parted from it (`docs/merging.md`).
//!
//! The chain that stays is not touched. The ops of the other one are tried on it in their order, each by itself:
//! what takes something away is always made again, and what gives something only where that brings nothing back
//! which the chain that stays took away. Nothing here decides what is valid: what is made is an ordinary chain.

mod facts;
mod replay;
#[cfg(test)]
mod tests;
pub(crate) mod words;

pub use facts::{Fact, Holder};

use super::chain::Chain;
use super::entry::PolicyEntry;
use super::error::{ChainError, ChainFault};
use super::op::PolicyOp;
use super::position::PolicyPosition;
use crate::crypto::id::{EntryId, PolicyId};
use crate::crypto::sign::SigningKey;
use crate::name::Name;
use crate::name::audience::AudienceName;
use crate::time::UnixTime;
use std::collections::BTreeSet;

/// A chain and its entries.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub chain: &'a Chain,
    pub entries: &'a [PolicyEntry],
}

/// What is to be made anew, upon what, and by whom.
pub struct Request<'a> {
    pub stays: Line<'a>,
    pub gives_way: Line<'a>,
    /// The position from which on they differ.
    pub parted: usize,
    /// Whether an op that is asked about, by its number, was agreed to; `None` where nobody was asked yet.
    pub agreed: &'a dyn Fn(usize) -> Option<bool>,
    /// The log entries that an entry's signer knew, of those that are kept.
    pub heads: &'a dyn Fn(&PolicyEntry) -> BTreeSet<EntryId>,
    pub key: &'a SigningKey,
    pub now: UnixTime,
}

/// What becomes of the chain that gives way.
pub struct Replay {
    pub entries: Vec<PlannedEntry>,
    /// The entries to be, behind the chain that stays.
    pub made: Vec<PolicyEntry>,
    /// The chain with them.
    pub chain: Chain,
    /// The numbers of the ops that somebody has to agree to or not: with one, nothing of this may be written.
    pub undecided: Vec<usize>,
    /// What the side that gives way took away, and is in force all the same: a reason to make nothing.
    pub kept: Vec<String>,
    /// The ids that the side that gives way leaves behind, and those that it had taken over itself.
    pub left_behind: Vec<PolicyId>,
    /// Audiences to which that side gave keys, and the side that stays did not.
    pub renewed: BTreeSet<AudienceName>,
    /// The number of the first thing after these ops.
    pub next: usize,
}

/// An entry of the chain that gives way.
#[derive(Debug, Clone)]
pub struct PlannedEntry {
    pub position: PolicyPosition,
    pub id: PolicyId,
    /// The members that signed it.
    pub by: Vec<Name>,
    pub reason: String,
    pub ops: Vec<PlannedOp>,
}

#[derive(Debug, Clone)]
pub struct PlannedOp {
    /// How it is called where it is asked about; `None` of what is made to end what the entry ended by other
    /// means.
    pub number: Option<usize>,
    pub op: PolicyOp,
    pub verdict: Verdict,
}

/// What becomes of an op.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It is made anew.
    Again,
    /// The same, if somebody agrees.
    Asked {
        why: WhyAsked,
        agreed: Option<bool>,
    },
    /// It is so already.
    There,
    /// A closing, which is not made again: what it closed and the side that stays did not is open.
    OpenAgain,
    Refused(WhyRefused),
}

impl Verdict {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Again | Self::Asked { agreed: Some(true), .. } => "again",
            Self::Asked { agreed: None, .. } => "asked",
            Self::Asked { agreed: Some(false), .. } => "declined",
            Self::There => "there",
            Self::OpenAgain => "open-again",
            Self::Refused(_) => "refused",
        }
    }

    /// What nobody has decided on is judged as if it were made: what hangs on it is to be decided on too.
    const fn is_made(&self) -> bool {
        matches!(self, Self::Again | Self::Asked { agreed: Some(true) | None, .. })
    }
}

/// Why an op is not made anew unasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyAsked {
    /// Its signers could not do it where it is made anew.
    Signer { by: Vec<Name> },
    /// It gives something else there, or to others, than its signers looked at.
    Gives,
}

/// Why an op makes no sense on the chain that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyRefused {
    Fault(ChainFault),
    TakenAway {
        what: String,
    },
    /// The name is another member's there.
    OtherMember {
        member: Name,
    },
    /// Both chains set it, and what was to come does not let less through.
    Setting {
        here: String,
    },
    /// Both chains changed how many owners must sign, and there it is more of them.
    Threshold {
        here: usize,
    },
}

/// Why nothing can be made anew: the entry that breaks a rule of the chain as a whole.
#[derive(Debug, thiserror::Error)]
#[error("the changes of policy entry {position} cannot be made on the side that stays")]
pub struct ReplayError {
    pub position: PolicyPosition,
    pub source: ChainError,
}

/// Plans the changes, and signs them.
///
/// # Errors
/// An entry that cannot be made, whatever is left out of it: the signer may not, or too few owners would be left.
pub fn replay(request: &Request<'_>) -> Result<Replay, ReplayError> {
    replay::run(request)
}

/// The ids that entries say they took over.
pub fn named(entries: &[PolicyEntry]) -> BTreeSet<PolicyId> {
    let ops = entries.iter().flat_map(|entry| &entry.ops);
    ops.filter_map(|op| match op {
        PolicyOp::Rebase { head } => Some(*head),
        _ => None,
    })
    .collect()
}

/// Whether a chain that parted from `accepted` took it over: enough of the owners of `accepted` signed that its
/// last entry is left behind. They could have changed anything in it as well.
pub fn took_over(chain: &Chain, entries: &[PolicyEntry], accepted: &Chain) -> bool {
    let head = accepted.head();
    let names = |entry: &PolicyEntry| {
        entry.ops.iter().any(|op| matches!(op, PolicyOp::Rebase { head: left } if *left == head))
    };
    let shared = chain.ids().iter().zip(accepted.ids()).take_while(|(a, b)| a == b).count();
    let mut found = entries.iter().enumerate().skip(shared).filter(|(_, entry)| names(entry));
    let owners = accepted.state();
    shared > 0
        && found.any(|(position, _)| {
            owners.is_owner_level(chain.signers(PolicyPosition::new(position)))
        })
}
