//! `key rotate`: what it did or would do, and what is left for whom.

use crate::convert::duration::rfc3339;
use crate::crypto::id::EpochId;
use crate::keys::rotation::dek::{DekPlan, LeftCause, Skipped};
use crate::keys::rotation::kek::{KekOutcome, KekPlan, Left, Renewed};
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::report::view::lacks::KeyLacksView;
use crate::time::UnixTime;
use serde::Serialize;

#[derive(Debug, Default, Serialize)]
pub struct KeyRotateView {
    pub dry_run: bool,
    pub audiences: Vec<RotatedAudienceView>,
    /// Secrets whose values were encrypted anew.
    pub secrets: Vec<SecretName>,
    pub left: Vec<UnrotatedView>,
    #[serde(flatten)]
    pub lacks: KeyLacksView,
    /// When the schedule wants something next, where nothing was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct RotatedAudienceView {
    pub audience: AudienceName,
    /// The new epoch; none where it was only planned.
    pub epoch: Option<EpochId>,
}

/// Something that was asked for and not done.
#[derive(Debug, Serialize)]
pub struct UnrotatedView {
    pub audience: Option<AudienceName>,
    pub secret: Option<SecretName>,
    pub why: &'static str,
    pub able: Vec<Name>,
    /// Whether somebody else could do it.
    #[serde(skip)]
    pub for_others: bool,
}

impl KeyRotateView {
    /// Of what would be done.
    pub fn planned(keks: Option<KekPlan>, deks: Option<DekPlan>) -> Self {
        let mut view = Self { dry_run: true, ..Self::default() };
        let KekPlan { renew, propose, left } = keks.unwrap_or_default();
        let planned = |audience| RotatedAudienceView { audience, epoch: None };
        view.audiences = renew.into_iter().chain(propose).map(planned).collect();
        view.left.extend(left.into_iter().map(UnrotatedView::from));
        view.add_deks(deks.unwrap_or_default());
        view
    }

    /// Of a schedule by which nothing is due until `next`, in seconds since the Unix epoch.
    pub fn idle(dry_run: bool, next: Option<UnixTime>) -> Self {
        Self { dry_run, next_due: next.map(rfc3339), ..Self::default() }
    }

    pub fn add_keks(&mut self, outcome: KekOutcome) {
        let KekOutcome { renewed, left, short } = outcome;
        self.lacks = KeyLacksView::from(&short);
        self.audiences.extend(renewed.into_iter().map(RotatedAudienceView::from));
        self.left.extend(left.into_iter().map(UnrotatedView::from));
    }

    pub fn add_deks(&mut self, plan: DekPlan) {
        self.secrets.extend(plan.rotate);
        self.left.extend(plan.skipped.into_iter().map(UnrotatedView::from));
    }
}

impl From<Renewed> for RotatedAudienceView {
    fn from(Renewed { audience, epoch }: Renewed) -> Self {
        Self { audience, epoch: Some(epoch) }
    }
}

impl From<Left> for UnrotatedView {
    fn from(Left { audience, able, is_proposable }: Left) -> Self {
        let why = match is_proposable {
            true => "to-propose",
            false => LeftCause::NotPermitted.as_str(),
        };
        Self { audience: Some(audience), secret: None, why, able, for_others: true }
    }
}

impl From<Skipped> for UnrotatedView {
    fn from(Skipped { secret, why, able }: Skipped) -> Self {
        let (for_others, why) = (why.is_for_others(), why.as_str());
        Self { audience: None, secret: Some(secret), why, able, for_others }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::lacks;
    use crate::report::view::testing::{Examples, SHORT_ID, hold, json, name, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("key-rotate", rotations)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn deks() -> DekPlan {
        use LeftCause::{
            Conflict, DoesNotOpen, Expired, InRotation, NoKeys, NotPermitted, Unreadable,
        };
        let causes = [NotPermitted, Unreadable, NoKeys, Conflict, InRotation, Expired, DoesNotOpen];
        let skipped =
            causes.map(|why| Skipped { secret: secret(), why, able: vec![name("admin")] });
        DekPlan { rotate: vec![secret()], skipped: skipped.into() }
    }

    fn rotations() -> Vec<Value> {
        let keks = KekPlan { renew: vec![AudienceName::new("dev")], ..KekPlan::default() };
        let planned = KeyRotateView::planned(Some(keks), Some(deks()));
        let mut done = KeyRotateView::default();
        done.add_keks(KekOutcome {
            renewed: vec![Renewed {
                audience: AudienceName::new("dev"),
                epoch: EpochId(SHORT_ID.0),
            }],
            left: [false, true]
                .map(|is_proposable| Left {
                    audience: AudienceName::new("ops"),
                    able: vec![name("admin")],
                    is_proposable,
                })
                .into(),
            ..KekOutcome::default()
        });
        let [all, _] = lacks::examples();
        done.lacks = all;
        vec![
            json(&planned),
            json(&done),
            json(&KeyRotateView::idle(false, Some(UnixTime::from_secs(1_800_000_000)))),
        ]
    }

    #[test]
    fn what_somebody_else_could_do_is_told_apart() {
        let planned = KeyRotateView::planned(None, Some(deks()));
        let for_others: Vec<_> =
            planned.left.iter().filter(|left| left.for_others).map(|left| left.why).collect();
        assert_eq!(for_others, ["not-permitted", "unreadable"]);
    }
}
