//! The option for how often a secret is to be rotated, which `set` and `rotate` take.

use crate::cli::args::times;
use crate::cli::args::times::Takes;
use crate::cli::error::Outcome;
use clap::Args;
use v_secure_core::convert::duration;

#[derive(Debug, Args)]
pub(crate) struct IntervalArg {
    /// How old a value may get, such as 30d, for 'ls --stale'; an empty text clears it
    #[arg(long, value_name = "SPAN")]
    rotation_interval: Option<String>,
}

impl IntervalArg {
    /// The field and what it becomes, if the option was given.
    pub fn field(&self) -> Outcome<Option<(String, Option<String>)>> {
        let Some(span) = &self.rotation_interval else { return Ok(None) };
        if !span.is_empty() {
            duration::parse_span(span)
                .map_err(|error| times::refuse("--rotation-interval", Takes::Duration, &error))?;
        }
        let value = (!span.is_empty()).then(|| span.clone());
        Ok(Some(("rotation-interval".to_owned(), value)))
    }
}
