//! Passphrases: where they come from, and asking for them. Never an argument, which other users of
//! the machine can read.

use crate::cli::door::surroundings::Surroundings;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::host::Stream;
use crate::store::file::private;
use std::path::{Path, PathBuf};
use v_secure_core::crypto::strength;
use v_secure_core::secret_value::SecretValue;

/// The most bytes of a passphrase.
const MAX: usize = 4096;
/// How often a terminal is asked.
pub(crate) const TRIES: usize = 3;

/// The names of the places that a passphrase is given by.
pub struct Names {
    pub option: &'static str,
    pub file: &'static str,
    pub variable: &'static str,
}

/// Of the passphrase that unlocks, and of a vault that is being made.
pub const PASSPHRASE: Names = Names {
    option: "--passphrase-fd N",
    file: "V_SECURE_PASSPHRASE_FILE",
    variable: "V_SECURE_PASSPHRASE",
};
/// Of a passphrase that is to be: the present one may be needed beside it.
pub const NEW: Names = Names {
    option: "--new-passphrase-fd N",
    file: "V_SECURE_NEW_PASSPHRASE_FILE",
    variable: "V_SECURE_NEW_PASSPHRASE",
};
/// Of a backup, which may be opened by another one than the vault.
pub const BACKUP: Names = Names {
    option: "--backup-passphrase-fd N",
    file: "V_SECURE_BACKUP_PASSPHRASE_FILE",
    variable: "V_SECURE_BACKUP_PASSPHRASE",
};

/// A place that gives a passphrase without anybody being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PassphraseSource {
    Descriptor(u32),
    File(PathBuf),
    Variable(&'static str),
}

impl Names {
    /// The first place that there is, in the order of the options here.
    pub fn place(
        &self,
        context: &Surroundings<'_>,
        descriptor: Option<u32>,
    ) -> Option<PassphraseSource> {
        let variable = |name| context.host.variable(name);
        descriptor
            .map(PassphraseSource::Descriptor)
            .or_else(|| variable(self.file).map(|path| PassphraseSource::File(path.into())))
            .or_else(|| variable(self.variable).map(|_| PassphraseSource::Variable(self.variable)))
    }

    /// What to give where nobody can be asked.
    pub fn advice(&self) -> String {
        format!("{}, {} or {}", self.option, self.file, self.variable)
    }
}

impl PassphraseSource {
    pub fn describe(&self) -> String {
        match self {
            Self::Descriptor(number) => format!("the passphrase from descriptor {number}"),
            Self::File(path) => format!("the passphrase in {}", path.display()),
            Self::Variable(name) => (*name).to_owned(),
        }
    }

    /// The passphrase, without one line end: blanks may well be a part of it.
    pub fn read(&self, context: &Surroundings<'_>) -> Outcome<SecretValue> {
        let value = match self {
            Self::Descriptor(number) => context
                .host
                .read_descriptor(*number, MAX)
                .map_err(|error| self.refuse().because(&error))?,
            Self::File(path) => self.file(context, path)?,
            Self::Variable(name) => {
                let value = context.host.variable(name).unwrap_or_default();
                SecretValue::new(value.into_encoded_bytes())
            }
        };
        let value = without_line_end(value);
        if value.is_empty() || value.len() > MAX {
            let why = if value.is_empty() { "it is empty" } else { "it is too long" };
            let mut failure = self.refuse();
            failure.causes.push(why.into());
            return Err(failure);
        }
        Ok(value)
    }

    fn file(&self, context: &Surroundings<'_>, path: &Path) -> Outcome<SecretValue> {
        let file = private::read_secret(path, MAX as u64, context.owners())
            .map_err(|error| self.refuse().because(&error))?;
        if let Some(exposed) = file.exposed {
            context.ui.warn(&exposed.to_string());
        }
        Ok(file.bytes)
    }

    fn refuse(&self) -> Failure {
        let message = format!("{} cannot be used", self.describe());
        Failure::new(Code::PassphraseInput, message)
    }
}

fn without_line_end(value: SecretValue) -> SecretValue {
    let mut bytes = value.into_bytes();
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    // Alone, too: a terminal pastes CR for a line end.
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    SecretValue::new(bytes)
}

/// What a passphrase is to seal, for whoever chooses it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PassphraseUse {
    Identity,
    Backup,
}

impl PassphraseUse {
    const fn note(self) -> &'static str {
        match self {
            Self::Identity => {
                "The passphrase seals your identity inside the vault file: whoever can read the repository can \
                 guess at it, offline and for years. Take six words drawn at random, or more."
            }
            Self::Backup => {
                "The passphrase seals the backup: whoever has the file can guess at it, offline and for years. \
                 Take six words drawn at random, or more."
            }
        }
    }

    const fn allow_weak(self) -> &'static str {
        match self {
            Self::Identity => "--allow-weak-passphrase, where nobody else can read the repository",
            Self::Backup => "--allow-weak-passphrase, where nobody else can read the file",
        }
    }
}

/// A passphrase that is to seal something.
pub(crate) struct NewPassphrase<'a> {
    pub names: &'a Names,
    pub descriptor: Option<u32>,
    pub sealed: PassphraseUse,
    pub allow_weak: bool,
    /// Words that an attacker tries first.
    pub known: &'a [&'a str],
}

impl NewPassphrase<'_> {
    /// From the place that gives it, or asked for twice on a terminal; judged in any case.
    pub fn get(&self, context: &Surroundings<'_>) -> Outcome<SecretValue> {
        if let Some(place) = self.names.place(context, self.descriptor) {
            let value = place.read(context)?;
            return self.judge(context, &value).map(|()| value);
        }
        if !can_ask(context) {
            let message = "a new passphrase is needed, but there is no terminal to ask for it";
            return Err(missing(message, self.names));
        }
        context.ui.note_wrapped("", 0, self.sealed.note());
        let mut last = None;
        for _ in 0..TRIES {
            let value = ask(context, "New passphrase: ")?;
            if let Err(weak) = self.judge(context, &value) {
                context.ui.warn(&format!("{}: {}", weak.message, weak.causes.join("; ")));
                last = Some(weak);
                continue;
            }
            if ask(context, "Once more: ")?.same_as(&value) {
                return Ok(value);
            }
            context.ui.warn("the two passphrases differ");
            let message = "no passphrase was typed the same way twice";
            last = Some(Failure::new(Code::PassphraseDiffers, message));
        }
        Err(last.unwrap_or_else(no_answer))
    }

    fn judge(&self, context: &Surroundings<'_>, value: &SecretValue) -> Outcome {
        let strength = strength::judge(value, self.known);
        if !strength.is_weak {
            return Ok(());
        }
        let estimate = match strength.guesses_log10 {
            0..=3 => {
                "it is too easy to guess: it is among the first that an attacker tries".to_owned()
            }
            power => {
                format!(
                    "it is too easy to guess: about 10^{power} guesses find it, and 10^10 are required"
                )
            }
        };
        if self.allow_weak {
            context.ui.warn(&format!("the passphrase is weak: {estimate}"));
            return Ok(());
        }
        let mut failure = Failure::new(Code::WeakPassphrase, "the passphrase is too weak");
        failure.causes.push(estimate);
        Err(failure.hint("six words drawn at random, or more").hint(self.sealed.allow_weak()))
    }
}

/// The passphrase of something that is there: from the place that gives it, or asked for once.
pub fn present(
    context: &Surroundings<'_>,
    names: &Names,
    descriptor: Option<u32>,
    question: &str,
) -> Outcome<SecretValue> {
    match names.place(context, descriptor) {
        Some(place) => place.read(context),
        None if can_ask(context) => ask(context, question),
        None => {
            Err(missing("a passphrase is needed, but there is no terminal to ask for it", names))
        }
    }
}

fn missing(message: &str, names: &Names) -> Failure {
    Failure::new(Code::NoPassphrase, message).hint(format!("give it by {}", names.advice()))
}

/// Whether a passphrase may be asked for. Standard input may well be a value's: what is typed comes from
/// the terminal itself.
pub(crate) fn can_ask(context: &Surroundings<'_>) -> bool {
    !context.globals.no_input && context.host.is_terminal(Stream::Err)
}

/// Asks without echo.
pub fn ask(context: &Surroundings<'_>, question: &str) -> Outcome<SecretValue> {
    context.ui.hidden(question)
}

fn no_answer() -> Failure {
    Failure::new(Code::Prompt, "the answer cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_no_part_of_a_passphrase() {
        for (given, left) in
            [("a b\n", "a b"), ("a\r\n", "a"), ("a\r", "a"), ("a\n\n", "a\n"), (" a ", " a ")]
        {
            let value = without_line_end(SecretValue::from(given.to_owned()));
            assert_eq!(value.expose_str(), Some(left), "{given:?}");
        }
    }
}
