//! Age's ASCII armor, in its one strict form: padded standard base64 in lines of 64 characters, the
//! last one shorter or equal (C2SP age, ASCII armor).

use super::error::Cause;
use crate::crypto::digits;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
const COLUMNS: usize = 64;
/// The characters for which there is room at once: a file says how many there are, and need not keep to it.
const MOST_ROOM: usize = 1 << 20;

/// Appends the armor of `bytes`, each line ended by LF.
pub(super) fn write(out: &mut String, bytes: &[u8]) {
    out.push_str(BEGIN);
    out.push('\n');
    // 48 bytes are 64 characters, so only the last line can have padding.
    for chunk in bytes.chunks(COLUMNS / 4 * 3) {
        STANDARD.encode_string(chunk, out);
        out.push('\n');
    }
    out.push_str(END);
    out.push('\n');
}

/// Decodes armor line by line, so that nothing grows with lines that are none of it.
#[derive(Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
    state: ArmorState,
}

#[derive(Default, PartialEq, Eq)]
enum ArmorState {
    #[default]
    Start,
    /// So far every line had 64 characters and no padding.
    Full,
    /// A shorter or padded line: the last one.
    Last,
    End,
}

impl Reader {
    /// One that takes so many characters without growing, which would leave half of them behind several times.
    pub fn with_room_for(characters: usize) -> Self {
        Self { bytes: Vec::with_capacity(characters.min(MOST_ROOM) / 4 * 3), ..Self::default() }
    }

    /// Takes the next line.
    pub fn line(&mut self, line: &str) -> Result<(), Cause> {
        self.state = match self.state {
            ArmorState::Start if line == BEGIN => ArmorState::Full,
            ArmorState::Full | ArmorState::Last if line == END && !self.bytes.is_empty() => {
                ArmorState::End
            }
            ArmorState::Full if !line.is_empty() && line.len() <= COLUMNS => self.digits(line)?,
            _ => return Err(Cause::Armor),
        };
        Ok(())
    }

    fn digits(&mut self, line: &str) -> Result<ArmorState, Cause> {
        let (fours, rest) = line.as_bytes().as_chunks();
        let mut bytes = [[0; 3]; COLUMNS / 4];
        if line.len() == COLUMNS && rest.is_empty() && digits::STANDARD.read(fours, &mut bytes) {
            self.bytes.extend_from_slice(bytes.as_flattened());
            return Ok(ArmorState::Full);
        }
        // Padded, shorter, or none of it.
        STANDARD.decode_vec(line, &mut self.bytes).map_err(|_| Cause::Armor)?;
        Ok(ArmorState::Last)
    }

    /// The binary age file. An empty one is none of age's.
    pub fn finish(self) -> Result<Vec<u8>, Cause> {
        if self.state == ArmorState::End { Ok(self.bytes) } else { Err(Cause::Armor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<u8>, Cause> {
        let mut reader = Reader::default();
        text.lines().try_for_each(|line| reader.line(line))?;
        reader.finish()
    }

    #[test]
    fn every_length_comes_back() {
        for length in 1..200 {
            let bytes: Vec<u8> = (0..length).collect();
            let mut text = String::new();
            write(&mut text, &bytes);
            assert_eq!(read_text(&text), Ok(bytes), "{length}");
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        let mut good = String::new();
        write(&mut good, &[7; 100]);
        let lines: Vec<&str> = good.lines().collect();
        let joined = [lines[0], &lines[1..4].concat(), lines[4]];
        let bad = [
            format!("{BEGIN}\n{END}\n"),
            format!("{BEGIN}\n\n{END}\n"),
            format!("{BEGIN}\nBw\n{END}\n"),
            format!("{BEGIN}\nBx==\n{END}\n"),
            format!("{BEGIN}\nB-==\n{END}\n"),
            joined.join("\n"),
            good.replace(END, ""),
            good.replacen("BwcH", "Bw==", 1),
            good.replace(END, "=\n-----END AGE ENCRYPTED FILE-----"),
        ];
        for text in bad {
            assert_eq!(read_text(&text), Err(Cause::Armor), "{text}");
        }
    }
}
