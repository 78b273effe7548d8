//! Texts of others in Markdown. What members wrote into a vault is shown to people who decide, by a program
//! that makes links, images, mentions and headings of text: so all of it stands in code spans, where a forge
//! does none of that.
//!
//! Escaping each sign would not do: a forge looks for mentions, numbers of issues and addresses in what an
//! escape has become.

use crate::record::text::escape_for_display;

/// The most characters of a text that are shown: a reason may have a thousand.
const SHOWN: usize = 200;

/// A text as code, on one line.
pub(super) fn code(text: &str) -> String {
    let shown = escape_for_display(text);
    let mut shown: String = match shown.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &shown[..end]),
        None => shown.into_owned(),
    };
    // A span of spaces alone keeps them all, and one of nothing is none.
    if shown.trim().is_empty() {
        shown = "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&shown) + 1);
    // One space at each end is not part of the span.
    format!("{fence} {shown} {fence}")
}

/// A fence ends at as many backticks as it began with, no matter what is before them.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}
