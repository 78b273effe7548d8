//! What changed of secrets: their values, names, expiries and fields, and which entry of the log did it.

use super::{About, By, Item, What, rotation};
use crate::convert::duration::rfc3339;
use crate::crypto::id::{EntryId, ObjectId};
use crate::log::history::RowStatus;
use crate::log::op::Op;
use crate::log::register::At;
use crate::log::state::{SecretState, Version};
use crate::name::SecretName;
use crate::report::history::HistoryRow;
use crate::vault::Vault;
use std::collections::{BTreeMap, BTreeSet};

/// `rows` are those of the new state that the old one does not have, newest first.
pub(super) fn items(old: &Vault, new: &Vault, rows: &[HistoryRow]) -> Vec<Item> {
    let case = Case::of(old, new, rows);
    let states = [old, new].map(|vault| vault.state().secrets.keys());
    let names: BTreeSet<&SecretName> = states.into_iter().flatten().collect();
    let origins: BTreeMap<&SecretName, Origin<'_>> =
        names.iter().filter_map(|name| Some((*name, case.origin(name)?))).collect();
    let moved: BTreeSet<&SecretName> =
        origins.values().filter(|origin| origin.is_gone).map(|origin| origin.secret).collect();
    let mut items = Vec::new();
    for name in names {
        match (case.current(old, name), case.current(new, name)) {
            (None, Some(is)) => items.push(case.begun(name, is, origins.get(name))),
            (Some(was), None) if !moved.contains(name) => items.push(case.ended(name, was)),
            (Some(was), Some(is)) => items.extend(case.kept(name, was, is)),
            _ => {}
        }
        items.extend(case.rotation(name));
    }
    items
}

struct Case<'a> {
    old: &'a Vault,
    new: &'a Vault,
    /// The last new row that counts, by what it does to which secret.
    last: BTreeMap<(&'a SecretName, &'static str), (usize, &'a HistoryRow)>,
    /// Whose a version is.
    owners: BTreeMap<ObjectId, &'a SecretName>,
}

/// A secret that another one has its value from.
struct Origin<'a> {
    secret: &'a SecretName,
    /// Whether it was there and no longer is.
    is_gone: bool,
}

/// A secret with its current version.
#[derive(Clone, Copy)]
struct Current<'a> {
    state: &'a SecretState,
    version: &'a Version,
}

impl<'a> Case<'a> {
    fn of(old: &'a Vault, new: &'a Vault, rows: &'a [HistoryRow]) -> Self {
        let mut last = BTreeMap::new();
        let counting = rows.iter().enumerate().filter(|(_, r)| r.status == RowStatus::Counting);
        for (place, row) in counting {
            let Some(secret) = &row.secret else { continue };
            last.entry((secret, row.action)).or_insert((place, row));
        }
        let secrets = new.state().secrets.iter();
        let owners = secrets.flat_map(|(name, state)| {
            state.versions.iter().map(move |version| (version.object, name))
        });
        Self { old, new, last, owners: owners.collect() }
    }

    fn current(&self, vault: &'a Vault, name: &SecretName) -> Option<Current<'a>> {
        let state = vault.secret(name)?;
        Some(Current { state, version: state.current()? })
    }

    /// Where a secret that is new has its value from.
    fn origin(&self, name: &SecretName) -> Option<Origin<'a>> {
        if self.current(self.old, name).is_some() {
            return None;
        }
        let is = self.current(self.new, name)?;
        let mut owners = is.version.same.iter().filter_map(|object| self.owners.get(object));
        let secret = owners.find(|owner| **owner != name)?;
        let was = self.current(self.old, secret).is_some();
        Some(Origin { secret, is_gone: was && self.current(self.new, secret).is_none() })
    }

    fn begun(&self, name: &SecretName, is: Current<'_>, origin: Option<&Origin<'_>>) -> Item {
        let known = self.old.secret(name).and_then(|state| state.version(&is.version.object));
        let what = match origin {
            _ if known.is_some() => What::Restored,
            Some(Origin { is_gone: true, .. }) => What::Renamed,
            Some(_) => What::Copied,
            None => What::Created,
        };
        let by = match what {
            What::Restored => self.last(name, &["restore", "expire"]),
            _ => self.by(&is.version.entry),
        };
        let brings = matches!(what, What::Created | What::Restored);
        Item {
            before: origin.filter(|_| known.is_none()).map(|origin| origin.secret.to_string()),
            after: Some(version(is.version)),
            by,
            new_value: brings.then_some(is.version.object),
            ..Item::new(About::Secret(name.clone()), what)
        }
    }

    fn ended(&self, name: &SecretName, was: Current<'_>) -> Item {
        Item {
            before: Some(version(was.version)),
            by: self.last(name, &["remove", "prune"]),
            old_value: Some(was.version.object),
            ..Item::new(About::Secret(name.clone()), What::Removed)
        }
    }

    fn kept(&self, name: &SecretName, was: Current<'_>, is: Current<'_>) -> Vec<Item> {
        let about = || About::Secret(name.clone());
        let mut items = Vec::new();
        match was.version.object == is.version.object {
            false => items.push(self.other_version(name, was, is)),
            true => items.extend(self.same_version(name, was.version, is.version)),
        }
        if is.state.is_conflict() && !was.state.is_conflict() {
            let active: Vec<String> = is.state.active().map(version).collect();
            let by = self.by(&is.version.entry);
            let after = Some(active.join(", "));
            items.push(Item { after, by, ..Item::new(about(), What::Conflict) });
        }
        items.extend(self.pruned(name, was.state, is.state));
        items.extend(self.fields(name, was.state, is.state));
        items
    }

    fn other_version(&self, name: &SecretName, was: Current<'_>, is: Current<'_>) -> Item {
        let what = self.new_value(was, is);
        let by = match what {
            What::Resolved => self.last(name, &["resolve", "remove", "put", "restore"]),
            _ if was.state.version(&is.version.object).is_some() => {
                self.last(name, &["resolve", "remove", "restore", "prune"])
            }
            _ => self.by(&is.version.entry),
        };
        let other = what != What::Reencrypted;
        Item {
            before: Some(version(was.version)),
            after: Some(version(is.version)),
            by,
            old_value: other.then_some(was.version.object),
            new_value: other.then_some(is.version.object),
            ..Item::new(About::Secret(name.clone()), what)
        }
    }

    fn new_value(&self, was: Current<'_>, is: Current<'_>) -> What {
        let known = was.state.version(&is.version.object).is_some();
        let same = same_values(is.state, is.version);
        match () {
            () if known && was.state.is_conflict() => What::Resolved,
            () if known => What::RolledBack,
            () if same.contains(&was.version.object) => What::Reencrypted,
            () if same.iter().any(|object| was.state.version(object).is_some()) => What::RolledBack,
            () if self.is_rotation(is.version) => What::Rotated,
            () => What::Updated,
        }
    }

    fn is_rotation(&self, version: &Version) -> bool {
        let puts = |op: &Op| match op {
            Op::Put(put) => put.object == version.object,
            Op::Promote(promote) => promote.object == version.object,
            _ => false,
        };
        let entry = self.new.file().entries.get(&version.entry);
        let op = entry.and_then(|entry| entry.ops.iter().position(puts));
        let at = self.new.graph().place(&version.entry).zip(op);
        at.is_some_and(|(place, op)| self.new.standings().is_rotation(At::new(place, op)))
    }

    fn same_version(&self, name: &SecretName, was: &Version, is: &Version) -> Vec<Item> {
        let item = |what| Item::new(About::Secret(name.clone()), what);
        let mut items = Vec::new();
        if was.expires != is.expires {
            let at = |version: &Version| version.expires.map(rfc3339);
            let by = self.last(name, &["expire"]);
            items.push(Item { before: at(was), after: at(is), by, ..item(What::Expiry) });
        }
        if was.live_wrap.wrap != is.live_wrap.wrap {
            let by = self.by(&is.live_wrap.entry);
            items.push(Item { after: Some(version(is)), by, ..item(What::Rewrapped) });
        }
        items
    }

    fn rotation(&self, name: &SecretName) -> Option<Item> {
        let words = |vault: &Vault| vault.secret(name).and_then(rotation::words);
        let (before, after) = (words(self.old), words(self.new));
        if before == after {
            return None;
        }
        let by = self.last(name, &["pending", "rollout", "abort", "retire", "promote"]);
        let item = Item::new(About::Secret(name.clone()), What::Rotation);
        Some(Item { before, after, by, ..item })
    }

    fn pruned(&self, name: &SecretName, was: &SecretState, is: &SecretState) -> Option<Item> {
        let kept = |version: &&Version| was.version(&version.object).is_some_and(|v| !v.pruned);
        let gone = is.versions.iter().filter(|version| version.pruned).filter(kept);
        let gone: Vec<String> = gone.map(version).collect();
        if gone.is_empty() {
            return None;
        }
        let by = self.last(name, &["prune"]);
        let item = Item::new(About::Secret(name.clone()), What::Pruned);
        Some(Item { before: Some(gone.join(", ")), by, ..item })
    }

    fn fields(&self, name: &SecretName, was: &SecretState, is: &SecretState) -> Vec<Item> {
        let fields: BTreeSet<&String> = was.fields.keys().chain(is.fields.keys()).collect();
        let differs = fields.into_iter().filter_map(|field| {
            let (before, after) = (was.field(field), is.field(field));
            let what = match (before, after) {
                (None, Some(_)) => What::Added,
                (Some(_), None) => What::Removed,
                (before, after) if before != after => What::Changed,
                _ => return None,
            };
            let about = About::Field { secret: name.clone(), field: field.clone() };
            let by = is.fields.get(field).and_then(|register| self.by(&register.entry));
            let [before, after] = [before, after].map(|text| text.map(str::to_owned));
            Some(Item { before, after, by, ..Item::new(about, what) })
        });
        differs.collect()
    }

    /// The latest new op of these kinds on a secret.
    fn last(&self, name: &SecretName, actions: &[&'static str]) -> Option<By> {
        let found = actions.iter().filter_map(|action| self.last.get(&(name, *action)));
        let (_, row) = found.min_by_key(|(place, _)| *place)?;
        self.by(&row.id.into())
    }

    /// `None` for an entry of both states, which changed nothing between them.
    fn by(&self, id: &EntryId) -> Option<By> {
        if self.old.file().entries.contains_key(id) {
            return None;
        }
        let entry = self.new.file().entries.get(id)?;
        Some(By {
            who: entry.actor.to_string(),
            when: entry.ts,
            reason: entry.reason.clone(),
            entry: (*id).into(),
        })
    }
}

/// The versions that are said to hold the value of this one, and what is said of these.
fn same_values(state: &SecretState, version: &Version) -> BTreeSet<ObjectId> {
    let (mut found, mut next) = (BTreeSet::new(), version.same.clone());
    while let Some(object) = next.pop() {
        if found.insert(object) {
            next.extend(state.version(&object).iter().flat_map(|version| &version.same).copied());
        }
    }
    found
}

fn version(version: &Version) -> String {
    format!("version {}", version.number)
}
