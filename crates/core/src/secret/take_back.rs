//! Taking a change back: what a commit changed becomes what it was before, by new entries of who takes it back.
//! The history only grows, so nothing of it is undone; and what was changed since is left as it is.

use super::put::{self, PutError, members_with};
use super::read::{self, ReadError};
use super::waived;
use crate::crypto::id::ObjectId;
use crate::log::op::{Expire, Field, Op, Versions};
use crate::log::rotation::{Rotation, Stage};
use crate::log::state::{SecretState, Version};
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::{Batch, NewPut};
use crate::vault::change::Change;
use std::collections::BTreeSet;

/// What a change made of the vault: the state before it, and the one after.
#[derive(Clone, Copy)]
pub struct Changed<'a> {
    pub before: &'a Vault,
    pub after: &'a Vault,
}

/// One thing that is set back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The value of an earlier version is active again, as a new version.
    Value {
        secret: SecretName,
        object: ObjectId,
        number: usize,
    },
    /// What was removed is there again.
    Restore {
        secret: SecretName,
        objects: Vec<ObjectId>,
    },
    /// What was made, or came back, is removed.
    Remove {
        secret: SecretName,
        objects: Vec<ObjectId>,
    },
    Field {
        secret: SecretName,
        field: String,
        value: Option<String>,
    },
    Expire {
        secret: SecretName,
        object: ObjectId,
        at: Option<UnixTime>,
    },
}

impl Step {
    pub const fn secret(&self) -> &SecretName {
        match self {
            Self::Value { secret, .. }
            | Self::Restore { secret, .. }
            | Self::Remove { secret, .. }
            | Self::Field { secret, .. }
            | Self::Expire { secret, .. } => secret,
        }
    }

    /// What it does, as a word.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Value { .. } => "rollback",
            Self::Restore { .. } => "restore",
            Self::Remove { .. } => "remove",
            Self::Field { .. } => "field",
            Self::Expire { .. } => "expire",
        }
    }

    /// Whether it takes the value of a version.
    pub const fn reads(&self) -> bool {
        matches!(self, Self::Value { .. })
    }

    const fn needs(&self) -> &'static [Right] {
        match self {
            Self::Value { .. } | Self::Restore { .. } | Self::Field { .. } => &[Right::Write],
            Self::Remove { .. } => &[Right::Delete],
            Self::Expire { .. } => &[Right::Write, Right::Delete],
        }
    }
}

/// What is left as it is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub secret: SecretName,
    pub why: WhyLeft,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyLeft {
    #[error("it was changed again since")]
    Since,
    #[error("version {number}, which was active before, was pruned: its value is gone")]
    Pruned { number: usize },
    #[error("version {number}, which was active before, was removed since")]
    Removed { number: usize },
    #[error(
        "version {number}, which was active before, was retired: what it is for does not accept it any more"
    )]
    Retired { number: usize },
    #[error("version {number}, which was active before, has expired")]
    Expired { number: usize },
    #[error("a waiver is an owner's own word")]
    Waiver,
    #[error("a rotation goes on: what began it, or how many it is given to, is not taken back")]
    Rotation,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct TakingBack {
    pub steps: Vec<Step>,
    pub left: Vec<Left>,
}

/// Why nothing was taken back.
#[derive(Debug, thiserror::Error)]
pub enum TakeBackError {
    #[error("{member} may not {} {secret}, as taking this back would", right.as_str())]
    NotPermitted { secret: SecretName, member: Name, right: Right, able: Vec<Name> },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Put(#[from] PutError),
}

/// What is to be done in `vault` so that what `changed` changed is as it was before.
pub fn plan(vault: &Vault, changed: Changed<'_>, now: UnixTime) -> TakingBack {
    let names = changed.before.state().secrets.keys().chain(changed.after.state().secrets.keys());
    let names: BTreeSet<&SecretName> = names.collect();
    let mut plan = TakingBack::default();
    for name in names {
        let of = |vault: &'_ Vault| vault.state().secrets.get(name).cloned().unwrap_or_default();
        let (before, after, here) = (of(changed.before), of(changed.after), of(vault));
        if before == after {
            continue;
        }
        let secret = Secret { name, before: &before, after: &after, here: &here, now };
        secret.value(&mut plan);
        secret.fields(&mut plan);
        secret.expiry(&mut plan);
        secret.rotation(&mut plan);
    }
    plan
}

/// A secret before and after the change, and as it is now.
struct Secret<'a> {
    name: &'a SecretName,
    before: &'a SecretState,
    after: &'a SecretState,
    here: &'a SecretState,
    now: UnixTime,
}

impl Secret<'_> {
    fn left(&self, plan: &mut TakingBack, why: WhyLeft) {
        plan.left.push(Left { secret: self.name.clone(), why });
    }

    fn value(&self, plan: &mut TakingBack) {
        let (before, after, here) =
            (&self.before.candidates, &self.after.candidates, &self.here.candidates);
        if before == after || before == here {
            return;
        }
        if here != after {
            return self.left(plan, WhyLeft::Since);
        }
        let secret = self.name.clone();
        let step = match (before.is_empty(), after.is_empty()) {
            (true, _) => {
                if self.here.open_rotations().next().is_some() {
                    self.left(plan, WhyLeft::Rotation);
                }
                let left =
                    self.here.versions.iter().filter(|version| !version.removed && !version.pruned);
                let objects: BTreeSet<ObjectId> = left.map(|version| version.object).collect();
                Step::Remove { secret, objects: objects.into_iter().collect() }
            }
            (false, true) => {
                let gone = before.iter().filter_map(|object| self.here.version(object));
                if let Some(gone) = gone.clone().find(|version| version.pruned) {
                    return self.left(plan, WhyLeft::Pruned { number: gone.number });
                }
                Step::Restore { secret, objects: gone.map(|version| version.object).collect() }
            }
            (false, false) => {
                let earlier = self.before.current.and_then(|object| self.here.version(&object));
                let Some(earlier) = earlier else { return self.left(plan, WhyLeft::Since) };
                if let Some(why) = self.unusable(earlier) {
                    return self.left(plan, why);
                }
                Step::Value { secret, object: earlier.object, number: earlier.number }
            }
        };
        plan.steps.push(step);
    }

    /// What a rotation did while it is open is ended by an abort, which is a word of its own.
    fn rotation(&self, plan: &mut TakingBack) {
        let of = |state: &SecretState| {
            state.rotation.iter().flat_map(|of| of.rotations.clone()).collect::<Vec<_>>()
        };
        let before = of(self.before);
        let is_open = |of: &Rotation| matches!(of.stage, Stage::Live | Stage::Stale(_));
        if of(self.after).iter().any(|rotation| is_open(rotation) && !before.contains(rotation)) {
            self.left(plan, WhyLeft::Rotation);
        }
    }

    fn unusable(&self, version: &Version) -> Option<WhyLeft> {
        let number = version.number;
        match version {
            Version { pruned: true, .. } => Some(WhyLeft::Pruned { number }),
            Version { removed: true, .. } => Some(WhyLeft::Removed { number }),
            version if self.here.is_withdrawn(&version.object) => Some(WhyLeft::Retired { number }),
            version if version.is_expired(self.now) => Some(WhyLeft::Expired { number }),
            _ => None,
        }
    }

    fn fields(&self, plan: &mut TakingBack) {
        let names = self.before.fields.keys().chain(self.after.fields.keys());
        let names: BTreeSet<&String> = names.collect();
        for field in names {
            let (was, became, is) =
                (self.before.field(field), self.after.field(field), self.here.field(field));
            if was == became || was == is {
                continue;
            }
            if waived::is_waiver(field) {
                self.left(plan, WhyLeft::Waiver);
            } else if is != became {
                self.left(plan, WhyLeft::Since);
            } else {
                let (secret, value) = (self.name.clone(), was.map(str::to_owned));
                plan.steps.push(Step::Field { secret, field: field.clone(), value });
            }
        }
    }

    /// Of what is active: of other versions it says nothing.
    fn expiry(&self, plan: &mut TakingBack) {
        for object in &self.here.candidates {
            let of = |state: &SecretState| state.version(object).map(|version| version.expires);
            let (Some(was), Some(became), Some(is)) =
                (of(self.before), of(self.after), of(self.here))
            else {
                continue;
            };
            if was != became && was != is {
                if is != became {
                    self.left(plan, WhyLeft::Since);
                    continue;
                }
                let (secret, object) = (self.name.clone(), *object);
                plan.steps.push(Step::Expire { secret, object, at: was });
            }
        }
    }
}

/// Makes the entries of a plan.
///
/// # Errors
/// A right that the signer lacks, or a value that it cannot read: then nothing is made.
pub fn take_back(
    vault: &Vault,
    steps: &[Step],
    ctx: &Ctx<'_>,
) -> Result<Option<Change>, TakeBackError> {
    let mut batch = Batch::new(vault, ctx);
    for step in steps {
        permit(vault, step, ctx)?;
        let op = match step {
            Step::Value { secret, object, .. } => {
                batch.put(value(vault, secret, object, ctx)?);
                continue;
            }
            Step::Restore { secret, objects } => Op::Restore(versions(secret, objects)),
            Step::Remove { secret, objects } => Op::Remove(versions(secret, objects)),
            Step::Field { secret, field, value } => Op::Field(Field {
                secret: secret.clone(),
                field: field.clone(),
                value: value.clone(),
                adopts: None,
            }),
            Step::Expire { secret, object, at } => {
                let (secret, object) = (secret.clone(), *object);
                Op::Expire(Expire { secret, object, at: *at, adopts: None })
            }
        };
        batch.add(op);
    }
    Ok(batch.change())
}

fn permit(vault: &Vault, step: &Step, ctx: &Ctx<'_>) -> Result<(), TakeBackError> {
    let (secret, member) = (step.secret(), ctx.who.member());
    let lacks = |right: &&Right| !vault.policy().holds(member, **right, secret);
    let Some(right) = step.needs().iter().copied().find(|right| lacks(&right)) else {
        return Ok(());
    };
    let (secret, member, able) =
        (secret.clone(), member.clone(), members_with(vault, right, secret));
    Err(TakeBackError::NotPermitted { secret, member, right, able })
}

/// As a roll-back has it.
fn value(
    vault: &Vault,
    secret: &SecretName,
    object: &ObjectId,
    ctx: &Ctx<'_>,
) -> Result<NewPut, TakeBackError> {
    let found = read::find(vault, secret)?;
    let missing = || ReadError::NoVersion { secret: secret.clone() };
    let version = found.version(object).ok_or_else(missing)?;
    let value = read::open(vault, ctx.who, secret, version)?;
    let value = put::seal(vault, secret, &value, version.expires, ctx)?;
    let (replaces, same) = (found.candidates.clone(), vec![*object]);
    Ok(NewPut { secret: secret.clone(), value, replaces, same, adopts: None })
}

fn versions(secret: &SecretName, objects: &[ObjectId]) -> Versions {
    let objects: BTreeSet<ObjectId> = objects.iter().copied().collect();
    Versions { secret: secret.clone(), objects: objects.into_iter().collect(), adopts: None }
}
