//! `secret rotate` of a secret that a provider serves: the provider knows the new value before anybody is given it.

use super::Rotate;
use super::staged::{self, Going};
use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::rotating::{self, Published};
use crate::cli::secret::generator;
use clap::Args;
use v_secure_core::convert::{duration, generate, share};
use v_secure_core::crypto::id::RotationId;
use v_secure_core::log::describe::short;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::secret::value::SecretRotateView;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Vault;
use v_secure_rotation::contract::{Abilities, Maker, Verb};
use v_secure_rotation::engine::{Engine, Publication, Wanted};

#[derive(Debug, Args)]
pub(super) struct ServedArgs {
    /// Wait until the old credential may be revoked, at least this long, and revoke it
    #[arg(long, value_name = "SPAN", conflicts_with_all = ["to", "abort", "dry_run"])]
    overlap: Option<String>,

    /// Look whether the rotation could begin, at the provider too, and change nothing
    #[arg(long, conflicts_with_all = ["resume", "abort", "to"])]
    dry_run: bool,

    /// Let a credential stay at the provider whose answer was lost
    #[arg(long, conflicts_with = "abort")]
    accept_orphans: bool,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl ServedArgs {
    /// Without a provider nobody is asked for what these are about.
    pub fn refuse(&self, secret: &SecretName) -> Outcome {
        if self.overlap.is_none() && !self.dry_run && !self.accept_orphans {
            return Ok(());
        }
        let message = format!(
            "no provider serves {secret}: --overlap, --dry-run and --accept-orphans are about one"
        );
        Err(Failure::new(Code::ProviderMissing, message)
            .hint(format!("v-secure settings set provider.NAME.serves {secret}")))
    }

    fn overlap(&self) -> Outcome<Option<u64>> {
        let parse = |text: &String| {
            duration::parse_span(text).map_err(|error| {
                Failure::new(Code::BadValue, "--overlap is not a span of time")
                    .because(&error)
                    .hint("--overlap 24h")
            })
        };
        self.overlap.as_ref().map(parse).transpose()
    }
}

impl Rotate {
    pub(super) fn at_provider(&self, context: &Context<'_>, secret: &SecretName) -> Outcome {
        self.refuse_given(secret)?;
        let goes_on = self.staged.goes_on()?;
        let (share, overlap) = (self.staged.share()?, self.served.overlap()?);
        let orphans = self.served.accept_orphans;
        let mut published = Published::open_for(context, self.reason.as_deref())?;
        let mut rotated = None;
        rotating::with(&mut published, secret, orphans, |engine| {
            self.refuse_generator(secret, engine.abilities())?;
            if self.served.dry_run {
                engine.look().map_err(|failure| resumed(failure, secret))?;
                return tell_could(context, engine.vault(), secret);
            }
            let rotation = match goes_on.as_ref().map(|on| (on.rotation, on.to)) {
                None => {
                    self.begin(context, secret, engine, share).map_err(|failure| match share {
                        Some(share) => to_a_share(failure, share),
                        None => failure,
                    })?
                }
                Some((rotation, Going::On)) => engine.resume(rotation, None)?,
                Some((rotation, Going::Share(share))) => engine.resume(rotation, Some(share))?,
                Some((rotation, Going::Back)) => engine.abort(rotation)?,
            };
            if overlap.is_none() {
                report(context, engine.vault(), secret, &rotation)?;
            }
            rotated = Some(rotation);
            Ok(())
        })?;
        if let (Some(overlap), Some(rotation)) = (overlap, rotated) {
            rotating::retire_in_time(&mut published, secret, overlap)?;
            report(context, published.vault(), secret, &rotation)?;
        }
        Ok(())
    }

    /// What a provider makes or is set to is not typed in, and is as old as its rotation.
    fn refuse_given(&self, secret: &SecretName) -> Outcome {
        let message = |what: &str| format!("{secret} is served by a provider: {what}");
        if self.value.is_given() {
            let message = message("its value is made, not given");
            return Err(Failure::new(Code::Usage, message).hint(format!(
                "v-secure set {secret} && v-secure rotation settle {secret} --set  # where it is given all the same"
            )));
        }
        if self.expiry.is_given() || self.no_expiry || self.interval.field()?.is_some() {
            let message = message("a rotation changes its value alone");
            return Err(
                Failure::new(Code::Usage, message).hint(format!("v-secure secret rotate {secret}"))
            );
        }
        Ok(())
    }

    /// A generator that nothing is made by is not taken.
    fn refuse_generator(&self, secret: &SecretName, abilities: &Abilities) -> Outcome {
        let makes = abilities.maker == Maker::Provider || abilities.can(Verb::Generate);
        if !makes || self.value.generator()?.is_none() {
            return Ok(());
        }
        let message = format!("the provider of {secret} makes its values: --generate has no say");
        Err(Failure::new(Code::Usage, message).hint(format!("v-secure secret rotate {secret}")))
    }

    fn begin(
        &self,
        context: &Context<'_>,
        secret: &SecretName,
        engine: &mut Engine<'_, Published<'_>>,
        share: Option<u64>,
    ) -> Outcome<RotationId> {
        if !engine.abilities().holds_two {
            self.served.confirm.check(context, &outage(secret))?;
        }
        let spec = match self.value.generator()? {
            Some(given) => generator::stored(secret, &given)?,
            None => rotating::strong(),
        };
        let mut make = || -> Outcome<SecretValue> { Ok(generate::generate(&spec, context.host)) };
        let wanted = Wanted { make: &mut make, share };
        engine.rotate(wanted).map_err(|failure| resumed(failure, secret))
    }
}

/// Where a provider serves the secret, an open rotation goes on by itself.
fn resumed(mut failure: Failure, secret: &SecretName) -> Failure {
    let step = format!("v-secure secret rotate {secret} --resume");
    if failure.code == Code::RotationOpen && !failure.hints.contains(&step) {
        failure.hints.insert(0, step);
    }
    failure
}

/// What was begun for a share goes on to one.
fn to_a_share(mut failure: Failure, of_all: u64) -> Failure {
    for hint in failure.hints.iter_mut().filter(|hint| hint.ends_with(" --resume")) {
        hint.push_str(&format!(" --to {}", share::text(of_all)));
    }
    failure
}

fn outage(secret: &SecretName) -> String {
    format!(
        "The provider of {secret} knows one credential at a time: consumers fail from now until they have the new one. Rotate it?"
    )
}

fn tell_could(context: &Context<'_>, vault: &Vault, secret: &SecretName) -> Outcome {
    if context.ui.json {
        return context.ui.object(&SecretRotateView::of_look(vault, secret));
    }
    context.ui.note(&format!("{secret}: a rotation could begin; nothing was changed"));
    Ok(())
}

fn report(
    context: &Context<'_>,
    vault: &Vault,
    secret: &SecretName,
    rotation: &RotationId,
) -> Outcome {
    let view = SecretRotateView::of_rotation(vault, secret, None, rotation);
    if context.ui.json {
        return context.ui.object(&view);
    }
    let id = short(rotation);
    match view.rotation.as_ref().map(|of| of.state) {
        Some("promoted") => {
            let number = view.current.version.map_or("none".into(), |number| number.to_string());
            context.ui.note(&format!("{secret}: version {number} is current, by rotation {id}"));
        }
        Some("aborted") => context.ui.note(&format!("{secret}: rotation {id} is aborted")),
        _ => return staged::report(context, vault, secret, None, rotation),
    }
    let is_aborted = view.rotation.as_ref().is_some_and(|of| of.state == "aborted");
    tell_left(context, vault, secret, is_aborted);
    Ok(())
}

fn tell_left(context: &Context<'_>, vault: &Vault, secret: &SecretName, is_aborted: bool) {
    let is_left = vault.secret(secret).is_some_and(v_secure_core::secret::rotate::has_to_retire);
    if is_left {
        let what = if is_aborted { "what was withdrawn" } else { "the old credential" };
        context.ui.note(&format!(
            "{what} is accepted until it is revoked, after the overlap: v-secure rotation retire {secret}, or 'rotation run'"
        ));
    }
}
