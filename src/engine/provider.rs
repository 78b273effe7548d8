//! The provider that settings name, as it is reached from here.

use crate::host::Host;
use std::path::Path;
use v_secure_core::policy::settings::{ProviderKind, ProviderSettings, Tls};
use v_secure_core::secret_value::SecretValue;
use v_secure_rotation::command::{Checked, CommandProvider, ProgramError, Target};
use v_secure_rotation::contract::Provider;
use v_secure_rotation::postgres::{
    self, Endpoint, EndpointError, PostgresProvider, Roots, TargetError, Users,
};

/// Why the provider cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    #[error("the provider {name} has no setting provider.{name}.{setting}")]
    Unset { name: String, setting: &'static str },
    #[error("the program of the provider {name} is not run")]
    Program {
        name: String,
        #[source]
        source: ProgramError,
    },
    #[error("provider.{name}.endpoint does not say where the database is")]
    Endpoint {
        name: String,
        #[source]
        source: EndpointError,
    },
    #[error("the settings of a provider do not go together")]
    Target {
        #[source]
        source: TargetError,
    },
}

/// The settings that its kind takes and that are not there, each with what it takes.
pub fn missing(settings: &ProviderSettings<'_>) -> Vec<(&'static str, &'static str)> {
    let takes = match settings.kind() {
        None => vec![("kind", "KIND", false)],
        Some(ProviderKind::Command) => vec![
            ("program", "/PATH/PROGRAM", settings.program().is_some()),
            ("sha256", "SHA256", settings.sha256().is_some()),
        ],
        Some(ProviderKind::Postgres) => vec![
            ("endpoint", "HOST:PORT/DATABASE", settings.endpoint().is_some()),
            ("admin", "ENVIRONMENT/NAME", settings.admin().is_some()),
            ("users", "USER,USER", !settings.users().is_empty()),
            ("owner", "ROLE", settings.owner().is_some() || settings.users().len() == 1),
        ],
    };
    takes.into_iter().filter(|(.., is_set)| !is_set).map(|(key, value, _)| (key, value)).collect()
}

/// A provider as its owners set it up. `admin` is the value of the secret that it is given to act by.
///
/// # Errors
/// A setting that its kind takes is missing; a program that is not the one that was named.
pub fn of<'h>(
    settings: &ProviderSettings<'_>,
    admin: Option<SecretValue>,
    host: &'h dyn Host,
) -> Result<Box<dyn Provider + 'h>, ProviderError> {
    match settings.kind().ok_or_else(|| unset(settings, "kind"))? {
        ProviderKind::Command => {
            let path = settings.program().ok_or_else(|| unset(settings, "program"))?;
            let sha256 = settings.sha256().ok_or_else(|| unset(settings, "sha256"))?;
            let not_run =
                |source| ProviderError::Program { name: settings.name.to_string(), source };
            let program = Checked::open(Path::new(path), sha256).map_err(not_run)?;
            let target = Target {
                name: settings.name.clone(),
                endpoint: settings.endpoint().map(str::to_owned),
                admin,
                deadline: settings.deadline(),
            };
            Ok(Box::new(CommandProvider::new(program, target, host)))
        }
        ProviderKind::Postgres => postgres(settings, admin, host),
    }
}

/// It knows its users by name: one, or two that take turns under a role that owns what they make.
fn postgres<'h>(
    settings: &ProviderSettings<'_>,
    admin: Option<SecretValue>,
    host: &'h dyn Host,
) -> Result<Box<dyn Provider + 'h>, ProviderError> {
    let name = settings.name.to_string();
    let endpoint = settings.endpoint().ok_or_else(|| unset(settings, "endpoint"))?;
    let endpoint = Endpoint::parse(endpoint)
        .map_err(|source| ProviderError::Endpoint { name: name.clone(), source })?;
    let target = postgres::Target {
        name: name.clone(),
        endpoint,
        admin: admin.ok_or_else(|| unset(settings, "admin"))?,
        users: users(settings)?,
        tls: match settings.tls() {
            Tls::Verify => postgres::Tls::Verify(Roots::Machine),
            Tls::Off => postgres::Tls::Off,
        },
        deadline: settings.deadline(),
    };
    let provider = PostgresProvider::new(target, host);
    Ok(Box::new(provider.map_err(|source| ProviderError::Target { source })?))
}

fn users(settings: &ProviderSettings<'_>) -> Result<Users, ProviderError> {
    match settings.users()[..] {
        [one] => Ok(Users::One(one.to_owned())),
        [one, other] => Ok(Users::Two {
            names: [one.to_owned(), other.to_owned()],
            owner: settings.owner().ok_or_else(|| unset(settings, "owner"))?.to_owned(),
        }),
        _ => Err(unset(settings, "users")),
    }
}

fn unset(settings: &ProviderSettings<'_>, setting: &'static str) -> ProviderError {
    ProviderError::Unset { name: settings.name.to_string(), setting }
}
