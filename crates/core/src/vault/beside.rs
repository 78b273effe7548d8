//! What of a vault stands beside its file: whether it is needed, was read, and what is written there.

use super::verified_vault::{OpenError, Vault};
use super::whole;
use super::whole::{HistoryError, Texts};
use crate::crypto::bytes::Id;
use crate::crypto::known_signatures::KnownSignatures;
use crate::file::format;
use crate::file::model::VaultFile;
use crate::log::fold::FoldScope;
use crate::policy::chain::Chain;
use crate::time::UnixTime;
use crate::verify;
use crate::verify::checkpoints::of_chain;
use crate::verify::{Reach, VerifyOptions};
use std::collections::BTreeMap;

impl Vault {
    /// What of this vault its file cannot tell without the closed history, which was not read.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Whether it is the whole of a vault of whose log some is closed.
    pub fn has_history(&self) -> bool {
        self.away.is_some()
    }

    /// Of each file of the history that was read, by name, the hash of its bytes; `None` where none was wanted.
    pub fn history_read(&self) -> Option<&BTreeMap<String, Id>> {
        self.away.as_ref().map(|away| &away.read)
    }

    /// Whether the file was found to tell of everything without the history that was read.
    pub fn stands_alone(&self) -> bool {
        self.away.as_ref().is_some_and(|away| away.alone)
    }

    /// Whether some of the log is closed and was not read.
    pub fn is_upon_checkpoint(&self) -> bool {
        self.file().closed.is_some()
    }

    /// The segments of the history that is closed, in the order of the chain.
    pub fn segments(&self) -> Vec<Id> {
        of_chain(&self.file().chain).map(|(_, checkpoint)| checkpoint.segment).collect()
    }

    /// What of the versions that were read beside it is part of it, by name of its file: anybody may have put more there.
    pub fn versions_held(&self) -> BTreeMap<String, String> {
        self.away.as_ref().map(|away| away.versions_held(self.file())).unwrap_or_default()
    }

    /// What is written of it where nothing is written beside it.
    pub fn text_alone(&self) -> String {
        match (&self.away, self.policy().checkpoint()) {
            (Some(away), Some(closing)) => away.text_alone(self.file(), &closing.stated),
            _ => format::write(self.file()),
        }
    }

    /// What is written of it.
    pub fn texts(&self) -> Texts {
        match (&self.away, self.policy().checkpoint()) {
            (Some(away), Some(closing)) => away.texts(self.file(), &closing.stated),
            _ => Texts { vault: format::write(self.file()), beside: BTreeMap::new() },
        }
    }
}

/// Refuses a file of which nothing can be told without the history that is closed: what is missing could be missing
/// below what is there, too, so that no right and no order can be judged.
pub(super) fn told_without_history(reach: &Reach, chain: &Chain) -> Result<(), HistoryError> {
    match (reach, chain.state().checkpoint()) {
        (Reach::Everything, Some(closing)) => {
            Err(HistoryError::Missing { name: whole::segment_name(&closing.stated.segment) })
        }
        _ => Ok(()),
    }
}

/// Whoever has the history must notice, too, that the file lacks what readers without it go by. Returns whether it
/// tells of all that was asked for.
pub(super) fn stands_alone(
    file: &VaultFile,
    scope: FoldScope<'_>,
    now: UnixTime,
    known: &dyn KnownSignatures,
) -> Result<bool, OpenError> {
    let chain = Chain::build_knowing(&file.chain, Some(known)).map_err(OpenError::Chain)?;
    let options = VerifyOptions { now, scope };
    let report = verify::verify_knowing(file, &chain, options, known);
    match report.has_errors() {
        true => Err(OpenError::Findings(report.findings)),
        false => Ok(report.reach.is_nothing()),
    }
}
