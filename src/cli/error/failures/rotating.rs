//! Of rotations at providers.

use crate::cli::error::Failure;
use crate::cli::error::codes::Code;
use crate::engine::provider::ProviderError;
use v_secure_core::convert::duration;
use v_secure_core::name::SecretName;
use v_secure_rotation::contract::{CallError, State, Verb};
use v_secure_rotation::engine::{EngineError, Gate};

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match error {
            EngineError::Rotate(error) => error.into(),
            EngineError::Read(error) => error.into(),
            EngineError::Resolve(error) => error.into(),
            EngineError::Rollback(error) => error.into(),
            EngineError::Call { ref secret, verb, ref source } => {
                called(&error, (secret, verb), source)
            }
            EngineError::Lacks { .. } | EngineError::NoValue { .. } => {
                is(Code::ProviderUnfit).hint("v-secure provider list")
            }
            EngineError::Unfenced { .. } => is(Code::ProviderUnfit)
                .hint("v-secure settings set rotation.via 'device MEMBER/DEVICE'  # where one machine rotates alone"),
            EngineError::Orphans { ref secret, is_open } => {
                let how = if is_open { " --resume" } else { "" };
                is(Code::ProviderUnfit)
                    .hint(format!("v-secure secret rotate {secret}{how} --accept-orphans"))
            }
            EngineError::ByHand { ref secret, .. } => is(Code::CredentialInactive)
                .hint(format!("v-secure secret versions {secret}"))
                .hint(format!("v-secure rotation settle {secret} --set  # has the provider take it")),
            EngineError::Former { ref secret, .. } => abort(is(Code::NotPermitted), secret),
            EngineError::Staged { ref secret, .. } => is(Code::RotationOpen)
                .hint(format!("v-secure secret rotate {secret} --resume --to 50%"))
                .hint(format!("v-secure rotation promote {secret}  # for all")),
            EngineError::NotActive { state: State::Unknown, .. } => {
                look(is(Code::CredentialUnknown))
            }
            EngineError::NotActive { ref secret, .. } => {
                settle(is(Code::CredentialInactive), secret)
            }
            EngineError::NothingWorks { ref secret } => is(Code::CredentialInactive)
                .hint(format!("v-secure secret versions {secret}"))
                .hint(format!("v-secure set {secret}  # with a value that works there")),
            EngineError::NotWorking { ref secret, state: State::Unknown, .. } => {
                resume(look(is(Code::CredentialUnknown)), secret)
            }
            EngineError::NotWorking { ref secret, .. } => {
                abort(resume(is(Code::CredentialInactive), secret), secret)
            }
            EngineError::Foreign { ref secret, ref author } => {
                let failure = is(Code::NotPermitted).hint(format!(
                    "v-secure access list  # see whether {author} is to read {secret}"
                ));
                abort(failure, secret).hint(format!(
                    "v-secure rotation retire {secret} --by-hand  # once it is aborted: no provider was given it"
                ))
            }
            EngineError::InUse { ref secret } => is(Code::InUse)
                .hint(format!("v-secure secret rotation-status {secret}"))
                .hint(format!("v-secure secret rollback {secret} --version NUMBER  # to that one")),
            EngineError::Left { ref secret } => {
                is(Code::NotRetired).hint(format!("v-secure rotation retire {secret}"))
            }
            EngineError::Early { ref secret, gate } => early(is(Code::NotRetired), secret, gate),
            EngineError::MayNotSettle { .. } => {
                is(Code::NotPermitted).hint("v-secure access list  # who may write it")
            }
            EngineError::GoesOn { ref secret, .. } => {
                abort(resume(is(Code::RotationOpen), secret), secret)
            }
            EngineError::NoShare { ref secret } | EngineError::Outage { ref secret } => {
                is(Code::ProviderUnfit).hint(format!("v-secure secret rotate {secret}"))
            }
            EngineError::Unsettled { ref secret } => settle(is(Code::RotationUnsettled), secret),
            EngineError::Moved { ref secret } => is(Code::MovedMeanwhile)
                .hint(format!("v-secure secret rotation-status {secret}")),
        }
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        match &error {
            ProviderError::Unset { name, setting } => {
                Self::from_error(Code::ProviderMissing, &error)
                    .hint(format!("v-secure settings set provider.{name}.{setting} VALUE"))
            }
            ProviderError::Endpoint { name, .. } => Self::from_error(Code::ProviderMissing, &error)
                .hint(format!("v-secure settings set provider.{name}.endpoint HOST:PORT/DATABASE")),
            ProviderError::Target { .. } => {
                Self::from_error(Code::ProviderMissing, &error).hint("v-secure provider list")
            }
            ProviderError::Program { .. } => {
                Self::from_error(Code::ProviderUntrusted, &error).hint("v-secure provider list")
            }
        }
    }
}

/// By what is known to have happened.
fn called(error: &EngineError, (secret, verb): (&SecretName, Verb), source: &CallError) -> Failure {
    let is = |code| Failure::from_error(code, error);
    let go_on = |failure| go_on(failure, secret, verb);
    match source {
        CallError::Again { .. } => go_on(is(Code::ProviderBusy)),
        CallError::Fenced { .. } => settle(is(Code::ProviderFenced), secret),
        CallError::Unclear { .. } => go_on(is(Code::ProviderUnclear)),
        CallError::Untrusted { .. } => is(Code::ProviderUntrusted).hint("v-secure provider list"),
        CallError::NotThere { .. } => is(Code::ProviderUnfit).hint("v-secure provider list"),
        CallError::Refused { .. } => {
            is(Code::ProviderFailed).hint(format!("v-secure secret rotation-status {secret}"))
        }
    }
}

/// By the command that asks for it again: what is over goes on by `retire`, which tells the provider of what is current too.
fn go_on(failure: Failure, secret: &SecretName, verb: Verb) -> Failure {
    match verb {
        Verb::Revoke | Verb::List | Verb::LastUsed | Verb::Finish => {
            failure.hint(format!("v-secure rotation retire {secret}"))
        }
        Verb::Validate => failure.hint(format!("v-secure secret rotation-status {secret}")),
        _ => resume(failure, secret),
    }
}

/// Nobody knows that anything is wrong with the credential.
fn look(failure: Failure) -> Failure {
    failure.hint("v-secure provider list  # see whether it is reached, and run the command again")
}

fn settle(failure: Failure, secret: &SecretName) -> Failure {
    failure.hint(format!("v-secure rotation settle {secret}"))
}

fn resume(failure: Failure, secret: &SecretName) -> Failure {
    failure.hint(format!("v-secure secret rotate {secret} --resume"))
}

fn abort(failure: Failure, secret: &SecretName) -> Failure {
    failure.hint(format!("v-secure secret rotate {secret} --abort"))
}

fn early(mut failure: Failure, secret: &SecretName, gate: Gate) -> Failure {
    let until = gate.until().map(|until| format!("not before {}", duration::rfc3339(until)));
    failure.causes.extend(until);
    match gate.until() {
        Some(_) => failure.hint(format!("v-secure rotation retire {secret} --wait")),
        None if matches!(gate, Gate::Ahead { .. }) => {
            failure.hint(format!("v-secure audit log --secret-id {secret}")).hint(format!(
                "v-secure rotation retire {secret} --by-hand  # once it was revoked there"
            ))
        }
        None => failure.hint("date -u  # and the provider's clock beside it"),
    }
}
