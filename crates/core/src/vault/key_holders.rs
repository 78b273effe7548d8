//! Who may make keys and wraps: for an audience's epochs, and of a secret that wants another wrap.
//! The rules are the chain's own; here they are asked for people, so that messages can name them.

use crate::crypto::id::KeyId;
use crate::file::model::Wrap;
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::chain::Chain;
use crate::policy::error::Needs;
use crate::policy::op::Right;
use crate::policy::sealers::{After, Sealers};
use crate::policy::state::PolicyState;
use crate::vault::Vault;
use std::collections::BTreeSet;

/// What the chain asks before an op.
pub(crate) type May = fn(&Sealers, &AudienceName, After<'_>) -> Result<(), Needs>;

/// Whether a member whose key is `key` may state keys for the audience, by the rule that the chain
/// judges with: by the policy of now and `after`, the one that is to be. Somebody who is not in the
/// audience by then has no use of its keys, whatever their signature suffices for.
pub(crate) fn may_seal(
    vault: &Vault,
    key: KeyId,
    audience: &AudienceName,
    after: &Chain,
    may: May,
) -> bool {
    let signers = vault.chain().signers_with(&BTreeSet::from([key]));
    let member = vault.policy().key_owner(&key);
    signers.is_ok_and(|signers| may(&signers.sealers(), audience, after.after()).is_ok())
        && member.is_some_and(|member| after.state().is_in(member, audience))
}

/// The members who may begin a new epoch of an audience.
pub fn may_begin(vault: &Vault, audience: &AudienceName) -> Vec<Name> {
    members_who(vault, audience, Sealers::may_begin)
}

/// The members who may make the envelope of an audience's present epoch.
pub fn may_reseal(vault: &Vault, audience: &AudienceName) -> Vec<Name> {
    members_who(vault, audience, Sealers::may_reseal)
}

fn members_who(vault: &Vault, audience: &AudienceName, may: May) -> Vec<Name> {
    let state = vault.policy();
    let members = state.members_of(audience).into_iter();
    let is_able = |name: &&Name| {
        let mut keys = state.member(name).into_iter().flat_map(|member| member.keys.values());
        keys.next().is_some_and(|key| may_seal(vault, key.id, audience, vault.chain(), may))
    };
    members.filter(is_able).cloned().collect()
}

/// Whether a member may make another wrap of a secret that they read.
pub(crate) fn may_rewrap(state: &PolicyState, member: &Name, secret: &SecretName) -> bool {
    let holds = |right| state.holds(member, right, secret);
    holds(Right::Read) && (holds(Right::Write) || holds(Right::Grant))
}

/// Who can open a wrap and may make another.
pub(crate) fn may_wrap_anew(
    state: &PolicyState,
    secret: &SecretName,
    wrap: &Wrap,
) -> BTreeSet<Name> {
    let holders = state.members_of(&wrap.audience).into_iter();
    let signs = |name: &&Name| state.member(name).is_some_and(|member| !member.keys.is_empty());
    holders.filter(signs).filter(|name| may_rewrap(state, name, secret)).cloned().collect()
}
