//! Digits of base64 in fours, which are three bytes. The base64 crate is made for long texts: the ids of a log are many and
//! short, and reading them was a third of reading an entry. What a text may look like is for [`super::bytes`] and the armor.

/// More than three bytes.
const NONE: u32 = 1 << 24;

/// What each character adds to three bytes, by its place among four; [`NONE`] where it is no digit.
pub(crate) struct Alphabet([[u32; 256]; 4]);

pub(crate) static STANDARD: Alphabet = Alphabet::ending_with(*b"+/");
pub(crate) static URL_SAFE: Alphabet = Alphabet::ending_with(*b"-_");

impl Alphabet {
    const fn ending_with(last: [u8; 2]) -> Self {
        let (mut added, mut place) = ([[NONE; 256]; 4], 0);
        while place < 4 {
            let mut digit = 0;
            while digit < 64 {
                let character = match digit {
                    0..26 => b'A' + digit,
                    26..52 => b'a' + digit - 26,
                    52..62 => b'0' + digit - 52,
                    _ => last[digit as usize - 62],
                };
                added[place][character as usize] = (digit as u32) << (18 - 6 * place);
                digit += 1;
            }
            place += 1;
        }
        Self(added)
    }

    /// Three bytes for each four digits; false if one of them is none, and what is in `bytes` then is nothing.
    #[must_use]
    pub fn read(&self, fours: &[[u8; 4]], bytes: &mut [[u8; 3]]) -> bool {
        let [first, second, third, fourth] = &self.0;
        let mut seen = 0;
        for (&[a, b, c, d], three) in fours.iter().zip(bytes) {
            let sum = first[usize::from(a)]
                | second[usize::from(b)]
                | third[usize::from(c)]
                | fourth[usize::from(d)];
            seen |= sum;
            let [_, one, two, last] = sum.to_be_bytes();
            *three = [one, two, last];
        }
        seen & NONE == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose;

    #[test]
    fn fours_are_read_as_base64_reads_them() {
        for first in 0..=255u8 {
            for place in 0..4 {
                let mut four = *b"Qk9f";
                four[place] = first;
                let mut three = [[0; 3]];
                for (alphabet, other) in
                    [(&STANDARD, general_purpose::STANDARD), (&URL_SAFE, general_purpose::URL_SAFE)]
                {
                    let is_read = alphabet.read(&[four], &mut three).then_some(three[0].to_vec());
                    // Padding is no digit here.
                    let expected = other.decode(four).ok().filter(|bytes| bytes.len() == 3);
                    assert_eq!(is_read, expected, "{four:?}");
                }
            }
        }
    }
}
