//! Writing secrets: new values, metadata, or both, of one secret or many.

use super::read::{self, VersionSelector};
use crate::crypto::id::ObjectId;
use crate::crypto::seal::MAX_VALUE;
use crate::file::version;
use crate::file::version::{Authored, SealedValue, VersionError, WrapTo};
use crate::host::progress::with_progress;
use crate::log::op::{Field, Op};
use crate::log::state::{SecretState, Version};
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::record::rule::Counted;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::{Batch, NewPut};
use crate::vault::change::Change;
use crate::vault::key_holders;
use crate::vault::unlock::KeyError;
use std::collections::BTreeSet;

/// What one secret is to become.
#[derive(Debug)]
pub struct PutRequest {
    pub secret: SecretName,
    pub value: Option<NewValue>,
    /// Field names and what they become; `None` clears.
    pub fields: Vec<(String, Option<String>)>,
}

/// A value for a new version.
#[derive(Debug)]
pub struct NewValue {
    pub value: SecretValue,
    /// Seconds since the Unix epoch.
    pub expires: Option<UnixTime>,
    /// Versions that hold the same value.
    pub same: Vec<ObjectId>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    #[error("{member} may not {} {secret}", right.as_str())]
    NotPermitted { secret: SecretName, member: Name, right: Right, able: Vec<Name> },
    #[error("{secret} cannot be written: its audience {audience} has no keys yet")]
    NoAudience { secret: SecretName, audience: AudienceName, able: Vec<Name> },
    #[error(
        "{secret} cannot be written: its audience {audience} waits for new keys since a member left"
    )]
    Due { secret: SecretName, audience: AudienceName, able: Vec<Name> },
    #[error("the keys for {secret} cannot be used")]
    Keys {
        secret: SecretName,
        #[source]
        source: KeyError,
    },
    /// `size` is where reading it ended, if there was `more`.
    #[error(
        "the value for {secret} is too long: it has {}{size} bytes, and the limit is {MAX_VALUE}",
        if *more { "more than " } else { "" }
    )]
    TooLong { secret: SecretName, size: u64, more: bool },
    #[error("{secret} cannot be sealed")]
    Seal {
        secret: SecretName,
        #[source]
        source: VersionError,
    },
    #[error("there is nothing to write")]
    Nothing,
}

/// Makes the change that writes all requests, or says why one of them cannot be.
pub fn put(vault: &Vault, requests: Vec<PutRequest>, ctx: &Ctx<'_>) -> Result<Change, PutError> {
    put_with(vault, requests, Vec::new(), ctx)
}

/// [`put`], with ops that go into the same entry behind it. The caller has seen to their rights.
pub(crate) fn put_with(
    vault: &Vault,
    requests: Vec<PutRequest>,
    with: Vec<Op>,
    ctx: &Ctx<'_>,
) -> Result<Change, PutError> {
    let mut batch = Batch::new(vault, ctx);
    for request in with_progress(requests.into_iter(), "encrypting", ctx.progress) {
        let with_fields = !request.fields.is_empty() || request.value.is_none();
        permit(vault, &request.secret, ctx.who.member(), with_fields)?;
        let PutRequest { secret, value, fields } = request;
        if let Some(new) = value {
            let mut same: BTreeSet<ObjectId> = new.same.into_iter().collect();
            same.extend(same_as_left(vault, &secret, &new.value, ctx));
            let same = same.into_iter().take(Counted::Ids.max()).collect();
            let value = seal(vault, &secret, &new.value, new.expires, ctx)?;
            // It decides how old a version gets and nothing else: without the rest they stay longer.
            let found = vault.secret(&secret).into_iter();
            let replaces = found.flat_map(|found| &found.candidates).take(Counted::Ids.max());
            let (secret, replaces) = (secret.clone(), replaces.copied().collect());
            batch.put(NewPut { secret, value, replaces, same, adopts: None });
        }
        for (field, value) in fields {
            batch.add(Op::Field(Field { secret: secret.clone(), field, value, adopts: None }));
        }
    }
    with.into_iter().for_each(|op| batch.add(op));
    batch.change().ok_or(PutError::Nothing)
}

/// The current version, where the writer can see that it holds the value that is to be written: it
/// stays exposed to everybody who knew it.
pub fn same_as_current(
    vault: &Vault,
    secret: &SecretName,
    value: &SecretValue,
    ctx: &Ctx<'_>,
) -> Vec<ObjectId> {
    let current = vault.secret(secret).and_then(|found| found.current());
    let known = |object| {
        read::read(vault, ctx.who, secret, &VersionSelector::Current, ctx.now)
            .ok()
            .filter(|known| known.same_as(value))
            .map(|_| object)
    };
    current.and_then(|version| known(version.object)).into_iter().collect()
}

/// The versions that rotations left or are about to bring, as far as the writer can see that they hold the value that is to be
/// written: it is in use again, and is not revoked where it works.
fn same_as_left(
    vault: &Vault,
    secret: &SecretName,
    value: &SecretValue,
    ctx: &Ctx<'_>,
) -> Vec<ObjectId> {
    let Some(state) = vault.secret(secret) else { return Vec::new() };
    let holds = |version: &&Version| {
        read::open(vault, ctx.who, secret, version).is_ok_and(|known| known.same_as(value))
    };
    let left = state.left_by_rotations().into_iter().chain(state.in_rotation());
    left.filter(holds).map(|version| version.object).collect()
}

/// The fields that change something: what is there already is not written again, and a field whose
/// values conflict is settled.
pub fn changed(
    state: Option<&SecretState>,
    fields: Vec<(String, Option<String>)>,
) -> Vec<(String, Option<String>)> {
    let differs = |(field, value): &(String, Option<String>)| {
        let register = state.and_then(|state| state.fields.get(field));
        match register {
            Some(register) => register.value != *value || !register.others.is_empty(),
            None => value.is_some(),
        }
    };
    fields.into_iter().filter(differs).collect()
}

/// Whether a member may write a secret: metadata too, or a value alone.
pub fn permit(
    vault: &Vault,
    secret: &SecretName,
    member: &Name,
    with_fields: bool,
) -> Result<(), PutError> {
    match with_fields {
        false => permit_value(vault, secret, member),
        true if vault.policy().holds(member, Right::Write, secret) => Ok(()),
        true => Err(denied(vault, secret, member)),
    }
}

/// Whether a member may give a secret another value.
pub fn permit_value(vault: &Vault, secret: &SecretName, member: &Name) -> Result<(), PutError> {
    let state = vault.policy();
    let live = vault.secret(secret).is_some_and(|found| !found.is_gone());
    if state.holds(member, Right::Write, secret)
        || live && state.holds(member, Right::Rotate, secret)
    {
        return Ok(());
    }
    Err(denied(vault, secret, member))
}

fn denied(vault: &Vault, secret: &SecretName, member: &Name) -> PutError {
    PutError::NotPermitted {
        secret: secret.clone(),
        member: member.clone(),
        right: Right::Write,
        able: members_with(vault, Right::Write, secret),
    }
}

/// The members that have a right on a secret.
pub(crate) fn members_with(vault: &Vault, right: Right, secret: &SecretName) -> Vec<Name> {
    let state = vault.policy();
    state
        .members()
        .map(|(name, _)| name)
        .filter(|name| state.holds(name, right, secret))
        .cloned()
        .collect()
}

/// Seals a value for a secret's audience of now: under its KEK, or, by a writer who may not read,
/// to its public key. What is sealed is the signer's to put.
pub(crate) fn seal(
    vault: &Vault,
    secret: &SecretName,
    value: &SecretValue,
    expires: Option<UnixTime>,
    ctx: &Ctx<'_>,
) -> Result<SealedValue, PutError> {
    let (uid, author) = (vault.uid(secret), ctx.signer.key.id());
    let audience = vault.policy().audience_of(secret);
    let (binding, authored) = (vault.binding(&uid), Authored { value, author: &author, expires });
    let failed = |source: VersionError| match source.is_too_long() {
        true => PutError::TooLong {
            secret: secret.clone(),
            size: u64::try_from(value.len()).unwrap_or(u64::MAX),
            more: false,
        },
        false => PutError::Seal { secret: secret.clone(), source },
    };
    let noted = |sealed: SealedValue| {
        ctx.who.note_value(secret, sealed.commitment(), value);
        sealed
    };
    let stated = usable_audience(vault, secret, &audience)?;
    if vault.policy().is_in(ctx.who.member(), &audience) {
        let keys = ctx.who.keys_of(vault, &audience, &stated.epoch);
        let keys = keys.map_err(|source| PutError::Keys { secret: secret.clone(), source })?;
        let Some(current) = keys.first() else {
            let able = key_holders::may_begin(vault, &audience);
            return Err(PutError::NoAudience { secret: secret.clone(), audience, able });
        };
        let to = WrapTo::Epoch { audience: &audience, keys: current };
        return version::seal_version(ctx.random, binding, authored, to).map_err(failed).map(noted);
    }
    let to = WrapTo::Recipient {
        audience: &audience,
        epoch: stated.epoch,
        recipient: &stated.recipient,
    };
    version::seal_version(ctx.random, binding, authored, to).map_err(failed).map(noted)
}

fn usable_audience<'a>(
    vault: &'a Vault,
    secret: &SecretName,
    audience: &AudienceName,
) -> Result<&'a crate::policy::audience::Epoch, PutError> {
    let state = vault.policy();
    let able = || key_holders::may_begin(vault, audience);
    let (secret, audience) = (secret.clone(), audience.to_owned());
    match state.audience(&audience) {
        None => Err(PutError::NoAudience { secret, able: able(), audience }),
        Some(_) if state.is_due(&audience) => Err(PutError::Due { secret, able: able(), audience }),
        Some(found) => Ok(&found.current),
    }
}
