//! What an attacker does to a file, and what is noted of it: who signed what, by which key.

use super::members;
use super::policies;
use crate::crypto::bytes::Fixed;
use crate::crypto::id::{ObjectId, PolicyId};
use crate::crypto::sign::SigningKey;
use crate::file::format;
use crate::file::model::VaultFile;
use crate::log::entry::Entry;
use crate::log::op::Op;
use crate::time::UnixTime;
use std::collections::{BTreeMap, BTreeSet};

/// The kinds of edits, as they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Flip,
    Drop,
    Swap,
    Relabel,
    ReplayPart,
    ReplayFile,
    Restate,
    Resign,
    Text,
    Write,
    TakeAway,
    Rewrap,
    Rule,
    Fork,
    Leave,
    Feign,
}

impl Kind {
    pub const ALL: [Self; 16] = [
        Self::Flip,
        Self::Drop,
        Self::Swap,
        Self::Relabel,
        Self::ReplayPart,
        Self::ReplayFile,
        Self::Restate,
        Self::Resign,
        Self::Text,
        Self::Write,
        Self::TakeAway,
        Self::Rewrap,
        Self::Rule,
        Self::Fork,
        Self::Leave,
        Self::Feign,
    ];

    /// Those by somebody's key.
    pub const SIGNED: [Self; 6] =
        [Self::Write, Self::TakeAway, Self::Rewrap, Self::Rule, Self::Leave, Self::ReplayFile];

    pub const fn words(self) -> &'static str {
        match self {
            Self::Flip => "a bit of a record changed",
            Self::Drop => "a record dropped",
            Self::Swap => "records swapped, or moved to another secret",
            Self::Relabel => "a record relabelled",
            Self::ReplayPart => "an older part replayed",
            Self::ReplayFile => "an older file replayed",
            Self::Restate => "an entry restated under its signature",
            Self::Resign => "an entry signed by another key",
            Self::Text => "lines dropped, doubled, moved, changed",
            Self::Write => "a value put",
            Self::TakeAway => "a version removed, pruned, revived, put off; a field stated",
            Self::Rewrap => "a version wrapped anew",
            Self::Rule => "the policy changed",
            Self::Fork => "the policy changed from an earlier state",
            Self::Leave => "a member leaves, with heads of its choice",
            Self::Feign => "a policy entry restated, or signed in another's name",
        }
    }
}

/// An edit: its kind, and numbers from which it takes what it needs.
#[derive(Debug, Clone)]
pub struct Edit {
    pub kind: Kind,
    pub n: [u16; 6],
}

impl Edit {
    pub fn pick<T: Clone>(&self, at: usize, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[usize::from(self.n[at]) % of.len()].clone())
    }

    /// Whether a number falls among the first so many of ten.
    pub fn often(&self, at: usize, of_ten: u16) -> bool {
        self.n[at] % 10 < of_ten
    }
}

/// What somebody did by a key of theirs, in their own name.
#[derive(Debug, Clone)]
pub struct Act {
    pub by: &'static str,
    pub secret: usize,
    /// The version that it puts.
    pub object: Option<ObjectId>,
}

/// A file under attack.
pub struct Forged<'a> {
    pub states: &'a [VaultFile],
    pub file: VaultFile,
    /// Its text, once that is edited as such.
    pub text: Option<String>,
    pub acts: Vec<Act>,
    /// Versions that were sealed so that they give no value.
    pub broken: BTreeSet<ObjectId>,
    /// Who made the policy entries that are not honest, whatever these say.
    pub enacted: BTreeMap<PolicyId, BTreeSet<&'static str>>,
    /// Keys that attackers put into members, each with the attacker and the member.
    pub planted: Vec<(&'static str, &'static str, SigningKey)>,
    /// Whether something was left out, or an older state taken.
    pub drops: bool,
}

impl<'a> Forged<'a> {
    pub fn new(states: &'a [VaultFile], file: VaultFile) -> Self {
        Self {
            states,
            file,
            text: None,
            acts: Vec::new(),
            broken: BTreeSet::new(),
            enacted: BTreeMap::new(),
            planted: Vec::new(),
            drops: false,
        }
    }

    pub fn text(&self) -> String {
        self.text.clone().unwrap_or_else(|| format::write(&self.file.clone().rekeyed()))
    }

    pub fn apply(&mut self, edit: &Edit) {
        if let Some(text) = &self.text {
            // What was edited as text goes on as records where it is still read.
            match crate::merge::blended::loose(text) {
                Ok(file) if edit.kind != Kind::Text => (self.file, self.text) = (file, None),
                Ok(_) => {}
                Err(_) => return self.edit_text(edit),
            }
        }
        match edit.kind {
            Kind::Flip => self.flip(edit),
            Kind::Drop => self.drop(edit),
            Kind::Swap => self.swap(edit),
            Kind::Relabel => self.relabel(edit),
            Kind::ReplayPart => self.replay_part(edit),
            Kind::ReplayFile => self.replay_file(edit),
            Kind::Restate => self.restate(edit),
            Kind::Resign => self.resign(edit),
            Kind::Text => self.edit_text(edit),
            Kind::Write => members::write(self, edit),
            Kind::TakeAway => members::take_away(self, edit),
            Kind::Rewrap => members::rewrap(self, edit),
            Kind::Rule => policies::rule(self, edit),
            Kind::Fork => policies::fork(self, edit),
            Kind::Leave => policies::leave(self, edit),
            Kind::Feign => policies::feign(self, edit),
        }
    }

    /// Notes what an entry does by its signer's own key.
    pub fn owned(&mut self, entry: &Entry, by: &'static str) {
        for op in &entry.ops {
            let Some(of) = op.secret() else { continue };
            let Some(secret) = (0..4).find(|number| super::world::secret(*number) == *of) else {
                continue;
            };
            let object = match op {
                Op::Put(put) => Some(put.object),
                _ => None,
            };
            self.acts.push(Act { by, secret, object });
        }
    }

    pub fn insert(&mut self, entry: Entry) {
        self.file.entries.insert(entry.id(), entry);
    }
}

/// A policy that is in no chain, for entries that name one.
pub const NO_POLICY: PolicyId = PolicyId([5; 32]);
/// A signature that nobody made.
pub const NO_SIGNATURE: Fixed<64> = Fixed([0; 64]);
/// Far enough ahead.
pub const LATER: UnixTime = UnixTime::from_secs(9_000_000_000);
