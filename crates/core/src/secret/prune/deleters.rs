//! Who could delete: whose word may end the version of another author.

use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::policy::position::PolicyPosition;
use crate::vault::Vault;

/// Whether an op that needs `delete` would count in the entry at `place`, which names the policy at
/// `position`: the rule of every op, asked of entries that may hold none. The right at the position
/// alone is not enough: a member who has lost it could name a policy from before.
pub(super) fn could_delete(
    vault: &Vault,
    secret: &SecretName,
    actor: &Name,
    position: PolicyPosition,
    place: usize,
) -> bool {
    let chain = vault.chain();
    let holds = |position| chain.holds(position, actor, Right::Delete, secret);
    let mut later = chain.removals().iter().copied().filter(|at| *at > position);
    holds(position)
        && later.find(|at| !holds(*at)).is_none_or(|end| vault.standings().known().at(end, place))
}
