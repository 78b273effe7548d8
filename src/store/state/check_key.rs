//! The key of the check values by which this device knows its own records of what was verified: a file of
//! this user's alone in the state folder.

use crate::host::real::RealHost;
use crate::store::file::new_file;
use crate::store::file::owners::Owners;
use crate::store::file::private;
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
        let (path, new) = (state.join(KEY), MacKey::generate(&RealHost));
        let mode = private::FILE_MODE;
        let _ = match folder.look(KEY.as_ref()) {
            Ok(_) => new_file::write_over_in(&folder, &path, new.expose(), mode),
            Err(_) => new_file::write_new_in(&folder, &path, new.expose(), mode),
        };
        self.get()
    }
}
