//! Proposals to other owners: written instead of the vault where one signature is not enough, found again beside
//! it, and taken away when they are done. What they are worth is core's to judge, each time anew.

use super::session::Session;
use super::transaction::TransactionError;
use crate::store::file::error::WriteError;
use crate::store::file::proposal_folder::{FolderError, Proposals};
use std::ffi::{OsStr, OsString};
use v_secure_core::crypto::id::{KeyId, PolicyId};
use v_secure_core::name::Name;
use v_secure_core::policy::entry::{PolicyEntry, PolicySignature};
use v_secure_core::proposal;
use v_secure_core::proposal::{FileError, Files, Proposal, SignatureFile};
use v_secure_core::vault::change::Change;
use v_secure_core::vault::pin::PinStatus;
use v_secure_core::vault::{Depth, Vault};

/// Both texts, and the signatures of as many owners as an entry has room for.
const MOST_FILES: usize = 18;

/// Why what lies there is no proposal that can be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProposalError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("{name} is not the name of a proposal")]
    Name { name: String },
    #[error("the proposal lacks its file {file}")]
    Lacks { file: &'static str },
    #[error("the proposal is not as it was written")]
    Files(#[from] FileError),
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Something that lies where proposals do.
#[derive(Debug)]
pub struct Found {
    pub name: String,
    pub proposal: Result<Proposal, ProposalError>,
}

/// A change that waits for others.
#[derive(Debug)]
pub struct Proposed {
    pub id: PolicyId,
    /// How many owners must sign it.
    pub threshold: usize,
    /// Where the same was proposed before, so that nothing is written: the owners who signed that.
    pub before: Option<Vec<Name>>,
}

impl Session {
    /// The names of all that lies there.
    pub fn proposal_names(&self) -> Result<Vec<OsString>, ProposalError> {
        Ok(self.proposal_folder().names()?)
    }

    /// What lies there, the first of it where it is much; and whether there is more. What is not called like a
    /// proposal takes no place from those that are.
    pub fn proposals(&self) -> Result<(Vec<Found>, bool), ProposalError> {
        let names = self.proposal_folder().names()?;
        let names = names.into_iter().map(|name| name.to_string_lossy().into_owned());
        let (named, junk): (Vec<_>, Vec<_>) = names.partition(|name| PolicyId::parse(name).is_ok());
        let more = named.len().max(junk.len()) > proposal::MOST;
        let looked_at =
            [named, junk].into_iter().flat_map(|all| all.into_iter().take(proposal::MOST));
        let found = looked_at.map(|name| {
            let proposal = self.proposal(&name);
            Found { name, proposal }
        });
        Ok((found.collect(), more))
    }

    /// One of them, by the name of its folder.
    pub fn proposal(&self, name: &str) -> Result<Proposal, ProposalError> {
        let id =
            PolicyId::parse(name).map_err(|_| ProposalError::Name { name: name.to_owned() })?;
        let files = self.proposal_folder().read(name, MOST_FILES, limit_of)?;
        let of = |wanted: &'static str| {
            let found = files.iter().find(|(name, _)| name == wanted);
            found.map(|(_, bytes)| &bytes[..]).ok_or(ProposalError::Lacks { file: wanted })
        };
        let (entry, envelopes) = (of(proposal::ENTRY)?, of(proposal::ENVELOPES)?);
        let signatures = files.iter().filter(|(name, _)| KeyId::parse(name).is_ok());
        let signatures = signatures.map(|(name, bytes)| SignatureFile { name, bytes }).collect();
        Ok(Files { id, entry, envelopes, signatures }.read()?)
    }

    /// Refuses to sign on an older state than one that was accepted here: with the signatures of others it
    /// would become a policy that this device then takes for the newer one.
    pub fn refuse_older(&self) -> Result<(), TransactionError> {
        match self.open(Depth::Everything)?.pin {
            PinStatus::Prefix { .. } => Err(TransactionError::SplitsPolicy),
            _ => Ok(()),
        }
    }

    /// Adds a signature to one of them.
    pub fn add_signature(&self, id: &PolicyId, sig: &PolicySignature) -> Result<(), ProposalError> {
        Ok(self.proposal_folder().add(&id.to_string(), &proposal::signature(sig))?)
    }

    /// Takes one of them away, whatever it is.
    pub fn remove_proposal(&self, name: &OsStr) -> Result<(), ProposalError> {
        Ok(self.proposal_folder().remove(name)?)
    }

    fn proposal_folder(&self) -> Proposals {
        Proposals::of(&self.location.folder)
    }
}

/// Writes a change that waits for signatures; `None` of one that does not.
pub(super) fn put(
    session: &Session,
    change: &Change,
    vault: &Vault,
) -> Option<Result<Proposed, ProposalError>> {
    let (entry, envelopes) = change.proposed()?;
    let (id, threshold) = (entry.id(), vault.policy().threshold());
    if let Some((id, signed_by)) = the_same(session, vault, entry) {
        return Some(Ok(Proposed { id, threshold, before: Some(signed_by) }));
    }
    let mut files = proposal::write(entry, envelopes);
    // Without its entry it is none, so that comes last.
    files.reverse();
    let written = session.proposal_folder().write(&id.to_string(), &files);
    Some(written.map(|()| Proposed { id, threshold, before: None }).map_err(ProposalError::from))
}

/// One that waits already, and does the same. What no owner signed is somebody else's word and none, and so is what
/// nobody can sign any more: to be made anew is what is said of it.
fn the_same(
    session: &Session,
    vault: &Vault,
    entry: &PolicyEntry,
) -> Option<(PolicyId, Vec<Name>)> {
    let (found, _) = session.proposals().ok()?;
    let same = |proposal: &Proposal| {
        proposal.entry.prev == entry.prev
            && proposal::is_same(&proposal.entry, entry)
            && proposal::is_signable(vault, proposal)
    };
    let mut waiting = found.into_iter().filter_map(|found| found.proposal.ok()).filter(same);
    waiting.find_map(|proposal| {
        let signed_by: Vec<Name> =
            vault.chain().owners_who_signed(&proposal.entry).into_iter().collect();
        (!signed_by.is_empty()).then(|| (proposal.id(), signed_by))
    })
}

/// The most bytes of a file of this name.
fn limit_of(name: &str) -> Option<u64> {
    match name {
        proposal::ENTRY => Some(proposal::MAX_ENTRY),
        proposal::ENVELOPES => Some(proposal::MAX_ENVELOPES),
        key => KeyId::parse(key).is_ok().then_some(proposal::MAX_SIGNATURE),
    }
}
