//! What a change of policy brought besides itself.

use super::lacks::KeyLacksView;
use crate::keys::policy_change::{PolicyOutcome, Unsettled, WhyUnsettled};
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::people::recovery;
use serde::Serialize;

#[derive(Debug, Default, Serialize)]
pub struct EffectsView {
    /// Secrets that were wrapped for their new readers.
    pub settled: Vec<SecretName>,
    /// Secrets that a member who may not read had sealed, under the readers' key now.
    pub kept: Vec<SecretName>,
    /// Secrets that not all of their readers can open yet.
    pub unsettled: Vec<UnsettledSecretView>,
    /// Audiences that lack keys.
    pub without_keys: Vec<AudienceName>,
    #[serde(flatten)]
    pub lacks: KeyLacksView,
}

#[derive(Debug, Serialize)]
pub struct UnsettledSecretView {
    pub secret: SecretName,
    /// Who can settle it.
    pub able: Vec<Name>,
    /// Why it was not.
    pub why: &'static str,
}

impl From<&Unsettled> for UnsettledSecretView {
    fn from(left: &Unsettled) -> Self {
        Self { secret: left.secret.clone(), able: left.able.clone(), why: left.why.as_str() }
    }
}

impl UnsettledSecretView {
    /// Whether nobody can settle it with the keys at hand here.
    pub fn is_closed(&self) -> bool {
        self.why == WhyUnsettled::DoesNotOpen.as_str()
    }
}

impl From<&PolicyOutcome> for EffectsView {
    fn from(outcome: &PolicyOutcome) -> Self {
        Self {
            settled: outcome.settled.clone(),
            kept: outcome.kept.clone(),
            unsettled: outcome.unsettled.iter().map(UnsettledSecretView::from).collect(),
            without_keys: outcome.without_keys.clone(),
            lacks: KeyLacksView::from(&outcome.short),
        }
    }
}

impl EffectsView {
    pub fn is_complete(&self) -> bool {
        self.unsettled.is_empty() && self.without_keys.is_empty()
    }

    /// The secrets that wait for somebody's right or keys, and those that do not open.
    pub fn waiting(&self) -> (Vec<&UnsettledSecretView>, Vec<&UnsettledSecretView>) {
        self.unsettled.iter().partition(|left| !left.is_closed())
    }

    /// Those who can settle all that waits, and else those who can settle some of it.
    pub fn settlers(&self) -> Vec<&str> {
        let (waiting, _) = self.waiting();
        let everywhere = |name: &&Name| waiting.iter().all(|left| left.able.contains(name));
        let mut some: Vec<&Name> = waiting.iter().flat_map(|left| &left.able).collect();
        some.sort_unstable();
        some.dedup();
        let all: Vec<&Name> = some.iter().copied().filter(everywhere).collect();
        let able = if all.is_empty() { some } else { all };
        recovery::to_ask(able).into_iter().map(Name::as_str).collect()
    }
}

#[cfg(test)]
pub(super) use tests::examples;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::lacks;
    use crate::report::view::testing::{name, secret};

    /// With everything that there may be, and with nothing.
    pub fn examples() -> [EffectsView; 2] {
        let left = |why, able: &[&str]| {
            let able = able.iter().map(|text| name(text)).collect();
            UnsettledSecretView::from(&Unsettled { secret: secret(), able, why })
        };
        let [lacks, none] = lacks::examples();
        let all = EffectsView {
            settled: vec![secret()],
            kept: vec![secret()],
            unsettled: vec![
                left(WhyUnsettled::NotPermitted, &["admin", "second"]),
                left(WhyUnsettled::NoKeys, &["admin"]),
                left(WhyUnsettled::DoesNotOpen, &[]),
            ],
            without_keys: vec![AudienceName::new("dev")],
            lacks,
        };
        [all, EffectsView { lacks: none, ..EffectsView::default() }]
    }

    #[test]
    fn who_can_settle_all_of_it_is_asked_first() {
        let [all, none] = examples();
        assert_eq!(all.settlers(), ["admin"]);
        assert!(none.settlers().is_empty() && none.is_complete() && !all.is_complete());
        assert_eq!(all.waiting().1.len(), 1);
    }
}
