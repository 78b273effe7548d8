//! The entries' graph: dense places in topological order, heads, and ancestry.
//!
//! A place is an entry's position in the order (lamport, id), which puts parents before children.

use super::base::Base;
use super::bits::Bits;
use super::closed::Closed;
use super::describe::short;
use super::entry::Entry;
use super::finding::{Finding, FindingCode, Subject};
use super::reach::{AncestorSets, Links};
use crate::crypto::id::EntryId;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

/// Why an entry is not rightly linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    ParentMissing { parent: EntryId },
    Lamport { stated: u64, expected: u64 },
}

/// The graph of a log. It owns no entries: [`Graph::in_order`] lines those of its log up.
#[derive(Debug, Clone)]
pub struct Graph {
    /// By place.
    ids: Vec<EntryId>,
    places: HashMap<EntryId, u32>,
    /// The place of each entry, in order of id.
    by_id: Vec<u32>,
    links: Links,
    /// Made when ancestry is first asked for, or by [`Graph::index`].
    reach: OnceLock<AncestorSets>,
    heads: Vec<usize>,
    flaws: BTreeMap<usize, Flaw>,
    /// What stands for the part that is closed, where the log is read without it.
    base: Option<Base>,
    /// Whether a parent of what is open is missing.
    gaps: bool,
}

impl Graph {
    /// The graph of a log without flaws in its links.
    ///
    /// # Errors
    /// A finding for each entry whose parent is missing or whose lamport number is wrong.
    pub fn build(entries: &BTreeMap<EntryId, Entry>) -> Result<Self, Vec<Finding>> {
        Self::build_upon(entries, None)
    }

    /// The same of a log that is read without what is closed, up to the entry that is stated.
    ///
    /// # Errors
    /// As [`Graph::build`].
    pub fn build_upon(
        entries: &BTreeMap<EntryId, Entry>,
        closed: Option<(&Closed, &EntryId)>,
    ) -> Result<Self, Vec<Finding>> {
        let graph = Self::inspect_upon(entries, closed);
        if graph.flaws.is_empty() { Ok(graph) } else { Err(graph.findings()) }
    }

    /// The graph of any log, for reporting: links that cannot hold are left out, and their entries
    /// are in [`Graph::flaw`].
    pub fn inspect(entries: &BTreeMap<EntryId, Entry>) -> Self {
        Self::inspect_upon(entries, None)
    }

    /// The same of a log that is read without what is closed, up to the entry that is stated.
    pub fn inspect_upon(
        entries: &BTreeMap<EntryId, Entry>,
        closed: Option<(&Closed, &EntryId)>,
    ) -> Self {
        let mut order: Vec<(u64, u32)> = Vec::with_capacity(entries.len());
        order.extend(entries.values().enumerate().map(|(rank, e)| (e.lamport, rank as u32)));
        order.sort_unstable();
        let mut by_id = vec![0; order.len()];
        for (place, (_, rank)) in order.iter().enumerate() {
            by_id[*rank as usize] = place as u32;
        }
        let ranked: Vec<(&EntryId, &Entry)> = entries.iter().collect();
        let ordered: Vec<_> = order.iter().map(|(_, rank)| ranked[*rank as usize]).collect();
        let ids: Vec<EntryId> = ordered.iter().map(|(id, _)| **id).collect();
        let places = ids.iter().enumerate().map(|(place, id)| (*id, place as u32)).collect();
        let mut base = closed.and_then(|(closed, last)| Base::new(closed, last, &places, entries));
        let Linked { links, flaws, gaps } = link(&ordered, &places, base.as_mut());
        let mut heads = heads(&links);
        if let Some(base) = &base {
            heads.retain(|place| !base.is_kept(*place) || *place == base.last());
        }
        Self { ids, places, by_id, reach: OnceLock::new(), links, heads, flaws, base, gaps }
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// By place.
    pub fn ids(&self) -> &[EntryId] {
        &self.ids
    }

    pub fn id(&self, place: usize) -> &EntryId {
        &self.ids[place]
    }

    pub fn place(&self, id: &EntryId) -> Option<usize> {
        self.places.get(id).map(|place| *place as usize)
    }

    /// The places of the parents, ascending.
    pub fn parents(&self, place: usize) -> impl DoubleEndedIterator<Item = usize> {
        self.links.of(place).iter().map(|parent| *parent as usize)
    }

    /// The places of the entries without children, ascending.
    pub fn heads(&self) -> &[usize] {
        &self.heads
    }

    pub fn flaw(&self, place: usize) -> Option<&Flaw> {
        self.flaws.get(&place)
    }

    /// Prepares answers about these entries and their ancestors alone: what nobody signed must not
    /// make the index of the rest larger or slower. Others are answered too, by walking. Has no effect
    /// once ancestry was asked for.
    pub fn index(&self, entries: impl Iterator<Item = usize>) {
        self.reach.get_or_init(|| AncestorSets::new(&self.links, self.links.closure(entries)));
    }

    /// What stands for the closed part.
    pub(crate) fn base(&self) -> Option<&Base> {
        self.base.as_ref()
    }

    /// Whether the entry is closed: its links are not in the file.
    pub fn is_kept(&self, place: usize) -> bool {
        self.base.as_ref().is_some_and(|base| base.is_kept(place))
    }

    /// Whether an open entry has a parent that is not there: closed, or taken out.
    pub fn has_gaps(&self) -> bool {
        self.gaps
    }

    /// Whether nobody can say without history what of the closed is before the entry.
    pub fn is_late(&self, place: usize) -> bool {
        self.base.as_ref().is_some_and(|base| base.is_late(place))
    }

    /// Whether `a` is a proper ancestor of `b`.
    pub(crate) fn ancestor(&self, a: usize, b: usize) -> bool {
        #[cfg(test)]
        asked::note();
        if let Some(known) = self.base.as_ref().and_then(|base| base.order(a, b)) {
            return known;
        }
        let all = || AncestorSets::new(&self.links, self.links.closure(0..self.len()));
        self.reach.get_or_init(all).ancestor(&self.links, a, b)
    }

    /// `heads` and all their ancestors; ids that are not in the log are left out.
    pub(crate) fn ancestry<'a>(&self, heads: impl IntoIterator<Item = &'a EntryId>) -> Bits {
        self.links.closure(heads.into_iter().filter_map(|id| self.place(id)))
    }

    /// The proper descendants of the entries at these places.
    pub fn descendants(&self, of: &[usize]) -> Bits {
        let mut from = Bits::new(self.len());
        of.iter().for_each(|place| _ = from.insert(*place));
        let mut below = Bits::new(self.len());
        for place in of.iter().min().map_or(0..0, |first| *first..self.len()) {
            if self.parents(place).any(|parent| from.get(parent) || below.get(parent)) {
                below.insert(place);
            }
        }
        below
    }

    /// Those of `set` that are no ancestor of another of it.
    pub(crate) fn tops(&self, set: &Bits) -> Vec<usize> {
        let mut covered = Bits::new(self.len());
        let mut tops = Vec::new();
        for place in (0..self.len()).rev() {
            let inside = set.get(place);
            if inside && !covered.get(place) {
                tops.push(place);
            }
            if inside || covered.get(place) {
                self.parents(place).for_each(|parent| _ = covered.insert(parent));
            }
        }
        tops.reverse();
        tops
    }

    /// The log's entries by place; `entries` is what the graph was built of.
    pub(crate) fn in_order<'a>(&self, entries: &'a BTreeMap<EntryId, Entry>) -> Vec<&'a Entry> {
        let ranked: Vec<&Entry> = entries.values().collect();
        let mut ordered = ranked.clone();
        for (entry, place) in ranked.iter().zip(&self.by_id) {
            ordered[*place as usize] = entry;
        }
        ordered
    }

    /// A finding for each flaw.
    pub fn findings(&self) -> Vec<Finding> {
        self.flaws.iter().map(|(place, flaw)| flaw_finding(&self.ids[*place], flaw)).collect()
    }
}

type Places = HashMap<EntryId, u32>;

struct Linked {
    links: Links,
    flaws: BTreeMap<usize, Flaw>,
    gaps: bool,
}

/// With a base the links of what is kept are not looked at, and of others those to what is kept lead to the
/// last of it alone, which stands for all.
fn link(ordered: &[(&EntryId, &Entry)], places: &Places, mut base: Option<&mut Base>) -> Linked {
    let (mut links, mut flaws, mut gaps) = (Links::default(), BTreeMap::new(), false);
    let mut parents: Vec<u32> = Vec::new();
    for (place, (_, entry)) in ordered.iter().enumerate() {
        parents.clear();
        parents.extend(entry.parents.iter().filter_map(|id| places.get(id)));
        let is_judged = match base.as_deref_mut() {
            None => true,
            Some(base) if base.is_kept(place) => {
                parents.clear();
                false
            }
            Some(base) => {
                let is_whole = settles(base, place, entry, &parents);
                gaps |= !is_whole;
                is_whole
            }
        };
        if is_judged && let Some(flaw) = flaw(entry, &parents, ordered, places) {
            flaws.insert(place, flaw);
        }
        if let Some(base) = base.as_deref() {
            let last = base.last();
            parents.retain(|p| !base.is_kept(*p as usize) || *p as usize == last);
        }
        links.push(&mut parents);
    }
    Linked { links, flaws, gaps }
}

/// Takes note whether the open entry at `place` is after all that is closed; `parents` are those that are there.
/// Returns whether that is all of them.
fn settles(base: &mut Base, place: usize, entry: &Entry, parents: &[u32]) -> bool {
    let is_after = |parent: &u32| {
        let parent = *parent as usize;
        parent == base.last() || base.is_settled(parent)
    };
    if parents.iter().any(is_after) {
        base.settle(place);
    }
    // What is missing may be closed: who has the history can say.
    parents.len() == entry.parents.len()
}

fn flaw(
    entry: &Entry,
    parents: &[u32],
    ordered: &[(&EntryId, &Entry)],
    places: &Places,
) -> Option<Flaw> {
    if let Some(parent) = entry.parents.iter().find(|id| !places.contains_key(*id)) {
        return Some(Flaw::ParentMissing { parent: *parent });
    }
    let greatest = parents.iter().map(|parent| ordered[*parent as usize].1.lamport).max();
    let (stated, expected) = (entry.lamport, greatest.unwrap_or(0).saturating_add(1));
    (stated != expected).then_some(Flaw::Lamport { stated, expected })
}

fn heads(links: &Links) -> Vec<usize> {
    let mut parents = Bits::new(links.len());
    for place in 0..links.len() {
        links.of(place).iter().for_each(|parent| _ = parents.insert(*parent as usize));
    }
    (0..links.len()).filter(|place| !parents.get(*place)).collect()
}

fn flaw_finding(id: &EntryId, flaw: &Flaw) -> Finding {
    let subject = Subject::Entry(*id);
    match flaw {
        Flaw::ParentMissing { parent } => Finding::new(
            FindingCode::ParentMissing,
            subject,
            format!("entry {} follows {}, which is not in the log", short(id), short(parent)),
        )
        .hint("git log -p -- .v-secure/vault.toml"),
        Flaw::Lamport { stated, expected } => Finding::new(
            FindingCode::LamportWrong,
            subject,
            format!("entry {} says lamport {stated} where its parents give {expected}", short(id)),
        ),
    }
}
/// How often it was asked which entry is an ancestor, so that tests can hold cost to a number.
#[cfg(test)]
pub(crate) mod asked {
    use std::cell::Cell;

    thread_local! { static ASKED: Cell<usize> = const { Cell::new(0) }; }

    pub fn note() {
        ASKED.set(ASKED.get() + 1);
    }

    /// By this thread since the last time.
    pub fn take() -> usize {
        ASKED.take()
    }
}
