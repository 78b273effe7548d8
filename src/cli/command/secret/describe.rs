//! `v-secure secret describe`: what a secret is for, without a new version.

use crate::cli::args::secret_arg;
use crate::cli::door::context::Context;
use crate::cli::error::Outcome;
use crate::cli::secret::write_fields;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use v_secure_core::report::view::secret::metadata::SecretDescribeView;

/// Describe what a secret is for
#[derive(Debug, Args)]
#[command(
    after_help = "The text is readable by everybody who has the file. The value stays as it is.\n\n\
                        Examples:\n  v-secure secret describe STRIPE_KEY 'live key; renew in the dashboard'\n  \
                        v-secure secret describe STRIPE_KEY ''"
)]
pub struct Describe {
    /// The secret: NAME in the environment of -e, or ENVIRONMENT/NAME
    #[arg(value_name = "NAME", add = ArgValueCompleter::new(crate::cli::args::complete::secrets))]
    name: String,

    /// The description; an empty one clears it
    #[arg(value_name = "TEXT")]
    text: String,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Describe {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = secret_arg::parse(&self.name, context)?;
        let text = (!self.text.is_empty()).then_some(self.text);
        let fields = vec![("description".to_owned(), text.clone())];
        let reason = self.reason.as_deref();
        let (changed, _) = write_fields::write(context, &secret, fields, reason, "describe")?;
        if context.ui.json {
            let (secret, description) = (&secret, text.as_deref());
            return context.ui.object(&SecretDescribeView { secret, changed, description });
        }
        context.ui.note(&match changed {
            true => format!("{secret}: metadata changed"),
            false => format!("{secret}: nothing to change"),
        });
        Ok(())
    }
}
