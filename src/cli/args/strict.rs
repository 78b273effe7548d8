//! The option of commands that give values out: nothing from an older state.

use crate::engine::door::Purpose;
use clap::Args;

#[derive(Debug, Clone, Args)]
pub struct StrictArgs {
    /// Refuse an older state than one that was seen here
    #[arg(long)]
    strict: bool,
}

impl StrictArgs {
    /// What the vault is opened for.
    pub fn purpose(&self) -> Purpose {
        if self.strict { Purpose::UseNewest } else { Purpose::Use }
    }
}
