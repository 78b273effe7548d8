//! What asks the engine: the command line, the library, and whatever comes beside them. A door says who the
//! user is and what they agree to; what is refused, accepted and recorded is the engine's, the same for all.

use super::giving::GivingError;
use super::lost::Lost;
use super::proposals::{ProposalError, Proposed};
use super::publishing::PublishError;
use super::session::{OpenedVault, Session, SessionError};
use super::transaction::TransactionError;
use crate::host::Random;
use crate::host::progress::{Progress, Silent};
use std::time::Duration;
use v_secure_core::crypto::id::EntryId;
use v_secure_core::name::SecretName;
use v_secure_core::record::text::TextError;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault;
use v_secure_core::vault::unlock::{SignerError, Unlocked};

/// What a vault is opened for: how first use and old states are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Metadata: shown with a remark about what is not known.
    Look,
    /// Values: nothing is given out of a vault that was not accepted.
    Use,
    /// The same, and nothing out of an older state than one that was accepted.
    UseNewest,
}

/// What a door is told, though what it asked for succeeds.
#[derive(Debug)]
pub enum Remark<'a> {
    /// An older state: its policy has fewer entries than the one that was accepted here before.
    Older { seen: usize, accepted: usize },
    /// Log entries that were accepted here before are not there.
    Missing(&'a [EntryId]),
    /// The state folder does not know what was accepted, so that a later roll-back may go unnoticed.
    Unrecorded(SessionError),
    /// The secret's current wrap does not open it, and an older one did.
    FallenBack(SecretName),
}

/// Why a vault that verifies is refused all the same.
#[derive(Debug)]
pub enum Refusal<'a> {
    /// It is not what was accepted here: [`OpenedVault::pin`] says how.
    Pin,
    /// The newest state is wanted, and this policy has fewer entries.
    Older { seen: usize, accepted: usize },
    /// The newest state is wanted, and log entries are not there.
    Missing(&'a [EntryId]),
    /// Writing on it would undo what took something away.
    MissingTakings,
}

/// Whether a user agrees to a vault that nothing vouches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// By this question.
    Now,
    /// Earlier in what they are doing: there is nothing more to judge, or to remember.
    Before,
}

pub trait Door {
    type Error: From<SessionError>
        + From<TransactionError>
        + From<SignerError>
        + From<GivingError>
        + From<PublishError>;

    /// Asks about a vault that nothing vouches for, or refuses it.
    fn agree(&self, session: &Session, opened: &OpenedVault) -> Result<Agreed, Self::Error>;

    /// The words for a refusal.
    fn refuse(&self, session: &Session, opened: &OpenedVault, why: Refusal<'_>) -> Self::Error;

    /// The words for a change that was not written. `lost` is what the policy lacks of the one that was
    /// accepted.
    fn uncommitted(&self, error: TransactionError, lost: Option<&Lost>) -> Self::Error;

    /// The words for a change that was not written, as owners are to sign it first; or for why it could not
    /// be proposed to them.
    fn proposed(&self, session: &Session, proposed: Result<Proposed, ProposalError>)
    -> Self::Error;

    fn bad_reason(&self, error: TextError) -> Self::Error;

    fn hear(&self, session: &Session, opened: Option<&OpenedVault>, remark: Remark<'_>);

    fn random(&self) -> &dyn Random;

    /// Seconds since the Unix epoch. A read is dated when its values leave, however long a question took.
    fn now(&self) -> UnixTime;

    fn progress(&self) -> Box<dyn Progress> {
        Box::new(Silent)
    }

    /// Who the user is, if that is known without asking anybody or anything.
    fn unasked(&self, vault: &Vault) -> Option<Unlocked>;

    /// Whether what is due may be pruned on the side of what the door does.
    fn may_prune(&self) -> bool;

    /// How long an OS keyring may take where something of the values that pass is kept, to find them in files;
    /// `None` where nothing is kept.
    fn keeps_prints(&self) -> Option<Duration> {
        None
    }

    /// Takes note of what is to be pruned once the door is done.
    fn note_due(&self, due: super::pruning::PendingPrune);

    /// Takes note of a vault that was written.
    fn wrote(&self, _session: &Session) {}
}
