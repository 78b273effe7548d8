//! Which signatures this device has seen to hold, so that after a pull only new entries cost a check.
//!
//! A cache and nothing more: whatever is wrong with it, signatures are checked again. One is believed because only
//! this user can have written it down: its check value needs a key that is in a file of this user's alone. It is of
//! the signature with its key, its purpose and what it signs, so that which vault's list it stands in says nothing.

use super::check_key::CheckKey;
use crate::store::file::owners::Owners;
use crate::store::file::private;
use crate::store::sys;
use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::id::VaultId;
use v_secure_core::crypto::known_signatures::{KnownSignatures, SignatureOf};
use v_secure_core::crypto::mac::MacKey;

const FOLDER: &str = "signatures";

/// What a check value is for. Names the version: another one may ask more of a signature than this one.
const PURPOSE: &str = concat!("v-secure-signature 1 ", env!("CARGO_PKG_VERSION"));

/// The bytes of a check value: nobody without the key hits one of 128 bits.
const SIZE: usize = 16;

/// The longest list, in bytes: a million signatures, more than the largest vault has.
const LIMIT: u64 = 16 << 20;

/// The list of one vault.
#[derive(Debug, Clone)]
pub(crate) struct SignatureList {
    state: Option<PathBuf>,
    owners: Owners,
    name: String,
}

/// The signatures that were seen to hold.
pub(crate) struct Seen {
    key: Option<MacKey>,
    checks: HashSet<[u8; SIZE]>,
}

impl KnownSignatures for Seen {
    fn has(&self, signature: &SignatureOf) -> bool {
        // An empty list is common, and its key is not worth a hash.
        !self.checks.is_empty()
            && self.key.as_ref().is_some_and(|key| self.checks.contains(&check(key, signature)))
    }
}

impl SignatureList {
    /// The list in `state/signatures`; without a state folder nothing is known and none is kept.
    pub fn new(state: Option<&Path>, owners: Owners, vault: &VaultId) -> Self {
        Self { state: state.map(Path::to_path_buf), owners, name: vault.to_string() }
    }

    /// What is known of before.
    pub fn load(&self) -> Seen {
        let key = CheckKey::new(self.state.as_deref(), self.owners).get();
        let checks = key.is_some().then(|| self.read()).flatten().unwrap_or_default();
        Seen { key, checks }
    }

    fn read(&self) -> Option<HashSet<[u8; SIZE]>> {
        let state = self.state.as_ref()?;
        let folder = private::existing_inner(state, FOLDER, self.owners).ok()??;
        let path = state.join(FOLDER).join(&self.name);
        let bytes = private::read_growing_in(&folder, &path, LIMIT, self.owners).ok()?;
        // What a killed writer left of a last one is none.
        Some(bytes.as_chunks().0.iter().copied().collect())
    }

    /// Adds those of the signatures that are not known. Each must have been checked. A failure is no error:
    /// reading must work with a state folder that cannot be written.
    pub fn add(&self, signatures: &[SignatureOf]) {
        let seen = self.load();
        let new: Vec<SignatureOf> =
            signatures.iter().filter(|one| !seen.has(one)).copied().collect();
        self.append(&new);
    }

    /// Adds signatures without asking whether they are known, such as those that were just made. Needs no lock
    /// and no sync: two writers append whole values, and what a power failure takes is checked again.
    pub fn append(&self, signatures: &[SignatureOf]) {
        if !signatures.is_empty() {
            let _ = self.try_append(signatures);
        }
    }

    fn try_append(&self, signatures: &[SignatureOf]) -> Option<()> {
        let state = self.state.as_ref()?;
        let folder = private::ensure_inner(state, FOLDER, self.owners).ok()?;
        let key = CheckKey::new(Some(state), self.owners).get_or_make()?;
        let bytes: Vec<u8> = signatures.iter().flat_map(|one| check(&key, one)).collect();
        let path = state.join(FOLDER).join(&self.name);
        let mut file = private::open_append_in(&folder, &path, self.owners).ok()?;
        let length = file.metadata().ok()?.len();
        match length.saturating_add(bytes.len() as u64) > LIMIT {
            true => sys::cut(&file, &path, 0).ok()?,
            // What follows a torn value would be none.
            false if !length.is_multiple_of(SIZE as u64) => {
                sys::cut(&file, &path, length - length % SIZE as u64).ok()?;
            }
            false => {}
        }
        file.write_all(&bytes).ok()
    }
}

fn check(key: &MacKey, signature: &SignatureOf) -> [u8; SIZE] {
    let [tag, signer, id, bytes] = signature.fields();
    let whole = key.of(&[PURPOSE.as_bytes(), tag, signer, id, bytes]).0;
    std::array::from_fn(|at| whole[at])
}

#[cfg(test)]
mod tests;
