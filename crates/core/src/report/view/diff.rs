//! `diff`: what changed between two states of the vault.

use super::secret::revealed::RevealedView;
use crate::convert::duration::rfc3339;
use crate::crypto::bytes::Id;
use crate::report::change::{Change, Item};
use crate::secret_value::SecretValue;
use serde::Serialize;

#[derive(Serialize)]
pub struct DiffView<'a> {
    pub from: &'a str,
    /// `None` is the vault as it lies in the working tree.
    pub to: Option<&'a str>,
    /// Entries of `from` that `to` does not have.
    pub missing: usize,
    /// New ops that are kept without effect.
    pub void: usize,
    pub changes: Vec<ChangeView<'a>>,
}

#[derive(Serialize)]
pub struct ChangeView<'a> {
    pub kind: &'static str,
    pub change: &'static str,
    pub subject: String,
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
    pub who: Option<&'a str>,
    pub timestamp: Option<String>,
    pub reason: Option<&'a str>,
    /// The entry of the log or of the policy.
    pub entry: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<RevealedView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<RevealedView<'a>>,
}

/// The values of an item that are given out.
#[derive(Default)]
pub struct ItemValues {
    pub old: Option<SecretValue>,
    pub new: Option<SecretValue>,
}

impl<'a> DiffView<'a> {
    /// `values` are those of the items, in their order; none where none are to be revealed.
    pub fn of(
        from: &'a str,
        to: Option<&'a str>,
        change: &'a Change,
        values: &'a [ItemValues],
    ) -> Self {
        let items = change.items.iter().enumerate();
        let changes = items.map(|(at, item)| ChangeView::of(item, values.get(at))).collect();
        Self { from, to, missing: change.missing, void: change.void, changes }
    }
}

impl<'a> ChangeView<'a> {
    fn of(item: &'a Item, values: Option<&'a ItemValues>) -> Self {
        let by = item.by.as_ref();
        let [old, new] = [values.and_then(|v| v.old.as_ref()), values.and_then(|v| v.new.as_ref())];
        Self {
            kind: item.about.kind(),
            change: item.what.as_str(),
            subject: item.about.to_string(),
            before: item.before.as_deref(),
            after: item.after.as_deref(),
            who: by.map(|by| by.who.as_str()),
            timestamp: by.map(|by| rfc3339(by.when)),
            reason: by.map(|by| by.reason.as_str()),
            entry: by.map(|by| by.entry),
            old: old.map(RevealedView::from),
            new: new.map(RevealedView::from),
        }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::id::ObjectId;
    use crate::crypto::identity::recipient_text::RecipientText;
    use crate::name::audience::AudienceName;
    use crate::report::change::{About, By, What};
    use crate::report::facts::Subject;
    use crate::report::view::testing::{Examples, ID, hold, json, name, pattern, secret};
    use crate::time::UnixTime;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("diff", diffs)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    /// One of each kind.
    fn kinds() -> Vec<About> {
        let (member, role, recipient) = (name("admin"), name("owner"), RecipientText::new("age1x"));
        let subjects = [
            Subject::Member(member.clone()),
            Subject::Device { member: member.clone(), device: name("laptop") },
            Subject::Recipient { member: member.clone(), recipient },
            Subject::Role(role.clone()),
            Subject::Membership { role: role.clone(), member },
            Subject::Grant { role, pattern: pattern("prod/*") },
            Subject::Threshold,
            Subject::Setting("reads".to_owned()),
            Subject::Keys { audience: AudienceName::new("owner") },
        ];
        let field = About::Field { secret: secret(), field: "type".to_owned() };
        subjects.into_iter().map(About::Policy).chain([About::Secret(secret()), field]).collect()
    }

    fn change() -> Change {
        let by = By {
            who: "admin".to_owned(),
            when: UnixTime::from_secs(1_800_000_000),
            reason: "new key".to_owned(),
            entry: ID,
        };
        let full = |(about, what)| Item {
            about,
            what,
            before: Some("version 1".to_owned()),
            after: Some("version 2".to_owned()),
            by: Some(by.clone()),
            old_value: Some(ObjectId(ID.0)),
            new_value: None,
        };
        let kinds = kinds();
        let kinds = kinds.iter().cloned().cycle();
        let mut items: Vec<Item> = kinds.zip(What::ALL.iter().copied()).map(full).collect();
        items.push(Item {
            before: None,
            after: None,
            by: None,
            ..full((About::Secret(secret()), What::Removed))
        });
        Change { items, added: 2, missing: 0, void: 0 }
    }

    fn diffs() -> Vec<Value> {
        let change = change();
        let value = |bytes: &[u8]| Some(SecretValue::new(bytes.to_vec()));
        let values = [
            ItemValues { old: value(b"hush"), new: value(&[0xff]) },
            ItemValues { old: value(&[0xff]), new: value(b"hush") },
        ];
        vec![
            json(&DiffView::of("HEAD", None, &change, &[])),
            json(&DiffView::of("HEAD~1", Some("HEAD"), &change, &values)),
        ]
    }

    #[test]
    fn values_are_shown_only_where_they_are_handed_in() {
        let change = change();
        let text = json(&DiffView::of("HEAD", None, &change, &[])).to_string();
        assert!(!text.contains("\"old\"") && !text.contains("\"new\""), "{text}");
    }
}
