//! What every writing operation is given besides the vault.

use super::unlock::{Signer, Unlocked};
use crate::host::Random;
use crate::host::progress::Progress;
use crate::time::UnixTime;

/// Who acts, when and why.
pub struct Ctx<'a> {
    pub who: &'a Unlocked,
    pub signer: &'a Signer,
    pub random: &'a dyn Random,
    /// Seconds since the Unix epoch.
    pub now: UnixTime,
    pub reason: String,
    /// Where long work tells how far it is; `host::progress::Silent` where nobody asks.
    pub progress: &'a dyn Progress,
}
