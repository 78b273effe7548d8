//! The options for when a value expires, which `set` and `rotate` take.

use crate::cli::error::{Failure, Outcome};
use crate::ops::duration;
use clap::Args;

#[derive(Debug, Args)]
pub struct ExpiryArgs {
    /// Expire after this time, such as 12h, 30d
    #[arg(long, value_name = "SPAN", conflicts_with = "expires_at")]
    ttl: Option<String>,

    /// Expire at this time: 2027-01-31 or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

impl ExpiryArgs {
    /// The expiry that was given; like `now` in seconds since the Unix epoch.
    pub fn expires(&self, now: u64) -> Outcome<Option<u64>> {
        let refuse = |option: &str, error: duration::TimeError| {
            Failure::usage("bad-time", format!("{option} is no time")).because(&error)
        };
        match (&self.ttl, &self.expires_at) {
            (Some(span), _) => {
                let span = duration::parse_span(span).map_err(|error| refuse("--ttl", error))?;
                Ok(Some(now.saturating_add(span)))
            }
            (None, Some(time)) => {
                duration::parse_instant(time).map(Some).map_err(|e| refuse("--expires-at", e))
            }
            (None, None) => Ok(None),
        }
    }
}
