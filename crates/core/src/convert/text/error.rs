//! Why a text cannot be imported or a dump cannot be exported.
//!
//! Import errors carry line numbers only: a line that does not parse may well be part of a value.
//! Export errors name the variable, quoted, and never its value.

use super::{MAX_ENTRIES, MAX_INPUT};
use crate::name::NameError;

/// Why a text cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("the input is larger than {MAX_INPUT} bytes")]
    TooLarge,
    #[error("the input has more than {MAX_ENTRIES} entries")]
    TooMany,
    #[error("line {line}: not UTF-8")]
    NotUtf8 { line: u32 },
    #[error("line {line}: a NUL byte, which no variable can hold")]
    Nul { line: u32 },
    #[error("line {line}: no valid name")]
    Name { line: u32, source: NameError },
    #[error("line {line}: the name is already at line {first}")]
    Duplicate { line: u32, first: u32 },
    /// Dotenv: a line that is neither blank nor a comment nor a binding.
    #[error("line {line}: no '=' after the name")]
    NoEquals { line: u32 },
    #[error("line {line}: the quote that begins here does not end")]
    UnterminatedQuote { line: u32 },
    #[error("line {line}: text after the closing quote")]
    AfterQuote { line: u32 },
    /// JSON and YAML: the text is not well formed.
    #[error("line {line}: {format} syntax")]
    Syntax { line: u32, format: &'static str },
    /// JSON and YAML: the whole is not one object (mapping).
    #[error("line {line}: not an object of names and values")]
    NotObject { line: u32 },
    #[error("line {line}: null is not a value; leave the name out or use \"\"")]
    Null { line: u32 },
    #[error("line {line}: an object as a value; only a flat list of names can be imported")]
    Nested { line: u32 },
    #[error("line {line}: a list as a value; only text, numbers and booleans can be imported")]
    List { line: u32 },
    /// YAML: an alias is refused where it stands, so that none is ever expanded.
    #[error("line {line}: an alias (*name); write the value out")]
    Alias { line: u32 },
    /// YAML: a tag other than `!!str`, `!!int`, `!!float` or `!!bool`.
    #[error("line {line}: a tag whose meaning is not known here")]
    Tag { line: u32 },
    #[error("line {line}: a second document; only one can be imported")]
    SecondDocument { line: u32 },
}

/// Why a dump cannot be exported in a format.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{name:?} is not a valid variable name")]
    Name { name: String, source: NameError },
    #[error("{name:?} is given more than once")]
    Duplicate { name: String },
    #[error("{name:?} is not a shell identifier ([A-Za-z_][A-Za-z0-9_]*)")]
    Identifier { name: String },
    #[error("the value of {name:?} has a NUL byte, which no variable can hold")]
    Nul { name: String },
    #[error("the value of {name:?} is not UTF-8, which this format cannot carry")]
    NotUtf8 { name: String },
    /// Dotenv: what parsers and a shell that sources the file would not read alike.
    #[error(
        "the value of {name:?} mixes quotes with other signs, or has a CR or backslashes, so that dotenv \
         cannot carry it: parsers would read something else, or a shell run a part of it"
    )]
    Quoting { name: String },
    /// Dotenv: in other quotes than single ones every parser may expand `${...}`.
    #[error(
        "the value of {name:?} has a ${{...}} reference beside a quote, which is expanded when it is read"
    )]
    Reference { name: String },
    /// GitHub Actions: the runner ignores or refuses these.
    #[error("{name:?} is reserved by GitHub Actions")]
    Reserved { name: String },
    /// GitHub Actions: a Windows runner takes the last CR for a part of the line end.
    #[error("the value of {name:?} ends with CR, which a GitHub runner may drop")]
    TrailingCr { name: String },
    /// GitHub Actions: no delimiter was found that the value does not have; the source of
    /// randomness repeats itself.
    #[error("no delimiter was found for the value of {name:?}")]
    Delimiter { name: String },
}
