//! Reading the file line by line: keys with quoted values, blocks, and the bound on a line.

use super::bucket::Parted;
use super::error::{Cause, Fault};
use super::section::Section;
use super::{CIPHERTEXT_LINE, MAX_CIPHERTEXT_LINE, MAX_LINE};
use crate::crypto::bytes::{self, Blob, BytesError};
use crate::record::rule;
use memchr::memchr;
use std::str::FromStr;

/// A place in the text, always the beginning of a line.
#[derive(Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// What was found when it was last asked for: each header is looked at several times.
    ahead: Option<Ahead<'a>>,
}

/// The section that begins at a place.
#[derive(Clone, Copy)]
struct Ahead<'a> {
    at: usize,
    header: Piece<'a>,
    section: Section<'a>,
    end: usize,
}

/// A piece of the text and the byte it begins at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub at: usize,
    pub text: &'a str,
}

impl Piece<'_> {
    pub fn id<T: FromStr<Err = BytesError>>(&self) -> Result<T, Fault> {
        self.text.parse().map_err(|_| Cause::BytesSyntax.at(self.at))
    }

    pub fn blob(&self) -> Result<Blob, Fault> {
        bytes::decode(self.text).map(Blob).map_err(|_| Cause::BytesSyntax.at(self.at))
    }
}

/// A block that has been entered, and where.
pub(super) struct Block {
    key: &'static str,
    at: usize,
}

const BLOCK_MARK: &str = "'''";

impl<'a> Cursor<'a> {
    /// The text must be empty or end with LF.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, ahead: None }
    }

    /// The byte that the next line begins at.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes to a later line's beginning.
    pub(crate) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(crate) fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub fn text(&self) -> &'a str {
        self.text
    }

    /// What has been read since `start`.
    pub fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    /// The next line without its end; `None` at the end of the text.
    pub fn line(&mut self) -> Result<Option<Piece<'a>>, Fault> {
        let rest = &self.text[self.at..];
        let Some(length) = memchr(b'\n', rest.as_bytes()) else { return Ok(None) };
        let most = match rest.starts_with(CIPHERTEXT_LINE) {
            true => MAX_CIPHERTEXT_LINE,
            false => MAX_LINE,
        };
        if length > most {
            return Err(Cause::LineTooLong.at(self.at));
        }
        let line = Piece { at: self.at, text: &rest[..length] };
        self.at += length + 1;
        Ok(Some(line))
    }

    /// What follows `key = ` on the next line.
    fn assigned(&mut self, key: &'static str) -> Result<Piece<'a>, Fault> {
        let start = self.at;
        let unexpected = || Cause::KeyUnexpected { expected: key }.at(start);
        let line = self.line()?.ok_or_else(unexpected)?;
        let text = line.text.strip_prefix(key).and_then(|rest| rest.strip_prefix(" = "));
        text.map(|text| Piece { at: start, text }).ok_or_else(unexpected)
    }

    /// Goes past the next line, however long it is; `None` at the end of the text.
    pub(crate) fn pass_line(&mut self) -> Option<()> {
        self.at += memchr(b'\n', &self.text.as_bytes()[self.at..])? + 1;
        Some(())
    }

    /// The bytes up to where the block may end, for who makes room; none where no end is in sight.
    pub(crate) fn to_block_end(&self) -> usize {
        memchr(b'\'', &self.text.as_bytes()[self.at..]).unwrap_or(0)
    }

    /// Whether the next line is this one.
    pub(crate) fn is_at_line(&self, line: &str) -> bool {
        self.text[self.at..].strip_prefix(line).is_some_and(|rest| rest.starts_with('\n'))
    }

    /// Whether the next line assigns to `key`.
    pub(crate) fn is_at_key(&self, key: &str) -> bool {
        self.text[self.at..].strip_prefix(key).is_some_and(|rest| rest.starts_with(" = "))
    }

    /// `key = "VALUE"`.
    pub fn quoted(&mut self, key: &'static str) -> Result<Piece<'a>, Fault> {
        let value = self.assigned(key)?;
        match unquote(value.text) {
            Some(text) => Ok(Piece { text, ..value }),
            None => Err(Cause::ValueSyntax { key }.at(value.at)),
        }
    }

    /// `key = NUMBER`.
    pub fn integer(&mut self, key: &'static str) -> Result<u64, Fault> {
        let value = self.assigned(key)?;
        if !is_canonical_integer(value.text) {
            return Err(Cause::ValueSyntax { key }.at(value.at));
        }
        // What is written as a number and is none that fits is out of range too.
        let number = value.text.parse().unwrap_or(u64::MAX);
        rule::integer(key, number).map_err(|rule| Cause::Rule(rule).at(value.at))?;
        Ok(number)
    }

    /// Goes into the block that `key = '''` opens.
    pub fn block(&mut self, key: &'static str) -> Result<Block, Fault> {
        let value = self.assigned(key)?;
        if value.text == BLOCK_MARK {
            Ok(Block { key, at: value.at })
        } else {
            Err(Cause::ValueSyntax { key }.at(value.at))
        }
    }

    /// The next line of the block; `None` once, at its closing line. Lines are handed out one by
    /// one, so that a list of them grows only with what the caller has judged.
    pub(crate) fn block_line(&mut self, block: &Block) -> Result<Option<Piece<'a>>, Fault> {
        match self.line()? {
            None => Err(Cause::BlockOpen { key: block.key }.at(block.at)),
            Some(line) if line.text == BLOCK_MARK => Ok(None),
            line => Ok(line),
        }
    }

    /// The section that begins here, or a bucket, without going past its header; `None` at the end of
    /// the text.
    /// The place is that of the header's line.
    pub(crate) fn peek_section(&mut self) -> Result<Option<(usize, Section<'a>)>, Fault> {
        match self.ahead {
            Some(ahead) if ahead.at == self.at => {}
            _ => match self.look_ahead()? {
                None => return Ok(None),
                ahead => self.ahead = ahead,
            },
        }
        Ok(self.ahead.map(|ahead| (ahead.header.at, ahead.section)))
    }

    fn look_ahead(&self) -> Result<Option<Ahead<'a>>, Fault> {
        let mut cursor = Self { ahead: None, ..*self };
        let Some(blank) = cursor.line()? else { return Ok(None) };
        if let Some(bucket) = Parted::Secrets.of_line(blank.text) {
            let section = Section::Bucket(bucket);
            return Ok(Some(Ahead { at: self.at, header: blank, section, end: cursor.at }));
        }
        let line = cursor.line()?.filter(|_| blank.text.is_empty());
        let expected = || Cause::SectionExpected.at(blank.at);
        let line = line.ok_or_else(expected)?;
        let inner = line.text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let header = Piece { at: line.at, text: inner.ok_or_else(expected)? };
        let section = Section::parse(header)?;
        Ok(Some(Ahead { at: self.at, header, section, end: cursor.at }))
    }

    /// The section whose header a line is.
    pub(crate) fn section_of(&self, line: Piece<'a>) -> Result<Section<'a>, Fault> {
        let inner = line.text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let text = inner.ok_or_else(|| Cause::SectionExpected.at(line.at))?;
        Section::parse(Piece { text, ..line })
    }

    /// Goes past the header that [`Self::peek_section`] found.
    pub(crate) fn enter_section(&mut self) -> Result<(), Fault> {
        match self.ahead {
            Some(ahead) if ahead.at == self.at => self.at = ahead.end,
            _ => {
                self.line()?;
                self.line()?;
            }
        }
        Ok(())
    }
}

/// Decimal digits without a leading zero.
fn is_canonical_integer(text: &str) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0'))
}

/// The text between double quotes. Nothing that this format quotes needs an escape.
fn unquote(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let plain = |b: &u8| b.is_ascii_graphic() && *b != b'"' && *b != b'\\';
    // A ciphertext has megabytes: by pieces that are looked at as a whole, many bytes at a time.
    let is_plain = |piece: &[u8]| piece.iter().fold(true, |all, byte| all & plain(byte));
    inner.as_bytes().chunks(1024).all(is_plain).then_some(inner)
}
