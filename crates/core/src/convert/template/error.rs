//! Why a text is no template. Places and rules, never the text itself: it may hold a value.

use super::{MAX_FILTERS, MAX_REFERENCES, MAX_TEMPLATE, TextPosition};
use crate::name::NameError;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {fault}", place.line, place.column)]
pub struct SyntaxError {
    pub place: TextPosition,
    pub fault: Fault,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the template has more than {MAX_TEMPLATE} bytes")]
    TooLarge,
    #[error("the template has more than {MAX_REFERENCES} references")]
    TooMany,
    #[error("the reference that begins here does not end with }}}} on its line")]
    Open,
    #[error("{0}")]
    Name(NameError),
    #[error("unknown filter: the filters are json, base64 and url")]
    Filter,
    #[error("a reference has at most {MAX_FILTERS} filters")]
    Filters,
    #[error("{{{{- is not known here: nothing is trimmed around a reference")]
    Trim,
}
