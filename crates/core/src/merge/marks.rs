//! A text with git's conflict marks, taken apart into the texts of its sides, and made of two sides that have no
//! union: what git adds or commits unread is then still both of them.

use crate::file::format::MAX_FILE;
use crate::file::unmerged::is_mark;

/// For the marks, and line ends before them.
const ROOM: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Both,
    Ours,
    /// What both began from, in git's styles diff3 and zdiff3.
    Base,
    Theirs,
}

/// One conflict that holds both sides whole. No vault has a line that is a mark, so [`sides`] gives them back. What
/// would be longer than any vault may be has marks alone: git has the sides, and nobody takes it for either.
pub fn around(sides: [&str; 2]) -> String {
    within(MAX_FILE - ROOM, sides)
}

fn within(most: usize, [ours, theirs]: [&str; 2]) -> String {
    match ours.len().saturating_add(theirs.len()) > most {
        true => put([""; 2]),
        false => put([ours, theirs]),
    }
}

fn put([ours, theirs]: [&str; 2]) -> String {
    let end = |text: &str| if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("<<<<<<< ours\n{ours}{}=======\n{theirs}{}>>>>>>> theirs\n", end(ours), end(theirs))
}

/// The text of either side, each with what git had no doubt about. `None` where the marks are not those of
/// whole conflicts: an editor took some out, or another program wrote them.
pub fn sides(text: &str) -> Option<[String; 2]> {
    let (mut ours, mut theirs) = (String::new(), String::new());
    let (mut within, mut conflicts) = (Within::Both, 0);
    for line in text.split_inclusive('\n') {
        let next = match (within, mark(line)) {
            (within, None) => {
                if matches!(within, Within::Both | Within::Ours) {
                    ours.push_str(line);
                }
                if matches!(within, Within::Both | Within::Theirs) {
                    theirs.push_str(line);
                }
                continue;
            }
            (Within::Both, Some(b'<')) => Within::Ours,
            (Within::Ours, Some(b'|')) => Within::Base,
            (Within::Ours | Within::Base, Some(b'=')) => Within::Theirs,
            (Within::Theirs, Some(b'>')) => {
                conflicts += 1;
                Within::Both
            }
            _ => return None,
        };
        within = next;
    }
    (within == Within::Both && conflicts > 0).then_some([ours, theirs])
}

/// Longer marks are those of a conflict within the base, which nobody needs.
fn mark(line: &str) -> Option<u8> {
    let line = line.trim_end_matches('\n').as_bytes();
    line.first().copied().filter(|sign| b"<|=>".contains(sign) && is_mark(line, *sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_has_its_own_and_what_both_have() {
        let text =
            "a\n<<<<<<< HEAD\nx\n||||||| 1234\nb\n<<<<<<<<< nested\n=======\ny\n>>>>>>> side\nc\n";
        assert_eq!(sides(text), Some(["a\nx\nc\n".to_owned(), "a\ny\nc\n".to_owned()]));
        let twice = "<<<<<<< A\n1\n=======\n>>>>>>> B\nm\n<<<<<<< A\n=======\n2\n>>>>>>> B\n";
        assert_eq!(sides(twice), Some(["1\nm\n".to_owned(), "m\n2\n".to_owned()]));
    }

    #[test]
    fn what_is_put_between_marks_comes_back() {
        let [ours, theirs] = ["a\nb\n", "a\nc\n"];
        assert_eq!(sides(&around([ours, theirs])), Some([ours.to_owned(), theirs.to_owned()]));
        assert_eq!(sides(&around(["a", ""])), Some(["a\n".to_owned(), String::new()]));
    }

    #[test]
    fn what_has_no_room_between_marks_is_not_put_there() {
        let [ours, theirs] = ["a\nb\n", "c\n"];
        assert_eq!(within(6, [ours, theirs]), around([ours, theirs]));
        let empty = within(5, [ours, theirs]);
        assert_eq!(sides(&empty), Some([String::new(), String::new()]));
        assert!(empty.len() < ROOM);
    }

    #[test]
    fn marks_that_are_not_whole_are_no_sides() {
        for text in [
            "a\n",
            "<<<<<<< A\n1\n",
            "<<<<<<< A\n1\n>>>>>>> B\n",
            "=======\n",
            "<<<<<<< A\n<<<<<<< A\n=======\n>>>>>>> B\n",
            "<<<<<<< A\n=======\n=======\n>>>>>>> B\n",
            "<<<<<<< A\n%%%%%%% diff\n+++++++ B\n>>>>>>> end\n",
        ] {
            assert_eq!(sides(text), None, "{text:?}");
        }
    }
}
