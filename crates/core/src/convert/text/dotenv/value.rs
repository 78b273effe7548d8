//! What stands after the `=`: quotes, escapes, comments, and what other parsers see differently.

use super::read::{Cursor, is_blank, is_line_end, is_space};
use crate::convert::text::{TextError, WarningKind};
use crate::secret_value::SecretValue;

/// A value and at most one warning of each of two kinds: how it was read, and what is in it.
pub(super) struct Value {
    pub bytes: SecretValue,
    pub warnings: [Option<WarningKind>; 2],
}

/// Reads a value and the rest of its line.
pub(super) fn read(cursor: &mut Cursor) -> Result<Value, TextError> {
    let blanks = cursor.take_while(is_blank);
    let (bytes, warning) = match cursor.rest.chars().next() {
        // Node's parser takes it for a character then, and Python's always does.
        Some('`') if is_alone(cursor.rest) => bare(cursor.take_line()),
        Some(quote @ ('\'' | '"' | '`')) => quoted(cursor, quote)?,
        Some('#') if !blanks.is_empty() => {
            cursor.take_line();
            (Vec::new(), None)
        }
        _ => bare(cursor.take_line()),
    };
    let reference = has_reference(&bytes).then_some(WarningKind::Reference);
    Ok(Value { bytes: SecretValue::new(bytes), warnings: [warning, reference] })
}

/// Whether nothing closes the backtick that a text begins with, and its line has no other: Node's
/// parser would take off one at each end.
fn is_alone(text: &str) -> bool {
    let rest = &text[1..];
    let line = rest.split(is_line_end).next().unwrap_or_default();
    !line.contains('`') && closing(rest.as_bytes(), b'`').is_none()
}

fn bare(line: &str) -> (Vec<u8>, Option<WarningKind>) {
    let value = line[..comment_start(line)].trim_end_matches(is_space);
    let warning = value.contains('#').then_some(WarningKind::HashInValue);
    (value.as_bytes().to_vec(), warning)
}

/// Where a comment begins in an unquoted value: at the first `#` after white space.
fn comment_start(line: &str) -> usize {
    memchr::memchr_iter(b'#', line.as_bytes())
        .find(|&at| line[..at].ends_with(is_space))
        .unwrap_or(line.len())
}

fn quoted(cursor: &mut Cursor, quote: char) -> Result<(Vec<u8>, Option<WarningKind>), TextError> {
    let line = cursor.line;
    cursor.skip(quote);
    let end = closing(cursor.rest.as_bytes(), quote as u8)
        .ok_or(TextError::UnterminatedQuote { line })?;
    let raw = cursor.take(end);
    cursor.skip(quote);
    cursor.take_while(is_blank);
    if cursor.rest.starts_with('#') {
        cursor.take_line();
    }
    if !cursor.rest.is_empty() && !cursor.rest.starts_with(is_line_end) {
        return Err(TextError::AfterQuote { line: cursor.line });
    }
    Ok(unescape(raw.as_bytes(), quote))
}

/// Where the closing quote is: the first that no backslash escapes. In backticks a backslash is an
/// ordinary character, and yet a backtick after one does not close, as in Node's dotenv.
fn closing(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'\\', quote, &bytes[from..])?;
        if bytes[at] == quote {
            return Some(at);
        }
        let pair_is_unit = quote != b'`' || bytes.get(at + 1) == Some(&quote);
        from = (at + if pair_is_unit { 2 } else { 1 }).min(bytes.len());
    }
}

/// The content of a quoted value; never longer than `raw`, so the buffer does not grow.
fn unescape(raw: &[u8], quote: char) -> (Vec<u8>, Option<WarningKind>) {
    let mut out = Vec::with_capacity(raw.len());
    let mut warning = (quote == '`').then_some(WarningKind::Backtick);
    let mut at = 0;
    while at < raw.len() {
        let pair = (raw[at], raw.get(at + 1).copied());
        let (byte, width) = match pair {
            (b'\r', Some(b'\n')) => (b'\n', 2),
            (b'\r', _) => (b'\n', 1),
            (b'\\', Some(next)) => match escape(quote, next) {
                Some(byte) => {
                    if !(quote == '"' && matches!(next, b'n' | b'r')) {
                        warning = Some(WarningKind::EscapeDiffers);
                    }
                    (byte, 2)
                }
                None => (b'\\', 1),
            },
            (byte, _) => (byte, 1),
        };
        out.push(byte);
        at += width;
    }
    (out, warning)
}

/// What a backslash and `next` stand for; `None` if for themselves.
fn escape(quote: char, next: u8) -> Option<u8> {
    match (quote, next) {
        ('\'' | '"', b'\\' | b'\'') => Some(next),
        ('"', b'"') => Some(b'"'),
        ('"', b'a') => Some(0x07),
        ('"', b'b') => Some(0x08),
        ('"', b'f') => Some(0x0c),
        ('"', b'n') => Some(b'\n'),
        ('"', b'r') => Some(b'\r'),
        ('"', b't') => Some(b'\t'),
        ('"', b'v') => Some(0x0b),
        _ => None,
    }
}

/// Whether a `$` is followed by a name or a brace.
fn has_reference(bytes: &[u8]) -> bool {
    let starts_name = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'{');
    memchr::memchr_iter(b'$', bytes).any(|at| bytes.get(at + 1).is_some_and(starts_name))
}
