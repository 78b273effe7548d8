//! The text form of a binary age file, in its one canonical spelling (`docs/format.md` section 2).
//!
//! age itself reads looser armor (CRLF, white space around it). A vault's text must have one
//! spelling only, so what [`armor`] would not have written is refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----\n";
const END: &str = "-----END AGE ENCRYPTED FILE-----\n";
const COLUMNS: usize = 64;

/// The text is not canonical age armor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not age armor in its canonical form")]
pub struct ArmorError;

/// The armored text, its last line ended too.
pub fn armor(file: &[u8]) -> String {
    let base64 = STANDARD.encode(file);
    let lines = base64.len() / COLUMNS + 1;
    let mut text = String::with_capacity(BEGIN.len() + base64.len() + lines + END.len());
    text.push_str(BEGIN);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(COLUMNS));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(END);
    text
}

/// The bytes of a text that [`armor`] wrote.
pub fn dearmor(text: &str) -> Result<Vec<u8>, ArmorError> {
    let base64 = text
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(END))
        .ok_or(ArmorError)?
        .replace('\n', "");
    let file = STANDARD.decode(base64).map_err(|_| ArmorError)?;
    if armor(&file) == text { Ok(file) } else { Err(ArmorError) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_last_line_is_followed_by_the_end() {
        let text = armor(&[0; 48]);
        assert_eq!(text.lines().count(), 3);
        assert_eq!(dearmor(&text).unwrap(), [0; 48]);
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = armor(&[7; 100]);
        for (what, bad) in [
            ("no last line end", text.trim_end().to_owned()),
            ("CRLF", text.replace('\n', "\r\n")),
            ("leading line", format!("\n{text}")),
            ("trailing line", format!("{text}\n")),
            ("unpadded", text.replace('=', "")),
            ("long line", text.replacen("BwcH\n", "BwcH", 1)),
            ("space", text.replacen("Bw", "B w", 1)),
            ("loose bits", text.replace("w==", "x==")),
        ] {
            assert_ne!(bad, text, "{what}");
            assert_eq!(dearmor(&bad), Err(ArmorError), "{what}");
        }
    }

    proptest! {
        #[test]
        fn armor_round_trips(file in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(dearmor(&armor(&file)).unwrap(), file);
        }
    }
}
