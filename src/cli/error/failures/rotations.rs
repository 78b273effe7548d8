//! Of rotations.

use super::names;
use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use v_secure_core::log::describe::short;
use v_secure_core::log::rotation::Stage;
use v_secure_core::name::SecretName;
use v_secure_core::secret::rotate::{RotateError, Standing};

impl From<RotateError> for Failure {
    fn from(error: RotateError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match error {
            RotateError::Read(error) => error.into(),
            RotateError::Put(error) => error.into(),
            RotateError::NotPermitted { ref able, .. } => {
                is(Code::NotPermitted).hint(format!("who can: {}", names(able)))
            }
            RotateError::Conflict { ref secret } => {
                is(Code::Conflict).hint(format!("v-secure secret resolve {secret} --take VERSION"))
            }
            RotateError::Open { ref secret, ref rotation } => {
                ended(is(Code::RotationOpen), secret, rotation)
            }
            RotateError::NoneOpen { ref secret } | RotateError::NoSuch { ref secret } => {
                status(is(Code::RotationMissing), secret)
            }
            RotateError::ShortId { .. } => is(Code::Usage).hint("v-secure secret rotation-status"),
            RotateError::NothingToRetire { ref secret } => {
                status(is(Code::RotationMissing), secret)
            }
            RotateError::Ambiguous { ref secret } => status(is(Code::RotationMissing), secret),
            RotateError::Several { ref secret, ref rotations } => {
                let each = rotations.iter().map(|of| short(&of.id));
                let failure = is(Code::RotationUnsettled);
                each.fold(status(failure, secret), |failure, id| {
                    failure.hint(format!("v-secure secret rotate {secret} --abort --rotation={id}"))
                })
            }
            RotateError::Filled { ref secret, .. } => status(is(Code::RotationUnsettled), secret),
            RotateError::Over { ref secret, .. } => status(is(Code::RotationOver), secret),
            RotateError::Stale { ref secret, ref rotation } => {
                let id = short(&rotation.id);
                let failure = status(is(Code::RotationUnsettled), secret);
                failure.hint(format!("v-secure secret rotate {secret} --abort --rotation={id}"))
            }
            RotateError::NoValue { ref secret, ref rotation }
            | RotateError::Expired { ref secret, ref rotation } => {
                let code = match error {
                    RotateError::Expired { .. } => Code::Expired,
                    _ => Code::RotationUnsettled,
                };
                let id = short(rotation);
                is(code).hint(format!("v-secure secret rotate {secret} --abort --rotation={id}"))
            }
            RotateError::NotRetired { ref secret } => {
                let failure = status(is(Code::NotRetired), secret);
                failure.hint(format!("v-secure rotation retire {secret}"))
            }
            RotateError::Active { ref secret, .. }
            | RotateError::SameAsActive { ref secret, .. } => {
                is(Code::InUse).hint(format!("v-secure secret rotate {secret}"))
            }
            RotateError::InRotation { ref secret, ref rotation } => {
                let id = short(rotation);
                is(Code::InUse)
                    .hint(format!("v-secure secret rotate {secret} --abort --rotation={id}"))
            }
        }
    }
}

fn status(failure: Failure, secret: &SecretName) -> Failure {
    failure.hint(format!("v-secure secret rotation-status {secret}"))
}

/// What ends a rotation that is in the way: one that is live has two ends.
fn ended(failure: Failure, secret: &SecretName, rotation: &Standing) -> Failure {
    let id = short(&rotation.id);
    let failure = match rotation.stage {
        Stage::Live => failure.hint(format!("v-secure rotation promote {secret}")),
        _ => failure,
    };
    failure.hint(format!("v-secure secret rotate {secret} --abort --rotation={id}"))
}
