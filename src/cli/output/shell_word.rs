//! Names of files and branches as words of a command that is to be typed. They are others' to choose, and
//! neither a shell nor git may read more in them than a name.
//!
//! Words that are harmless as they are stay as they are. Quotes are those that sh, bash, zsh and fish read
//! alike: within single ones fish takes a backslash for an escape, the others do not.

use std::borrow::Cow;
use std::path::{MAIN_SEPARATOR, Path};
use v_secure_core::record::text::escape_for_display;

/// Whether a text means itself to a shell, to a program and to git's pathspecs.
pub(crate) fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/@+-".contains(c);
    !text.is_empty() && !text.starts_with('-') && text.chars().all(plain)
}

/// The word, in quotes where a shell would act on it; `None` where what is shown would be another name: a
/// line break in it is not printed, and what was copied from the screen would name something else.
pub fn word(text: &str) -> Option<String> {
    if matches!(escape_for_display(text), Cow::Owned(_)) || text.contains('\\') {
        return None;
    }
    Some(match is_plain(text) {
        true => text.to_owned(),
        false => quoted(text),
    })
}

/// [`word`] of what stands alone where options may stand, too; `None` where it would be one.
pub(crate) fn operand(text: &str) -> Option<String> {
    word(text).filter(|_| !text.starts_with('-'))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r#"'"'"'"#))
}

/// [`word`] of a path, which no program takes for an option. `-` alone stays: it stands where standard input
/// or output is meant.
pub fn path(path: &Path) -> Option<String> {
    let text = path.to_str()?.replace(MAIN_SEPARATOR, "/");
    match text.starts_with(['-', ':']) && text != "-" {
        true => word(&format!("./{text}")),
        false => operand(&text).or_else(|| (text == "-").then_some(text)),
    }
}

/// [`path`] where v-secure takes a file; where it cannot be shown, the word that stands for it in help.
pub fn file(path: &Path) -> String {
    self::path(path).unwrap_or_else(|| "FILE".to_owned())
}

/// [`word`] of a path for git, of that path alone: in others than plain ones `*` and `:^` mean more.
pub(crate) fn pathspec(path: &Path) -> Option<String> {
    let text = path.to_str()?.replace(MAIN_SEPARATOR, "/");
    match is_plain(&text) {
        true => Some(text),
        false => word(&format!(":(literal){text}")),
    }
}

/// [`pathspec`] of a path relative to the root of the working tree, from another folder of it.
pub(crate) fn pathspec_from_root(path: &str) -> Option<String> {
    word(&format!(":(top,literal){path}"))
}

/// A command on a path, or that command in words.
pub fn on(command: &str, path: &Path) -> String {
    with(command, self::path(path))
}

/// A command of git on a path, or that command in words.
pub(crate) fn on_pathspec(command: &str, path: &Path) -> String {
    with(command, pathspec(path))
}

fn with(command: &str, word: Option<String>) -> String {
    match word {
        Some(word) => format!("{command} {word}"),
        None => format!("{command}, on that path: its name cannot be shown as it is typed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_would_act_on_is_quoted() {
        let word = |text| word(text).unwrap();
        assert_eq!(word("origin/main"), "origin/main");
        assert_eq!(word("a;$(id)'b"), r#"'a;$(id)'"'"'b'"#);
        assert_eq!(word("two words"), "'two words'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn a_name_that_is_shown_as_another_one_is_no_word() {
        for text in ["a\nb", "a\u{1b}[2J", "a\u{202e}b", "\t"] {
            assert_eq!(word(text), None, "{text:?}");
        }
    }

    /// In fish `'a\'; id; '` ends elsewhere than in sh.
    #[test]
    fn no_backslash_stands_in_quotes() {
        for text in [r"a\", r"a\'; id; '", r"\\"] {
            assert_eq!((word(text), pathspec(Path::new(text))), (None, None), "{text:?}");
        }
        assert!(!word("it's '' ''").unwrap().contains('\\'));
    }

    #[test]
    fn a_path_is_no_option_and_no_magic() {
        let path = |text: &str| path(Path::new(text));
        assert_eq!(path("-f/x").unwrap(), "./-f/x");
        assert_eq!(path("f/-x").unwrap(), "f/-x");
        assert_eq!(path(":^x").unwrap(), "'./:^x'");
        assert_eq!(path("-").unwrap(), "-");
        assert_eq!(path("-f\n/x"), None);
        assert_eq!(operand("-f"), None);
    }

    #[test]
    fn git_is_given_that_path_alone() {
        let pathspec = |text: &str| pathspec(Path::new(text)).unwrap();
        assert_eq!(pathspec("app/.env"), "app/.env");
        for text in ["-f/.env", ":^x/.env", "*/.env", "a b", "é"] {
            assert_eq!(pathspec(text), format!("':(literal){text}'"));
        }
        assert_eq!(pathspec_from_root("app/.env").unwrap(), "':(top,literal)app/.env'");
    }

    #[test]
    fn what_cannot_be_shown_is_said() {
        let unseen = Path::new("a\nb");
        assert_eq!(on("ls -ld", Path::new("a b")), "ls -ld 'a b'");
        assert!(on("ls -ld", unseen).starts_with("ls -ld, on that path: "));
        assert!(on_pathspec("git add", unseen).starts_with("git add, on that path: "));
        assert_eq!(file(unseen), "FILE");
    }
}
