//! The key of the check values by which this device knows its own records of what was verified: a file of
//! this user's alone in the state folder.

use crate::host::real::RealHost;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::file::temp;
use std::path::Path;
use v_secure_core::crypto::mac::MacKey;

const KEY: &str = "verified.key";

/// Where the key is kept, if anywhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckKey<'a> {
    state: Option<&'a Path>,
    owners: Owners,
}

impl<'a> CheckKey<'a> {
    pub fn new(state: Option<&'a Path>, owners: Owners) -> Self {
        Self { state, owners }
    }

    /// The key, where there is one that nobody else can read.
    pub fn get(self) -> Option<MacKey> {
        let state = self.state?;
        let folder = private::existing(state, self.owners).ok()??;
        let others = folder.look(KEY.as_ref()).ok()?.mode().unwrap_or(0) & private::ANY_FOR_OTHERS;
        let read = || private::read_own_in(&folder, &state.join(KEY), MacKey::SIZE, self.owners);
        if others == 0 { MacKey::parse(&read().ok()?) } else { None }
    }

    /// The key, made where there is none; in the place of what is no key. Where another process makes it
    /// too, the one that is there counts.
    pub fn get_or_make(self) -> Option<MacKey> {
        self.get().or_else(|| self.make())
    }

    fn make(self) -> Option<MacKey> {
        let state = self.state?;
        let folder = private::existing(state, self.owners).ok()??;
        temp::remove_leftovers(&folder, KEY.as_ref());
        let (new, name, mode) = (MacKey::generate(&RealHost), KEY.as_ref(), private::FILE_MODE);
        // Not synced: a key that a power failure takes, or leaves as zeros, is made anew, and the records by it are no
        // longer known.
        let _ = match folder.look(name) {
            Ok(seen) if seen.is_file() => temp::replace_unsynced(&folder, name, new.expose(), mode),
            // A link may lead to a key that somebody else knows.
            Ok(_) => return None,
            Err(_) => temp::place_unsynced(&folder, name, new.expose(), mode),
        };
        self.get()
    }
}
