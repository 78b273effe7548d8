//! Honest histories: copies of one vault, written by members with different rights, merged; members and rights
//! that go and come; keys that are renewed; versions that are pruned. Each with the model of it.

use super::model::{Deed, Law, Model, Number, SECRETS, Write};
use super::world::{WORLD, act, name, open, secret};
use crate::crypto::id::ObjectId;
use crate::file::model::VaultFile;
use crate::keys::policy_change;
use crate::keys::rotation::kek::{self, KekSelection};
use crate::keys::status::key_status;
use crate::log::draft::{Authorship, EntryDraft};
use crate::log::finding::{FindingCode, Severity};
use crate::log::op::Op;
use crate::merge::{self, MergeError};
use crate::name::Pattern;
use crate::policy::op::{PolicyOp, Right};
use crate::secret::put::{self, NewValue, PutRequest};
use crate::secret::remove;
use crate::secret_value::SecretValue;
use crate::vault::change::Change;
use crate::vault::{OpenError, Vault};
use std::collections::{BTreeMap, BTreeSet};

pub const COPIES: usize = 3;

#[derive(Debug, Clone)]
pub enum Step {
    Put {
        copy: usize,
        who: usize,
        secret: usize,
    },
    Remove {
        copy: usize,
        who: usize,
        secret: usize,
    },
    Prune {
        copy: usize,
        who: usize,
        secret: usize,
    },
    /// On the first copy alone: policies that part do not merge.
    Rule {
        which: usize,
    },
    Merge {
        into: usize,
        from: usize,
    },
}

/// Who writes in honest histories.
pub const WRITERS: [&str; 6] = ["owner", "writer", "leaver", "reader", "rotator", "grantor"];
pub const RULES: usize = 9;
/// The rule by which two owners must sign from then on; one of them is hostile, so the other has less to say.
const THRESHOLD: usize = 8;

struct Copy {
    vault: Vault,
    heard: BTreeSet<Number>,
    law: usize,
    /// The versions whose bytes it has.
    bytes: BTreeSet<Number>,
}

impl Copy {
    /// Takes what somebody wrote, who drops what was pruned.
    fn wrote(&mut self, model: &Model, vault: Vault) {
        let pruned = model.at(self.law, &self.heard).pruned();
        self.bytes.retain(|version| !pruned.contains(version));
        self.vault = vault;
    }
}

/// How much of the steps took place.
#[derive(Debug, Default, Clone, Copy)]
pub struct Played {
    pub puts: usize,
    pub removals: usize,
    pub prunings: usize,
    pub rules: usize,
    pub merges: usize,
    /// Those that would have left a version wanted and nowhere.
    pub refused_merges: usize,
    /// What the writer had no right to, or nothing to do it to.
    pub refused_writes: usize,
}

impl Played {
    pub fn add(&mut self, other: &Self) {
        self.puts += other.puts;
        self.removals += other.removals;
        self.prunings += other.prunings;
        self.rules += other.rules;
        self.merges += other.merges;
        self.refused_merges += other.refused_merges;
        self.refused_writes += other.refused_writes;
    }
}

pub struct History {
    copies: Vec<Copy>,
    pub model: Model,
    /// The model's numbers of versions.
    pub numbers: BTreeMap<ObjectId, Number>,
    /// Each state that there was, as far as the last one has it.
    pub states: Vec<VaultFile>,
    pub played: Played,
}

impl History {
    pub fn play(steps: &[Step]) -> Self {
        let copy = || Copy {
            vault: open(&WORLD.file),
            heard: BTreeSet::new(),
            law: 0,
            bytes: BTreeSet::new(),
        };
        let copies = (0..COPIES).map(|_| copy()).collect();
        let (numbers, states) = (BTreeMap::new(), vec![WORLD.file.clone()]);
        let played = Played::default();
        let mut history = Self { copies, model: WORLD.model(), numbers, states, played };
        steps.iter().for_each(|step| history.step(step));
        (1..COPIES).for_each(|from| history.merge(0, from));
        history.close();
        history
    }

    /// What a copy has that does not merge is no part of what comes of it.
    fn close(&mut self) {
        let last = &self.copies[0];
        self.model = self.model.at(last.law, &last.heard);
        assert_eq!(last.vault.chain().len(), WORLD.file.chain.len() + last.law);
        let entries = &last.vault.file().entries;
        self.states.retain(|state| state.entries.keys().all(|id| entries.contains_key(id)));
    }

    /// The vault in which all of it is that comes together.
    pub fn vault(&self) -> &Vault {
        &self.copies[0].vault
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Put { copy, who, secret } => self.put(copy, WRITERS[who], secret),
            Step::Remove { copy, who, secret } => self.remove(copy, WRITERS[who], secret),
            Step::Prune { copy, who, secret } => self.prune(copy, WRITERS[who], secret),
            Step::Rule { which } => self.rule(which),
            Step::Merge { into, from } => self.merge(into, from),
        }
    }

    /// Two copies do not merge where one pruned a version that the other never had, and the right to had been
    /// taken away there meanwhile: the version is wanted, and its bytes are gone.
    fn merge(&mut self, into: usize, from: usize) {
        let [ours, theirs] = [into, from].map(|copy| self.copies[copy].vault.file().clone());
        let [one, other] = [into, from].map(|copy| &self.copies[copy]);
        let (law, heard) = (one.law.max(other.law), &one.heard | &other.heard);
        let bytes = &one.bytes | &other.bytes;
        let lost = self.model.at(law, &heard).lost(&bytes);
        let vault = match merge::merge(ours, [theirs], super::world::NOW) {
            Ok(merged) => merged.vault,
            Err(MergeError::Result(OpenError::Findings(found))) => {
                let mut errors = found.iter().filter(|one| one.severity == Severity::Error);
                assert!(errors.all(|one| one.code == FindingCode::ObjectLost), "{found:?}");
                assert!(!lost.is_empty(), "the model knows of nothing that is lost");
                self.played.refused_merges += 1;
                return;
            }
            Err(error) => panic!("{error}"),
        };
        assert!(lost.is_empty(), "merged without the versions {lost:?}");
        self.played.merges += 1;
        self.states.push(vault.file().clone());
        self.copies[into] = Copy { vault, heard, law, bytes };
    }

    fn wrote(&mut self, copy: usize, by: &'static str, secret: usize, deed: Deed, vault: Vault) {
        let copy = &mut self.copies[copy];
        let number = self.model.writes.len();
        let (seen, law) = (copy.heard.clone(), copy.law);
        match &deed {
            Deed::Put => {
                copy.bytes.insert(number);
                self.played.puts += 1;
            }
            Deed::Remove(_) => self.played.removals += 1,
            Deed::Prune(_) => self.played.prunings += 1,
        }
        self.model.writes.push(Write { by, secret, deed, seen, law });
        assert!(self.model.counts(number) || law + 1 < self.model.laws.len());
        copy.heard.insert(number);
        copy.wrote(&self.model, vault);
        self.states.push(copy.vault.file().clone());
    }

    fn put(&mut self, copy: usize, by: &'static str, number: usize) {
        let write = self.model.writes.len();
        let text = text(number, by, write);
        let value = NewValue { value: SecretValue::from(text), expires: None, same: Vec::new() };
        let request = PutRequest { secret: secret(number), value: Some(value), fields: Vec::new() };
        let vault = &self.copies[copy].vault;
        let done = act(vault, by, write, |vault, ctx| put::put(vault, vec![request], ctx));
        let Copy { law, heard, .. } = &self.copies[copy];
        assert_eq!(done.is_ok(), self.model.may_put(*law, heard, by, number), "{by} puts {number}");
        let Ok(vault) = done else { return self.played.refused_writes += 1 };
        let versions = &vault.secret(&secret(number)).unwrap().versions;
        let new = versions.iter().find(|version| !self.numbers.contains_key(&version.object));
        self.numbers.insert(new.unwrap().object, write);
        self.wrote(copy, by, number, Deed::Put, vault);
    }

    fn versions(&self, copy: usize, number: usize) -> Vec<(ObjectId, bool)> {
        let found = self.copies[copy].vault.secret(&secret(number));
        let versions = found.into_iter().flat_map(|found| &found.versions);
        versions.map(|version| (version.object, version.removed)).collect()
    }

    fn remove(&mut self, copy: usize, by: &'static str, number: usize) {
        let seen = self.versions(copy, number).into_iter().filter(|(_, removed)| !removed);
        let seen: Vec<Number> = seen.map(|(object, _)| self.numbers[&object]).collect();
        let write = self.model.writes.len();
        let may = self.may(copy, by, Right::Delete, number) && !seen.is_empty();
        let done = act(&self.copies[copy].vault, by, write, |vault, ctx| {
            remove::remove(vault, &[secret(number)], ctx).map(|(_, change)| change)
        });
        assert_eq!(done.is_ok(), may, "{by} removes {number}");
        match done {
            Ok(vault) => self.wrote(copy, by, number, Deed::Remove(seen), vault),
            Err(_) => self.played.refused_writes += 1,
        }
    }

    fn may(&self, copy: usize, who: &str, right: Right, secret: usize) -> bool {
        self.model.laws[self.copies[copy].law].0.may(who, right, SECRETS[secret])
    }

    /// Of the versions that are not active the first.
    fn prune(&mut self, copy: usize, by: &'static str, number: usize) {
        let vault = &self.copies[copy].vault;
        let Some(found) = vault.secret(&secret(number)) else { return };
        let old =
            found.versions.iter().find(|v| !found.candidates.contains(&v.object) && !v.pruned);
        let Some(object) = old.map(|version| version.object) else { return };
        if !self.may(copy, by, Right::Delete, number) {
            return;
        }
        let write = self.model.writes.len();
        let done = act(vault, by, write, |vault, ctx| {
            let op = Op::Prune { secret: secret(number), objects: vec![object] };
            let draft = EntryDraft { ops: vec![op], reason: String::new(), ts: ctx.now };
            let (policy, actor) = (vault.chain().head(), &name(by));
            let by = Authorship { vault: &vault.id(), policy, actor };
            Ok::<_, ()>(Change::log(vec![draft.sign(&vault.tips(), by, &ctx.signer.key)]))
        });
        if let Ok(vault) = done {
            let deed = Deed::Prune(vec![self.numbers[&object]]);
            self.wrote(copy, by, number, deed, vault);
        }
    }

    fn rule(&mut self, which: usize) {
        let mut law = self.model.laws[self.copies[0].law].0.clone();
        let Some(ops) = ops(&mut law, which) else { return };
        let write = self.model.writes.len();
        let done = act(&self.copies[0].vault, "owner", write, |vault, ctx| match ops.is_empty() {
            false => policy_change::change(vault, ops, ctx).map(|(change, _)| change).map_err(drop),
            true => {
                let status = key_status(vault, ctx.now);
                let plan = kek::plan(&status, ctx.who.member(), &KekSelection::All).unwrap();
                let (change, _) = kek::renew(vault, plan, &status, ctx).unwrap();
                change.ok_or(())
            }
        });
        // Nothing to renew.
        let Ok(vault) = done else { return assert!((6..THRESHOLD).contains(&which)) };
        let copy = &mut self.copies[0];
        self.model.laws.push((law, copy.heard.clone()));
        copy.law = self.model.laws.len() - 1;
        copy.wrote(&self.model, vault);
        self.played.rules += 1;
        self.states.push(copy.vault.file().clone());
    }
}

/// The ops of a rule, and what it makes of the law; none of them renews all keys. `None` where there is nothing
/// to do, or where it takes both owners.
fn ops(law: &mut Law, which: usize) -> Option<Vec<PolicyOp>> {
    Some(match which {
        0 | 1 => {
            let member = ["leaver", "rotator"][which];
            law.members.remove(member)?;
            vec![PolicyOp::MemberRemove { member: name(member) }]
        }
        2 => {
            let roles = law.members.get_mut("writer")?;
            match roles.remove("dev") {
                true => vec![PolicyOp::RoleLeave { role: name("dev"), member: name("writer") }],
                false => {
                    roles.insert("dev");
                    vec![PolicyOp::role_join(name("dev"), name("writer"))]
                }
            }
        }
        3..=5 => {
            let (role, pattern, right) = [
                ("dev", "dev/*", Right::Delete),
                ("ci", "prod/A", Right::Write),
                ("lead", "dev/*", Right::Write),
            ][which - 3];
            vec![toggled(law, role, pattern, right)]
        }
        _ if law.threshold > 1 => return None,
        THRESHOLD => {
            law.threshold = 2;
            vec![PolicyOp::Threshold { owners: 2 }]
        }
        _ => Vec::new(),
    })
}

/// What a write says, by which it is known again.
pub fn text(secret: usize, by: &str, number: usize) -> String {
    format!("{} by {by}, {number}", SECRETS[secret])
}

/// A right on a pattern given, or taken where it is there.
fn toggled(law: &mut Law, role: &'static str, pattern: &'static str, right: Right) -> PolicyOp {
    let grants = law.roles.get_mut(role).unwrap();
    let (stated, rights) = (Pattern::new(pattern).unwrap(), vec![right]);
    let at = grants.iter_mut().find(|(on, rights)| *on == pattern && rights.contains(&right));
    match at {
        Some((_, rights)) => {
            rights.retain(|one| *one != right);
            PolicyOp::Revoke { role: name(role), pattern: stated, rights: vec![right] }
        }
        None => {
            grants.push((pattern, rights.clone()));
            PolicyOp::grant(name(role), stated, rights)
        }
    }
}
