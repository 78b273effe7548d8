//! Names and texts in SQL, where a statement takes no parameters.

/// A name as an identifier: case, spaces and quotes count.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text. Written so that it is the same whatever `standard_conforming_strings` is.
pub(super) fn literal(text: &str) -> String {
    format!(" E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a\"b\\"), "\"a\"\"b\\\"");
        assert_eq!(literal("a'b\\"), " E'a''b\\\\'");
    }
}
