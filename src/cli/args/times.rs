//! What is said of a duration or a date that is none: how the option's own times are written.

use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use v_secure_core::convert::duration::TimeError;

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Duration,
    Date,
    Either,
}

pub fn refuse(option: &str, takes: Takes, error: &TimeError) -> Failure {
    let what = match takes {
        Takes::Duration => "not a duration",
        Takes::Date => "not a date",
        Takes::Either => "neither a duration nor a date",
    };
    let failure = Failure::new(Code::BadTime, format!("{option} is {what}")).because(error);
    match takes {
        Takes::Duration => failure.hint("durations are such as 30d or 12h"),
        Takes::Date => failure.hint("dates are such as 2030-01-31 or 2030-01-31T12:00:00Z"),
        Takes::Either => failure,
    }
}
