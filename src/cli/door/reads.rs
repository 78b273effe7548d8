//! Writing reads down, as a command does it: see [`crate::engine::giving`].

use super::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::{Failure, Outcome};
use crate::engine::giving;
use crate::engine::giving::GivingError;
use crate::engine::session::Session;
use v_secure_core::vault::Vault;

pub use crate::engine::giving::Reading;

/// Writes a read down before its values leave this process, and says which of them were opened by
/// another wrap than the current one.
pub fn record(
    context: &Context<'_>,
    session: &Session,
    vault: &Vault,
    reading: Reading<'_>,
) -> Outcome {
    giving::record(context, session, vault, &reading)
}

impl From<GivingError> for Failure {
    fn from(error: GivingError) -> Self {
        match error {
            GivingError::Conflict { ref secret } => Self::from_error(Code::Conflict, &error)
                .hint(format!("v-secure secret versions {secret}"))
                .hint(format!("v-secure secret resolve {secret} --take VERSION")),
            GivingError::Rotation { ref secret, ref why } => {
                let mut failure = Self::from_error(Code::RotationUnsettled, &error);
                failure.causes.push(why.clone());
                failure.hint(format!("v-secure secret rotation-status {secret}"))
            }
            GivingError::Reason(_) => Self::from_error(Code::BadReason, &error),
            GivingError::Journal(_) => Self::from_error(Code::Journal, &error)
                .hint("give v-secure a state folder that it can write to (HOME, XDG_STATE_HOME)"),
        }
    }
}
