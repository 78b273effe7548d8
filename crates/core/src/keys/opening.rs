//! Opening all that a member may open, to see whether it does: envelopes with every epoch, and the
//! values that are current or that rotations are about to bring. Values are dropped as they come.

use crate::file::version::VersionError;
use crate::host::progress::{Progress, with_progress};
use crate::log::state::Version;
use crate::name::SecretName;
use crate::name::audience::AudienceName;
use crate::policy::error::ChainError;
use crate::secret::read;
use crate::secret::read::ReadError;
use crate::vault::Vault;
use crate::vault::sealed_to;
use crate::vault::unlock::{KeyError, Unlocked};
use std::collections::BTreeSet;

/// What came of it.
#[derive(Debug, Default)]
pub struct Opening {
    pub envelopes: Vec<Envelope>,
    /// How many values opened.
    pub opened: usize,
    pub closed: Vec<ClosedValue>,
}

/// The envelope of one audience that the member is in.
#[derive(Debug)]
pub struct Envelope {
    pub audience: AudienceName,
    pub state: EnvelopeState,
}

#[derive(Debug)]
pub enum EnvelopeState {
    /// It gives the keys of so many epochs, of so many.
    Open {
        held: usize,
        of: usize,
    },
    /// It was not sealed to what the member has at hand yet.
    Waiting,
    Closed(KeyError),
}

/// A value that does not open.
#[derive(Debug)]
pub struct ClosedValue {
    pub secret: SecretName,
    /// What the version is called where a person reads of it.
    pub called: String,
    pub why: WhyClosed,
}

#[derive(Debug)]
pub enum WhyClosed {
    /// The keys of its epoch are not in the envelope.
    Keys,
    /// The keys are there, and it does not open with them.
    Content(ReadError),
}

/// Opens everything that `who` may open.
///
/// # Errors
/// The chain, which was verified, does not fold.
pub fn open_all(
    vault: &Vault,
    who: &Unlocked,
    progress: &dyn Progress,
) -> Result<Opening, ChainError> {
    let mut opening = Opening { envelopes: envelopes(vault, who)?, ..Opening::default() };
    let shut: BTreeSet<&AudienceName> = opening
        .envelopes
        .iter()
        .filter(|found| !matches!(found.state, EnvelopeState::Open { .. }))
        .map(|found| &found.audience)
        .collect();
    let own: Vec<_> = vault.kept_up().filter(|(name, _)| who.may_read(vault, name)).collect();
    let (mut opened, mut closed) = (0, Vec::new());
    for (name, secret) in with_progress(own.into_iter(), "opening", progress) {
        for version in secret.kept_up().filter(|version| !version.pruned) {
            match judge(vault, who, &shut, name, version) {
                None => opened += 1,
                Some(Some(why)) => {
                    let (secret, called) = (name.clone(), version.called(name));
                    closed.push(ClosedValue { secret, called, why });
                }
                Some(None) => {}
            }
        }
    }
    (opening.opened, opening.closed) = (opened, closed);
    Ok(opening)
}

/// `None` if a value opens; inside, why not, where that is not said of its audience already.
fn judge(
    vault: &Vault,
    who: &Unlocked,
    shut: &BTreeSet<&AudienceName>,
    name: &SecretName,
    version: &Version,
) -> Option<Option<WhyClosed>> {
    let wraps = read::wraps(vault, &vault.uid(name), version);
    if !wraps.is_empty() && wraps.iter().all(|wrap| shut.contains(&wrap.audience)) {
        return Some(None);
    }
    match read::open(vault, who, name, version) {
        Ok(_) => None,
        Err(ReadError::Open { source: VersionError::EpochKeys { .. }, .. }) => {
            Some(Some(WhyClosed::Keys))
        }
        // It waits to be wrapped for its readers, which verification says.
        Err(ReadError::Unsettled { .. } | ReadError::Keys { .. }) => Some(None),
        Err(error) => Some(Some(WhyClosed::Content(error))),
    }
}

fn envelopes(vault: &Vault, who: &Unlocked) -> Result<Vec<Envelope>, ChainError> {
    let (sealed_to, own) = (sealed_to::present(vault)?, who.recipients(vault));
    let state = vault.policy();
    let audiences = state.audiences().filter(|(name, _)| state.is_in(who.member(), name));
    let found = audiences.map(|(name, audience)| {
        let is_own = sealed_to
            .get(name)
            .is_some_and(|to| own.iter().any(|recipient| to.contains(recipient)));
        let state = match who.open(vault, name) {
            Ok(keys) => EnvelopeState::Open { held: keys.len(), of: audience.earlier.len() + 1 },
            Err(_) if !is_own => EnvelopeState::Waiting,
            Err(error) => EnvelopeState::Closed(error),
        };
        Envelope { audience: name.to_owned(), state }
    });
    Ok(found.collect())
}
