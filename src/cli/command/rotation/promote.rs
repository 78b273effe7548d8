//! `v-secure rotation promote`: the value of a rotation becomes the active one.

use crate::cli::args::complete;
use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::rotating::{self, Published};
use clap::Args;
use v_secure_core::crypto::id::RotationId;
use v_secure_core::log::describe::short;
use v_secure_core::name::SecretName;
use v_secure_core::report::view::rotation::RotationPromoteView;
use v_secure_core::report::view::secret::value::CurrentView;
use v_secure_core::secret::rotate;
use v_secure_core::vault::Vault;

/// Make the value of a rotation the active one
#[derive(Debug, Args)]
#[command(
    after_help = "From then on everybody is given it, as they see this vault. What it took the place of stays accepted by \
                  the provider until nobody uses it; then it is revoked there, and 'rotation retire' says so here. Where a \
                  provider serves the secret, it is set to the value and asked whether that works, first.\n\n\
                  Needs rotate for one's own value, and write for another member's. A rotation that is stale is promoted \
                  by --rotation alone, and takes write.\n\n\
                  Examples:\n  v-secure rotation promote prod/STRIPE_KEY\n  \
                  v-secure rotation promote prod/STRIPE_KEY --reason 'ran on 5% since Monday'"
)]
pub struct Promote {
    #[command(flatten)]
    secret: SecretArg,

    /// The rotation, by its id or how that begins
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    #[arg(add = clap_complete::engine::ArgValueCompleter::new(complete::rotations))]
    rotation: Option<String>,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Promote {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let (rotation, vault) = match rotating::is_served(context, &secret)? {
            true => self.at_provider(context, &secret)?,
            false => {
                let wanted = self.rotation.as_deref();
                context.write(self.reason.as_deref(), "promote", |vault, ctx| {
                    Ok(rotate::promote(vault, &secret, wanted, ctx)?)
                })?
            }
        };
        let current = CurrentView::of(&vault, &secret);
        let report = RotationPromoteView { secret: &secret, rotation, current };
        if context.ui.json {
            return context.ui.object(&report);
        }
        let number = report.current.version.map_or("none".into(), |number| number.to_string());
        let id = short(&rotation);
        context.ui.note(&format!("{secret}: version {number} is current, by rotation {id}"));
        let is_over = vault.secret(&secret).is_some_and(rotate::has_to_retire);
        if is_over {
            context.ui.note(&format!(
                "once nobody uses what it took the place of, revoke that at the provider; then: v-secure rotation retire {secret}"
            ));
        }
        Ok(())
    }

    /// What nobody tried out is not promoted: the provider is set to it and asked again.
    fn at_provider(
        &self,
        context: &Context<'_>,
        secret: &SecretName,
    ) -> Outcome<(RotationId, Vault)> {
        let mut published = Published::open_for(context, self.reason.as_deref())?;
        rotating::with(&mut published, secret, false, |engine| {
            let rotation = engine.promote_open(self.rotation.as_deref())?;
            Ok((rotation, engine.vault().clone()))
        })
    }
}
