//! What changes a secret's metadata and makes no version: `secret describe`, `tag`, `expire`, `waive`.

use crate::crypto::id::ObjectId;
use crate::name::SecretName;
use serde::Serialize;

#[derive(Serialize)]
pub struct SecretDescribeView<'a> {
    pub secret: &'a SecretName,
    pub changed: bool,
    pub description: Option<&'a str>,
}

#[derive(Serialize)]
pub struct SecretTagView<'a> {
    pub secret: &'a SecretName,
    pub changed: bool,
    pub tags: &'a [String],
}

#[derive(Serialize)]
pub struct SecretExpireView<'a> {
    pub secret: &'a SecretName,
    pub version: usize,
    pub id: Option<ObjectId>,
    /// Whether it expires at another time than before.
    pub changed: bool,
    pub expires: Option<String>,
}

#[derive(Serialize)]
pub struct SecretWaiveView<'a> {
    pub secret: &'a SecretName,
    pub waived: bool,
    pub changed: bool,
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::duration::rfc3339;
    use crate::report::view::testing::{Examples, ID, hold, json, secret};
    use crate::time::UnixTime;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[
        ("secret-describe", described),
        ("secret-tag", tagged),
        ("secret-expire", expired),
        ("secret-waive", waived),
    ];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn described() -> Vec<Value> {
        let secret = &secret();
        let view = |description| json(&SecretDescribeView { secret, changed: true, description });
        vec![view(None), view(Some("live key"))]
    }

    fn tagged() -> Vec<Value> {
        vec![json(&SecretTagView { secret: &secret(), changed: true, tags: &["web".to_owned()] })]
    }

    fn expired() -> Vec<Value> {
        let (secret, version, changed) = (&secret(), 2, true);
        let view = |id, expires| json(&SecretExpireView { secret, version, id, changed, expires });
        vec![
            view(Some(ObjectId(ID.0)), Some(rfc3339(UnixTime::from_secs(1_800_000_000)))),
            view(None, None),
        ]
    }

    fn waived() -> Vec<Value> {
        vec![json(&SecretWaiveView { secret: &secret(), waived: true, changed: true })]
    }
}
