//! Of people and their keys: changes of policy, key rotation, members and slots.

use super::names;
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::error::{Failure, Unknown};
use v_secure_core::crypto::identity::recipient::program;
use v_secure_core::keys::policy_change::PolicyChangeError;
use v_secure_core::keys::rotation::KeyRotationError;
use v_secure_core::name::audience::AudienceName;
use v_secure_core::people::member::MemberError;
use v_secure_core::people::slot::SlotChangeError;
use v_secure_core::policy::error::{ChainError, ChainFault, OpFault};
use v_secure_core::policy::rebase::ReplayError;
use v_secure_core::secret::similar;

impl From<PolicyChangeError> for Failure {
    fn from(error: PolicyChangeError) -> Self {
        match &error {
            PolicyChangeError::NotPermitted { able, .. }
            | PolicyChangeError::UsedBefore { able, .. } => {
                Self::from_error(Code::NotPermitted, &error)
                    .hint(format!("who can: {}", names(able)))
                    .hint("v-secure access list")
            }
            PolicyChangeError::Threshold { .. } => {
                Self::from_error(Code::OwnerThreshold, &error).hint("v-secure owner list")
            }
            PolicyChangeError::Chain(source) => chain_failure(source),
            PolicyChangeError::Unsealable { recipient, .. } => {
                let failure = Self::from_error(Code::Unsealable, &error);
                match program(recipient) {
                    Some(program) => failure
                        .hint(format!("install {program}, or ask a member who has it to run this")),
                    None => {
                        failure.hint("v-secure member request, for a recipient of another kind")
                    }
                }
            }
            _ => Self::from_error(Code::Policy, &error),
        }
    }
}

/// A change of policy that the chain's rules refuse.
pub(in crate::cli) fn chain_failure(error: &ChainError) -> Failure {
    let exit = match &error.cause {
        ChainFault::Unauthorised { .. }
        | ChainFault::UnknownKey { .. }
        | ChainFault::Op(OpFault::Plugin { .. }) => Exit::NotPermitted,
        ChainFault::Op(OpFault::UnknownRole { .. } | OpFault::UnknownMember { .. }) => {
            Exit::NotFound
        }
        ChainFault::Op(OpFault::Setting(_) | OpFault::Recipient(_)) => Exit::Usage,
        _ => Exit::Conflict,
    };
    let mut failure = Failure::from_error(Code::Of(error.into()), &error.cause).with_exit(exit);
    failure.unknown = match &error.cause {
        ChainFault::Op(OpFault::UnknownRole { role }) => Some(Unknown::Role(role.clone())),
        ChainFault::Op(OpFault::UnknownMember { member }) => Some(Unknown::Member(member.clone())),
        _ => None,
    }
    .map(Box::new);
    if let ChainFault::Op(OpFault::RoleExists { role }) = &error.cause {
        return failure
            .hint(format!("v-secure access grant {role} PATTERN RIGHTS"))
            .hint("v-secure role list");
    }
    if let ChainFault::Op(OpFault::Plugin { plugin }) = &error.cause {
        return failure
            .hint(format!("v-secure settings set plugins.allow {plugin}, by an owner"))
            .hint("v-secure settings show");
    }
    if let ChainFault::Op(
        OpFault::RecipientTaken { owner: member } | OpFault::MemberAlike { taken: member },
    ) = &error.cause
    {
        return failure.hint(format!("v-secure member show {member}"));
    }
    let hint = match &error.cause {
        ChainFault::Op(OpFault::UnknownRole { .. } | OpFault::RoleAlike { .. }) => {
            "v-secure role list"
        }
        ChainFault::Op(OpFault::UnknownMember { .. }) => "v-secure member list",
        ChainFault::Op(OpFault::ThresholdTooHigh { .. }) => "v-secure owner list",
        ChainFault::Op(OpFault::LastOwner { .. }) => {
            "v-secure role join owner MEMBER, for another owner first"
        }
        ChainFault::Op(OpFault::Setting(_)) => "v-secure settings show",
        _ => "v-secure access list",
    };
    failure.hints.push(hint.into());
    failure
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        let mut failure = chain_failure(&error.source);
        failure.causes.insert(0, std::mem::replace(&mut failure.message, error.to_string()));
        failure
    }
}

impl From<KeyRotationError> for Failure {
    fn from(error: KeyRotationError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match error {
            KeyRotationError::Policy(error) => error.into(),
            KeyRotationError::Read(error) => error.into(),
            KeyRotationError::Put(error) => error.into(),
            KeyRotationError::NoAudience { ref audience, ref known } => {
                let mut failure = is(Code::UnknownAudience);
                if let Some(near) =
                    similar::nearest(audience, known.iter().map(AudienceName::as_str))
                {
                    failure.message.push_str(&format!("; did you mean {near}?"));
                }
                failure.hint(format!("audiences: {}", known.join(", "))).hint("v-secure key status")
            }
            KeyRotationError::Retired { .. } => {
                is(Code::AudienceRetired).hint("v-secure role list")
            }
        }
    }
}

impl From<MemberError> for Failure {
    fn from(error: MemberError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match &error {
            MemberError::OtherVault => is(Code::RequestOtherVault),
            MemberError::OtherName { found, .. } => is(Code::RequestOtherName)
                .hint(format!("v-secure member add {found} --request …, if that is who it is")),
            MemberError::Chain(source) => chain_failure(source),
            MemberError::Exists { asked, found, .. } => {
                let failure = is(Code::MemberExists);
                let failure = match asked == found {
                    true => failure.hint(format!(
                        "v-secure member add {found} --device …, if this is a further device of theirs"
                    )),
                    false => failure,
                };
                failure
                    .hint("another name, if this is somebody else")
                    .hint(format!("v-secure member show {found}"))
            }
            MemberError::NoMember { member } => is(Code::NoMember)
                .of_unknown(Unknown::Member(member.clone()))
                .hint(format!("v-secure member add {member} …, without --device"))
                .hint("v-secure member list"),
            MemberError::OtherKind { member, .. } => {
                is(Code::MemberKind).hint(format!("v-secure member show {member}"))
            }
            MemberError::Nothing { member } => {
                is(Code::Exists).hint(format!("v-secure member show {member}"))
            }
            MemberError::ExpiryStated { member } => is(Code::MemberExpiry)
                .hint(format!("v-secure member show {member}"))
                .hint(format!("v-secure member remove {member}, and let it in again")),
            MemberError::RecipientTaken { owner } => {
                is(Code::RecipientTaken).hint(format!("v-secure member show {owner}"))
            }
            MemberError::DeviceTaken { member, .. } => is(Code::DeviceTaken)
                .hint(format!("v-secure member request {member} --device OTHER")),
            MemberError::KeyGone { member } => is(Code::RequestUsed)
                .hint(format!("v-secure member request {member}  # on the device, for a new key"))
                .hint("v-secure audit log"),
            MemberError::Recipient(_) => is(Code::Recipient),
            MemberError::NoRole { role } => is(Code::NoRole)
                .of_unknown(Unknown::Role(role.clone()))
                .hint(format!("v-secure role create {role} --grant read:PATTERN"))
                .hint("v-secure role list"),
            MemberError::RoleTaken { role } => is(Code::RoleTaken)
                .hint(format!("--role {role} instead of --read, to join it as it is"))
                .hint("v-secure role list"),
        }
    }
}

impl From<SlotChangeError> for Failure {
    fn from(error: SlotChangeError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match &error {
            SlotChangeError::NotFound { .. } | SlotChangeError::Ambiguous { .. } => {
                is(Code::NoSlot).hint("v-secure key slot list")
            }
            SlotChangeError::NotYours { owner, .. } => is(Code::NotPermitted)
                .hint(format!("who can: {owner}"))
                .hint(format!("v-secure member show {owner}, for the device that it belongs to")),
            SlotChangeError::Full => is(Code::SlotsFull).hint("v-secure key slot list"),
            SlotChangeError::NothingToSeal { .. } => is(Code::NothingToSeal)
                .hint("v-secure --identity FILE key slot add, with an identity of 'v-secure identity new'"),
            SlotChangeError::OtherIdentity { .. } => is(Code::SlotIdentity)
                .hint("v-secure --passphrase-fd N key slot change SLOT, with the slot's present passphrase"),
            SlotChangeError::Seal(_) => is(Code::Slot),
        }
    }
}
