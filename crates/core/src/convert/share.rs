//! Shares of instances as people write them: `5%`, `12.5%`, `100%`, to a hundredth of a percent.

use crate::log::rotation::MAX_SHARE;

/// Why a text is no share. The text is not repeated: it may be a value given by mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a share is a percentage from 0% to 100%, such as 5% or 12.5%, to a hundredth of a percent"
)]
pub struct ShareError;

/// A share, of `MAX_SHARE`. The sign is part of it: `0.5` could mean half of all, or half of a percent.
///
/// # Errors
/// A text that is no such percentage.
pub fn parse(text: &str) -> Result<u64, ShareError> {
    let number = text.strip_suffix('%').ok_or(ShareError)?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str, most| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_digits(whole, 3) || !is_digits(part, 2) {
        return Err(ShareError);
    }
    let hundredths = |text: &str| text.parse::<u64>().map_err(|_| ShareError);
    let part = hundredths(&format!("{part:0<2}"))?;
    let share = hundredths(whole)? * 100 + part;
    if share <= MAX_SHARE { Ok(share) } else { Err(ShareError) }
}

/// A share as it is written.
pub fn text(share: u64) -> String {
    match (share / 100, share % 100) {
        (whole, 0) => format!("{whole}%"),
        (whole, part) if part % 10 == 0 => format!("{whole}.{}%", part / 10),
        (whole, part) => format!("{whole}.{part:02}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_was_read() {
        for share in 0..=MAX_SHARE {
            assert_eq!(parse(&text(share)), Ok(share));
        }
        assert_eq!(
            (text(500), text(1_250), text(1)),
            ("5%".into(), "12.5%".into(), "0.01%".into())
        );
    }

    #[test]
    fn what_is_no_percentage_is_refused() {
        for text in
            ["", "%", "5", "0.5", "101%", "100.01%", "5.123%", "-1%", "+1%", "5 %", ".5%", "5.%"]
        {
            assert_eq!(parse(text), Err(ShareError), "{text}");
        }
    }
}
