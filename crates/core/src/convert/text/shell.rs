//! Lines that POSIX `sh` and bash `eval`: `export NAME='value'`.
//!
//! Between single quotes nothing has a meaning but the single quote, so that any bytes but NUL
//! pass, and no value can end its quotes. fish and csh quote differently and are not served.

use super::{Dump, ExportError, check_identifier, check_names, check_no_nul, exact};
use crate::secret_value::SecretValue;

/// One `export` a variable, in the order given.
///
/// # Errors
/// Names the first variable that is no identifier, is repeated, or has a NUL byte.
pub fn write(dump: &Dump) -> Result<SecretValue, ExportError> {
    check_names(dump)?;
    for &(name, value) in dump {
        check_identifier(name)?;
        check_no_nul(name, value)?;
    }
    Ok(exact(|put| {
        for &(name, value) in dump {
            put(b"export ");
            put(name.as_bytes());
            put(b"='");
            for (index, part) in value.expose().split(|&b| b == b'\'').enumerate() {
                if index > 0 {
                    put(b"'\\''");
                }
                put(part);
            }
            put(b"'\n");
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, value: &[u8]) -> Result<Vec<u8>, ExportError> {
        write(&[(name, &SecretValue::new(value.to_vec()))]).map(|out| out.expose().to_vec())
    }

    #[test]
    fn a_quote_in_the_value_cannot_end_it() {
        assert_eq!(written("A", b"it's").unwrap(), b"export A='it'\\''s'\n");
        assert_eq!(written("A", b"").unwrap(), b"export A=''\n");
    }

    #[test]
    fn bytes_that_are_no_text_pass() {
        assert_eq!(written("A", b"\xff\n$(x)").unwrap(), b"export A='\xff\n$(x)'\n");
    }

    #[test]
    fn nul_and_names_that_are_no_identifiers_are_refused() {
        assert!(matches!(written("A", b"a\0b"), Err(ExportError::Nul { .. })));
        for bad in ["A-B", "A.B", "1A"] {
            assert!(matches!(written(bad, b"x"), Err(ExportError::Identifier { .. })), "{bad:?}");
        }
        assert!(matches!(written("A;id", b"x"), Err(ExportError::Name { .. })));
    }
}
