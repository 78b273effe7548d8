//! `v-secure secret tag`: tags given and taken away, without a new version.

use crate::cli::args::secret_arg::SecretArg;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::cli::secret::write_fields;
use clap::Args;
use v_secure_core::name::Name;
use v_secure_core::report::view::secret::metadata::SecretTagView;

/// Give a secret tags, or take them away
#[derive(Debug, Args)]
#[command(
    after_help = "Tags narrow 'ls', 'exec' and 'export' with --tag. The value stays as it is.\n\n\
                        Examples:\n  v-secure secret tag STRIPE_KEY --add web,payment\n  \
                        v-secure secret tag STRIPE_KEY --remove web"
)]
pub struct Tag {
    #[command(flatten)]
    secret: SecretArg,

    /// Give these tags
    #[arg(long, value_name = "TAG,…", value_delimiter = ',', required_unless_present = "remove")]
    add: Vec<String>,

    /// Take these tags away
    #[arg(long, value_name = "TAG,…", value_delimiter = ',')]
    remove: Vec<String>,

    /// Why, for the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Tag {
    pub fn run(self, context: &Context<'_>) -> Outcome {
        let secret = self.secret.resolve(context)?;
        let add = self.add.iter().map(|tag| (tag, Some(String::new())));
        let all = add.chain(self.remove.iter().map(|tag| (tag, None)));
        let mut fields = Vec::new();
        for (tag, value) in all {
            let tag = Name::new(tag)
                .map_err(|error| Failure::new(Code::BadName, "a tag is a name").because(&error))?;
            let field = format!("tag.{}", tag.as_str());
            if fields.iter().any(|(other, _)| *other == field) {
                return Err(Failure::new(Code::RepeatedField, format!("{field} is given twice")));
            }
            fields.push((field, value));
        }
        let (changed, vault) =
            write_fields::write(context, &secret, fields, self.reason.as_deref(), "change tags")?;
        let tags = vault.secret(&secret).into_iter().flat_map(|found| found.tags());
        let tags: Vec<String> = tags.map(|(tag, _)| tag.to_owned()).collect();
        if context.ui.json {
            let (secret, tags) = (&secret, &tags);
            return context.ui.object(&SecretTagView { secret, changed, tags });
        }
        let tags = if tags.is_empty() { "no tags".to_owned() } else { tags.join(", ") };
        context.ui.note(&match changed {
            true => format!("{secret}: {tags}"),
            false => format!("{secret}: nothing to change ({tags})"),
        });
        Ok(())
    }
}
