//! GitHub Actions: what to append to the file `$GITHUB_ENV`, and the commands that mask values in
//! the job's log.
//!
//! Each variable is `NAME<<DELIMITER`, the value, `DELIMITER` (GitHub's "multiline strings"), with
//! a fresh random delimiter, so that no value can end itself and set another variable. Masks are
//! workflow commands for standard output and go out *before* anything can print a value.

use super::{Dump, ExportError, check_identifier, check_names, check_no_nul, exact, text_of};
use crate::host::{self, Random};
use crate::secret_value::SecretValue;
use std::fmt::Write;

/// Delimiters tried before giving up: a second would take 2⁻¹²⁸ chance or a hostile source.
const ATTEMPTS: usize = 4;

/// The two outputs, both of which hold secrets.
#[derive(Debug)]
pub struct GithubExport {
    /// To append to the file that `$GITHUB_ENV` names.
    pub file: SecretValue,
    /// `::add-mask::` lines, to print to standard output first.
    pub masks: SecretValue,
}

/// Both outputs, in the order given.
///
/// # Errors
/// Names the first variable that is repeated, no identifier, or reserved by GitHub (`GITHUB_*`,
/// `RUNNER_*`, `NODE_OPTIONS`, in any case of letters), or whose value has a NUL byte, is not
/// UTF-8, or ends with CR.
pub fn write(dump: &Dump, random: &(impl Random + ?Sized)) -> Result<GithubExport, ExportError> {
    check_names(dump)?;
    let variables = dump
        .iter()
        .map(|&(name, value)| Variable::new(name, value, random))
        .collect::<Result<Vec<_>, ExportError>>()?;
    Ok(GithubExport {
        file: exact(|put| variables.iter().for_each(|v| v.put_binding(put))),
        masks: exact(|put| variables.iter().for_each(|v| put_masks(v.text, put))),
    })
}

struct Variable<'a> {
    name: &'a str,
    text: &'a str,
    delimiter: String,
}

impl<'a> Variable<'a> {
    fn new(
        name: &'a str,
        value: &'a SecretValue,
        random: &(impl Random + ?Sized),
    ) -> Result<Self, ExportError> {
        check_identifier(name)?;
        if is_reserved(name) {
            return Err(ExportError::Reserved { name: name.to_owned() });
        }
        check_no_nul(name, value)?;
        let text = text_of(name, value)?;
        if text.ends_with('\r') {
            return Err(ExportError::TrailingCr { name: name.to_owned() });
        }
        let delimiter = (0..ATTEMPTS)
            .map(|_| delimiter(random))
            .find(|delimiter| !text.contains(delimiter.as_str()))
            .ok_or_else(|| ExportError::Delimiter { name: name.to_owned() })?;
        Ok(Self { name, text, delimiter })
    }

    fn put_binding(&self, put: &mut dyn FnMut(&[u8])) {
        for part in [self.name, "<<", &self.delimiter, "\n", self.text, "\n", &self.delimiter, "\n"]
        {
            put(part.as_bytes());
        }
    }
}

fn delimiter(random: &(impl Random + ?Sized)) -> String {
    let mut text = String::from("v_secure_");
    for byte in host::random::<16>(random) {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn is_reserved(name: &str) -> bool {
    // The runner compares names without case, since a Windows environment has none.
    let name = name.to_ascii_uppercase();
    name.starts_with("GITHUB_") || name.starts_with("RUNNER_") || name == "NODE_OPTIONS"
}

/// What has fewer characters is no mask: it would blot out every such letter of the log, and hides nothing
/// that is not guessed at once.
const MIN_MASK: usize = 3;

/// Whether a value shows in the log, since it has no line that is masked.
pub(crate) fn is_unmasked(value: &SecretValue) -> bool {
    let masked = |text: &str| masked_lines(text).next().is_some();
    !value.is_empty() && !value.expose_str().is_some_and(masked)
}

/// Whether a value of several lines has some that show, beside masked ones.
pub(crate) fn is_masked_in_part(value: &SecretValue) -> bool {
    let shows = |line: &str| !is_mask(line) && line.chars().any(char::is_alphanumeric);
    !is_unmasked(value) && value.expose_str().is_some_and(|text| lines(text).any(shows))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r'])
}

fn is_mask(line: &str) -> bool {
    line.trim().chars().nth(MIN_MASK - 1).is_some()
}

fn masked_lines(text: &str) -> impl Iterator<Item = &str> {
    lines(text).filter(|line| is_mask(line))
}

/// One mask a line of the value: the log is masked line by line, and a mask is one line itself.
fn put_masks(text: &str, put: &mut dyn FnMut(&[u8])) {
    for line in masked_lines(text) {
        put(b"::add-mask::");
        for (index, part) in line.split('%').enumerate() {
            if index > 0 {
                put(b"%25");
            }
            put(part.as_bytes());
        }
        put(b"\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Gives 0, 1, 2 ...: each delimiter is another.
    struct Counter(Cell<u8>);
    impl Random for Counter {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.replace(self.0.get().wrapping_add(1)));
        }
    }

    fn export(name: &str, value: &str) -> Result<GithubExport, ExportError> {
        write(&[(name, &SecretValue::from(value.to_owned()))], &Counter(Cell::new(0)))
    }

    const FIRST: &str = "v_secure_000102030405060708090a0b0c0d0e0f";
    const SECOND: &str = "v_secure_101112131415161718191a1b1c1d1e1f";

    #[test]
    fn the_value_stands_between_two_delimiters() {
        let out = export("KEY", "a\n\nb\n").unwrap();
        let expected = format!("KEY<<{FIRST}\na\n\nb\n\n{FIRST}\n");
        assert_eq!(out.file.expose_str(), Some(expected.as_str()));
    }

    #[test]
    fn a_delimiter_that_the_value_has_is_not_used() {
        let out = export("KEY", &format!("x\n{FIRST}\nPATH=/evil")).unwrap();
        assert!(out.file.expose_str().unwrap().starts_with(&format!("KEY<<{SECOND}\n")));
    }

    #[test]
    fn a_source_that_repeats_itself_is_an_error_and_not_a_loop() {
        struct Zero;
        impl Random for Zero {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(0);
            }
        }
        let value = SecretValue::from(format!("v_secure_{}", "0".repeat(32)));
        let error = write(&[("KEY", &value)], &Zero).unwrap_err();
        assert!(matches!(error, ExportError::Delimiter { .. }));
    }

    #[test]
    fn every_line_is_masked_and_percent_is_escaped() {
        let out = export("KEY", "a%0A::x\r\n\n  \n50%\rend").unwrap();
        let expected = "::add-mask::a%250A::x\n::add-mask::50%25\n::add-mask::end\n";
        assert_eq!(out.masks.expose_str(), Some(expected));
    }

    #[test]
    fn a_letter_is_no_mask() {
        let masks = |value| export("KEY", value).unwrap().masks;
        for short in ["1", "{", "no", " x \n", "[\n1\n]"] {
            assert_eq!(masks(short).expose_str(), Some(""), "{short:?}");
            assert!(is_unmasked(&SecretValue::from(short.to_owned())));
        }
        assert_eq!(masks("{\n  pin: 1\n}").expose_str(), Some("::add-mask::  pin: 1\n"));
        assert!(!is_unmasked(&SecretValue::from("{\nyes\n}".to_owned())));
        let in_part = |text: &str| is_masked_in_part(&SecretValue::from(text.to_owned()));
        assert!(in_part("user\n12\n") && in_part("no\r\nlonger"));
        for whole in ["{\nyes\n}", "12", "a\nb", "user\n\nlonger", "one line", ""] {
            assert!(!in_part(whole), "{whole:?}");
        }
        assert!(!is_unmasked(&SecretValue::from(String::new())));
    }

    #[test]
    fn names_that_github_keeps_for_itself_are_refused() {
        for bad in ["GITHUB_TOKEN", "RUNNER_OS", "NODE_OPTIONS", "node_options", "Github_x"] {
            assert!(matches!(export(bad, "x"), Err(ExportError::Reserved { .. })), "{bad:?}");
        }
        assert!(export("MY_GITHUB_TOKEN", "x").is_ok());
    }

    #[test]
    fn what_the_file_cannot_carry_is_refused() {
        assert!(matches!(export("A", "x\0"), Err(ExportError::Nul { .. })));
        assert!(matches!(export("A", "x\r"), Err(ExportError::TrailingCr { .. })));
        assert!(matches!(export("A-B", "x"), Err(ExportError::Identifier { .. })));
        let bytes = SecretValue::new(vec![0xff]);
        let error = write(&[("A", &bytes)], &Counter(Cell::new(0))).unwrap_err();
        assert!(matches!(error, ExportError::NotUtf8 { .. }));
    }
}
