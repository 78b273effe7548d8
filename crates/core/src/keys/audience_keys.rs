//! The keys that a state of the policy asks for: audiences without any, audiences that somebody left,
//! envelopes that somebody who joined cannot open yet.
//!
//! Nothing here stops a change: what cannot be opened or sealed is left, and said ([`Shortfall`]).

use super::policy_change::PolicyChangeError;
use super::room::{Fit, Room};
use super::sealing::{SealedEnvelope, Sealer};
use super::shortfall::{Closed, LeftOutRecipient, Shortfall, Skipped};
use crate::crypto::envelope::EnvelopeError;
use crate::crypto::id::EpochId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::file::audience;
use crate::file::audience::EpochKeys;
use crate::file::model::AudienceSection;
use crate::name::audience::AudienceName;
use crate::policy::chain::Chain;
use crate::policy::op::{EpochReseal, EpochStart, PolicyOp};
use crate::policy::sealers::Sealers;
use crate::policy::state::PolicyState;
use crate::record::ids;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::key_holders::{May, may_seal};
use crate::vault::sealed_to;
use crate::vault::unlock::KeyError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The keys that were made, and the ops that state them.
#[derive(Default)]
pub(crate) struct MadeKeys {
    pub ops: Vec<PolicyOp>,
    pub sections: BTreeMap<AudienceName, AudienceSection>,
    /// All keys of the audiences that got new ones, newest first.
    pub fresh: BTreeMap<AudienceName, Arc<Vec<EpochKeys>>>,
    /// Audiences that the signer could not give what they need.
    pub without_keys: Vec<AudienceName>,
    pub short: Shortfall,
}

/// Who signs the entry that the keys are stated in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignedBy {
    /// The one who makes it.
    One,
    /// As many owners as it takes, the one who makes it among them.
    Owners,
}

/// Makes what the state `after` an entry asks for: the vault's own chain, or one with the entry to be.
/// As much of it as there is `room` for in that entry, what is needed most first.
pub(crate) fn make(
    vault: &Vault,
    after: &Chain,
    room: Room,
    by: SignedBy,
    ctx: &Ctx<'_>,
) -> Result<MadeKeys, PolicyChangeError> {
    let state = after.state();
    let mut maker = Maker { by, ..Maker::new(vault, after, room, ctx)? };
    let due = state.due().cloned();
    let mut wanted: Vec<AudienceName> = state.missing_audiences().into_iter().chain(due).collect();
    // Whoever may grant chooses how many audiences there are: those that no secret needs wait.
    let used = used(vault, state);
    wanted.sort_by_key(|audience| (!used.contains(audience), !state.is_due(audience)));
    for audience in wanted {
        maker.renew(&audience)?;
    }
    let mut widened = maker.widened();
    widened.sort_by_key(|audience| !used.contains(audience));
    for audience in widened {
        maker.reseal(&audience);
    }
    Ok(maker.finish())
}

/// The audiences of the secrets that are there, or may come.
fn used(vault: &Vault, state: &PolicyState) -> BTreeSet<AudienceName> {
    vault.kept_up().map(|(name, _)| state.audience_of(name)).collect()
}

/// A new epoch of each of these audiences, which have keys already; whoever is in them reads on.
pub(crate) fn renew(
    vault: &Vault,
    audiences: &[AudienceName],
    by: SignedBy,
    ctx: &Ctx<'_>,
) -> Result<MadeKeys, PolicyChangeError> {
    let mut maker = Maker { by, ..Maker::new(vault, vault.chain(), Room::whole(), ctx)? };
    audiences.iter().try_for_each(|audience| maker.renew(audience))?;
    Ok(maker.finish())
}

/// What these ops did, once more: new epochs, and envelopes of present ones, of audiences whose roles are there.
pub(crate) fn again(
    vault: &Vault,
    ops: &[PolicyOp],
    by: SignedBy,
    ctx: &Ctx<'_>,
) -> Result<MadeKeys, PolicyChangeError> {
    let mut maker = Maker { by, ..Maker::new(vault, vault.chain(), Room::whole(), ctx)? };
    for op in ops {
        let (PolicyOp::Epoch(EpochStart { audience, .. })
        | PolicyOp::Reseal(EpochReseal { audience, .. })) = op
        else {
            continue;
        };
        let begins = matches!(op, PolicyOp::Epoch(_)) || maker.state.is_due(audience);
        match begins {
            _ if !maker.state.has_roles_of(audience) || maker.has(audience) => {}
            true => maker.renew(audience)?,
            false => maker.reseal(audience),
        }
    }
    Ok(maker.finish())
}

/// An envelope of each audience's present epoch with these keys, newest first, the present one's
/// among them.
pub(crate) fn reseal_with(
    vault: &Vault,
    keys: BTreeMap<AudienceName, Vec<EpochKeys>>,
    ctx: &Ctx<'_>,
) -> Result<MadeKeys, PolicyChangeError> {
    let mut maker = Maker::new(vault, vault.chain(), Room::whole(), ctx)?;
    keys.into_iter().for_each(|(audience, keys)| _ = maker.seal_again(&audience, &keys));
    Ok(maker.finish())
}

struct Maker<'a> {
    vault: &'a Vault,
    after: &'a Chain,
    state: &'a PolicyState,
    by: SignedBy,
    /// What the entry has left for ops.
    room: Room,
    ctx: &'a Ctx<'a>,
    /// The recipients that each audience's present envelope was sealed to.
    sealed_to: BTreeMap<AudienceName, BTreeSet<RecipientText>>,
    sealer: Sealer,
    /// Recipients that were left out, with the audiences.
    skipped: BTreeMap<RecipientText, Vec<AudienceName>>,
    made: MadeKeys,
}

/// What an audience's present envelope gives the signer.
enum Earlier {
    Keys(Vec<EpochKeys>),
    /// It was sealed to the signer and does not open: what could be taken from it all the same.
    Broken(Vec<EpochKeys>, KeyError),
    /// It is for others, a program that the signer's identity needs did not open it, or the keys that are kept
    /// of it are other ones.
    Out,
}

impl<'a> Maker<'a> {
    fn new(
        vault: &'a Vault,
        after: &'a Chain,
        room: Room,
        ctx: &'a Ctx<'a>,
    ) -> Result<Self, PolicyChangeError> {
        let (sealer, made) = (Sealer::default(), MadeKeys::default());
        let (sealed_to, skipped) = (sealed_to::present(vault)?, BTreeMap::new());
        let state = after.state();
        let by = SignedBy::One;
        Ok(Self { vault, after, state, by, room, ctx, sealed_to, sealer, skipped, made })
    }

    fn signer_may(&self, audience: &AudienceName, may: May) -> bool {
        match self.by {
            SignedBy::One => {
                may_seal(self.vault, self.ctx.signer.key.id(), audience, self.after, may)
            }
            // Their signatures suffice for every op; the keys are for whoever is in the audience, and signs for them.
            SignedBy::Owners => {
                let member = self.ctx.who.member();
                let signs_on = self.state.is_theirs(member, &self.ctx.signer.key.id());
                signs_on && self.state.is_in(member, audience)
            }
        }
    }

    fn has(&self, audience: &AudienceName) -> bool {
        self.made.sections.contains_key(audience)
    }

    fn leave(&mut self, audience: &AudienceName) {
        self.made.without_keys.push(audience.clone());
    }

    /// Leaves for another entry what the signer could do.
    fn put_off(&mut self, audience: &AudienceName) {
        self.made.short.later.push(audience.clone());
        self.leave(audience);
    }

    /// Takes an op of the audience down, if there is room for it.
    fn take(&mut self, audience: &AudienceName, op: PolicyOp) -> bool {
        let fit = self.room.take(&op);
        match fit {
            Fit::Taken => self.made.ops.push(op),
            Fit::Later => self.put_off(audience),
            Fit::Never => {
                self.made.short.unstatable.push(audience.clone());
                self.leave(audience);
            }
        }
        fit == Fit::Taken
    }

    /// A new epoch that carries all earlier ones that the signer has.
    fn renew(&mut self, audience: &AudienceName) -> Result<(), PolicyChangeError> {
        if !self.signer_may(audience, Sealers::may_begin) {
            self.leave(audience);
            return Ok(());
        }
        if self.room.is_closed() {
            self.put_off(audience);
            return Ok(());
        }
        let (earlier, why) = match self.earlier(audience) {
            Earlier::Keys(keys) => (keys, None),
            // Whoever left holds the present keys, or somebody made an envelope that opens for
            // nobody: waiting for it to open would leave what they have in force.
            Earlier::Broken(keys, why) => (keys, Some(why)),
            Earlier::Out => {
                self.leave(audience);
                return Ok(());
            }
        };
        let vault = self.vault.id();
        let (new, stated) = audience::new_epoch(self.ctx.random, &vault, audience)?;
        let epochs: Vec<EpochKeys> = std::iter::once(new).chain(earlier).collect();
        let Some(SealedEnvelope { envelope, skipped }) = self.seal(audience, &epochs) else {
            return Ok(());
        };
        let op = PolicyOp::Epoch(EpochStart {
            audience: audience.clone(),
            epoch: stated.epoch,
            recipient: stated.recipient,
            kek: stated.commitment,
            envelope: ids::envelope_id(&envelope),
            skipped,
        });
        if !self.take(audience, op) {
            return Ok(());
        }
        self.count(audience, epochs.len(), self.vault.expected_epochs(audience).len() + 1, why);
        let section = AudienceSection { epoch: stated.epoch, envelope };
        self.made.sections.insert(audience.clone(), section);
        self.made.fresh.insert(audience.clone(), Arc::new(epochs));
        Ok(())
    }

    /// The keys that a new epoch is to carry on: opened anew, since they move into a list, and a key
    /// type has no copy.
    fn earlier(&mut self, audience: &AudienceName) -> Earlier {
        if self.vault.policy().audience(audience).is_none() {
            return Earlier::Keys(Vec::new());
        }
        match self.ctx.who.open(self.vault, audience) {
            Ok(keys) => Earlier::Keys(keys),
            // The envelope may hold what these do not: a new one without it would take it from everybody.
            Err(why @ KeyError::Kept { .. }) => {
                self.made.short.closed.push(Closed { audience: audience.clone(), why });
                Earlier::Out
            }
            Err(why) if self.is_fault(audience, &why) => {
                if EnvelopeError::is_of_program(&why) {
                    self.made.short.closed.push(Closed { audience: audience.clone(), why });
                    return Earlier::Out;
                }
                Earlier::Broken(self.ctx.who.salvage(self.vault, audience), why)
            }
            Err(_) => Earlier::Out,
        }
    }

    /// Whether an envelope that did not open should have: by the chain it was sealed to a recipient
    /// that the signer's identities are for.
    fn is_fault(&self, audience: &AudienceName, error: &KeyError) -> bool {
        if matches!(error, KeyError::NotInAudience { .. }) {
            return false;
        }
        let to = self.sealed_to.get(audience);
        let own = self.ctx.who.recipients(self.vault);
        to.is_some_and(|to| own.iter().any(|recipient| to.contains(recipient)))
    }

    /// Audiences that keep their epoch and have a recipient whom its envelope was not sealed to and
    /// could be now. One that fails again is no reason to seal anew at each change.
    fn widened(&mut self) -> Vec<AudienceName> {
        let mut found = Vec::new();
        for (name, audience) in self.vault.policy().audiences() {
            if self.made.sections.contains_key(name) || self.state.is_due(name) {
                continue;
            }
            let sealed_to = self.sealed_to.get(name);
            let mut new = self.state.recipients_of(name);
            new.retain(|recipient| !sealed_to.is_some_and(|to| to.contains(recipient)));
            if !self.signer_may(name, Sealers::may_reseal) {
                // Those that were left out before wait for somebody who can seal to them.
                new.retain(|recipient| !audience.skipped.contains(recipient));
                found.extend((!new.is_empty()).then(|| name.clone()));
                continue;
            }
            let (usable, failing): (Vec<_>, Vec<_>) =
                new.into_iter().partition(|recipient| self.sealer.is_usable(recipient));
            match usable.is_empty() {
                true => self.note_skipped(name, &failing),
                false => found.push(name.clone()),
            }
        }
        found
    }

    /// The same epoch's envelope for the recipients of now.
    fn reseal(&mut self, audience: &AudienceName) {
        if !self.signer_may(audience, Sealers::may_reseal) {
            return self.leave(audience);
        }
        if self.room.is_closed() {
            return self.put_off(audience);
        }
        match self.ctx.who.open(self.vault, audience) {
            Ok(keys) => {
                if self.seal_again(audience, &keys) {
                    let of = self.vault.expected_epochs(audience).len();
                    self.count(audience, keys.len(), of, None);
                }
            }
            Err(why) => {
                if self.is_fault(audience, &why) {
                    self.made.short.closed.push(Closed { audience: audience.clone(), why });
                }
                self.leave(audience);
            }
        }
    }

    /// Whether there is a new envelope now.
    fn seal_again(&mut self, audience: &AudienceName, keys: &[EpochKeys]) -> bool {
        let Some(epoch) = keys.first().map(|keys| keys.epoch) else { return false };
        if self.room.is_closed() {
            self.put_off(audience);
            return false;
        }
        let Some(sealed) = self.seal(audience, keys) else { return false };
        self.state_reseal(audience, epoch, sealed)
    }

    fn state_reseal(
        &mut self,
        audience: &AudienceName,
        epoch: EpochId,
        sealed: SealedEnvelope,
    ) -> bool {
        let SealedEnvelope { envelope, skipped } = sealed;
        let op = PolicyOp::Reseal(EpochReseal {
            audience: audience.clone(),
            epoch,
            envelope: ids::envelope_id(&envelope),
            skipped,
        });
        let taken = self.take(audience, op);
        if taken {
            self.made.sections.insert(audience.clone(), AudienceSection { epoch, envelope });
        }
        taken
    }

    /// Seals to the recipients of now; `None` where there is nobody who can be sealed to, and the
    /// audience is left.
    fn seal(&mut self, audience: &AudienceName, keys: &[EpochKeys]) -> Option<SealedEnvelope> {
        let recipients = self.state.recipients_of(audience);
        match self.sealer.seal(&self.vault.id(), audience, keys, &recipients) {
            Ok(sealed) => {
                self.note_skipped(audience, &sealed.skipped);
                Some(sealed)
            }
            Err(_) => {
                self.note_skipped(audience, &recipients);
                self.leave(audience);
                None
            }
        }
    }

    fn note_skipped(&mut self, audience: &AudienceName, recipients: &[RecipientText]) {
        for recipient in recipients {
            self.skipped.entry(recipient.clone()).or_default().push(audience.clone());
        }
    }

    fn count(&mut self, audience: &AudienceName, held: usize, of: usize, why: Option<KeyError>) {
        if held < of {
            let audience = audience.clone();
            self.made.short.left_out.push(LeftOutRecipient { audience, held, of, why });
        }
    }

    /// What was made, with the recipients that it leaves out and their members.
    fn finish(mut self) -> MadeKeys {
        for (recipient, audiences) in std::mem::take(&mut self.skipped) {
            let mut members = self.state.members();
            let owner = members.find(|(_, member)| member.recipients.contains(&recipient));
            let Some((member, _)) = owner else { continue };
            let Some(why) = self.sealer.take_fault(&recipient) else { continue };
            let member = member.clone();
            self.made.short.skipped.push(Skipped { member, recipient, audiences, why });
        }
        self.made
    }
}
