//! Keeping something of the values that pass through a door, so that a commit in which one of them stands can be
//! stopped without opening anything. Every read and every write comes by here, whatever command it is of.

use super::door::Door;
use super::session::Session;
use crate::store::file::owners::Owners;
use crate::store::state::prints::key::KeyError;
use crate::store::state::prints::{Loaded, PrintError, PrintFiles};
use std::path::Path;
use std::time::Duration;
use v_secure_core::scan::sealed::PrintsError;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::Unlocked;

/// How long an OS keyring may take: nobody waits for what happens on the side.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps something of the values that were read or written since this was asked last. What is not kept, as with a
/// state folder that cannot be written, is tried again with the next read, and no reason for a word.
pub(super) fn keep<D: Door>(door: &D, session: &Session, vault: &Vault, who: &Unlocked) {
    let noted = who.take_noted();
    if let (false, Some(patience), Some(state)) =
        (noted.is_empty(), door.keeps_prints(), &session.state)
    {
        let files = PrintFiles::new(state, session.owners, patience);
        let _ = files.keep(door.random(), door.now(), &vault.id(), noted);
    }
}

/// All that this device keeps; `None` if that is nothing.
pub fn load(state: &Path, owners: Owners) -> Result<Option<Loaded>, PrintError> {
    let files = PrintFiles::new(state, owners, PATIENCE);
    let loaded = files.load();
    let is_lost = match &loaded {
        Err(PrintError::Prints(error)) => !matches!(error, PrintsError::Newer { .. }),
        Err(error) => matches!(error, PrintError::Key(KeyError::Lost)),
        Ok(_) => false,
    };
    if is_lost {
        // Nothing opens it any more, and as long as it is there nothing is kept in its place.
        let _ = files.begin_anew();
    }
    loaded
}
