//! Bringing together two copies of a vault whose policies parted: one side stays as it is, and what the other one
//! changed is made again on it (`docs/merging.md`).
//!
//! What each change comes to is [`crate::policy::rebase`]'s, and of the log [`crate::secret::carry`]'s. Here the
//! records of both are put together. It takes three steps, since each needs the one before as a vault: the union
//! with the changes of policy, the keys that these ask for, and what was written under the policy that gives way.

mod union;

pub use union::apart;

use crate::crypto::id::{EntryId, PolicyId};
use crate::crypto::sign::SigningKey;
use crate::keys::policy_change::{self, PolicyChangeError, PolicyOutcome};
use crate::keys::rotation::KeyRotationError;
use crate::keys::rotation::kek::{self, KekPlan};
use crate::keys::status::key_status;
use crate::log::op::Op;
use crate::merge::lost::Past;
use crate::merge::{self, MergeError};
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::chain_comparison::ChainComparison;
use crate::policy::entry::PolicyEntry;
use crate::policy::error::ChainError;
use crate::policy::op::{PolicyOp, Right};
use crate::policy::rebase::{Line, Replay, ReplayError, Request, replay};
use crate::policy::vouching::{Gift, Vouching};
use crate::time::UnixTime;
use crate::vault::Vault;
use crate::vault::author::Ctx;
use crate::vault::change::Change;
use std::collections::{BTreeMap, BTreeSet};

/// So many of what is left behind are named: an entry has no room for more beside new keys.
const NAMED: usize = 500;

/// Two copies of one vault that both changed its policy.
pub struct Sides<'a> {
    pub stays: &'a Vault,
    pub gives_way: &'a Vault,
    parted: usize,
}

impl<'a> Sides<'a> {
    /// `None` where one side's policy goes on from the other's: they merge.
    pub fn new(stays: &'a Vault, gives_way: &'a Vault) -> Option<Self> {
        match ChainComparison::of(stays.chain().ids(), gives_way.chain().ids()) {
            ChainComparison::Diverged { at } => Some(Self { stays, gives_way, parted: at }),
            _ => None,
        }
    }

    /// The entries of the side that stays that the other one does not have.
    pub fn kept(&self) -> &'a [PolicyEntry] {
        &self.stays.file().chain[self.parted..]
    }

    /// Plans what is made again of the policy, signed by `key`.
    ///
    /// # Errors
    /// Those of [`replay`].
    pub fn plan(
        &self,
        key: &SigningKey,
        agreed: &dyn Fn(usize) -> Option<bool>,
        now: UnixTime,
    ) -> Result<Replay, ReplayError> {
        let heads = |entry: &PolicyEntry| union::kept_heads(self.gives_way, self.parted, entry);
        replay(&Request {
            stays: line(self.stays),
            gives_way: line(self.gives_way),
            parted: self.parted,
            agreed,
            heads: &heads,
            key,
            now,
        })
    }

    /// What the planned entries give, and to whom.
    ///
    /// # Errors
    /// A chain that breaks a rule, which one that was built does not.
    pub fn gifts(&self, replay: &Replay) -> Result<Vec<Gift>, ChainError> {
        let (mut entries, mut chain) =
            (self.stays.file().chain.clone(), self.stays.chain().clone());
        let mut gifts = Vec::new();
        for entry in &replay.made {
            let after = chain.extended(entry.clone())?;
            gifts.extend(Vouching::of(&entries)?.plan(&chain, &after, entry));
            entries.push(entry.clone());
            chain = after;
        }
        Ok(gifts)
    }

    /// Both sides under the policy that stays and what was made again: all that the other one had before they
    /// parted, and nothing that rests on its own policy. What is lost by it is taken from the `past`; of what the
    /// side that gives way pruned under its own policy that is until the prune is made again.
    ///
    /// # Errors
    /// What comes out does not verify.
    pub fn united(
        &self,
        replay: &Replay,
        now: UnixTime,
        past: &dyn Past,
    ) -> Result<Vault, MergeError> {
        let other = union::under_common_policy(self.gives_way, self.parted);
        let mut file = merge::union::union(self.stays.file().clone(), other)?;
        file.chain.extend(replay.made.iter().cloned());
        let secrets = self.gives_way.state().secrets.values();
        let versions = secrets.flat_map(|secret| secret.held());
        let pruned = versions.filter(|version| version.pruned).map(|version| version.object);
        Ok(merge::settled_beside(file, &pruned.collect(), now, past)?.vault)
    }

    /// By secret, the members that could read a value which these entries of the other side put, and may not read
    /// the secret now: to give it new keys does not make them forget it.
    pub fn no_longer(
        &self,
        entries: &[EntryId],
        now: &Vault,
    ) -> BTreeMap<SecretName, BTreeSet<Name>> {
        let (there, here) = (self.gives_way, now.policy());
        let members: BTreeSet<&Name> = there.file().chain.iter().flat_map(added).collect();
        let mut found: BTreeMap<SecretName, BTreeSet<Name>> = BTreeMap::new();
        for entry in entries.iter().filter_map(|id| there.file().entries.get(id)) {
            let Some(position) = there.chain().position(&entry.policy) else { continue };
            for (put, _) in entry.ops.iter().filter_map(Op::states) {
                let could = |name: &&&Name| there.chain().holds(position, name, Right::Read, put);
                let audience = here.audience_of(put);
                let gone = members.iter().filter(could).filter(|name| !here.is_in(name, &audience));
                let gone: Vec<Name> = gone.map(|name| (*name).clone()).collect();
                if !gone.is_empty() {
                    found.entry(put.clone()).or_default().extend(gone);
                }
            }
        }
        found
    }
}

fn added(entry: &PolicyEntry) -> impl Iterator<Item = &Name> {
    entry.ops.iter().filter_map(|op| match op {
        PolicyOp::MemberAdd(add) => Some(&add.member),
        _ => None,
    })
}

fn line(vault: &Vault) -> Line<'_> {
    Line { chain: vault.chain(), entries: &vault.file().chain }
}

/// The entry that names what is left behind, with the keys that the new policy asks for.
///
/// # Errors
/// The signer is no owner; keys that cannot be made.
pub fn conclude(
    vault: &Vault,
    left_behind: &[PolicyId],
    ctx: &Ctx<'_>,
) -> Result<(Change, PolicyOutcome), PolicyChangeError> {
    policy_change::change_alone(vault, named(left_behind), ctx)
}

/// Whether the signer may do that.
///
/// # Errors
/// As [`conclude`].
pub fn check(
    vault: &Vault,
    left_behind: &[PolicyId],
    ctx: &Ctx<'_>,
) -> Result<(), PolicyChangeError> {
    policy_change::check_alone(vault, &named(left_behind), ctx)
}

/// The last of them, which are the heads that somebody may have accepted.
fn named(left_behind: &[PolicyId]) -> Vec<PolicyOp> {
    let first = left_behind.len().saturating_sub(NAMED);
    left_behind[first..].iter().map(|head| PolicyOp::Rebase { head: *head }).collect()
}

/// New keys for those of the audiences that the side which gave way had renewed and that have none since.
///
/// # Errors
/// Keys that cannot be made.
pub fn renew(
    vault: &Vault,
    wanted: &BTreeSet<AudienceName>,
    made: &[AudienceName],
    ctx: &Ctx<'_>,
) -> Result<Option<Change>, KeyRotationError> {
    let there = |audience: &&AudienceName| {
        vault.policy().audience(audience).is_some() && !made.contains(audience)
    };
    let renew: Vec<AudienceName> = wanted.iter().filter(there).cloned().collect();
    if renew.is_empty() {
        return Ok(None);
    }
    let (plan, status) = (KekPlan { renew, ..KekPlan::default() }, key_status(vault, ctx.now));
    Ok(kek::renew(vault, plan, &status, ctx)?.0)
}
