//! From each layer's typed errors to what a user sees: one `From` an error type.

mod leaving;

use super::error::Failure;
use super::exit::Exit;
use crate::name::Name;
use crate::ops::copy::CopyError;
use crate::ops::export::ExportError;
use crate::ops::init::InitError;
use crate::ops::key_rotation::KeyRotationError;
use crate::ops::member::MemberError;
use crate::ops::policy_change::PolicyChangeError;
use crate::ops::put::PutError;
use crate::ops::read::ReadError;
use crate::ops::remove::RemoveError;
use crate::ops::rollback::RollbackError;
use crate::ops::slot::SlotChangeError;
use crate::ops::unlock::{KeyError, SignerError};
use crate::ops::vault::{ApplyError, OpenError};
use crate::policy::error::{ChainError, ChainFault, OpFault};
use crate::store::base::BaseError;
use crate::store::error::WriteError;
use crate::store::find::FindError;
use crate::store::pins::PinError;
use crate::store::read::ReadError as FileError;
use crate::store::session::SessionError;
use crate::store::transaction::TransactionError;

fn names(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

impl From<FindError> for Failure {
    fn from(error: FindError) -> Self {
        match &error {
            FindError::NotFound { .. } | FindError::Missing { .. } => {
                Self::from_error(Exit::NotFound, "no-vault", &error)
                    .hint("v-secure init")
                    .hint("v-secure --vault PATH …, or V_SECURE_VAULT")
            }
            _ => Self::from_error(Exit::Failure, "vault-refused", &error),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match &error {
            SessionError::Open { path, source } => open_failure(path, source),
            SessionError::Read(FileError::TooLarge { .. }) => {
                Self::from_error(Exit::Integrity, "file-too-large", &error)
            }
            SessionError::Read(_) => Self::from_error(Exit::Failure, "vault-read", &error),
            SessionError::Pin(PinError::Damaged { .. } | PinError::Differs { .. })
            | SessionError::PinnedLine(_)
            | SessionError::PinnedChain(_) => Self::from_error(Exit::Integrity, "pin", &error)
                .hint("v-secure pin show")
                .hint("v-secure pin accept, after comparing the fingerprint with a colleague's"),
            SessionError::Pin(_) => Self::from_error(Exit::Failure, "state", &error),
        }
    }
}

impl From<BaseError> for Failure {
    fn from(error: BaseError) -> Self {
        let (exit, code) = match &error {
            BaseError::NoVault { .. } => (Exit::NotFound, "base-without-vault"),
            BaseError::File(FileError::TooLarge { .. }) => (Exit::Integrity, "file-too-large"),
            _ => (Exit::NotFound, "base-missing"),
        };
        let failure = Self::from_error(exit, code, &error);
        match &error {
            BaseError::NoRevision { .. } => failure
                .hint("git fetch, where the clone is shallow")
                .hint("a file is given as ./FILE"),
            _ => failure,
        }
    }
}

fn open_failure(path: &std::path::Path, error: &OpenError) -> Failure {
    let place = path.display();
    match error {
        OpenError::Format(source) => {
            if source.needs_newer() {
                let message = format!("{place} needs a newer v-secure");
                let mut failure = Failure::new(Exit::Failure, "needs-newer", message);
                // The error's text has its cause in it.
                failure.causes.push(source.to_string());
                return failure;
            }
            let message = format!("{place}, line {}: not a valid vault file", source.line);
            Failure::new(Exit::Integrity, source.code(), message)
                .because(&source.cause)
                .hint("git log -p -- .v-secure/vault.toml")
                .hint("git checkout REV -- .v-secure/vault.toml")
        }
        OpenError::Chain(source) => {
            let message = format!("{place}: the policy chain is broken");
            Failure::new(Exit::Integrity, source.code(), message)
                .because(source)
                .hint("v-secure audit verify")
        }
        OpenError::Findings(findings) => {
            let code = findings.first().map_or("integrity", |finding| finding.code.as_str());
            let mut failure =
                Failure::new(Exit::Integrity, code, format!("{place} does not verify"));
            failure.causes =
                findings.iter().map(|finding| finding.message.clone()).take(5).collect();
            failure.hint("v-secure audit verify").hint("git log -p -- .v-secure/vault.toml")
        }
        OpenError::OtherVault => Failure::from_error(Exit::Integrity, "header-vault", error),
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match &error {
            KeyError::NotInAudience { readers, .. } => {
                Self::from_error(Exit::NotPermitted, "not-permitted", &error)
                    .hint(format!("who can read it: {}", names(readers)))
            }
            KeyError::Envelope { .. } | KeyError::NoAudience { .. } => {
                Self::from_error(Exit::Integrity, "envelope", &error)
            }
        }
    }
}

impl From<SignerError> for Failure {
    fn from(error: SignerError) -> Self {
        Self::from_error(Exit::NotPermitted, "no-signing-key", &error)
            .hint("v-secure member request, and give the line to somebody who may grant")
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let is = |exit, code| Self::from_error(exit, code, &error);
        match &error {
            ReadError::NotFound { secret, similar } => {
                let failure = is(Exit::NotFound, "not-found");
                match similar.first() {
                    Some(other) => failure.hint(format!("v-secure get {other}")),
                    None => failure.hint(format!("v-secure ls -e {}", secret.environment())),
                }
            }
            ReadError::Gone { secret } => is(Exit::NotFound, "removed")
                .hint(format!("v-secure secret restore {secret}"))
                .hint(format!("v-secure secret versions {secret}")),
            ReadError::NoVersion { secret } | ReadError::Ambiguous { secret } => {
                is(Exit::NotFound, "no-version").hint(format!("v-secure secret versions {secret}"))
            }
            ReadError::Pruned { secret, .. } => {
                is(Exit::NotFound, "pruned").hint(format!("v-secure secret versions {secret}"))
            }
            ReadError::Expired { secret, since } => {
                let mut failure = is(Exit::Expired, "expired");
                failure.causes.push(format!("since {}", crate::ops::duration::rfc3339(*since)));
                failure.hint(format!("v-secure set {secret}"))
            }
            ReadError::NotPermitted { secret, readers, .. } => {
                is(Exit::NotPermitted, "not-permitted")
                    .hint(format!("v-secure access list --secret-id {secret}"))
                    .hint(format!("who can read it: {}", names(readers)))
            }
            ReadError::Unsettled { secret, able, .. } => {
                is(Exit::NotPermitted, "unsettled").hint(format!(
                    "who can settle it, by 'v-secure access settle' or a new value of {secret}: {}",
                    names(able)
                ))
            }
            ReadError::Missing { .. } => is(Exit::Integrity, "object-missing")
                .hint("v-secure audit verify")
                .hint("git log -p -- .v-secure/vault.toml"),
            ReadError::Open { .. } => {
                is(Exit::Integrity, "value-damaged").hint("v-secure audit verify")
            }
            ReadError::Keys { .. } => is(Exit::Integrity, "keys"),
        }
    }
}

impl From<PutError> for Failure {
    fn from(error: PutError) -> Self {
        let is = |exit, code| Self::from_error(exit, code, &error);
        match &error {
            PutError::NotPermitted { able, .. } => {
                is(Exit::NotPermitted, "not-permitted").hint(format!("who can: {}", names(able)))
            }
            PutError::NoAudience { .. } | PutError::Due { .. } => {
                is(Exit::NotPermitted, "no-audience")
                    .hint("an owner gives it keys with: v-secure access settle")
            }
            PutError::Keys { .. } => is(Exit::Integrity, "keys"),
            PutError::Seal { .. } => is(Exit::Failure, "seal"),
            PutError::Nothing => is(Exit::Usage, "nothing"),
        }
    }
}

impl From<RemoveError> for Failure {
    fn from(error: RemoveError) -> Self {
        let is = |exit, code| Self::from_error(exit, code, &error);
        match error {
            RemoveError::Read(error) => error.into(),
            RemoveError::NotPermitted { ref able, .. } => {
                is(Exit::NotPermitted, "not-permitted").hint(format!("who can: {}", names(able)))
            }
            RemoveError::NotRemoved { ref secret }
            | RemoveError::VersionNotRemoved { ref secret, .. } => {
                is(Exit::Conflict, "not-removed").hint(format!("v-secure secret versions {secret}"))
            }
        }
    }
}

impl From<RollbackError> for Failure {
    fn from(error: RollbackError) -> Self {
        let is = |exit, code| Self::from_error(exit, code, &error);
        match error {
            RollbackError::Read(error) => error.into(),
            RollbackError::Put(error) => error.into(),
            RollbackError::Current { ref secret, .. } => {
                is(Exit::Conflict, "current").hint(format!("v-secure secret versions {secret}"))
            }
            RollbackError::Removed { ref secret, number } => is(Exit::NotFound, "removed")
                .hint(format!("v-secure secret restore {secret} --version {number}")),
        }
    }
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let is = |exit, code| Self::from_error(exit, code, &error);
        match error {
            CopyError::Read(error) => error.into(),
            CopyError::Put(error) => error.into(),
            CopyError::Remove(error) => error.into(),
            CopyError::Same { .. } => is(Exit::Usage, "same-name"),
            CopyError::Exists { ref secret } => is(Exit::Conflict, "exists")
                .hint(format!("v-secure secret show {secret}"))
                .hint("--overwrite, to replace it (its versions stay in the history)"),
            CopyError::Conflict { ref secret } => is(Exit::Conflict, "conflict")
                .hint(format!("v-secure secret versions {secret}"))
                .hint(format!("v-secure set {secret}, which settles it")),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Variable(error) => {
                let failure = Self::from_error(Exit::Failure, "environment", &error);
                match error.hint() {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                }
            }
            _ => Self::from_error(Exit::Failure, "export-format", &error)
                .hint("v-secure export --format json, which carries any text")
                .hint("v-secure get NAME > FILE, for bytes that are no text"),
        }
    }
}

impl From<TransactionError> for Failure {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Session(error) => error.into(),
            TransactionError::Apply(ApplyError::Chain(source)) => chain_failure(&source),
            TransactionError::Apply(ApplyError::NotCounting) => {
                Self::from_error(Exit::NotPermitted, "not-permitted", &error)
            }
            TransactionError::Apply(ApplyError::Record(source)) => {
                Self::new(Exit::Usage, source.code(), "this cannot be stored").because(&source)
            }
            TransactionError::Write(error) => error.into(),
            TransactionError::Lock(_) => Self::from_error(Exit::Conflict, "locked-file", &error),
            _ => Self::from_error(Exit::Failure, "write", &error),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match &error {
            WriteError::Exists { .. } => Self::from_error(Exit::Conflict, "exists", &error)
                .hint("-o FILE, to write another one"),
            _ => Self::from_error(Exit::Failure, "write", &error),
        }
    }
}

impl From<PolicyChangeError> for Failure {
    fn from(error: PolicyChangeError) -> Self {
        match &error {
            PolicyChangeError::NotPermitted { able, .. } => {
                Self::from_error(Exit::NotPermitted, "not-permitted", &error)
                    .hint(format!("who can: {}", names(able)))
                    .hint("v-secure access list")
            }
            PolicyChangeError::Threshold { .. } => {
                Self::from_error(Exit::NotPermitted, "owner-threshold", &error)
            }
            PolicyChangeError::Chain(source) => chain_failure(source),
            PolicyChangeError::Keys { .. } => Self::from_error(Exit::Integrity, "keys", &error),
            _ => Self::from_error(Exit::Failure, "policy", &error),
        }
    }
}

/// A change of policy that the chain's rules refuse.
fn chain_failure(error: &ChainError) -> Failure {
    let exit = match &error.cause {
        ChainFault::Unauthorised { .. } | ChainFault::UnknownKey { .. } => Exit::NotPermitted,
        ChainFault::Op(OpFault::UnknownRole { .. } | OpFault::UnknownMember { .. }) => {
            Exit::NotFound
        }
        ChainFault::Op(OpFault::Setting(_)) => Exit::Usage,
        _ => Exit::Conflict,
    };
    let mut failure = Failure::from_error(exit, error.code(), &error.cause);
    if let ChainFault::Op(OpFault::RoleExists { role }) = &error.cause {
        return failure
            .hint(format!("v-secure access grant {role} PATTERN RIGHTS"))
            .hint("v-secure role list");
    }
    let hint = match &error.cause {
        ChainFault::Op(OpFault::UnknownRole { .. }) => "v-secure role list",
        ChainFault::Op(OpFault::UnknownMember { .. }) => "v-secure member list",
        ChainFault::Op(OpFault::LastOwner { .. }) => {
            "v-secure role join owner MEMBER, for another owner first"
        }
        ChainFault::Op(OpFault::Setting(_)) => "v-secure settings show",
        _ => "v-secure access list",
    };
    failure.hints.push(hint.into());
    failure
}

impl From<KeyRotationError> for Failure {
    fn from(error: KeyRotationError) -> Self {
        let is = |exit, code| Self::from_error(exit, code, &error);
        match error {
            KeyRotationError::Policy(error) => error.into(),
            KeyRotationError::Read(error) => error.into(),
            KeyRotationError::Put(error) => error.into(),
            KeyRotationError::NoAudience { ref known, .. } => {
                is(Exit::NotFound, "unknown-audience")
                    .hint(format!("audiences: {}", known.join(", ")))
                    .hint("v-secure key status")
            }
            KeyRotationError::Retired { .. } => {
                is(Exit::Conflict, "audience-retired").hint("v-secure role list")
            }
        }
    }
}

impl From<MemberError> for Failure {
    fn from(error: MemberError) -> Self {
        let is = |exit, code| Self::from_error(exit, code, &error);
        match &error {
            MemberError::OtherVault => is(Exit::Conflict, "request-other-vault"),
            MemberError::OtherName { found, .. } => is(Exit::Conflict, "request-other-name")
                .hint(format!("v-secure member add {found} --request …, if that is who it is")),
            MemberError::OtherKind { member, .. } => {
                is(Exit::Conflict, "member-kind").hint(format!("v-secure member show {member}"))
            }
            MemberError::Nothing { member } => {
                is(Exit::Conflict, "exists").hint(format!("v-secure member show {member}"))
            }
            MemberError::ExpiryStated { member } => is(Exit::Conflict, "member-expiry")
                .hint(format!("v-secure member show {member}"))
                .hint(format!("v-secure member remove {member}, and let it in again")),
            MemberError::RecipientTaken { owner } => {
                is(Exit::Conflict, "recipient-taken").hint(format!("v-secure member show {owner}"))
            }
            MemberError::DeviceTaken { member, .. } => is(Exit::Conflict, "device-taken")
                .hint(format!("v-secure member request {member} --device OTHER")),
            MemberError::Recipient(_) => is(Exit::Usage, "recipient"),
            MemberError::NoRole { role } => is(Exit::NotFound, "no-role")
                .hint(format!("v-secure role create {role} --grant read:PATTERN"))
                .hint("v-secure role list"),
            MemberError::RoleTaken { role } => is(Exit::Conflict, "role-taken")
                .hint(format!("--role {role} instead of --read, to join it as it is"))
                .hint("v-secure role list"),
        }
    }
}

impl From<SlotChangeError> for Failure {
    fn from(error: SlotChangeError) -> Self {
        let is = |exit, code| Self::from_error(exit, code, &error);
        match &error {
            SlotChangeError::NotFound { .. } | SlotChangeError::Ambiguous { .. } => {
                is(Exit::NotFound, "no-slot").hint("v-secure key slot list")
            }
            SlotChangeError::NotYours { owner, .. } => is(Exit::NotPermitted, "not-permitted")
                .hint(format!("who can: {owner}"))
                .hint(format!("v-secure member show {owner}, for the device that it belongs to")),
            SlotChangeError::Full => is(Exit::Conflict, "slots-full").hint("v-secure key slot list"),
            SlotChangeError::NothingToSeal { .. } => is(Exit::Conflict, "nothing-to-seal")
                .hint("v-secure --identity FILE key slot add, with an identity of 'v-secure identity new'"),
            SlotChangeError::OtherIdentity { .. } => is(Exit::Conflict, "slot-identity")
                .hint("v-secure --passphrase-fd N key slot change SLOT, with the slot's present passphrase"),
            SlotChangeError::Seal(_) => is(Exit::Failure, "slot"),
        }
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        Self::from_error(Exit::Failure, "init", &error)
    }
}
