//! Putting what a merge gives in the place of what git left there. It needs no entry of its own: nothing is in
//! it that was not signed, and nothing that either side had is left out.

use super::door::{Door, Purpose};
use super::judging;
use super::session::{Session, SessionError};
use super::transaction::{self, TransactionError, Written};
use crate::store::file::atomic::Expected;
use crate::store::file::lock::{self, Lock};
use crate::store::file::read::Contents;
use v_secure_core::merge::Merged;

/// The file at a vault's place as it was found, whatever it holds.
pub(crate) struct Resolution<'a> {
    session: &'a Session,
    there: Contents,
}

impl<'a> Resolution<'a> {
    pub fn begin(session: &'a Session) -> Result<Self, SessionError> {
        Ok(Self { session, there: session.read()? })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.there.bytes
    }

    /// Replaces the file, if nobody wrote it since and this device accepts what came out as it would any vault
    /// at this place. A first use is asked about without the lock.
    pub fn commit<D: Door>(self, door: &D, merged: &Merged) -> Result<Written, D::Error>
    where
        D::Error: From<TransactionError> + From<SessionError>,
    {
        let Self { session, there } = self;
        let opened = session.verify_bytes(merged.text.as_bytes())?;
        judging::judge(door, session, &opened, Purpose::Use)?;
        let lock =
            Lock::acquire(&session.location.folder, lock::WAIT).map_err(TransactionError::Lock)?;
        transaction::replace(
            session,
            &lock,
            opened.vault,
            &merged.text,
            Expected::Same(there.stamp),
        )
        .map_err(Into::into)
    }
}
