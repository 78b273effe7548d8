//! The one type that holds secret bytes.
//!
//! It wipes itself on drop and has no `Display`, `Clone`, `Serialize` or revealing `Debug`, so a
//! value can reach an error or a log only through [`SecretValue::expose`], which a reader can grep.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Secret bytes: a value, a key or an identity's text.
pub struct SecretValue(Zeroizing<Vec<u8>>);

impl SecretValue {
    /// Takes over `bytes`; the caller's buffer becomes this value's.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for the moment they are used.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Hands the bytes over to what wipes them in its turn.
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }

    /// The bytes as UTF-8, if they are.
    pub fn expose_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Equality whose time depends on the lengths alone.
    pub fn same_as(&self, other: &Self) -> bool {
        self.0.as_slice().ct_eq(other.0.as_slice()).into()
    }
}

impl Drop for SecretValue {
    fn drop(&mut self) {
        // Wiped as one slice, all that was allocated: a Vec wipes byte by byte, which takes longer than sealing them.
        let mut bytes = std::mem::take(&mut *self.0);
        bytes.resize(bytes.capacity(), 0);
        bytes.as_mut_slice().zeroize();
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

impl From<String> for SecretValue {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_bytes_nor_length() {
        let text = format!("{:?}", SecretValue::new(b"hunter2".to_vec()));
        assert_eq!(text, "SecretValue(..)");
    }

    #[test]
    fn equality_compares_content() {
        let a = SecretValue::new(b"one".to_vec());
        assert!(a.same_as(&SecretValue::new(b"one".to_vec())));
        assert!(!a.same_as(&SecretValue::new(b"two".to_vec())));
        assert!(!a.same_as(&SecretValue::new(b"on".to_vec())));
    }
}
