//! Which instances of a program are given what is pending: a stable choice by name, so that an instance does not go
//! back and forth, and what rotates together moves together.

use super::rotation::MAX_SHARE;
use crate::crypto::digest::{self, HashContext};
use crate::crypto::id::RotationId;

/// The most bytes of an instance's name.
const MAX_BYTES: usize = 1_000;

/// The name of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance(String);

/// Why a text names no instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an instance is named by 1 to {MAX_BYTES} bytes")]
pub struct InstanceError;

impl Instance {
    /// # Errors
    /// An empty text, or one that is too long.
    pub fn new(text: impl Into<String>) -> Result<Self, InstanceError> {
        let text = text.into();
        if (1..=MAX_BYTES).contains(&text.len()) { Ok(Self(text)) } else { Err(InstanceError) }
    }

    /// Its place among all, below [`MAX_SHARE`]: it is given what is pending where that is below the share.
    pub fn place(&self, rotation: &RotationId) -> u64 {
        let hash = digest::hash(HashContext::Rollout, &[rotation.as_bytes(), self.0.as_bytes()]);
        let mut first = [0; 8];
        first.copy_from_slice(&hash.0[..8]);
        u64::from_le_bytes(first) % MAX_SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_has_a_name_of_some_length() {
        assert_eq!(Instance::new(""), Err(InstanceError));
        assert!(Instance::new("x".repeat(MAX_BYTES)).is_ok());
        assert_eq!(Instance::new("x".repeat(MAX_BYTES + 1)), Err(InstanceError));
    }

    #[test]
    fn places_are_spread_and_differ_by_rotation() {
        let below = |share, rotation| {
            let of = |n: u32| Instance::new(format!("web-{n}")).unwrap().place(&rotation);
            (0..10_000).filter(|n| of(*n) < share).count()
        };
        let (one, other) = (RotationId([1; 16]), RotationId([2; 16]));
        assert_eq!((below(0, one), below(MAX_SHARE, one)), (0, 10_000));
        // Five standard deviations of a fair draw.
        for (share, spread) in [(500, 110), (5_000, 250)] {
            for rotation in [one, other] {
                assert!(below(share, rotation).abs_diff(share as usize) < spread);
            }
        }
        let web = Instance::new("web-1").unwrap();
        assert_ne!(web.place(&one), web.place(&other));
        assert_eq!(web.place(&one), web.place(&one));
    }
}
