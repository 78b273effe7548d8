//! `secret list`, `ls`.

use super::row::SecretView;
use serde::Serialize;

#[derive(Serialize)]
pub struct SecretListView<'a> {
    pub secrets: Vec<SecretView<'a>>,
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::secret::row;
    use crate::report::view::testing::{Examples, hold, json, name, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("secret-list", lists)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn lists() -> Vec<Value> {
        vec![json(&SecretListView { secrets: row::examples(&secret(), &name("admin")) })]
    }
}
