//! Why a chain is refused. One variant a cause; codes are stable and meant for machines, the texts
//! for people. Nothing here is secret: a chain is public.

use super::op::Right;
use super::settings::SettingError;
use crate::crypto::id::{EpochId, KeyId};
use crate::crypto::identity::recipient::RecipientError;
use crate::crypto::sign::SignError;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern};
use crate::policy::position::PolicyPosition;
use std::error::Error;
use std::fmt;

/// A chain that breaks a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainError {
    /// Which entry, from 0.
    pub position: PolicyPosition,
    /// Which op of it, from 0, if the fault is one op's.
    pub op: Option<usize>,
    pub cause: ChainFault,
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy entry {}", self.position)?;
        if let Some(op) = self.op {
            write!(f, ", op {op}")?;
        }
        write!(f, ": {}", self.cause)
    }
}

impl Error for ChainError {
    // The cause is part of the text already; what follows is what is behind it.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

impl ChainError {
    /// The fault's stable name.
    pub fn code(&self) -> &'static str {
        self.cause.code()
    }
}

/// What is wrong with an entry of the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    #[error("the chain has no entry")]
    Empty,
    #[error("the chain has more than {most} entries")]
    TooLong { most: usize },
    #[error("its number is {found}")]
    Seq { found: u64 },
    #[error("it does not continue the entry before it")]
    Link,
    #[error("it holds no op")]
    NoOp,
    #[error("it is not signed")]
    NoSignature,
    #[error("it has more than {most} signatures")]
    TooManySignatures { most: usize },
    #[error("key {key} signs it twice, or its signatures are out of order")]
    SignatureOrder { key: KeyId },
    #[error("key {key}, which signs it, is not in the policy before it")]
    UnknownKey { key: KeyId },
    #[error("the signature of key {key} is wrong")]
    Signature { key: KeyId },
    #[error("genesis does not begin with the one op that states the vault")]
    Genesis,
    #[error("the vault is stated again")]
    SecondVault,
    #[error("only {found} of the {threshold} owners that must be able to sign would have a key")]
    OwnersLocked { found: usize, threshold: usize },
    #[error("not authorised: it needs {needs}")]
    Unauthorised { needs: Needs },
    #[error(transparent)]
    Op(#[from] OpFault),
}

/// What an op would have needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Needs {
    #[error("{}", owners(*threshold))]
    Owners { threshold: usize },
    #[error("a signer with the right to grant")]
    GrantAnywhere,
    #[error("a signer with the right to grant on all that role {role} has")]
    OverRole { role: Name },
    #[error("a signer who may grant, and itself holds, all that role {role} has")]
    GivingRole { role: Name },
    #[error("a signer with the right to grant on {pattern}")]
    GrantOn { pattern: Pattern },
    #[error("a signer who may grant on {pattern} and itself holds {right} there", right = right.as_str())]
    Giving { pattern: Pattern, right: Right },
    #[error("a signer who is in audience {audience} and may grant on all that it reads")]
    InAudience { audience: AudienceName },
    #[error("the signature of an owner who stays one")]
    AnOwner,
    #[error("a signer who added member {member}, which has no role, and may grant")]
    MembersCreator { member: Name },
    #[error("a signer who added role {role}, which has no grant, and may grant")]
    RolesCreator { role: Name },
    #[error("an owner, a member who may grant all that {member} has, or two devices of {member}")]
    TwoKeys { member: Name },
}

fn last_owner(threshold: usize) -> String {
    match threshold {
        1 => "this is the last owner, and a vault needs at least one".to_owned(),
        many => format!("too few owners would be left: {many} must sign"),
    }
}

fn owners(threshold: usize) -> String {
    match threshold {
        1 => "the signature of an owner".to_owned(),
        many => format!("the signatures of {many} owners"),
    }
}

/// What there is a limit of, so that reading a chain costs what it is worth. The last places are for
/// owners: who may let people in could else fill up a member or role of others, and keep owners out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    MembersOfRole,
    RolesOfMember,
    DevicesOfMember,
    PatternsOfRole,
}

impl Limit {
    pub const fn most(self) -> usize {
        match self {
            Self::MembersOfRole => 1_000,
            Self::RolesOfMember | Self::DevicesOfMember => 64,
            Self::PatternsOfRole => 1_024,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::MembersOfRole => "members of one role",
            Self::RolesOfMember => "roles of one member",
            Self::DevicesOfMember => "device keys of one member",
            Self::PatternsOfRole => "patterns that roles of one name were ever granted",
        }
    }

    /// The most that others than owners make of it.
    pub(crate) const fn by_others(self) -> usize {
        match self {
            Self::MembersOfRole => 900,
            Self::RolesOfMember | Self::DevicesOfMember => 48,
            Self::PatternsOfRole => 256,
        }
    }

    /// Refuses one more where there are so many. `owners_lacking` is the threshold where too few owners
    /// sign.
    pub(super) fn check(
        self,
        there: usize,
        owners_lacking: Option<usize>,
    ) -> Result<(), ChainFault> {
        match owners_lacking {
            _ if there >= self.most() => Err(OpFault::TooMany { what: self }.into()),
            Some(threshold) if there >= self.by_others() => {
                Err(ChainFault::Unauthorised { needs: Needs::Owners { threshold } })
            }
            _ => Ok(()),
        }
    }
}

/// What is wrong with an op, judged against the state that it meets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpFault {
    #[error("this version does not know the vault's suite")]
    Suite,
    #[error("a vault needs at least one owner to sign")]
    Threshold,
    #[error("of the owners no more than {most} can be asked to sign, and {owners} are too many")]
    ThresholdTooHigh { owners: u32, most: usize },
    #[error("the vault op of genesis states how many owners must sign")]
    ThresholdInGenesis,
    #[error("a checkpoint stands alone in its entry, and not in genesis")]
    CheckpointPlace,
    #[error("a checkpoint closes more entries than the one before it, which closes {before}")]
    CheckpointOrder { before: u64 },
    #[error("member {member} exists")]
    MemberExists { member: Name },
    #[error("there is no member {member}")]
    UnknownMember { member: Name },
    #[error("member {taken} exists: names of members must differ by more than letter case")]
    MemberAlike { taken: Name },
    #[error("member {member} must have 1 to {most} recipients")]
    RecipientCount { member: Name, most: usize },
    #[error("member {member} has that recipient")]
    RecipientExists { member: Name },
    #[error("member {member} has no such recipient")]
    UnknownRecipient { member: Name },
    #[error("a recipient is not an age recipient in its canonical spelling")]
    Recipient(#[source] RecipientError),
    #[error("that recipient is a key of member {owner}")]
    RecipientTaken { owner: Name },
    #[error("the setting plugins.allow does not name {plugin}, which a recipient needs")]
    Plugin { plugin: String },
    #[error("there would be more than {} {}", what.most(), what.text())]
    TooMany { what: Limit },
    #[error(
        "the access that it gives is not the access that it states: members, keys, recipients or grants are others than its signer looked at"
    )]
    Gives,
    #[error("{}", last_owner(*threshold))]
    LastOwner { threshold: usize },
    #[error("member {member} has a device {device}")]
    DeviceExists { member: Name, device: Name },
    #[error("member {member} has no device {device}")]
    UnknownDevice { member: Name, device: Name },
    #[error("key {key} is or was in the chain")]
    KeyReused { key: KeyId },
    #[error("the key is unusable")]
    BadKey(#[source] SignError),
    #[error("key {key} does not prove that its holder asked to be added here")]
    KeyProof { key: KeyId },
    #[error("role {role} exists")]
    RoleExists { role: Name },
    #[error("role {taken} exists: names of roles must differ by more than letter case")]
    RoleAlike { taken: Name },
    #[error("there is no role {role}")]
    UnknownRole { role: Name },
    #[error("the role owner cannot be changed")]
    OwnerRole,
    #[error("{member} is in role {role}")]
    InRole { role: Name, member: Name },
    #[error("{member} is not in role {role}")]
    NotInRole { role: Name, member: Name },
    #[error("an op names no right, or one twice")]
    Rights,
    #[error("role {role} does not have all those rights on {pattern}")]
    NotGranted { role: Name, pattern: Pattern },
    #[error("the text is not the name of an audience")]
    AudienceName,
    #[error("keys of an audience cannot be in genesis: they bind its hash")]
    InGenesis,
    #[error("an epoch's recipient is an X25519 recipient")]
    EpochRecipient,
    #[error("the epoch's recipient was used before")]
    EpochRecipientUsed,
    #[error("epoch {epoch} is used already")]
    EpochReused { epoch: EpochId },
    #[error("epoch {epoch} is not the current one of audience {audience}")]
    NotCurrent { audience: AudienceName, epoch: EpochId },
    #[error("audience {audience} is due for a new epoch")]
    Due { audience: AudienceName },
    #[error(
        "the recipients that the envelope of audience {audience} leaves out are not some of its members'"
    )]
    Skipped { audience: AudienceName },
    #[error("a setting is refused")]
    Setting(#[source] SettingError),
}

impl ChainFault {
    /// A stable name in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty | Self::Genesis => "policy-genesis",
            Self::TooLong { .. } => "policy-too-long",
            Self::Seq { .. } => "policy-seq",
            Self::Link => "policy-link",
            Self::NoOp => "policy-no-op",
            Self::NoSignature => "policy-no-signature",
            Self::TooManySignatures { .. } => "policy-too-many-signatures",
            Self::SignatureOrder { .. } => "policy-signature-order",
            Self::UnknownKey { .. } => "policy-unknown-key",
            Self::Signature { .. } => "policy-signature",
            Self::SecondVault => "policy-second-vault",
            Self::OwnersLocked { .. } => "policy-owners-locked",
            Self::Unauthorised { .. } => "policy-unauthorised",
            Self::Op(fault) => fault.code(),
        }
    }
}

impl OpFault {
    /// A stable name in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Suite => "policy-op-suite",
            Self::Threshold => "policy-op-threshold",
            Self::ThresholdTooHigh { .. } => "policy-op-threshold-too-high",
            Self::ThresholdInGenesis => "policy-op-threshold-in-genesis",
            Self::CheckpointPlace => "policy-op-checkpoint-place",
            Self::CheckpointOrder { .. } => "policy-op-checkpoint-order",
            Self::MemberExists { .. } => "policy-op-member-exists",
            Self::UnknownMember { .. } => "policy-op-unknown-member",
            Self::MemberAlike { .. } => "policy-op-member-alike",
            Self::RecipientCount { .. } => "policy-op-recipient-count",
            Self::RecipientExists { .. } => "policy-op-recipient-exists",
            Self::UnknownRecipient { .. } => "policy-op-unknown-recipient",
            Self::Recipient(_) => "policy-op-recipient",
            Self::RecipientTaken { .. } => "policy-op-recipient-taken",
            Self::Plugin { .. } => "policy-op-plugin",
            Self::TooMany { .. } => "policy-op-too-many",
            Self::Gives => "policy-op-gives",
            Self::LastOwner { .. } => "policy-op-last-owner",
            Self::DeviceExists { .. } => "policy-op-device-exists",
            Self::UnknownDevice { .. } => "policy-op-unknown-device",
            Self::KeyReused { .. } => "policy-op-key-reused",
            Self::BadKey(_) => "policy-op-bad-key",
            Self::KeyProof { .. } => "policy-op-key-proof",
            Self::RoleExists { .. } => "policy-op-role-exists",
            Self::RoleAlike { .. } => "policy-op-role-alike",
            Self::UnknownRole { .. } => "policy-op-unknown-role",
            Self::OwnerRole => "policy-op-owner-role",
            Self::InRole { .. } => "policy-op-in-role",
            Self::NotInRole { .. } => "policy-op-not-in-role",
            Self::Rights => "policy-op-rights",
            Self::NotGranted { .. } => "policy-op-not-granted",
            Self::AudienceName => "policy-op-audience-name",
            Self::InGenesis => "policy-op-in-genesis",
            Self::EpochRecipient => "policy-op-epoch-recipient",
            Self::EpochRecipientUsed => "policy-op-epoch-recipient-used",
            Self::EpochReused { .. } => "policy-op-epoch-reused",
            Self::NotCurrent { .. } => "policy-op-not-current",
            Self::Due { .. } => "policy-op-due",
            Self::Skipped { .. } => "policy-op-skipped",
            Self::Setting(_) => "policy-op-setting",
        }
    }
}
