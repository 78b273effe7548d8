//! `v-secure secret rotation-status`: how the rotations of a secret stand. Unlocks nothing.

use crate::cli::args::complete;
use crate::cli::args::instance::InstanceArg;
use crate::cli::args::secret_arg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::output::rotations;
use crate::engine::door::Purpose;
use clap::Args;
use v_secure_core::log::state::SecretState;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::rotation::{RotationStatusView, SecretStatusView};
use v_secure_core::secret::read;
use v_secure_core::vault::Depth;

/// Show how the rotations of a secret stand, or of all secrets
#[derive(Debug, Args)]
#[command(
    after_help = "A rotation is live, stale (something happened that it does not know of), promoted or aborted. The share says \
                  how many of the instances that 'exec --instance' names are given its value; --instance shows of one \
                  whether it is.\n\n\
                  Examples:\n  v-secure secret rotation-status prod/STRIPE_KEY\n  \
                  v-secure secret rotation-status --instance web-3"
)]
pub struct RotationStatus {
    /// The secret: NAME in the environment of -e, or ENVIRONMENT/NAME; without it all that have a rotation
    #[arg(value_name = "NAME")]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(complete::secrets))]
    name: Option<String>,

    #[command(flatten)]
    instance: InstanceArg,
}

impl RotationStatus {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let instance = self.instance.resolve(context)?;
        let named =
            self.name.as_deref().map(|text| secret_arg::parse(text, context)).transpose()?;
        let (session, opened) = context.open(Purpose::Look, Depth::Everything)?;
        let vault = &opened.vault;
        let secrets: Vec<(&SecretName, &SecretState)> = match &named {
            Some(secret) => vec![(secret, read::find(vault, secret)?)],
            None => {
                let all = vault.state().secrets.iter();
                all.filter(|(_, state)| state.rotation.is_some()).collect()
            }
        };
        let view = |(secret, state)| match &instance {
            None => SecretStatusView::of(secret, state),
            Some(instance) => SecretStatusView::of(secret, state).to(vault, instance, session.now),
        };
        let views: Vec<SecretStatusView<'_>> = secrets.into_iter().map(view).collect();
        if context.ui.json {
            return context.ui.object(&RotationStatusView { secrets: views });
        }
        let all: Vec<_> = views.iter().flat_map(|view| &view.rotations).collect();
        match all.is_empty() {
            true => context.ui.note("nothing rotates"),
            false => rotations::table(context, &all, session.now)?,
        }
        for view in &views {
            tell(context, view);
        }
        Ok(())
    }
}

fn tell(context: &Context<'_>, view: &SecretStatusView<'_>) {
    let secret = view.secret;
    if let Some(given) = view.given {
        context.ui.note(&format!("{secret}: this instance is given the {given} value"));
    }
    let what = match view.to_retire.len() {
        0 => return,
        1 => "an old value is to be revoked at the provider once nobody uses it".to_owned(),
        count => {
            format!("{count} old values are to be revoked at the provider once nobody uses them")
        }
    };
    context.ui.note(&format!("{secret}: {what}; then: v-secure rotation retire {secret}"));
}
