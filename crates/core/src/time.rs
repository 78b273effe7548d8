//! A point of time. The clock is the caller's ([`crate::host::Clock`]), its text form
//! `convert::duration`'s; a span is a plain number of seconds.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Seconds since 1970, so that a count, a size or a span given for a time does not compile. Written
/// as the number, in JSON and in text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(u64);

impl UnixTime {
    pub const MIN: Self = Self(0);
    pub const MAX: Self = Self(u64::MAX);

    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    pub const fn as_secs(self) -> u64 {
        self.0
    }

    pub const fn saturating_add(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    pub const fn saturating_sub(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Seconds from `earlier` until this; none where `earlier` is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Seconds between the two, whichever is earlier.
    pub const fn abs_diff(self, other: Self) -> u64 {
        self.0.abs_diff(other.0)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_its_number() {
        let time = UnixTime::from_secs(1_772_323_200);
        assert_eq!(serde_json::to_string(&time).unwrap(), "1772323200");
        assert_eq!(serde_json::from_str::<UnixTime>("1772323200").unwrap(), time);
        assert!(serde_json::from_str::<UnixTime>("-1").is_err());
        assert_eq!(format!("{time} {time:?}"), "1772323200 1772323200");
    }

    #[test]
    fn spans_stop_at_both_ends() {
        assert_eq!(UnixTime::MAX.saturating_add(1), UnixTime::MAX);
        assert_eq!(UnixTime::MIN.saturating_sub(1), UnixTime::MIN);
        let (earlier, later) = (UnixTime::from_secs(10), UnixTime::from_secs(25));
        assert_eq!((later.since(earlier), earlier.since(later)), (15, 0));
        assert_eq!(earlier.abs_diff(later), 15);
    }
}
