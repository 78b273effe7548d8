//! Changing policy: the ops that were asked for, the keys that they make necessary, and the wraps
//! that move secrets to the audiences they now belong to.

use super::change::{Change, NewWrap};
use super::request::Ctx;
use super::unlock::{KeyError, Unlocked};
use super::vault::Vault;
use crate::crypto::bytes::Id;
use crate::crypto::identity::IdentityError;
use crate::log::op::Op;
use crate::name::SecretName;
use crate::policy::chain::Chain;
use crate::policy::entry::PolicyEntry;
use crate::policy::error::ChainError;
use crate::policy::op::{PolicyOp, Right};
use crate::policy::sign::Draft;
use crate::policy::state::State;
use crate::vault::audience::{self, AudienceError, EpochKeys};
use crate::vault::ids;
use crate::vault::model::AudienceSection;
use crate::vault::version::{self, VersionError, WrapTo};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What came of a change of policy besides the change itself.
#[derive(Debug, Default)]
pub struct PolicyOutcome {
    /// Secrets wrapped for their new audience.
    pub settled: Vec<SecretName>,
    /// Secrets whose new audience cannot open them yet: somebody who can read them has to write.
    pub unsettled: Vec<SecretName>,
    /// Audiences that this member could not give keys; an owner can.
    pub without_keys: Vec<String>,
}

/// Why policy was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyChangeError {
    #[error("the vault's policy does not allow this")]
    Chain(#[from] ChainError),
    #[error("the keys of the audience {audience} cannot be used")]
    Keys {
        audience: String,
        #[source]
        source: KeyError,
    },
    #[error("the keys of an audience cannot be sealed")]
    Seal(#[from] AudienceError),
    #[error("new keys cannot be made")]
    Identity(#[from] IdentityError),
    #[error("{secret} cannot be wrapped for its new audience")]
    Rewrap {
        secret: SecretName,
        #[source]
        source: VersionError,
    },
}

/// Makes the change for `ops`, which are checked against the chain first.
pub fn change(
    vault: &Vault,
    ops: Vec<PolicyOp>,
    ctx: &Ctx<'_>,
) -> Result<(Change, PolicyOutcome), PolicyChangeError> {
    let trial = vault.chain().extended(entry(vault, ops.clone(), ctx))?;
    let mut keys = Keys::new(vault, trial.state(), ctx);
    keys.gather()?;
    let Keys { ops: key_ops, sections, fresh, without_keys, .. } = keys;
    let entry = entry(vault, ops.into_iter().chain(key_ops).collect(), ctx);
    let chain = vault.chain().extended(entry.clone())?;
    let settling = settle(vault, &chain, &fresh, ctx)?;
    let outcome =
        PolicyOutcome { settled: settling.settled, unsettled: settling.unsettled, without_keys };
    let entries = match settling.ops.is_empty() {
        true => Vec::new(),
        false => {
            let (first, more) = ctx.sign(chain.head(), vault.tips(), settling.ops);
            std::iter::once(first).chain(more).collect()
        }
    };
    let change = Change::policy(entry, sections, entries).with_wraps(settling.wraps);
    Ok((change, outcome))
}

fn entry(vault: &Vault, ops: Vec<PolicyOp>, ctx: &Ctx<'_>) -> PolicyEntry {
    Draft::next(vault.chain(), ctx.now, vault.heads(), ops, ctx.reason.clone())
        .sign(&[&ctx.signer.key])
}

/// The keys that a new state asks for.
struct Keys<'a> {
    vault: &'a Vault,
    state: &'a State,
    ctx: &'a Ctx<'a>,
    ops: Vec<PolicyOp>,
    sections: BTreeMap<String, AudienceSection>,
    /// Current keys of the audiences that got new ones.
    fresh: BTreeMap<String, Rc<Vec<EpochKeys>>>,
    without_keys: Vec<String>,
}

impl<'a> Keys<'a> {
    fn new(vault: &'a Vault, state: &'a State, ctx: &'a Ctx<'a>) -> Self {
        Self {
            vault,
            state,
            ctx,
            ops: Vec::new(),
            sections: BTreeMap::new(),
            fresh: BTreeMap::new(),
            without_keys: Vec::new(),
        }
    }

    fn gather(&mut self) -> Result<(), PolicyChangeError> {
        for audience in self.state.missing_audiences() {
            self.renew(&audience)?;
        }
        let due: Vec<String> = self.state.due().map(str::to_owned).collect();
        for audience in due {
            self.renew(&audience)?;
        }
        let widened: Vec<String> = self.widened();
        for audience in widened {
            self.reseal(&audience)?;
        }
        Ok(())
    }

    fn able(&self, audience: &str) -> bool {
        let member = self.ctx.who.member();
        self.state.is_owner(member)
            || (self.state.members_of(audience).contains(member)
                && self.state.holds_anywhere(member, Right::Grant))
    }

    /// A new epoch that carries what the signer can open of the earlier ones.
    fn renew(&mut self, audience: &str) -> Result<(), PolicyChangeError> {
        if !self.able(audience) {
            self.without_keys.push(audience.to_owned());
            return Ok(());
        }
        let vault = self.vault.id();
        let (new, stated) = audience::new_epoch(self.ctx.random, &vault, audience)?;
        let mut epochs = vec![new];
        if self.vault.policy().audience(audience).is_some() {
            // Opened anew: the keys move into the list, and a key type has no copy.
            epochs.extend(self.opened(audience)?);
        }
        let recipients = self.state.recipients_of(audience);
        let envelope = audience::seal_envelope(&vault, audience, &epochs, &recipients)?;
        self.ops.push(PolicyOp::Epoch {
            audience: audience.to_owned(),
            epoch: stated.epoch,
            recipient: stated.recipient,
            kek: stated.commitment,
            envelope: ids::envelope_id(&envelope),
        });
        let section = AudienceSection { epoch: stated.epoch, envelope };
        self.sections.insert(audience.to_owned(), section);
        self.fresh.insert(audience.to_owned(), Rc::new(epochs));
        Ok(())
    }

    fn opened(&self, audience: &str) -> Result<Vec<EpochKeys>, PolicyChangeError> {
        self.ctx
            .who
            .open(self.vault, audience)
            .map_err(|source| PolicyChangeError::Keys { audience: audience.to_owned(), source })
    }

    /// Audiences that somebody joined and that keep their epoch.
    fn widened(&self) -> Vec<String> {
        let before = self.vault.policy();
        let known = self.state.audiences().map(|(name, _)| name.to_owned());
        known
            .filter(|name| !self.sections.contains_key(name) && before.audience(name).is_some())
            .filter(|name| {
                let old = before.recipients_of(name);
                self.state.recipients_of(name).iter().any(|recipient| !old.contains(recipient))
            })
            .collect()
    }

    /// The same epoch's envelope for more recipients.
    fn reseal(&mut self, audience: &str) -> Result<(), PolicyChangeError> {
        if !self.able(audience) || self.state.is_due(audience) {
            self.without_keys.push(audience.to_owned());
            return Ok(());
        }
        let keys = self.opened(audience)?;
        let recipients = self.state.recipients_of(audience);
        let envelope = audience::seal_envelope(&self.vault.id(), audience, &keys, &recipients)?;
        let Some(epoch) = keys.first().map(|keys| keys.epoch) else { return Ok(()) };
        self.ops.push(PolicyOp::Reseal {
            audience: audience.to_owned(),
            epoch,
            envelope: ids::envelope_id(&envelope),
        });
        self.sections.insert(audience.to_owned(), AudienceSection { epoch, envelope });
        Ok(())
    }
}

#[derive(Default)]
struct Settling {
    ops: Vec<Op>,
    wraps: Vec<NewWrap>,
    settled: Vec<SecretName>,
    unsettled: Vec<SecretName>,
}

/// Wraps the active versions of secrets whose audience changed for the new one.
fn settle(
    vault: &Vault,
    chain: &Chain,
    fresh: &BTreeMap<String, Rc<Vec<EpochKeys>>>,
    ctx: &Ctx<'_>,
) -> Result<Settling, PolicyChangeError> {
    let mut settling = Settling::default();
    for (name, secret) in vault.live() {
        let audience = chain.state().audience_of(name);
        for candidate in secret.active() {
            let uid = vault.uid(name);
            let Some(wrap) = vault.wrap(&uid, &candidate.live_wrap.wrap) else { continue };
            if wrap.audience == audience {
                continue;
            }
            match rewrap(vault, name, &uid, candidate.object, &audience, fresh, (wrap, chain), ctx)?
            {
                Some((id, wrap)) => {
                    settling.ops.push(Op::Rewrap {
                        secret: name.clone(),
                        object: candidate.object,
                        wrap: id,
                    });
                    settling.wraps.push(NewWrap { uid, id, wrap });
                    settling.settled.push(name.clone());
                }
                None => settling.unsettled.push(name.clone()),
            }
        }
    }
    Ok(settling)
}

#[expect(
    clippy::too_many_arguments,
    reason = "one call; a struct would name the same things again"
)]
fn rewrap(
    vault: &Vault,
    name: &SecretName,
    uid: &Id,
    object_id: Id,
    audience: &str,
    fresh: &BTreeMap<String, Rc<Vec<EpochKeys>>>,
    (wrap, chain): (&crate::vault::model::Wrap, &Chain),
    ctx: &Ctx<'_>,
) -> Result<Option<(Id, crate::vault::model::Wrap)>, PolicyChangeError> {
    let (state, member) = (chain.state(), ctx.who.member());
    let allowed = state.holds(member, Right::Read, name)
        && (state.holds(member, Right::Write, name) || state.holds(member, Right::Grant, name));
    let keys = fresh.get(audience).cloned().or_else(|| known(ctx.who, vault, audience));
    let old = known(ctx.who, vault, &wrap.audience);
    let object = vault.object(uid, &object_id);
    let (true, Some(keys), Some(old), Some(object)) = (allowed, keys, old, object) else {
        return Ok(None);
    };
    let Some(current) = keys.first() else { return Ok(None) };
    let to = WrapTo::Epoch { audience, keys: current };
    version::rewrap(ctx.random, vault.binding(uid), object, wrap, &old, to)
        .map(Some)
        .map_err(|source| PolicyChangeError::Rewrap { secret: name.clone(), source })
}

fn known(who: &Unlocked, vault: &Vault, audience: &str) -> Option<Rc<Vec<EpochKeys>>> {
    who.keys(vault, audience).ok()
}
