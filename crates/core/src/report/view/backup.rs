//! `backup create`, `backup restore`.

use crate::backup::container::Backup;
use crate::backup::maker::Maker;
use crate::convert::duration::rfc3339;
use crate::crypto::id::VaultId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::file::request::fingerprint_words;
use crate::name::Name;
use crate::vault::Vault;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
pub struct BackupCreateView<'a> {
    pub file: &'a Path,
    pub vault: &'a Name,
    pub id: VaultId,
    pub fingerprint: String,
    pub secrets: usize,
    pub policy_entries: usize,
    /// The recipient of the identity that is in it, if one is.
    pub identity: Option<RecipientText>,
    pub recipients: &'a [RecipientText],
    pub passphrase: bool,
    /// Who signed it; nobody with `--unsigned`.
    pub member: Option<&'a Name>,
    pub device: Option<&'a Name>,
}

/// Who opens a backup that is made.
pub enum BackupReaders<'a> {
    Recipients(&'a [RecipientText]),
    Passphrase,
}

impl<'a> BackupCreateView<'a> {
    /// Of a file, with the recipient of the identity in it.
    pub fn of(
        vault: &'a Vault,
        file: &'a Path,
        identity: Option<RecipientText>,
        readers: &BackupReaders<'a>,
        maker: Option<&'a Maker>,
    ) -> Self {
        let recipients = match readers {
            BackupReaders::Recipients(recipients) => recipients,
            BackupReaders::Passphrase => &[][..],
        };
        Self {
            file,
            vault: &vault.file().header.name,
            id: vault.id(),
            fingerprint: fingerprint_words(&vault.id()),
            secrets: vault.live().count(),
            policy_entries: vault.chain().len(),
            identity,
            recipients,
            passphrase: matches!(readers, BackupReaders::Passphrase),
            member: maker.map(|maker| &maker.member),
            device: maker.map(|maker| &maker.device),
        }
    }
}

#[derive(Serialize)]
pub struct BackupRestoreView<'a> {
    pub vault: &'a Name,
    pub id: VaultId,
    pub path: &'a Path,
    pub created: String,
    /// Who signed it, if anybody did.
    pub member: Option<&'a Name>,
    pub device: Option<&'a Name>,
    pub fingerprint: String,
    pub secrets: usize,
    pub policy_entries: usize,
    /// Whether the file was written.
    pub changed: bool,
    /// How many files of its closed history were written.
    pub history_written: usize,
    pub identity: Option<&'a Path>,
    pub identity_written: bool,
}

impl<'a> BackupRestoreView<'a> {
    /// Of a vault at a path, with nothing written and no identity.
    pub fn of(vault: &'a Vault, path: &'a Path, backup: &'a Backup<'_>) -> Self {
        let maker = backup.signed.as_ref().map(|signed| &signed.maker);
        Self {
            vault: &vault.file().header.name,
            id: vault.id(),
            path,
            created: rfc3339(backup.created),
            member: maker.map(|maker| &maker.member),
            device: maker.map(|maker| &maker.device),
            fingerprint: fingerprint_words(&vault.id()),
            secrets: vault.live().count(),
            policy_entries: vault.chain().len(),
            changed: false,
            history_written: 0,
            identity: None,
            identity_written: false,
        }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, ID, hold, json, name};
    use crate::time::UnixTime;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("backup-create", made), ("backup-restore", restored)];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn made() -> Vec<Value> {
        let (vault, member) = (name("shop"), name("admin"));
        let view = |identity, recipients, member| BackupCreateView {
            file: Path::new("shop.age"),
            vault: &vault,
            id: VaultId(ID.0),
            fingerprint: fingerprint_words(&ID),
            secrets: 3,
            policy_entries: 2,
            identity,
            recipients,
            passphrase: false,
            member,
            device: member,
        };
        let recipients = [RecipientText::new("age1x")];
        let full = view(Some(RecipientText::new("age1y")), &recipients[..], Some(&member));
        vec![json(&full), json(&view(None, &[], None))]
    }

    fn restored() -> Vec<Value> {
        let (vault, member) = (name("shop"), name("admin"));
        let view = |member, identity| BackupRestoreView {
            vault: &vault,
            id: VaultId(ID.0),
            path: Path::new(".v-secure/vault.toml"),
            created: rfc3339(UnixTime::from_secs(1_800_000_000)),
            member,
            device: member,
            fingerprint: fingerprint_words(&ID),
            secrets: 3,
            policy_entries: 2,
            changed: true,
            history_written: 0,
            identity,
            identity_written: false,
        };
        let full = view(Some(&member), Some(Path::new("identity.txt")));
        vec![json(&full), json(&view(None, None))]
    }
}
