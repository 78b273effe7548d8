//! Templates: any text with references to secrets, for `v-secure inject`.
//!
//! A reference is `{{ v-secure:NAME }}` or `{{ v-secure:ENVIRONMENT/NAME }}`, and may end with filters:
//! `| json`, `| base64`, `| url`. All other text stays byte for byte, other `{{ }}` (Helm, Jinja) too.
//! What begins as a reference must be one: a misspelt reference is an error and never text. A
//! backslash before it takes the meaning away (`docs/values.md`).
//!
//! Pure: [`Template::parse`] says which secrets are wanted and where; [`Template::render`] puts
//! values in. Nothing half-rendered leaves here.

mod error;
mod parse;
mod render;
mod target;

pub use error::{Fault, SyntaxError};
pub use render::RenderError;
pub use target::Target;

/// The most bytes a template may have (4 MiB).
pub const MAX_TEMPLATE: usize = 4 << 20;

/// The most references a template may have.
pub(crate) const MAX_REFERENCES: usize = 65_536;
/// The most filters of a reference: each makes the value longer by a third or more.
pub(crate) const MAX_FILTERS: usize = 8;

/// The most bytes a rendered template may have (64 MiB): a template can name a large value often.
pub(crate) const MAX_OUTPUT: usize = 64 << 20;

/// A place in a template, both counted from 1; a column is a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextPosition {
    pub line: usize,
    pub column: usize,
}

impl std::fmt::Display for TextPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What becomes of a value before it is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TemplateFilter {
    /// A JSON string with its quotes, which is a YAML one too.
    Json,
    /// Standard base64 with padding.
    Base64,
    /// Percent-encoded but for `A-Za-z0-9-._~`, for any component of a URL.
    Url,
}

impl TemplateFilter {
    pub const ALL: [Self; 3] = [Self::Json, Self::Base64, Self::Url];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Base64 => "base64",
            Self::Url => "url",
        }
    }
}

/// One reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub target: Target,
    /// In the order in which they are applied.
    pub filters: Vec<TemplateFilter>,
    pub place: TextPosition,
}

#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Text(&'a [u8]),
    /// An index into the references.
    Value(usize),
}

/// A template, read.
#[derive(Debug, PartialEq, Eq)]
pub struct Template<'a> {
    parts: Vec<Part<'a>>,
    references: Vec<Reference>,
}

impl Template<'_> {
    /// The references, in the order of the text.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }
}

#[cfg(test)]
mod tests;
