//! How well a passphrase withstands somebody who guesses at it with a copy of the vault: zxcvbn's
//! estimate of the guesses that it takes.

use crate::secret_value::SecretValue;
use zeroize::Zeroizing;
use zxcvbn::zxcvbn;

/// Guesses, as a power of ten, below which a passphrase is weak. With the default cost a guess takes
/// a good part of a second of one core and 256 MiB, so 10¹⁰ guesses are a hundred years of it.
const ENOUGH: f64 = 10.0;

/// What is known of a passphrase's strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strength {
    /// About how many guesses it takes, as a power of ten.
    pub guesses_log10: u32,
    pub is_weak: bool,
}

/// About how many guesses a text takes, as a power of ten. Bytes that are no text are judged by what is left
/// of them as text: fewer, never more.
pub(crate) fn guesses_log10(text: &[u8]) -> f64 {
    guesses(text, &[])
}

fn guesses(text: &[u8], known: &[&str]) -> f64 {
    match std::str::from_utf8(text) {
        Ok(text) => zxcvbn(text, known).guesses_log10(),
        Err(_) => {
            let text = Zeroizing::new(String::from_utf8_lossy(text).replace('\u{fffd}', ""));
            zxcvbn(&text, known).guesses_log10()
        }
    }
}

/// Judges a passphrase. `known` are words that an attacker tries first, such as the vault's name.
pub fn judge(passphrase: &SecretValue, known: &[&str]) -> Strength {
    let guesses = guesses(passphrase.expose(), known);
    Strength { guesses_log10: guesses.max(0.0) as u32, is_weak: guesses < ENOUGH }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weak(text: &str) -> bool {
        judge(&SecretValue::from(text.to_owned()), &["shop", "ada"]).is_weak
    }

    #[test]
    fn what_everybody_tries_is_weak_and_random_words_are_not() {
        for bad in ["", "hunter2", "password1234", "qwertyuiop", "shopshopshop", "Summer2026!"] {
            assert!(weak(bad), "{bad}");
        }
        for good in ["divorce garage shuffle hunt nasty", "x9$Lq2vRt7Pw4z"] {
            assert!(!weak(good), "{good}");
        }
        assert!(judge(&SecretValue::new(vec![0xff; 40]), &[]).is_weak, "no text at all");
    }
}
