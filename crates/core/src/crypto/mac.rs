//! A keyed hash (BLAKE3) over length-prefixed fields: what only a holder of the key can have made.

use super::bytes::{Fixed, Id};
use crate::host::{Random, random};
use zeroize::Zeroizing;

const SIZE: usize = blake3::KEY_LEN;

/// The key.
pub struct MacKey(Zeroizing<[u8; SIZE]>);

impl MacKey {
    /// Its bytes in a file.
    pub const SIZE: u64 = SIZE as u64;

    pub fn generate(source: &dyn Random) -> Self {
        Self(Zeroizing::new(random(source)))
    }

    /// The key that a file keeps. One of zeros is what a power failure can leave of it, and everybody knows that one.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let key = Zeroizing::new(<[u8; SIZE]>::try_from(bytes).ok()?);
        key.iter().any(|byte| *byte != 0).then_some(Self(key))
    }

    /// For the file that keeps it.
    pub fn expose(&self) -> &[u8] {
        &self.0[..]
    }

    pub fn of(&self, fields: &[&[u8]]) -> Id {
        Fixed(*self.hash(fields).as_bytes())
    }

    /// Compares in constant time.
    pub fn verifies(&self, check: &Id, fields: &[&[u8]]) -> bool {
        self.hash(fields) == blake3::Hash::from_bytes(check.0)
    }

    fn hash(&self, fields: &[&[u8]]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for field in fields {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_and_fields_count() {
        let key = MacKey::parse(&[7; SIZE]).unwrap();
        let check = key.of(&[b"ab", b"c"]);
        assert!(key.verifies(&check, &[b"ab", b"c"]));
        assert!(!key.verifies(&check, &[b"a", b"bc"]));
        assert!(!MacKey::parse(&[8; SIZE]).unwrap().verifies(&check, &[b"ab", b"c"]));
        assert!(MacKey::parse(&[7; SIZE - 1]).is_none());
        assert!(MacKey::parse(&[0; SIZE]).is_none(), "everybody knows that one");
    }
}
