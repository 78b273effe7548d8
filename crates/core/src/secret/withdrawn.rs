//! What ops say to be withdrawn, whether or not they count: who wrote one that is void may have done what it says.

use crate::crypto::id::{ObjectId, RotationId};
use crate::log::op::{Op, Promote};
use crate::log::state::SecretState;
use crate::name::SecretName;
use crate::vault::Vault;
use std::collections::{BTreeSet, HashMap};

/// What is said in some vaults.
#[derive(Default)]
pub(super) struct Withdrawn<'a> {
    aborted: BTreeSet<(&'a SecretName, RotationId)>,
    retired: BTreeSet<(&'a SecretName, ObjectId)>,
}

impl<'a> Withdrawn<'a> {
    pub fn of(vaults: impl IntoIterator<Item = &'a Vault>) -> Self {
        let mut said = Self::default();
        let entries = vaults.into_iter().flat_map(|vault| vault.file().entries.values());
        for op in entries.flat_map(|entry| &entry.ops) {
            match op {
                Op::Abort(of) => _ = said.aborted.insert((&of.secret, of.rotation)),
                Op::Retire(of) => said.retired.extend(of.objects.iter().map(|o| (&of.secret, *o))),
                _ => {}
            }
        }
        said
    }

    /// Whether that is so of what is promoted, or of what holds its value by `state`.
    pub fn has(&self, promote: &Promote, state: &SecretState) -> bool {
        let secret = &promote.secret;
        self.aborted.contains(&(secret, promote.rotation))
            || alike(state, promote.object).iter().any(|o| self.retired.contains(&(secret, *o)))
    }
}

/// The versions that hold the same value, over any number of steps, it among them.
fn alike(state: &SecretState, object: ObjectId) -> BTreeSet<ObjectId> {
    let mut same: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    for version in &state.versions {
        for other in &version.same {
            same.entry(version.object).or_default().push(*other);
            same.entry(*other).or_default().push(version.object);
        }
    }
    let (mut found, mut open) = (BTreeSet::from([object]), vec![object]);
    while let Some(next) = open.pop() {
        let others = same.get(&next).into_iter().flatten();
        open.extend(others.filter(|other| found.insert(**other)));
    }
    found
}
