//! What the loss of one identity, one device or one person would end. `doctor` and `policy review` say it in the
//! same words.

use crate::name::Name;
use crate::people::owners;
use crate::policy::state::PolicyState;
use std::fmt;

/// A single point of loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// Nobody else opens what only owners read.
    OneIdentity,
    /// No more owners can sign than must.
    FewOwners { needed: usize, able: usize },
    /// One owner signs, and only this one can.
    OneOwner { member: Name },
}

impl Loss {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OneIdentity => "one-identity",
            Self::FewOwners { .. } => "few-owners",
            Self::OneOwner { .. } => "one-owner",
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneIdentity => f.write_str(
                "one identity alone can open everything: if it is lost, so is the vault",
            ),
            Self::FewOwners { needed, able } => write!(
                f,
                "{needed} owners must sign, and only {able} can: the loss of one owner's keys ends what only owners may do"
            ),
            Self::OneOwner { member } => {
                write!(
                    f,
                    "only {member} can sign as an owner: nobody else can give or take what owners do"
                )
            }
        }
    }
}

/// How many identities of owners open everything.
pub fn identities(state: &PolicyState) -> usize {
    let owners = state.owners().filter_map(|owner| state.member(owner));
    owners.map(|owner| owner.recipients.len()).sum()
}

/// What hangs on one.
pub fn of(state: &PolicyState) -> Vec<Loss> {
    let signs = |owner: &&Name| state.member(owner).is_some_and(|found| !found.keys.is_empty());
    let able: Vec<&Name> = state.owners().filter(signs).collect();
    let needed = state.threshold();
    let mut losses = Vec::new();
    if identities(state) <= 1 {
        losses.push(Loss::OneIdentity);
    }
    match able.as_slice() {
        [member] if needed == 1 => losses.push(Loss::OneOwner { member: (*member).clone() }),
        able if owners::lacks_spare(state) => {
            losses.push(Loss::FewOwners { needed, able: able.len() });
        }
        _ => {}
    }
    losses
}
