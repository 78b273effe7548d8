//! The first five lines, and what stops a reader before it judges a file.

use super::algorithm;
use super::cursor::{Cursor, Piece};
use super::error::{Cause, Fault, FormatError};
use super::{MAX_FILE, Trust};
use crate::file::model::Header;
use crate::name::Name;
use crate::record::ids::SUITE;
use crate::record::line::MAX_INTEGER;

const FORMAT: &str = "format = 1";
/// The second line of a file with all of its log.
pub(super) const WHOLE: &str = "requires = []";
/// The second line where some of it is in files beside.
pub(super) const CLOSED: &str = "requires = [\"log-segments\"]";
const SEGMENTS: &str = "log-segments";
/// The most requirements that an error names.
const MAX_NAMED: usize = 16;

/// The bytes as text, once nothing about them as a whole is wrong.
pub(super) fn text(bytes: &[u8], trust: Trust) -> Result<&str, FormatError> {
    whole(bytes, trust).map_err(|fault| fault.into_error(bytes))
}

fn whole(bytes: &[u8], trust: Trust) -> Result<&str, Fault> {
    if bytes.len() > MAX_FILE {
        return Err(Cause::TooLarge.at(0));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Cause::Bom.at(0));
    }
    if trust != Trust::Cached {
        newer(bytes)?;
    }
    let text =
        std::str::from_utf8(bytes).map_err(|error| Cause::NotUtf8.at(error.valid_up_to()))?;
    if let Some(at) = memchr::memchr(b'\r', bytes) {
        return Err(Cause::CarriageReturn.at(at));
    }
    if text.ends_with('\n') { Ok(text) } else { Err(Cause::MissingFinalNewline.at(bytes.len())) }
}

/// Stops at what only a newer reader knows, before this one's rules are applied to the rest.
fn newer(bytes: &[u8]) -> Result<(), Fault> {
    let mut lines = bytes.splitn(3, |b| *b == b'\n');
    // A line that is no text states nothing; it is refused as what it is later on.
    let mut line = || std::str::from_utf8(lines.next().unwrap_or_default()).unwrap_or_default();
    let (first, second) = (line(), line());
    match first.strip_prefix("format = ").and_then(canonical_number) {
        Some(1) => {
            requirements(second, first.len() + 1)?;
            algorithm::check(bytes)
        }
        Some(found) => Err(Cause::FormatNumber { found }.at(0)),
        None => Ok(()),
    }
}

fn canonical_number(text: &str) -> Option<u64> {
    let number = text.parse().ok().filter(|number: &u64| *number <= MAX_INTEGER);
    number.filter(|number| number.to_string() == text)
}

fn requirements(line: &str, at: usize) -> Result<(), Fault> {
    let Some(list) = line.strip_prefix("requires = [\"").and_then(|l| l.strip_suffix("\"]")) else {
        return Ok(());
    };
    let listed = || list.split("\", \"");
    if line == CLOSED {
        return Ok(());
    }
    // Anything else is no requirement, and refused as a malformed header.
    if listed().any(|text| Name::new(text).is_err()) {
        return Ok(());
    }
    let unknown = listed().filter(|name| *name != SEGMENTS).take(MAX_NAMED).map(str::to_owned);
    let unknown: Vec<String> = unknown.collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Cause::Requires { unknown }.at(at))
}

/// Parses the header; [`text`] has let through no format but 1 and no requirement that is not known. Also returns
/// whether the log is closed up to some entry.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<(Header, bool), Fault> {
    exactly(cursor, FORMAT)?;
    let is_closed = cursor.is_at_line(CLOSED);
    exactly(cursor, if is_closed { CLOSED } else { WHOLE })?;
    let suite = header_key(cursor, "suite")?;
    if suite.text != SUITE {
        return Err(Cause::SuiteUnknown.at(suite.at));
    }
    let vault = header_key(cursor, "vault")?.id()?;
    let name = header_key(cursor, "name")?;
    let name = Name::new(name.text).map_err(|_| Cause::Name.at(name.at))?;
    Ok((Header { suite: suite.text.to_owned(), vault, name }, is_closed))
}

fn exactly(cursor: &mut Cursor<'_>, expected: &'static str) -> Result<(), Fault> {
    let at = cursor.at();
    match cursor.line()? {
        Some(line) if line.text == expected => Ok(()),
        _ => Err(Cause::HeaderKey { expected }.at(at)),
    }
}

fn header_key<'a>(cursor: &mut Cursor<'a>, key: &'static str) -> Result<Piece<'a>, Fault> {
    if cursor.is_at_key(key) {
        cursor.quoted(key)
    } else {
        Err(Cause::HeaderKey { expected: key }.at(cursor.at()))
    }
}
