//! The marks that git leaves in a file where it could not merge.

use memchr::memmem;

/// The longest label that is repeated: git takes a commit's subject as one.
const LABEL: usize = 100;

/// Where a file is unmerged, and what git calls the two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    /// Of the first mark.
    pub line: usize,
    /// What was checked out: `HEAD` mostly.
    pub ours: String,
    /// What was to be merged: a branch, or a commit with its subject.
    pub theirs: String,
}

/// The sides of the first conflict in a text; `None` where the marks are not all there, in order.
pub fn sides(text: &[u8]) -> Option<Sides> {
    // Line by line would take as long as reading one secret does, in a large vault without marks.
    memmem::find(text, b"<<<<<<<")?;
    let mut lines = text.split(|&byte| byte == b'\n').enumerate();
    let (index, ours) = lines.find_map(|(index, line)| Some((index, label(line, b'<')?)))?;
    lines.find(|(_, line)| label(line, b'=').is_some())?;
    let theirs = lines.find_map(|(_, line)| label(line, b'>'))?;
    Some(Sides { line: index + 1, ours, theirs })
}

/// Whether a line, without its end, is a mark of git's with this sign.
pub fn is_mark(line: &[u8], sign: u8) -> bool {
    label(line, sign).is_some()
}

/// What stands behind a mark: seven of a sign, then the end of the line or a space.
fn label(line: &[u8], sign: u8) -> Option<String> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let rest = line.strip_prefix(&[sign; 7])?;
    let label = match rest.split_first() {
        None => &[][..],
        Some((b' ', label)) => label,
        Some(_) => return None,
    };
    let text = String::from_utf8_lossy(label);
    Some(text.chars().take(LABEL).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(usize, String, String)> {
        sides(text.as_bytes()).map(|sides| (sides.line, sides.ours, sides.theirs))
    }

    #[test]
    fn the_first_conflict_names_its_sides() {
        let text = "a\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> side\n<<<<<<< B\n=======\n>>>>>>> C\n";
        assert_eq!(found(text), Some((2, "HEAD".into(), "side".into())));
        let with_base = "<<<<<<< ours\r\n||||||| base\r\n=======\r\n>>>>>>> 1a2b (set A)\r\n";
        assert_eq!(found(with_base), Some((1, "ours".into(), "1a2b (set A)".into())));
        let bare = "<<<<<<<\n=======\n>>>>>>>";
        assert_eq!(found(bare), Some((1, String::new(), String::new())));
    }

    #[test]
    fn what_only_looks_like_marks_is_none() {
        for text in
            ["", "<<<<<<< HEAD\n", "<<<<<<< a\n>>>>>>> b\n", "<<<<<<<x\n=======\n>>>>>>> b\n"]
        {
            assert_eq!(found(text), None, "{text:?}");
        }
        assert_eq!(found("=======\n<<<<<<< a\n>>>>>>> b\n"), None);
    }

    #[test]
    fn a_label_is_not_repeated_without_end() {
        let text = format!("<<<<<<< {}\n=======\n>>>>>>> b\n", "x".repeat(5_000));
        assert_eq!(found(&text).unwrap().1.len(), LABEL);
    }
}
