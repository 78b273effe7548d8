//! Words of a provider, without the values that it was sent.
//!
//! A program that prints what it was given is found out by what it prints, in the spellings that programs have for
//! text: as it is, in Base64 at any place of a longer text, in hexadecimal digits, percent-encoded, escaped as JSON or a
//! debugger would, and with line breaks anywhere in it. What is turned round, hashed, cut or encoded otherwise is not
//! found (`docs/providers.md`).

mod forms;
#[cfg(test)]
mod tests;
mod view;

use memchr::memmem;
use v_secure_core::log::describe::is_hidden;
use v_secure_core::secret_value::SecretValue;
use view::View;

/// What stands where a value was.
const MARK: &str = "[value]";
/// How much of a provider's words is read.
pub(crate) const MOST_READ: usize = 4096;
/// How many characters of them are shown.
const MOST_SHOWN: usize = 1000;
/// A text that was cut may end within a value: from here on, what it ends with counts as one.
const SHORTEST_PART: usize = 3;

/// Takes values out of texts.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    forms: Vec<SecretValue>,
}

impl Redactor {
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a SecretValue>) -> Self {
        let mut redactor = Self::default();
        values.into_iter().for_each(|value| redactor.add(value));
        redactor
    }

    pub(crate) fn add(&mut self, value: &SecretValue) {
        forms::add(value.expose(), &mut self.forms);
    }

    /// The text as one line for people. `is_cut` says that it went on.
    pub(crate) fn line(&self, text: &[u8], is_cut: bool) -> String {
        let is_cut = is_cut || text.len() > MOST_READ;
        let text = &text[..text.len().min(MOST_READ)];
        let text = if is_cut { view::without_open_escape(text) } else { text };
        let mut is_value = vec![false; text.len()];
        for view in View::all(text) {
            self.mark(&view, is_cut, &mut is_value);
        }
        shown(text, &is_value)
    }

    fn mark(&self, view: &View, is_cut: bool, is_value: &mut [bool]) {
        for form in &self.forms {
            let (form, mut from) = (form.expose(), 0);
            // One after the other, also where they overlap.
            while let Some(at) = memmem::find(&view.bytes()[from..], form) {
                let start = from + at;
                view.mark(start..start + form.len(), is_value);
                from = start + 1;
            }
            if is_cut && let Some(start) = begun(view.bytes(), form) {
                view.mark(start..view.bytes().len(), is_value);
            }
        }
    }
}

/// Where the first part of a form is that the text ends with.
fn begun(text: &[u8], form: &[u8]) -> Option<usize> {
    let longest = form.len().saturating_sub(1).min(text.len());
    let length = (SHORTEST_PART..=longest).rev().find(|length| text.ends_with(&form[..*length]))?;
    Some(text.len() - length)
}

/// The bytes that belong to no value, as one line: control characters and those that nobody sees are gone.
fn shown(text: &[u8], is_value: &[bool]) -> String {
    let mut line = String::new();
    let mut from = 0;
    for part in is_value.chunk_by(|a, b| a == b) {
        let bytes = &text[from..from + part.len()];
        from += part.len();
        match part[0] {
            true => line.push_str(MARK),
            false => line.push_str(&String::from_utf8_lossy(bytes)),
        }
    }
    let words: String = line.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let seen = words.chars().filter(|c| !is_hidden(*c)).collect::<String>();
    shortened(&seen.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(MOST_SHOWN) {
        None => line.to_owned(),
        Some(_) => line.chars().take(MOST_SHOWN - 1).chain(['…']).collect(),
    }
}
