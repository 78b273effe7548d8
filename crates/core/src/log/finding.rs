//! What verification reports: a stable code, how bad it is, what it is about, one sentence that
//! names who did what, and the command that helps.

use crate::crypto::bytes::ShortId;
use crate::crypto::id::{EntryId, ObjectId, PolicyId, WrapId};
use crate::name::SecretName;
use crate::name::audience::AudienceName;
use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The vault is not to be trusted as it is: exit code 6.
    Error,
    /// Trustworthy, and somebody should act.
    Warning,
    /// Worth knowing.
    Notice,
}

impl Severity {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $text:literal $severity:ident,)+) => {
        /// What was found. The texts are stable: scripts may match them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingCode {
            $($(#[$doc])* $code,)+
        }

        impl FindingCode {
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The stable text.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)+ }
            }

            pub const fn severity(self) -> Severity {
                match self { $(Self::$code => Severity::$severity,)+ }
            }
        }
    };
}

codes! {
    /// An entry's parent is not in the log.
    ParentMissing "parent-missing" Error,
    /// An entry's lamport number is not one more than its parents' greatest.
    LamportWrong "lamport-wrong" Error,
    /// An entry names a policy entry that the chain does not have.
    PolicyUnknown "policy-unknown" Error,
    /// An entry names an earlier policy entry than a parent of it does.
    PolicyBackdated "policy-backdated" Error,
    /// An entry is signed by a key that was never in the chain.
    KeyUnknown "key-unknown" Error,
    /// An entry names an actor whose key it is not.
    ActorWrong "actor-wrong" Error,
    /// An entry's key was not active at the policy entry that it names.
    KeyInactive "key-inactive" Error,
    /// A signature does not verify.
    SignatureInvalid "signature-invalid" Error,
    /// An op that its actor had no right to at the policy entry that it names.
    OpUnauthorised "op-unauthorised" Error,
    /// The header's vault id is not genesis'.
    HeaderVault "header-vault" Error,
    /// The header's name is not genesis'.
    HeaderName "header-name" Error,
    /// A policy entry's head is not in the log: history was dropped.
    PolicyHeadMissing "policy-head-missing" Error,
    AudienceMissing "audience-missing" Error,
    AudienceUnknown "audience-unknown" Error,
    /// An audience's section states another epoch than the policy.
    AudienceEpoch "audience-epoch" Error,
    /// An envelope's bytes are not those that the policy names.
    EnvelopeWrong "envelope-wrong" Error,
    /// A secret's readable copy `active` is not what the log leads to.
    ActiveWrong "active-wrong" Error,
    /// No entry names the version for its secret.
    ObjectUnknown "object-unknown" Error,
    /// A version that the log leads to is not in the file.
    ObjectMissing "object-missing" Error,
    /// A version's bytes are gone because of a `prune` that does not count.
    ObjectLost "object-lost" Error,
    /// No entry names the wrap for its version.
    WrapUnknown "wrap-unknown" Error,
    /// A wrap that a counting entry names for a version is not in the file.
    WrapMissing "wrap-missing" Error,
    /// A wrap under an epoch that the policy does not know, or knows for another audience.
    WrapEpoch "wrap-epoch" Error,
    /// The block of what is closed is not the one that owners signed, or the file lacks what it keeps.
    ClosedWrong "closed-wrong" Error,
    /// A checkpoint closes the log otherwise than the log itself says.
    CheckpointFalse "checkpoint-false" Error,
    /// A slot that its stated member never signed.
    SlotForged "slot-forged" Error,
    /// An entry of the base is missing.
    BaseEntryMissing "base-entry-missing" Error,
    /// A version of the base that nobody pruned is missing.
    BaseObjectMissing "base-object-missing" Error,
    /// The base's policy chain is not a prefix.
    BasePolicyDiverged "base-policy-diverged" Error,
    /// A slot of the base, or its removal, is missing.
    BaseSlotMissing "base-slot-missing" Error,
    /// Several versions or field values are active.
    Conflict "conflict" Warning,
    /// A version was removed and restored side by side.
    RemovalConflict "removal-conflict" Warning,
    /// A version's expiry was stated in several ways side by side.
    ExpiryConflict "expiry-conflict" Warning,
    /// A version was pruned beside an op that put its expiry off.
    PruneBesideExpire "prune-beside-expire" Warning,
    /// A rotation of a value that was removed beside it: it sets nothing.
    Overruled "overruled" Warning,
    /// Several rotations of a secret go on at once, and none of them has the say.
    RotationContested "rotation-contested" Warning,
    /// A rotation that is open met something that it does not know of.
    RotationStale "rotation-stale" Warning,
    /// A rotation was promoted and aborted side by side, and what was promoted is active.
    RotationDivided "rotation-divided" Warning,
    /// An active version that the provider accepts no more.
    RetiredActive "retired-active" Warning,
    /// An op of a rotation does not count, and nobody has adopted it or set the secret since.
    RotationVoid "rotation-void" Warning,
    /// Some ops of an entry were written under rights that had been taken away by then.
    Split "split" Warning,
    /// An op that lost its standing would have changed a current value.
    VoidChangesValue "void-changes-value" Warning,
    /// A current value is wrapped for another audience than the grants say.
    Unsettled "unsettled" Warning,
    /// A current value came in under an epoch that had been replaced.
    SupersededEpoch "superseded-epoch" Warning,
    /// An audience takes no new values until somebody renews its keys.
    AudienceDue "audience-due" Warning,
    /// A member's recipient could not be sealed to when an audience's keys were.
    RecipientSkipped "recipient-skipped" Warning,
    /// The current value is past its expiry.
    Expired "expired" Warning,
    /// An entry was written wholly under rights that had been taken away by then.
    Void "void" Notice,
    /// The value of a rotation that was called off: what it is for may accept it still.
    RotationLeft "rotation-left" Notice,
    /// A slot's member does not hold the signing key any more.
    SlotStale "slot-stale" Notice,
    /// A secret that the base does not have: a variable more for the programs of its environment.
    BaseSecretNew "base-secret-new" Notice,
    /// The base's policy gave way to this one, on the word of its own owners.
    BasePolicyRebased "base-policy-rebased" Notice,
    /// A void entry of the base was dropped, which anybody may do.
    BaseVoidDropped "base-void-dropped" Notice,
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Vault,
    Policy(PolicyId),
    Audience(AudienceName),
    Slot(ShortId),
    Entry(EntryId),
    Secret(SecretName),
    Object { secret: SecretName, object: ObjectId },
    Wrap { secret: SecretName, wrap: WrapId },
}

impl Subject {
    /// The kind, for machines.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Policy(_) => "policy",
            Self::Audience(_) => "audience",
            Self::Slot(_) => "slot",
            Self::Entry(_) => "entry",
            Self::Secret(_) => "secret",
            Self::Object { .. } => "object",
            Self::Wrap { .. } => "wrap",
        }
    }

    /// The log entry, if the subject is one.
    pub fn entry(&self) -> Option<&EntryId> {
        match self {
            Self::Entry(id) => Some(id),
            _ => None,
        }
    }

    /// The secret, if the subject belongs to one.
    pub fn secret(&self) -> Option<&SecretName> {
        match self {
            Self::Secret(secret) | Self::Object { secret, .. } | Self::Wrap { secret, .. } => {
                Some(secret)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault => f.write_str("vault"),
            Self::Policy(id) => id.fmt(f),
            Self::Entry(id) => id.fmt(f),
            Self::Audience(audience) => f.write_str(audience),
            Self::Slot(slot) => slot.fmt(f),
            Self::Secret(secret) => secret.fmt(f),
            Self::Object { secret, object } => write!(f, "{secret}@{object}"),
            Self::Wrap { secret, wrap } => write!(f, "{secret}@{wrap}"),
        }
    }
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: FindingCode,
    pub severity: Severity,
    pub subject: Subject,
    /// One sentence, without control characters.
    pub message: String,
    /// A command to run next.
    pub hint: Option<String>,
}

impl Finding {
    pub fn new(code: FindingCode, subject: Subject, message: impl Into<String>) -> Self {
        let (severity, message) = (code.severity(), message.into());
        Self { code, severity, subject, message, hint: None }
    }

    pub fn hint(mut self, command: impl Into<String>) -> Self {
        self.hint = Some(command.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.severity, self.code, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_kebab_case() {
        let mut texts: Vec<&str> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(texts.iter().all(|t| t.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), FindingCode::ALL.len());
    }

    #[test]
    fn errors_sort_before_warnings_and_notices() {
        assert!(Severity::Error < Severity::Warning && Severity::Warning < Severity::Notice);
    }
}
