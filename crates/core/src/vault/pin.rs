//! Pins: what this device has accepted about vaults before, compared with what it is shown now.
//!
//! Pure: the store of the device keeps what was accepted and gathers it as [`Facts`]. The policy chain is
//! known by vault, wherever that lies; which vault was accepted is known by place. A *carried* pin
//! is one line that names a point of a chain, for machines that keep no state.

use crate::crypto::id::{PolicyId, VaultId};
use crate::policy::chain::Chain;
use crate::policy::chain_comparison::ChainComparison;
use std::fmt;
use std::str::FromStr;

/// How a carried pin begins.
const CARRIED_PREFIX: &str = "v-secure-pin-1";

/// The comment, legal in an identity file, that carries a pin.
pub const COMMENT: &str = "# v-secure-pin: ";

/// A point that a vault's policy chain must contain: `v-secure-pin-1.VAULT.SEQ.ENTRY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedPin {
    pub vault: VaultId,
    pub seq: u64,
    pub entry: PolicyId,
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
            vault: VaultId::parse(vault).map_err(|_| PinSyntax)?,
            seq: seq.parse().map_err(|_| PinSyntax)?,
            entry: PolicyId::parse(entry).map_err(|_| PinSyntax)?,
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
            .map(|line| line.trim_start_matches('\u{feff}').trim())
            .find_map(|line| line.strip_prefix(COMMENT.trim_end()))
            .map(|pin| pin.trim().parse())
    }

    fn holds_in(&self, chain: &[PolicyId]) -> bool {
        is_of(chain, &self.vault)
            && usize::try_from(self.seq).ok().and_then(|seq| chain.get(seq)) == Some(&self.entry)
    }
}

/// A carried pin, by how it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    pub pin: CarriedPin,
    /// Whether it was given for what is done here. The one in an identity's comment goes wherever the
    /// identity goes: it says which vault is the right one, and not where.
    pub is_for_place: bool,
}

/// What a vault's chain is, seen from the pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinStatus {
    /// Nothing is known of this vault, nor of this place: first use.
    Unknown,
    /// The chain is, or continues, what was accepted.
    Continues,
    /// An old branch: the chain ends before the accepted one does.
    Prefix { seen: usize, accepted: usize },
    /// The chain parted from the accepted one.
    Diverged { at: usize },
    /// Another vault stands at this place.
    OtherVault { accepted: VaultId },
    /// The place is new, and its project has another vault.
    OtherInProject { known: Neighbour },
    /// The carried pin names an entry that this chain does not have.
    CarriedMissing,
}

impl PinStatus {
    /// Whether nothing of the vault is used, however it is opened.
    pub const fn is_refused(&self) -> bool {
        matches!(
            self,
            Self::Diverged { .. }
                | Self::OtherVault { .. }
                | Self::OtherInProject { .. }
                | Self::CarriedMissing
        )
    }
}

/// A vault that was accepted elsewhere in the project of a place: in its repository, or in a folder
/// above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    pub vault: VaultId,
    /// What it calls itself.
    pub name: String,
    /// Where it stood, for messages.
    pub path: String,
}

/// What is known that bears on one vault at one place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// The vault that was accepted at the place.
    pub here: Option<VaultId>,
    /// Those accepted around it; looked at only where the place is new.
    pub around: &'a [Neighbour],
    /// The furthest chain of this vault that was accepted, at whatever place.
    pub chain: Option<&'a [PolicyId]>,
    pub carried: Option<&'a CarriedPin>,
}

/// Judges a vault by the ids of its chain. A carried pin is judged even where all else agrees: it
/// was given on purpose. It vouches for a vault that nobody knows, and not for another one in the
/// place of a known one: an identity can carry the pin of another team's vault.
pub fn judge(chain: &[PolicyId], facts: &Facts<'_>) -> PinStatus {
    if facts.carried.is_some_and(|pin| !pin.holds_in(chain)) {
        return PinStatus::CarriedMissing;
    }
    match (facts.here, facts.around.first()) {
        (Some(accepted), _) if !is_of(chain, &accepted) => {
            return PinStatus::OtherVault { accepted };
        }
        (None, Some(known)) if !facts.around.iter().any(|one| is_of(chain, &one.vault)) => {
            return PinStatus::OtherInProject { known: known.clone() };
        }
        _ => {}
    }
    match (facts.chain, facts.carried) {
        (Some(ids), _) => against(chain, ids),
        (None, Some(_)) => PinStatus::Continues,
        (None, None) => PinStatus::Unknown,
    }
}

/// Whether a chain is that of this vault.
fn is_of(chain: &[PolicyId], vault: &VaultId) -> bool {
    chain.first().is_some_and(|genesis| VaultId::from(*genesis) == *vault)
}

fn against(now: &[PolicyId], accepted: &[PolicyId]) -> PinStatus {
    let Some(first) = accepted.first() else { return PinStatus::Unknown };
    match ChainComparison::of(now, accepted) {
        ChainComparison::Same | ChainComparison::Ahead => PinStatus::Continues,
        ChainComparison::Behind => PinStatus::Prefix { seen: now.len(), accepted: accepted.len() },
        ChainComparison::Diverged { at } => PinStatus::Diverged { at },
        ChainComparison::Other => PinStatus::OtherVault { accepted: (*first).into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(bytes: &[u8]) -> Vec<PolicyId> {
        bytes.iter().map(|byte| PolicyId([*byte; 32])).collect()
    }

    #[test]
    fn a_carried_pin_has_one_spelling() {
        let pin = CarriedPin { vault: VaultId([1; 32]), seq: 10, entry: PolicyId([2; 32]) };
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
        assert_eq!(against(&ids(&[1, 2, 3]), &ids(&[1, 2])), PinStatus::Continues);
        assert_eq!(against(&ids(&[1]), &ids(&[1, 2])), PinStatus::Prefix { seen: 1, accepted: 2 });
        assert_eq!(against(&ids(&[1, 9]), &ids(&[1, 2])), PinStatus::Diverged { at: 1 });
        assert_eq!(
            against(&ids(&[9, 2]), &ids(&[1, 2])),
            PinStatus::OtherVault { accepted: VaultId([1; 32]) }
        );
    }

    fn near(byte: u8) -> Neighbour {
        Neighbour { vault: VaultId([byte; 32]), name: "shop".into(), path: "/shop".into() }
    }

    #[test]
    fn the_place_comes_before_the_project_and_the_project_before_the_vault() {
        let (chain, known) = (ids(&[1, 2]), ids(&[1]));
        let around = [near(8), near(9)];
        let facts = Facts { around: &around, chain: Some(&known), ..Facts::default() };
        let other = PinStatus::OtherInProject { known: near(8) };
        assert_eq!(judge(&chain, &facts), other, "known by its id from elsewhere, and refused");
        let here = Some(VaultId([1; 32]));
        assert_eq!(judge(&chain, &Facts { here, ..facts }), PinStatus::Continues);
        let accepted = VaultId([8; 32]);
        let moved_in = Facts { here: Some(accepted), ..facts };
        assert_eq!(judge(&chain, &moved_in), PinStatus::OtherVault { accepted });
        let among = [near(8), near(1)];
        assert_eq!(judge(&chain, &Facts { around: &among, ..facts }), PinStatus::Continues);
        assert_eq!(judge(&chain, &Facts { around: &[], ..facts }), PinStatus::Continues);
        assert_eq!(judge(&chain, &Facts::default()), PinStatus::Unknown);
    }

    #[test]
    fn a_carried_pin_vouches_for_the_unknown_alone() {
        let chain = ids(&[1, 2]);
        let right = CarriedPin { vault: chain[0].into(), seq: 1, entry: chain[1] };
        let wrong = CarriedPin { entry: chain[0], ..right };
        let around = [near(8)];
        let facts = Facts { carried: Some(&right), ..Facts::default() };
        assert_eq!(judge(&chain, &facts), PinStatus::Continues);
        let refused = judge(&chain, &Facts { around: &around, ..facts });
        assert_eq!(refused, PinStatus::OtherInProject { known: near(8) });
        let missing = Facts { carried: Some(&wrong), here: Some(chain[0].into()), ..facts };
        assert_eq!(judge(&chain, &missing), PinStatus::CarriedMissing);
    }
}
