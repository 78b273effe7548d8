//! Length hiding: how long a padded value is (`docs/format.md` section 5, Value).

/// The least padded length.
const FLOOR: usize = 64;

/// The padded length of a plaintext of `length` bytes: Padmé, which leaks O(log log) bits of the
/// length at a cost of at most 12 %, but never below 64, since most secrets are short.
pub fn padded_length(length: usize) -> usize {
    padme(length).max(FLOOR)
}

/// Padmé of "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs"
/// (Nikitin et al., PoPETs 2019, section 4.4).
fn padme(length: usize) -> usize {
    if length < 2 {
        return length;
    }
    let exponent = length.ilog2();
    let kept = exponent.ilog2() + 1;
    length.next_multiple_of(1 << (exponent - kept))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_of_the_paper_and_the_floor() {
        for (length, padded) in
            [(0, 64), (4, 64), (64, 64), (65, 72), (72, 72), (73, 80), (1000, 1024), (1029, 1088)]
        {
            assert_eq!(padded_length(length), padded, "{length}");
        }
    }

    proptest! {
        #[test]
        fn padding_grows_with_length_by_at_most_an_eighth(length in 64usize..2_000_000) {
            let padded = padded_length(length);
            prop_assert!(padded >= length && padded <= length + length / 8);
            prop_assert!(padded_length(length + 1) >= padded);
            prop_assert_eq!(padded_length(padded), padded);
        }
    }
}
