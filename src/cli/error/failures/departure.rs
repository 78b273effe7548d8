//! The failures of commands that take rights away, or take over what somebody left.

use super::{closed_keys, names};
use crate::cli::error::codes::Code;
use crate::cli::error::exit::Exit;
use crate::cli::error::{Failure, Unknown};
use v_secure_core::people::access::RevokeError;
use v_secure_core::people::departure::LeaveError;
use v_secure_core::secret::adopt::AdoptError;
use v_secure_core::vault::unlock::KeyError;

impl From<LeaveError> for Failure {
    fn from(error: LeaveError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match &error {
            LeaveError::NoMember { member } => is(Code::NoMember)
                .of_unknown(Unknown::Member(member.clone()))
                .hint("v-secure member list"),
            // No ready line: another device than the one that was meant would be gone.
            LeaveError::NoDevice { name, .. } => {
                is(Code::NoDevice).hint(format!("v-secure member show {}", name.member))
            }
            LeaveError::Ambiguous { name } => is(Code::RecipientAmbiguous).hint(format!(
                "v-secure member show {}, and give more of the end of the one that is to go",
                name.member
            )),
            LeaveError::LastRecipient { name, alone, .. } => {
                let member = &name.member;
                let mut failure = is(Code::LastDevice);
                if *alone {
                    failure = failure.hint(format!(
                        "v-secure member key remove {name}, which keeps what the device vouched for"
                    ));
                }
                failure
                    .hint(format!(
                        "v-secure member add {member} --device --request …, for a new device first"
                    ))
                    .hint(format!("v-secure member remove {member}"))
            }
        }
    }
}

impl From<RevokeError> for Failure {
    fn from(error: RevokeError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match &error {
            RevokeError::NoRole { role } => {
                is(Code::NoRole).of_unknown(Unknown::Role(role.clone())).hint("v-secure role list")
            }
            RevokeError::Owner => is(Code::OwnerRole).hint("v-secure role leave owner MEMBER"),
            RevokeError::NotGranted { role, reaching, .. } => {
                let mut failure = is(Code::NoGrant);
                for grant in reaching {
                    failure.hints.push(format!(
                        "v-secure access revoke {role} '{}' {}",
                        grant.pattern, grant.rights
                    ));
                }
                failure.hint("v-secure role list")
            }
        }
    }
}

impl From<AdoptError> for Failure {
    fn from(error: AdoptError) -> Self {
        let is = |code| Self::from_error(code, &error);
        match error {
            AdoptError::Put(error) => error.into(),
            AdoptError::NoEntry { .. } | AdoptError::Ambiguous { .. } => {
                is(Code::NoEntry).hint("v-secure adopt --list")
            }
            AdoptError::Counts { .. } | AdoptError::Adopted { .. } => {
                is(Code::NotVoid).hint("v-secure adopt --list")
            }
            AdoptError::NotPermitted { ref able, .. } => {
                is(Code::NotPermitted).hint(format!("who can: {}", names(able)))
            }
            AdoptError::Keys { source: KeyError::NotInAudience { ref readers, .. }, .. } => {
                is(Code::NotPermitted).hint(format!("who can open it: {}", names(readers)))
            }
            AdoptError::Keys { .. } => closed_keys(Code::Keys, &error),
            AdoptError::Missing { .. } => is(Code::ObjectMissing)
                .with_exit(Exit::NotFound)
                .hint("git log -p -- .v-secure/vault.toml  # where the value may still be"),
            AdoptError::Open { .. } => is(Code::ValueDamaged).hint("v-secure audit verify"),
        }
    }
}
