//! Reading the value of a secret: the current one, or an older version by number or id.
//!
//! A version may have several wraps, and one of them may be of no use: whoever may wrap can name a
//! wrap of garbage. The version's commitment decides which key is its, so any wrap that opens it gives
//! the same value.

use crate::crypto::bytes::Id;
use crate::crypto::id::{SecretId, VaultId};
use crate::crypto::seal::MAX_VALUE;
use crate::file::audience::EpochKeys;
use crate::file::model::{VersionObject, Wrap, WrapKey};
use crate::file::version;
use crate::file::version::{SecretRef, VersionError};
use crate::log::state::{SecretState, Version};
use crate::name::{Name, SecretName};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::key_holders;
use crate::vault::unlock::{KeyError, Unlocked};
use rayon::prelude::*;
use std::sync::Arc;

/// From this many secrets on, threads save more than starting them costs.
const PARALLEL_FROM: usize = 256;

/// How many wraps are tried first, whatever they are: the live one and the put's own.
const FIRST: usize = 2;

/// Which version is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionSelector {
    Current,
    /// The number that `secret versions` shows.
    Number(usize),
    /// The object's id, or what it begins with.
    Id(String),
}

/// Why a value is not given.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("there is no secret {secret}")]
    NotFound { secret: SecretName },
    #[error("{secret} was removed")]
    Gone { secret: SecretName },
    #[error("{secret} has no such version")]
    NoVersion { secret: SecretName },
    #[error("{secret} has several versions whose id begins like this")]
    Ambiguous { secret: SecretName },
    #[error("{secret} has expired")]
    Expired {
        secret: SecretName,
        since: UnixTime,
        /// The version's number, where its value is there still and may be given another time.
        kept: Option<usize>,
    },
    #[error("{}", pruned_text(secret, *number))]
    Pruned {
        secret: SecretName,
        /// Of the version that was asked for, if it was one.
        number: Option<usize>,
    },
    #[error("{member} may not read {secret}")]
    NotPermitted { secret: SecretName, member: Name, readers: Vec<Name> },
    #[error(
        "{secret} was written before {member} could read it, and it has not been wrapped for that member since"
    )]
    Unsettled { secret: SecretName, member: Name, able: Vec<Name> },
    #[error("the bytes of {secret} are missing in the vault, or are not those that the log names")]
    Missing { secret: SecretName },
    #[error("the keys for {secret} cannot be used")]
    Keys {
        secret: SecretName,
        #[source]
        source: KeyError,
    },
    #[error("the value of {secret} is refused: it is longer than the limit of {MAX_VALUE} bytes")]
    TooLong { secret: SecretName },
    #[error("{}", damaged_text(secret, author.as_ref()))]
    Open {
        secret: SecretName,
        /// Whose key put the version, where it is a member's that ever was.
        author: Option<Name>,
        #[source]
        source: VersionError,
    },
}

/// What is sealed to a public key nobody but a reader can judge: a vault that verifies may hold what its
/// author sealed wrongly.
fn damaged_text(secret: &SecretName, author: Option<&Name>) -> String {
    let by = author
        .map(|name| format!(", or {name}, who set it, sealed it wrongly"))
        .unwrap_or_default();
    format!("{secret} does not decrypt: it was damaged or forged{by}")
}

fn pruned_text(secret: &SecretName, number: Option<usize>) -> String {
    match number {
        Some(number) => format!("version {number} of {secret} was pruned: its value is gone"),
        None => format!("the value of {secret} was pruned"),
    }
}

impl ReadError {
    /// Of a version that was pruned.
    pub(crate) fn pruned(secret: &SecretName, wanted: &VersionSelector, version: &Version) -> Self {
        let number = (*wanted != VersionSelector::Current).then_some(version.number);
        Self::Pruned { secret: secret.clone(), number }
    }

    /// The secret that is meant.
    pub const fn secret(&self) -> &SecretName {
        match self {
            Self::NotFound { secret }
            | Self::Gone { secret }
            | Self::NoVersion { secret }
            | Self::Ambiguous { secret }
            | Self::Expired { secret, .. }
            | Self::Pruned { secret, .. }
            | Self::NotPermitted { secret, .. }
            | Self::Unsettled { secret, .. }
            | Self::Missing { secret }
            | Self::TooLong { secret }
            | Self::Keys { secret, .. }
            | Self::Open { secret, .. } => secret,
        }
    }
}

/// The value of a secret's version. `now` is in seconds since the Unix epoch; what is expired then
/// is not given.
pub fn read(
    vault: &Vault,
    who: &Unlocked,
    secret: &SecretName,
    wanted: &VersionSelector,
    now: UnixTime,
) -> Result<SecretValue, ReadError> {
    let version = servable(vault, secret, wanted, now)?;
    Ok(opened(vault, who, secret, version)?.given(who))
}

/// The current values of many secrets, in their order, opened on all cores where they are many.
///
/// # Errors
/// The first secret that cannot be read; what is not found comes before what does not decrypt.
pub fn read_all(
    vault: &Vault,
    who: &Unlocked,
    secrets: &[SecretName],
    now: UnixTime,
) -> Result<Vec<SecretValue>, ReadError> {
    let sealed = each(secrets, |secret| {
        Sealed::find(vault, secret, servable(vault, secret, &VersionSelector::Current, now)?)
    })?;
    // Threads get plain references to the keys: the count of their owners stays with this one.
    let keys = sealed.iter().map(|sealed| sealed.keys(vault, who));
    let keys: Vec<Vec<WrapKeys<'_>>> = keys.collect::<Result<_, _>>()?;
    let plain = keys.iter().map(|keys| plain(keys));
    let pairs: Vec<(&Sealed<'_>, Vec<Attempt<'_>>)> = sealed.iter().zip(plain).collect();
    let opened = each(&pairs, |(sealed, attempts)| sealed.open(attempts))?;
    Ok(opened.into_iter().map(|opened| opened.given(who)).collect())
}

/// `make` of each item, on all cores where they are many; the first error in their order.
fn each<'a, T: Sync, R: Send>(
    items: &'a [T],
    make: impl Fn(&'a T) -> Result<R, ReadError> + Sync + Send,
) -> Result<Vec<R>, ReadError> {
    if items.len() < PARALLEL_FROM {
        return items.iter().map(make).collect();
    }
    let made: Vec<Result<R, ReadError>> = items.par_iter().map(make).collect();
    made.into_iter().collect()
}

/// The version that is wanted, if it may be served.
fn servable<'a>(
    vault: &'a Vault,
    secret: &SecretName,
    wanted: &VersionSelector,
    now: UnixTime,
) -> Result<&'a Version, ReadError> {
    let version = select(find(vault, secret)?, secret, wanted)?;
    match version.expires {
        Some(since) if version.is_expired(now) => {
            let kept = (!version.pruned && !version.removed).then_some(version.number);
            Err(ReadError::Expired { secret: secret.clone(), since, kept })
        }
        _ if version.pruned => Err(ReadError::pruned(secret, wanted, version)),
        _ => Ok(version),
    }
}

/// A secret's state.
pub fn find<'a>(vault: &'a Vault, secret: &SecretName) -> Result<&'a SecretState, ReadError> {
    let found = vault.secret(secret).filter(|found| !found.versions.is_empty());
    found.ok_or_else(|| ReadError::NotFound { secret: secret.clone() })
}

/// The version that is wanted.
pub fn select<'a>(
    found: &'a SecretState,
    secret: &SecretName,
    wanted: &VersionSelector,
) -> Result<&'a Version, ReadError> {
    let missing = || ReadError::NoVersion { secret: secret.clone() };
    match wanted {
        VersionSelector::Current => {
            found.current().or_else(|| pruned(found)).ok_or_else(|| absent(found, secret))
        }
        VersionSelector::Number(number) => found.numbered(*number).ok_or_else(missing),
        VersionSelector::Id(prefix) => {
            let mut matching =
                found.versions.iter().filter(|v| v.object.to_string().starts_with(prefix));
            match (matching.next(), matching.next()) {
                (Some(version), None) => Ok(version),
                (Some(_), Some(_)) => Err(ReadError::Ambiguous { secret: secret.clone() }),
                (None, _) => Err(missing()),
            }
        }
    }
}

/// The last version of a secret that is gone because it was pruned, by age or not: it stays wanted.
pub fn pruned(found: &SecretState) -> Option<&Version> {
    let last = found.versions.last()?;
    (found.is_gone() && last.pruned && !last.removed).then_some(last)
}

/// Why a secret has no current version: it was removed, and where no value is left that could come
/// back, pruned.
pub fn absent(found: &SecretState, secret: &SecretName) -> ReadError {
    let secret = secret.clone();
    let has = |is: fn(&Version) -> bool| found.versions.iter().any(is);
    match !has(|version| version.removed && !version.pruned) && has(|version| version.pruned) {
        true => ReadError::Pruned { secret, number: None },
        false => ReadError::Gone { secret },
    }
}

/// The versions of a secret whose content states this commitment. One alone has the key that it commits to, as a
/// rule: but whoever may write can copy it into a version of theirs, and whoever made a version knows its key and can
/// seal another value under it.
pub fn committed<'a>(vault: &'a Vault, secret: &SecretName, commitment: &Id) -> Vec<&'a Version> {
    let section = vault.file().secrets.get(&vault.uid(secret));
    let (Some(section), Some(state)) = (section, vault.secret(secret)) else { return Vec::new() };
    let states_it = |version: &&Version| {
        section.versions.get(&version.object).is_some_and(|it| it.commitment == *commitment)
    };
    state.versions.iter().filter(states_it).collect()
}

/// Decrypts one version that is about to be given, whatever its standing.
pub(crate) fn give(
    vault: &Vault,
    who: &Unlocked,
    secret: &SecretName,
    version: &Version,
) -> Result<SecretValue, ReadError> {
    Ok(opened(vault, who, secret, version)?.given(who))
}

/// Decrypts one version, whatever its standing, and notes with `who` if its live wrap did not open.
pub fn open(
    vault: &Vault,
    who: &Unlocked,
    secret: &SecretName,
    version: &Version,
) -> Result<SecretValue, ReadError> {
    Ok(opened(vault, who, secret, version)?.noted(who))
}

fn opened<'a>(
    vault: &'a Vault,
    who: &Unlocked,
    secret: &'a SecretName,
    version: &Version,
) -> Result<OpenedValue<'a>, ReadError> {
    let sealed = Sealed::find(vault, secret, version)?;
    let keys = sealed.keys(vault, who)?;
    sealed.open(&plain(&keys))
}

/// A version's bytes, as the log names them.
struct Sealed<'a> {
    secret: &'a SecretName,
    vault: &'a VaultId,
    uid: SecretId,
    object: &'a VersionObject,
    author: Option<&'a Name>,
    /// Those that the file has, in the order in which they are tried, the live one first.
    wraps: Vec<&'a Wrap>,
}

/// A wrap with the keys of its epoch.
type WrapKeys<'a> = (&'a Wrap, Arc<Vec<EpochKeys>>);
type Attempt<'a> = (&'a Wrap, &'a [EpochKeys]);

fn plain<'a>(keys: &'a [WrapKeys<'a>]) -> Vec<Attempt<'a>> {
    keys.iter().map(|(wrap, keys)| (*wrap, keys.as_slice())).collect()
}

/// A value, and whether its live wrap gave it.
struct OpenedValue<'a> {
    secret: &'a SecretName,
    value: SecretValue,
    /// The commitment of its version.
    mark: Id,
    by_live: bool,
}

impl OpenedValue<'_> {
    fn noted(self, who: &Unlocked) -> SecretValue {
        if !self.by_live {
            who.fell_back(self.secret);
        }
        self.value
    }

    /// The same of a value that is read to be given.
    fn given(self, who: &Unlocked) -> SecretValue {
        who.note_value(self.secret, self.mark, &self.value);
        self.noted(who)
    }
}

/// The wraps of a version that the file has, in the order in which they are tried. What is sealed to
/// a public key comes after the others, but for the live wrap and the put's own.
pub(crate) fn wraps<'a>(vault: &'a Vault, uid: &SecretId, version: &Version) -> Vec<&'a Wrap> {
    let found = version.wraps_to_try().enumerate().filter_map(|(place, id)| {
        let wrap = vault.wrap(uid, id).filter(|wrap| wrap.version == version.object)?;
        let is_sealed = matches!(wrap.key, WrapKey::Sealed(_));
        Some((place >= FIRST && is_sealed, wrap))
    });
    let mut found: Vec<(bool, &Wrap)> = found.collect();
    found.sort_by_key(|(last, _)| *last);
    found.into_iter().map(|(_, wrap)| wrap).collect()
}

impl<'a> Sealed<'a> {
    fn find(
        vault: &'a Vault,
        secret: &'a SecretName,
        version: &Version,
    ) -> Result<Self, ReadError> {
        let uid = vault.uid(secret);
        let section = vault.file().secrets.get(&uid);
        let object = section.and_then(|section| section.versions.get(&version.object));
        let missing = || ReadError::Missing { secret: secret.clone() };
        let (object, wraps) = (object.ok_or_else(missing)?, wraps(vault, &uid, version));
        if wraps.is_empty() {
            return Err(missing());
        }
        let author = vault.chain().key(&object.author).map(|key| &key.member);
        Ok(Self { secret, vault: &vault.file().header.vault, uid, object, author, wraps })
    }

    /// The wraps whose audience's keys the reader has. Whoever may not read the secret any more has
    /// the live wrap alone, if that is still theirs: an older one would give back what was taken.
    ///
    /// # Errors
    /// Why it has none: what is wrong with the first.
    fn keys(&self, vault: &Vault, who: &Unlocked) -> Result<Vec<WrapKeys<'a>>, ReadError> {
        let (mut found, mut first) = (Vec::new(), None);
        let all = if who.may_read(vault, self.secret) { self.wraps.len() } else { 1 };
        for wrap in self.wraps.iter().take(all) {
            match who.keys_of(vault, &wrap.audience, &wrap.epoch) {
                Ok(keys) => found.push((*wrap, keys)),
                Err(source) => _ = first.get_or_insert((*wrap, source)),
            }
        }
        match first {
            Some((wrap, source)) if found.is_empty() => Err(match source {
                KeyError::NotInAudience { .. } => denied(vault, who, self.secret, wrap),
                source => ReadError::Keys { secret: self.secret.clone(), source },
            }),
            _ => Ok(found),
        }
    }

    fn open(&self, attempts: &[Attempt<'_>]) -> Result<OpenedValue<'a>, ReadError> {
        let binding = SecretRef { vault: self.vault, uid: &self.uid };
        let live = self.wraps.first().copied();
        let mut first = None;
        for (wrap, keys) in attempts {
            match version::open_verified(binding, self.object, wrap, keys) {
                Ok(value) => {
                    let by_live = live.is_some_and(|live| std::ptr::eq(live, *wrap));
                    let (secret, mark) = (self.secret, self.object.commitment);
                    return Ok(OpenedValue { secret, value, mark, by_live });
                }
                // The commitment held, so that no other wrap opens anything else.
                Err(source) if source.is_too_long() => {
                    return Err(self.unopened(source));
                }
                Err(source) => _ = first.get_or_insert(source),
            }
        }
        Err(first.map_or_else(
            || ReadError::Missing { secret: self.secret.clone() },
            |source| self.unopened(source),
        ))
    }

    fn unopened(&self, source: VersionError) -> ReadError {
        unopened(self.secret.clone(), self.author.cloned(), source)
    }
}

fn unopened(secret: SecretName, author: Option<Name>, source: VersionError) -> ReadError {
    match source.is_too_long() {
        true => ReadError::TooLong { secret },
        false => ReadError::Open { secret, author, source },
    }
}

fn denied(vault: &Vault, who: &Unlocked, secret: &SecretName, wrap: &Wrap) -> ReadError {
    let state = vault.policy();
    let able = key_holders::may_wrap_anew(state, secret, wrap).into_iter().collect();
    let (secret, member) = (secret.clone(), who.member().clone());
    if who.may_read(vault, &secret) {
        return ReadError::Unsettled { secret, member, able };
    }
    let readers = state.members_of(&state.audience_of(&secret)).into_iter().cloned().collect();
    ReadError::NotPermitted { secret, member, readers }
}

/// The owners, for hints.
pub fn owners(vault: &Vault) -> Vec<Name> {
    vault.policy().owners().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::seal::SealError;

    #[test]
    fn a_value_that_is_too_long_is_not_called_damaged() {
        let secret = || SecretName::parse("prod/A").unwrap();
        let error = |cause| unopened(secret(), None, VersionError::Value(cause));
        assert!(matches!(error(SealError::TooLong), ReadError::TooLong { .. }));
        assert!(matches!(error(SealError::Padding), ReadError::Open { .. }));
    }
}
