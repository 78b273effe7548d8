//! The metadata that `set` takes: options to the fields that the log names.

use crate::cli::args::secret_kind;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::Args;
use v_secure_core::convert::inject;
use v_secure_core::name::Name;
use v_secure_core::record::text::{MAX_VALUE_TEXT, check_text};

/// A field and what it becomes; `None` clears it.
pub type Field = (String, Option<String>);

#[derive(Debug, Args)]
pub(crate) struct FieldArgs {
    /// What the secret is; an empty text clears it
    #[arg(long = "type", value_name = "TYPE", value_parser = secret_kind::Listed)]
    kind: Option<String>,

    /// The variable in which exec gives the secret, if its name cannot be one; an empty text
    /// clears it
    #[arg(long, value_name = "VARIABLE")]
    var: Option<String>,

    /// Add a tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,

    /// Take a tag away; may be given several times
    #[arg(long = "untag", value_name = "TAG")]
    untags: Vec<String>,

    /// What the secret is for; an empty text clears it
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Add metadata, or clear it with an empty value; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    meta: Vec<String>,
}

impl FieldArgs {
    /// The fields that were given, checked.
    pub fn fields(&self) -> Outcome<Vec<Field>> {
        if self.var.as_deref().is_some_and(|var| !var.is_empty() && !inject::is_identifier(var)) {
            let message = "--var is not a valid variable name ([A-Za-z_][A-Za-z0-9_]*)";
            return Err(Failure::new(Code::BadVariable, message));
        }
        if let Some(kind) = self.kind.as_deref().filter(|kind| !kind.is_empty()) {
            secret_kind::parse(kind)?;
        }
        let plain = [("type", &self.kind), ("var", &self.var), ("description", &self.description)];
        let given = |(field, value): (&str, &Option<String>)| {
            value.as_deref().map(|value| (field.to_owned(), stored(value)))
        };
        let mut fields: Vec<Field> = plain.into_iter().filter_map(given).collect();
        for tag in &self.tags {
            fields.push((format!("tag.{}", key(tag, "--tag")?), Some(String::new())));
        }
        for tag in &self.untags {
            fields.push((format!("tag.{}", key(tag, "--untag")?), None));
        }
        for pair in &self.meta {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| Failure::new(Code::BadMeta, "--meta takes KEY=VALUE"))?;
            fields.push((format!("meta.{}", key(name, "--meta")?), stored(value)));
        }
        check(&fields)?;
        Ok(fields)
    }
}

fn stored(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

fn check(fields: &[Field]) -> Outcome {
    for (index, (field, value)) in fields.iter().enumerate() {
        if fields[..index].iter().any(|(other, _)| other == field) {
            return Err(Failure::new(Code::RepeatedField, format!("{field} is given twice")));
        }
        check_text(value.as_deref().unwrap_or_default(), MAX_VALUE_TEXT).map_err(|error| {
            Failure::new(Code::BadText, format!("{field} cannot be stored")).because(&error)
        })?;
    }
    Ok(())
}

fn key<'a>(text: &'a str, option: &str) -> Outcome<&'a str> {
    Name::new(text).map(|_| text).map_err(|error| {
        Failure::new(Code::BadName, format!("{option} needs a name")).because(&error)
    })
}
