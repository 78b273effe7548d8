//! The voice of all output.
//!
//! Results go to standard output, bare, so that a pipe gets data alone. Everything said *about* the
//! work goes to standard error: lower case, no full stop for one clause, the thing that failed
//! first. `--quiet` silences remarks, never errors. Colour is for terminals, and `NO_COLOR` ends it.

use super::{layout, spoken};
use crate::cli::error::codes::Code;
use crate::cli::error::ending::Ending;
use crate::cli::error::{Failure, Outcome};
use crate::host::bars::{Bar, Spinner};
use crate::host::progress::{Progress, Silent};
use crate::host::{Host, Stream};
use anstyle::{AnsiColor, Style};
use serde::Serialize;
use v_secure_core::record::text::escape_for_display;
use v_secure_core::secret_value::SecretValue;

/// The columns of ` [y/N] ` and of an answer, which is one letter.
const YES_OR_NO: usize = 8;

/// How far the later lines of what is said stand in.
const HANGING: usize = 2;

/// Where output goes and in which form.
pub struct Ui<'a> {
    host: &'a dyn Host,
    pub json: bool,
    quiet: bool,
    /// Says nothing at all on standard error.
    mute: bool,
    colour_err: bool,
    colour_out: bool,
}

impl<'a> Ui<'a> {
    pub fn new(host: &'a dyn Host, json: bool, quiet: bool) -> Self {
        let wanted = host.variable("NO_COLOR").is_none()
            && host.variable("TERM").is_none_or(|term| term != "dumb");
        Self {
            host,
            json,
            quiet,
            mute: false,
            colour_err: wanted && host.is_terminal(Stream::Err),
            colour_out: wanted && host.is_terminal(Stream::Out),
        }
    }

    /// For what is tried on the side: its warnings have been shown, or nobody asked for it.
    pub(crate) fn muted(host: &'a dyn Host) -> Self {
        Self { mute: true, ..Self::new(host, false, true) }
    }

    /// Whether warnings are shown to nobody.
    pub(crate) fn is_muted(&self) -> bool {
        self.mute
    }

    /// Writes a command's result.
    pub fn out(&self, text: &str) -> Outcome {
        self.bytes(text.as_bytes())
    }

    /// Writes a line of a command's result.
    pub fn line(&self, text: &str) -> Outcome {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Writes exact bytes; a reader that has gone away (a closed pipe) ends the command quietly.
    pub fn bytes(&self, bytes: &[u8]) -> Outcome {
        self.host.write_out(bytes).map_err(|error| match error.kind() {
            std::io::ErrorKind::BrokenPipe => {
                Failure::new(Code::Ended(Ending::BrokenPipe), String::new())
            }
            _ => Failure::new(Code::Output, "standard output cannot be written").because(&error),
        })
    }

    /// Refuses where nobody gets what is written, as far as that is known before: for what would be
    /// lost with it.
    pub(crate) fn expect_reader(&self) -> Outcome {
        match self.host.out_is_closed() {
            true => Err(Failure::new(Code::Output, "nobody reads standard output")),
            false => Ok(()),
        }
    }

    /// Writes a result as one JSON object.
    pub fn object<T: Serialize>(&self, value: &T) -> Outcome {
        let text = serde_json::to_string_pretty(value).map_err(no_json)?;
        self.line(&escape_json(&text))
    }

    /// Writes one of a row of results as JSON on a line of its own.
    pub(crate) fn json_line<T: Serialize>(&self, value: &T) -> Outcome {
        self.line(&json_line(value)?)
    }

    /// A remark: progress, or what to do next.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.host.write_err(&escape_lines(text));
        }
    }

    /// Something that the user should look at, though the command goes on.
    pub fn warn(&self, text: &str) {
        if self.mute {
            return;
        }
        let label = self.err_style("warning", AnsiColor::Yellow);
        self.say("", &label, text);
    }

    /// Asks a question that is answered with yes or no. One that is wider than the terminal is broken
    /// between words: the library draws the line of the answer anew, and knows of one line alone.
    pub(crate) fn confirm(&self, question: &str, default: bool) -> Outcome<bool> {
        // Before anything of it is shown: who sees its first line may answer.
        self.host.forget_typed();
        let question = self.asked(question, YES_OR_NO);
        self.host.confirm(&question, default).map_err(|error| unanswered(&error))
    }

    /// Asks for a line that is not echoed.
    pub fn hidden(&self, question: &str) -> Outcome<SecretValue> {
        let mut question = self.asked(question.trim_end(), 1);
        question.push(' ');
        self.host.prompt_hidden(&question).map_err(|error| unanswered(&error))
    }

    /// Shows all of a question but its last line.
    fn asked(&self, question: &str, answer: usize) -> String {
        let question = escape_for_display(question);
        let (above, last) = layout::question(&question, answer, self.host.err_width());
        if let Some(above) = above {
            self.host.write_err(&above);
        }
        last
    }

    /// A remark in a paragraph: [`Ui::wrapped`] on standard error.
    pub(crate) fn note_wrapped(&self, label: &str, indent: usize, text: &str) {
        if !self.quiet {
            self.say_wrapped(label, indent, text);
        }
    }

    /// The same of what is said in any case.
    pub(crate) fn say_wrapped(&self, label: &str, indent: usize, text: &str) {
        let text = layout::paragraph(label, indent, text, self.host.err_width());
        self.host.write_err(&escape_lines(&text));
    }

    /// Where work tells how far it is: a bar, for somebody who watches a terminal.
    pub fn progress(&self) -> Box<dyn Progress> {
        if self.is_watched() { Box::new(Bar::default()) } else { Box::new(Silent) }
    }

    /// Shows that work goes on until what this returns is dropped.
    pub fn working(&self, what: &'static str) -> Option<Spinner> {
        self.is_watched().then(|| Spinner::start(what))
    }

    /// Whether there is a terminal for what comes and goes, and somebody who wants it.
    fn is_watched(&self) -> bool {
        let dumb = self.host.variable("TERM").is_none_or(|term| term == "dumb");
        !self.json && !self.quiet && !dumb && self.host.is_terminal(Stream::Err)
    }

    /// Shows a failure, as text or JSON.
    pub fn failure(&self, failure: &Failure) {
        if failure.code == Code::Ended(Ending::BrokenPipe) {
            return;
        }
        if self.json {
            return self.host.write_err(&escape_json(&failure.to_json()));
        }
        let label = self.err_style("error", AnsiColor::Red);
        self.say("", &label, &failure.message);
        for cause in &failure.causes {
            self.say("  ", "because", cause);
        }
        for hint in failure.steps() {
            let label = format!("  {}: ", self.err_style("try", AnsiColor::Cyan));
            let hint = escape_for_display(hint);
            let width = self.host.err_width();
            self.host.write_err(&spoken::step(&label, 2 + HANGING, &hint, width));
        }
    }

    /// A sentence, which a terminal gets broken between words.
    fn say(&self, indent: &str, label: &str, text: &str) {
        let (text, label) = (escape_for_display(text), format!("{indent}{label}: "));
        let (indent, width) = (indent.len() + HANGING, self.host.err_width());
        self.host.write_err(&spoken::sentence(&label, indent, &text, width));
    }

    fn err_style(&self, text: &str, colour: AnsiColor) -> String {
        styled(text, colour, self.colour_err)
    }

    /// Bold on a terminal; not for cells, whose width it would change.
    pub(crate) fn strong(&self, text: &str) -> String {
        if !self.colour_out {
            return text.to_owned();
        }
        let style = Style::new().bold();
        format!("{style}{text}{style:#}")
    }

    /// A paragraph for a terminal: `label`, then `text` broken between words, its later lines
    /// `indent` columns in.
    pub fn wrapped(&self, label: &str, indent: usize, text: &str) -> Outcome {
        self.line(&layout::paragraph(label, indent, text, self.host.width()))
    }

    pub(crate) fn out_is_terminal(&self) -> bool {
        self.host.is_terminal(Stream::Out)
    }

    /// A table: aligned columns without frames. A pipe gets tabs, so that `cut` works.
    /// Cells are escaped here: they may hold what others wrote.
    pub fn table(&self, header: &[&str], rows: Vec<Vec<String>>) -> Outcome {
        let escape = |cell: String| escape_for_display(&cell).into_owned();
        let rows: Vec<Vec<String>> =
            rows.into_iter().map(|row| row.into_iter().map(escape).collect()).collect();
        if rows.is_empty() {
            return Ok(());
        }
        if !self.out_is_terminal() {
            let lines: Vec<String> = rows.iter().map(|row| row.join("\t")).collect();
            return self.line(&lines.join("\n"));
        }
        self.line(&layout::table(header, rows, self.host.width(), self.colour_out))
    }
}

fn unanswered(error: &std::io::Error) -> Failure {
    Failure::new(Code::Prompt, "the answer cannot be read").because(error)
}

fn no_json(error: serde_json::Error) -> Failure {
    Failure::new(Code::Output, "the result is not JSON").because(&error)
}

/// A value as JSON on one line.
pub(crate) fn json_line<T: Serialize>(value: &T) -> Outcome<String> {
    serde_json::to_string(value).map(|text| escape_json(&text)).map_err(no_json)
}

/// Escaped for display but for line ends: what this program's own texts of several lines need.
pub(crate) fn escape_lines(text: &str) -> String {
    text.split('\n').map(escape_for_display).collect::<Vec<_>>().join("\n")
}

/// JSON that no terminal acts on: serde leaves the characters above U+007E as they are, some of
/// which steer terminals. They stand in strings only, so that an escape means the same.
fn escape_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        let acts =
            c != '\n' && escape_for_display(c.encode_utf8(&mut [0; 4])).len() != c.len_utf8();
        match acts {
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }),
            false => escaped.push(c),
        }
    }
    escaped
}

fn styled(text: &str, colour: AnsiColor, on: bool) -> String {
    if !on {
        return text.to_owned();
    }
    let style = Style::new().bold().fg_color(Some(colour.into()));
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_means_the_same_and_acts_on_no_terminal() {
        let value = "\u{1b}[2J \u{9b}2J \u{202e}x\u{e0041} \"é\"\n";
        let text = serde_json::to_string_pretty(&[value]).unwrap();
        let escaped = escape_json(&text);
        let acts = |c: char| c != '\n' && escape_for_display(&c.to_string()).len() != c.len_utf8();
        assert!(!escaped.contains(acts), "{escaped}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).unwrap(), [value]);
        assert!(escaped.contains('é'));
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(escape_lines("a\n  b\u{1b}\r\n"), "a\n  b\\u{1b}\\u{d}\n");
    }
}
