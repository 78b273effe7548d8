//! Words for findings: who wrote an entry, and texts of others made safe to show.

use super::entry::Entry;
use super::op::Op;
use super::policy_view::PolicyView;
use crate::crypto::id::EntryId;
use std::fmt::Display;
use std::fmt::Write;

/// How many characters of an id are shown where a person reads it.
const SHORT: usize = 10;

/// The beginning of an id's text, enough to find it by.
pub fn short(id: &impl Display) -> String {
    let mut text = id.to_string();
    text.truncate(SHORT);
    text
}

/// `text` quoted, with every character escaped that could steer a terminal or reorder a line.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_hidden(c) => _ = write!(out, "\\u{{{:x}}}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a character is not seen, and can steer a terminal or reorder a line.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `entry ID by ACTOR (device DEVICE, "REASON")`.
pub fn entry(id: &EntryId, entry: &Entry, policy: &dyn PolicyView) -> String {
    let by = match policy.key(&entry.key) {
        Some(key) => format!("device {}", key.device),
        None => format!("unknown key {}", short(&entry.key)),
    };
    format!("entry {} by {} ({by}, {})", short(id), entry.actor, quoted(&entry.reason))
}

/// `'ACTION' on SECRET`.
pub fn op(op: &Op) -> String {
    let action = super::history::action(op);
    match op.secret() {
        Some(secret) => format!("'{action}' on {secret}"),
        None => format!("'{action}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped() {
        assert_eq!(quoted("a\u{1b}[2J\u{202e}\"b\\"), r#""a\u{1b}[2J\u{202e}\"b\\""#);
        assert_eq!(quoted("café"), "\"café\"");
    }
}
