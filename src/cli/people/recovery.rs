//! Recovery identities at the command line: made and kept, and taken in again as a file, as words or
//! by asking.

use crate::cli::args::source;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::store::file::{new_file, private};
use clap::Args;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::id::VaultId;
use v_secure_core::crypto::identity::{
    self, Identity, IdentityError, NewIdentity, generate_identity,
};
use v_secure_core::crypto::words;
use v_secure_core::file::request::fingerprint_words;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::time::UnixTime;
use zeroize::Zeroizing;

/// The most bytes of an identity's text or words.
const MAX: u64 = 16 << 10;
/// Columns of the list of words: 40 characters a line.
const COLUMNS: usize = 3;

/// What every way to make a new vault offers.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct RecoveryArgs {
    /// Make a recovery identity, a second owner, and write it to this new file
    #[arg(long, value_name = "FILE", conflicts_with = "no_recovery")]
    pub recovery_out: Option<PathBuf>,

    /// Make no recovery identity, and do not ask
    #[arg(long)]
    pub no_recovery: bool,
}

impl RecoveryArgs {
    /// Whether the user said what is to be done, either way.
    pub(crate) fn is_decided(&self) -> bool {
        self.no_recovery || self.recovery_out.is_some()
    }

    /// The recovery identity that the new vault is to have: as the options say, or else as the user
    /// answers on a terminal. One that was asked for by an answer has been shown already.
    pub fn make(&self, context: &Context<'_>) -> Outcome<Option<NewIdentity>> {
        if let Some(file) = &self.recovery_out {
            refuse_stdout(file)?;
            return Ok(Some(generate_identity()));
        }
        if self.is_decided() || context.ui.json || !context.interactive() {
            return Ok(None);
        }
        let question = "Make a recovery identity now, 24 words to write on paper?";
        if !context.ui.confirm(question, true).unwrap_or(false) {
            return Ok(None);
        }
        let new = generate_identity();
        if show(context, &new)? {
            return Ok(Some(new));
        }
        context.ui.warn("no recovery identity was made; later: v-secure recovery new");
        Ok(None)
    }

    /// Writes what [`RecoveryArgs::make`] made to the file that was asked for, if one was.
    pub fn write(&self, context: &Context<'_>, new: &NewIdentity, of: Of<'_>) -> Outcome {
        let Some(file) = &self.recovery_out else { return Ok(()) };
        write(context, file, new, Form::Text, of)
    }
}

/// How an identity is spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// age's own, one line.
    Text,
    /// 24 words.
    Words,
}

/// Whose recovery identity it is.
#[derive(Clone, Copy)]
pub struct Of<'a> {
    pub name: &'a str,
    pub vault: &'a VaultId,
}

fn refuse_stdout(file: &Path) -> Outcome {
    if file.as_os_str() != "-" {
        return Ok(());
    }
    let message = "--recovery-out takes a file: standard output is for what init reports";
    Err(Failure::new(Code::Usage, message).hint("v-secure recovery new --out -, afterwards"))
}

/// Writes a recovery identity to a file that does not exist yet, for this user alone.
pub fn write(
    context: &Context<'_>,
    file: &Path,
    new: &NewIdentity,
    form: Form,
    of: Of<'_>,
) -> Outcome {
    let text = file_text(new, form, of, context.host.now())?;
    new_file::write_new(file, text.expose(), private::FILE_MODE).map_err(|error| {
        let hint = "--recovery-out or --out with the name of a new file";
        let failure = Failure::from(error);
        Failure { hints: vec![hint.into()], ..failure }
    })?;
    context.ui.note(&format!(
        "the recovery identity is in {}: move it off this machine, and try it with 'v-secure recovery \
         test FILE'",
        file.display()
    ));
    Ok(())
}

/// What stands in the file: comments that say what it is, and the key.
pub(crate) fn file_text(
    new: &NewIdentity,
    form: Form,
    of: Of<'_>,
    now: UnixTime,
) -> Outcome<SecretValue> {
    let comments = format!(
        "# v-secure recovery identity of the vault {} ({})\n# created: {}\n# public key: {}\n",
        of.name,
        fingerprint_words(of.vault),
        v_secure_core::convert::duration::rfc3339(now),
        new.recipient,
    );
    let words = match form {
        Form::Text => None,
        Form::Words => Some(words_of(new)?),
    };
    let key = words.as_ref().unwrap_or(&new.text);
    // Sized for all of it, so that no copy of the key is left behind by growing.
    let mut bytes = Vec::with_capacity(comments.len() + key.len() + 1);
    bytes.extend_from_slice(comments.as_bytes());
    bytes.extend_from_slice(key.expose());
    bytes.push(b'\n');
    Ok(SecretValue::new(bytes))
}

/// The words of an identity that was just made.
pub(crate) fn words_of(new: &NewIdentity) -> Outcome<SecretValue> {
    let identity = identity::parse_identity(&new.text).ok();
    identity.as_ref().and_then(words::to_words).ok_or_else(|| {
        Failure::new(Code::Words, "the recovery identity cannot be written as 24 words")
    })
}

/// Shows a recovery identity on the terminal, once; whether the user says that it is kept.
///
/// As words alone: a line of text would be copied, to a file on this machine or through its clipboard.
pub fn show(context: &Context<'_>, new: &NewIdentity) -> Outcome<bool> {
    let words = words_of(new)?;
    context.host.write_err("\nThe recovery identity, shown once. Write the words on paper:\n");
    context.host.write_err(&listed(words.expose_str().unwrap_or_default()));
    context.ui.say_wrapped("", 0, BY_HAND);
    let question = "Are they written down, and will they be kept off this machine?";
    let kept = context.ui.confirm(question, false)?;
    if kept {
        context.ui.say_wrapped("", 0, CLEAR);
    }
    Ok(kept)
}

/// What else would have the words.
const BY_HAND: &str = "Write by hand: take no photo of them, and store them in no file on this machine. Whoever has them is an \
                       owner of the vault.";

/// `clear` leaves the scrollback where the terminal has no means to clear it, and tmux keeps its own.
const CLEAR: &str = "The words are still on this screen: clear it and its scrollback now, by 'clear' in most terminals \
                     (and 'tmux clear-history' in tmux), or close the window.";

/// The words with their numbers, in lines of three.
fn listed(words: &str) -> Zeroizing<String> {
    let words: Vec<&str> = words.split(' ').collect();
    // 13 characters a word, so that no copy is left behind by growing.
    let mut lines = Zeroizing::new(String::with_capacity(words.len() * 14));
    for (index, word) in words.iter().enumerate() {
        let number = index + 1;
        lines.push_str(if number < 10 { "  " } else { " " });
        lines.push_str(&format!("{number} {word}"));
        match number % COLUMNS {
            0 => lines.push('\n'),
            _ => (word.len()..9).for_each(|_| lines.push(' ')),
        }
    }
    lines
}

/// An identity from a file (`-` is standard input) or by asking on a terminal; a file may hold text
/// or words.
pub fn read(context: &Context<'_>, file: Option<&Path>, only_words: bool) -> Outcome<Identity> {
    let (text, from) = match file {
        Some(path) => (source::read(context, path, MAX)?, path.display().to_string()),
        None => (ask(context, only_words)?, "what was typed".to_owned()),
    };
    parse(&text, &from, only_words)
}

fn ask(context: &Context<'_>, only_words: bool) -> Outcome<SecretValue> {
    if !context.interactive() {
        let message = "there is no terminal to ask for the identity or its words";
        return Err(Failure::new(Code::NoInput, message)
            .hint("FILE, with the identity or the words; '-' for standard input"));
    }
    let question = match only_words {
        true => "The 24 words (hidden): ",
        false => "The identity, or its 24 words (hidden): ",
    };
    context.ui.hidden(question)
}

fn parse(text: &SecretValue, from: &str, only_words: bool) -> Outcome<Identity> {
    let shown = || text.expose_str().unwrap_or_default().trim_start_matches('\u{feff}');
    let lines = || shown().lines().map(str::trim);
    let keys = || lines().filter(|line| line.starts_with("AGE-"));
    match (keys().next(), keys().count()) {
        (Some(key), 1) if !only_words => return parse_key(key, from),
        (Some(_), 2..) => {
            let message = format!("{from} holds several identities, and one is wanted");
            return Err(Failure::new(Code::IdentitySyntax, message)
                .hint("a file with the recovery identity alone"));
        }
        _ => {}
    }
    let refuse = |error: &dyn std::error::Error| {
        let message = format!("{from}: neither an identity nor its 24 words");
        Failure::new(Code::Words, message).because(error)
    };
    let words = text.expose_str().ok_or_else(|| refuse(&words::WordsError::NotText))?;
    let words = words.trim_start_matches('\u{feff}');
    words::from_words(&without_comments(words)).map_err(|error| match crowded(words) {
        Some(crowded) => refuse(&crowded),
        None => refuse(&error),
    })
}

/// Where an identity stands in a line with something else: line ends were lost, perhaps.
fn crowded(text: &str) -> Option<IdentityError> {
    let line = text.lines().position(identity::holds_identity)? + 1;
    Some(IdentityError::Crowded { line })
}

/// A recovery identity is X25519, as those are that become words.
fn parse_key(key: &str, from: &str) -> Outcome<Identity> {
    identity::parse_identity(&SecretValue::from(key.to_owned())).map_err(|error| {
        let message = format!("{from} holds no usable identity");
        Failure::new(Code::IdentitySyntax, message)
            .because(&error)
            .hint("v-secure recovery test --words, if the words are kept too")
    })
}

fn without_comments(text: &str) -> SecretValue {
    let mut kept = String::with_capacity(text.len() + 1);
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        kept.push_str(line);
        kept.push('\n');
    }
    SecretValue::from(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_file_are_read_back() {
        let new = generate_identity();
        let of = Of { name: "shop", vault: &VaultId([1; 32]) };
        for form in [Form::Text, Form::Words] {
            let text = file_text(&new, form, of, UnixTime::from_secs(1_800_000_000)).unwrap();
            assert_eq!(parse(&text, "x", false).unwrap().recipient(), new.recipient, "{form:?}");
            assert_eq!(parse(&text, "x", true).is_ok(), form == Form::Words);
        }
    }

    #[test]
    fn the_list_of_words_fits_forty_columns() {
        let words = ["abstract"; 24].join(" ");
        let list = listed(&words);
        assert_eq!(list.lines().count(), 8);
        assert!(list.lines().all(|line| line.len() <= 40), "{}", *list);
        assert_eq!(list.lines().next(), Some("  1 abstract   2 abstract   3 abstract"));
    }
}
