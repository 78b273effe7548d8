//! Who may do what, and what each secret's value may be, by causes alone.
//!
//! Written without entries, chains or the fold, so that it can contradict them: a write knows which others its
//! writer had heard of, and a change of the law which it had heard of where it was made.

use crate::policy::op::Right;
use std::collections::{BTreeMap, BTreeSet};

pub const SECRETS: [&str; 4] = ["dev/A", "dev/B", "prod/A", "prod/B"];

/// A write, and the version that it puts, numbered as they come.
pub type Number = usize;

/// Who is in which role, what roles may do, and how many owners must sign what only owners may do.
#[derive(Debug, Clone)]
pub struct Law {
    pub threshold: usize,
    pub roles: BTreeMap<&'static str, Vec<(&'static str, Vec<Right>)>>,
    pub members: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

impl Default for Law {
    fn default() -> Self {
        Self { threshold: 1, roles: BTreeMap::new(), members: BTreeMap::new() }
    }
}

impl Law {
    pub fn owners(&self) -> BTreeSet<&'static str> {
        let owns = |(_, roles): &(_, &BTreeSet<&str>)| roles.contains("owner");
        self.members.iter().filter(owns).map(|(member, _)| *member).collect()
    }

    pub fn may(&self, who: &str, right: Right, secret: &str) -> bool {
        let roles = self.members.get(who).into_iter().flatten();
        roles.into_iter().any(|role| {
            *role == "owner"
                || self.roles[role].iter().any(|(pattern, rights)| {
                    let matched = match pattern.strip_suffix('*') {
                        Some(prefix) => secret.starts_with(prefix),
                        None => *pattern == secret,
                    };
                    matched && rights.contains(&right)
                })
        })
    }
}

#[derive(Debug, Clone)]
pub enum Deed {
    Put,
    Remove(Vec<Number>),
    Prune(Vec<Number>),
}

#[derive(Debug, Clone)]
pub struct Write {
    pub by: &'static str,
    pub secret: usize,
    pub deed: Deed,
    /// What its writer had heard of.
    pub seen: BTreeSet<Number>,
    /// By which law.
    pub law: usize,
}

#[derive(Debug, Clone)]
pub struct Model {
    /// The laws, and what was known where each was made.
    pub laws: Vec<(Law, BTreeSet<Number>)>,
    pub writes: Vec<Write>,
    /// The writes that are spoken of.
    pub there: BTreeSet<Number>,
}

impl Model {
    /// What somebody says who has heard of these writes, by a law.
    pub fn at(&self, law: usize, heard: &BTreeSet<Number>) -> Self {
        let laws = self.laws[..=law].to_vec();
        Self { laws, writes: self.writes.clone(), there: heard.clone() }
    }

    /// Whether a member may put a secret: by the right to rotate alone only where it has a value now. What was
    /// removed does not come back by it.
    pub fn may_put(&self, law: usize, heard: &BTreeSet<Number>, who: &str, secret: usize) -> bool {
        let may = |right| self.laws[law].0.may(who, right, SECRETS[secret]);
        may(Right::Write) || (may(Right::Rotate) && !self.at(law, heard).active(secret).is_empty())
    }

    /// The versions that somebody pruned by a right that counts: whoever writes next drops their bytes.
    pub fn pruned(&self) -> BTreeSet<Number> {
        self.puts().filter(|version| !self.prunings(*version).is_empty()).collect()
    }

    /// The versions that are wanted, and not among those whose bytes are at hand.
    pub fn lost(&self, bytes: &BTreeSet<Number>) -> BTreeSet<Number> {
        let wanted = |version: &Number| self.counts(*version) && self.prunings(*version).is_empty();
        self.puts().filter(wanted).filter(|version| !bytes.contains(version)).collect()
    }

    fn puts(&self) -> impl Iterator<Item = Number> {
        let is_put = |number: &&Number| matches!(self.writes[**number].deed, Deed::Put);
        self.there.iter().filter(is_put).copied()
    }

    /// Whether the rights that a deed takes are there, by a law.
    fn authorised(&self, number: Number, law: usize, alone: bool) -> bool {
        let write = &self.writes[number];
        let secret = SECRETS[write.secret];
        let may = |right| self.laws[law].0.may(write.by, right, secret);
        match write.deed {
            Deed::Put => may(Right::Write) || (!alone && may(Right::Rotate)),
            Deed::Remove(_) | Deed::Prune(_) => may(Right::Delete),
        }
    }

    /// Whether a write holds: the first law that takes its right away knew of it.
    fn holds(&self, number: Number, alone: bool) -> bool {
        let from = self.writes[number].law;
        let ended = (from + 1..self.laws.len()).find(|law| !self.authorised(number, *law, alone));
        self.authorised(number, from, alone)
            && ended.is_none_or(|law| self.known(law).contains(&number))
    }

    /// What one law knew, no later one forgets.
    fn known(&self, law: usize) -> BTreeSet<Number> {
        self.laws[..=law].iter().flat_map(|(_, known)| known.iter().copied()).collect()
    }

    pub fn counts(&self, number: Number) -> bool {
        self.holds(number, false)
    }

    fn after(&self, later: Number, earlier: Number) -> bool {
        self.writes[later].seen.contains(&earlier)
    }

    fn of<'a>(&'a self, secret: usize) -> impl Iterator<Item = (Number, &'a Deed)> + 'a {
        let all = self.there.iter().map(|number| (*number, &self.writes[*number]));
        all.filter(move |(number, write)| write.secret == secret && self.counts(*number))
            .map(|(number, write)| (number, &write.deed))
    }

    /// The counting writes that remove a version.
    fn removals(&self, version: Number) -> Vec<Number> {
        let of = self.of(self.writes[version].secret);
        of.filter(|(_, deed)| matches!(deed, Deed::Remove(them) if them.contains(&version)))
            .map(|(number, _)| number)
            .collect()
    }

    fn prunings(&self, version: Number) -> Vec<Number> {
        let of = self.of(self.writes[version].secret);
        of.filter(|(_, deed)| matches!(deed, Deed::Prune(them) if them.contains(&version)))
            .map(|(number, _)| number)
            .collect()
    }

    /// The puts of a secret that replace what their writers saw.
    fn setters(&self, secret: usize) -> Vec<Number> {
        let mut setters: Vec<Number> = Vec::new();
        for (number, deed) in self.of(secret) {
            if matches!(deed, Deed::Put) && !self.is_overruled(number, &setters) {
                setters.push(number);
            }
        }
        setters
    }

    fn latest(&self, among: &[Number]) -> Vec<Number> {
        let is_last = |one: &&Number| !among.iter().any(|other| self.after(*other, **one));
        among.iter().filter(is_last).copied().collect()
    }

    /// A put by the right to rotate alone stands on what was active where it was written.
    fn is_overruled(&self, put: Number, setters: &[Number]) -> bool {
        if self.holds(put, true) {
            return false;
        }
        let seen: Vec<Number> =
            setters.iter().filter(|one| self.after(put, **one)).copied().collect();
        let bases = self.latest(&seen);
        if bases.is_empty() {
            let secret = self.writes[put].secret;
            return self
                .of(secret)
                .any(|(number, deed)| matches!(deed, Deed::Remove(_)) && !self.after(number, put));
        }
        !bases.iter().any(|base| {
            let pruned = self.prunings(*base).iter().any(|one| self.after(put, *one));
            // After the rotation, a removal takes it as well.
            let removed = self.removals(*base).iter().any(|one| !self.after(*one, put));
            !pruned && !removed
        })
    }

    /// The versions that are active.
    pub fn active(&self, secret: usize) -> BTreeSet<Number> {
        let setters = self.setters(secret);
        let there = |one: &Number| self.removals(*one).is_empty() && self.prunings(*one).is_empty();
        self.latest(&setters).into_iter().filter(there).collect()
    }
}
