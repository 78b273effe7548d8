//! What the library answers besides what was asked for: why a call failed, and what it remarks.

use crate::engine::giving::GivingError;
use crate::engine::proposals::ProposalError;
use crate::engine::publishing::PublishError;
use crate::engine::session::SessionError;
use crate::engine::transaction::TransactionError;
use crate::store::file::error::WriteError;
use crate::store::file::find::FindError;
use crate::store::file::private::PrivateError;
use std::path::PathBuf;
use v_secure_core::crypto::identity::IdentityError;
use v_secure_core::keys::policy_change::PolicyChangeError;
use v_secure_core::name::{NameError, SecretName};
use v_secure_core::people::init::InitError;
use v_secure_core::record::text::TextError;
use v_secure_core::secret::put::PutError;
use v_secure_core::secret::read::ReadError;
use v_secure_core::secret::rollback::RollbackError;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::unlock::{SignerError, UnlockError};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Find(#[from] FindError),
    #[error(transparent)]
    Init(#[from] InitError),
    /// The change is a proposal to the owners now: the vault is as it was until enough of them have signed.
    #[error("{threshold} owners must sign this: it was proposed to them, as {id}")]
    Proposed { id: String, threshold: usize },
    #[error(transparent)]
    Proposal(#[from] ProposalError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Transaction(#[from] TransactionError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    #[error(transparent)]
    Signer(#[from] SignerError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    #[error(transparent)]
    Giving(#[from] GivingError),
    #[error(transparent)]
    Policy(#[from] PolicyChangeError),
    #[error("the reason cannot be stored")]
    Reason(#[source] TextError),
    #[error("no secret may set a variable that begins with V_SECURE_")]
    OwnVariable,
    /// A new vault would take the place of one that is not checked out.
    #[error("git has the vault {path} that is not checked out here")]
    Hidden { path: PathBuf },
    /// The vault is not, or no longer, the one that was accepted at this place or that the pin names.
    #[error("the vault does not fit what was accepted before: {0:?}")]
    Pin(PinStatus),
    /// The newest state is wanted, and so many of the log's last entries that were accepted here are
    /// not there.
    #[error("{0} entries of the log that were accepted here before are missing")]
    HeadsMissing(usize),
}

/// What a call remarks though it succeeds: [`crate::Vault::take_notices`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The state folder does not know what was accepted, so that a later roll-back may go unnoticed.
    Unrecorded(SessionError),
    /// Another account could replace the state folder: it is not used, and nothing is remembered.
    StateUnused(PrivateError),
    /// An older state: its policy has fewer entries than the one that was accepted here before.
    Older { seen: usize, accepted: usize },
    /// So many of the log's last entries that were accepted here before are missing.
    HeadsMissing(usize),
    /// The secret has several active versions since a merge; the one with the highest number was given.
    Conflict(SecretName),
    /// The secret's current wrap does not open it, and an older one did: `v-secure access settle`
    /// mends that.
    FallenBack(SecretName),
    /// So many versions were due, by their expiry or the vault's retention, and are gone.
    Pruned(usize),
    /// What was due stays.
    NotPruned(Box<Error>),
}

impl Notice {
    /// Whether another one says the same: a call may judge a vault more than once.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Older { seen: a, accepted: b }, Self::Older { seen: c, accepted: d }) => {
                (a, b) == (c, d)
            }
            (Self::HeadsMissing(a), Self::HeadsMissing(b)) => a == b,
            (Self::Unrecorded(a), Self::Unrecorded(b)) => a.to_string() == b.to_string(),
            (Self::StateUnused(a), Self::StateUnused(b)) => a.to_string() == b.to_string(),
            (Self::NotPruned(a), Self::NotPruned(b)) => a.to_string() == b.to_string(),
            (Self::Conflict(a), Self::Conflict(b)) | (Self::FallenBack(a), Self::FallenBack(b)) => {
                a == b
            }
            _ => false,
        }
    }
}
