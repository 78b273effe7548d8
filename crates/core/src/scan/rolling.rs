//! A hash of each stretch of a text, from one to the next at the cost of a byte: what is worth a closer look.
//!
//! It is a cyclic polynomial over a secret table, and no keyed hash: what is kept of it is sixteen bits, sealed
//! with the rest, and counts as sixteen bits that a thief of the key learns.

use super::SHORTEST;
use crate::crypto::mac::MacKey;

/// How far the byte that leaves has been turned.
const TURNED: u32 = SHORTEST as u32;

pub(super) struct Rolling([u64; 256]);

impl Rolling {
    pub fn new(key: &MacKey) -> Self {
        let mut table = [0; 256];
        for (number, part) in (0_u8..).zip(table.chunks_mut(4)) {
            let bytes = key.of(&[b"rolling", &[number]]);
            let words = bytes.0.as_chunks::<8>().0;
            part.iter_mut().zip(words).for_each(|(entry, word)| *entry = u64::from_le_bytes(*word));
        }
        Self(table)
    }

    /// Of the beginning of a text.
    pub fn of(&self, text: &[u8]) -> u16 {
        let beginning = text.iter().take(SHORTEST);
        kept(beginning.fold(0, |hash, byte| self.with(hash, *byte)))
    }

    /// Every place in a text, with the hash of what begins there.
    pub fn each(&self, text: &[u8], mut visit: impl FnMut(usize, u16)) {
        let Some((first, rest)) = text.split_at_checked(SHORTEST) else { return };
        let mut hash = first.iter().fold(0, |hash, byte| self.with(hash, *byte));
        visit(0, kept(hash));
        for (at, (out, byte)) in text.iter().zip(rest).enumerate() {
            hash = self.with(hash, *byte) ^ self.entry(*out).rotate_left(TURNED);
            visit(at + 1, kept(hash));
        }
    }

    fn with(&self, hash: u64, byte: u8) -> u64 {
        hash.rotate_left(1) ^ self.entry(byte)
    }

    fn entry(&self, byte: u8) -> u64 {
        self.0[usize::from(byte)]
    }
}

fn kept(hash: u64) -> u16 {
    let [low, high, ..] = hash.to_le_bytes();
    u16::from_le_bytes([low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rolls_is_what_is_hashed_at_once() {
        let rolling = Rolling::new(&MacKey::parse(&[7; 32]).unwrap());
        let text: Vec<u8> = (0_u32..300).map(|n| (n * n % 251) as u8).collect();
        let mut seen = 0;
        rolling.each(&text, |at, hash| {
            assert_eq!(hash, rolling.of(&text[at..]), "{at}");
            seen += 1;
        });
        assert_eq!(seen, text.len() - SHORTEST + 1);
        rolling.each(&text[..SHORTEST - 1], |_, _| panic!("too short"));
        let other = Rolling::new(&MacKey::parse(&[8; 32]).unwrap());
        assert_ne!(rolling.of(&text), other.of(&text));
    }
}
