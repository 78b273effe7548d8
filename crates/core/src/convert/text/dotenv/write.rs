//! Bindings to lines that Node's dotenv, python-dotenv, this crate's reader and a shell's `.` all read
//! as the same. People source `.env` files: what a shell would run must not be written for anybody.

use crate::convert::text::{Dump, ExportError, check_names, check_no_nul, exact, text_of};
use crate::secret_value::SecretValue;

/// One `NAME=value` a variable, in the order given.
///
/// # Errors
/// Names the first variable that the format cannot carry: an unusable or repeated name; NUL; not
/// UTF-8; a `${...}` beside a single quote; quotes, backslashes, dollars, backticks or CR in a
/// combination that no form carries.
pub fn write(dump: &Dump) -> Result<SecretValue, ExportError> {
    check_names(dump)?;
    let lines = dump
        .iter()
        .map(|&(name, value)| line(name, value))
        .collect::<Result<Vec<_>, ExportError>>()?;
    Ok(exact(|put| lines.iter().for_each(|line| line.put(put))))
}

struct Line<'a> {
    name: &'a str,
    text: &'a str,
    form: Form,
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Bare,
    Single,
    Double,
}

fn line<'a>(name: &'a str, value: &'a SecretValue) -> Result<Line<'a>, ExportError> {
    check_no_nul(name, value)?;
    let text = text_of(name, value)?;
    match form(text) {
        Some(form) => Ok(Line { name, text, form }),
        // Single quotes would carry it, and python-dotenv alone expand it, which the caller says.
        None if is_expanded(text) => Err(ExportError::Reference { name: name.to_owned() }),
        None => Err(ExportError::Quoting { name: name.to_owned() }),
    }
}

/// The names of a dump whose values python-dotenv reads otherwise than they are, unless it is told not to.
pub fn expanded<'a>(dump: &Dump<'a>) -> Vec<&'a str> {
    let values = dump.iter().filter(|(_, value)| value.expose_str().is_some_and(is_expanded));
    values.map(|(name, _)| *name).collect()
}

/// Whether python-dotenv finds a reference: `${`, a name without `:` (it may be empty), perhaps
/// `:-` and a default, `}`. It looks into every kind of quotes and has no escape for it.
fn is_expanded(text: &str) -> bool {
    // A `}` closes every reference open before it, so each stretch up to one is looked at alone:
    // its references are those whose next colon is none or is followed by '-'.
    let Some((closed, _)) = text.rsplit_once('}') else { return false };
    closed.split('}').any(|stretch| {
        let mut parts = stretch.split(':').peekable();
        std::iter::from_fn(|| Some((parts.next()?, parts.peek().copied())))
            .any(|(part, next)| part.contains("${") && next.is_none_or(|n| n.starts_with('-')))
    })
}

fn form(text: &str) -> Option<Form> {
    [
        (Form::Bare, is_plain as fn(&str) -> bool),
        (Form::Single, fits_single),
        (Form::Double, fits_double),
    ]
    .into_iter()
    .find_map(|(form, fits)| fits(text).then_some(form))
}

/// What no parser, shell included, gives a meaning to.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./:@%+,=".contains(&b))
}

/// Python decodes `\\` and `\'`, Node neither; CR does not survive outside an escape.
fn fits_single(text: &str) -> bool {
    !text.contains(['\'', '\r']) && !text.contains("\\\\") && !text.ends_with('\\')
}

/// Node decodes `\n` and `\r` alone and keeps `\"`; Python decodes more. A shell runs `$(…)` and what is
/// in backticks, and takes a backslash before a line end for none of either.
fn fits_double(text: &str) -> bool {
    let bytes = text.as_bytes();
    let taken = |at: usize| bytes.get(at + 1).is_none_or(|next| b"\\'abfnrtv\n".contains(next));
    !text.contains(['"', '$', '`', '\r']) && !memchr::memchr_iter(b'\\', bytes).any(taken)
}

impl Line<'_> {
    fn put(&self, put: &mut dyn FnMut(&[u8])) {
        let quote: &[u8] = match self.form {
            Form::Bare => b"",
            Form::Single => b"'",
            Form::Double => b"\"",
        };
        put(self.name.as_bytes());
        put(b"=");
        put(quote);
        put(self.text.as_bytes());
        put(quote);
        put(b"\n");
    }
}
