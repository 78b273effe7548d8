//! `edit`.

use crate::name::SecretName;
use crate::name::environment::EnvironmentName;
use serde::Serialize;

#[derive(Serialize)]
pub struct EditView<'a> {
    pub environment: &'a EnvironmentName,
    pub written: Vec<&'a SecretName>,
    pub removed: Vec<&'a SecretName>,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, environment, hold, json, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("edit", edits)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn edits() -> Vec<Value> {
        let (environment, secret) = (&environment("prod"), &secret());
        vec![json(&EditView { environment, written: vec![secret], removed: vec![secret] })]
    }
}
