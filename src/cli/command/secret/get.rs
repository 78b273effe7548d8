//! `v-secure secret get`, `v-secure get`: one value, exactly; with `--json` several.

use crate::cli::args::secret_arg;
use crate::cli::args::secret_arg::{SecretArgs, wanted_version};
use crate::cli::args::selection;
use crate::cli::args::strict::StrictArgs;
use crate::cli::door::context::Context;
use crate::cli::door::reads;
use crate::cli::door::reads::Reading;
use crate::cli::error::codes::Code;
use crate::cli::error::readable;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::conflicts;
use crate::engine::session::{OpenedVault, Session};
use crate::host::Stream;
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::report::view::secret::get::{SecretGetAllView, SecretGetView};
use v_secure_core::secret::read;
use v_secure_core::secret::read::ReadError;
use v_secure_core::secret::selection as wanted;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

/// Print a secret's value: its exact bytes, with a newline added only on a terminal
#[derive(Debug, Args)]
#[command(
    after_help = "A bare name that the environment of -e does not hold is looked for in what it inherits. \
                        Several secrets are printed with --json alone.\n\n\
                        Examples:\n  v-secure get DATABASE_URL\n  v-secure get prod/TLS_KEY > key.pem\n  \
                        v-secure get API_TOKEN --version 3\n  v-secure get --json DB_USER DB_PASSWORD"
)]
pub struct Get {
    #[command(flatten)]
    secrets: SecretArgs,

    /// An older version, by the number or id that 'secret versions' shows
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    version: Option<String>,

    #[command(flatten)]
    strict: StrictArgs,

    /// Why the value is read, for this device's journal of reads
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Get {
    /// Whether values are asked for as they are now.
    pub(crate) const fn is_of_now(&self) -> bool {
        self.version.is_none()
    }

    pub fn run(self, context: &Context<'_>) -> Outcome {
        self.refuse_several(context)?;
        let (secrets, session, opened) = self.open(context)?;
        let given = self.give(context, &secrets, &session, &opened.vault);
        // The process ends here, and to free a long policy entry by entry takes as long as to open an envelope. There is no
        // value and no key in it.
        std::mem::forget(opened);
        given
    }

    fn give(
        &self,
        context: &Context<'_>,
        secrets: &[SecretName],
        session: &Session,
        vault: &Vault,
    ) -> Outcome {
        let wanted = wanted_version(self.version.as_deref());
        let who = context.unlock(vault)?;
        let mut values = Vec::with_capacity(secrets.len());
        let own = context.environment()?;
        let inherits = |secret: &SecretName| {
            selection::inherits(vault, &own, secret)
                && self.secrets.texts().all(|text| text != secret.as_str())
        };
        if self.version.is_none() {
            conflicts::judge(context, vault, secrets, &self.strict)?;
        }
        for secret in secrets {
            let value = read::read(vault, &who, secret, &wanted, session.now);
            values.push(value.map_err(|error| match inherits(secret) {
                true => selection::of_inherited(&own, error),
                false => denied(context, vault, &who, error),
            })?);
        }
        for (environment, secrets) in by_environment(secrets) {
            let (action, reason) = ("get", self.reason.as_deref());
            let reading = Reading { who: &who, action, environment, secrets: &secrets, reason };
            reads::record(context, session, vault, reading)?;
        }
        if context.ui.json {
            let pairs = secrets.iter().zip(&values);
            let views = pairs.map(|(secret, value)| view(vault, secret, &wanted, value));
            let mut secrets: Vec<SecretGetView<'_>> = views.collect::<Outcome<_>>()?;
            return match (secrets.len(), secrets.pop()) {
                (1, Some(one)) => context.ui.object(&one),
                (_, last) => {
                    secrets.extend(last);
                    context.ui.object(&SecretGetAllView { secrets })
                }
            };
        }
        values.iter().try_for_each(|value| print(context, value))
    }

    /// Exact bytes do not say where the next value begins.
    fn refuse_several(&self, context: &Context<'_>) -> Outcome {
        if self.secrets.texts().count() < 2 {
            return Ok(());
        }
        if self.version.is_some() {
            return Err(Failure::new(Code::SeveralValues, "--version needs exactly one secret")
                .hint("v-secure get NAME --version VERSION"));
        }
        if context.ui.json {
            return Ok(());
        }
        Err(Failure::new(
            Code::SeveralValues,
            "the values of several secrets would run into each other",
        )
        .hint("v-secure get --json NAME NAME")
        .hint("v-secure exec --only NAME,NAME -- COMMAND"))
    }

    /// The secrets that are meant, in a vault opened for them: a bare name that the environment does not
    /// hold itself is the one that it inherits, as `exec` gives it.
    fn open(&self, context: &Context<'_>) -> Outcome<(Vec<SecretName>, Session, OpenedVault)> {
        let named = |text: &str| Ok((secret_arg::parse(text, context)?, !text.contains('/')));
        let asked: Vec<(SecretName, bool)> =
            self.secrets.texts().map(named).collect::<Outcome<_>>()?;
        let names: BTreeSet<SecretName> = asked.iter().map(|(name, _)| name.clone()).collect();
        let (session, opened) = context.open(self.strict.purpose(), Depth::Secrets(&names))?;
        let lacks =
            |(name, bare): &(SecretName, bool)| *bare && opened.vault.secret(name).is_none();
        let own = context.environment()?;
        let Some(bases) = bases(&opened.vault, &own).filter(|_| asked.iter().any(lacks)) else {
            return Ok((asked.into_iter().map(|(name, _)| name).collect(), session, opened));
        };
        let inherited = |name: &SecretName| {
            let name = Name::new(name.name());
            name.map(|name| bases.iter().map(|base| SecretName::new(base, &name)).collect())
                .unwrap_or_else(|_| Vec::new())
        };
        let all = names.iter().cloned().chain(names.iter().flat_map(inherited)).collect();
        let (session, opened) = context.open(self.strict.purpose(), Depth::Secrets(&all))?;
        let is_there = |name: &SecretName| opened.vault.secret(name).is_some();
        let found = asked.into_iter().map(|(name, bare)| match bare && !is_there(&name) {
            true => inherited(&name).into_iter().find(is_there).unwrap_or(name),
            false => name,
        });
        let found: Vec<SecretName> = found.collect();
        for found in &found {
            let inherits = !names.contains(found) && context.host.is_terminal(Stream::Err);
            if inherits {
                context.ui.note(&format!("{own} inherits this from {found}"));
            }
        }
        Ok((found, session, opened))
    }
}

fn by_environment(secrets: &[SecretName]) -> BTreeMap<&str, Vec<SecretName>> {
    let mut grouped: BTreeMap<&str, Vec<SecretName>> = BTreeMap::new();
    for secret in secrets {
        grouped.entry(secret.environment()).or_default().push(secret.clone());
    }
    grouped
}

fn print(context: &Context<'_>, value: &SecretValue) -> Outcome {
    context.ui.bytes(value.expose())?;
    if context.ui.out_is_terminal() && !value.expose().ends_with(b"\n") {
        context.ui.bytes(b"\n")?;
    }
    Ok(())
}

/// One that is not there is looked for by its name; one that may not be read, elsewhere.
fn denied(context: &Context<'_>, vault: &Vault, who: &Unlocked, error: ReadError) -> Failure {
    let asked = error.secret().environment().to_owned();
    match matches!(error, ReadError::NotPermitted { .. }) {
        true => readable::or_elsewhere(context, vault, Some(who), &asked, error.into()),
        false => error.into(),
    }
}

/// What an environment inherits from, nearest first, itself at the front; `None` for nothing.
fn bases(vault: &Vault, environment: &EnvironmentName) -> Option<Vec<EnvironmentName>> {
    Some(wanted::environments(vault, environment)).filter(|all| all.len() > 1)
}

fn view<'a>(
    vault: &Vault,
    secret: &'a SecretName,
    wanted: &read::VersionSelector,
    value: &'a SecretValue,
) -> Outcome<SecretGetView<'a>> {
    let version = read::select(read::find(vault, secret)?, secret, wanted)?;
    Ok(SecretGetView::of(secret, version, value))
}
