//! Spans and points of time as people write them, in seconds; the clock is the caller's.
//!
//! A span is a whole number and one unit: `90m`, `12h`, `30d`, `2w`, `1y` (`s` too); a year is 365
//! days, so that a span is the same length at any date. A point of time is RFC 3339
//! (`2026-03-01T12:00:00Z`, any offset) or a date, which means its first second in UTC.

use crate::time::UnixTime;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;
const YEAR: u64 = 365 * DAY;
const TWO_YEARS: u64 = 2 * YEAR;

/// The longest span, in seconds: 100 years.
pub(crate) const MAX_SPAN: u64 = 100 * YEAR;

/// Why a text is no time. The text is not repeated: it may be a value given by mistake.
#[derive(Debug, thiserror::Error)]
pub enum TimeError {
    #[error("a duration is a whole number and a unit, s, m, h, d, w or y: write 90d or 12h")]
    Span,
    #[error("a duration must be longer than zero")]
    Zero,
    #[error("a duration is at most 100 years")]
    TooLong,
    #[error("a date is YYYY-MM-DD, or a time such as 2026-03-01T12:00:00Z")]
    Instant(#[source] Option<jiff::Error>),
    #[error("the time is before 1970")]
    BeforeEpoch,
}

/// A span in seconds: 1 to [`MAX_SPAN`].
///
/// # Errors
/// [`TimeError::Span`], [`TimeError::Zero`], [`TimeError::TooLong`].
pub fn parse_span(text: &str) -> Result<u64, TimeError> {
    let (unit_at, unit) = text.char_indices().next_back().ok_or(TimeError::Span)?;
    let scale = match unit {
        's' => 1,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        'w' => WEEK,
        'y' => YEAR,
        _ => return Err(TimeError::Span),
    };
    let digits = &text[..unit_at];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(TimeError::Span);
    }
    // All digits, so a failure to parse is a number too great.
    let seconds = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(scale));
    match seconds {
        Some(0) => Err(TimeError::Zero),
        Some(seconds @ ..=MAX_SPAN) => Ok(seconds),
        _ => Err(TimeError::TooLong),
    }
}

/// A point of time in seconds since the Unix epoch; parts of a second are dropped.
///
/// # Errors
/// [`TimeError::Instant`], [`TimeError::BeforeEpoch`].
pub fn parse_instant(text: &str) -> Result<UnixTime, TimeError> {
    let timestamp = match text.len() {
        10 => midnight(text)?,
        _ if has_rfc3339_shape(text) => {
            text.parse::<Timestamp>().map_err(|error| TimeError::Instant(Some(error)))?
        }
        _ => return Err(TimeError::Instant(None)),
    };
    let seconds = u64::try_from(timestamp.as_second()).map_err(|_| TimeError::BeforeEpoch)?;
    Ok(UnixTime::from_secs(seconds))
}

/// A point of time, given as one or as a span from `now`; both in seconds since the Unix epoch.
///
/// # Errors
/// That of [`parse_span`] for a text that ends like a span, else that of [`parse_instant`].
pub fn parse_deadline(text: &str, now: UnixTime) -> Result<UnixTime, TimeError> {
    if text.ends_with(['s', 'm', 'h', 'd', 'w', 'y']) {
        return Ok(now.saturating_add(parse_span(text)?));
    }
    parse_instant(text)
}

fn midnight(text: &str) -> Result<Timestamp, TimeError> {
    let instant = |error| TimeError::Instant(Some(error));
    let date: Date = text.parse().map_err(instant)?;
    Ok(date.to_zoned(TimeZone::UTC).map_err(instant)?.timestamp())
}

/// Whether the fixed places of `YYYY-MM-DDTHH:MM:SS` hold what they must; jiff checks the rest.
/// jiff also reads other forms of ISO 8601, which would be guesses here.
fn has_rfc3339_shape(text: &str) -> bool {
    let place = |(pattern, byte): (u8, u8)| match pattern {
        b'0' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b't' | b' '),
        _ => byte == pattern,
    };
    text.len() > 19
        && text.is_ascii()
        && !text.contains('[')
        && b"0000-00-00T00:00:00".iter().copied().zip(text.bytes()).all(place)
}

/// RFC 3339 in UTC, such as `2026-03-01T12:00:00Z`; past the year 9999, `@` and the seconds.
pub fn rfc3339(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| format!("@{time}"), |timestamp| timestamp.to_string())
}

/// How far `then` is from `now`: `in 3 days`, `2 hours ago`, `now`. Rounds towards now, so that
/// what has an hour left is never said to have two.
pub fn relative(then: UnixTime, now: UnixTime) -> String {
    let distance = then.abs_diff(now);
    if distance == 0 {
        return "now".to_owned();
    }
    // Up to two years, days tell more than "1 year".
    let units = [
        (TWO_YEARS, YEAR, "year"),
        (DAY, DAY, "day"),
        (HOUR, HOUR, "hour"),
        (MINUTE, MINUTE, "minute"),
    ];
    let (_, scale, unit) =
        units.into_iter().find(|&(from, ..)| distance >= from).unwrap_or((1, 1, "second"));
    let count = distance / scale;
    let plural = if count == 1 { "" } else { "s" };
    match then > now {
        true => format!("in {count} {unit}{plural}"),
        false => format!("{count} {unit}{plural} ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_a_number_and_a_unit() {
        for (text, seconds) in [
            ("2s", 2),
            ("90m", 5400),
            ("12h", 43_200),
            ("30d", 30 * DAY),
            ("1w", WEEK),
            ("1y", YEAR),
        ] {
            assert_eq!(parse_span(text).unwrap(), seconds, "{text}");
        }
        for bad in ["", "d", "30", "-1d", "+1d", "1.5h", "1 d", "1d12h", "30D", "1é", "0x1s"] {
            assert!(matches!(parse_span(bad), Err(TimeError::Span)), "{bad:?}");
        }
    }

    #[test]
    fn spans_have_both_limits() {
        assert!(matches!(parse_span("0d"), Err(TimeError::Zero)));
        assert_eq!(parse_span("100y").unwrap(), MAX_SPAN);
        for long in ["101y", "36501d", "18446744073709551615w", "99999999999999999999999s"] {
            assert!(matches!(parse_span(long), Err(TimeError::TooLong)), "{long}");
        }
    }

    #[test]
    fn instants_are_dates_or_rfc_3339() {
        for (text, seconds) in [
            ("1970-01-02", DAY),
            ("2026-03-01", 1_772_323_200),
            ("2026-03-01T00:00:00Z", 1_772_323_200),
            ("2026-03-01T02:00:00+02:00", 1_772_323_200),
            ("2026-03-01T00:00:00.999Z", 1_772_323_200),
        ] {
            assert_eq!(parse_instant(text).unwrap(), UnixTime::from_secs(seconds), "{text}");
        }
    }

    #[test]
    fn other_forms_of_instants_are_errors() {
        for bad in [
            "",
            "2026",
            "2026-02-30",
            "20260301",
            "2026-03-01T00:00:00",
            "2026-03-01T00Z",
            "2026-03-01T00:00:00Z[UTC]",
            "01-03-2026",
            "tomorrow",
            "2026-W01-1",
        ] {
            assert!(matches!(parse_instant(bad), Err(TimeError::Instant(_))), "{bad:?}");
        }
        assert!(matches!(parse_instant("1969-12-31"), Err(TimeError::BeforeEpoch)));
    }

    #[test]
    fn deadlines_count_from_now_or_stand_alone() {
        assert_eq!(
            parse_deadline("1h", UnixTime::from_secs(1000)).unwrap(),
            UnixTime::from_secs(4600)
        );
        assert_eq!(
            parse_deadline("1970-01-02", UnixTime::from_secs(1000)).unwrap(),
            UnixTime::from_secs(DAY)
        );
        assert!(matches!(parse_deadline("xd", UnixTime::from_secs(0)), Err(TimeError::Span)));
    }

    #[test]
    fn times_print_and_read_back() {
        assert_eq!(rfc3339(UnixTime::from_secs(0)), "1970-01-01T00:00:00Z");
        assert_eq!(
            parse_instant(&rfc3339(UnixTime::from_secs(1_772_323_201))).unwrap(),
            UnixTime::from_secs(1_772_323_201)
        );
        assert_eq!(rfc3339(UnixTime::from_secs(u64::MAX)), format!("@{}", u64::MAX));
        assert_eq!(rfc3339(UnixTime::from_secs(1 << 53)), format!("@{}", 1u64 << 53));
    }

    #[test]
    fn distances_are_said_in_one_unit() {
        for (then, text) in [
            (10_000, "now"),
            (10_001, "in 1 second"),
            (10_000 + 3 * DAY + HOUR, "in 3 days"),
            (10_000 - 2 * HOUR, "2 hours ago"),
            (10_000 - MINUTE, "1 minute ago"),
            (10_000 + YEAR, "in 365 days"),
            (10_000 + 3 * YEAR, "in 3 years"),
        ] {
            assert_eq!(relative(UnixTime::from_secs(then), UnixTime::from_secs(10_000)), text);
        }
    }
}
