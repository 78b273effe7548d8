//! Argon2id (RFC 9106): from a passphrase to a key.
//!
//! Its cost comes out of a file that anybody may have written, so [`Params`] exists only within the
//! bounds of `docs/format.md` section 5, Slot.

use super::bytes::Fixed;
use crate::secret_value::SecretValue;
use argon2::{Algorithm, Argon2, Block, Version};
use zeroize::{Zeroize, Zeroizing};

const MEMORY_KIB: std::ops::RangeInclusive<u32> = 19_456..=1_048_576;
const PASSES: std::ops::RangeInclusive<u32> = 2..=10;
const LANES: std::ops::RangeInclusive<u32> = 1..=8;

/// Why no key was derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KdfError {
    #[error("Argon2id memory of {kib} KiB is outside of 19456 to 1048576 KiB")]
    Memory { kib: u32 },
    #[error("{passes} passes of Argon2id are outside of 2 to 10")]
    Passes { passes: u32 },
    #[error("{lanes} lanes of Argon2id are outside of 1 to 8")]
    Lanes { lanes: u32 },
    #[error("this machine cannot give the {kib} KiB of memory that the passphrase needs")]
    OutOfMemory { kib: u32 },
    #[error("the cost of a passphrase is written m=KIB,t=PASSES,p=LANES, such as m=262144,t=3,p=4")]
    Syntax,
    #[error("the passphrase is longer than Argon2id takes")]
    PassphraseLength,
}

/// The cost of one derivation, within the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Params {
    m: u32,
    t: u32,
    p: u32,
}

impl Params {
    /// What new slots use: 256 MiB, 3 passes, 4 lanes.
    pub const DEFAULT: Self = Self { m: 262_144, t: 3, p: 4 };
    /// The least cost that a slot may have.
    pub const LEAST: Self = Self { m: 19_456, t: 2, p: 1 };

    /// `m` in KiB, `t` passes, `p` lanes.
    pub fn new(m: u32, t: u32, p: u32) -> Result<Self, KdfError> {
        if !MEMORY_KIB.contains(&m) {
            return Err(KdfError::Memory { kib: m });
        }
        if !PASSES.contains(&t) {
            return Err(KdfError::Passes { passes: t });
        }
        if !LANES.contains(&p) {
            return Err(KdfError::Lanes { lanes: p });
        }
        Ok(Self { m, t, p })
    }

    /// Whether a guess at a passphrase costs an attacker less than with `other`: less memory, or less
    /// work in it.
    pub(crate) fn is_weaker_than(&self, other: Self) -> bool {
        let work = |params: &Self| u64::from(params.m) * u64::from(params.t);
        self.m < other.m || work(self) < work(&other)
    }

    /// Memory in KiB.
    pub fn m(&self) -> u32 {
        self.m
    }

    /// Passes.
    pub fn t(&self) -> u32 {
        self.t
    }

    /// Lanes.
    pub fn p(&self) -> u32 {
        self.p
    }
}

impl std::fmt::Display for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "m={},t={},p={}", self.m, self.t, self.p)
    }
}

impl std::str::FromStr for Params {
    type Err = KdfError;

    /// Parses `m=KIB,t=PASSES,p=LANES`, in this one spelling.
    fn from_str(text: &str) -> Result<Self, KdfError> {
        let mut parts = text.split(',');
        let mut next = |key: &str| -> Option<u32> { parts.next()?.strip_prefix(key)?.parse().ok() };
        let numbers = (next("m="), next("t="), next("p="));
        let (Some(m), Some(t), Some(p)) = numbers else { return Err(KdfError::Syntax) };
        let params = Self::new(m, t, p)?;
        if params.to_string() == text { Ok(params) } else { Err(KdfError::Syntax) }
    }
}

/// 32 bytes of Argon2id (version 0x13) of a passphrase.
pub fn argon2id(
    params: Params,
    passphrase: &SecretValue,
    salt: &Fixed<16>,
) -> Result<SecretValue, KdfError> {
    let out_of_memory = KdfError::OutOfMemory { kib: params.m };
    let cost = argon2::Params::new(params.m, params.t, params.p, Some(32))
        .map_err(|_| KdfError::Memory { kib: params.m })?;
    let mut memory = Memory::of(cost.block_count()).ok_or(out_of_memory)?;
    let mut key = Zeroizing::new(vec![0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
        .hash_password_into_with_memory(passphrase.expose(), &salt.0, &mut key, &mut memory.0[..])
        .map_err(|error| match error {
            argon2::Error::PwdTooLong => KdfError::PassphraseLength,
            _ => out_of_memory,
        })?;
    Ok(SecretValue::new(std::mem::take(&mut *key)))
}

/// The working memory: everything in it follows from the passphrase, so it is wiped.
struct Memory(Vec<Block>);

impl Memory {
    fn of(blocks: usize) -> Option<Self> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(blocks).ok()?;
        memory.resize(blocks, Block::new());
        Some(Self(memory))
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_outside_of_the_bounds_have_no_params() {
        for (m, t, p) in [
            (19_455, 3, 4),
            (1_048_577, 3, 4),
            (u32::MAX, 3, 4),
            (262_144, 1, 4),
            (262_144, 11, 4),
            (262_144, 3, 0),
            (262_144, 3, 9),
        ] {
            assert!(Params::new(m, t, p).is_err(), "m={m} t={t} p={p}");
        }
        assert!(Params::new(19_456, 2, 1).is_ok());
        assert!(Params::new(1_048_576, 10, 8).is_ok());
    }

    #[test]
    fn a_cost_has_one_spelling() {
        for params in [Params::DEFAULT, Params::LEAST] {
            assert_eq!(params.to_string().parse(), Ok(params));
        }
        for bad in [
            "",
            "m=262144",
            "t=3,m=262144,p=4",
            "m=262144,t=03,p=4",
            "m=262144,t=+3,p=4",
            "m=262144,t=3,p=4,",
            "m=262144,t=3,p=4,x=1",
            "m=262144, t=3,p=4",
        ] {
            assert_eq!(bad.parse::<Params>(), Err(KdfError::Syntax), "{bad}");
        }
        assert!(matches!("m=1,t=3,p=4".parse::<Params>(), Err(KdfError::Memory { kib: 1 })));
    }

    #[test]
    fn less_memory_or_less_work_is_weaker() {
        let params = |m, t| Params::new(m, t, 1).unwrap();
        assert!(params(100_000, 3).is_weaker_than(params(100_001, 2)), "less memory");
        assert!(params(100_000, 2).is_weaker_than(params(100_000, 3)), "fewer passes");
        assert!(!params(100_000, 3).is_weaker_than(params(100_000, 3)));
        assert!(!params(200_000, 2).is_weaker_than(params(100_000, 3)), "more of both");
    }

    #[test]
    fn salt_and_cost_enter_the_key() {
        let pass = SecretValue::new(b"correct horse".to_vec());
        let key = |params, salt| argon2id(params, &pass, &Fixed(salt)).unwrap();
        let first = key(Params::LEAST, [1; 16]);
        assert_eq!(first.len(), 32);
        assert!(first.same_as(&key(Params::LEAST, [1; 16])));
        assert!(!first.same_as(&key(Params::LEAST, [2; 16])));
        assert!(!first.same_as(&key(Params::new(19_456, 3, 1).unwrap(), [1; 16])));
    }
}
