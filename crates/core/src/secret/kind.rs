//! What kinds of secret there are. In the format the field `type` is text, and what another writer put
//! there is shown and kept as it is: only what is written here is one of these.

use std::fmt;
use std::str::FromStr;

/// What a secret is, as its field `type` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// User and password of a database, and where it is.
    DatabaseCredential,
    ApiKey,
    /// What tokens are signed with.
    JwtKey,
    /// A certificate and its key.
    TlsCertificate,
    SshKey,
    OauthToken,
    /// A text that programs are set up by.
    Config,
    /// Whatever is none of the others, such as a password.
    Generic,
}

/// A text is no kind of secret. It does not say which text: a value may stand in its place.
#[derive(Debug, thiserror::Error)]
#[error("there is no such type of secret")]
pub struct UnknownKind;

impl SecretKind {
    pub const ALL: [Self; 8] = [
        Self::DatabaseCredential,
        Self::ApiKey,
        Self::JwtKey,
        Self::TlsCertificate,
        Self::SshKey,
        Self::OauthToken,
        Self::Config,
        Self::Generic,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DatabaseCredential => "database_credential",
            Self::ApiKey => "api_key",
            Self::JwtKey => "jwt_key",
            Self::TlsCertificate => "tls_certificate",
            Self::SshKey => "ssh_key",
            Self::OauthToken => "oauth_token",
            Self::Config => "config",
            Self::Generic => "generic",
        }
    }
}

impl FromStr for SecretKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
