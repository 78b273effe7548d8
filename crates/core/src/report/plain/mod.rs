//! A vault's file as plain lines, which git compares in place of the file (`git textconv`): one fact a line, in
//! an order that the facts alone decide, and no value.
//!
//! Git asks for any version of the file, on any machine, for somebody who may have no key: so there is always
//! a text, it depends on the bytes alone, and it says of a file that does not verify that it does not. What
//! such a file states is shown as stated; who is a member or which value is current would follow from it, and
//! is not shown. The lines stand in under a heading, which git names above each piece of a difference.

mod stated;
#[cfg(test)]
mod tests;
mod verified;

use crate::file::format::Trust;
use crate::file::unmerged;
use crate::file::unmerged::Sides;
use crate::log::finding::Severity;
use crate::merge::blended;
use crate::record::text::escape_for_display;
use crate::report::view::cause::cause;
use crate::time::UnixTime;
use crate::vault::{Depth, OpenError, Vault};

/// Nothing that is shown depends on the clock, so that one file has one text.
const NOW: UnixTime = UnixTime::MIN;
/// So many errors of a file are named.
const NAMED: usize = 20;

/// The lines of a file, whatever it is.
pub fn text(bytes: &[u8]) -> String {
    let mut lines = Lines::default();
    match Vault::open(bytes, Trust::Strict, Depth::Everything, NOW) {
        Ok(vault) => verified::tell(&mut lines, &vault, "it verifies"),
        Err(error) => refused(&mut lines, bytes, &error),
    }
    lines.0
}

/// The text for a file that was not read, and why.
pub fn unread(why: &str) -> String {
    let mut lines = Lines::default();
    lines.heading("NOT A VAULT THAT CAN BE READ");
    lines.fact(why);
    lines.0
}

fn refused(lines: &mut Lines, bytes: &[u8], error: &OpenError) {
    let is_newer = matches!(error, OpenError::Format(error) if error.needs_newer());
    let text = std::str::from_utf8(bytes).ok().filter(|_| !is_newer);
    if let Some(blended) = text.filter(|text| blended::is_blended(text, NOW))
        && let Ok(merged) = blended::mended(blended, NOW)
    {
        let how = "git merged it as text; this is what 'v-secure git resolve' makes of it";
        return verified::tell(lines, &merged.vault, how);
    }
    match text.and_then(|text| blended::loose(text).ok()) {
        Some(file) => {
            lines.heading("DOES NOT VERIFY");
            reasons(error).iter().for_each(|reason| lines.fact(reason));
            stated::tell(lines, &file);
        }
        None => {
            lines.heading("NOT A VAULT THAT CAN BE READ");
            match unmerged::sides(bytes) {
                Some(Sides { ours, theirs, .. }) => {
                    lines.fact(&format!("an unfinished merge of '{ours}' and '{theirs}'"));
                }
                None => reasons(error).iter().for_each(|reason| lines.fact(reason)),
            }
        }
    }
}

fn reasons(error: &OpenError) -> Vec<String> {
    let findings = match error {
        OpenError::Findings(findings) => findings,
        // Its own words are those of its cause.
        OpenError::Format(source) => return vec![source.to_string()],
        other => return vec![cause(other)],
    };
    let errors = || findings.iter().filter(|finding| finding.severity == Severity::Error);
    let named = errors().take(NAMED);
    let mut reasons: Vec<String> =
        named.map(|finding| format!("{}: {}", finding.code.as_str(), finding.message)).collect();
    let more = errors().count().saturating_sub(NAMED);
    if more > 0 {
        reasons.push(format!("and {more} more"));
    }
    reasons
}

/// A text as it grows.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn heading(&mut self, text: &str) {
        self.line("", text);
    }

    fn fact(&mut self, text: &str) {
        self.line("  ", text);
    }

    /// On one line, whatever is in it, and nothing that acts on a terminal.
    fn line(&mut self, indent: &str, text: &str) {
        self.0.push_str(indent);
        self.0.push_str(&escape_for_display(text));
        self.0.push('\n');
    }
}
