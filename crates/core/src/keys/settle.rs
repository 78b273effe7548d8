//! Settling: wrapping what is active, or what a rotation is about to bring, for the audience that it belongs to
//! now, and anew where the live wrap is of no use.

use super::audience_keys::MadeKeys;
use super::policy_change::{Unsettled, WhyUnsettled};
use crate::crypto::id::{ObjectId, SecretId};
use crate::file::audience::EpochKeys;
use crate::file::model::{Wrap, WrapKey};
use crate::file::version;
use crate::file::version::WrapTo;
use crate::host::progress::with_progress;
use crate::log::op::Op;
use crate::log::state::Version;
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::state::PolicyState;
use crate::secret::read;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::NewWrap;
use crate::vault::key_holders;
use crate::vault::key_holders::may_rewrap;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// New wraps, and the ops that name them.
#[derive(Default)]
pub(crate) struct Settling {
    pub ops: Vec<Op>,
    pub wraps: Vec<NewWrap>,
    pub settled: BTreeSet<SecretName>,
    /// What a member who may not read had sealed, and is under the readers' key now.
    pub kept: BTreeSet<SecretName>,
    unsettled: BTreeMap<SecretName, (BTreeSet<Name>, WhyUnsettled)>,
}

impl Settling {
    /// Secrets of which some version could not be wrapped, who could, and why not.
    pub fn unsettled(&self) -> Vec<Unsettled> {
        let left = self.unsettled.iter();
        left.map(|(secret, (able, why))| Unsettled {
            secret: secret.clone(),
            able: able.iter().cloned().collect(),
            why: *why,
        })
        .collect()
    }
}

/// Wraps every version that is active or coming whose live wrap is for another audience than `state` says, or does not
/// open for the signer where another does, or was sealed by a writer who does not read, as far as the signer
/// can: a reader who found that a sealed value opens keeps it as its own, and the next one need not try. `made` are keys that the same
/// change brings. What does not open stays as it is: it is somebody else's record, and no reason to
/// keep a right in force.
pub(crate) fn settle(
    vault: &Vault,
    state: &PolicyState,
    made: &MadeKeys,
    ctx: &Ctx<'_>,
) -> Settling {
    let mut settling = Settling::default();
    let keys = Keys { vault, ctx, made, known: RefCell::default() };
    let secrets: Vec<_> = vault.kept_up().collect();
    for (name, secret) in with_progress(secrets.into_iter(), "wrapping", ctx.progress) {
        let (uid, audience) = (vault.uid(name), state.audience_of(name));
        for version in secret.kept_up() {
            let Some(wrap) = vault.wrap(&uid, &version.live_wrap.wrap) else { continue };
            let job = Job { state, keys: &keys, name, uid: &uid, version };
            let is_settled = wrap.audience == audience;
            let is_sealed = matches!(wrap.key, WrapKey::Sealed(_));
            if is_settled && !is_sealed && !job.is_useless(wrap) {
                continue;
            }
            match job.rewrap(&audience) {
                Ok(new) => settling.add(name, version.object, new, is_settled && is_sealed),
                // Others may open it, and what the signer lacks is said of the keys.
                Err(why) if is_settled && why != WhyUnsettled::DoesNotOpen => {}
                Err(why) => settling.leave(name, job.settlers(wrap, why), why),
            }
        }
    }
    let Settling { settled, kept, unsettled, .. } = &mut settling;
    settled.retain(|name| !unsettled.contains_key(name));
    kept.retain(|name| !settled.contains(name) && !unsettled.contains_key(name));
    settling
}

impl Settling {
    fn add(&mut self, name: &SecretName, object: ObjectId, new: NewWrap, was_readers: bool) {
        self.ops.push(Op::Rewrap { secret: name.clone(), object, wrap: new.id });
        self.wraps.push(new);
        let of = if was_readers { &mut self.kept } else { &mut self.settled };
        of.insert(name.clone());
    }

    fn leave(&mut self, name: &SecretName, able: BTreeSet<Name>, why: WhyUnsettled) {
        let left = self.unsettled.entry(name.clone()).or_insert_with(|| (BTreeSet::new(), why));
        left.0.extend(able);
        left.1 = left.1.max(why);
    }
}

/// The keys that the signer has, each audience's asked for once, whether it opens or not.
struct Keys<'a> {
    vault: &'a Vault,
    ctx: &'a Ctx<'a>,
    made: &'a MadeKeys,
    known: RefCell<BTreeMap<AudienceName, Option<Arc<Vec<EpochKeys>>>>>,
}

impl Keys<'_> {
    /// An audience's keys, if the signer can open them; else those that a fresh epoch carries on.
    fn of(&self, audience: &AudienceName) -> Option<Arc<Vec<EpochKeys>>> {
        if let Some(known) = self.known.borrow().get(audience) {
            return known.clone();
        }
        let opened = self.ctx.who.keys(self.vault, audience).ok().map(Arc::new);
        let keys = opened.or_else(|| self.made.fresh.get(audience).map(Arc::clone));
        self.known.borrow_mut().insert(audience.clone(), keys.clone());
        keys
    }
}

/// One version that is to be wrapped anew.
struct Job<'a> {
    state: &'a PolicyState,
    keys: &'a Keys<'a>,
    name: &'a SecretName,
    uid: &'a SecretId,
    version: &'a Version,
}

impl Job<'_> {
    /// Whether the signer has the keys that a wrap names, and they do not open it.
    fn is_useless(&self, wrap: &Wrap) -> bool {
        let vault = self.keys.vault;
        let Some(keys) = self.keys.of(&wrap.audience) else { return false };
        let object = vault.object(self.uid, &self.version.object);
        let binding = vault.binding(self.uid);
        object.is_some_and(|object| version::check_wrap(binding, object, wrap, &keys).is_err())
    }

    fn rewrap(&self, audience: &AudienceName) -> Result<NewWrap, WhyUnsettled> {
        let Keys { vault, ctx, made, .. } = self.keys;
        if !may_rewrap(self.state, ctx.who.member(), self.name) {
            return Err(WhyUnsettled::NotPermitted);
        }
        let keys = match made.fresh.get(audience) {
            Some(keys) => Some(Arc::clone(keys)),
            // Somebody who left holds the present keys: nothing is sealed to them any more.
            None if self.state.is_due(audience) => None,
            None => self.keys.of(audience),
        };
        let keys = keys.ok_or(WhyUnsettled::NoKeys)?;
        let current = keys.first().ok_or(WhyUnsettled::NoKeys)?;
        let object = vault.object(self.uid, &self.version.object);
        let object = object.ok_or(WhyUnsettled::DoesNotOpen)?;
        let binding = vault.binding(self.uid);
        let mut tried = false;
        for wrap in read::wraps(vault, self.uid, self.version) {
            let Some(old) = self.keys.of(&wrap.audience) else { continue };
            tried |= old.iter().any(|keys| keys.epoch == wrap.epoch);
            let to = WrapTo::Epoch { audience, keys: current };
            if let Ok((id, wrap)) = version::rewrap(binding, object, wrap, &old, to) {
                return Ok(NewWrap { uid: *self.uid, id, wrap });
            }
        }
        Err(if tried { WhyUnsettled::DoesNotOpen } else { WhyUnsettled::NoKeys })
    }

    /// Who could do it, where the signer cannot.
    fn settlers(&self, wrap: &Wrap, why: WhyUnsettled) -> BTreeSet<Name> {
        let mut able = key_holders::may_wrap_anew(self.state, self.name, wrap);
        if why == WhyUnsettled::DoesNotOpen {
            able.remove(self.keys.ctx.who.member());
        }
        able
    }
}
