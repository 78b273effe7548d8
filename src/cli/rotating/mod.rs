//! Rotations at providers, as commands make them: which provider serves a secret, and the vault that is published.

mod published;
mod sharing;

pub use published::Published;

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::engine::door::Purpose;
use crate::engine::provider;
use std::collections::BTreeSet;
use v_secure_core::convert::generate;
use v_secure_core::name::SecretName;
use v_secure_core::policy::settings::{ProviderSettings, Settings, Via};
use v_secure_core::secret::rotate::Retired;
use v_secure_core::vault::Depth;
use v_secure_rotation::engine::{Engine, Publication, Step, Terms, Waits};

/// Whether a provider serves the secret, by what the vault says here. Which one is looked up again when what others published
/// is there.
pub fn is_served(context: &Context<'_>, secret: &SecretName) -> Outcome<bool> {
    let names = BTreeSet::from([secret.clone()]);
    let (_, opened) = context.open(Purpose::Use, Depth::Secrets(&names))?;
    Ok(!opened.vault.serving().serving(secret).is_empty())
}

/// What `work` makes of the rotations of a secret at the provider that serves it, as the newest state says.
pub fn with<T>(
    published: &mut Published<'_>,
    secret: &SecretName,
    accepts_orphans: bool,
    work: impl FnOnce(&mut Engine<'_, Published<'_>>) -> Outcome<T>,
) -> Outcome<T> {
    let settings = published.vault().serving().clone();
    let mut serving = settings.serving(secret);
    let (Some(one), None) = (serving.pop(), serving.pop()) else {
        return Err(unserved(&settings, secret));
    };
    refuse_lacking(&one)?;
    sharing::refuse(published, &one, secret)?;
    let admin = one.admin().map(|admin| published.current(&admin)).transpose()?;
    let provider = provider::of(&one, admin, published.host())?;
    let is_shared = matches!(published.via(), Via::Git { .. });
    let terms = Terms { overlap: one.overlap(), is_shared, accepts_orphans };
    let mut engine = Engine::new(published, &*provider, secret, terms)?;
    work(&mut engine)
}

/// All that is missing is said at once.
fn refuse_lacking(provider: &ProviderSettings<'_>) -> Outcome {
    let (missing, name) = (provider::missing(provider), &provider.name);
    if missing.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> =
        missing.iter().map(|(key, _)| format!("provider.{name}.{key}")).collect();
    let message = format!("the provider {name} is not whole: there is no {}", keys.join(", no "));
    let failure = Failure::new(Code::ProviderMissing, message);
    Err(missing.iter().fold(failure, |failure, (key, takes)| {
        failure.hint(format!("v-secure settings set provider.{name}.{key} {takes}"))
    }))
}

/// Revokes what is over, and waits for that as long as it takes: at least `overlap` seconds since the promotion. Behind every wait
/// the owners' settings are looked at anew, as whoever changed them meanwhile meant this credential too.
pub fn retire_in_time(
    published: &mut Published<'_>,
    secret: &SecretName,
    overlap: u64,
) -> Outcome<Vec<Retired>> {
    loop {
        let waits = with(published, secret, false, |engine| engine.retire_or_wait(overlap))?;
        match waits {
            Waits::Done(retired) => return Ok(retired),
            Waits::Until(until) => {
                published.told(Step::Waiting { until });
                published.wait(until);
                published.refresh()?;
            }
        }
    }
}

/// What a value is made by where neither the provider makes one nor who rotates says how. The generator in a secret's metadata is
/// not asked: whoever may write states that, and could choose few values without being able to read any.
pub fn strong() -> generate::Spec {
    generate::Spec::default()
}

fn unserved(settings: &Settings, secret: &SecretName) -> Failure {
    let names: Vec<String> =
        settings.serving(secret).iter().map(|of| of.name.to_string()).collect();
    if names.is_empty() {
        let message = format!("no provider serves {secret}");
        return Failure::new(Code::ProviderMissing, message)
            .hint(format!("v-secure settings set provider.NAME.serves {secret}"));
    }
    let message = format!("{secret} is served by several providers: {}", names.join(", "));
    let failure = Failure::new(Code::ProviderAmbiguous, message);
    names.iter().fold(failure, |failure, name| {
        failure.hint(format!("v-secure settings set provider.{name}.serves PATTERNS"))
    })
}
