//! Adopting void work: what somebody wrote honestly under a right that was taken away at the same
//! time is issued anew by somebody who has the right, under their own signature.

use super::batch::{Batch, NewPut};
use super::change::Change;
use super::put::{self, PutError, able};
use super::request::Ctx;
use super::unlock::KeyError;
use super::vault::Vault;
use crate::crypto::bytes::Id;
use crate::log::entry::Entry;
use crate::log::op::{Field, Op, Put, Versions};
use crate::log::standing::Standing;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::secret_value::SecretValue;
use crate::vault::version::{self, VersionError};
use std::collections::{BTreeMap, BTreeSet};

/// An entry that is kept without effect.
#[derive(Debug, Clone, Copy)]
pub struct VoidEntry<'a> {
    pub id: Id,
    pub entry: &'a Entry,
    /// The policy entry that took the right away.
    pub position: usize,
    /// Whether a counting entry adopts it.
    pub adopted: bool,
}

/// Why nothing was adopted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdoptError {
    #[error("no entry of the log has this id")]
    NoEntry { text: String },
    #[error("several entries have ids that begin like this")]
    Ambiguous { text: String },
    #[error("the entry {id} counts as it is")]
    Counts { id: Id },
    #[error("the entry {id} was adopted already")]
    Adopted { id: Id },
    #[error("{member} may not {} {secret}, as adopting the entry {id} would", right.as_str())]
    NotPermitted { id: Id, secret: SecretName, member: Name, right: Right, able: Vec<Name> },
    #[error("the keys for {secret} cannot be used")]
    Keys {
        secret: SecretName,
        #[source]
        source: KeyError,
    },
    #[error("the value that the entry {id} gives {secret} is not in the vault")]
    Missing { id: Id, secret: SecretName },
    #[error("the value that the entry {id} gives {secret} does not decrypt")]
    Open {
        id: Id,
        secret: SecretName,
        #[source]
        source: Box<VersionError>,
    },
    #[error(transparent)]
    Put(#[from] PutError),
}

/// What adopting brings about.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    pub entries: Vec<Id>,
    pub secrets: BTreeSet<SecretName>,
    /// Ops that are not issued anew: what they did is done by other means, or not at all.
    pub left_out: Vec<(Id, &'static str)>,
}

/// The void entries of the log, oldest first.
pub fn void_entries(vault: &Vault) -> Vec<VoidEntry<'_>> {
    let entries = vault.graph().in_order(&vault.file().entries);
    let adopted = adopted(vault, &entries);
    let void = vault.standings().iter().filter_map(|(place, standing)| match standing {
        Standing::Void { position } => {
            let (id, entry) = (*vault.graph().id(place), entries[place]);
            Some(VoidEntry { id, entry, position, adopted: adopted.contains(&id) })
        }
        _ => None,
    });
    void.collect()
}

/// The entries that a counting one says it adopts.
fn adopted(vault: &Vault, entries: &[&Entry]) -> BTreeSet<Id> {
    let counting = entries.iter().enumerate().filter(|(place, _)| vault.standings().counts(*place));
    counting.flat_map(|(_, entry)| &entry.ops).filter_map(adopts).collect()
}

fn adopts(op: &Op) -> Option<Id> {
    match op {
        Op::Put(put) => put.adopts,
        Op::Field(field) => field.adopts,
        Op::Restore(versions) | Op::Remove(versions) => versions.adopts,
        _ => None,
    }
}

/// The void entry whose id is, or begins with, `text`.
pub fn find<'a>(vault: &'a Vault, text: &str) -> Result<VoidEntry<'a>, AdoptError> {
    let mut ids = vault.file().entries.keys().filter(|id| id.to_string().starts_with(text));
    let id = match (ids.next(), ids.next()) {
        (Some(id), None) => *id,
        (None, _) => return Err(AdoptError::NoEntry { text: text.to_owned() }),
        _ => return Err(AdoptError::Ambiguous { text: text.to_owned() }),
    };
    let found = void_entries(vault).into_iter().find(|void| void.id == id);
    match found.ok_or(AdoptError::Counts { id })? {
        VoidEntry { adopted: true, .. } => Err(AdoptError::Adopted { id }),
        void => Ok(void),
    }
}

/// Issues the ops of void entries anew, in the order of the log. `None` if nothing of them can be.
///
/// Values are encrypted anew: the old author keeps the key of what it wrote.
///
/// # Errors
/// A right that the adopter lacks; a value that it cannot open.
pub fn adopt(
    vault: &Vault,
    chosen: &[VoidEntry<'_>],
    ctx: &Ctx<'_>,
) -> Result<(Adopted, Option<Change>), AdoptError> {
    let mut adopter = Adopter::new(vault, ctx);
    for void in chosen {
        for op in &void.entry.ops {
            adopter.take(void, op)?;
        }
    }
    Ok((adopter.made, adopter.batch.change()))
}

struct Adopter<'a> {
    vault: &'a Vault,
    ctx: &'a Ctx<'a>,
    made: Adopted,
    batch: Batch<'a>,
    /// By void version: the one with its value that counts, here or from an earlier adoption.
    heirs: BTreeMap<Id, Id>,
    /// What is active of a secret after the ops so far, where they changed it.
    active: BTreeMap<SecretName, Vec<Id>>,
}

impl<'a> Adopter<'a> {
    fn new(vault: &'a Vault, ctx: &'a Ctx<'a>) -> Self {
        let versions = vault.state().secrets.values().flat_map(|state| &state.versions);
        let adopting = versions.filter(|version| !version.adopts.is_empty());
        let heirs = adopting.flat_map(|v| v.same.iter().map(|old| (*old, v.object))).collect();
        let (made, batch) = (Adopted::default(), Batch::new(vault, ctx));
        Self { vault, ctx, made, batch, heirs, active: BTreeMap::new() }
    }

    fn take(&mut self, void: &VoidEntry<'_>, op: &Op) -> Result<(), AdoptError> {
        let adopts = Some(void.id);
        let new = match op {
            Op::Put(put) => {
                self.permit(void, &put.secret, Right::Write)?;
                self.put(void, put)?;
                self.note(void, &put.secret);
                return Ok(());
            }
            Op::Field(field) => {
                self.permit(void, &field.secret, Right::Write)?;
                Op::Field(Field { adopts, ..field.clone() })
            }
            Op::Remove(versions) | Op::Restore(versions) => {
                let removes = matches!(op, Op::Remove(_));
                let right = if removes { Right::Delete } else { Right::Write };
                self.permit(void, &versions.secret, right)?;
                let objects = self.existing(versions);
                if objects.is_empty() {
                    return self.leave_out(void, op);
                }
                let versions = Versions { secret: versions.secret.clone(), objects, adopts };
                if removes { Op::Remove(versions) } else { Op::Restore(versions) }
            }
            _ => return self.leave_out(void, op),
        };
        if let Some(secret) = new.secret() {
            self.note(void, secret);
        }
        self.batch.add(new);
        Ok(())
    }

    fn note(&mut self, void: &VoidEntry<'_>, secret: &SecretName) {
        self.made.secrets.insert(secret.clone());
        if self.made.entries.last() != Some(&void.id) {
            self.made.entries.push(void.id);
        }
    }

    fn leave_out(&mut self, void: &VoidEntry<'_>, op: &Op) -> Result<(), AdoptError> {
        self.made.left_out.push((void.id, crate::log::history::action(op)));
        Ok(())
    }

    fn permit(
        &self,
        void: &VoidEntry<'_>,
        secret: &SecretName,
        right: Right,
    ) -> Result<(), AdoptError> {
        let member = self.ctx.who.member();
        if self.vault.policy().holds(member, right, secret) {
            return Ok(());
        }
        let (secret, member, able) =
            (secret.clone(), member.clone(), able(self.vault, right, secret));
        Err(AdoptError::NotPermitted { id: void.id, secret, member, right, able })
    }

    /// The versions of an op that exist, each void one by its adopted heir.
    fn existing(&self, versions: &Versions) -> Vec<Id> {
        let state = self.vault.secret(&versions.secret);
        let exists = |object: &Id| state.is_some_and(|state| state.version(object).is_some());
        let known = |object: &Id| {
            self.heirs.get(object).copied().or_else(|| exists(object).then_some(*object))
        };
        let found: BTreeSet<Id> = versions.objects.iter().filter_map(known).collect();
        found.into_iter().collect()
    }

    fn put(&mut self, void: &VoidEntry<'_>, put: &Put) -> Result<(), AdoptError> {
        let (secret, uid) = (&put.secret, self.vault.uid(&put.secret));
        let value = self.open(void, put, &uid)?;
        let value = put::seal(self.vault, secret, &value, put.expires, self.ctx)?;
        let now = || self.vault.secret(secret).map(|found| found.candidates.clone());
        let replaces = self.active.remove(secret).or_else(now).unwrap_or_default();
        let (same, adopts) = (vec![put.object], Some(void.id));
        let new = NewPut { secret: secret.clone(), value, replaces, same, adopts };
        let heir = self.batch.put(new);
        self.active.insert(secret.clone(), vec![heir]);
        self.heirs.insert(put.object, heir);
        Ok(())
    }

    fn open(&self, void: &VoidEntry<'_>, put: &Put, uid: &Id) -> Result<SecretValue, AdoptError> {
        let (id, secret) = (void.id, put.secret.clone());
        let object = self.vault.object(uid, &put.object);
        let wrap = self.vault.wrap(uid, &put.wrap).filter(|wrap| wrap.version == put.object);
        let Some((object, wrap)) = object.zip(wrap) else {
            return Err(AdoptError::Missing { id, secret });
        };
        let keys = match self.ctx.who.keys(self.vault, &wrap.audience) {
            Ok(keys) => keys,
            Err(source) => return Err(AdoptError::Keys { secret, source }),
        };
        version::open_version(self.vault.binding(uid), object, wrap, &keys)
            .map_err(|source| AdoptError::Open { id, secret, source: Box::new(source) })
    }
}
