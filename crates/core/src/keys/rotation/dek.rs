//! Active values, encrypted anew under fresh keys of their own: a new version that says that it holds
//! the same value as the one before it. Expiry and metadata stay as they are.

use super::{KeyRotationError, kek};
use crate::keys::status as key_status;
use crate::keys::status::KeyStatus;
use crate::log::state::SecretState;
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::policy::state::PolicyState;
use crate::secret::put;
use crate::secret::put::{NewValue, PutRequest};
use crate::secret::read;
use crate::secret::read::{ReadError, VersionSelector};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use crate::vault::unlock::Unlocked;
use std::collections::{BTreeMap, BTreeSet};

/// Which values are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DekSelection {
    All,
    /// Those that the schedule wants encrypted anew.
    Due,
    /// Those of the secrets that belong to these audiences.
    Audiences(BTreeSet<String>),
    Secrets(BTreeSet<SecretName>),
}

/// What a member would encrypt anew, and what is not for them to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DekPlan {
    pub rotate: Vec<SecretName>,
    pub skipped: Vec<Skipped>,
}

/// A secret that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub secret: SecretName,
    pub why: LeftCause,
    /// Who could do it.
    pub able: Vec<Name>,
}

/// Why a secret stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftCause {
    /// The member may not read it, or not write it.
    NotPermitted,
    /// The member may read it and cannot open it yet.
    Unreadable,
    /// Its audience has no keys, or waits for new ones since somebody left.
    NoKeys,
    /// It has several active versions; which one holds is for people to say.
    Conflict,
    /// A rotation of it goes on with a value, and stands on this version: another one in its place, though with the same
    /// value, would end that. One that is stale or has no value holds up nothing.
    InRotation,
    Expired,
    /// The keys are at hand, and it does not open with them: only a new value helps.
    DoesNotOpen,
}

impl LeftCause {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPermitted => "not-permitted",
            Self::Unreadable => "unreadable",
            Self::NoKeys => "no-keys",
            Self::Conflict => "conflict",
            Self::InRotation => "in-rotation",
            Self::Expired => "expired",
            Self::DoesNotOpen => "does-not-open",
        }
    }

    /// Whether somebody else could do it as things are.
    pub(crate) const fn is_for_others(self) -> bool {
        matches!(self, Self::NotPermitted | Self::Unreadable)
    }
}

/// Says which of the values `who` encrypts anew at `now`, seconds since the Unix epoch.
///
/// # Errors
/// A named secret that is not there, a named audience that is none.
pub fn plan(
    vault: &Vault,
    status: &KeyStatus,
    who: &Unlocked,
    which: &DekSelection,
    now: UnixTime,
) -> Result<DekPlan, KeyRotationError> {
    let mut planner = Planner { vault, who, now, openable: BTreeMap::new() };
    let mut plan = DekPlan::default();
    for (name, secret) in chosen(vault, status, which, now)? {
        match planner.refusal(name, secret) {
            None => plan.rotate.push(name.clone()),
            Some(why) => {
                let able = planner.others_who_can(name, secret, why);
                plan.skipped.push(Skipped { secret: name.clone(), why, able });
            }
        }
    }
    Ok(plan)
}

type Chosen<'a> = Vec<(&'a SecretName, &'a SecretState)>;

fn chosen<'a>(
    vault: &'a Vault,
    status: &KeyStatus,
    which: &'a DekSelection,
    now: UnixTime,
) -> Result<Chosen<'a>, KeyRotationError> {
    // What has expired is given to nobody: only who names it is told.
    let served = vault
        .live()
        .filter_map(|(name, secret)| Some((name, secret, key_status::dek_since(secret, now)?)));
    match which {
        DekSelection::All => Ok(served.map(|(name, secret, _)| (name, secret)).collect()),
        DekSelection::Due => Ok(served
            .filter(|(.., since)| key_status::is_dek_due(*since, status.schedule, now))
            .map(|(name, secret, _)| (name, secret))
            .collect()),
        DekSelection::Audiences(names) => {
            let (names, state) = (kek::canonical(status, names)?, vault.policy());
            let inside = |name: &SecretName| names.contains(&state.audience_of(name));
            let found = served.filter(|(name, ..)| inside(name));
            Ok(found.map(|(name, secret, _)| (name, secret)).collect())
        }
        DekSelection::Secrets(names) => Ok(named(vault, names)?),
    }
}

fn named<'a>(vault: &'a Vault, names: &'a BTreeSet<SecretName>) -> Result<Chosen<'a>, ReadError> {
    let found = names.iter().map(|name| {
        let secret = read::find(vault, name)?;
        read::select(secret, name, &VersionSelector::Current)?;
        Ok((name, secret))
    });
    found.collect()
}

struct Planner<'a> {
    vault: &'a Vault,
    who: &'a Unlocked,
    now: UnixTime,
    /// Whether the member opens an audience's envelope.
    openable: BTreeMap<AudienceName, bool>,
}

impl Planner<'_> {
    fn refusal(&mut self, name: &SecretName, secret: &SecretState) -> Option<LeftCause> {
        let Some(current) = secret.current().filter(|current| !current.is_expired(self.now)) else {
            return Some(LeftCause::Expired);
        };
        if secret.is_conflict() {
            return Some(LeftCause::Conflict);
        }
        if secret.rotation.as_ref().is_some_and(|of| of.pending().is_some()) {
            return Some(LeftCause::InRotation);
        }
        let state = self.vault.policy();
        if !may_rotate(state, self.who.member(), name) {
            return Some(LeftCause::NotPermitted);
        }
        let audience = state.audience_of(name);
        if state.audience(&audience).is_none() || state.is_due(&audience) {
            return Some(LeftCause::NoKeys);
        }
        let wrap = self.vault.wrap(&self.vault.uid(name), &current.live_wrap.wrap);
        let opens = wrap.is_some_and(|wrap| self.opens(&wrap.audience)) && self.opens(&audience);
        (!opens).then_some(LeftCause::Unreadable)
    }

    fn opens(&mut self, audience: &AudienceName) -> bool {
        let (vault, who) = (self.vault, self.who);
        *self
            .openable
            .entry(audience.clone())
            .or_insert_with_key(|name| who.keys(vault, name).is_ok())
    }

    fn others_who_can(&self, name: &SecretName, secret: &SecretState, why: LeftCause) -> Vec<Name> {
        if !why.is_for_others() {
            return Vec::new();
        }
        let (state, uid) = (self.vault.policy(), self.vault.uid(name));
        let wrap = secret.current().and_then(|v| self.vault.wrap(&uid, &v.live_wrap.wrap));
        let Some(wrap) = wrap else { return Vec::new() };
        let signs = |name: &Name| state.member(name).is_some_and(|member| !member.keys.is_empty());
        let holders = state.members_of(&wrap.audience).into_iter();
        holders
            .filter(|member| *member != self.who.member() && signs(member))
            .filter(|member| may_rotate(state, member, name))
            .cloned()
            .collect()
    }
}

fn may_rotate(state: &PolicyState, member: &Name, secret: &SecretName) -> bool {
    let holds = |right| state.holds(member, right, secret);
    holds(Right::Read) && (holds(Right::Write) || holds(Right::Rotate))
}

/// Encrypts the values of a plan anew, `None` if there are none. What does not open moves to what is
/// skipped: one spoilt value keeps no other from being renewed.
///
/// # Errors
/// A value that cannot be sealed.
pub fn reencrypt(
    vault: &Vault,
    plan: &mut DekPlan,
    ctx: &Ctx<'_>,
) -> Result<Option<Change>, KeyRotationError> {
    let values = match read::read_all(vault, ctx.who, &plan.rotate, ctx.now) {
        Ok(values) => values,
        Err(_) => each_that_opens(vault, plan, ctx),
    };
    if plan.rotate.is_empty() {
        return Ok(None);
    }
    let requests = plan.rotate.iter().zip(values).map(|(secret, value)| {
        let current = vault.secret(secret).and_then(SecretState::current);
        let expires = current.and_then(|current| current.expires);
        let same = current.map(|current| current.object).into_iter().collect();
        let value = Some(NewValue { value, expires, same });
        PutRequest { secret: secret.clone(), value, fields: Vec::new() }
    });
    Ok(Some(put::put(vault, requests.collect(), ctx)?))
}

fn each_that_opens(vault: &Vault, plan: &mut DekPlan, ctx: &Ctx<'_>) -> Vec<SecretValue> {
    let (mut values, mut opening) = (Vec::new(), Vec::new());
    for secret in std::mem::take(&mut plan.rotate) {
        match read::read(vault, ctx.who, &secret, &VersionSelector::Current, ctx.now) {
            Ok(value) => {
                values.push(value);
                opening.push(secret);
            }
            Err(_) => {
                let (why, able) = (LeftCause::DoesNotOpen, Vec::new());
                plan.skipped.push(Skipped { secret, why, able });
            }
        }
    }
    plan.rotate = opening;
    values
}
