//! Names of files and branches as words of a command that is to be typed. They are others' to choose.

use crate::vault::text::escape_for_display;
use std::borrow::Cow;
use std::path::Path;

/// The word, in quotes where a shell would act on it; `None` where what is shown would be another name: a
/// line break in it is not printed, and what was copied from the screen would name something else.
pub fn word(text: &str) -> Option<String> {
    if matches!(escape_for_display(text), Cow::Owned(_)) {
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/@+-".contains(c);
    Some(match !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    })
}

/// [`word`] of a path, which no program takes for an option.
pub fn path(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    match text.starts_with('-') {
        true => word(&format!("./{text}")),
        false => word(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_would_act_on_is_quoted() {
        let word = |text| word(text).unwrap();
        assert_eq!(word("origin/main"), "origin/main");
        assert_eq!(word("a;$(id)'b"), "'a;$(id)'\\''b'");
        assert_eq!(word("two words"), "'two words'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn a_name_that_is_shown_as_another_one_is_no_word() {
        for text in ["a\nb", "a\u{1b}[2J", "a\u{202e}b", "\t"] {
            assert_eq!(word(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_path_is_no_option() {
        assert_eq!(path(Path::new("-f/x")).unwrap(), "./-f/x");
        assert_eq!(path(Path::new("f/-x")).unwrap(), "f/-x");
        assert_eq!(path(Path::new("-f\n/x")), None);
    }
}
