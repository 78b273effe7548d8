//! `recovery new`, `recovery test`.

use super::effects::EffectsView;
use super::giving::GivenView;
use crate::name::Name;
use serde::Serialize;
use std::path::Path;

/// Without `Debug`: it may hold a private key.
#[derive(Serialize)]
pub struct RecoveryNewView<'a> {
    pub member: &'a Name,
    pub recipient: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<&'a Path>,
    /// The private key, only with `--out -`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<&'a str>,
    pub gives: &'a [GivenView],
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[derive(Serialize)]
pub struct RecoveryTestView<'a> {
    pub member: &'a Name,
    pub recipient: &'a str,
    /// How many values were opened.
    pub opened: usize,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json, name};
    use crate::report::view::{effects, giving};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("recovery-new", new), ("recovery-test", tested)];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn new() -> Vec<Value> {
        let (member, gives, recipient) = (&name("recovery"), &giving::examples()[..], "age1x");
        let [all, none] = effects::examples();
        let view = |file, identity, words, effects| {
            json(&RecoveryNewView { member, recipient, file, identity, words, gives, effects })
        };
        vec![
            view(Some(Path::new("recovery.txt")), None, None, &all),
            view(None, Some("AGE-SECRET-KEY-1…"), Some("zoo abandon"), &none),
        ]
    }

    fn tested() -> Vec<Value> {
        let member = &name("recovery");
        vec![json(&RecoveryTestView { member, recipient: "age1x", opened: 3 })]
    }
}
