//! The forms in which a value stands in a file. What indenting, wrapping, escaping and encoding do to a text is
//! undone on both sides, so that one comparison is enough for all of them.

use std::ops::Range;

/// How a value stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Plain,
    /// As in a URL.
    Percent,
    Base64,
}

/// A text to look for values in, and where its bytes come from.
pub(super) struct Stream<'a> {
    pub text: &'a [u8],
    pub form: Form,
    origin: &'a dyn Fn(usize) -> usize,
}

impl Stream<'_> {
    /// The place in the file of a byte of the text.
    pub fn origin(&self, at: usize) -> usize {
        (self.origin)(at)
    }
}

/// Every text that a file holds in one form or another.
pub(super) fn each(file: &[u8], visit: &mut dyn FnMut(&Stream<'_>)) {
    texts_of(file, Form::Plain, &|at| at, visit);
    if has_percent(file) {
        let mut decoded = Vec::with_capacity(file.len());
        percent(file, &mut decoded);
        texts_of(&decoded, Form::Percent, &|at| origin(at, |sink| percent(file, sink)), visit);
    }
}

fn texts_of(
    bytes: &[u8],
    form: Form,
    before: &dyn Fn(usize) -> usize,
    visit: &mut dyn FnMut(&Stream<'_>),
) {
    let mut text = Vec::with_capacity(bytes.len());
    bare(bytes, &mut text);
    let own = |at| before(origin(at, |sink| bare(bytes, sink)));
    visit(&Stream { text: &text, form, origin: &own });
    texts_in_base64(bytes, before, visit);
}

/// What the runs of base64 digits decode to, from each digit that a group may begin with: a value may stand
/// behind others in what was encoded, and a run behind letters that are none of it.
fn texts_in_base64(
    bytes: &[u8],
    before: &dyn Fn(usize) -> usize,
    visit: &mut dyn FnMut(&Stream<'_>),
) {
    let (mut joined, mut decoded, mut text) = (Vec::with_capacity(bytes.len()), vec![], vec![]);
    unbroken(bytes, &mut joined);
    for run in runs(&joined) {
        for start in (run.start..run.end).take(GROUP) {
            let digits = &joined[start..run.end];
            decoded.clear();
            decode(digits, &mut decoded);
            text.clear();
            bare(&decoded, &mut text);
            let own = |at| {
                let byte = origin(at, |sink| bare(&decoded, sink));
                let digit = origin(byte, |sink| decode(digits, sink));
                before(origin(start + digit, |sink| unbroken(bytes, sink)))
            };
            visit(&Stream { text: &text, form: Form::Base64, origin: &own });
        }
    }
}

/// Takes what a text becomes, byte by byte, with where each comes from.
pub(super) trait Sink {
    fn take(&mut self, origin: usize, byte: u8);
}

impl Sink for Vec<u8> {
    fn take(&mut self, _: usize, byte: u8) {
        self.push(byte);
    }
}

/// Where one byte comes from. Asked again for each hit: a table of all would cost more than the file.
struct Nth {
    left: usize,
    origin: usize,
}

impl Sink for Nth {
    fn take(&mut self, origin: usize, _: u8) {
        if let Some(left) = self.left.checked_sub(1) {
            (self.left, self.origin) = (left, origin);
        }
    }
}

fn origin(at: usize, make: impl FnOnce(&mut Nth)) -> usize {
    let mut nth = Nth { left: at + 1, origin: 0 };
    make(&mut nth);
    nth.origin
}

/// What is left of a text without what files add to it: white space and line ends, the zeros of UTF-16, the
/// backslashes of strings in code, and `+`, which stands for a space in forms.
pub(super) fn bare<S: Sink>(bytes: &[u8], sink: &mut S) {
    without_breaks(bytes, sink, |byte| byte == b'+');
}

/// The same with `+`, which is a digit of base64.
fn unbroken<S: Sink>(bytes: &[u8], sink: &mut S) {
    without_breaks(bytes, sink, |_| false);
}

fn without_breaks<S: Sink>(bytes: &[u8], sink: &mut S, left_out: impl Fn(u8) -> bool) {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b' ' | b'\t'..=b'\r' | 0 => {}
            b'\\' => {
                let is_break = matches!(bytes.get(at), Some(b'n' | b'r' | b't'));
                at += usize::from(is_break);
            }
            _ if left_out(byte) => {}
            _ => sink.take(at - 1, byte),
        }
    }
}

fn has_percent(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'%', bytes).any(|at| escaped(bytes, at).is_some())
}

/// The byte that an escape stands for: `%` and two digits.
fn escaped(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    u8::try_from(digit(at + 1)? << 4 | digit(at + 2)?).ok()
}

fn percent<S: Sink>(bytes: &[u8], sink: &mut S) {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let decoded = if byte == b'%' { escaped(bytes, at) } else { None };
        sink.take(at, decoded.unwrap_or(byte));
        at += if decoded.is_some() { 3 } else { 1 };
    }
}

/// Digits of which each is six bits.
const GROUP: usize = 4;
/// The fewest digits of a run: those of the shortest value.
const RUN: usize = super::SHORTEST * GROUP / 3;
const NO_DIGIT: u8 = u8::MAX;

/// What each byte is worth in base64, of either alphabet.
static DIGITS: [u8; 256] = digits();

const fn digits() -> [u8; 256] {
    let mut table = [NO_DIGIT; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut at, mut worth) = (0, 0);
    while at < alphabet.len() {
        table[alphabet[at] as usize] = worth;
        (at, worth) = (at + 1, worth + 1);
    }
    table[b'-' as usize] = table[b'+' as usize];
    table[b'_' as usize] = table[b'/' as usize];
    table
}

fn worth(digit: u8) -> u8 {
    DIGITS[usize::from(digit)]
}

fn runs(joined: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    let found = joined.split(|byte| worth(*byte) == NO_DIGIT).map(move |run| {
        let start = at;
        at += run.len() + 1;
        start..start + run.len()
    });
    found.filter(|run| run.len() >= RUN)
}

fn decode<S: Sink>(digits: &[u8], sink: &mut S) {
    let (mut bits, mut held) = (0_u16, 0);
    for (at, digit) in digits.iter().enumerate() {
        bits = bits << 6 | u16::from(worth(*digit));
        held += 6;
        if held >= 8 {
            held -= 8;
            let [_, byte] = (bits >> held).to_be_bytes();
            sink.take(at, byte);
            bits &= (1 << held) - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    const VALUE: &[u8] = b"k\xf3/9a+Z q\nW4-tail?>~~~end";

    /// The forms in which a file holds the value, with the places where they begin.
    fn found(file: &[u8]) -> Vec<(Form, usize)> {
        let mut value = Vec::new();
        bare(VALUE, &mut value);
        let mut found = Vec::new();
        each(file, &mut |stream| {
            let at = memchr::memmem::find(stream.text, &value);
            found.extend(at.map(|at| (stream.form, stream.origin(at))));
        });
        found
    }

    #[test]
    fn a_value_is_found_as_it_is_and_as_files_write_it() {
        let file = |text: &[u8]| [b"key: ", text, b"\n"].concat();
        assert_eq!(found(&file(VALUE)), [(Form::Plain, 5)]);
        assert_eq!(found(&file(b"k\xf3/9a+Z q\r\n    W4-tail?>~~~end")), [(Form::Plain, 5)]);
        assert_eq!(found(&file(b"k\xf3\\/9a+Z q\\nW4-tail?>~~~end")), [(Form::Plain, 5)]);
        let wide: Vec<u8> = VALUE.iter().flat_map(|byte| [*byte, 0]).collect();
        assert_eq!(found(&wide), [(Form::Plain, 0)]);
        assert_eq!(found(&file(&VALUE[1..])), []);
    }

    #[test]
    fn a_value_in_a_url_is_found() {
        let whole: String = VALUE.iter().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(found(format!("?q={whole}").as_bytes()), [(Form::Percent, 3)]);
        let form = b"?q=k%F3%2F9a%2BZ+q%0AW4-tail%3F%3E~~~end&x";
        assert_eq!(found(form), [(Form::Percent, 3)]);
    }

    #[test]
    fn a_value_in_base64_is_found_wherever_it_stands_in_what_was_encoded() {
        for before in ["", "u", "us", "use", "user"] {
            for after in ["", "!", "!!"] {
                let whole = [before.as_bytes(), VALUE, after.as_bytes()].concat();
                let (standard, url) = (STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole));
                for encoded in [&standard, standard.trim_end_matches('='), &url] {
                    for file in
                        [format!("a: {encoded}\n"), format!("xyz{encoded}"), encoded.to_owned()]
                    {
                        let found = found(file.as_bytes());
                        assert_eq!(found.len(), 1, "{file}");
                        assert_eq!(found[0].0, Form::Base64, "{file}");
                    }
                }
                let wrapped = format!("{}\r\n  {}", &standard[..16], &standard[16..]);
                assert_eq!(found(wrapped.as_bytes()).len(), 1, "{wrapped}");
                let in_url = standard.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
                assert!(!found(in_url.as_bytes()).is_empty(), "{in_url}");
            }
        }
    }

    #[test]
    fn the_place_of_an_encoded_value_is_where_it_begins() {
        let file = format!("one\ntwo: {}\n", STANDARD.encode(VALUE));
        let [(Form::Base64, at)] = found(file.as_bytes())[..] else { panic!("{file}") };
        assert!((9..12).contains(&at), "{at}");
    }
}
