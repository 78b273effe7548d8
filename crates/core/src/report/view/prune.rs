//! `prune`.

use crate::crypto::id::ObjectId;
use crate::name::{Name, SecretName};
use crate::secret::prune::{PruneDue, Shares, WaitingPrune};
use serde::Serialize;

#[derive(Serialize)]
pub struct PruneView<'a> {
    pub dry_run: bool,
    /// With `--dry-run`, what would be.
    pub pruned: Vec<PrunedVersionView<'a>>,
    pub waiting: Vec<WaitingPruneView<'a>>,
}

#[derive(Serialize)]
pub struct PrunedVersionView<'a> {
    pub secret: &'a SecretName,
    pub version: usize,
    pub id: ObjectId,
    /// `expired`, `versions`, `days` or `left-over`.
    pub why: &'static str,
}

/// What only others may prune.
#[derive(Serialize)]
pub struct WaitingPruneView<'a> {
    pub secret: &'a SecretName,
    pub versions: Vec<usize>,
    pub able: &'a [Name],
}

impl<'a> PruneView<'a> {
    pub fn of(dry_run: bool, shares: &'a Shares) -> Self {
        let waiting = shares.others.iter().map(|(secret, waiting)| {
            let WaitingPrune { due, able } = waiting;
            let versions = due.iter().map(|due| due.number).collect();
            WaitingPruneView { secret, versions, able }
        });
        let pruned = shares.own.iter().map(PrunedVersionView::from).collect();
        Self { dry_run, pruned, waiting: waiting.collect() }
    }
}

impl<'a> From<&'a PruneDue> for PrunedVersionView<'a> {
    fn from(due: &'a PruneDue) -> Self {
        Self { secret: &due.secret, version: due.number, id: due.object, why: due.why.as_str() }
    }
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, ID, hold, json, name, secret};
    use crate::secret::prune::PruneCause;
    use serde_json::Value;
    use std::collections::BTreeMap;

    pub(crate) const VIEWS: &[Examples] = &[("prune", prunings)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn prunings() -> Vec<Value> {
        use PruneCause::{Days, Expired, LeftOver, Versions};
        let due = |why| PruneDue { secret: secret(), number: 2, object: ObjectId(ID.0), why };
        let waiting = WaitingPrune { due: vec![due(Days)], able: vec![name("admin")] };
        let own = [Expired, Versions, Days, LeftOver].map(due).into();
        let shares = Shares { own, others: BTreeMap::from([(secret(), waiting)]) };
        vec![json(&PruneView::of(true, &shares))]
    }
}
