//! The envelopes of a vault file, without the rest of it: for older states of the file, of which
//! nothing else is wanted and whose envelopes are known by their ids.

use super::{MAX_LINE, armor};
use std::io::{self, BufRead, Read};

/// The most lines of armor that are taken for an envelope: more than 50,000 recipients and 10,000
/// epochs need.
const MAX_LINES: usize = 400_000;

/// Calls `each` with every envelope of a vault file's text. The text is read as far as envelopes can
/// stand in it; what is no vault file has none.
///
/// # Errors
/// The text cannot be read.
pub fn envelopes(text: &mut dyn BufRead, mut each: impl FnMut(Vec<u8>)) -> io::Result<()> {
    let (mut line, mut open) = (Vec::new(), None::<armor::Reader>);
    let (mut is_audience, mut lines) = (false, 0);
    loop {
        line.clear();
        // A line end belongs to the line.
        (&mut *text).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)?;
        let Some(content) = line.strip_suffix(b"\n") else { return Ok(()) };
        match (content, open.take()) {
            (b"'''", Some(reader)) => {
                if let Ok(envelope) = reader.finish() {
                    each(envelope);
                }
            }
            (content, Some(mut reader)) => {
                let read = std::str::from_utf8(content).is_ok_and(|text| reader.line(text).is_ok());
                lines += 1;
                open = (read && lines <= MAX_LINES).then_some(reader);
            }
            (b"envelope = '''", None) if is_audience => {
                (open, lines) = (Some(armor::Reader::default()), 0);
            }
            ([b'[', b'a', ..], None) => is_audience = true,
            ([b'[', b's', ..] | b"# 00" | b"[log]", None) => return Ok(()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::format::{sample, write};

    fn found(text: &[u8]) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        envelopes(&mut &text[..], |envelope| all.push(envelope)).unwrap();
        all
    }

    #[test]
    fn every_envelope_is_found_and_nothing_else() {
        let file = sample::file();
        let text = write(&file);
        let wanted: Vec<Vec<u8>> =
            file.audiences.values().map(|section| section.envelope.clone()).collect();
        assert_eq!(found(text.as_bytes()), wanted);
        let start = text.find("# 00\n").unwrap();
        assert_eq!(found(&text.as_bytes()[..start]), wanted, "the rest is not needed");
    }

    #[test]
    fn what_is_no_vault_file_has_none() {
        let long = vec![b'x'; MAX_LINE + 2];
        let block = "[audience.\"owner\"]\nenvelope = '''\nno armor\n'''\n";
        for text in [&b""[..], b"envelope = '''\nAAAA\n'''\n", &long, b"\xff\n", block.as_bytes()] {
            assert_eq!(found(text), Vec::<Vec<u8>>::new());
        }
    }
}
