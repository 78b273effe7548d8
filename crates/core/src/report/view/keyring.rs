//! `keyring add`, `keyring remove`, `keyring show`.

use crate::crypto::bytes::ShortId;
use crate::name::Name;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
pub struct KeyringAddView<'a> {
    pub vault: &'a Name,
    pub member: &'a Name,
    pub recipient: &'a str,
    pub slot: ShortId,
    pub file: &'a Path,
}

#[derive(Serialize)]
pub struct KeyringRemoveView<'a> {
    pub vault: &'a Name,
    pub slot: ShortId,
    /// Why the keyring still has its share, which opens nothing any more.
    pub share_left: Option<String>,
}

#[derive(Serialize)]
pub struct KeyringShowView<'a> {
    pub vault: &'a Name,
    pub member: &'a Name,
    pub recipient: &'a str,
    pub slot: ShortId,
    pub file: &'a Path,
    pub share: KeyringShare,
    /// Why it is unreachable.
    pub reason: Option<String>,
}

/// What the OS keyring has of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyringShare {
    There,
    Missing,
    Unreachable,
}

impl KeyringShare {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Missing => "missing",
            Self::Unreachable => "unreachable",
        }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, SHORT_ID, hold, json, name};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] =
        &[("keyring-add", added), ("keyring-remove", removed), ("keyring-show", shown)];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn added() -> Vec<Value> {
        let (vault, member, file) = (&name("shop"), &name("admin"), Path::new("slot.json"));
        let recipient = "age1x";
        vec![json(&KeyringAddView { vault, member, recipient, slot: SHORT_ID, file })]
    }

    fn removed() -> Vec<Value> {
        let vault = &name("shop");
        let view = |share_left| json(&KeyringRemoveView { vault, slot: SHORT_ID, share_left });
        vec![view(None), view(Some("no D-Bus".into()))]
    }

    fn shown() -> Vec<Value> {
        let (vault, member) = (&name("shop"), &name("admin"));
        let view = |share, reason| {
            let view = KeyringShowView {
                vault,
                member,
                recipient: "age1x",
                slot: SHORT_ID,
                file: Path::new("slot.json"),
                share,
                reason,
            };
            assert_eq!(json(&view)["share"], share.as_str());
            json(&view)
        };
        vec![
            view(KeyringShare::There, None),
            view(KeyringShare::Missing, None),
            view(KeyringShare::Unreachable, Some("no D-Bus".into())),
        ]
    }
}
