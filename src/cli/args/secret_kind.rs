//! `--type`: the kinds of secret that there are to write.

use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap_complete::engine::CompletionCandidate;
use std::ffi::OsStr;
use v_secure_core::secret::kind::SecretKind;
use v_secure_core::secret::similar;

/// Takes any text and lists the kinds, in help and for completion. clap's own refusal repeats the word,
/// which on the line of `set` may be a value.
#[derive(Debug, Clone)]
pub(crate) struct Listed;

impl TypedValueParser for Listed {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(SecretKind::ALL.into_iter().map(|kind| PossibleValue::new(kind.as_str()))))
    }
}

/// The kind that is to be written.
pub fn parse(text: &str) -> Outcome<SecretKind> {
    text.parse().map_err(|error| {
        let near = similar::nearest(text, SecretKind::ALL.map(SecretKind::as_str));
        let near = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        Failure::new(Code::BadType, format!("{error}{near}"))
    })
}

/// Kinds, where one is looked for.
pub fn complete(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(prefix) = current.to_str() else { return Vec::new() };
    let kinds = SecretKind::ALL.into_iter().map(SecretKind::as_str);
    kinds.filter(|kind| kind.starts_with(prefix)).map(CompletionCandidate::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_lists_every_kind() {
        let list = SecretKind::ALL.map(SecretKind::as_str).join(", ");
        assert_eq!(Code::BadType.next(), Some(format!("types are {list}").as_str()));
    }
}
