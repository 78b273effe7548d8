//! Settling: wrapping what is active for the audience that it belongs to now, and anew where the live
//! wrap is of no use.

use super::audience_keys::MadeKeys;
use super::change::NewWrap;
use super::policy_change::{PolicyChangeError, Unsettled};
use super::read;
use super::request::Ctx;
use super::vault::Vault;
use crate::crypto::bytes::Id;
use crate::host::progress::told;
use crate::log::op::Op;
use crate::log::state::Version;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::policy::state::State;
use crate::vault::audience::EpochKeys;
use crate::vault::model::Wrap;
use crate::vault::version::{self, WrapTo};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// New wraps, and the ops that name them.
#[derive(Default)]
pub(super) struct Settling {
    pub ops: Vec<Op>,
    pub wraps: Vec<NewWrap>,
    pub settled: BTreeSet<SecretName>,
    unsettled: BTreeMap<SecretName, BTreeSet<Name>>,
}

impl Settling {
    /// Secrets of which some active version could not be wrapped, and who could.
    pub fn unsettled(&self) -> Vec<Unsettled> {
        let left = self.unsettled.iter();
        left.map(|(secret, able)| Unsettled {
            secret: secret.clone(),
            able: able.iter().cloned().collect(),
        })
        .collect()
    }
}

/// Wraps every active version whose live wrap is for another audience than `state` says, or does not
/// open for the signer where another does, as far as the signer can. `made` are keys that the same
/// change brings.
pub(super) fn settle(
    vault: &Vault,
    state: &State,
    made: &MadeKeys,
    ctx: &Ctx<'_>,
) -> Result<Settling, PolicyChangeError> {
    let mut settling = Settling::default();
    let live: Vec<_> = vault.live().collect();
    for (name, secret) in told(live.into_iter(), "wrapping", ctx.progress) {
        let (uid, audience) = (vault.uid(name), state.audience_of(name));
        for version in secret.active() {
            let Some(wrap) = vault.wrap(&uid, &version.live_wrap.wrap) else { continue };
            let job = Job { vault, state, ctx, name, uid: &uid, version };
            let is_settled = wrap.audience == audience;
            if is_settled && !job.is_useless(wrap) {
                continue;
            }
            match job.rewrap(&audience, made)? {
                Some(new) => settling.add(name, version.object, new),
                None if is_settled => {}
                None => {
                    let able = able(state, name, wrap);
                    settling.unsettled.entry(name.clone()).or_default().extend(able);
                }
            }
        }
    }
    let Settling { settled, unsettled, .. } = &mut settling;
    settled.retain(|name| !unsettled.contains_key(name));
    Ok(settling)
}

impl Settling {
    fn add(&mut self, name: &SecretName, object: Id, new: NewWrap) {
        self.ops.push(Op::Rewrap { secret: name.clone(), object, wrap: new.id });
        self.wraps.push(new);
        self.settled.insert(name.clone());
    }
}

/// One version that is to be wrapped anew.
struct Job<'a> {
    vault: &'a Vault,
    state: &'a State,
    ctx: &'a Ctx<'a>,
    name: &'a SecretName,
    uid: &'a Id,
    version: &'a Version,
}

impl Job<'_> {
    /// Whether the signer has the keys that a wrap names, and they do not open it.
    fn is_useless(&self, wrap: &Wrap) -> bool {
        let Some(keys) = self.known(&wrap.audience) else { return false };
        let object = self.vault.object(self.uid, &self.version.object);
        let binding = self.vault.binding(self.uid);
        object.is_some_and(|object| version::check_wrap(binding, object, wrap, &keys).is_err())
    }

    fn rewrap(
        &self,
        audience: &str,
        made: &MadeKeys,
    ) -> Result<Option<NewWrap>, PolicyChangeError> {
        if !may_rewrap(self.state, self.ctx.who.member(), self.name) {
            return Ok(None);
        }
        let keys = match made.fresh.get(audience) {
            Some(keys) => Some(Rc::clone(keys)),
            // Somebody who left holds the present keys: nothing is sealed to them any more.
            None if self.state.is_due(audience) => None,
            None => self.known(audience),
        };
        let object = self.vault.object(self.uid, &self.version.object);
        let (Some(keys), Some(object)) = (keys, object) else { return Ok(None) };
        let Some(current) = keys.first() else { return Ok(None) };
        let binding = self.vault.binding(self.uid);
        let mut first = None;
        for wrap in read::wraps(self.vault, self.uid, self.version) {
            let Some(old) = self.known(&wrap.audience) else { continue };
            let to = WrapTo::Epoch { audience, keys: current };
            match version::rewrap(self.ctx.random, binding, object, wrap, &old, to) {
                Ok((id, wrap)) => return Ok(Some(NewWrap { uid: *self.uid, id, wrap })),
                Err(source) => _ = first.get_or_insert(source),
            }
        }
        let secret = self.name.clone();
        first.map_or(Ok(None), |source| Err(PolicyChangeError::Rewrap { secret, source }))
    }

    /// An audience's keys, if the signer can open them.
    fn known(&self, audience: &str) -> Option<Rc<Vec<EpochKeys>>> {
        self.ctx.who.keys(self.vault, audience).ok()
    }
}

fn may_rewrap(state: &State, member: &Name, secret: &SecretName) -> bool {
    let holds = |right| state.holds(member, right, secret);
    holds(Right::Read) && (holds(Right::Write) || holds(Right::Grant))
}

/// Who can open a wrap and may make another.
pub(super) fn able(state: &State, secret: &SecretName, wrap: &Wrap) -> BTreeSet<Name> {
    let holders = state.members_of(&wrap.audience).into_iter();
    let signs = |name: &&Name| state.member(name).is_some_and(|member| !member.keys.is_empty());
    holders.filter(signs).filter(|name| may_rewrap(state, name, secret)).cloned().collect()
}
