//! `init`.

use crate::crypto::bytes::ShortId;
use crate::crypto::id::VaultId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::Name;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
pub struct InitView {
    pub vault: VaultId,
    pub name: Name,
    pub path: PathBuf,
    pub member: Name,
    pub recipient: RecipientText,
    pub identity: Option<PathBuf>,
    pub identity_created: bool,
    /// The passphrase slot that seals the identity.
    pub slot: Option<ShortId>,
    pub recovery: Option<InitRecoveryView>,
    /// The sealed half of the identity, if the other half is in the OS keyring.
    pub keyring: Option<PathBuf>,
    pub fingerprint: String,
    pub id: VaultId,
}

#[derive(Serialize)]
pub struct InitRecoveryView {
    pub recipient: RecipientText,
    /// Where it was written, if that was asked for.
    pub file: Option<PathBuf>,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::request::fingerprint_words;
    use crate::report::view::testing::{Examples, ID, SHORT_ID, hold, json, name};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("init", vaults)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn vaults() -> Vec<Value> {
        let file = || Some(PathBuf::from("file"));
        let plain = || InitView {
            vault: VaultId(ID.0),
            name: name("shop"),
            path: PathBuf::from(".v-secure/vault.toml"),
            member: name("admin"),
            recipient: RecipientText::new("age1x"),
            identity: None,
            identity_created: true,
            slot: None,
            recovery: None,
            keyring: None,
            fingerprint: fingerprint_words(&ID),
            id: VaultId(ID.0),
        };
        let recovery =
            |file| Some(InitRecoveryView { recipient: RecipientText::new("age1y"), file });
        let full = InitView {
            identity: file(),
            slot: Some(SHORT_ID),
            recovery: recovery(file()),
            keyring: file(),
            ..plain()
        };
        let shown = InitView { recovery: recovery(None), ..plain() };
        vec![json(&plain()), json(&full), json(&shown)]
    }
}
