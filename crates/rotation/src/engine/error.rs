//! Why a rotation at a provider does not go on.

use super::Gate;
use crate::contract::{CallError, State, Verb};
use v_secure_core::crypto::id::RotationId;
use v_secure_core::log::describe::short;
use v_secure_core::name::{Name, SecretName};
use v_secure_core::secret::read::ReadError;
use v_secure_core::secret::resolve::ResolveError;
use v_secure_core::secret::rollback::RollbackError;
use v_secure_core::secret::rotate::RotateError;

/// What was done before stays recorded, and is gone on with by the same command.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Rotate(#[from] RotateError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    #[error("'{verb}' for {secret} was not done")]
    Call {
        secret: SecretName,
        verb: Verb,
        #[source]
        source: CallError,
    },
    #[error("the provider of {secret} has no '{verb}', which a rotation takes")]
    Lacks { secret: SecretName, verb: Verb },
    #[error(
        "the provider of {secret} does not compare what it replaces, and other clones may rotate too"
    )]
    Unfenced { secret: SecretName },
    #[error("what the provider of {secret} makes cannot be found again if its answer is lost")]
    Orphans { secret: SecretName, is_open: bool },
    #[error("the current value of {secret} {} at its provider{}", works(*state), because(why.as_deref()))]
    NotActive { secret: SecretName, state: State, why: Option<String> },
    #[error(
        "the value that rotation {} of {secret} made ready {}{}",
        short(rotation),
        works(*state),
        because(why.as_deref())
    )]
    NotWorking { secret: SecretName, rotation: RotationId, state: State, why: Option<String> },
    #[error(
        "rotation {} of {secret} is {author}'s, who is no member any more and knows its value",
        short(rotation)
    )]
    Former { secret: SecretName, rotation: RotationId, author: Name },
    #[error("rotation {} of {secret} is given to a share of the instances", short(rotation))]
    Staged { secret: SecretName, rotation: RotationId },
    /// Who could choose a credential without being able to read the secret would be let in by it.
    #[error("the value is {author}'s, who may not read {secret}: it is given to no provider")]
    Foreign { secret: SecretName, author: Name },
    #[error(
        "{secret} has an old credential that is not retired yet, and a rotation begins after that"
    )]
    Left { secret: SecretName },
    #[error("the old credential of {secret} is not retired yet: {gate}")]
    Early { secret: SecretName, gate: Gate },
    #[error("the provider of {secret} answers without the value that it was to make")]
    NoValue { secret: SecretName },
    #[error("the rotations of {secret} are at odds with its provider, or with each other")]
    Unsettled { secret: SecretName },
    #[error("{secret} changed meanwhile: somebody else wrote it")]
    Moved { secret: SecretName },
    #[error("{member} may not write {secret}, and to settle is to write")]
    MayNotSettle { secret: SecretName, member: Name },
    #[error(
        "rotation {} of {secret} goes on, and its provider knows one credential at a time",
        short(rotation)
    )]
    GoesOn { secret: SecretName, rotation: RotationId },
    /// Where one credential works at a time.
    #[error(
        "the provider of {secret} knows one credential at a time: a share of the instances cannot have another one"
    )]
    NoShare { secret: SecretName },
    #[error(
        "the provider of {secret} knows one credential at a time, and nobody agreed to the outage"
    )]
    Outage { secret: SecretName },
    #[error(
        "the current value of {secret} does not work, and {author} set it by hand: no rotation made it"
    )]
    ByHand { secret: SecretName, author: Name },
    #[error("an old version of {secret} holds the value that is in use, so that it is not revoked")]
    InUse { secret: SecretName },
    #[error("no value of {secret} that is known works at its provider")]
    NothingWorks { secret: SecretName },
}

const fn works(state: State) -> &'static str {
    match state {
        State::Unknown => "is not known to work",
        State::Active | State::Inactive => "does not work",
    }
}

fn because(why: Option<&str>) -> String {
    why.map(|why| format!(" ({why})")).unwrap_or_default()
}
