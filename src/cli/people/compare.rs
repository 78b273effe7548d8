//! Comparing fingerprints: two people read the same words to each other, or one of them states the
//! words that the other sent.

use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use clap::Args;

#[derive(Debug, Clone, Args)]
pub(crate) struct CompareArgs {
    /// The fingerprint that the other side sees: it must be the same
    #[arg(long, value_name = "WORDS", conflicts_with = "yes")]
    fingerprint: Option<String>,

    /// Do not compare fingerprints
    #[arg(long)]
    yes: bool,
}

impl CompareArgs {
    /// Makes sure that one of `right` was compared: by the option, or by asking on a terminal.
    pub fn check(&self, context: &Context<'_>, right: &[String], question: &str) -> Outcome {
        if self.yes {
            return Ok(());
        }
        if self.fingerprint.is_some() {
            return self.check_stated(right);
        }
        if !context.interactive() {
            return Err(Failure::new(
                Code::NotConfirmed,
                "the fingerprint was not compared with the other side",
            )
            .hint("--fingerprint WORDS, as the other side sees them")
            .hint("--yes, if it came by a way that nobody else can write to"));
        }
        let agreed = context.ui.confirm(question, false)?;
        if agreed {
            return Ok(());
        }
        Err(Failure::new(Code::Declined, "not confirmed: nothing was changed"))
    }

    /// The same where there is nothing to ask about: words that are stated are compared all the same.
    pub fn check_stated(&self, right: &[String]) -> Outcome {
        match &self.fingerprint {
            Some(given) if !right.iter().any(|words| same(given, words)) => Err(other()),
            _ => Ok(()),
        }
    }
}

/// Whether two fingerprints are the same words, however they are joined.
fn same(given: &str, words: &str) -> bool {
    fn split(text: &str) -> impl Iterator<Item = String> {
        text.split(|c: char| c == '-' || c.is_whitespace())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
    }
    split(given).eq(split(words))
}

fn other() -> Failure {
    Failure::new(
        Code::Fingerprint,
        "the fingerprint does not match: what arrived is not what was sent, or the words belong to something else",
    )
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn words_count_and_not_how_they_are_joined() {
        assert!(same(" Zoo abandon\tability ", "zoo-abandon-ability"));
        assert!(!same("zoo abandon", "zoo-abandon-ability"));
        assert!(!same("", "zoo"));
    }
}
