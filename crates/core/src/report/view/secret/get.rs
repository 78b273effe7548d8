//! `secret get`, `get`: one value, or several.

use super::revealed::RevealedView;
use crate::crypto::id::ObjectId;
use crate::log::state::Version;
use crate::name::SecretName;
use crate::secret_value::SecretValue;
use serde::Serialize;

#[derive(Serialize)]
pub struct SecretGetView<'a> {
    pub secret: &'a SecretName,
    pub version: usize,
    pub id: ObjectId,
    #[serde(flatten)]
    pub revealed: RevealedView<'a>,
}

/// What several secrets are printed as.
#[derive(Serialize)]
pub struct SecretGetAllView<'a> {
    pub secrets: Vec<SecretGetView<'a>>,
}

impl<'a> SecretGetView<'a> {
    pub fn of(secret: &'a SecretName, version: &Version, value: &'a SecretValue) -> Self {
        let revealed = RevealedView::from(value);
        Self { secret, version: version.number, id: version.object, revealed }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, ID, hold, json, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("secret-get", given)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn given() -> Vec<Value> {
        let secret = &secret();
        let (text, bytes) = (SecretValue::new(b"v".to_vec()), SecretValue::new(vec![0xff]));
        let view = |value| SecretGetView {
            secret,
            version: 2,
            id: ObjectId(ID.0),
            revealed: RevealedView::from(value),
        };
        let all = SecretGetAllView { secrets: vec![view(&text), view(&bytes)] };
        vec![json(&view(&text)), json(&view(&bytes)), json(&all)]
    }
}
