//! The command line as a door of the engine: how commands open and write vaults, what is asked, said and
//! refused while they do.

pub mod config;
pub mod context;
pub mod first_use;
pub mod job;
pub mod judging;
pub mod pending;
pub mod pruning;
pub mod reads;
pub mod surroundings;
pub mod writing;

use self::judging::refusal;
use crate::cli::door::context::Context;
use crate::cli::error::codes::Code;
use crate::cli::error::lost;
use crate::cli::error::lost::GIVE_UP;
use crate::cli::error::{Failure, Outcome};
use crate::cli::people::proposals;
use crate::cli::unlocking;
use crate::engine;
use crate::engine::door::{Agreed, Door, Purpose, Refusal, Remark};
use crate::engine::lost::Lost;
use crate::engine::proposals::{ProposalError, Proposed};
use crate::engine::pruning::PendingPrune;
use crate::engine::scanning;
use crate::engine::session::{OpenedVault, Session};
use crate::engine::transaction::TransactionError;
use crate::host::Random;
use crate::host::progress::Progress;
use std::time::Duration;
use v_secure_core::record::text::TextError;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::unlock::Unlocked;
use v_secure_core::vault::{Depth, Vault};

impl Context<'_> {
    /// Opens the vault that is meant.
    pub fn open(&self, purpose: Purpose, depth: Depth<'_>) -> Outcome<(Session, OpenedVault)> {
        let session = self.session()?;
        let opened = engine::judging::open(self, &session, purpose, depth)?;
        Ok((session, opened))
    }

    /// Opens the vault that is to be written, before anything is asked of the user or read in for it.
    pub(crate) fn open_to_write(&self, depth: Depth<'_>) -> Outcome<(Session, OpenedVault)> {
        let session = self.session()?;
        let opened = engine::writing::open_to_write(self, &session, depth)?;
        Ok((session, opened))
    }
}

impl Door for Context<'_> {
    type Error = Failure;

    fn agree(&self, session: &Session, opened: &OpenedVault) -> Outcome<Agreed> {
        self.agrees(session, opened)
    }

    fn refuse(&self, session: &Session, opened: &OpenedVault, why: Refusal<'_>) -> Failure {
        refusal(session, opened, &why)
    }

    fn proposed(&self, _: &Session, proposed: Result<Proposed, ProposalError>) -> Failure {
        match proposed {
            Ok(proposed) => proposals::proposed(&proposed),
            Err(error) => error.into(),
        }
    }

    /// A policy that would split from a change that was thrown away waits for nobody's branch.
    fn uncommitted(&self, error: TransactionError, lost: Option<&Lost>) -> Failure {
        let is_split = matches!(error, TransactionError::SplitsPolicy);
        let mut failure = Failure::from(error);
        if is_split && let Some(lost) = lost {
            failure.message = format!("{}. {}", failure.message, lost::sentence(lost));
            if lost.is_discarded() {
                failure.hints = vec![GIVE_UP.to_owned()];
                failure.hints.extend(lost::again(lost, &[]));
            }
        }
        failure
    }

    fn bad_reason(&self, error: TextError) -> Failure {
        Failure::new(Code::BadReason, "the reason cannot be stored").because(&error)
    }

    fn hear(&self, session: &Session, opened: Option<&OpenedVault>, remark: Remark<'_>) {
        match (remark, opened) {
            (Remark::Older { seen, accepted }, Some(opened)) => {
                self.tell_older(session, opened, (seen, accepted));
            }
            (Remark::Missing(missing), Some(opened)) => self.tell_missing(session, opened, missing),
            (Remark::Unrecorded(error), _) => self.unrecorded(&error),
            (Remark::FallenBack(secret), _) => self.ui.note(&format!(
                "{secret} was opened by an older key, since the current one does not open it; its \
                 value is the right one, and 'v-secure access settle' mends the key"
            )),
            (Remark::Older { .. } | Remark::Missing(_), None) => {}
        }
    }

    fn random(&self) -> &dyn Random {
        self.host
    }

    fn now(&self) -> UnixTime {
        self.host.now()
    }

    fn progress(&self) -> Box<dyn Progress> {
        self.ui.progress()
    }

    fn unasked(&self, vault: &Vault) -> Option<Unlocked> {
        unlocking::unasked(self, vault)
    }

    fn may_prune(&self) -> bool {
        self.pruning.is_allowed() && !job::is_one(self.host)
    }

    /// In a job nobody commits by hand, and what is kept there is gone with it.
    fn keeps_prints(&self) -> Option<Duration> {
        (!job::is_one(self.host)).then_some(scanning::PATIENCE)
    }

    fn note_due(&self, due: PendingPrune) {
        self.pruning.note(due);
    }

    fn wrote(&self, session: &Session) {
        self.sharing.note(session);
    }
}

/// What was looked at is not what would be signed on.
fn moved() -> Failure {
    let message = "another member changed the vault's policy in the meantime: nothing was changed";
    Failure::new(Code::MovedMeanwhile, message).hint("run the command again")
}
