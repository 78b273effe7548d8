//! When an old credential may be revoked: no consumer is handed it any more, as far as that can be known.

use std::fmt;
use v_secure_core::time::UnixTime;

/// How far a provider's clock may be from ours, in seconds.
pub(super) const CLOCKS: u64 = 300;

/// What keeps an old credential from being revoked. Times are in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The overlap since it was withdrawn is not over.
    Overlap { until: UnixTime },
    /// It is in use: it was used less than an overlap ago.
    Used { last: UnixTime, until: UnixTime },
    /// What was changed last is dated in the future.
    Ahead { dated: UnixTime },
    /// The clocks are too far apart to say how long anything took.
    Clocks { theirs: UnixTime },
}

/// What is known where somebody wants to revoke.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// When who is given what was changed last.
    pub changed: UnixTime,
    /// How long a credential stays, in seconds.
    pub overlap: u64,
    /// By the provider's clock, if it tells.
    pub theirs: Option<UnixTime>,
    /// When the credential was used last, if the provider knows.
    pub last_used: Option<UnixTime>,
    pub now: UnixTime,
}

impl Facts {
    /// # Errors
    /// The first thing that has to be waited for, or seen to.
    pub fn check(&self) -> Result<(), Gate> {
        if self.changed.since(self.now) > CLOCKS {
            return Err(Gate::Ahead { dated: self.changed });
        }
        let until = self.changed.saturating_add(self.overlap);
        if self.now < until {
            return Err(Gate::Overlap { until });
        }
        if let Some(theirs) = self.theirs.filter(|theirs| theirs.abs_diff(self.now) > CLOCKS) {
            return Err(Gate::Clocks { theirs });
        }
        let Some(last) = self.last_used else { return Ok(()) };
        let until = last.saturating_add(self.overlap);
        if self.now < until { Err(Gate::Used { last, until }) } else { Ok(()) }
    }
}

impl Gate {
    /// Until when there is nothing to do but to wait.
    pub const fn until(&self) -> Option<UnixTime> {
        match self {
            Self::Overlap { until } | Self::Used { until, .. } => Some(*until),
            Self::Clocks { .. } | Self::Ahead { .. } => None,
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overlap { .. } => "consumers may still be given it",
            Self::Used { .. } => "it is still used",
            Self::Ahead { .. } => {
                "the record that changed who is given what last is dated in the future"
            }
            Self::Clocks { .. } => "the provider's clock is more than 5 minutes from the one here",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts {
        changed: UnixTime::from_secs(1_000),
        overlap: 600,
        theirs: None,
        last_used: None,
        now: UnixTime::from_secs(1_600),
    };

    #[test]
    fn an_overlap_is_over_when_it_has_passed_and_not_a_second_earlier() {
        assert_eq!(FACTS.check(), Ok(()));
        let early = Facts { now: UnixTime::from_secs(1_599), ..FACTS };
        assert_eq!(early.check(), Err(Gate::Overlap { until: UnixTime::from_secs(1_600) }));
    }

    #[test]
    fn clocks_may_be_five_minutes_apart_either_way() {
        for (theirs, is_near) in [(1_300, true), (1_900, true), (1_299, false), (1_901, false)] {
            let theirs = UnixTime::from_secs(theirs);
            let checked = Facts { theirs: Some(theirs), ..FACTS }.check();
            assert_eq!(checked.is_ok(), is_near, "{theirs:?}");
        }
    }

    #[test]
    fn what_was_used_within_an_overlap_stays() {
        let used = |last| Facts { last_used: Some(UnixTime::from_secs(last)), ..FACTS }.check();
        assert_eq!(used(1_000), Ok(()));
        let (last, until) = (UnixTime::from_secs(1_001), UnixTime::from_secs(1_601));
        assert_eq!(used(1_001), Err(Gate::Used { last, until }));
    }

    #[test]
    fn a_time_far_ahead_overflows_nothing() {
        let far = UnixTime::from_secs(u64::MAX);
        assert!(Facts { changed: far, ..FACTS }.check().is_err());
        assert!(Facts { theirs: Some(far), ..FACTS }.check().is_err());
        assert!(Facts { last_used: Some(far), ..FACTS }.check().is_err());
    }
}
