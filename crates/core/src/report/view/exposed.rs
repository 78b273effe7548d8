//! `exposed`.

use crate::convert::duration::rfc3339;
use crate::crypto::id::{ObjectId, RotationId};
use crate::exposure::{Exposed, Knower, Uncompared, Waived};
use crate::name::{Name, SecretName};
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
pub struct ExposedView<'a> {
    pub exposed: Vec<ExposedValueView<'a>>,
    /// How many are past the deadline.
    pub overdue: usize,
    /// Exposed values that an owner let be, and why.
    pub waived: Vec<WaivedValueView<'a>>,
    /// Older versions that nobody here could compare with the current value.
    pub uncompared: Vec<UncomparedSecretView<'a>>,
}

#[derive(Serialize)]
pub struct ExposedValueView<'a> {
    pub secret: &'a SecretName,
    /// 0 where it never was active.
    pub version: usize,
    pub id: ObjectId,
    /// The open rotation that makes it ready; none of a current value.
    pub rotation: Option<RotationId>,
    /// Whether it is not current any more, or never was: it is to be revoked and retired.
    pub to_retire: bool,
    pub since: String,
    pub overdue: bool,
    pub to: Vec<KnowerView<'a>>,
}

#[derive(Serialize)]
pub struct KnowerView<'a> {
    pub member: &'a Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<&'a Name>,
    pub recipient: &'a str,
    /// Whose identity, the one of the recipient, it may have kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<&'a Name>,
    pub why: &'static str,
    pub since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<&'a SecretName>,
}

#[derive(Serialize)]
pub struct WaivedValueView<'a> {
    pub secret: &'a SecretName,
    pub version: usize,
    pub id: ObjectId,
    pub by: &'a Name,
    pub at: String,
    pub reason: &'a str,
}

#[derive(Serialize)]
pub struct UncomparedSecretView<'a> {
    pub secret: &'a SecretName,
    pub versions: &'a BTreeSet<usize>,
}

impl<'a> ExposedView<'a> {
    /// Of values, with which of them are past the deadline.
    pub fn of(
        values: &'a [Exposed],
        is_late: impl Fn(&Exposed) -> bool,
        waived: &'a [Waived],
        uncompared: &'a Uncompared,
    ) -> Self {
        let row = |value| ExposedValueView::of(value, is_late(value));
        let exposed: Vec<_> = values.iter().map(row).collect();
        let unread = |(secret, versions)| UncomparedSecretView { secret, versions };
        Self {
            overdue: exposed.iter().filter(|value| value.overdue).count(),
            exposed,
            waived: waived.iter().map(WaivedValueView::from).collect(),
            uncompared: uncompared.iter().map(unread).collect(),
        }
    }
}

impl<'a> ExposedValueView<'a> {
    fn of(value: &'a Exposed, overdue: bool) -> Self {
        Self {
            secret: &value.secret,
            version: value.version,
            id: value.object,
            rotation: value.rotation,
            to_retire: value.to_retire,
            since: rfc3339(value.since()),
            overdue,
            to: value.to.iter().map(KnowerView::from).collect(),
        }
    }
}

impl<'a> From<&'a Knower> for KnowerView<'a> {
    fn from(knower: &'a Knower) -> Self {
        Self {
            member: &knower.member,
            device: knower.device.as_ref(),
            recipient: &knower.recipient,
            made: knower.made.as_ref(),
            why: knower.why.as_str(),
            since: rfc3339(knower.since),
            through: knower.through.as_ref().map(|through| &through.secret),
        }
    }
}

impl<'a> From<&'a Waived> for WaivedValueView<'a> {
    fn from(waived: &'a Waived) -> Self {
        let Waived { secret, version, object, waiver } = waived;
        Self {
            secret,
            version: *version,
            id: *object,
            by: &waiver.by,
            at: rfc3339(waiver.at),
            reason: &waiver.reason,
        }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::identity::recipient_text::RecipientText;
    use crate::exposure::{ExposureCause, Through};
    use crate::report::view::testing::{Examples, ID, SHORT_ID, hold, json, name, secret};
    use crate::secret::waived::Waiver;
    use crate::time::UnixTime;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("exposed", reports)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn knower(why: ExposureCause) -> Knower {
        Knower {
            member: name("backend"),
            device: None,
            recipient: RecipientText::new("age1x"),
            made: None,
            why,
            since: UnixTime::from_secs(1_800_000_000),
            through: None,
        }
    }

    fn reports() -> Vec<Value> {
        use ExposureCause::{KeyRemoved, LetReaderIn, MemberRemoved, NeverAllowed, NoRight};
        let mut to: Vec<Knower> =
            [MemberRemoved, KeyRemoved, NoRight, NeverAllowed].map(knower).into();
        to.push(Knower {
            device: Some(name("laptop")),
            made: Some(name("ci")),
            through: Some(Through { secret: secret(), in_force: true }),
            ..knower(LetReaderIn)
        });
        let object = ObjectId(ID.0);
        let (rotation, to_retire) = (None, false);
        let current = Exposed { secret: secret(), version: 2, object, rotation, to_retire, to };
        let rotation = Some(RotationId(SHORT_ID.0));
        let ready = Exposed { version: 0, rotation, ..current.clone() };
        let old = Exposed { to_retire: true, ..current.clone() };
        let values = [current, ready, old];
        let waiver = Waiver {
            by: name("admin"),
            at: UnixTime::from_secs(1_800_000_000),
            reason: "an example".to_owned(),
        };
        let waived = [Waived { secret: secret(), version: 1, object: ObjectId(ID.0), waiver }];
        let uncompared = Uncompared::from([(secret(), BTreeSet::from([0, 3]))]);
        let view = ExposedView::of(&values, |_| true, &waived, &uncompared);
        assert_eq!(view.overdue, 3);
        vec![json(&view)]
    }
}
