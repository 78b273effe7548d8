//! `history status` and `history close`.

use crate::convert::duration::rfc3339;
use crate::crypto::id::EntryId;
use crate::vault::closing::PutAside;
use serde::Serialize;

#[derive(Serialize)]
pub struct HistoryStatusView {
    /// Of the whole log.
    pub entries: usize,
    /// How many of them are closed.
    pub closed: u64,
    /// In so many files beside the vault.
    pub segments: usize,
    /// Of the vault's file.
    pub bytes: usize,
    /// What 'history close' would do, or else 'history close --keep 1s'; null where there is nothing to close.
    pub close: Option<PutAsideView>,
}

/// What a closing would be.
#[derive(Serialize)]
pub struct PutAsideView {
    pub entry: EntryId,
    /// As the entry's author says.
    pub date: String,
    /// How many entries would be closed.
    pub closed: usize,
    /// How many bytes the vault's file would have.
    pub bytes: usize,
}

impl From<&PutAside> for PutAsideView {
    fn from(aside: &PutAside) -> Self {
        let PutAside { summit, bytes, .. } = aside;
        Self {
            entry: summit.entry,
            date: rfc3339(summit.ts),
            closed: summit.entries,
            bytes: *bytes,
        }
    }
}

#[derive(Serialize)]
pub struct HistoryCloseView {
    /// Up to which the log is closed.
    pub entry: EntryId,
    pub closed: usize,
    pub bytes_before: usize,
    pub bytes: usize,
    pub changed: bool,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json};
    use crate::time::UnixTime;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] =
        &[("history-status", statuses), ("history-close", closed)];

    const ENTRY: EntryId = EntryId([7; 32]);

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn statuses() -> Vec<Value> {
        let aside = || PutAsideView {
            entry: ENTRY,
            date: rfc3339(UnixTime::from_secs(1_795_000_000)),
            closed: 900,
            bytes: 90_000,
        };
        let view = |close| {
            json(&HistoryStatusView {
                entries: 1_000,
                closed: 300,
                segments: 1,
                bytes: 900_000,
                close,
            })
        };
        vec![view(Some(aside())), view(None)]
    }

    fn closed() -> Vec<Value> {
        let (bytes_before, bytes) = (900_000, 90_000);
        vec![json(&HistoryCloseView {
            entry: ENTRY,
            closed: 900,
            bytes_before,
            bytes,
            changed: true,
        })]
    }
}
