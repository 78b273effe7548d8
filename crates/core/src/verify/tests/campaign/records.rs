//! What somebody does to a file without a key of anybody's, and to entries with a key of their own.

use super::attack::{Edit, Forged};
use super::members;
use super::world::WORLD;
use crate::crypto::id::{EntryId, EpochId, ObjectId, SecretId, VaultId};
use crate::crypto::sign::Tag;
use crate::file::model::{SecretSection, VaultFile, WrapKey};
use crate::name::audience::AudienceName;
use std::collections::BTreeSet;

pub fn entries(file: &VaultFile) -> Vec<EntryId> {
    file.entries.keys().copied().collect()
}

/// The versions, each with its secret's uid.
pub fn records(file: &VaultFile) -> Vec<(SecretId, ObjectId)> {
    let of = |(uid, section): (&SecretId, &SecretSection)| {
        let uid = *uid;
        section.versions.keys().map(move |id| (uid, *id)).collect::<Vec<_>>()
    };
    file.secrets.iter().flat_map(of).collect()
}

pub fn audiences(file: &VaultFile) -> Vec<AudienceName> {
    file.audiences.keys().cloned().collect()
}

impl<'a> Forged<'a> {
    pub fn flip(&mut self, edit: &Edit) {
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
                1 => flip(&mut version.origin.0),
                2 => flip(&mut version.commitment.0),
                _ => flip(&mut version.author.0),
            }
            return;
        }
        let ids: Vec<_> = section.wraps.keys().copied().collect();
        if let Some(wrap) = edit.pick(4, &ids).and_then(|id| section.wraps.get_mut(&id)) {
            match &mut wrap.key {
                WrapKey::Kek(bytes) | WrapKey::Sealed(bytes) => flip(&mut bytes.0),
            }
        }
    }

    pub fn drop(&mut self, edit: &Edit) {
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

    pub fn swap(&mut self, edit: &Edit) {
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

    pub fn relabel(&mut self, edit: &Edit) {
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

    pub fn replay_part(&mut self, edit: &Edit) {
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

    pub fn replay_file(&mut self, edit: &Edit) {
        self.drops = true;
        self.file = self.older(edit).clone();
    }

    pub fn restate(&mut self, edit: &Edit) {
        let Some(id) = edit.pick(1, &entries(&self.file)) else { return };
        let heads = entries(&self.file);
        self.drops = true;
        let mut entry = self.file.entries.remove(&id).unwrap();
        members::restated(&mut entry, edit, &heads);
        self.insert(entry);
    }

    /// Restated or not, and signed by a key that need not be the actor's.
    pub fn resign(&mut self, edit: &Edit) {
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

    pub fn edit_text(&mut self, edit: &Edit) {
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
