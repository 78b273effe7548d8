//! Where the database is: the owners' word, and the only place that is ever connected to.

use std::fmt;
use std::net::Ipv6Addr;

const PORT: u16 = 5432;

/// A server and a database on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) database: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// A name or an address; one of IPv6 without its brackets.
    Net(String),
    /// The folder of a Unix socket.
    Folder(String),
}

/// A text is no endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    #[error("write HOST[:PORT]/DATABASE")]
    Form,
    #[error("the port is not a number from 1 to 65535")]
    Port,
    #[error("the host is neither a name nor an address: one of IPv6 stands in brackets")]
    Host,
}

impl Endpoint {
    /// Reads `HOST[:PORT]/DATABASE`. HOST is a name, an address (of IPv6 in brackets) or the absolute path of the
    /// folder with the server's socket. The name of the database is taken as it stands.
    ///
    /// # Errors
    /// The text is not of this form.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let is_folder = text.starts_with('/');
        let parts = if is_folder { text.rsplit_once('/') } else { text.split_once('/') };
        let (place, database) = parts.ok_or(EndpointError::Form)?;
        if place.is_empty() || database.is_empty() || text.contains(char::is_control) {
            return Err(EndpointError::Form);
        }
        let (host, port) = split_port(place)?;
        let host = if is_folder { Host::Folder(host.to_owned()) } else { Host::net(host)? };
        Ok(Self { host, port, database: database.to_owned() })
    }

    /// The name of the server's socket in its folder.
    pub(super) fn socket(&self) -> String {
        format!(".s.PGSQL.{}", self.port)
    }
}

fn split_port(place: &str) -> Result<(&str, u16), EndpointError> {
    match place.rsplit_once(':') {
        // The last part of an address in brackets.
        Some((_, last)) if last.ends_with(']') => Ok((place, PORT)),
        Some((host, port)) => Ok((host, parse_port(port)?)),
        None => Ok((place, PORT)),
    }
}

pub(super) fn parse_port(text: &str) -> Result<u16, EndpointError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_plain && *port > 0).ok_or(EndpointError::Port)
}

impl Host {
    fn net(text: &str) -> Result<Self, EndpointError> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_name = |text: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            !text.is_empty() && text.bytes().all(fits)
        };
        match bare {
            Some(address) if address.parse::<Ipv6Addr>().is_ok() => {
                Ok(Self::Net(address.to_owned()))
            }
            None if is_name(text) => Ok(Self::Net(text.to_owned())),
            _ => Err(EndpointError::Host),
        }
    }

    /// Whether a host as a URL names it is this one.
    pub(super) fn is_named(&self, text: &str) -> bool {
        match self {
            Self::Folder(folder) => folder == text,
            Self::Net(own) => {
                let text = text.trim_start_matches('[').trim_end_matches(']');
                let (a, b) = (own.parse::<Ipv6Addr>(), text.parse::<Ipv6Addr>());
                own.eq_ignore_ascii_case(text) || (a.is_ok() && a == b)
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { port, database, .. } = self;
        match &self.host {
            Host::Net(host) if host.contains(':') => write!(f, "[{host}]:{port}/{database}"),
            Host::Net(host) | Host::Folder(host) => write!(f, "{host}:{port}/{database}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        Endpoint::parse(text).unwrap().to_string()
    }

    #[test]
    fn a_host_is_a_name_an_address_or_a_folder() {
        assert_eq!(parsed("db.example.com/shop"), "db.example.com:5432/shop");
        assert_eq!(parsed("10.0.0.1:6000/shop"), "10.0.0.1:6000/shop");
        assert_eq!(parsed("[::1]/shop"), "[::1]:5432/shop");
        assert_eq!(parsed("[fe80::2]:1/a b/c"), "[fe80::2]:1/a b/c");
        assert_eq!(parsed("/run/postgresql/shop"), "/run/postgresql:5432/shop");
        assert_eq!(parsed("/run/postgresql:5433/Shop"), "/run/postgresql:5433/Shop");
        assert_eq!(Endpoint::parse("/run:5433/x").unwrap().socket(), ".s.PGSQL.5433");
    }

    #[test]
    fn anything_else_is_refused() {
        for (text, error) in [
            ("", EndpointError::Form),
            ("db", EndpointError::Form),
            ("db/", EndpointError::Form),
            ("/db", EndpointError::Form),
            ("db/a\nb", EndpointError::Form),
            ("db:0/shop", EndpointError::Port),
            ("db:+1/shop", EndpointError::Port),
            ("db:65536/shop", EndpointError::Port),
            ("db:/shop", EndpointError::Port),
            ("user@db/shop", EndpointError::Host),
            ("a,b/shop", EndpointError::Host),
            ("postgres://db/shop", EndpointError::Port),
            ("[::1/shop", EndpointError::Host),
            ("[db]/shop", EndpointError::Host),
        ] {
            assert_eq!(Endpoint::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        let host = |text| Endpoint::parse(text).unwrap().host;
        assert!(host("[::1]/x").is_named("[0:0:0:0:0:0:0:1]"));
        assert!(host("DB.example/x").is_named("db.EXAMPLE"));
        assert!(!host("db/x").is_named("db2"));
        assert!(host("/run/x").is_named("/run") && !host("/run/x").is_named("/RUN"));
    }
}
