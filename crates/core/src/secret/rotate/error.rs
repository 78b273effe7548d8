//! Why a rotation does not begin, go on or end.

use crate::crypto::id::RotationId;
use crate::log::describe::short;
use crate::log::rotation::{Rotation, Stage};
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::secret::put::PutError;
use crate::secret::read::ReadError;

/// A rotation, and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub id: RotationId,
    pub stage: Stage,
}

impl Standing {
    pub const fn of(rotation: &Rotation) -> Self {
        Self { id: rotation.id, stage: rotation.stage }
    }

    /// One word, for display and for `--json`.
    pub const fn as_str(&self) -> &'static str {
        match self.stage {
            Stage::Live => "live",
            Stage::Stale(_) => "stale",
            Stage::Promoted => "promoted",
            Stage::Aborted => "aborted",
        }
    }

    /// Why it cannot go on, where it cannot.
    pub const fn why_stale(&self) -> Option<&'static str> {
        match self.stage {
            Stage::Stale(why) => Some(why.as_str()),
            Stage::Live | Stage::Promoted | Stage::Aborted => None,
        }
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error("{member} may not {} {secret}", right.as_str())]
    NotPermitted { secret: SecretName, member: Name, right: Right, able: Vec<Name> },
    #[error("{secret} has several active versions since a merge, and a rotation begins on one")]
    Conflict { secret: SecretName },
    #[error("rotation {} of {secret} is open", short(&rotation.id))]
    Open { secret: SecretName, rotation: Standing },
    #[error("no rotation of {secret} is open")]
    NoneOpen { secret: SecretName },
    #[error("several rotations of {secret} are open")]
    Several { secret: SecretName, rotations: Vec<Standing> },
    #[error("{secret} has no such rotation")]
    NoSuch { secret: SecretName },
    #[error("a rotation is named by at least {least} characters of its id here")]
    ShortId { least: usize },
    #[error("{secret} has several rotations whose id begins like this")]
    Ambiguous { secret: SecretName },
    #[error("rotation {} of {secret} is over: it was {}", short(&rotation.id), rotation.as_str())]
    Over { secret: SecretName, rotation: Standing },
    #[error(
        "rotation {} of {secret} cannot go on: {}",
        short(&rotation.id),
        rotation.why_stale().unwrap_or("several of its secret go on at once")
    )]
    Stale { secret: SecretName, rotation: Standing },
    #[error("rotation {} of {secret} has no value to make active", short(rotation))]
    NoValue { secret: SecretName, rotation: RotationId },
    #[error("rotation {} of {secret} has a value already", short(rotation))]
    Filled { secret: SecretName, rotation: RotationId },
    #[error("the value that rotation {} of {secret} made ready has expired", short(rotation))]
    Expired { secret: SecretName, rotation: RotationId },
    #[error("version {number} of {secret} is active, and only what is not in use is retired")]
    Active { secret: SecretName, number: usize },
    #[error(
        "version {number} of {secret} holds the value that is active, and only what is not in use is retired"
    )]
    SameAsActive { secret: SecretName, number: usize },
    #[error("{secret} has old values that are not retired yet")]
    NotRetired { secret: SecretName },
    #[error("the value is that of rotation {} of {secret}, which is open", short(rotation))]
    InRotation { secret: SecretName, rotation: RotationId },
    #[error("{secret} has nothing that is to be retired")]
    NothingToRetire { secret: SecretName },
}
