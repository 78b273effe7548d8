//! The library as a door of the engine: its options answer what a person would be asked.

use super::{Error, FirstUse, Notice, Vault};
use crate::engine::door::{Agreed, Door, Refusal, Remark};
use crate::engine::lost::Lost;
use crate::engine::proposals::{ProposalError, Proposed};
use crate::engine::pruning::PendingPrune;
use crate::engine::session::{OpenedVault, Session};
use crate::engine::transaction::TransactionError;
use crate::host::{Clock, Random};
use std::sync::PoisonError;
use v_secure_core::record::text::TextError;
use v_secure_core::time::UnixTime;
use v_secure_core::vault::Vault as Verified;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::unlock::Unlocked;

impl<H: Clock + Random> Door for Vault<H> {
    type Error = Error;

    fn agree(&self, _: &Session, _: &OpenedVault) -> Result<Agreed, Error> {
        match self.options.first_use {
            FirstUse::Accept => Ok(Agreed::Now),
            FirstUse::Refuse | FirstUse::Pin(_) => Err(Error::Pin(PinStatus::Unknown)),
        }
    }

    fn refuse(&self, _: &Session, opened: &OpenedVault, why: Refusal<'_>) -> Error {
        match why {
            Refusal::Missing(entries) => Error::HeadsMissing(entries.len()),
            Refusal::Pin | Refusal::Older { .. } | Refusal::MissingTakings => {
                Error::Pin(opened.pin.clone())
            }
        }
    }

    fn uncommitted(&self, error: TransactionError, _: Option<&Lost>) -> Error {
        error.into()
    }

    fn proposed(&self, _: &Session, proposed: Result<Proposed, ProposalError>) -> Error {
        match proposed {
            Ok(Proposed { id, threshold, .. }) => Error::Proposed { id: id.to_string(), threshold },
            Err(error) => error.into(),
        }
    }

    fn bad_reason(&self, error: TextError) -> Error {
        Error::Reason(error)
    }

    fn hear(&self, _: &Session, _: Option<&OpenedVault>, remark: Remark<'_>) {
        self.remark([match remark {
            Remark::Older { seen, accepted } => Notice::Older { seen, accepted },
            Remark::Missing(entries) => Notice::HeadsMissing(entries.len()),
            Remark::Unrecorded(error) => Notice::Unrecorded(error),
            Remark::FallenBack(secret) => Notice::FallenBack(secret),
        }]);
    }

    fn random(&self) -> &dyn Random {
        &self.host
    }

    fn now(&self) -> UnixTime {
        self.host.now()
    }

    fn unasked(&self, vault: &Verified) -> Option<Unlocked> {
        let who = Unlocked::new(vault, self.identity().ok()?).ok()?;
        who.needs_nobody().then_some(who)
    }

    fn may_prune(&self) -> bool {
        self.options.prune
    }

    fn note_due(&self, due: PendingPrune) {
        let mut noted = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        *noted = Some(due.after(noted.take()));
    }
}
