//! `v-secure env rm`: removes all secrets of an environment.

use crate::cli::confirm::ConfirmArgs;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::people::policy::count;
use crate::cli::secret::rotations;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::name::environment::EnvironmentName;
use v_secure_core::report::view::env::EnvRmView;
use v_secure_core::secret::list;
use v_secure_core::secret::remove;
use v_secure_core::vault::{Depth, Vault};

/// Remove all secrets of an environment; their values stay in the history
#[derive(Debug, Args)]
#[command(
    after_help = "An environment exists as long as a secret is in it. Grants and settings that name it stay. \
                        'secret restore' brings each secret back.\n\n\
                        Examples:\n  v-secure env rm review\n  v-secure env rm review --yes --reason 'merged'"
)]
pub struct Rm {
    /// The environment
    #[arg(value_name = "ENV", add = ArgValueCompleter::new(crate::cli::args::complete::environments))]
    name: EnvironmentName,

    #[command(flatten)]
    confirm: ConfirmArgs,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Rm {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        self.confirm(context)?;
        let default = format!("remove the environment {}", self.name);
        let ((removed, open, left), vault) =
            context.write(self.reason.as_deref(), &default, |vault, ctx| {
                let secrets = list::own(vault, &self.name);
                let (_, change) = remove::remove(vault, &secrets, ctx)?;
                let (open, left) =
                    (rotations::open(vault, &secrets), rotations::left(vault, &secrets));
                Ok(((secrets, open, left), change))
            })?;
        rotations::remark_removed(context, &vault, &open);
        rotations::remark_left(context, &left);
        if context.ui.json {
            return context.ui.object(&EnvRmView { environment: &self.name, secrets: &removed });
        }
        let gone = count(removed.len());
        context.ui.note(&format!("{}: {gone} removed (v-secure secret restore NAME)", self.name));
        tell_heirs(context, &vault, &self.name);
        Ok(())
    }

    /// Asks before the lock is taken.
    fn confirm(&self, context: &Context<'_>) -> Outcome {
        let (_, opened) = context.open_to_write(Depth::Everything)?;
        super::must_hold(&opened.vault, &self.name)?;
        let secrets = list::own(&opened.vault, &self.name);
        let question =
            format!("Remove the environment {} with {}?", self.name, count(secrets.len()));
        self.confirm.check(context, &question)
    }
}

/// Says which environments have lost what they inherited.
fn tell_heirs(context: &Context<'_>, vault: &Vault, base: &EnvironmentName) {
    let settings = vault.policy().settings();
    for heir in
        settings.heirs().filter(|heir| settings.extends(heir.as_str()).as_ref() == Some(base))
    {
        context.ui.warn(&format!(
            "{heir} extends {base}, which gives it nothing now: v-secure settings set env.{heir}.extends --unset"
        ));
    }
}
