//! A host for tests of this crate: real randomness, and nothing else.

use super::Random;

/// Draws from the operating system.
pub struct TestHost;

impl Random for TestHost {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).unwrap();
    }
}
