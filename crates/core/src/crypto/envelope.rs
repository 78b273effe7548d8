//! age files, behind types of our own: nothing of the age crate leaves this folder, so that a
//! change of its version touches these modules alone.

pub use super::armor::{ArmorError, armor, dearmor};
use super::identity::plugin;
use super::identity::recipient::{self, Usable};
pub use super::identity::recipient::{RecipientError, RecipientKind, check_recipient};
pub use super::identity::{Identity, generate_identity, parse_identities};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::secret_value::SecretValue;
use age::{DecryptError, Decryptor, EncryptError, Encryptor};
use std::error::Error;
use std::io::{Read, Write};
use zeroize::Zeroizing;

/// Why a file was not encrypted or opened.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    #[error("recipient {index} cannot be encrypted to")]
    Recipient {
        /// The position in the list that was given, from 0.
        index: usize,
        source: RecipientError,
    },
    #[error("there is no recipient to encrypt to")]
    NoRecipients,
    #[error("the age file could not be made")]
    Encrypt(#[source] std::io::Error),
    #[error("no identity at hand opens this age file")]
    NoMatch,
    #[error("the age file is damaged")]
    Damaged,
    #[error("the age file holds more than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("{program}, which a recipient or an identity needs, is not on PATH")]
    MissingPlugin { program: String },
    #[error("the plugin did not do its work: {complaint}")]
    Plugin { complaint: String },
    #[error("the recipients do not go together: one of them asks for files of its own kind alone")]
    Incompatible,
    /// Opening it would run scrypt at a cost that the file's writer chose.
    #[error("the age file is encrypted with a passphrase, where a public key is due")]
    Passphrase,
}

impl EnvelopeError {
    /// Whether this, or a cause of `error`, says nothing against the file: a program that an identity
    /// needs is not there, or did not do its work.
    pub(crate) fn is_of_program(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(Self::Plugin { .. } | Self::MissingPlugin { .. }) = error.downcast_ref() {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// Whether this, or a cause of `error`, is a plugin that did not do its work: that says nothing
    /// against the file.
    pub fn is_of_plugin(error: &(dyn Error + 'static)) -> bool {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if matches!(error.downcast_ref(), Some(Self::Plugin { .. })) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// Encrypts to every one of `recipients`; a binary age file. Its randomness is age's own
/// ([`super::identity::generate_identity`] says why).
pub fn encrypt(recipients: &[RecipientText], plaintext: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
    let keys = encryptors(recipients)?;
    let encryptor =
        Encryptor::with_recipients(keys.iter().map(|key| &**key)).map_err(encrypt_error)?;
    write_file(encryptor, plaintext).map_err(EnvelopeError::Encrypt)
}

/// Whether files can be encrypted to all of `recipients` at once: tried with nothing in the file.
pub(crate) fn try_recipients(recipients: &[RecipientText]) -> Result<(), EnvelopeError> {
    encrypt(recipients, &[]).map(drop)
}

fn encryptors(recipients: &[RecipientText]) -> Result<Vec<Box<dyn age::Recipient>>, EnvelopeError> {
    let (mut keys, mut plugins) = (Vec::<Box<dyn age::Recipient>>::new(), Vec::new());
    for (index, text) in recipients.iter().enumerate() {
        match recipient::parse(text) {
            Ok(Usable::X25519(key)) => keys.push(Box::new(key)),
            Ok(Usable::Ssh(key)) => keys.push(Box::new(key)),
            Ok(Usable::Plugin(key)) => plugins.push(key),
            Err(source) => return Err(EnvelopeError::Recipient { index, source }),
        }
    }
    keys.extend(plugin::encryptors(&plugins).map_err(encrypt_error)?);
    Ok(keys)
}

fn encrypt_error(error: EncryptError) -> EnvelopeError {
    match error {
        EncryptError::MissingPlugin { binary_name: program } => {
            EnvelopeError::MissingPlugin { program }
        }
        EncryptError::Io(error) => match plugin::complaint(&error) {
            Some(complaint) => EnvelopeError::Plugin { complaint },
            None => EnvelopeError::Encrypt(error),
        },
        EncryptError::MissingRecipients => EnvelopeError::NoRecipients,
        _ => EnvelopeError::Incompatible,
    }
}

pub(super) fn write_file(encryptor: Encryptor, plaintext: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut file = Vec::with_capacity(plaintext.len() + 1024);
    let mut writer = encryptor.wrap_output(&mut file)?;
    writer.write_all(plaintext)?;
    writer.finish()?;
    Ok(file)
}

/// Opens a binary age file whose plaintext has at most `limit` bytes.
pub fn decrypt(
    identities: &[Identity],
    file: &[u8],
    limit: usize,
) -> Result<SecretValue, EnvelopeError> {
    let decryptor = Decryptor::new_buffered(file).map_err(|_| EnvelopeError::Damaged)?;
    if decryptor.is_scrypt() {
        return Err(EnvelopeError::Passphrase);
    }
    let plaintext = decryptor.decrypt(identities.iter().map(Identity::as_age)).map_err(
        |error| match error {
            DecryptError::NoMatchingKeys => EnvelopeError::NoMatch,
            DecryptError::MissingPlugin { binary_name: program } => {
                EnvelopeError::MissingPlugin { program }
            }
            DecryptError::Io(error) => match plugin::complaint(&error) {
                Some(complaint) => EnvelopeError::Plugin { complaint },
                None => EnvelopeError::Damaged,
            },
            _ => EnvelopeError::Damaged,
        },
    )?;
    read_bounded(plaintext, file.len(), limit)
}

/// Reads to the end into one buffer: a buffer that grows would leave unwiped copies behind.
pub(super) fn read_bounded(
    mut plaintext: impl Read,
    file_length: usize,
    limit: usize,
) -> Result<SecretValue, EnvelopeError> {
    // A plaintext is shorter than its file, so a full buffer means that the limit is exceeded.
    let mut buffer = Zeroizing::new(vec![0; file_length.min(limit) + 1]);
    let mut filled = 0;
    loop {
        match plaintext.read(&mut buffer[filled..]).map_err(|_| EnvelopeError::Damaged)? {
            0 => break,
            read => filled += read,
        }
        if filled == buffer.len() {
            return Err(EnvelopeError::TooLarge { limit });
        }
    }
    buffer.truncate(filled);
    Ok(SecretValue::new(std::mem::take(&mut *buffer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Vec<Identity>, RecipientText) {
        let new = generate_identity();
        (parse_identities(&new.text).unwrap(), new.recipient)
    }

    #[test]
    fn every_recipient_opens_the_file_and_nobody_else() {
        let ((one, to_one), (two, to_two), (other, _)) = (pair(), pair(), pair());
        let file = encrypt(&[to_one, to_two], b"hello").unwrap();
        for identity in [&one, &two] {
            assert_eq!(decrypt(identity, &file, 5).unwrap().expose(), b"hello");
        }
        assert!(matches!(decrypt(&other, &file, 5), Err(EnvelopeError::NoMatch)));
        assert!(matches!(decrypt(&[], &file, 5), Err(EnvelopeError::NoMatch)));
    }

    #[test]
    fn output_is_bounded() {
        let (identity, recipient) = pair();
        let file = encrypt(&[recipient], &[0; 200_000]).unwrap();
        assert_eq!(decrypt(&identity, &file, 200_000).unwrap().len(), 200_000);
        for limit in [0, 5, 199_999] {
            let error = decrypt(&identity, &file, limit).unwrap_err();
            assert!(matches!(error, EnvelopeError::TooLarge { .. }), "{limit}: {error}");
        }
        let empty = encrypt(&[identity[0].recipient()], b"").unwrap();
        assert!(decrypt(&identity, &empty, 0).unwrap().is_empty());
    }

    #[test]
    fn any_flipped_byte_is_noticed() {
        let (identity, recipient) = pair();
        let file = encrypt(&[recipient], b"hello").unwrap();
        for index in 0..file.len() {
            let mut damaged = file.clone();
            damaged[index] ^= 1;
            assert!(decrypt(&identity, &damaged, 64).is_err(), "byte {index}");
        }
    }

    #[test]
    fn recipients_are_checked_before_anything_is_made() {
        let (_, good) = pair();
        let error = encrypt(&[good, RecipientText::new("age1yubikey1q")], b"").unwrap_err();
        assert!(matches!(error, EnvelopeError::Recipient { index: 1, .. }));
        assert!(matches!(encrypt(&[], b""), Err(EnvelopeError::NoRecipients)));
    }
}
