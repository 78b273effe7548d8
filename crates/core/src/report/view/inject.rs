//! `inject`, where it writes a file: of values it tells the names alone.

use crate::name::SecretName;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
pub struct InjectView<'a> {
    pub file: &'a Path,
    pub secrets: Vec<&'a SecretName>,
    pub references: usize,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("inject", injections)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn injections() -> Vec<Value> {
        let file = Path::new("config.yaml");
        vec![json(&InjectView { file, secrets: vec![&secret()], references: 2 })]
    }
}
