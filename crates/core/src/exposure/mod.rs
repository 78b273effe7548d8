//! Which current values are known to somebody who may not read them: computed from the chain and the
//! log each time, never stored. What an open rotation makes ready is asked like what is current: it is
//! given to instances already, and a promotion makes it current with nobody asked again. So is what a rotation
//! has left: the provider accepts it until it is revoked, which retiring says.
//!
//! A value is known to every key that an envelope with a KEK of one of its wraps was ever sealed to:
//! of the version itself and of every version that holds the same value, as its writers stated or as
//! comparing it with the secret's older versions shows; and to the device that put
//! one of them, which had the value in its hands, for as long as it may not read, write or rotate the
//! secret. What a member did with what it knew, nobody knows; only a new value ends an exposure.

mod compared;
mod holders;
mod older;
mod ready;
mod same;

pub use self::compared::Uncompared;
pub use self::older::older;
use crate::crypto::id::{ObjectId, RotationId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::log::state::{SecretState, Version};
use crate::name::{Name, SecretName};
use crate::policy::error::ChainError;
use crate::secret::rotate;
use crate::secret::waived;
use crate::secret::waived::Waiver;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::unlock::Unlocked;
use holders::{Holders, Reader};
use same::SameValues;
use std::collections::{BTreeMap, BTreeSet};

/// A value that somebody knows who may not read it: a current one, one that is about to be, or one that is to be retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    pub secret: SecretName,
    /// The version's number, 0 where it never was active, and its id.
    pub version: usize,
    pub object: ObjectId,
    /// The open rotation that makes it ready; a current value has none.
    pub rotation: Option<RotationId>,
    /// It is not current any more, or never was: retiring ends the exposure.
    pub to_retire: bool,
    /// Never empty; ordered by member.
    pub to: Vec<Knower>,
}

/// A key that opens, or opened, the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Knower {
    /// Whose key it was last.
    pub member: Name,
    /// The device that signed with this key, if one did.
    pub device: Option<Name>,
    pub recipient: RecipientText,
    /// The member whose identity it may have kept, for [`ExposureCause::LetReaderIn`].
    pub made: Option<Name>,
    pub why: ExposureCause,
    /// From when on it knew the value without a right to, in seconds since the Unix epoch, by the
    /// clocks of those who signed. Fresh keys for the same value do not begin it anew.
    pub since: UnixTime,
    /// The secret through which it knows the value, if it is another one.
    pub through: Option<Through>,
}

/// Another secret that holds or held the same value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Through {
    pub secret: SecretName,
    /// Whether that is its current value.
    pub in_force: bool,
}

/// Why a key's holder may not read a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExposureCause {
    /// It is no longer a member.
    MemberRemoved,
    /// The key was taken from a member that is still there.
    KeyRemoved,
    /// It had a right to the secret, by a role, and has none now.
    NoRight,
    /// It never had one: it knows the value by another secret, or by keys that hold more than it may read.
    NeverAllowed,
    /// It was removed, and had let in, without anybody else standing for it, a member without a device,
    /// such as a service: it may have made that one's identity.
    LetReaderIn,
}

impl ExposureCause {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MemberRemoved => "member-removed",
            Self::KeyRemoved => "key-removed",
            Self::NoRight => "no-right",
            Self::NeverAllowed => "never-allowed",
            Self::LetReaderIn => "let-reader-in",
        }
    }
}

impl Exposed {
    pub const fn is_current(&self) -> bool {
        self.rotation.is_none() && !self.to_retire
    }

    /// When the first of them knew it without a right to.
    pub fn since(&self) -> UnixTime {
        self.to.iter().map(|knower| knower.since).min().unwrap_or(UnixTime::MIN)
    }
}

/// An exposed value that an owner signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    pub secret: SecretName,
    pub version: usize,
    pub object: ObjectId,
    pub waiver: Waiver,
}

/// What is exposed, and what could not be told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposure {
    /// By secret.
    pub values: Vec<Exposed>,
    /// Those that the owners let be.
    pub waived: Vec<Waived>,
    pub uncompared: Uncompared,
}

/// Every exposed value of the vault. `vault` was opened with
/// [`Depth::Everything`](crate::vault::Depth::Everything). `who` is asked for only where older
/// versions are to be compared with the current value: what it cannot open is told.
///
/// # Errors
/// Those of the chain, which a vault that was opened does not have.
pub fn exposed(
    vault: &Vault,
    who: impl FnOnce() -> Option<Unlocked>,
) -> Result<Exposure, ChainError> {
    let holders = Holders::of(vault)?;
    let mut same = SameValues::of(vault);
    let suspects = compared::suspects(vault, &holders, &same);
    let uncompared = match suspects.is_empty() {
        true => Uncompared::new(),
        false => compared::compare(vault, who().as_ref(), &suspects, &mut same),
    };
    let (waived, values) = split(vault, values(vault, &holders, &same));
    Ok(Exposure { values, waived, uncompared })
}

/// What the owners let be, and the rest.
fn split(vault: &Vault, all: Vec<Exposed>) -> (Vec<Waived>, Vec<Exposed>) {
    let (mut waived, mut values) = (Vec::new(), Vec::new());
    for value in all {
        // A waiver is for what is current: an abort or a retirement ends the others, and takes no owner.
        let is_current = value.is_current();
        let state = vault.secret(&value.secret).filter(|_| is_current);
        match state.and_then(|state| waived::waiver(vault, state, &value.object)) {
            Some(waiver) => {
                let Exposed { secret, version, object, .. } = value;
                waived.push(Waived { secret, version, object, waiver });
            }
            None => values.push(value),
        }
    }
    (waived, values)
}

fn values(vault: &Vault, holders: &Holders, same: &SameValues<'_>) -> Vec<Exposed> {
    let mut found = Vec::new();
    for (secret, state) in &vault.state().secrets {
        let given = ready::active_or_ready(state).map(|(version, of)| (version, of, false));
        let left = rotate::over(state).into_iter().map(|version| (version, None, true));
        for (version, rotation, to_retire) in given.chain(left) {
            let put = first_put(state, version).min(same.stated(&version.object));
            let to = knowers(vault, holders, same, secret, (version.object, put));
            if !to.is_empty() {
                let (version, object) = (version.number, version.object);
                let secret = secret.clone();
                found.push(Exposed { secret, version, object, rotation, to_retire, to });
            }
        }
    }
    found
}

/// When the value of a version came to be what it is, in seconds since the Unix epoch: a version
/// in the place of another one with the same value, such as under a fresh key, goes on from that one.
fn first_put(state: &SecretState, version: &Version) -> UnixTime {
    let mut first = version;
    let before = |version: &Version| {
        let id = version.same.iter().find(|id| version.replaces.contains(id))?;
        state.version(id).filter(|before| before.number < version.number)
    };
    while let Some(found) = before(first) {
        first = found;
    }
    first.ts.min(version.ts)
}

/// By reader: when it first knew a value, and of which secret.
#[derive(Default)]
struct Known<'a>(BTreeMap<Reader, (UnixTime, &'a SecretName)>);

impl<'a> Known<'a> {
    fn note(&mut self, secret: &SecretName, of: &'a SecretName, reader: Reader, at: UnixTime) {
        let first = self.0.entry(reader).or_insert((at, of));
        // Its own name before another's: that is what a user looks for.
        if (of != secret, at) < (first.1 != secret, first.0) {
            *first = (at, of);
        }
    }
}

/// Those who know the value of one version: who could open it, and who put it.
fn acquainted<'a>(
    vault: &Vault,
    holders: &Holders,
    same: &SameValues<'a>,
    secret: &SecretName,
    object: &ObjectId,
) -> (Known<'a>, Known<'a>) {
    let (mut opened, mut authors) = (Known::default(), Known::default());
    for (_, of, disclosures) in same.family(vault, holders, object) {
        for (reader, at) in holders.opened(vault, of, disclosures) {
            opened.note(secret, of, reader, at);
        }
        for (reader, at) in holders.authors(disclosures) {
            authors.note(secret, of, reader, at);
        }
    }
    (opened, authors)
}

/// Those of them who may not read it.
fn strangers<'a>(
    vault: &Vault,
    holders: &Holders,
    secret: &SecretName,
    (mut opened, mut authors): (Known<'a>, Known<'a>),
) -> (Known<'a>, Known<'a>) {
    opened.0.retain(|reader, _| !holders.may_read(secret, *reader));
    authors.0.retain(|reader, _| {
        !opened.0.contains_key(reader) && !holders.may_handle(vault, secret, *reader)
    });
    (opened, authors)
}

/// Those who know the value of one version and may not read it, ordered.
fn knowers(
    vault: &Vault,
    holders: &Holders,
    same: &SameValues<'_>,
    secret: &SecretName,
    (object, put): (ObjectId, UnixTime),
) -> Vec<Knower> {
    let acquainted = acquainted(vault, holders, same, secret, &object);
    let in_force = in_force(vault, holders, same, &object);
    let through = |of: &SecretName| {
        (of != secret).then(|| Through { secret: of.clone(), in_force: in_force.contains(of) })
    };
    let presumed = presumed(vault, holders, secret, &acquainted.0.0, put, through);
    let (opened, authors) = strangers(vault, holders, secret, acquainted);
    let knower = |(reader, (at, of)): (Reader, (UnixTime, &SecretName))| {
        // Who once had the right knows the value from when that ended, whatever it was put as since:
        // neither fresh keys, nor a new name, nor a roll-back begin the time anew.
        let ended = match opened.0.contains_key(&reader) {
            true => holders.ended(secret, reader),
            false => holders.handling_ended(vault, secret, reader),
        };
        let since = match ended {
            UnixTime::MIN => at.max(put),
            ended => at.max(ended),
        };
        holders.knower(vault, reader, since, (ended > UnixTime::MIN, through(of)))
    };
    let known = opened.0.iter().chain(&authors.0).map(|(reader, first)| (*reader, *first));
    let mut to: Vec<Knower> = known.map(knower).chain(presumed).collect();
    to.sort_unstable();
    to
}

/// The secrets whose current value is that of a version.
fn in_force<'a>(
    vault: &Vault,
    holders: &Holders,
    same: &SameValues<'a>,
    object: &ObjectId,
) -> BTreeSet<&'a SecretName> {
    let family = same.family(vault, holders, object).into_iter();
    let is_active = |of: &SecretName, object: &ObjectId| {
        vault.secret(of).is_some_and(|state| state.candidates.contains(object))
    };
    family.filter(|(object, of, _)| is_active(of, object)).map(|(_, of, _)| of).collect()
}

/// Those who may have made the identity of somebody who opened the value and may.
fn presumed(
    vault: &Vault,
    holders: &Holders,
    secret: &SecretName,
    opened: &BTreeMap<Reader, (UnixTime, &SecretName)>,
    put: UnixTime,
    through: impl Fn(&SecretName) -> Option<Through>,
) -> Vec<Knower> {
    let may = opened.iter().filter(|(reader, _)| holders.may_read(secret, **reader));
    let readers = vault.policy().who_can_read(secret);
    may.filter_map(|(reader, (at, of))| {
        let maker = holders.maker(*reader, (*at).max(put), through(of))?;
        (!readers.contains(&maker.member)).then_some(maker)
    })
    .collect()
}

#[cfg(test)]
mod tests;
