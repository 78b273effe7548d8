//! age files that a passphrase opens: scrypt, as stock `age --passphrase` writes and reads them.
//!
//! The cost is in the file and its writer chose it, so it is bounded here before anything is derived.

use super::envelope::{EnvelopeError, read_bounded, write_file};
use crate::secret_value::SecretValue;
use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};

/// The cost of new files, as `age` chooses it: 2^18 rounds of 1 KiB take 256 MiB.
const COST: u8 = 18;
/// The greatest cost that is paid: 1 GiB.
const MAX_COST: u8 = 20;

/// Why a file was not encrypted or opened.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    #[error("the passphrase is not UTF-8 text")]
    NotText,
    #[error("the passphrase is wrong")]
    Wrong,
    #[error("the file asks for scrypt at a cost of 2^{required}; at most 2^{MAX_COST} is paid")]
    TooCostly { required: u8 },
    #[error(transparent)]
    File(#[from] EnvelopeError),
}

/// Whether a binary age file is one that a passphrase opens.
pub fn is_passphrase_file(file: &[u8]) -> bool {
    Decryptor::new_buffered(file).is_ok_and(|decryptor| decryptor.is_scrypt())
}

/// A binary age file that `passphrase` opens.
pub fn encrypt(passphrase: &SecretValue, plaintext: &[u8]) -> Result<Vec<u8>, PassphraseError> {
    let mut recipient = scrypt::Recipient::new(secret(passphrase)?);
    recipient.set_work_factor(COST);
    let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        .map_err(|_| EnvelopeError::NoRecipients)?;
    Ok(write_file(encryptor, plaintext).map_err(EnvelopeError::Encrypt)?)
}

/// Opens a binary age file whose plaintext has at most `limit` bytes.
pub fn decrypt(
    passphrase: &SecretValue,
    file: &[u8],
    limit: usize,
) -> Result<SecretValue, PassphraseError> {
    let decryptor = Decryptor::new_buffered(file).map_err(|_| EnvelopeError::Damaged)?;
    let mut identity = scrypt::Identity::new(secret(passphrase)?);
    identity.set_max_work_factor(MAX_COST);
    let plaintext =
        decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|error| {
            match error {
                DecryptError::ExcessiveWork { required, .. } => {
                    PassphraseError::TooCostly { required }
                }
                DecryptError::DecryptionFailed
                | DecryptError::KeyDecryptionFailed
                | DecryptError::NoMatchingKeys => PassphraseError::Wrong,
                _ => EnvelopeError::Damaged.into(),
            }
        })?;
    Ok(read_bounded(plaintext, file.len(), limit)?)
}

fn secret(passphrase: &SecretValue) -> Result<SecretString, PassphraseError> {
    let text = passphrase.expose_str().ok_or(PassphraseError::NotText)?;
    Ok(SecretString::from(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::envelope;
    use crate::crypto::identity::generate_identity;

    fn value(text: &str) -> SecretValue {
        SecretValue::from(text.to_owned())
    }

    #[test]
    fn the_passphrase_opens_the_file_and_no_other_does() {
        let file = encrypt(&value("correct horse"), b"hello").unwrap();
        assert!(is_passphrase_file(&file));
        assert_eq!(decrypt(&value("correct horse"), &file, 5).unwrap().expose(), b"hello");
        let error = decrypt(&value("correct house"), &file, 5).unwrap_err();
        assert!(matches!(error, PassphraseError::Wrong), "{error}");
        let error = decrypt(&value("correct horse"), &file, 4).unwrap_err();
        let too_large =
            matches!(error, PassphraseError::File(EnvelopeError::TooLarge { limit: 4 }));
        assert!(too_large, "{error}");
    }

    #[test]
    fn a_cost_beyond_the_limit_is_refused_before_it_is_paid() {
        let mut recipient = scrypt::Recipient::new(SecretString::from("x".to_owned()));
        recipient.set_work_factor(2);
        let recipients = std::iter::once(&recipient as &dyn age::Recipient);
        let cheap = write_file(Encryptor::with_recipients(recipients).unwrap(), b"").unwrap();
        assert_eq!(decrypt(&value("x"), &cheap, 0).unwrap().len(), 0);
        let text = String::from_utf8_lossy(&cheap).into_owned();
        let end = text.find("\n").unwrap();
        let line = text[end + 1..].lines().next().unwrap().to_owned();
        let costly = line.strip_suffix(" 2").unwrap().to_owned() + " 21";
        let at = end + 1;
        let file = [&cheap[..at], costly.as_bytes(), &cheap[at + line.len()..]].concat();
        let error = decrypt(&value("x"), &file, 0).unwrap_err();
        assert!(matches!(error, PassphraseError::TooCostly { required: 21 }), "{error}");
    }

    #[test]
    fn files_for_recipients_are_told_apart() {
        let new = generate_identity();
        let file = envelope::encrypt(&[new.recipient], b"").unwrap();
        assert!(!is_passphrase_file(&file) && !is_passphrase_file(b"junk"));
        let error = decrypt(&value("x"), b"junk", 9).unwrap_err();
        assert!(matches!(error, PassphraseError::File(EnvelopeError::Damaged)), "{error}");
    }
}
