//! Signing a proposal, and completing it where that is enough.

use super::Proposal;
use super::judge::{Judged, Unfit, judge};
use crate::crypto::id::KeyId;
use crate::crypto::sign::key_id;
use crate::file::audience::{AudienceError, EpochKeys};
use crate::keys::audience_keys::MadeKeys;
use crate::keys::policy_change::{self, PolicyChangeError, PolicyOutcome};
use crate::name::Name;
use crate::name::audience::AudienceName;
use crate::policy::entry::{PolicyEntry, PolicySignature};
use crate::policy::op::{EpochStart, PolicyOp};
use crate::policy::sign::co_sign;
use crate::policy::vouching::{Credential, Gift, Vouching};
use crate::record::rule::Counted;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why a proposal was not signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    #[error("{member} is no owner: only owners sign proposals")]
    NoOwner { member: Name, owners: Vec<Name> },
    #[error("{member} has signed it already, and several keys of one owner count once")]
    AlreadySigned { member: Name, missing: usize },
    #[error("the proposal cannot be signed")]
    Unfit(#[from] Unfit),
    #[error("the proposed keys of {audience} are not what the proposal says")]
    Envelope {
        audience: AudienceName,
        #[source]
        source: AudienceError,
    },
    #[error("{member} leaves by it, and whoever signs new keys for others has to stay")]
    Leaver { member: Name },
    #[error("{member}, who leaves by it, has signed it: the new keys may be theirs")]
    SignedByLeaver { member: Name },
    #[error(
        "no identity of yours is at hand that the new keys of {audience} are for: what is kept of a session opens nothing new"
    )]
    NoIdentity { audience: AudienceName },
    #[error("the new keys of {audience} leave you out")]
    LeftOut { audience: AudienceName },
    #[error(
        "the new envelope of {audience} lacks keys that you have now: older values would be lost"
    )]
    Lacks { audience: AudienceName },
    #[error("the proposal cannot be completed")]
    Change(#[from] PolicyChangeError),
}

/// What a signature made of a proposal.
pub enum Signed {
    /// More are to sign.
    More { signature: PolicySignature, missing: usize },
    /// It is the vault's next entry, with what it makes necessary.
    Complete(Box<(Change, PolicyOutcome)>),
}

/// Whether the signer is an owner.
///
/// # Errors
/// It is none.
pub fn may_sign(vault: &Vault, ctx: &Ctx<'_>) -> Result<(), SignError> {
    let member = ctx.who.member();
    if vault.policy().is_owner(member) {
        return Ok(());
    }
    let owners = vault.policy().owners().cloned().collect();
    Err(SignError::NoOwner { member: member.clone(), owners })
}

/// What a proposal gives and to whom, by those who signed it so far.
///
/// # Errors
/// A chain that breaks a rule, which one that was built does not.
pub fn gifts(vault: &Vault, proposal: &Proposal, judged: &Judged) -> Result<Vec<Gift>, SignError> {
    let vouching = Vouching::of(&vault.file().chain).map_err(Unfit::Chain)?;
    // By those who signed so far: the signature that is asked for is no reason to give it.
    let gifts = vouching.plan(vault.chain(), &judged.after, &proposal.entry);
    Ok(unvouch(gifts, &proposal.entry.ops))
}

/// What the ops themselves add their proposer alone knows, who would else choose by one entry or two whether it is
/// asked about.
pub(super) fn unvouch(mut gifts: Vec<Gift>, ops: &[PolicyOp]) -> Vec<Gift> {
    for receiver in gifts.iter_mut().flat_map(|gift| &mut gift.to) {
        for (credential, verdict) in &mut receiver.credentials {
            verdict.is_of_proposal = ops.iter().any(|op| adds(op, credential));
            verdict.is_vouched &= !verdict.is_of_proposal;
        }
    }
    gifts
}

fn adds(op: &PolicyOp, credential: &Credential) -> bool {
    match (op, credential) {
        (PolicyOp::KeyAdd(add), Credential::Key { id, .. }) => key_id(&add.key) == *id,
        (PolicyOp::RecipientAdd { recipient, .. }, Credential::Recipient(text)) => {
            recipient == text
        }
        (PolicyOp::MemberAdd(add), Credential::Recipient(text)) => add.recipients.contains(text),
        _ => false,
    }
}

/// Signs a proposal by the vault as it is. Whoever signed before can complete one that enough others have
/// signed by now.
///
/// # Errors
/// It is not the signer's to sign, or not as it should be.
pub fn sign(vault: &Vault, proposal: &Proposal, ctx: &Ctx<'_>) -> Result<Signed, SignError> {
    may_sign(vault, ctx)?;
    let member = ctx.who.member();
    let judged = judge(vault, proposal)?;
    stay(vault, proposal, &judged, ctx)?;
    let made = open(vault, proposal, &judged, ctx)?;
    if judged.signed_by.contains(member) {
        if judged.missing() > 0 {
            let (member, missing) = (member.clone(), judged.missing());
            return Err(SignError::AlreadySigned { member, missing });
        }
        return complete(vault, proposal.entry.clone(), made, ctx);
    }
    let entry = co_sign(proposal.entry.clone(), &ctx.signer.key);
    if judged.missing() > 1 {
        let own = entry.sigs.iter().find(|sig| sig.key == ctx.signer.key.id());
        if let Some(signature) = own {
            return Ok(Signed::More {
                signature: signature.clone(),
                missing: judged.missing() - 1,
            });
        }
    }
    complete(vault, entry, made, ctx)
}

/// Nobody hands on keys and leaves: who proposed keys has them. The chain does not count a leaver's signature; here it
/// is refused, since nothing says which of those who signed made the keys.
fn stay(
    vault: &Vault,
    proposal: &Proposal,
    judged: &Judged,
    ctx: &Ctx<'_>,
) -> Result<(), SignError> {
    let own = ctx.signer.key.id();
    let leaver = leaver(vault, proposal, judged, Some(&own));
    match leaver {
        None => Ok(()),
        Some(member) if member == *ctx.who.member() => Err(SignError::Leaver { member }),
        Some(member) => Err(SignError::SignedByLeaver { member }),
    }
}

/// Who signed keys for others, or is about to with a key of its `own`, and leaves by it.
fn leaver(
    vault: &Vault,
    proposal: &Proposal,
    judged: &Judged,
    own: Option<&KeyId>,
) -> Option<Name> {
    let brings = |op: &PolicyOp| matches!(op, PolicyOp::Epoch(_) | PolicyOp::Reseal(_));
    if !proposal.entry.ops.iter().any(brings) {
        return None;
    }
    let after = judged.after.state();
    let keys = proposal.entry.sigs.iter().map(|sig| &sig.key).chain(own);
    keys.into_iter().find_map(|key| {
        let member = vault.policy().key_owner(key)?;
        let stays = after.key_owner(key) == Some(member) && after.is_owner(member);
        (!stays).then(|| member.clone())
    })
}

/// Whether other owners could sign a proposal, as far as that is seen without keys. One that a leaver signed is
/// signed by nobody: whoever may push could else keep what removes them from being proposed.
pub fn is_signable(vault: &Vault, proposal: &Proposal) -> bool {
    judge(vault, proposal).is_ok_and(|judged| leaver(vault, proposal, &judged, None).is_none())
}

fn complete(
    vault: &Vault,
    mut entry: PolicyEntry,
    made: MadeKeys,
    ctx: &Ctx<'_>,
) -> Result<Signed, SignError> {
    entry.sigs = one_each(vault, std::mem::take(&mut entry.sigs), ctx.who.member());
    Ok(Signed::Complete(Box::new(policy_change::complete(vault, entry, made, ctx)?)))
}

/// One signature of each owner, as many as an entry has room for: this signer's is among them.
fn one_each(vault: &Vault, sigs: Vec<PolicySignature>, own: &Name) -> Vec<PolicySignature> {
    let of = |sig: &PolicySignature| vault.policy().key_owner(&sig.key).cloned();
    let (first, others): (Vec<_>, Vec<_>) =
        sigs.into_iter().partition(|sig| of(sig).as_ref() == Some(own));
    let mut seen = BTreeSet::new();
    let mut kept: Vec<PolicySignature> = first.into_iter().chain(others).collect();
    kept.retain(|sig| of(sig).is_some_and(|member| seen.insert(member)));
    kept.truncate(Counted::Signatures.max());
    kept.sort_by_key(|sig| sig.key);
    kept
}

/// The keys that the proposal's envelopes give the signer, who compares them with what it commits to: nobody
/// signs for keys that they would find to be others afterwards.
fn open(
    vault: &Vault,
    proposal: &Proposal,
    judged: &Judged,
    ctx: &Ctx<'_>,
) -> Result<MadeKeys, SignError> {
    let mut made = MadeKeys { sections: proposal.envelopes.clone(), ..MadeKeys::default() };
    for (audience, section) in &proposal.envelopes {
        let opened =
            ctx.who.open_planned(&vault.id(), judged.after.state(), audience, &section.envelope);
        if ctx.who.is_left_out(judged.after.state(), audience) {
            return Err(SignError::LeftOut { audience: audience.clone() });
        }
        let Some(opened) = opened else {
            match judged.after.state().is_in(ctx.who.member(), audience) {
                true => return Err(SignError::NoIdentity { audience: audience.clone() }),
                false => continue,
            }
        };
        let keys =
            opened.map_err(|source| SignError::Envelope { audience: audience.clone(), source })?;
        let held = ctx.who.keys(vault, audience).ok();
        let has = |old: &EpochKeys| keys.iter().any(|new| new.epoch == old.epoch);
        if !held.iter().flat_map(|held| held.iter()).all(has) {
            return Err(SignError::Lacks { audience: audience.clone() });
        }
        if begins(&proposal.entry, audience) {
            made.fresh.insert(audience.clone(), Arc::new(keys));
        }
    }
    Ok(made)
}

fn begins(entry: &PolicyEntry, of: &AudienceName) -> bool {
    entry
        .ops
        .iter()
        .any(|op| matches!(op, PolicyOp::Epoch(EpochStart { audience, .. }) if audience == of))
}
