//! The options for when a value expires: those that `set` and `rotate` take, and those of `expire`.

use crate::cli::args::times;
use crate::cli::args::times::Takes;
use crate::cli::error::Outcome;
use clap::Args;
use v_secure_core::convert::duration;
use v_secure_core::time::UnixTime;

#[derive(Debug, Args)]
pub(crate) struct ExpiryArgs {
    /// Expire after this time, such as 12h, 30d
    #[arg(long, value_name = "SPAN", conflicts_with = "expires_at")]
    ttl: Option<String>,

    /// Expire at this time: 2027-01-31 or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

impl ExpiryArgs {
    pub fn is_given(&self) -> bool {
        self.ttl.is_some() || self.expires_at.is_some()
    }

    /// The expiry that was given; like `now` in seconds since the Unix epoch.
    pub fn expires(&self, now: UnixTime) -> Outcome<Option<UnixTime>> {
        match (&self.ttl, &self.expires_at) {
            (Some(span), _) => after(span, now).map(Some),
            (None, Some(time)) => at("--expires-at", time).map(Some),
            (None, None) => Ok(None),
        }
    }
}

/// One of the three must be given: no default of them would be meant by everybody.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct DeadlineArgs {
    /// Expire after this time from now, such as 12h, 30d
    #[arg(long, value_name = "SPAN")]
    ttl: Option<String>,

    /// Expire at this time: 2027-01-31 or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<String>,

    /// Never expire
    #[arg(long)]
    never: bool,
}

impl DeadlineArgs {
    /// When the value is to expire; like `now` in seconds since the Unix epoch, `None` is never.
    pub fn at(&self, now: UnixTime) -> Outcome<Option<UnixTime>> {
        match (&self.ttl, &self.at) {
            (Some(span), _) => after(span, now).map(Some),
            (None, Some(time)) => at("--at", time).map(Some),
            (None, None) => Ok(None),
        }
    }
}

fn after(span: &str, now: UnixTime) -> Outcome<UnixTime> {
    let span = duration::parse_span(span)
        .map_err(|error| times::refuse("--ttl", Takes::Duration, &error))?;
    Ok(now.saturating_add(span))
}

fn at(option: &str, time: &str) -> Outcome<UnixTime> {
    duration::parse_instant(time).map_err(|error| times::refuse(option, Takes::Date, &error))
}
