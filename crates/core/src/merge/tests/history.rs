//! Replicas of one vault, written side by side and merged, each with the model of what it has heard.

use super::model::Heard;
use crate::crypto::id::ObjectId;
use crate::crypto::identity::{generate_identity, parse_identities};
use crate::file::format::{self, Trust};
use crate::file::model::VaultFile;
use crate::host::progress::Silent;
use crate::host::testing::TestHost;
use crate::merge;
use crate::name::{Name, SecretName};
use crate::people::init::{self, InitRequest};
use crate::secret::put::{self, NewValue, PutRequest};
use crate::secret::read::VersionSelector;
use crate::secret::{remove, resolve};
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use crate::vault::unlock::{Signer, Unlocked};
use crate::vault::{Depth, Vault};
use std::collections::{BTreeMap, BTreeSet};

pub const NOW: UnixTime = UnixTime::from_secs(1_000);
pub(crate) const REPLICAS: usize = 3;
pub const SECRETS: usize = 2;

/// `V_SECURE_MERGE_CASES` states another number: tens of thousands take minutes.
pub fn cases() -> u32 {
    let stated = std::env::var("V_SECURE_MERGE_CASES").ok();
    stated.and_then(|text| text.parse().ok()).unwrap_or(48)
}

#[derive(Debug, Clone)]
pub enum Step {
    Put { replica: usize, secret: usize },
    Remove { replica: usize, secret: usize },
    Restore { replica: usize, secret: usize },
    Resolve { replica: usize, secret: usize, pick: usize },
    Merge { into: usize, from: usize },
}

pub fn secret(number: usize) -> SecretName {
    SecretName::parse(format!("prod/S{number}")).unwrap()
}

pub fn open(file: &VaultFile) -> Vault {
    let text = format::write(file);
    Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, NOW).unwrap()
}

pub(crate) struct Replicas {
    who: Unlocked,
    signer: Signer,
    vaults: Vec<Vault>,
    heard: Vec<Heard>,
    /// The model's numbers of versions.
    numbers: BTreeMap<ObjectId, usize>,
    writes: usize,
}

impl Replicas {
    pub fn new() -> Self {
        let made = generate_identity();
        let [shop, member, device] =
            ["shop", "olga", "laptop"].map(|text| Name::new(text).unwrap());
        let recipient = made.recipient.clone();
        let request =
            InitRequest { name: shop, member, device, recipient, now: UnixTime::from_secs(1) };
        let file = init::init(&request, &TestHost).unwrap();
        let vault = open(&file);
        let who = Unlocked::new(&vault, parse_identities(&made.text).unwrap()).unwrap();
        let signer = who.signer(&vault).unwrap();
        let vaults = (0..REPLICAS).map(|_| open(&file)).collect();
        let heard = vec![Heard::default(); REPLICAS];
        Self { who, signer, vaults, heard, numbers: BTreeMap::new(), writes: 0 }
    }

    pub fn vaults(&self) -> [&Vault; REPLICAS] {
        std::array::from_fn(|replica| &self.vaults[replica])
    }

    pub fn play(&mut self, step: &Step) {
        self.writes += 1;
        match *step {
            Step::Merge { into, from } => self.merge(into, from),
            Step::Put { replica, secret } => self.put(replica, secret),
            Step::Remove { replica, secret } => self.remove(replica, secret),
            Step::Restore { replica, secret } => self.restore(replica, secret),
            Step::Resolve { replica, secret, pick } => self.resolve(replica, secret, pick),
        }
    }

    fn merge(&mut self, into: usize, from: usize) {
        let [ours, theirs] = [into, from].map(|replica| self.vaults[replica].file().clone());
        self.vaults[into] = merge::merge(ours, [theirs], NOW).unwrap().vault;
        let other = self.heard[from].clone();
        self.heard[into].hear(&other);
    }

    /// The time says which write it is, so that no two entries are equal by chance.
    fn ctx(&self) -> Ctx<'_> {
        let (who, signer, now) = (&self.who, &self.signer, NOW.saturating_add(self.writes as u64));
        Ctx { who, signer, random: &TestHost, now, reason: String::new(), progress: &Silent }
    }

    fn apply(&mut self, replica: usize, change: Change) {
        let vault = open(self.vaults[replica].file()).apply(change).unwrap();
        self.vaults[replica] = open(vault.file());
    }

    fn put(&mut self, replica: usize, number: usize) {
        let text = format!("value {}", self.writes);
        let value = NewValue { value: SecretValue::from(text), expires: None, same: Vec::new() };
        let request = PutRequest { secret: secret(number), value: Some(value), fields: Vec::new() };
        let change = put::put(&self.vaults[replica], vec![request], &self.ctx()).unwrap();
        self.apply(replica, change);
        let made = self.vaults[replica].secret(&secret(number)).unwrap().candidates[0];
        self.numbers.insert(made, self.writes);
        self.heard[replica].write(number, self.writes, self.writes);
    }

    /// The versions of a secret that are removed, or those that are not.
    fn versions(&self, replica: usize, number: usize, removed: bool) -> Vec<ObjectId> {
        let found = self.vaults[replica].secret(&secret(number));
        let versions = found.into_iter().flat_map(|found| &found.versions);
        versions
            .filter(|version| version.removed == removed)
            .map(|version| version.object)
            .collect()
    }

    fn flag(&mut self, replica: usize, changed: &[ObjectId], removes: bool) {
        let numbers: Vec<usize> = changed.iter().map(|id| self.numbers[id]).collect();
        let write = self.writes;
        self.heard[replica].flag(&numbers, write, removes);
    }

    fn remove(&mut self, replica: usize, number: usize) {
        let seen = self.versions(replica, number, false);
        let vault = &self.vaults[replica];
        let Ok((_, change)) = remove::remove(vault, &[secret(number)], &self.ctx()) else { return };
        self.apply(replica, change);
        self.flag(replica, &seen, true);
    }

    fn restore(&mut self, replica: usize, number: usize) {
        let before = self.versions(replica, number, true);
        let wanted = VersionSelector::Current;
        let vault = &self.vaults[replica];
        let restored = remove::restore(vault, &secret(number), &wanted, &self.ctx());
        let Ok((_, change)) = restored else { return };
        self.apply(replica, change);
        let after = self.versions(replica, number, true);
        let back: Vec<ObjectId> = before.into_iter().filter(|id| !after.contains(id)).collect();
        self.flag(replica, &back, false);
    }

    fn resolve(&mut self, replica: usize, number: usize, pick: usize) {
        let vault = &self.vaults[replica];
        let Some(found) = vault.secret(&secret(number)).filter(|found| found.is_conflict()) else {
            return;
        };
        let taken = found.candidates[pick % found.candidates.len()];
        let take = VersionSelector::Id(taken.to_string());
        let (_, change) = resolve::resolve(vault, &secret(number), &take, &self.ctx()).unwrap();
        self.apply(replica, change);
        let (write, version) = (self.writes, self.numbers[&taken]);
        self.heard[replica].write(number, write, version);
    }

    /// Every replica has active what the model says.
    pub fn check(&self) {
        for (vault, heard) in self.vaults.iter().zip(&self.heard) {
            for number in 0..SECRETS {
                let found = vault.secret(&secret(number));
                let active = found.into_iter().flat_map(|found| &found.candidates);
                let active: BTreeSet<usize> = active.map(|id| self.numbers[id]).collect();
                let of_model = heard.versions(number);
                for version in &of_model {
                    match heard.is_removed(*version) {
                        Some(removed) => assert_eq!(active.contains(version), !removed),
                        None => assert!(found.is_some()),
                    }
                }
                assert!(active.is_subset(&of_model), "{active:?} of {of_model:?}");
            }
        }
    }
}

/// The lines of both files behind one another, sections in an order that follows from `seed`, and with copies
/// of what is active as each side had them.
pub(crate) fn shuffled(one: &VaultFile, other: &VaultFile, seed: u64) -> String {
    let texts = [one, other].map(format::write);
    let mut header = String::new();
    let mut sections: Vec<(u64, String)> = Vec::new();
    for (side, text) in texts.iter().enumerate() {
        let (head, rest) = text.split_once("\n[policy]\n").unwrap();
        header = format!("{head}\n");
        let rest = format!("\n\n[policy]\n{rest}");
        for (place, section) in rest.split("\n\n[").skip(1).enumerate() {
            let text = format!("\n\n[{}\n", section.trim_end());
            // A wrap goes with the version before it.
            if section.lines().next().is_some_and(|head| head.ends_with(".version.wrap]]")) {
                sections.last_mut().unwrap().1.push_str(&text);
                continue;
            }
            let key = (seed ^ (place as u64 * 2 + side as u64)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            sections.push((key, text));
        }
    }
    sections.sort();
    header + &sections.into_iter().map(|(_, section)| section).collect::<String>()
}
