//! `key restore`.

use crate::keys::restore::{Hindrance, Lacking};
use crate::name::Name;
use crate::report::view::lacks::KeyLacksView;
use serde::Serialize;

#[derive(Default, Serialize)]
pub struct KeyRestoreView<'a> {
    pub dry_run: bool,
    pub audiences: Vec<LackingAudienceView<'a>>,
    /// How many older states of the file were looked at.
    pub looked_at: usize,
    /// Whether git's history is longer than that.
    pub more: bool,
    /// Why git's history was not looked at.
    pub history: Option<String>,
    #[serde(flatten)]
    pub lacks: KeyLacksView,
}

#[derive(Serialize)]
pub struct LackingAudienceView<'a> {
    pub audience: &'a str,
    pub epochs: usize,
    pub held: usize,
    pub found: usize,
    pub missing: usize,
    pub restored: bool,
    /// Why its envelope stays as it is.
    pub why: Option<&'static str>,
    pub able: &'a [Name],
}

impl<'a> From<&'a Lacking> for LackingAudienceView<'a> {
    fn from(lacking: &'a Lacking) -> Self {
        Self {
            audience: &lacking.audience,
            epochs: lacking.epochs,
            held: lacking.held,
            found: lacking.found,
            missing: lacking.missing(),
            restored: lacking.hindrance.is_none(),
            why: lacking.hindrance.map(Hindrance::as_str),
            able: &lacking.able,
        }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::audience::AudienceName;
    use crate::report::view::lacks;
    use crate::report::view::testing::{Examples, hold, json, name};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("key-restore", searches)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn searches() -> Vec<Value> {
        use Hindrance::{Due, NoCurrent, NotFound, NotPermitted};
        let lacking = |hindrance| Lacking {
            audience: AudienceName::new("dev+ops"),
            epochs: 3,
            held: 1,
            found: 1,
            hindrance,
            able: vec![name("admin")],
        };
        let found = [None, Some(NotPermitted), Some(Due), Some(NoCurrent), Some(NotFound)];
        let found = found.map(lacking);
        let views = lacks::examples().into_iter().zip([None, Some("git is missing".into())]);
        let views = views.map(|(lacks, history)| KeyRestoreView {
            audiences: found.iter().map(LackingAudienceView::from).collect(),
            looked_at: 4,
            history,
            lacks,
            ..KeyRestoreView::default()
        });
        views.map(|view| json(&view)).collect()
    }
}
