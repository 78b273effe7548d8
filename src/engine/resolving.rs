//! Putting what a merge gives in the place of what git left there. It needs no entry of its own: nothing is in
//! it that was not signed, and nothing that either side had is left out.

use super::door::{Door, Purpose};
use super::judging;
use super::session::{OpenedVault, Session, SessionError};
use super::transaction::{self, TransactionError, Written};
use crate::store::file::atomic::Expected;
use crate::store::file::lock::{self, Lock};
use crate::store::file::read::Contents;
use std::collections::BTreeMap;
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
    pub fn commit<D: Door>(self, door: &D, merged: &Merged) -> Result<Written, D::Error> {
        let Judged { session, there, opened, text, files } =
            self.judged(door, merged, &BTreeMap::new())?;
        let lock =
            Lock::acquire(&session.location.folder, lock::WAIT).map_err(TransactionError::Lock)?;
        let (texts, expected) = ((text, &files), Expected::Same(there.stamp));
        Ok(transaction::replace(session, &lock, opened.vault, texts, expected)?)
    }

    /// Judges what came out, with files of a history that are not beside the vault yet.
    pub(super) fn judged<'m, D: Door>(
        self,
        door: &D,
        merged: &'m Merged,
        brought: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Judged<'m>, D::Error>
    where
        'a: 'm,
    {
        let Self { session, there } = self;
        let (opened, files) = match brought.is_empty() {
            true => (session.verify_bytes(merged.text.as_bytes())?, BTreeMap::new()),
            false => session.verify_beside(merged.text.as_bytes(), brought)?,
        };
        judging::judge(door, session, &opened, Purpose::Use)?;
        Ok(Judged { session, there, opened, text: &merged.text, files })
    }
}

/// What came out, accepted as any vault at this place.
pub(super) struct Judged<'a> {
    session: &'a Session,
    there: Contents,
    opened: OpenedVault,
    text: &'a str,
    files: BTreeMap<String, Vec<u8>>,
}

impl Judged<'_> {
    /// Replaces the file; `None` if somebody wrote it since it was read.
    pub(super) fn replace_if_current(self) -> Result<Option<Written>, TransactionError> {
        let Self { session, there, opened, text, files } = self;
        let lock = Lock::acquire(&session.location.folder, lock::WAIT)?;
        if session.stamp().as_ref() != Some(&there.stamp) {
            return Ok(None);
        }
        let (texts, expected) = ((text, &files), Expected::Same(there.stamp));
        transaction::replace(session, &lock, opened.vault, texts, expected).map(Some)
    }
}
