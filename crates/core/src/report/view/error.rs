//! The object that a command prints on standard error where it fails. What failed, and which codes
//! there are, is for the doors to say.

use serde::Serialize;

#[derive(Serialize)]
pub struct ErrorView<'a> {
    pub error: ErrorBodyView<'a>,
}

#[derive(Serialize)]
pub struct ErrorBodyView<'a> {
    pub code: &'a str,
    pub exit: u8,
    pub message: &'a str,
    pub causes: &'a [String],
    pub hints: Vec<&'a str>,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("error", errors)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn errors() -> Vec<Value> {
        let causes = &["it is a link".to_owned()];
        let (code, exit, message) = ("vault-refused", 6, "the vault cannot be read");
        let error = ErrorBodyView { code, exit, message, causes, hints: vec!["v-secure doctor"] };
        vec![json(&ErrorView { error })]
    }
}
