//! Text in columns: tables, tables turned into records where a terminal is narrow, and paragraphs.
//! Pure: what is written where is [`super::ui`]'s.

use unicode_width::UnicodeWidthChar;

/// Below so many columns, a table that does not fit becomes records: its cells would be a few
/// letters wide.
const NARROW: usize = 64;

/// A table for a terminal of so many columns; where the width is not known, nothing is broken.
pub fn table(
    header: &[&str],
    rows: Vec<Vec<String>>,
    width: Option<usize>,
    colour: bool,
) -> String {
    match width {
        Some(width) if width < NARROW && natural(header, &rows) > width => {
            records(header, &rows, width)
        }
        _ => aligned(header, rows, width, colour),
    }
}

/// How wide a table is that nothing is broken in.
fn natural(header: &[&str], rows: &[Vec<String>]) -> usize {
    let column = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(cell));
        cells.chain(header.get(at).map(|title| columns(title))).max().unwrap_or_default()
    };
    // One space on each side of a cell.
    (0..header.len()).map(|at| column(at) + 2).sum()
}

fn aligned(header: &[&str], rows: Vec<Vec<String>>, width: Option<usize>, colour: bool) -> String {
    use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match width.and_then(|width| u16::try_from(width).ok()) {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        None => _ = table.set_content_arrangement(ContentArrangement::Disabled),
    }
    // As an attribute, not in the text: codes in the text count as its width and are cut apart.
    match colour {
        true => table.enforce_styling(),
        false => table.force_no_tty(),
    };
    let bold = |text: &&str| match colour {
        true => Cell::new(text).add_attribute(Attribute::Bold),
        false => Cell::new(text),
    };
    table.set_header(header.iter().map(bold));
    table.add_rows(rows);
    table.trim_fmt()
}

/// One `title value` line a cell, an empty line between rows; cells that hold nothing are left out.
fn records(header: &[&str], rows: &[Vec<String>], width: usize) -> String {
    let indent = header.iter().map(|title| columns(title)).max().unwrap_or_default() + 2;
    let record = |row: &Vec<String>| {
        let cells = header.iter().zip(row).filter(|(_, cell)| !matches!(cell.as_str(), "" | "-"));
        let line = |(title, cell): (&&str, &String)| {
            paragraph(&format!("{title:<indent$}"), indent, cell, Some(width))
        };
        cells.map(line).collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(record).collect::<Vec<_>>().join("\n\n")
}

/// `label`, then `text` broken between words, its later lines `indent` columns in. A word that does
/// not fit is cut.
pub fn paragraph(label: &str, indent: usize, text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return format!("{label}{text}") };
    let room = width.saturating_sub(indent).max(8);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').flat_map(|word| pieces(word, room)) {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(&word) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    format!("{label}{}", lines.join(&format!("\n{:indent$}", "")))
}

/// A question for a terminal of so many columns: what stands above its last line, and that line, behind
/// which there are `answer` columns left.
pub fn question(text: &str, answer: usize, width: Option<usize>) -> (Option<String>, String) {
    let room = width.map(|width| width.saturating_sub(answer));
    let lines = paragraph("", 0, text, room);
    match lines.rsplit_once('\n') {
        Some((above, last)) => (Some(above.to_owned()), last.to_owned()),
        None => (None, lines),
    }
}

/// A word in parts of at most `room` columns.
fn pieces(word: &str, room: usize) -> Vec<String> {
    if columns(word) <= room {
        return vec![word.to_owned()];
    }
    let (mut parts, mut part) = (Vec::new(), String::new());
    for c in word.chars() {
        if columns(&part) + c.width().unwrap_or_default() > room {
            // A path is cut behind a separator, if it has one here.
            let cut = part.rfind(['/', '-']).map_or(part.len(), |at| at + 1);
            let rest = part.split_off(cut);
            parts.push(std::mem::replace(&mut part, rest));
        }
        part.push(c);
    }
    parts.push(part);
    parts
}

/// The columns that a text takes, without the codes that style it.
pub fn columns(text: &str) -> usize {
    let mut styling = false;
    let shown = text.chars().filter(|c| {
        let of_style = styling || *c == '\u{1b}';
        styling = of_style && *c != 'm';
        !of_style
    });
    shown.map(|c| c.width().unwrap_or_default()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [&str; 6] = ["name", "version", "type", "expires", "updated", "who"];

    fn rows() -> Vec<Vec<String>> {
        let row = ["default/NEXT", "1", "-", "-", "2026-11-25T07:25:31Z", "owner-1"];
        vec![row.map(str::to_owned).to_vec()]
    }

    /// What a terminal shows of styled text.
    fn shown(text: &str) -> String {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.map(|part| part.split_once('m').unwrap().1);
        rest.fold(first, |shown, part| shown + part)
    }

    #[test]
    fn a_bold_header_takes_the_room_of_a_plain_one() {
        for width in [None, Some(40), Some(80), Some(200)] {
            let plain = aligned(&HEADER, rows(), width, false);
            let bold = aligned(&HEADER, rows(), width, true);
            assert!(!plain.contains('\u{1b}') && bold.contains('\u{1b}'), "{width:?}");
            let trimmed = |text: &str| -> Vec<String> {
                text.lines().map(|line| line.trim_end().to_owned()).collect()
            };
            assert_eq!(trimmed(&shown(&bold)), trimmed(&plain), "{width:?}");
        }
        assert!(aligned(&HEADER, rows(), Some(80), true).contains("default/NEXT"));
        assert_eq!(aligned(&HEADER, rows(), None, false).lines().count(), 2);
    }

    #[test]
    fn a_narrow_terminal_gets_records_and_no_line_too_wide() {
        let text = table(&HEADER, rows(), Some(40), true);
        let expected =
            "name     default/NEXT\nversion  1\nupdated  2026-11-25T07:25:31Z\nwho      owner-1";
        assert_eq!(text, expected);
        for width in [20, 30, 40, 63, 64, 80] {
            let text = table(&HEADER, rows(), Some(width), true);
            assert!(text.lines().all(|line| columns(line.trim_end()) <= width), "{width}:\n{text}");
        }
        let fits = table(&["a", "b"], vec![vec!["1".into(), "2".into()]], Some(40), false);
        assert_eq!(fits.lines().count(), 2, "{fits}");
    }

    #[test]
    fn paragraphs_break_between_words_and_cut_only_what_never_fits() {
        let text = paragraph("you  ", 5, "one two three abcdefghijklmnopqrst", Some(15));
        assert_eq!(text, "you  one two\n     three\n     abcdefghij\n     klmnopqrst");
        let path = paragraph("", 0, "/one/two/three.toml", Some(12));
        assert_eq!(path, "/one/two/\nthree.toml");
        assert_eq!(paragraph("a ", 2, "b c", None), "a b c");
        assert_eq!(columns("\u{1b}[1mab\u{1b}[0m漢"), 4);
    }
}
