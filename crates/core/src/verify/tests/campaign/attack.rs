//! What an attacker does to a file: as somebody who edits it, without any member's key.

use super::history_file::{audiences, entries, records};
use super::members;
use super::world::WORLD;
use crate::crypto::bytes::Fixed;
use crate::crypto::id::{EntryId, EpochId, ObjectId, PolicyId, VaultId};
use crate::crypto::sign::Tag;
use crate::file::format;
use crate::file::model::{VaultFile, WrapKey};
use crate::log::entry::Entry;
use crate::log::op::Op;
use crate::time::UnixTime;
use std::collections::BTreeSet;

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
}

impl Kind {
    pub const ALL: [Self; 15] = [
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
            Self::TakeAway => "a version removed, pruned, revived, put off",
            Self::Rewrap => "a version wrapped anew",
            Self::Rule => "the policy changed",
            Self::Fork => "the policy changed from an earlier state",
            Self::Leave => "a member leaves, with heads of its choice",
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
    /// Whether something was left out, or an older state taken.
    pub drops: bool,
}

impl<'a> Forged<'a> {
    pub fn new(states: &'a [VaultFile], file: VaultFile) -> Self {
        Self { states, file, text: None, acts: Vec::new(), drops: false }
    }

    pub fn text(&self) -> String {
        self.text.clone().unwrap_or_else(|| format::write(&self.file))
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
            Kind::Rule => members::rule(self, edit),
            Kind::Fork => members::fork(self, edit),
            Kind::Leave => members::leave(self, edit),
        }
    }

    fn flip(&mut self, edit: &Edit) {
        let (bit, at) = (1 << (edit.n[2] % 8), usize::from(edit.n[3]));
        let flip = |bytes: &mut [u8]| {
            if let Some(length) = bytes.len().checked_sub(1) {
                bytes[at % (length + 1)] ^= bit;
            }
        };
        if edit.often(0, 2) {
            let Some(name) = edit.pick(1, &audiences(&self.file)) else { return };
            return flip(&mut self.file.audiences.get_mut(&name).unwrap().envelope);
        }
        let Some((uid, object)) = edit.pick(1, &records(&self.file)) else { return };
        let section = self.file.secrets.get_mut(&uid).unwrap();
        if edit.often(0, 7) {
            let version = section.versions.get_mut(&object).unwrap();
            match edit.n[4] % 4 {
                0 => flip(&mut version.ciphertext.0),
                1 => flip(&mut version.nonce.0),
                2 => flip(&mut version.commitment.0),
                _ => flip(&mut version.author.0),
            }
        } else if let Some(wrap) = section.wraps.values_mut().next() {
            match &mut wrap.key {
                WrapKey::Kek(bytes) | WrapKey::Sealed(bytes) => flip(&mut bytes.0),
            }
        }
    }

    fn drop(&mut self, edit: &Edit) {
        self.drops = true;
        match edit.n[0] % 6 {
            0 => {
                _ = edit.pick(1, &entries(&self.file)).and_then(|id| self.file.entries.remove(&id))
            }
            1 => self.drop_tail(edit),
            2 => {
                let Some((uid, object)) = edit.pick(1, &records(&self.file)) else { return };
                let section = self.file.secrets.get_mut(&uid).unwrap();
                section.versions.remove(&object);
                section.wraps.retain(|_, wrap| wrap.version != object);
                if section.versions.is_empty() {
                    self.file.secrets.remove(&uid);
                }
            }
            3 => {
                let Some((uid, object)) = edit.pick(1, &records(&self.file)) else { return };
                let section = self.file.secrets.get_mut(&uid).unwrap();
                section.wraps.retain(|_, wrap| wrap.version != object);
            }
            4 => {
                _ = edit
                    .pick(1, &audiences(&self.file))
                    .map(|name| self.file.audiences.remove(&name))
            }
            _ => {
                let at = 1 + usize::from(edit.n[1]) % self.file.chain.len();
                self.file.chain.truncate(at);
            }
        }
    }

    /// An entry with all that follows it, and what only these put: a state that may have been.
    fn drop_tail(&mut self, edit: &Edit) {
        let Some(id) = edit.pick(1, &entries(&self.file)) else { return };
        let mut gone = BTreeSet::from([id]);
        loop {
            let more: Vec<EntryId> = self
                .file
                .entries
                .iter()
                .filter(|(id, entry)| {
                    !gone.contains(id) && entry.parents.iter().any(|parent| gone.contains(parent))
                })
                .map(|(id, _)| *id)
                .collect();
            if more.is_empty() {
                break;
            }
            gone.extend(more);
        }
        self.file.entries.retain(|id, _| !gone.contains(id));
        members::forget_unnamed(&mut self.file);
        members::settle(&mut self.file);
    }

    fn swap(&mut self, edit: &Edit) {
        let all = records(&self.file);
        let (Some(one), Some(other)) = (edit.pick(0, &all), edit.pick(1, &all)) else { return };
        let get = |file: &VaultFile, (uid, id): &(_, ObjectId)| {
            file.secrets[uid].versions.get(id).cloned()
        };
        let (Some(a), Some(b)) = (get(&self.file, &one), get(&self.file, &other)) else { return };
        let mut put = |(uid, id): (_, ObjectId), version| {
            self.file.secrets.get_mut(&uid).unwrap().versions.insert(id, version);
        };
        match edit.n[2] % 3 {
            0 => {
                put(one, b);
                put(other, a);
            }
            // The bytes alone.
            1 => {
                let [mut a, mut b] = [a, b];
                std::mem::swap(&mut a.ciphertext, &mut b.ciphertext);
                put(one, a);
                put(other, b);
            }
            _ => {
                let id = b.id(&one.0);
                let wraps: Vec<_> = self.file.secrets[&other.0].wraps.values().cloned().collect();
                let section = self.file.secrets.get_mut(&one.0).unwrap();
                section.versions.insert(id, b);
                section.active = vec![id];
                for wrap in wraps.into_iter().filter(|wrap| wrap.version == other.1) {
                    let wrap = crate::file::model::Wrap { version: id, ..wrap };
                    section.wraps.insert(wrap.id(), wrap);
                }
            }
        }
    }

    fn relabel(&mut self, edit: &Edit) {
        let Some((uid, _)) = edit.pick(1, &records(&self.file)) else { return };
        let other = super::world::secret(usize::from(edit.n[2]) % 4);
        let names = audiences(&self.file);
        let audience = edit.pick(3, &names);
        let epoch = audience.as_ref().map(|name| self.file.audiences[name].epoch);
        let section = self.file.secrets.get_mut(&uid).unwrap();
        match edit.n[0] % 6 {
            0 => section.name = other,
            1 => section.active.clear(),
            2 => {
                section.active = section.versions.keys().take(1).copied().collect();
            }
            3 => self.file.header.vault = VaultId([7; 32]),
            4 => self.file.header.name = super::world::name("other"),
            _ => {
                let wraps = std::mem::take(&mut section.wraps);
                for mut wrap in wraps.into_values() {
                    wrap.audience = audience.clone().unwrap_or(wrap.audience);
                    wrap.epoch = epoch.filter(|_| edit.often(4, 8)).unwrap_or(EpochId([3; 16]));
                    section.wraps.insert(wrap.id(), wrap);
                }
            }
        }
    }

    fn older(&self, edit: &Edit) -> &'a VaultFile {
        &self.states[usize::from(edit.n[1]) % self.states.len()]
    }

    fn replay_part(&mut self, edit: &Edit) {
        let older = self.older(edit);
        match edit.n[0] % 4 {
            0 => {
                let uids: Vec<_> = older.secrets.keys().copied().collect();
                let Some(uid) = edit.pick(2, &uids) else { return };
                self.drops = true;
                self.file.secrets.insert(uid, older.secrets[&uid].clone());
            }
            1 => {
                let Some(name) = edit.pick(2, &audiences(older)) else { return };
                let section = older.audiences[&name].clone();
                self.file.audiences.insert(name, section);
            }
            2 => {
                self.drops = true;
                self.file.chain = older.chain.clone();
                self.file.audiences = older.audiences.clone();
            }
            _ => {
                self.drops = true;
                self.file.entries = older.entries.clone();
                if edit.often(3, 5) {
                    members::forget_unnamed(&mut self.file);
                    members::settle(&mut self.file);
                }
            }
        }
    }

    fn replay_file(&mut self, edit: &Edit) {
        self.drops = true;
        self.file = self.older(edit).clone();
    }

    fn restate(&mut self, edit: &Edit) {
        let Some(id) = edit.pick(1, &entries(&self.file)) else { return };
        let heads = entries(&self.file);
        self.drops = true;
        let mut entry = self.file.entries.remove(&id).unwrap();
        members::restated(&mut entry, edit, &heads);
        self.insert(entry);
    }

    /// Restated or not, and signed by a key that need not be the actor's.
    fn resign(&mut self, edit: &Edit) {
        let Some(id) = edit.pick(1, &entries(&self.file)) else { return };
        let heads = entries(&self.file);
        let mut entry = self.file.entries.remove(&id).unwrap();
        if edit.often(4, 7) {
            members::restated(&mut entry, edit, &heads);
        }
        // The owner signs nothing for an attacker.
        let who = members::attacker(edit.n[5]);
        let key = &WORLD.people[who].key;
        if edit.often(3, 5) {
            entry.key = key.id();
            entry.actor = if edit.often(2, 5) { super::world::name(who) } else { entry.actor };
            entry.derive_objects(&self.file.header.vault);
        }
        entry.sig = key.sign(Tag::LogEntry, &entry.id());
        if entry.actor == super::world::name(who) {
            self.owned(&entry, who);
        }
        self.insert(entry);
        self.drops = true;
    }

    /// Notes what an entry does in its signer's own name.
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

    fn edit_text(&mut self, edit: &Edit) {
        let text = self.text();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let full: Vec<usize> = (0..lines.len()).filter(|at| !lines[*at].starts_with('#')).collect();
        let (Some(at), Some(other)) = (edit.pick(1, &full), edit.pick(2, &full)) else { return };
        match edit.n[0] % 6 {
            0 => _ = lines.remove(at),
            1 => {
                let line = lines[at].clone();
                lines.insert(other, line);
            }
            2 => lines.swap(at, other),
            3 => {
                let line = lines.remove(at);
                let other = other.min(lines.len());
                lines.insert(other, line);
            }
            4 => lines.truncate(at),
            _ => lines[at] = changed(&lines[at], edit),
        }
        self.drops = true;
        self.text = Some(lines.join("\n") + "\n");
    }
}

/// A line with one of its characters replaced by another one of the same kind.
fn changed(line: &str, edit: &Edit) -> String {
    let mut bytes = line.as_bytes().to_vec();
    if let Some(at) = (!bytes.is_empty()).then(|| usize::from(edit.n[3]) % bytes.len()) {
        bytes[at] = match bytes[at] {
            b'0'..=b'9' => b'0' + (edit.n[4] % 10) as u8,
            b'a'..=b'z' => b'a' + (edit.n[4] % 26) as u8,
            b'A'..=b'Z' => b'A' + (edit.n[4] % 26) as u8,
            other => other,
        };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| line.to_owned())
}

/// A policy that is in no chain, for entries that name one.
pub const NO_POLICY: PolicyId = PolicyId([5; 32]);
/// A signature that nobody made.
pub const NO_SIGNATURE: Fixed<64> = Fixed([0; 64]);
/// Far enough ahead.
pub const LATER: UnixTime = UnixTime::from_secs(9_000_000_000);
