//! Pins: what this device has accepted about a vault before, compared with what it is shown now.
//!
//! Pure: [`crate::store`] keeps the pins. A *held* pin is the policy chain last accepted at a place;
//! a *carried* pin is one line that names a point of a chain, for machines that keep no state.

use crate::crypto::bytes::Id;
use crate::policy::chain::Chain;
use std::fmt;
use std::str::FromStr;

/// How a carried pin begins.
const CARRIED_PREFIX: &str = "v-secure-pin-1";

/// The comment, legal in an identity file, that carries a pin.
pub const COMMENT: &str = "# v-secure-pin: ";

/// A point that a vault's policy chain must contain: `v-secure-pin-1.VAULT.SEQ.ENTRY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedPin {
    pub vault: Id,
    pub seq: u64,
    pub entry: Id,
}

/// The text is not a carried pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a pin: expected {CARRIED_PREFIX}.VAULT.SEQUENCE.ENTRY, as 'v-secure pin show' prints it"
)]
pub struct PinSyntax;

impl FromStr for CarriedPin {
    type Err = PinSyntax;

    fn from_str(text: &str) -> Result<Self, PinSyntax> {
        let parts: Vec<&str> = text.splitn(5, '.').collect();
        let [prefix, vault, seq, entry] = parts[..] else { return Err(PinSyntax) };
        if prefix != CARRIED_PREFIX || seq.len() > 16 || (seq.len() > 1 && seq.starts_with('0')) {
            return Err(PinSyntax);
        }
        if !seq.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PinSyntax);
        }
        Ok(Self {
            vault: Id::parse(vault).map_err(|_| PinSyntax)?,
            seq: seq.parse().map_err(|_| PinSyntax)?,
            entry: Id::parse(entry).map_err(|_| PinSyntax)?,
        })
    }
}

impl fmt::Display for CarriedPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CARRIED_PREFIX}.{}.{}.{}", self.vault, self.seq, self.entry)
    }
}

impl CarriedPin {
    /// The pin of a chain's head.
    pub fn of(chain: &Chain) -> Self {
        Self { vault: chain.vault_id(), seq: chain.len() as u64 - 1, entry: chain.head() }
    }

    /// The pin in an identity's comments, if one is there.
    pub fn in_identity(text: &str) -> Option<Result<Self, PinSyntax>> {
        text.lines()
            .find_map(|line| line.strip_prefix(COMMENT.trim_end()))
            .map(|pin| pin.trim().parse())
    }

    fn holds_in(&self, chain: &[Id]) -> bool {
        chain.first() == Some(&self.vault)
            && usize::try_from(self.seq).ok().and_then(|seq| chain.get(seq)) == Some(&self.entry)
    }
}

/// What a vault's chain is, seen from the pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known of this place: first use.
    Unknown,
    /// The chain is, or continues, what was accepted.
    Continues,
    /// An old branch: the chain ends before the accepted one does.
    Prefix { seen: usize, accepted: usize },
    /// The chain parted from the accepted one.
    Diverged { at: usize },
    /// Another vault stands at this place.
    OtherVault { accepted: Id },
    /// The carried pin names an entry that this chain does not have.
    CarriedMissing,
}

/// Compares `chain`, by the ids of its entries, with those of the accepted chain and the carried pin, either of which may be
/// missing. A carried pin is judged even where a held one agrees: it was given on purpose.
pub fn judge(chain: &[Id], accepted: Option<&[Id]>, carried: Option<&CarriedPin>) -> Standing {
    if carried.is_some_and(|pin| !pin.holds_in(chain)) {
        return Standing::CarriedMissing;
    }
    match (accepted, carried) {
        (Some(ids), _) => against(chain, ids),
        (None, Some(_)) => Standing::Continues,
        (None, None) => Standing::Unknown,
    }
}

fn against(now: &[Id], accepted: &[Id]) -> Standing {
    let common = now.iter().zip(accepted).take_while(|(a, b)| a == b).count();
    match accepted {
        [] => Standing::Unknown,
        [first, ..] if common == 0 => Standing::OtherVault { accepted: *first },
        _ if common == accepted.len() => Standing::Continues,
        _ if common == now.len() => Standing::Prefix { seen: now.len(), accepted: accepted.len() },
        _ => Standing::Diverged { at: common },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::bytes::Fixed;

    fn ids(bytes: &[u8]) -> Vec<Id> {
        bytes.iter().map(|byte| Fixed([*byte; 32])).collect()
    }

    #[test]
    fn a_carried_pin_has_one_spelling() {
        let pin = CarriedPin { vault: Fixed([1; 32]), seq: 10, entry: Fixed([2; 32]) };
        assert_eq!(pin.to_string().parse(), Ok(pin));
        let text = pin.to_string();
        for bad in [
            text.replace(".10.", ".010."),
            text.replace(".10.", ".+10."),
            text.replace(".10.", "."),
            format!("{text}.x"),
            text.replace("pin-1", "pin-2"),
            String::new(),
        ] {
            assert_eq!(bad.parse::<CarriedPin>(), Err(PinSyntax), "{bad}");
        }
        let identity = format!("# created\n{COMMENT}{pin}\nAGE-SECRET-KEY-1");
        assert_eq!(CarriedPin::in_identity(&identity), Some(Ok(pin)));
        assert_eq!(CarriedPin::in_identity("# v-secure-pin: junk"), Some(Err(PinSyntax)));
        assert_eq!(CarriedPin::in_identity("AGE-SECRET-KEY-1"), None);
    }

    #[test]
    fn an_accepted_chain_may_only_grow() {
        assert_eq!(against(&ids(&[1, 2, 3]), &ids(&[1, 2])), Standing::Continues);
        assert_eq!(against(&ids(&[1]), &ids(&[1, 2])), Standing::Prefix { seen: 1, accepted: 2 });
        assert_eq!(against(&ids(&[1, 9]), &ids(&[1, 2])), Standing::Diverged { at: 1 });
        assert_eq!(
            against(&ids(&[9, 2]), &ids(&[1, 2])),
            Standing::OtherVault { accepted: Fixed([1; 32]) }
        );
    }
}
