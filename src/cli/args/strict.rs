//! The option of commands that give values out: nothing from an older state.

use crate::engine::door::Purpose;
use clap::Args;

#[derive(Debug, Clone, Args)]
pub struct StrictArgs {
    /// Refuse a state of the vault that is older than one seen on this device, and a secret with several
    /// active versions or a rotation that wants somebody
    #[arg(long)]
    strict: bool,
}

impl StrictArgs {
    pub(crate) const fn is_given(&self) -> bool {
        self.strict
    }

    /// What the vault is opened for.
    pub fn purpose(&self) -> Purpose {
        if self.strict { Purpose::UseNewest } else { Purpose::Use }
    }
}
