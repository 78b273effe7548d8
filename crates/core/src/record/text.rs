//! Free text (reasons, descriptions, values of fields): what may be stored, and how text from a
//! vault is shown on a terminal (`docs/format.md`, Names, patterns and text).

use std::borrow::Cow;
use std::fmt::Write;
use unicode_normalization::is_nfc;

/// The most bytes of a reason or a label.
pub const MAX_REASON: usize = 1_000;
/// The most bytes of a field's or a setting's value, or of a roll-out record.
pub const MAX_VALUE_TEXT: usize = 4_096;

/// Why a text may not be stored. The text itself is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("a text has more than {max} bytes")]
    TooLong { max: usize },
    #[error(
        "a text holds U+{:04X}: control, line separator and bidirectional control characters are not allowed",
        u32::from(*character)
    )]
    Control { character: char },
    #[error("a text is not in Unicode normalization form C")]
    NotNfc,
}

impl TextError {
    /// Stable across releases.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong { .. } => "text-too-long",
            Self::Control { .. } => "text-control",
            Self::NotNfc => "text-not-nfc",
        }
    }
}

/// Checks that `text` may be stored: at most `max` bytes, NFC, nothing that acts on a terminal.
pub fn check_text(text: &str, max: usize) -> Result<(), TextError> {
    if text.len() > max {
        return Err(TextError::TooLong { max });
    }
    if let Some(character) = text.chars().find(|c| is_control(*c)) {
        return Err(TextError::Control { character });
    }
    if text.is_ascii() || is_nfc(text) { Ok(()) } else { Err(TextError::NotNfc) }
}

fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

/// Characters that no rule forbids in a text but that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// `text` with every control, bidirectional and invisible character as `\u{…}`: what comes from a
/// vault, a file name or another program can then neither steer a terminal nor hide on it.
pub fn escape_for_display(text: &str) -> Cow<'_, str> {
    let unsafe_here = |c: char| is_control(c) || is_invisible(c);
    let Some(first) = text.find(unsafe_here) else { return Cow::Borrowed(text) };
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(&text[..first]);
    for c in text[first..].chars() {
        if unsafe_here(c) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_takes_what_people_write() {
        for good in ["", "rotated after the incident", "Zürich, 東京, it's \"fine\" \\ 👍🏽"]
        {
            assert_eq!(check_text(good, 100), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn text_refuses_controls_of_the_terminal_and_of_direction() {
        for c in ['\n', '\t', '\u{1b}', '\u{7f}', '\u{9b}', '\u{2028}', '\u{2029}', '\u{61c}']
            .into_iter()
            .chain(['\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'])
        {
            let text = format!("a{c}b");
            assert_eq!(check_text(&text, 100), Err(TextError::Control { character: c }));
        }
        assert_eq!(check_text("\u{2027}\u{2030}\u{2065}\u{206a}", 100), Ok(()), "neighbours");
    }

    #[test]
    fn text_has_one_spelling() {
        assert_eq!(check_text("e\u{301}", 100), Err(TextError::NotNfc));
        assert_eq!(check_text("\u{e9}", 100), Ok(()));
    }

    #[test]
    fn the_limit_is_in_bytes() {
        assert_eq!(check_text("éé", 4), Ok(()));
        assert_eq!(check_text("éé", 3), Err(TextError::TooLong { max: 3 }));
    }

    #[test]
    fn display_escapes_what_could_steer_or_hide() {
        assert_eq!(escape_for_display("prod/DB é"), "prod/DB é");
        assert!(matches!(escape_for_display("prod/DB"), Cow::Borrowed(_)));
        assert_eq!(escape_for_display("a\u{1b}[2Jb\r\n"), "a\\u{1b}[2Jb\\u{d}\\u{a}");
        assert_eq!(escape_for_display("x\u{202e}y\u{200b}z"), "x\\u{202e}y\\u{200b}z");
    }
}
