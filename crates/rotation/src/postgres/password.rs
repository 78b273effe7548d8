//! New passwords.

use v_secure_core::crypto::bytes;
use v_secure_core::host::Random;
use zeroize::Zeroizing;

/// 192 bits, and no padding in base64url: each digit is six of them, none likelier than another.
const BYTES: usize = 24;

/// A password of letters, digits, `-` and `_`, which stand for themselves in a URL.
pub(super) fn generate(random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    random.fill(&mut *bytes);
    Zeroizing::new(bytes::encode(&*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);

    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_password_is_all_of_what_was_drawn() {
        assert_eq!(*generate(&Fixed(0)), "A".repeat(32));
        assert_eq!(*generate(&Fixed(0xff)), "_".repeat(32));
    }
}
