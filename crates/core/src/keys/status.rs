//! The keys of every audience: how old they are, what is under them, what the schedule in the
//! settings says of them, and who can renew them.
//!
//! Ages come of the times that policy and log entries state. They steer a schedule and nothing else:
//! no entry counts or does not count by its time.

use crate::crypto::id::EpochId;
use crate::log::state::SecretState;
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::audience::Audience;
use crate::policy::settings::Rotation;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::key_holders;
use std::collections::BTreeMap;

/// Every audience's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyStatus {
    pub schedule: Rotation,
    /// In order of name.
    pub audiences: Vec<AudienceKeys>,
    /// Audiences that the grants ask for and that have no key yet.
    pub missing: Vec<AudienceName>,
    /// The owners, where several must sign: each can propose a new epoch that nobody may begin alone.
    pub proposers: Vec<Name>,
}

/// The keys of one audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceKeys {
    pub audience: AudienceName,
    pub roles: Vec<Name>,
    pub readers: Vec<Name>,
    /// The current epoch, and since when it is: seconds since the Unix epoch.
    pub epoch: EpochId,
    pub since: UnixTime,
    /// How many epochs there are, the current one included.
    pub epochs: usize,
    /// How many live secrets belong to the audience.
    pub secrets: usize,
    /// How many of these are under the current epoch, what a rotation is about to bring of them too; the others are under one before it, or wait
    /// to be settled.
    pub under_current: usize,
    /// The active value among these whose key is the oldest.
    pub oldest_dek: Option<OldestDek>,
    /// How many of these are of an age at which the schedule wants them encrypted anew.
    pub deks_due: usize,
    /// Whether all its roles exist; otherwise nothing can be sealed to it.
    pub roles_exist: bool,
    /// Whether the grants of now lead to the audience, and all its roles exist.
    pub in_use: bool,
    /// Why it wants a new epoch now.
    pub due: Option<KeyDue>,
    /// When the schedule wants a new epoch, and whether that is now.
    pub due_at: Option<UnixTime>,
    pub scheduled: bool,
    /// Who can begin a new epoch.
    pub able: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldestDek {
    pub secret: SecretName,
    /// Seconds since the Unix epoch.
    pub since: UnixTime,
}

/// Why a new epoch is wanted now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyDue {
    /// Somebody who left holds the current keys: nothing is sealed to them until they are renewed.
    MemberLeft,
    Schedule,
}

impl KeyDue {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MemberLeft => "member-left",
            Self::Schedule => "schedule",
        }
    }
}

impl KeyStatus {
    pub fn audience(&self, name: &AudienceName) -> Option<&AudienceKeys> {
        self.audiences.iter().find(|keys| keys.audience == *name)
    }

    /// Whether there is something that the schedule wants done.
    pub fn is_due(&self) -> bool {
        self.audiences.iter().any(|keys| keys.scheduled || keys.deks_due > 0)
    }

    /// When the schedule next wants something that it does not want yet.
    pub fn next_due(&self) -> Option<UnixTime> {
        let deks = |keys: &AudienceKeys| {
            Some(keys.oldest_dek.as_ref()?.since.saturating_add(self.schedule.dek?))
        };
        self.audiences.iter().flat_map(|keys| keys.due_at.into_iter().chain(deks(keys))).min()
    }
}

/// The keys of a vault at `now`, seconds since the Unix epoch. The vault was opened with
/// [`crate::vault::Depth::Everything`].
pub fn key_status(vault: &Vault, now: UnixTime) -> KeyStatus {
    let state = vault.policy();
    let schedule = state.settings().rotation();
    let mut contents = contents(vault, schedule, now);
    let needed = state.needed_audiences();
    let audiences = state
        .audiences()
        .map(|(name, found)| {
            let contents = contents.remove(name).unwrap_or_default();
            let used = contents.secrets > 0 || needed.contains(name);
            audience_keys(vault, name, found, contents, used, now)
        })
        .collect();
    let missing = state.missing_audiences().into_iter().collect();
    let proposers = match state.threshold() {
        0 | 1 => Vec::new(),
        _ => state.owners().cloned().collect(),
    };
    KeyStatus { schedule, audiences, missing, proposers }
}

fn audience_keys(
    vault: &Vault,
    name: &AudienceName,
    found: &Audience,
    contents: Contents,
    used: bool,
    now: UnixTime,
) -> AudienceKeys {
    let state = vault.policy();
    let since = begun(vault, &found.current.epoch);
    let roles_exist = found.roles.iter().all(|role| state.role(role).is_some());
    let in_use = used && roles_exist;
    let interval = state.settings().rotation().kek.filter(|_| in_use);
    let due_at = interval.map(|interval| since.saturating_add(interval));
    let scheduled = due_at.is_some_and(|at| at <= now);
    let due = match state.is_due(name) {
        true => Some(KeyDue::MemberLeft),
        false => scheduled.then_some(KeyDue::Schedule),
    };
    AudienceKeys {
        audience: name.clone(),
        roles: found.roles.clone(),
        readers: state.members_of(name).into_iter().cloned().collect(),
        epoch: found.current.epoch,
        since,
        epochs: found.earlier.len() + 1,
        secrets: contents.secrets,
        under_current: contents.under_current,
        oldest_dek: contents.oldest,
        deks_due: contents.due,
        roles_exist,
        in_use,
        due,
        due_at,
        scheduled,
        able: key_holders::may_begin(vault, name),
    }
}

/// When the policy entry that brought an epoch was signed, as its signer says.
fn begun(vault: &Vault, epoch: &EpochId) -> UnixTime {
    let position = vault.chain().epoch(epoch).map(|fact| fact.position);
    position
        .and_then(|position| vault.file().chain.get(position.index()))
        .map_or(UnixTime::MIN, |entry| entry.ts)
}

/// What is under an audience's keys.
#[derive(Default)]
struct Contents {
    secrets: usize,
    under_current: usize,
    oldest: Option<OldestDek>,
    due: usize,
}

fn contents(vault: &Vault, schedule: Rotation, now: UnixTime) -> BTreeMap<AudienceName, Contents> {
    let state = vault.policy();
    let mut all: BTreeMap<AudienceName, Contents> = BTreeMap::new();
    for (name, secret) in vault.live() {
        let audience = state.audience_of(name);
        let epoch = state.audience(&audience).map(|found| found.current.epoch);
        let current = is_under(vault, name, secret, epoch.as_ref());
        let contents = all.entry(audience).or_default();
        contents.secrets += 1;
        contents.under_current += usize::from(current);
        let Some(since) = dek_since(secret, now) else { continue };
        contents.due += usize::from(is_dek_due(since, schedule, now));
        if contents.oldest.as_ref().is_none_or(|oldest| since < oldest.since) {
            contents.oldest = Some(OldestDek { secret: name.clone(), since });
        }
    }
    all
}

fn is_under(
    vault: &Vault,
    name: &SecretName,
    secret: &SecretState,
    epoch: Option<&EpochId>,
) -> bool {
    let uid = vault.uid(name);
    secret.kept_up().all(|version| {
        let section = vault.file().secrets.get(&uid);
        let wrap = section.and_then(|section| section.wraps.get(&version.live_wrap.wrap));
        wrap.is_some_and(|wrap| Some(&wrap.epoch) == epoch)
    })
}

/// Since when the key of a secret's value is in use: of the oldest of its active values. `None` if
/// it has expired and nobody gets it any more.
pub(crate) fn dek_since(secret: &SecretState, now: UnixTime) -> Option<UnixTime> {
    if secret.current()?.is_expired(now) {
        return None;
    }
    secret.active().map(|version| version.ts).min()
}

/// Whether the schedule wants a value of that age encrypted anew.
pub(crate) fn is_dek_due(since: UnixTime, schedule: Rotation, now: UnixTime) -> bool {
    schedule.dek.is_some_and(|interval| since.saturating_add(interval) <= now)
}
