//! Records as JSON lines: one canonical spelling each (`docs/format.md` section 2, JSON lines).
//!
//! Canonical means: what the record is written as. A reader parses a line, writes it again and
//! compares, which refuses other key orders, escapes, spaces, duplicates and numbers at one stroke.

use serde::de::{DeserializeOwned, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// The greatest integer of the format: exact in every JSON reader.
pub(crate) const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why a line is not a record.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("not a record of this format: {0}")]
    Json(#[source] serde_json::Error),
    #[error("not written canonically, from column {column} on")]
    NotCanonical { column: usize },
}

/// The canonical line of a record, without its line end.
pub fn write<T: Serialize>(record: &T) -> String {
    // The records are structs and enums with string keys: serialising them cannot fail.
    let json = serde_json::to_string(record).unwrap_or_default();
    // An apostrophe can stand only inside a JSON string, so replacing it there is safe; raw, three
    // of them would end the TOML literal block around the line.
    if json.contains('\'') { json.replace('\'', "\\u0027") } else { json }
}

/// Parses a line and checks that it is canonical.
pub fn parse<T: Serialize + DeserializeOwned>(line: &str) -> Result<T, LineError> {
    let record = parse_trusted(line)?;
    let again = write(&record);
    if again == line {
        return Ok(record);
    }
    let column = line.bytes().zip(again.bytes()).take_while(|(a, b)| a == b).count() + 1;
    Err(LineError::NotCanonical { column })
}

/// Parses a line of a file whose exact bytes have been found canonical before.
pub(crate) fn parse_trusted<T: DeserializeOwned>(line: &str) -> Result<T, LineError> {
    serde_json::from_str(line).map_err(LineError::Json)
}

/// Reads a list that nearly always has one item: room for four, with which a vector begins, is most of the memory of a log
/// whose ops are 200 bytes each.
///
/// # Errors
/// Those of the items.
pub(crate) fn few<'de, D, T>(list: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    list.deserialize_seq(Few(PhantomData))
}

struct Few<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Few<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let Some(first) = list.next_element()? else { return Ok(Vec::new()) };
        let mut all = Vec::with_capacity(1);
        all.push(first);
        while let Some(next) = list.next_element()? {
            all.push(next);
        }
        Ok(all)
    }
}

/// The part of a line that is hashed: everything before its last key, closed again.
///
/// `mark` is how that key begins, such as `,"sig":`. Strings cannot contain it unescaped, so its
/// last occurrence is the key itself.
pub fn body(line: &str, mark: &str, close: &str) -> String {
    let end = line.rfind(mark).unwrap_or(line.len());
    let mut body = String::with_capacity(end + close.len());
    body.push_str(&line[..end]);
    body.push_str(close);
    body
}
