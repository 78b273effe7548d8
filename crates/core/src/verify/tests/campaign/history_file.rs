//! What there is in a file to edit.

use crate::crypto::id::{EntryId, ObjectId, SecretId};
use crate::file::model::VaultFile;
use crate::name::audience::AudienceName;

pub fn entries(file: &VaultFile) -> Vec<EntryId> {
    file.entries.keys().copied().collect()
}

/// The versions, each with its secret's uid.
pub fn records(file: &VaultFile) -> Vec<(SecretId, ObjectId)> {
    let of = |(uid, section): (&SecretId, &crate::file::model::SecretSection)| {
        let uid = *uid;
        section.versions.keys().map(move |id| (uid, *id)).collect::<Vec<_>>()
    };
    file.secrets.iter().flat_map(of).collect()
}

pub fn audiences(file: &VaultFile) -> Vec<AudienceName> {
    file.audiences.keys().cloned().collect()
}
