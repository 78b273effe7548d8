//! One JSON line as a record: parsed, found canonical, and in keeping with its own rules.

use super::Trust;
use super::error::Cause;
use crate::record::line;
use crate::record::line::LineError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;

/// Parses a line; under [`Trust::Strict`] it must be written as the record is.
pub(super) fn parse<T>(text: &str, trust: Trust) -> Result<T, Cause>
where
    T: Serialize + DeserializeOwned,
{
    let record = line::parse_trusted(text).map_err(json_cause)?;
    if trust == Trust::Strict {
        canonical(text, &record)?;
    }
    Ok(record)
}

/// The parser's own message may quote the text, so only its place is kept.
fn json_cause(error: LineError) -> Cause {
    match error {
        LineError::Json(error) if error.is_data() => Cause::JsonShape { column: error.column() },
        LineError::Json(error) => Cause::JsonSyntax { column: error.column() },
        LineError::NotCanonical { column } => Cause::JsonNotCanonical { column },
    }
}

/// Compares what the record is written as with the line, without keeping a second copy of it.
fn canonical<T: Serialize>(text: &str, record: &T) -> Result<(), Cause> {
    let mut compare = Compare { rest: text.as_bytes() };
    match serde_json::to_writer(&mut compare, record) {
        Ok(()) if compare.rest.is_empty() => Ok(()),
        _ => Err(Cause::JsonNotCanonical { column: text.len() - compare.rest.len() + 1 }),
    }
}

/// Takes what is written as long as it is what `rest` begins with.
struct Compare<'a> {
    rest: &'a [u8],
}

impl Compare<'_> {
    fn take(&mut self, expected: &[u8]) -> io::Result<()> {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => {
                let same = self.rest.iter().zip(expected).take_while(|(a, b)| a == b).count();
                self.rest = &self.rest[same..];
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }
}

impl io::Write for Compare<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // As in `line::write`: an apostrophe occurs only in strings, and is escaped there.
        let mut parts = bytes.split(|b| *b == b'\'');
        self.take(parts.next().unwrap_or_default())?;
        for part in parts {
            self.take(b"\\u0027")?;
            self.take(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
