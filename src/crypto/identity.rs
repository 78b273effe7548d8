//! age identities: the private keys that open envelopes.
//!
//! X25519 is the only kind now. The kind is behind [`Identity`], so that SSH keys, plugins and
//! passphrase-encrypted identity files can join without a change to its users.

use crate::secret_value::SecretValue;
use age::secrecy::ExposeSecret;
use age::x25519;

/// Why a text gives no identities. Neither text nor line content is repeated: it may be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    #[error("the identity file is not UTF-8 text")]
    NotText,
    #[error("line {line} of the identity file is no age identity")]
    NotIdentity { line: usize },
    #[error("line {line} of the identity file is of a kind that this version cannot use")]
    Unsupported { line: usize },
    #[error("the identity file holds no identity")]
    Empty,
}

/// A private key that age files can be opened with; wiped on drop.
pub struct Identity(Kind);

enum Kind {
    X25519(x25519::Identity),
}

/// An identity that was just made.
#[derive(Debug)]
pub struct NewIdentity {
    /// One line, `AGE-SECRET-KEY-1…`, without a line end.
    pub text: SecretValue,
    pub recipient: String,
}

impl Identity {
    /// The recipient that this identity opens files to.
    pub fn recipient(&self) -> String {
        match &self.0 {
            Kind::X25519(key) => key.to_public().to_string(),
        }
    }

    /// The identity as `age-keygen` writes it, one line without its end.
    pub fn text(&self) -> SecretValue {
        match &self.0 {
            Kind::X25519(key) => {
                SecretValue::new(key.to_string().expose_secret().as_bytes().to_vec())
            }
        }
    }

    pub(super) fn as_age(&self) -> &dyn age::Identity {
        match &self.0 {
            Kind::X25519(key) => key,
        }
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.recipient())
    }
}

/// The identities of an identity file: one a line, between empty lines and `#` comments.
pub fn parse_identities(file: &SecretValue) -> Result<Vec<Identity>, IdentityError> {
    let text = file.expose_str().ok_or(IdentityError::NotText)?;
    let mut identities = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if !line.is_empty() && !line.starts_with('#') {
            identities.push(parse_line(line, index + 1)?);
        }
    }
    if identities.is_empty() { Err(IdentityError::Empty) } else { Ok(identities) }
}

fn parse_line(text: &str, line: usize) -> Result<Identity, IdentityError> {
    if let Ok(key) = text.parse::<x25519::Identity>() {
        return Ok(Identity(Kind::X25519(key)));
    }
    let other_kind = ["AGE-PLUGIN-", "AGE-SECRET-KEY-PQ-", "-----BEGIN ", "age-encryption.org/"];
    if other_kind.iter().any(|prefix| text.starts_with(prefix)) {
        return Err(IdentityError::Unsupported { line });
    }
    Err(IdentityError::NotIdentity { line })
}

/// One identity in its only spelling: no comments, no line end.
pub fn parse_identity(text: &SecretValue) -> Result<Identity, IdentityError> {
    let line = text.expose_str().ok_or(IdentityError::NotText)?;
    let identity = parse_line(line, 1)?;
    if identity.text().same_as(text) {
        Ok(identity)
    } else {
        Err(IdentityError::NotIdentity { line: 1 })
    }
}

/// Makes an X25519 identity.
///
/// age draws from the operating system's generator itself, here and for every file it encrypts: it
/// takes no source of randomness, so these are the places that bypass [`crate::host::Random`].
pub fn generate_identity() -> NewIdentity {
    let identity = Identity(Kind::X25519(x25519::Identity::generate()));
    NewIdentity { text: identity.text(), recipient: identity.recipient() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33";
    const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

    fn parse(text: String) -> Result<Vec<Identity>, IdentityError> {
        parse_identities(&SecretValue::from(text))
    }

    #[test]
    fn identity_files_may_hold_comments_blank_lines_and_several_keys() {
        let other = generate_identity();
        let text = format!(
            "# created: 2026\n# public key: {RECIPIENT}\n{KEY}\r\n\n{}",
            other.text.expose_str().unwrap()
        );
        let recipients: Vec<_> = parse(text).unwrap().iter().map(Identity::recipient).collect();
        assert_eq!(recipients, [RECIPIENT, &other.recipient]);
    }

    #[test]
    fn errors_name_the_line_and_never_repeat_it() {
        let error = parse(format!("# x\n{KEY}X\n")).unwrap_err();
        assert_eq!(error, IdentityError::NotIdentity { line: 2 });
        assert!(!error.to_string().contains("AGE"));
        let plugin = parse("AGE-PLUGIN-YUBIKEY-1QQQ".to_owned()).unwrap_err();
        assert_eq!(plugin, IdentityError::Unsupported { line: 1 });
        assert_eq!(parse("# nothing\n".to_owned()).unwrap_err(), IdentityError::Empty);
    }

    #[test]
    fn a_single_identity_has_one_spelling() {
        let one = |text: String| parse_identity(&SecretValue::from(text)).map(|i| i.recipient());
        assert_eq!(one(KEY.to_owned()).as_deref(), Ok(RECIPIENT));
        for bad in [format!("{KEY}\n"), KEY.to_lowercase(), format!("# c\n{KEY}")] {
            assert!(one(bad).is_err());
        }
    }
}
