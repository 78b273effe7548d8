//! `secret diff`.

use super::revealed::RevealedView;
use crate::name::SecretName;
use crate::name::environment::EnvironmentName;
use crate::secret::compare::{Compared, Difference, Side};
use serde::Serialize;

#[derive(Serialize)]
pub struct SecretDiffView<'a> {
    pub left: &'a EnvironmentName,
    pub right: &'a EnvironmentName,
    pub secrets: Vec<ComparedView<'a>>,
}

#[derive(Serialize)]
pub struct ComparedView<'a> {
    pub name: &'a str,
    /// left, right, equal, different or unknown.
    pub difference: &'static str,
    pub left: Option<SideView<'a>>,
    pub right: Option<SideView<'a>>,
}

#[derive(Serialize)]
pub struct SideView<'a> {
    pub secret: &'a SecretName,
    #[serde(flatten)]
    pub revealed: RevealedView<'a>,
}

impl<'a> ComparedView<'a> {
    /// With the values that are not equal, where they are to be revealed.
    pub fn of(row: &'a Compared, reveal: bool) -> Self {
        let reveal = reveal && row.difference != Difference::Equal;
        let side = |side: &'a Option<Side>| side.as_ref().map(|side| SideView::of(side, reveal));
        Self {
            name: &row.name,
            difference: row.difference.as_str(),
            left: side(&row.left),
            right: side(&row.right),
        }
    }
}

impl<'a> SideView<'a> {
    fn of(side: &'a Side, reveal: bool) -> Self {
        let value = side.value.as_ref().filter(|_| reveal);
        let revealed = value.map(RevealedView::from).unwrap_or_default();
        Self { secret: &side.secret, revealed }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, environment, hold, json, secret};
    use crate::secret_value::SecretValue;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("secret-diff", diffs)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn side(bytes: Option<&[u8]>) -> Option<Side> {
        let value = bytes.map(|bytes| SecretValue::new(bytes.to_vec()));
        Some(Side { secret: secret(), value })
    }

    fn compared() -> [Compared; 6] {
        let (text, bytes) = (|| side(Some(b"hush")), || side(Some(&[0xff])));
        let row = |difference, left, right| {
            let name = "API_KEY".to_owned();
            Compared { name, difference, left, right }
        };
        [
            row(Difference::Left, text(), None),
            row(Difference::Right, None, text()),
            row(Difference::Equal, text(), text()),
            row(Difference::Different, text(), bytes()),
            row(Difference::Different, bytes(), text()),
            row(Difference::Unknown, side(None), side(None)),
        ]
    }

    fn diffs() -> Vec<Value> {
        let (left, right, compared) = (&environment("staging"), &environment("prod"), compared());
        let view = |reveal| {
            let secrets = compared.iter().map(|row| ComparedView::of(row, reveal)).collect();
            json(&SecretDiffView { left, right, secrets })
        };
        vec![view(true), view(false)]
    }

    #[test]
    fn values_are_shown_where_they_are_asked_for_and_differ() {
        let [all, none] = [true, false].map(|reveal| {
            compared().iter().map(|row| json(&ComparedView::of(row, reveal)).to_string()).collect()
        });
        let shows = |texts: &Vec<String>| -> Vec<bool> {
            texts.iter().map(|text| text.contains("hush")).collect()
        };
        assert_eq!(shows(&all), [true, true, false, true, true, false]);
        assert_eq!(shows(&none), [false; 6]);
    }
}
