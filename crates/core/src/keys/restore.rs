//! Taking up keys that an audience's envelope lacks from envelopes of before.
//!
//! Each envelope that the chain ever named stood in some committed state of the vault. It is known by
//! its id, and what it holds is believed as far as it meets what the chain states, so that nobody needs
//! to be trusted for where it comes from.

use super::audience_keys;
use super::policy_change::{self, PolicyChangeError};
use super::shortfall::Shortfall;
use crate::crypto::bytes::Id;
use crate::crypto::id::EpochId;
use crate::file::audience::EpochKeys;
use crate::name::Name;
use crate::name::audience::AudienceName;
use crate::policy::error::ChainError;
use crate::record::ids;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use crate::vault::key_holders;
use crate::vault::sealed_to;
use crate::vault::unlock::Unlocked;
use std::collections::BTreeMap;

/// Why an audience that lacks keys stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// Its envelope is not the member's to make.
    NotPermitted,
    /// Somebody left: it wants a new epoch first.
    Due,
    /// The present epoch's own keys are not among those found.
    NoCurrent,
    /// None of the lacking keys was found.
    NotFound,
}

impl Hindrance {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPermitted => "not-permitted",
            Self::Due => "due",
            Self::NoCurrent => "no-current",
            Self::NotFound => "not-found",
        }
    }
}

/// An audience whose envelope lacks keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    pub audience: AudienceName,
    /// How many epochs it has.
    pub epochs: usize,
    /// How many of them its present envelope gives.
    pub held: usize,
    /// How many were found besides.
    pub found: usize,
    pub hindrance: Option<Hindrance>,
    /// Who may make its envelope.
    pub able: Vec<Name>,
}

impl Lacking {
    pub const fn missing(&self) -> usize {
        self.epochs - self.held - self.found
    }
}

/// A search for what the envelopes of a vault lack.
pub struct Search<'a> {
    vault: &'a Vault,
    who: &'a Unlocked,
    /// Envelopes that may hold some of it.
    wanted: BTreeMap<Id, AudienceName>,
    lacking: BTreeMap<AudienceName, Held>,
}

struct Held {
    expected: Vec<EpochId>,
    keys: Vec<EpochKeys>,
    /// How many of the keys are the present envelope's.
    present: usize,
    barred: Option<Hindrance>,
}

impl Held {
    fn has(&self, epoch: &EpochId) -> bool {
        self.keys.iter().any(|keys| keys.epoch == *epoch)
    }

    fn is_whole(&self) -> bool {
        self.keys.len() == self.expected.len()
    }

    fn add(&mut self, found: Vec<EpochKeys>) {
        for keys in found {
            if self.expected.contains(&keys.epoch) && !self.has(&keys.epoch) {
                self.keys.push(keys);
            }
        }
        let place = |keys: &EpochKeys| self.expected.iter().position(|epoch| *epoch == keys.epoch);
        self.keys.sort_by_key(place);
    }

    fn hindrance(&self) -> Option<Hindrance> {
        let is_current = self.expected.first().is_some_and(|epoch| self.has(epoch));
        match self.barred {
            Some(barred) => Some(barred),
            None if self.keys.len() == self.present => Some(Hindrance::NotFound),
            None => (!is_current).then_some(Hindrance::NoCurrent),
        }
    }
}

/// Keys that were found, to be taken into a search of the vault as it is under the lock.
pub struct Found(BTreeMap<AudienceName, Vec<EpochKeys>>);

impl<'a> Search<'a> {
    /// Sees what is lacking of the audiences that the member is in.
    ///
    /// # Errors
    /// The chain, which was verified, does not fold.
    pub fn new(vault: &'a Vault, who: &'a Unlocked) -> Result<Self, ChainError> {
        let mut lacking = BTreeMap::new();
        for (name, _) in vault.policy().audiences() {
            if !vault.policy().is_in(who.member(), name) {
                continue;
            }
            let keys = who.open(vault, name).unwrap_or_else(|_| who.salvage(vault, name));
            let expected = vault.expected_epochs(name).into_iter().map(|stated| stated.epoch);
            let (expected, present) = (expected.collect(), keys.len());
            let held = Held { expected, keys, present, barred: barred(vault, who, name) };
            if !held.is_whole() {
                lacking.insert(name.clone(), held);
            }
        }
        let mut search = Self { vault, who, wanted: BTreeMap::new(), lacking };
        let own = who.recipients(vault);
        for named in sealed_to::all(vault)? {
            let is_own = own.iter().any(|recipient| named.to.contains(recipient));
            if is_own && search.wants(&named.audience) {
                search.wanted.insert(named.envelope, named.audience);
            }
        }
        Ok(search)
    }

    /// Whether more keys of an audience would be of use.
    fn wants(&self, audience: &AudienceName) -> bool {
        self.lacking.get(audience).is_some_and(|held| held.barred.is_none() && !held.is_whole())
    }

    /// Whether nothing is lacking that could be found.
    pub fn is_over(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Whether every audience of the member's has all its keys.
    pub fn is_needless(&self) -> bool {
        self.lacking.is_empty()
    }

    /// Takes what is lacking from an envelope, if it is one that the chain names.
    pub fn take(&mut self, envelope: &[u8]) {
        let Some(audience) = self.wanted.remove(&ids::envelope_id(envelope)) else { return };
        let keys = self.who.salvage_from(self.vault, &audience, envelope);
        if let Some(held) = self.lacking.get_mut(&audience) {
            held.add(keys);
        }
        if !self.wants(&audience) {
            self.wanted.retain(|_, of| *of != audience);
        }
    }

    /// What is lacking, and what was found of it.
    pub fn report(&self) -> Vec<Lacking> {
        let report = |(audience, held): (&AudienceName, &Held)| Lacking {
            audience: audience.clone(),
            epochs: held.expected.len(),
            held: held.present,
            found: held.keys.len() - held.present,
            hindrance: held.hindrance(),
            able: key_holders::may_reseal(self.vault, audience),
        };
        self.lacking.iter().map(report).collect()
    }

    /// The keys of the audiences whose envelopes can be made anew.
    pub fn into_found(self) -> Found {
        let usable = self.lacking.into_iter().filter(|(_, held)| held.hindrance().is_none());
        Found(usable.map(|(audience, held)| (audience, held.keys)).collect())
    }
}

impl Found {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn barred(vault: &Vault, who: &Unlocked, audience: &AudienceName) -> Option<Hindrance> {
    let state = vault.policy();
    match key_holders::may_reseal(vault, audience).contains(who.member()) {
        false => Some(Hindrance::NotPermitted),
        true => state.is_due(audience).then_some(Hindrance::Due),
    }
}

/// Makes the envelopes of the present epochs anew with what was found. `None` if by now nothing of it
/// is lacking.
///
/// # Errors
/// The policy does not allow it.
pub fn restore(
    vault: &Vault,
    found: Found,
    ctx: &Ctx<'_>,
) -> Result<(Option<Change>, Shortfall), PolicyChangeError> {
    let mut search = Search::new(vault, ctx.who)?;
    for (audience, keys) in found.0 {
        if let Some(held) = search.lacking.get_mut(&audience) {
            held.add(keys);
        }
    }
    let made = audience_keys::reseal_with(vault, search.into_found().0, ctx)?;
    if made.ops.is_empty() {
        return Ok((None, made.short));
    }
    let entry = policy_change::entry(vault, made.ops, ctx);
    Ok((Some(Change::policy(entry, made.sections, Vec::new())), made.short))
}
