//! The dotenv format: what python-dotenv reads, plus backtick quotes, minus what is unclear.
//!
//! ```text
//! # comment
//! NAME=value            unquoted: ends at the line end or at white space and '#'; trimmed
//! export NAME = value   'export' and blanks around '=' are allowed
//! NAME='raw'            \\ and \' are escapes; may span lines
//! NAME="text"           \\ \' \" \a \b \f \n \r \t \v are escapes; may span lines
//! NAME=`text`           no escapes; may span lines
//! ```
//!
//! Input is UTF-8, at most [`MAX_INPUT`](super::MAX_INPUT) bytes, with or without a byte order
//! mark; CR LF and CR are read as LF everywhere, as both reference parsers do. Names fit
//! [`Name`](crate::name::Name). Values are data: nothing is expanded. A name bound twice keeps its
//! later value, with a warning.
//!
//! # Where Node's dotenv and python-dotenv differ
//!
//! Compared with Node's dotenv 18.0 (both of its parsers) and python-dotenv 1.2. What is decoded
//! otherwise by Node gets a warning; what either refuses or guesses at is an error.
//!
//! | text | Node | Python | here |
//! |---|---|---|---|
//! | `A=x#y` | `x` | `x#y` | `x#y`, warning |
//! | `A=#x` | empty | `#x` | `#x`, warning |
//! | `A="x\ty"`, `\\`, `\"`, `\a` ... | kept | decoded | decoded, warning |
//! | `A="x\ny"`, `\r` | decoded | decoded | decoded |
//! | `A='x\'y'`, `\\` | kept | decoded | decoded, warning |
//! | `` A=`x` `` | `x` | with the backticks | `x`, warning |
//! | `A=${B}` | kept | expanded unless `interpolate=False` | kept, warning |
//! | U+2028 or U+2029 unquoted | may end the line | kept | kept |
//! | U+001C..1F, U+0085 at an unquoted end; U+FEFF | kept; trimmed | trimmed; kept | as Python |
//! | `A=$B` | kept | kept | kept, warning (dotenv-expand, shells) |
//! | `A='x` with no closing quote | `'x` | line skipped | error |
//! | `` A=`x `` with no other backtick behind it | `` `x `` | `` `x `` | `` `x `` |
//! | `A='x'y` | `'x'y` | line skipped | error |
//! | `A: x` | `x` | name without a value | error |
//! | `A` | line skipped | name without a value | error |
//! | `'A'=x` | line skipped | `A` | error |
//! | `A-é=x` and other names | line skipped | taken | error |
//! | `export =x` | name `export` | line skipped | error |
//!
//! # Writing
//!
//! [`write()`] writes what Node's dotenv, python-dotenv (with its default interpolation), [`read`] and
//! a POSIX shell's `.` all read as the same bytes, in the first of these forms that does so: bare,
//! `'single'`, `"double"`. A value that none carries is an error. One with a `${...}` is written in single
//! quotes, where python-dotenv alone expands it (`interpolate=False` ends that): [`expanded`] names those.
//! Of the forms, `docker --env-file` reads only the bare ones alike, since it knows no quotes.

mod read;
mod value;
mod write;

pub use read::read;
pub use write::{expanded, write};

#[cfg(test)]
mod tests;
