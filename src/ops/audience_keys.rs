//! The keys that a state of the policy asks for: audiences without any, audiences that somebody left,
//! envelopes that somebody who joined cannot open yet.

use super::policy_change::PolicyChangeError;
use super::request::Ctx;
use super::unlock::KeyError;
use super::vault::Vault;
use crate::crypto::envelope::EnvelopeError;
use crate::policy::chain::Chain;
use crate::policy::error::Needs;
use crate::policy::op::PolicyOp;
use crate::policy::sealers::Sealers;
use crate::policy::state::State;
use crate::vault::audience::{self, AudienceError, EpochKeys};
use crate::vault::ids;
use crate::vault::model::AudienceSection;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The keys that were made, and the ops that state them.
#[derive(Default)]
pub(super) struct MadeKeys {
    pub ops: Vec<PolicyOp>,
    pub sections: BTreeMap<String, AudienceSection>,
    /// All keys of the audiences that got new ones, newest first.
    pub fresh: BTreeMap<String, Rc<Vec<EpochKeys>>>,
    /// Audiences that the signer could not give what they need.
    pub without_keys: Vec<String>,
}

/// Makes what `state` asks for: the vault's own state, or one that a change of it would give.
pub(super) fn make(
    vault: &Vault,
    state: &State,
    ctx: &Ctx<'_>,
) -> Result<MadeKeys, PolicyChangeError> {
    let mut maker = Maker { vault, state, ctx, made: MadeKeys::default() };
    let due = state.due().map(str::to_owned);
    for audience in state.missing_audiences().into_iter().chain(due) {
        maker.renew(&audience)?;
    }
    for audience in maker.widened()? {
        maker.reseal(&audience)?;
    }
    Ok(maker.made)
}

/// A new epoch of each of these audiences, which have keys already; whoever is in them reads on.
pub(super) fn renew(
    vault: &Vault,
    audiences: &[String],
    ctx: &Ctx<'_>,
) -> Result<MadeKeys, PolicyChangeError> {
    let mut maker = Maker { vault, state: vault.policy(), ctx, made: MadeKeys::default() };
    audiences.iter().try_for_each(|audience| maker.renew(audience))?;
    Ok(maker.made)
}

/// What the chain asks before an op.
type May = fn(&Sealers, &str, &State) -> Result<(), Needs>;

struct Maker<'a> {
    vault: &'a Vault,
    state: &'a State,
    ctx: &'a Ctx<'a>,
    made: MadeKeys,
}

impl Maker<'_> {
    /// Whether the signer may state keys for the audience, by the rule that the chain judges with: by
    /// the policy of now and the one that is to be. Somebody who is not in the audience by then has no
    /// use of its keys, whatever their signature suffices for.
    fn able(&self, audience: &str, may: May) -> bool {
        let keys = BTreeSet::from([self.ctx.signer.key.id()]);
        let signers = self.vault.chain().signers_with(&keys);
        signers.is_ok_and(|signers| may(&signers.sealers(), audience, self.state).is_ok())
            && self.state.is_in(self.ctx.who.member(), audience)
    }

    fn leave(&mut self, audience: &str) {
        self.made.without_keys.push(audience.to_owned());
    }

    /// A new epoch that carries all earlier ones.
    fn renew(&mut self, audience: &str) -> Result<(), PolicyChangeError> {
        if !self.able(audience, Sealers::may_begin) {
            self.leave(audience);
            return Ok(());
        }
        let vault = self.vault.id();
        let (new, stated) = audience::new_epoch(self.ctx.random, &vault, audience)?;
        let mut epochs = vec![new];
        if self.vault.policy().audience(audience).is_some() {
            // An epoch without the earlier keys would cut everybody off from what is sealed to them,
            // so it is left to somebody who has them.
            let Some(earlier) = self.opened(audience)? else {
                self.leave(audience);
                return Ok(());
            };
            epochs.extend(earlier);
        }
        let recipients = self.state.recipients_of(audience);
        let envelope = audience::seal_envelope(&vault, audience, &epochs, &recipients)?;
        self.made.ops.push(PolicyOp::Epoch {
            audience: audience.to_owned(),
            epoch: stated.epoch,
            recipient: stated.recipient,
            kek: stated.commitment,
            envelope: ids::envelope_id(&envelope),
        });
        let section = AudienceSection { epoch: stated.epoch, envelope };
        self.made.sections.insert(audience.to_owned(), section);
        self.made.fresh.insert(audience.to_owned(), Rc::new(epochs));
        Ok(())
    }

    /// An audience's keys, opened anew: they move into a list, and a key type has no copy. `None`
    /// if the signer is not, or not yet, among those whom the envelope is encrypted to.
    fn opened(&self, audience: &str) -> Result<Option<Vec<EpochKeys>>, PolicyChangeError> {
        match self.ctx.who.open(self.vault, audience) {
            Ok(keys) => Ok(Some(keys)),
            Err(
                KeyError::NotInAudience { .. }
                | KeyError::Envelope {
                    source: AudienceError::Envelope { source: EnvelopeError::NoMatch, .. },
                    ..
                },
            ) => Ok(None),
            Err(source) => Err(PolicyChangeError::Keys { audience: audience.to_owned(), source }),
        }
    }

    /// Audiences that keep their epoch and have a recipient whom its envelope was not sealed to.
    fn widened(&self) -> Result<Vec<String>, PolicyChangeError> {
        let mut sealed_to = sealed_to(self.vault)?;
        let mut found = Vec::new();
        for (name, _) in self.vault.policy().audiences() {
            if self.made.sections.contains_key(name) || self.state.is_due(name) {
                continue;
            }
            let sealed_to = sealed_to.remove(name).unwrap_or_default();
            let now = self.state.recipients_of(name);
            if now.iter().any(|recipient| !sealed_to.contains(recipient)) {
                found.push(name.to_owned());
            }
        }
        Ok(found)
    }

    /// The same epoch's envelope for the recipients of now.
    fn reseal(&mut self, audience: &str) -> Result<(), PolicyChangeError> {
        let keys =
            if self.able(audience, Sealers::may_reseal) { self.opened(audience)? } else { None };
        let Some(keys) = keys else {
            self.leave(audience);
            return Ok(());
        };
        let Some(epoch) = keys.first().map(|keys| keys.epoch) else { return Ok(()) };
        let recipients = self.state.recipients_of(audience);
        let envelope = audience::seal_envelope(&self.vault.id(), audience, &keys, &recipients)?;
        self.made.ops.push(PolicyOp::Reseal {
            audience: audience.to_owned(),
            epoch,
            envelope: ids::envelope_id(&envelope),
        });
        self.made.sections.insert(audience.to_owned(), AudienceSection { epoch, envelope });
        Ok(())
    }
}

/// The recipients of each audience when its present envelope was made.
///
/// The envelope itself does not tell: an age file names nobody.
fn sealed_to(vault: &Vault) -> Result<BTreeMap<String, Vec<String>>, PolicyChangeError> {
    let entries = &vault.file().chain;
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (position, entry) in entries.iter().enumerate() {
        last.extend(entry.ops.iter().filter_map(envelope_of).map(|audience| (audience, position)));
    }
    let mut at: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (audience, position) in last {
        at.entry(position).or_default().push(audience);
    }
    let mut found = BTreeMap::new();
    Chain::replay(entries, |position, state| {
        let audiences = at.get(&position).into_iter().flatten();
        found.extend(audiences.map(|name| ((*name).to_owned(), state.recipients_of(name))));
    })?;
    Ok(found)
}

/// The audience whose envelope an op states.
fn envelope_of(op: &PolicyOp) -> Option<&str> {
    match op {
        PolicyOp::Epoch { audience, .. } | PolicyOp::Reseal { audience, .. } => Some(audience),
        _ => None,
    }
}
