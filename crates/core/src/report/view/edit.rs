//! `edit`.

use crate::name::{Name, SecretName};
use serde::Serialize;

#[derive(Serialize)]
pub struct EditView<'a> {
    pub environment: &'a Name,
    pub written: Vec<&'a SecretName>,
    pub removed: Vec<&'a SecretName>,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json, name, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("edit", edits)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn edits() -> Vec<Value> {
        let (environment, secret) = (&name("prod"), &secret());
        vec![json(&EditView { environment, written: vec![secret], removed: vec![secret] })]
    }
}
