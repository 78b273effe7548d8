//! A credential as programs take it: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?…`. Another user and password are
//! put into it, and all else stays as it was written.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use std::fmt;
use v_secure_core::secret_value::SecretValue;
use zeroize::Zeroizing;

/// What stands for itself in every part of a URL.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// Options in which clients would find another credential than the one before the host.
const CREDENTIALS: [&str; 5] = ["user", "password", "passfile", "service", "servicefile"];

/// A value in its parts.
pub struct ConnectionUrl<'a> {
    scheme: &'a str,
    user: String,
    password: Zeroizing<Vec<u8>>,
    /// As written, from behind the `@`.
    rest: &'a str,
}

/// What a URL says about where it leads to.
#[derive(Default)]
pub(super) struct Place {
    pub hosts: Vec<String>,
    pub ports: Vec<String>,
    pub databases: Vec<String>,
}

/// A value is no credential of PostgreSQL. What is in it is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("it is not postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Scheme,
    #[error("it names no user")]
    NoUser,
    #[error("it has no password")]
    NoPassword,
    #[error("it has several '@' before its host: that of a user or a password is written %40")]
    SeveralAt,
    #[error("a '%' in it does not begin two hexadecimal digits")]
    Percent,
    #[error("its user is not text")]
    UserNotText,
    #[error("its user or password has a NUL")]
    Nul,
    #[error("its options name a user, a password or a file with them")]
    CredentialOption,
}

impl<'a> ConnectionUrl<'a> {
    /// # Errors
    /// The value is not of this form.
    pub fn parse(value: &'a SecretValue) -> Result<Self, UrlError> {
        let text = value.expose_str().ok_or(UrlError::Scheme)?;
        let starts = |scheme: &&str| text.starts_with(*scheme);
        let scheme = SCHEMES.into_iter().find(starts).ok_or(UrlError::Scheme)?;
        let behind = &text[scheme.len()..];
        let authority = behind.split(['/', '?']).next().unwrap_or_default();
        let (info, _) = authority.rsplit_once('@').ok_or(UrlError::NoUser)?;
        if info.contains('@') {
            return Err(UrlError::SeveralAt);
        }
        let (user, password) = info.split_once(':').ok_or(UrlError::NoPassword)?;
        let rest = &behind[info.len() + 1..];
        let url = Self { scheme, user: decode_user(user)?, password: decode(password)?, rest };
        url.check()
    }

    fn check(self) -> Result<Self, UrlError> {
        let is_credential = |(name, _): &(String, String)| CREDENTIALS.contains(&&**name);
        match () {
            () if self.user.is_empty() => Err(UrlError::NoUser),
            () if self.password.is_empty() => Err(UrlError::NoPassword),
            () if self.user.contains('\0') || self.password.contains(&0) => Err(UrlError::Nul),
            () if self.options()?.iter().any(is_credential) => Err(UrlError::CredentialOption),
            () => Ok(self),
        }
    }

    pub fn user(&self) -> &str {
        &self.user
    }

    pub fn password(&self) -> &[u8] {
        &self.password
    }

    /// The same with another user and password.
    pub fn with(&self, user: &str, password: &[u8]) -> SecretValue {
        let (user, password) = (encode(user.as_bytes()), encode(password));
        let parts = [self.scheme, &user, ":", &password, "@", self.rest];
        let mut text = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        parts.iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
        SecretValue::new(text)
    }

    fn options(&self) -> Result<Vec<(String, String)>, UrlError> {
        let query = self.rest.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode_text(name)?, decode_text(text)?))
            })
            .collect()
    }

    /// All that it says of where it leads to, by its parts and its options.
    pub(super) fn place(&self) -> Result<Place, UrlError> {
        let path = self.rest.split('?').next().unwrap_or_default();
        let (authority, database) = path.split_once('/').unwrap_or((path, ""));
        let mut place = Place::default();
        place.databases.extend(Some(decode_text(database)?).filter(|name| !name.is_empty()));
        for part in authority.split(',').filter(|part| !part.is_empty()) {
            let (host, port) = match part.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
                _ => (part, None),
            };
            place.hosts.extend(Some(decode_text(host)?).filter(|host| !host.is_empty()));
            place.ports.extend(port.map(str::to_owned));
        }
        for (name, text) in self.options()? {
            match &*name {
                "host" | "hostaddr" => place.hosts.push(text),
                "port" => place.ports.push(text),
                "dbname" => place.databases.push(text),
                _ => {}
            }
        }
        Ok(place)
    }
}

impl fmt::Debug for ConnectionUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionUrl(..)")
    }
}

pub(super) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(percent_encode(bytes, &ENCODED).to_string())
}

fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>, UrlError> {
    let is_escape = |rest: &str| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_escape) {
        return Err(UrlError::Percent);
    }
    Ok(Zeroizing::new(percent_decode_str(text).collect()))
}

fn decode_user(text: &str) -> Result<String, UrlError> {
    String::from_utf8(decode(text)?.to_vec()).map_err(|_| UrlError::UserNotText)
}

fn decode_text(text: &str) -> Result<String, UrlError> {
    Ok(String::from_utf8_lossy(&decode(text)?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> SecretValue {
        SecretValue::new(text.as_bytes().to_vec())
    }

    fn changed(text: &str, user: &str, password: &str) -> String {
        let value = value(text);
        let new = ConnectionUrl::parse(&value).unwrap().with(user, password.as_bytes());
        new.expose_str().unwrap().to_owned()
    }

    #[test]
    fn all_but_user_and_password_stays_as_it_was_written() {
        for rest in [
            "h:5432/d",
            "H.example/d%20b?sslmode=verify-full&options=-c%20x%3Dy",
            "h1:1,h2:2/d?target_session_attrs=read-write",
            "%2Frun%2Fpostgresql/d",
            "[::1]:5432/d",
            "/d?host=/run/x",
            "",
            "h?a=%C3%A4&b=p@q",
        ] {
            for scheme in SCHEMES {
                let new = changed(&format!("{scheme}a:old@{rest}"), "b", "new");
                assert_eq!(new, format!("{scheme}b:new@{rest}"));
            }
        }
    }

    #[test]
    fn any_user_and_password_come_back_out() {
        let hard = "ä \"'%@:/?#[]&=+\u{1f600}\u{7f}";
        let new = value(&changed("postgres://a:b@h/d", hard, hard));
        let url = ConnectionUrl::parse(&new).unwrap();
        assert_eq!((url.user(), url.password()), (hard, hard.as_bytes()));
        assert!(new.expose().is_ascii());
        let url = value("postgres://a%20b:%70%2F:x#%00%ff@h/d");
        assert_eq!(ConnectionUrl::parse(&url).unwrap_err(), UrlError::Nul);
        let url = value("postgres://a%20b:%70%2F:x#%ff@h/d");
        let url = ConnectionUrl::parse(&url).unwrap();
        assert_eq!((url.user(), url.password()), ("a b", &b"p/:x#\xff"[..]));
    }

    #[test]
    fn what_clients_could_read_in_two_ways_is_refused() {
        for (text, error) in [
            ("mysql://a:b@h/d", UrlError::Scheme),
            ("POSTGRES://a:b@h/d", UrlError::Scheme),
            ("host=h user=a", UrlError::Scheme),
            ("postgres://h/d", UrlError::NoUser),
            ("postgres://:b@h/d", UrlError::NoUser),
            ("postgres://a@h/d", UrlError::NoPassword),
            ("postgres://a:@h/d", UrlError::NoPassword),
            ("postgres://a:b@c@h/d", UrlError::SeveralAt),
            ("postgres://a:b/c@h/d", UrlError::NoUser),
            ("postgres://a:b?c@h/d", UrlError::NoUser),
            ("postgres://a:%zz@h/d", UrlError::Percent),
            ("postgres://a:b%4@h/d", UrlError::Percent),
            ("postgres://%ff:b@h/d", UrlError::UserNotText),
            ("postgres://a:b@h/d?password=c", UrlError::CredentialOption),
            ("postgres://a:b@h/d?x=y&%75ser=c", UrlError::CredentialOption),
        ] {
            let value = value(text);
            let found = ConnectionUrl::parse(&value).unwrap_err();
            assert_eq!(found, error, "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let value = value("postgres://ada:hunter2@h/d");
        assert_eq!(format!("{:?}", ConnectionUrl::parse(&value).unwrap()), "ConnectionUrl(..)");
    }
}
