//! What rotations made ready that nobody promoted and no open rotation is about to bring.
//!
//! Nobody is served it, so it goes at once when it is retired, and `retention.days` after what ended its rotations;
//! both on the word of its own author, or of a member who could delete it. Without such a word it stays: to call a
//! rotation off takes no right to delete what another made ready.

use super::PruneCause;
use super::deleters::could_delete;
use crate::crypto::id::{EntryId, ObjectId};
use crate::log::entry::Entry;
use crate::log::op::Op;
use crate::log::register::At;
use crate::log::rotation::{Rotation, RotationState};
use crate::log::state::{SecretState, Version};
use crate::name::{Name, SecretName};
use crate::time::UnixTime;
use crate::vault::Vault;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// The counting retires of each version: most vaults have none, and are not asked.
type Retires<'a> = HashMap<(&'a SecretName, &'a ObjectId), Vec<EntryId>>;

pub(super) struct Left<'a> {
    vault: &'a Vault,
    /// Whether what is retired goes.
    retired: bool,
    /// What ended before this second goes.
    oldest: Option<UnixTime>,
    retires: OnceCell<Retires<'a>>,
}

impl<'a> Left<'a> {
    pub fn new(vault: &'a Vault, retired: bool, oldest: Option<UnixTime>) -> Self {
        Self { vault, retired, oldest, retires: OnceCell::new() }
    }

    /// What of a secret's is due.
    pub fn due<'v>(
        &self,
        name: &SecretName,
        secret: &'v SecretState,
    ) -> Vec<(&'v Version, PruneCause)> {
        let Some(state) = &secret.rotation else { return Vec::new() };
        let open: HashSet<&ObjectId> = secret.open_rotations().flat_map(|of| &of.objects).collect();
        let left = state.held.iter().filter(|version| !open.contains(&version.object));
        let ended = if self.oldest.is_some() { self.all_ended(name, state) } else { Vec::new() };
        let ends = by_object(&ended);
        let why = |version: &Version| match () {
            () if self.is_retired(name, version) => Some(PruneCause::Versions),
            () if self.is_over(&ends, version) => Some(PruneCause::Days),
            () => None,
        };
        left.filter_map(|version| Some((version, why(version)?))).collect()
    }

    fn is_retired(&self, name: &SecretName, version: &Version) -> bool {
        if !self.retired || !version.retired {
            return false;
        }
        let all = self.retires.get_or_init(|| retires(self.vault));
        let mut retires = all.get(&(name, &version.object)).into_iter().flatten();
        retires.any(|id| {
            let by = self.entry(id);
            by.is_some_and(|by| by.1.actor == version.author || self.could_delete(name, by))
        })
    }

    /// Whether the latest of what ended it is long enough ago, by what the authors' clocks said: each of its
    /// rotations must have ended on a word that is believed, or calling the last one off would delete it.
    fn is_over(&self, ends: &Ends<'_>, version: &Version) -> bool {
        let ended = ends.get(&version.object).into_iter().flatten();
        let ended: Option<Vec<UnixTime>> = ended.map(|ended| ended.of(&version.author)).collect();
        let last = ended.and_then(|ended| ended.into_iter().max());
        last.zip(self.oldest).is_some_and(|(last, oldest)| last < oldest)
    }

    /// By rotation.
    fn all_ended<'v>(
        &self,
        name: &SecretName,
        state: &'v RotationState,
    ) -> Vec<(&'v Rotation, Ended<'a>)> {
        let rotations = state.rotations.iter();
        rotations.map(|rotation| (rotation, self.ended(name, rotation))).collect()
    }

    fn ended(&self, name: &SecretName, rotation: &Rotation) -> Ended<'a> {
        let mut ended = Ended::default();
        for (place, entry) in rotation.ended_by.iter().filter_map(|id| self.entry(id)) {
            let by = ended.by_author.entry(&entry.actor).or_insert(entry.ts);
            *by = entry.ts.max(*by);
            if self.could_delete(name, (place, entry)) {
                ended.by_deleters = ended.by_deleters.max(Some(entry.ts));
            }
        }
        ended
    }

    fn entry(&self, id: &EntryId) -> Option<(usize, &'a Entry)> {
        self.vault.graph().place(id).zip(self.vault.file().entries.get(id))
    }

    fn could_delete(&self, name: &SecretName, (place, entry): (usize, &Entry)) -> bool {
        let position = self.vault.standings().position(place);
        position.is_some_and(|at| could_delete(self.vault, name, &entry.actor, at, place))
    }
}

/// When a rotation ended, by the latest of what the clocks of those say who may say it.
#[derive(Default)]
struct Ended<'a> {
    by_deleters: Option<UnixTime>,
    /// Each of their own versions.
    by_author: HashMap<&'a Name, UnixTime>,
}

impl Ended<'_> {
    fn of(&self, author: &Name) -> Option<UnixTime> {
        self.by_deleters.max(self.by_author.get(author).copied())
    }
}

/// By version: what ended each of its rotations.
type Ends<'a> = HashMap<&'a ObjectId, Vec<&'a Ended<'a>>>;

fn by_object<'a>(ended: &'a [(&'a Rotation, Ended<'a>)]) -> Ends<'a> {
    let mut ends: Ends<'_> = HashMap::new();
    for (rotation, ended) in ended {
        rotation.objects.iter().for_each(|o| ends.entry(o).or_default().push(ended));
    }
    ends
}

fn retires(vault: &Vault) -> Retires<'_> {
    let mut retires: Retires<'_> = HashMap::new();
    for (place, entry) in vault.graph().in_order(&vault.file().entries).into_iter().enumerate() {
        for (index, op) in entry.ops.iter().enumerate() {
            let Op::Retire(of) = op else { continue };
            if vault.standings().counts(At::new(place, index)) {
                let id = *vault.graph().id(place);
                of.objects
                    .iter()
                    .for_each(|o| retires.entry((&of.secret, o)).or_default().push(id));
            }
        }
    }
    retires
}
