//! Envelopes: age behind one module (`docs/format.md`, Envelope).

use std::str::FromStr;

/// Why a text is no recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecipientError {
    #[error("a recipient has 1 to {MAX_RECIPIENT} printable ASCII characters, without quotes")]
    Text,
    #[error("the X25519 recipient does not decode")]
    X25519,
}

/// The most characters a recipient may have.
pub const MAX_RECIPIENT: usize = 4096;

const X25519_LENGTH: usize = 62;

/// Checks the form of a recipient; a native X25519 one must also decode.
pub fn check_recipient(text: &str) -> Result<(), RecipientError> {
    let printable = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\');
    if text.is_empty() || text.len() > MAX_RECIPIENT || !text.bytes().all(printable) {
        return Err(RecipientError::Text);
    }
    if text.starts_with("age1") && text.len() == X25519_LENGTH {
        age::x25519::Recipient::from_str(text).map_err(|_| RecipientError::X25519)?;
    }
    Ok(())
}
