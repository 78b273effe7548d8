//! What is said about the work, for a terminal: broken between words, but for commands, which stay whole
//! so that they can be copied. Pure: what is written where is [`super::ui`]'s.

use super::layout::columns;

/// What steps begin with that are typed as they stand; others are for people to read.
const PROGRAMS: [&str; 16] = [
    "v-secure", "git", "cd", "chmod", "cp", "jq", "keyctl", "ls", "mkdir", "mv", "printf", "rm",
    "sops", "split", "sudo", "unset",
];

/// What is not broken, and the columns between it and what stands before it.
struct Unit<'a> {
    gap: usize,
    text: &'a str,
}

/// `label`, then a sentence, its later lines `indent` columns in. What is wider than a line has one of its
/// own, for the terminal to break.
pub fn sentence(label: &str, indent: usize, text: &str, width: Option<usize>) -> String {
    lines(label, indent, text, width, false)
}

/// The same of a step, which may begin with a command.
pub fn step(label: &str, indent: usize, text: &str, width: Option<usize>) -> String {
    lines(label, indent, text, width, true)
}

fn lines(label: &str, indent: usize, text: &str, width: Option<usize>, is_step: bool) -> String {
    let Some(width) = width else { return format!("{label}{text}") };
    let (mut all, mut used) = (label.to_owned(), columns(label));
    for Unit { gap, text } in units(text, is_step) {
        if used + gap + columns(text) > width && used > indent {
            all.truncate(all.trim_end().len());
            all.push_str(&format!("\n{:indent$}", ""));
            used = indent;
        } else {
            all.push_str(&" ".repeat(gap));
            used += gap;
        }
        all.push_str(text);
        used += columns(text);
    }
    all
}

fn units(text: &str, is_step: bool) -> Vec<Unit<'_>> {
    let (mut units, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let start = at + text[at..].len() - text[at..].trim_start_matches(' ').len();
        let rest = &text[start..];
        if rest.is_empty() {
            break;
        }
        let before = text[..at].chars().next_back();
        let length = length(rest, before, is_step);
        units.push(Unit { gap: start - at, text: &rest[..length] });
        at = start + length;
    }
    units
}

/// How much of a text is not broken, which begins with a word behind the character `before`.
fn length(text: &str, before: Option<char>, is_step: bool) -> usize {
    let word = text.find(' ').unwrap_or(text.len());
    if text.starts_with('\'') {
        // A quote that does not end is an apostrophe.
        return quoted(text).unwrap_or(word);
    }
    let first = text[..word].trim_end_matches([',', ';']);
    let begins = match before {
        None => is_step && (PROGRAMS.contains(&first) || first.contains('=')),
        Some(':') => first == "v-secure" || is_step && PROGRAMS.contains(&first),
        Some(_) => first == "(v-secure",
    };
    if begins { command(text) } else { word }
}

/// Up to the end of the word in which the quote at the beginning ends.
fn quoted(text: &str) -> Option<usize> {
    let ends = text[1..].match_indices('\'').map(|(at, _)| at + 2);
    // Within a command a quote stands before a word, or behind one.
    let is_end = |at: &usize| !text[*at..].starts_with(|c: char| c.is_alphanumeric());
    let end = ends.filter(|at| !text[..*at - 1].ends_with(' ')).find(is_end)?;
    Some(text[end..].find(' ').map_or(text.len(), |more| end + more))
}

/// Up to the end of the command that a text begins with: a comma, a comment, or what closes its parenthesis.
fn command(text: &str) -> usize {
    let mut quotes = 0;
    let mut end = 0;
    for word in text.split(' ') {
        if quotes % 2 == 0 && (word.is_empty() || word.starts_with('#')) {
            return end - usize::from(end > 0);
        }
        quotes += word.matches(['\'', '"']).count();
        end += word.len() + 1;
        if quotes % 2 == 0 && word.ends_with([',', ';', ')']) && !word.ends_with("))") {
            let is_closed = !word.ends_with(')') || text.starts_with('(');
            if is_closed {
                return end - 1;
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(width: usize, text: &str) -> String {
        step("  try: ", 4, text, Some(width))
    }

    #[test]
    fn a_pipe_gets_one_line() {
        let text = "v-secure set NAME  # for each, and so on";
        assert_eq!(step("  try: ", 4, text, None), format!("  try: {text}"));
        assert_eq!(at(80, text), format!("  try: {text}"));
    }

    #[test]
    fn sentences_break_between_words_alone() {
        let text = sentence("error: ", 2, "no identity here opens the vault shop", Some(24));
        assert_eq!(text, "error: no identity here\n  opens the vault shop");
        let path = sentence("error: ", 2, "/a/path/that/is/longer/than/a/line is full", Some(20));
        assert_eq!(path, "error:\n  /a/path/that/is/longer/than/a/line\n  is full");
        let styled = sentence("\u{1b}[1merror\u{1b}[0m: ", 2, "one two three", Some(15));
        assert_eq!(styled, "\u{1b}[1merror\u{1b}[0m: one two\n  three");
    }

    #[test]
    fn commands_stay_whole() {
        let service =
            "V_SECURE_IDENTITY, with a key: v-secure member add NAME --service --new-identity";
        let expected = "  try: V_SECURE_IDENTITY, with a key:\n    v-secure member add NAME --service --new-identity";
        assert_eq!(at(40, service), expected);
        let request = "v-secure member request, and send the line that it prints";
        assert_eq!(
            at(40, request),
            "  try: v-secure member request, and send\n    the line that it prints"
        );
        let comment = "git show COMMIT:./x > \"$(git rev-parse --git-dir)/a, b\"  # keeps the side";
        let expected = "  try:\n    git show COMMIT:./x > \"$(git rev-parse --git-dir)/a, b\"\n    # keeps the side";
        assert_eq!(at(40, comment), expected);
        let quoted =
            "'v-secure access settle' where it can be, or the owner's 'v-secure key rotate'";
        let expected = "warning: 'v-secure access settle'\n  where it can be, or the owner's\n  'v-secure key rotate'";
        assert_eq!(sentence("warning: ", 2, quoted, Some(34)), expected);
        let names = "left out (v-secure set default/a.b --var NAME gives one), and more";
        assert!(at(30, names).contains("\n    (v-secure set default/a.b --var NAME gives one),\n"));
        let assigned = "side=$(git rev-parse MERGE_HEAD) && git merge --abort";
        assert_eq!(at(30, assigned), format!("  try:\n    {assigned}"));
    }

    #[test]
    fn no_text_is_lost() {
        for text in [
            "",
            " ",
            "a  b",
            "it's 'so",
            "'",
            "v-secure",
            "(v-secure",
            "x: v-secure  # y",
            "v-secure  ",
        ] {
            for width in [1, 8, 20] {
                let said: String = at(width, text).split_whitespace().collect();
                let whole: String = format!("try: {text}").split_whitespace().collect();
                assert_eq!(said, whole, "{text:?} at {width}");
            }
        }
    }
}
