//! Flat JSON: one object, names to values.
//!
//! [`read`] takes text as it is, and numbers and booleans as they are spelled (`1.10` stays
//! `1.10`). It refuses `null` (no value is not an empty value), lists and nested objects: joining
//! the names of a tree would have to invent a separator, and two paths can meet in one name; sops,
//! too, gives only flat files to `exec-env` and dotenv. [`write()`] gives one pair a line, sorted by
//! name, all values text.

mod read;

pub use read::read;

use super::{Dump, ExportError, check_names, exact, text_of};
use crate::secret_value::SecretValue;

/// The format's name in errors.
const FORMAT: &str = "JSON";

/// One object of text, sorted by name, indented by two spaces.
///
/// # Errors
/// Names the first variable that is unusable, repeated, or not UTF-8.
pub fn write(dump: &Dump) -> Result<SecretValue, ExportError> {
    let pairs = sorted(dump)?;
    if pairs.is_empty() {
        return Ok(SecretValue::from("{}\n".to_owned()));
    }
    Ok(exact(|put| {
        for (index, (name, value)) in pairs.iter().enumerate() {
            put(if index == 0 { b"{\n  " } else { b",\n  " });
            quote(name, put);
            put(b": ");
            quote(value, put);
        }
        put(b"\n}\n");
    }))
}

/// Names and texts, sorted by name.
pub(super) fn sorted<'a>(dump: &Dump<'a>) -> Result<Vec<(&'a str, &'a str)>, ExportError> {
    check_names(dump)?;
    let mut pairs = dump
        .iter()
        .map(|&(name, value)| Ok((name, text_of(name, value)?)))
        .collect::<Result<Vec<_>, ExportError>>()?;
    pairs.sort_unstable();
    Ok(pairs)
}

/// A JSON string, with its quotes.
pub(crate) fn quote(text: &str, put: &mut dyn FnMut(&[u8])) {
    put(b"\"");
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short: Option<&[u8]> = match byte {
            b'"' => Some(b"\\\""),
            b'\\' => Some(b"\\\\"),
            b'\n' => Some(b"\\n"),
            b'\r' => Some(b"\\r"),
            b'\t' => Some(b"\\t"),
            0x20..=0x7e | 0x80.. => continue,
            _ => None,
        };
        put(&text.as_bytes()[plain..at]);
        match short {
            Some(escape) => put(escape),
            None => put(format!("\\u{byte:04x}").as_bytes()),
        }
        plain = at + 1;
    }
    put(&text.as_bytes()[plain..]);
    put(b"\"");
}

#[cfg(test)]
mod tests;
