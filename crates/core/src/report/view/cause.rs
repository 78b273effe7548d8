//! An error's causes as texts, for what names one beside its facts.

use std::error::Error;

/// The texts of what an error comes from, nearest first.
pub fn causes(error: &dyn Error) -> Vec<String> {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts
}

/// An error's own words and those of its causes, on one line.
pub fn cause(error: &dyn Error) -> String {
    std::iter::once(error.to_string()).chain(causes(error)).collect::<Vec<_>>().join(": ")
}
