//! Honest histories: copies of one vault, written by members with different rights, merged; members and rights
//! that go and come; keys that are renewed; versions that are pruned. Each with the model of it.

use super::model::{Deed, Model, Number, SECRETS, Write};
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
pub const RULES: usize = 8;

struct Copy {
    vault: Vault,
    heard: BTreeSet<Number>,
    law: usize,
}

pub struct History {
    copies: Vec<Copy>,
    pub model: Model,
    /// The model's numbers of versions.
    pub numbers: BTreeMap<ObjectId, Number>,
    /// Each state that there was.
    pub states: Vec<VaultFile>,
}

impl History {
    /// `None` where its copies do not come together: see [`History::merge`].
    pub fn play(steps: &[Step]) -> Option<Self> {
        let copies = (0..COPIES)
            .map(|_| Copy { vault: open(&WORLD.file), heard: BTreeSet::new(), law: 0 })
            .collect();
        let (numbers, states) = (BTreeMap::new(), vec![WORLD.file.clone()]);
        let mut history = Self { copies, model: WORLD.model(), numbers, states };
        for step in steps {
            history.step(step);
        }
        (1..COPIES).all(|from| history.merge(0, from)).then_some(history)
    }

    /// The vault in which all of it is.
    pub fn vault(&self) -> &Vault {
        &self.copies[0].vault
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Put { copy, who, secret } => self.put(copy, WRITERS[who], secret),
            Step::Remove { copy, who, secret } => self.remove(copy, WRITERS[who], secret),
            Step::Prune { copy, who, secret } => self.prune(copy, WRITERS[who], secret),
            Step::Rule { which } => self.rule(which),
            Step::Merge { into, from } => _ = self.merge(into, from),
        }
    }

    /// Whether two copies merge. They do not where one pruned a version that the other never had, and the right
    /// to had been taken away there meanwhile: the version is wanted, and its bytes are gone.
    fn merge(&mut self, into: usize, from: usize) -> bool {
        let [ours, theirs] = [into, from].map(|copy| self.copies[copy].vault.file().clone());
        let merged = match merge::merge(ours, [theirs], super::world::NOW) {
            Ok(merged) => merged.vault,
            Err(MergeError::Result(OpenError::Findings(found))) => {
                let mut errors = found.iter().filter(|one| one.severity == Severity::Error);
                assert!(errors.all(|one| one.code == FindingCode::ObjectLost), "{found:?}");
                return false;
            }
            Err(error) => panic!("{error}"),
        };
        let (heard, law) = (self.copies[from].heard.clone(), self.copies[from].law);
        let copy = &mut self.copies[into];
        copy.heard.extend(heard);
        copy.law = copy.law.max(law);
        copy.vault = merged;
        self.states.push(self.copies[into].vault.file().clone());
        true
    }

    fn wrote(&mut self, copy: usize, by: &'static str, secret: usize, deed: Deed, vault: Vault) {
        let copy = &mut self.copies[copy];
        let number = self.model.writes.len();
        let (seen, law) = (copy.heard.clone(), copy.law);
        self.model.writes.push(Write { by, secret, deed, seen, law });
        assert!(self.model.counts(number) || law + 1 < self.model.laws.len());
        copy.heard.insert(number);
        copy.vault = vault;
        self.states.push(copy.vault.file().clone());
    }

    fn put(&mut self, copy: usize, by: &'static str, number: usize) {
        let write = self.model.writes.len();
        let text = text(number, by, write);
        let value = NewValue { value: SecretValue::from(text), expires: None, same: Vec::new() };
        let request = PutRequest { secret: secret(number), value: Some(value), fields: Vec::new() };
        let vault = &self.copies[copy].vault;
        let done = act(vault, by, write, |vault, ctx| put::put(vault, vec![request], ctx));
        let Ok(vault) = done else { return };
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
        let done = act(&self.copies[copy].vault, by, write, |vault, ctx| {
            remove::remove(vault, &[secret(number)], ctx).map(|(_, change)| change)
        });
        if let Ok(vault) = done {
            self.wrote(copy, by, number, Deed::Remove(seen), vault);
        }
    }

    /// Of the versions that are not active the first.
    fn prune(&mut self, copy: usize, by: &'static str, number: usize) {
        let vault = &self.copies[copy].vault;
        let Some(found) = vault.secret(&secret(number)) else { return };
        let old =
            found.versions.iter().find(|v| !found.candidates.contains(&v.object) && !v.pruned);
        let Some(object) = old.map(|version| version.object) else { return };
        if !self.model.laws[self.copies[copy].law].0.may(by, Right::Delete, SECRETS[number]) {
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
        let in_role = |law: &super::model::Law, member: &str, role: &str| {
            law.members.get(member).is_some_and(|roles| roles.contains(role))
        };
        let mut ops = Vec::new();
        match which {
            0 | 1 => {
                let member = ["leaver", "rotator"][which];
                if law.members.remove(member).is_some() {
                    ops.push(PolicyOp::MemberRemove { member: name(member) });
                }
            }
            2 if in_role(&law, "writer", "dev") => {
                law.members.get_mut("writer").unwrap().remove("dev");
                ops.push(PolicyOp::RoleLeave { role: name("dev"), member: name("writer") });
            }
            2 => {
                law.members.get_mut("writer").unwrap().insert("dev");
                ops.push(PolicyOp::role_join(name("dev"), name("writer")));
            }
            3..=5 => {
                let (role, pattern, right) = [
                    ("dev", "dev/*", Right::Delete),
                    ("ci", "prod/A", Right::Write),
                    ("lead", "dev/*", Right::Write),
                ][which - 3];
                ops.push(toggled(&mut law, role, pattern, right));
            }
            _ => {}
        }
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
        let Ok(vault) = done else { return };
        let copy = &mut self.copies[0];
        self.model.laws.push((law, copy.heard.clone()));
        copy.law = self.model.laws.len() - 1;
        copy.vault = vault;
        self.states.push(copy.vault.file().clone());
    }
}

/// What a write says, by which it is known again.
pub fn text(secret: usize, by: &str, number: usize) -> String {
    format!("{} by {by}, {number}", SECRETS[secret])
}

/// A right on a pattern given, or taken where it is there.
fn toggled(
    law: &mut super::model::Law,
    role: &'static str,
    pattern: &'static str,
    right: Right,
) -> PolicyOp {
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
