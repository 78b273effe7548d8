//! The failures of commands that take rights away, or take over what somebody left.

use super::{closed_keys, names};
use crate::cli::door::context::short;
use crate::cli::error::exit::Exit;
use crate::cli::error::{Failure, Unknown};
use v_secure_core::people::access::RevokeError;
use v_secure_core::people::leaving::LeaveError;
use v_secure_core::secret::adopt::AdoptError;
use v_secure_core::vault::unlock::KeyError;

impl From<LeaveError> for Failure {
    fn from(error: LeaveError) -> Self {
        let is = |exit, code| Self::from_error(exit, code, &error);
        match &error {
            LeaveError::NoMember { member } => is(Exit::NotFound, "no-member")
                .of_unknown(Unknown::Member(member.clone()))
                .hint("v-secure member list"),
            // No ready line: another device than the one that was meant would be gone.
            LeaveError::NoDevice { name, .. } => is(Exit::NotFound, "no-device")
                .hint(format!("v-secure member show {}", name.member)),
            LeaveError::Ambiguous { name } => is(Exit::Usage, "recipient-ambiguous").hint(format!(
                "v-secure member show {}, and give more of the end of the one that is to go",
                name.member
            )),
            LeaveError::LastRecipient { name, alone, .. } => {
                let member = &name.member;
                let mut failure = is(Exit::Conflict, "last-device");
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
        let is = |exit, code| Self::from_error(exit, code, &error);
        match &error {
            RevokeError::NoRole { role } => is(Exit::NotFound, "no-role")
                .of_unknown(Unknown::Role(role.clone()))
                .hint("v-secure role list"),
            RevokeError::Owner => {
                is(Exit::Conflict, "owner-role").hint("v-secure role leave owner MEMBER")
            }
            RevokeError::NotGranted { role, reaching, .. } => {
                let mut failure = is(Exit::NotFound, "no-grant");
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
        let is = |exit, code| Self::from_error(exit, code, &error);
        match error {
            AdoptError::Put(error) => error.into(),
            AdoptError::NoEntry { .. } | AdoptError::Ambiguous { .. } => {
                is(Exit::NotFound, "no-entry").hint("v-secure adopt --list")
            }
            AdoptError::Counts { .. } | AdoptError::Adopted { .. } => {
                is(Exit::Conflict, "not-void").hint("v-secure adopt --list")
            }
            AdoptError::NotPermitted { ref able, .. } => {
                is(Exit::NotPermitted, "not-permitted").hint(format!("who can: {}", names(able)))
            }
            AdoptError::Keys { source: KeyError::NotInAudience { ref readers, .. }, .. } => {
                is(Exit::NotPermitted, "not-permitted")
                    .hint(format!("who can open it: {}", names(readers)))
            }
            AdoptError::Keys { .. } => closed_keys("keys", &error),
            AdoptError::Missing { ref id, .. } => {
                is(Exit::NotFound, "object-missing").hint(format!(
                    "git log -p -S {} -- .v-secure/vault.toml, where the value may still be",
                    short(id)
                ))
            }
            AdoptError::Open { .. } => {
                is(Exit::Integrity, "value-damaged").hint("v-secure audit verify")
            }
        }
    }
}
