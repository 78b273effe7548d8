//! Changing policy: the ops that were asked for, the keys that they make necessary, and the wraps
//! that move secrets to the audiences they now belong to.

use super::audience_keys::{self, MadeKeys, SignedBy};
use super::room::Room;
use super::settle::{self, Settling};
use super::shortfall::{Shortfall, Skipped};
use crate::crypto::envelope::EnvelopeError;
use crate::crypto::identity::IdentityError;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::chain::Chain;
use crate::policy::entry::PolicyEntry;
use crate::policy::error::{ChainError, ChainFault, Needs};
use crate::policy::op::{MemberAdd, PolicyOp};
use crate::policy::sign::PolicyDraft;
use crate::policy::state::PolicyState;
use crate::policy::vouching::{Gift, Vouching};
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::batch::Batch;
use crate::vault::change::Change;
use std::collections::BTreeSet;

/// What came of a change of policy besides the change itself.
#[derive(Debug, Default)]
pub struct PolicyOutcome {
    /// Secrets wrapped for their new audience.
    pub settled: Vec<SecretName>,
    /// Secrets that a member who may not read had sealed, under the readers' key now.
    pub kept: Vec<SecretName>,
    /// Secrets that not all of their readers can open yet.
    pub unsettled: Vec<Unsettled>,
    /// Audiences that this member could not give the keys they need; an owner can.
    pub without_keys: Vec<AudienceName>,
    /// Audiences with new keys.
    pub renewed: Vec<AudienceName>,
    /// What these keys lack, and what could not be done about others.
    pub short: Shortfall,
}

/// A secret that waits to be wrapped for its audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    pub secret: SecretName,
    /// Who can open it and may wrap it.
    pub able: Vec<Name>,
    pub why: WhyUnsettled,
}

/// Why the signer did not wrap a secret; of several reasons the last in this order is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyUnsettled {
    /// It is not the signer's to wrap.
    NotPermitted,
    /// The signer has no keys that it is wrapped under, or none to wrap it under.
    NoKeys,
    /// The keys are at hand, and it does not open with them: only a new value helps.
    DoesNotOpen,
}

impl WhyUnsettled {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPermitted => "not-permitted",
            Self::NoKeys => "no-keys",
            Self::DoesNotOpen => "does-not-open",
        }
    }
}

/// Why policy was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PolicyChangeError {
    #[error("{member} may not do this: it needs {needs}")]
    NotPermitted { member: Name, needs: Needs, able: Vec<Name> },
    #[error("this recipient was used before (by {by}); only an owner can add it again")]
    UsedBefore { by: Name, able: Vec<Name> },
    #[error(
        "this needs the signatures of {threshold} owners, and it cannot be proposed to the others"
    )]
    Threshold { threshold: usize },
    #[error("the change does not fit the vault's policy")]
    Chain(#[from] ChainError),
    #[error("{member} cannot be added: nothing can be encrypted to the recipient {recipient}")]
    Unsealable {
        member: Name,
        recipient: RecipientText,
        #[source]
        source: EnvelopeError,
    },
    #[error("new keys cannot be made")]
    Identity(#[from] IdentityError),
}

/// Makes the change for `ops` (at least one), which are checked against the chain first. The keys that
/// the entry has no room for are left to [`settle()`]. Where an owner asks for what more owners must sign,
/// the change is a proposal to them.
pub fn change(
    vault: &Vault,
    ops: Vec<PolicyOp>,
    ctx: &Ctx<'_>,
) -> Result<(Change, PolicyOutcome), PolicyChangeError> {
    let Trial { entry: asked, after, by } = trial(vault, &ops, ctx)?;
    let mut made = match stands_alone(&ops) {
        true => MadeKeys::default(),
        false => audience_keys::make(vault, &after, Room::beside(&asked.ops), by, ctx)?,
    };
    if let Some(left) = given_and_skipped(&ops, after.state(), &mut made) {
        return Err(left);
    }
    match by {
        SignedBy::One => with_policy(vault, ops, made, ctx),
        SignedBy::Owners => propose(vault, ops, made, ctx),
    }
}

/// Whether nothing may stand beside the ops: a checkpoint has its entry for itself, and what lacks keys goes on to.
fn stands_alone(ops: &[PolicyOp]) -> bool {
    ops.iter().any(|op| matches!(op, PolicyOp::Checkpoint(_)))
}

/// The same by one signature, where nothing can wait for others.
///
/// # Errors
/// More owners must sign it.
pub fn change_alone(
    vault: &Vault,
    ops: Vec<PolicyOp>,
    ctx: &Ctx<'_>,
) -> Result<(Change, PolicyOutcome), PolicyChangeError> {
    check_alone(vault, &ops, ctx)?;
    change(vault, ops, ctx)
}

/// Gives keys to the audiences that lack them, as many as one entry holds, and wraps what is unsettled,
/// as far as the signer can.
/// `None` if there is nothing that the signer could do.
pub fn settle(
    vault: &Vault,
    ctx: &Ctx<'_>,
) -> Result<(Option<Change>, PolicyOutcome), PolicyChangeError> {
    let make = |by| audience_keys::make(vault, vault.chain(), Room::whole(), by, ctx);
    let (by, made) = by_fewest(vault, ctx, make)?;
    if !made.ops.is_empty() {
        let (change, outcome) = with_keys(vault, made, by, ctx)?;
        return Ok((Some(change), outcome));
    }
    let settling = settle::settle(vault, vault.policy(), &made, ctx);
    let outcome = outcome(&settling, made);
    Ok((batch(vault, vault.chain(), settling, ctx).change(), outcome))
}

/// Keys like those that these ops stated, of audiences whose roles are still there: an entry of nothing but keys
/// has nothing else that could be made anew. `None` if there are none to make, or not by this signer.
///
/// # Errors
/// Keys that cannot be made.
pub(crate) fn keys_again(
    vault: &Vault,
    ops: &[PolicyOp],
    ctx: &Ctx<'_>,
) -> Result<(Option<Change>, PolicyOutcome), PolicyChangeError> {
    let (by, made) = by_fewest(vault, ctx, |by| audience_keys::again(vault, ops, by, ctx))?;
    if made.ops.is_empty() {
        return Ok((None, outcome(&Settling::default(), made)));
    }
    with_keys(vault, made, by, ctx).map(|(change, outcome)| (Some(change), outcome))
}

/// Keys that the signer alone may give; those that more owners must sign where there are no others, as what
/// waits for them would else hold up what does not.
pub(super) fn by_fewest(
    vault: &Vault,
    ctx: &Ctx<'_>,
    make: impl Fn(SignedBy) -> Result<MadeKeys, PolicyChangeError>,
) -> Result<(SignedBy, MadeKeys), PolicyChangeError> {
    let alone = make(SignedBy::One)?;
    let is_enough = !alone.ops.is_empty() || alone.without_keys.is_empty();
    if is_enough || !needs_others(vault, ctx) {
        return Ok((SignedBy::One, alone));
    }
    let together = make(SignedBy::Owners)?;
    Ok(match together.ops.is_empty() {
        true => (SignedBy::One, alone),
        false => (SignedBy::Owners, together),
    })
}

fn with_keys(
    vault: &Vault,
    made: MadeKeys,
    by: SignedBy,
    ctx: &Ctx<'_>,
) -> Result<(Change, PolicyOutcome), PolicyChangeError> {
    match by {
        SignedBy::One => with_policy(vault, Vec::new(), made, ctx),
        SignedBy::Owners => propose(vault, Vec::new(), made, ctx),
    }
}

/// The entry that ops alone would make, and the chain with it.
struct Trial {
    entry: PolicyEntry,
    after: Chain,
    by: SignedBy,
}

fn trial(vault: &Vault, ops: &[PolicyOp], ctx: &Ctx<'_>) -> Result<Trial, PolicyChangeError> {
    let entry = entry(vault, ops.to_vec(), ctx);
    let error = match vault.chain().extended(entry.clone()) {
        Ok(after) => return Ok(Trial { entry, after, by: SignedBy::One }),
        Err(error) => error,
    };
    let lacks_right = matches!(error.cause, ChainFault::Unauthorised { .. });
    if !lacks_right || !needs_others(vault, ctx) {
        return Err(refusal(vault, ops, ctx, error));
    }
    let after = vault.chain().foreseen(&entry);
    let after = after.map_err(|error| refusal(vault, ops, ctx, error))?;
    Ok(Trial { entry, after, by: SignedBy::Owners })
}

/// Whether the signer is an owner who cannot sign alone for all that owners may do.
fn needs_others(vault: &Vault, ctx: &Ctx<'_>) -> bool {
    vault.policy().threshold() > 1 && vault.policy().is_owner(ctx.who.member())
}

/// An entry with one signature of those that it takes. What it makes necessary in the log is for whoever
/// signs last: until then the vault is as it was.
fn propose(
    vault: &Vault,
    ops: Vec<PolicyOp>,
    mut made: MadeKeys,
    ctx: &Ctx<'_>,
) -> Result<(Change, PolicyOutcome), PolicyChangeError> {
    let key_ops = std::mem::take(&mut made.ops);
    let entry = entry(vault, ops.into_iter().chain(key_ops).collect(), ctx);
    vault.chain().foreseen(&entry)?;
    let sections = std::mem::take(&mut made.sections);
    Ok((Change::proposal(entry, sections), outcome(&Settling::default(), made)))
}

/// Whether the signer alone may do this, and it fits.
///
/// # Errors
/// More owners must sign it.
pub fn check_alone(
    vault: &Vault,
    ops: &[PolicyOp],
    ctx: &Ctx<'_>,
) -> Result<(), PolicyChangeError> {
    match trial(vault, ops, ctx)?.by {
        SignedBy::One => Ok(()),
        SignedBy::Owners => {
            Err(PolicyChangeError::Threshold { threshold: vault.policy().threshold() })
        }
    }
}

/// Whether the signer may do or propose this, and it fits.
pub fn check(vault: &Vault, ops: &[PolicyOp], ctx: &Ctx<'_>) -> Result<(), PolicyChangeError> {
    trial(vault, ops, ctx).map(drop)
}

/// What `ops` would give and to whom, for people to look at before they sign. Refused as [`change`]
/// refuses it, so that nobody is asked about what cannot be done.
pub fn gifts(
    vault: &Vault,
    ops: &[PolicyOp],
    ctx: &Ctx<'_>,
) -> Result<Vec<Gift>, PolicyChangeError> {
    let Trial { entry, after, .. } = trial(vault, ops, ctx)?;
    let vouching = Vouching::of(&vault.file().chain)?;
    Ok(vouching.plan(vault.chain(), &after, &entry))
}

/// The same by the word of those who signed `signed`, in whose place the signer puts `ops`: the signature that is
/// asked for is no reason to give it.
///
/// # Errors
/// As of [`gifts`].
pub(crate) fn gifts_by(
    vault: &Vault,
    signed: &PolicyEntry,
    ops: &[PolicyOp],
    ctx: &Ctx<'_>,
) -> Result<Vec<Gift>, PolicyChangeError> {
    let Trial { mut entry, after, .. } = trial(vault, ops, ctx)?;
    let owners = vault.chain().owners_keys_on(signed);
    entry.sigs = signed.sigs.iter().filter(|sig| owners.contains(&sig.key)).cloned().collect();
    let vouching = Vouching::of(&vault.file().chain)?;
    Ok(vouching.plan(vault.chain(), &after, &entry))
}

/// The first recipient that `ops` give something and that could not be sealed to: whoever is let in
/// is to read, and the one who lets them in is to know that they cannot.
fn given_and_skipped(
    ops: &[PolicyOp],
    state: &PolicyState,
    made: &mut MadeKeys,
) -> Option<PolicyChangeError> {
    let gives = |member: &Name, recipient: &RecipientText| {
        ops.iter().any(|op| match op {
            PolicyOp::MemberAdd(MemberAdd { member: to, .. })
            | PolicyOp::RoleJoin { member: to, .. } => {
                to == member && state.member(to).is_some_and(|m| m.recipients.contains(recipient))
            }
            PolicyOp::RecipientAdd { member: to, recipient: new, .. } => {
                to == member && new == recipient
            }
            _ => false,
        })
    };
    let skipped = &mut made.short.skipped;
    let place = skipped.iter().position(|left| gives(&left.member, &left.recipient))?;
    let Skipped { member, recipient, why: source, .. } = skipped.swap_remove(place);
    Some(PolicyChangeError::Unsealable { member, recipient, source })
}

fn with_policy(
    vault: &Vault,
    ops: Vec<PolicyOp>,
    mut made: MadeKeys,
    ctx: &Ctx<'_>,
) -> Result<(Change, PolicyOutcome), PolicyChangeError> {
    let key_ops = std::mem::take(&mut made.ops);
    let entry = entry(vault, ops.into_iter().chain(key_ops).collect(), ctx);
    complete(vault, entry, made, ctx)
}

/// A proposal that enough owners have signed, as a change of the vault: with the wraps that it makes
/// necessary, as far as this signer can make them. `made` are the keys that its envelopes gave the signer.
pub(crate) fn complete(
    vault: &Vault,
    entry: PolicyEntry,
    mut made: MadeKeys,
    ctx: &Ctx<'_>,
) -> Result<(Change, PolicyOutcome), PolicyChangeError> {
    let chain = vault.chain().extended(entry.clone())?;
    // Who takes their own key away signs this entry last.
    let signs_on = chain.state().key_owner(&ctx.signer.key.id()).is_some();
    let settling = match signs_on {
        true => settle::settle(vault, chain.state(), &made, ctx),
        false => Settling::default(),
    };
    let sections = std::mem::take(&mut made.sections);
    let outcome = outcome(&settling, made);
    let batch = batch(vault, &chain, settling, ctx);
    Ok((batch.change_with(|entries| Change::policy(entry, sections, entries)), outcome))
}

fn outcome(settling: &Settling, made: MadeKeys) -> PolicyOutcome {
    PolicyOutcome {
        settled: settling.settled.iter().cloned().collect(),
        kept: settling.kept.iter().cloned().collect(),
        unsettled: settling.unsettled(),
        without_keys: made.without_keys,
        renewed: made.fresh.into_keys().collect(),
        short: made.short,
    }
}

fn batch<'a>(vault: &Vault, chain: &Chain, settling: Settling, ctx: &'a Ctx<'a>) -> Batch<'a> {
    let mut batch = Batch::under(vault, chain.head(), ctx);
    settling.ops.into_iter().for_each(|op| batch.add(op));
    settling.wraps.into_iter().for_each(|wrap| batch.wrap(wrap));
    batch
}

/// The chain's next entry.
pub(crate) fn entry(vault: &Vault, ops: Vec<PolicyOp>, ctx: &Ctx<'_>) -> PolicyEntry {
    PolicyDraft::next(vault.chain(), ctx.now, vault.known_heads(), ops, ctx.reason.clone())
        .sign(&[&ctx.signer.key])
}

/// Says who could have done what the chain refuses for want of a right.
fn refusal(vault: &Vault, ops: &[PolicyOp], ctx: &Ctx<'_>, error: ChainError) -> PolicyChangeError {
    match error.cause {
        ChainFault::Unauthorised { needs } => {
            let able = sole_signers(vault, ops, &needs);
            match used_before(vault, ops, ctx) {
                Some(by) => PolicyChangeError::UsedBefore { by, able },
                None => PolicyChangeError::NotPermitted {
                    member: ctx.who.member().clone(),
                    able,
                    needs,
                },
            }
        }
        _ => PolicyChangeError::Chain(error),
    }
}

/// Whose recipient it was that a signer brings back who may do all of this but that.
fn used_before(vault: &Vault, ops: &[PolicyOp], ctx: &Ctx<'_>) -> Option<Name> {
    let signers = vault.chain().signers_with(&BTreeSet::from([ctx.signer.key.id()])).ok()?;
    if !ops.iter().all(|op| signers.judge(op).is_ok()) {
        return None;
    }
    let new: BTreeSet<&RecipientText> = ops.iter().flat_map(|op| brought(op).1).collect();
    let before = vault.file().chain.iter().rev().flat_map(|entry| &entry.ops).map(brought);
    let mut of = before.filter(|(_, recipients)| recipients.iter().any(|text| new.contains(text)));
    of.find_map(|(member, _)| member.cloned())
}

/// The recipients that an op brings in, and of whom.
fn brought(op: &PolicyOp) -> (Option<&Name>, Vec<&RecipientText>) {
    match op {
        PolicyOp::MemberAdd(MemberAdd { member, recipients, .. }) => {
            (Some(member), recipients.iter().collect())
        }
        PolicyOp::RecipientAdd { member, recipient, .. } => (Some(member), vec![recipient]),
        _ => (None, Vec::new()),
    }
}

/// The members whose signature alone suffices for all of `ops`.
fn sole_signers(vault: &Vault, ops: &[PolicyOp], needs: &Needs) -> Vec<Name> {
    // What a key was used for is not told by the ops alone, and is the owners'.
    let owners_only = matches!(needs, Needs::Owners { .. });
    let may = |name: &&Name| !owners_only || vault.policy().is_owner(name);
    if owners_only && vault.policy().threshold() > 1 {
        // Each can propose it to the others.
        return vault.policy().owners().cloned().collect();
    }
    let suffices = |keys: BTreeSet<_>| {
        let signers = vault.chain().signers_with(&keys);
        signers.is_ok_and(|signers| ops.iter().all(|op| signers.judge(op).is_ok()))
    };
    let members = vault.policy().members();
    members
        .filter(|(_, member)| member.keys.values().any(|key| suffices(BTreeSet::from([key.id]))))
        .map(|(name, _)| name)
        .filter(may)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests;
