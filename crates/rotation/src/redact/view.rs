//! A text as it is searched: decoded, and without what may stand between the characters of a value. Each byte knows
//! where it is from.

use std::ops::Range;
use v_secure_core::log::describe::is_hidden;
use zeroize::Zeroizing;

/// The most bytes that one escape takes: two of UTF-16.
const LONGEST_ESCAPE: usize = 12;

/// Bytes, and for each those of the text that it stands for.
pub(super) struct View {
    bytes: Zeroizing<Vec<u8>>,
    from: Vec<Range<usize>>,
}

impl View {
    /// The text in each way to read it.
    pub(super) fn all(text: &[u8]) -> [Self; 4] {
        let once = Self::of(text).decoded(escape);
        [
            Self::plain(text),
            Self::percent_decoded(text),
            Self::of(text).decoded(escape).squeezed(),
            // JSON that a message in JSON quotes.
            once.decoded(escape).squeezed(),
        ]
    }

    pub(super) fn plain(text: &[u8]) -> Self {
        Self::of(text).squeezed()
    }

    pub(super) fn percent_decoded(text: &[u8]) -> Self {
        Self::of(text).decoded(percent).squeezed()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes)
    }

    /// Marks in the text what a part of the view stands for, and what stands in between.
    pub(super) fn mark(&self, part: Range<usize>, marks: &mut [bool]) {
        let (Some(first), Some(last)) = (self.from.get(part.start), self.from.get(part.end - 1))
        else {
            return;
        };
        marks[first.start..last.end].fill(true);
    }

    fn of(text: &[u8]) -> Self {
        let mut view = Self::with_capacity(text.len());
        text.iter().enumerate().for_each(|(at, byte)| view.push(*byte, at..at + 1));
        view
    }

    /// As long as it can get: a vector that grows leaves what it held behind.
    fn with_capacity(length: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(length)), from: Vec::with_capacity(length) }
    }

    fn push(&mut self, byte: u8, from: Range<usize>) {
        self.bytes.push(byte);
        self.from.push(from);
    }

    /// What `escape` finds at the start of a text, as bytes and how many it took, in place of that.
    fn decoded(&self, escape: impl Fn(&[u8]) -> Option<(Decoded, usize)>) -> Self {
        let mut view = Self::with_capacity(self.bytes.len());
        let mut at = 0;
        while at < self.bytes.len() {
            let (bytes, taken) =
                escape(&self.bytes[at..]).unwrap_or((Decoded::byte(self.bytes[at]), 1));
            let from = self.from[at].start..self.from[at + taken - 1].end;
            bytes.as_bytes().iter().for_each(|byte| view.push(*byte, from.clone()));
            at += taken;
        }
        view
    }

    /// Without spaces, line breaks, control characters and what nobody sees.
    fn squeezed(&self) -> Self {
        let mut view = Self::with_capacity(self.bytes.len());
        let mut at = 0;
        for chunk in self.bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                let end = at + c.len_utf8();
                if !c.is_whitespace() && !is_hidden(c) {
                    (at..end).for_each(|at| view.push(self.bytes[at], self.from[at].clone()));
                }
                at = end;
            }
            for byte in chunk.invalid() {
                view.push(*byte, self.from[at].clone());
                at += 1;
            }
        }
        view
    }
}

/// What an escape stands for: at most one character.
struct Decoded([u8; 4], usize);

impl Decoded {
    fn byte(byte: u8) -> Self {
        Self([byte, 0, 0, 0], 1)
    }

    fn character(c: char) -> Self {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        Self(bytes, length)
    }

    fn as_bytes(&self) -> &[u8] {
        &self.0[..self.1]
    }
}

fn digits(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    // A sign is no digit.
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

/// `%41`.
fn percent(text: &[u8]) -> Option<(Decoded, usize)> {
    let text = text.strip_prefix(b"%")?;
    let byte = u8::try_from(digits(text.get(..2)?)?).ok()?;
    Some((Decoded::byte(byte), 3))
}

/// `\n`, `\"`, `\x41`, `\u0041`, `\ud83d\ude00`, `\u{41}`.
fn escape(text: &[u8]) -> Option<(Decoded, usize)> {
    let behind = text.strip_prefix(b"\\")?;
    let byte = match behind.first()? {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        byte @ (b'"' | b'\\' | b'/' | b'\'') => *byte,
        b'x' => {
            let byte = u8::try_from(digits(behind.get(1..3)?)?).ok()?;
            return Some((Decoded::byte(byte), 4));
        }
        b'u' => return unicode(behind.get(1..)?),
        _ => return None,
    };
    Some((Decoded::byte(byte), 2))
}

/// Behind `\u`.
fn unicode(text: &[u8]) -> Option<(Decoded, usize)> {
    if let Some(inner) = text.strip_prefix(b"{") {
        let length = inner.iter().take(7).position(|byte| *byte == b'}')?;
        let c = char::from_u32(digits(&inner[..length])?)?;
        return Some((Decoded::character(c), length + 4));
    }
    let first = digits(text.get(..4)?)?;
    if let Some(c) = char::from_u32(first) {
        return Some((Decoded::character(c), 6));
    }
    let second = digits(text.get(4..)?.strip_prefix(b"\\u")?.get(..4)?)?;
    let both = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let c = char::decode_utf16(both).next()?.ok()?;
    Some((Decoded::character(c), LONGEST_ESCAPE))
}

/// A text that was cut, without the escape that it may have been cut in.
pub(super) fn without_open_escape(text: &[u8]) -> &[u8] {
    let near = text.len().saturating_sub(LONGEST_ESCAPE);
    let opens = |byte: &u8| matches!(byte, b'%' | b'\\');
    match text[near..].iter().position(opens) {
        Some(at) => &text[..near + at],
        None => text,
    }
}
