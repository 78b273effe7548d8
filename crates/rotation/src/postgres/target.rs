//! What a provider is made of, and whether it goes together.

use super::endpoint::{Endpoint, Host, parse_port};
use super::tls::Tls;
use super::url::{ConnectionUrl, UrlError};
use super::users::{Users, UsersError};
use std::fmt;
use std::time::Duration;
use v_secure_core::secret_value::SecretValue;
use zeroize::Zeroizing;

/// The settings of a provider, and the value of the secret that one of them names.
pub struct Target {
    /// As in `provider.NAME`.
    pub name: String,
    pub endpoint: Endpoint,
    /// A URL, of which the user and the password are taken.
    pub admin: SecretValue,
    pub users: Users,
    pub tls: Tls,
    /// For one call.
    pub deadline: Duration,
}

/// Settings do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    #[error("the value of the secret that provider.{name}.admin names is no credential: {error}")]
    Admin { name: String, error: UrlError },
    #[error(
        "the value of the secret that provider.{name}.admin names has another {part} than \
         provider.{name}.endpoint, which alone says where to connect to"
    )]
    Elsewhere { name: String, part: Part },
    #[error("the user of the secret that provider.{name}.admin names is in provider.{name}.users")]
    AdminIsUser { name: String },
    #[error("provider.{name}.users or provider.{name}.owner: {error}")]
    Users { name: String, error: UsersError },
}

/// A part of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Host,
    Port,
    Database,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "host",
            Self::Port => "port",
            Self::Database => "database",
        })
    }
}

/// Who sets passwords.
pub(super) struct Admin {
    pub user: String,
    pub password: Zeroizing<Vec<u8>>,
}

impl Target {
    pub(super) fn check(&self) -> Result<Admin, TargetError> {
        let name = || self.name.clone();
        self.users.check().map_err(|error| TargetError::Users { name: name(), error })?;
        let url = self.admin().map_err(|error| TargetError::Admin { name: name(), error })?;
        if let Some(part) = self.elsewhere(&url) {
            return Err(TargetError::Elsewhere { name: name(), part });
        }
        if self.users.has(url.user()) {
            return Err(TargetError::AdminIsUser { name: name() });
        }
        let password = Zeroizing::new(url.password().to_vec());
        Ok(Admin { user: url.user().to_owned(), password })
    }

    fn admin(&self) -> Result<ConnectionUrl<'_>, UrlError> {
        let url = ConnectionUrl::parse(&self.admin)?;
        url.place().map(|_| url)
    }

    /// In what the URL leads to another place: what it does not name does not matter.
    fn elsewhere(&self, url: &ConnectionUrl<'_>) -> Option<Part> {
        let place = url.place().ok()?;
        let Endpoint { host, port, database } = &self.endpoint;
        let is_host = |text: &String| Host::is_named(host, text);
        let is_port = |text: &String| parse_port(text).is_ok_and(|named| named == *port);
        match () {
            () if !place.hosts.iter().all(is_host) => Some(Part::Host),
            () if !place.ports.iter().all(is_port) => Some(Part::Port),
            () if !place.databases.iter().all(|named| named == database) => Some(Part::Database),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tls::Roots;
    use super::*;

    fn checked(endpoint: &str, admin: &str) -> Result<String, TargetError> {
        let target = Target {
            name: "db".to_owned(),
            endpoint: Endpoint::parse(endpoint).unwrap(),
            admin: SecretValue::new(admin.as_bytes().to_vec()),
            users: Users::One("app".to_owned()),
            tls: Tls::Verify(Roots::Machine),
            deadline: Duration::from_secs(1),
        };
        target.check().map(|admin| admin.user)
    }

    #[test]
    fn the_administrator_is_of_the_endpoint() {
        for admin in [
            "postgres://root:x@/",
            "postgres://root:x@",
            "postgres://root:x@DB.example:5433/shop",
            "postgres://root:x@db.example/?port=5433&sslmode=require",
            "postgres://root:x@:5433/shop?host=db.example",
        ] {
            assert_eq!(checked("db.example:5433/shop", admin), Ok("root".to_owned()), "{admin}");
        }
        for (admin, part) in [
            ("postgres://root:x@db/shop", Part::Host),
            ("postgres://root:x@db.example,db/shop", Part::Host),
            ("postgres://root:x@db.example:5433/shop?hostaddr=10.0.0.1", Part::Host),
            ("postgres://root:x@db.example:5432/shop", Part::Port),
            ("postgres://root:x@db.example:5433/postgres", Part::Database),
            ("postgres://root:x@?dbname=postgres", Part::Database),
        ] {
            let error = TargetError::Elsewhere { name: "db".to_owned(), part };
            assert_eq!(checked("db.example:5433/shop", admin), Err(error), "{admin}");
        }
        let folder = "postgres://root:x@%2Frun%2Fpg/shop";
        assert_eq!(checked("/run/pg/shop", folder), Ok("root".to_owned()));
    }

    #[test]
    fn what_is_wrong_names_the_setting_and_no_value() {
        let said = |admin| checked("h/d", admin).unwrap_err().to_string();
        assert!(said("hunter2").contains("provider.db.admin"));
        assert!(!said("hunter2").contains("hunter2"));
        assert!(said("postgres://app:hunter2@h/d").contains("provider.db.users"));
        assert!(!said("postgres://root:hunter2@elsewhere/d").contains("elsewhere"));
    }
}
