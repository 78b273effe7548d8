//! `identity new`, `identity restore`, `identity show`.

use crate::crypto::identity::recipient_text::RecipientText;
use serde::Serialize;
use std::path::Path;

/// Without `Debug`: it may hold a private key.
#[derive(Serialize)]
pub struct IdentityNewView<'a> {
    pub recipient: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a Path>,
    /// The private key, where it was to be printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<&'a str>,
}

#[derive(Serialize)]
pub struct IdentityRestoreView<'a> {
    pub recipient: &'a str,
    pub file: &'a Path,
}

#[derive(Serialize)]
pub struct IdentityShowView {
    pub identities: Vec<IdentityView>,
}

#[derive(Serialize)]
pub struct IdentityView {
    pub recipient: RecipientText,
    /// The file, or the variable.
    pub from: String,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] =
        &[("identity-new", new), ("identity-restore", restored), ("identity-show", shown)];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn new() -> Vec<Value> {
        let view = |file, identity| json(&IdentityNewView { recipient: "age1x", file, identity });
        vec![view(Some(Path::new("identity.txt")), None), view(None, Some("AGE-SECRET-KEY-1…"))]
    }

    fn restored() -> Vec<Value> {
        let file = Path::new("identity.txt");
        vec![json(&IdentityRestoreView { recipient: "age1x", file })]
    }

    fn shown() -> Vec<Value> {
        let one = IdentityView {
            recipient: RecipientText::new("age1x"),
            from: "V_SECURE_IDENTITY".into(),
        };
        vec![json(&IdentityShowView { identities: vec![one] })]
    }
}
