//! How many owners must sign, and whether one of them could be spared.

use crate::policy::op::PolicyOp;
use crate::policy::state::PolicyState;

/// Lets so many owners sign what only owners may do; no op if that is so.
pub fn threshold(state: &PolicyState, owners: u32) -> Vec<PolicyOp> {
    match usize::try_from(owners) == Ok(state.threshold()) {
        true => Vec::new(),
        false => vec![PolicyOp::Threshold { owners }],
    }
}

/// Whether the loss of one owner's keys would leave too few, where more than one must sign.
pub fn lacks_spare(state: &PolicyState) -> bool {
    state.threshold() > 1 && state.signing_owners() <= state.threshold()
}
