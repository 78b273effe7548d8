//! The text form of age recipients, checked without encrypting to them. What a plugin or an SSH
//! recipient means is judged where envelopes are made.

/// The most bytes of a recipient.
pub const MAX_RECIPIENT: usize = 4_096;
const X25519_LENGTH: usize = 62;

/// Whether `text` may stand as a recipient in a record: 1 … [`MAX_RECIPIENT`] printable ASCII
/// characters without spaces, quotes or backslash; an X25519 recipient must also decode.
pub fn is_well_formed(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\');
    !text.is_empty()
        && text.len() <= MAX_RECIPIENT
        && text.bytes().all(plain)
        && (!is_x25519(text) || text.parse::<age::x25519::Recipient>().is_ok())
}

/// A plugin's recipient (`age1name1…`) may have the same length; `1` never occurs in Bech32 data.
fn is_x25519(text: &str) -> bool {
    text.len() == X25519_LENGTH && text.strip_prefix("age1").is_some_and(|data| !data.contains('1'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_x25519_recipient_must_decode() {
        // From the age README.
        let good = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        assert!(is_well_formed(good));
        assert!(!is_well_formed(&good.replace("aqmc", "aqmd")));
    }

    #[test]
    fn other_recipients_are_taken_by_their_characters() {
        assert!(is_well_formed(
            "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"
        ));
        assert!(is_well_formed("age1plugin1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"));
        for bad in ["", "ssh-ed25519 AAAA", "a'b", "a\"b", "a\\b", "é", "a\u{1b}"] {
            assert!(!is_well_formed(bad), "{bad:?}");
        }
        assert!(!is_well_formed(&"x".repeat(MAX_RECIPIENT + 1)));
    }
}
