//! What the log asks of the policy chain. A seam, so that the rules of sections 6 and 7 are tested
//! with policies that are stated rather than signed; [`crate::policy`]'s chain answers for real.

use crate::crypto::bytes::Id;
use crate::crypto::id::{EntryId, EpochId, KeyId, PolicyId, VaultId};
use crate::crypto::sign::VerifyingKey;
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::op::{Checkpoint, MemberKind, Right};
use crate::policy::position::PolicyPosition;

/// A device key that is or was in the chain.
#[derive(Debug, Clone, Copy)]
pub struct KeyView<'a> {
    pub member: &'a Name,
    pub device: &'a Name,
    pub verifying: &'a VerifyingKey,
}

/// An epoch that is or was an audience's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochView<'a> {
    pub audience: &'a AudienceName,
    /// The position of the policy entry that brought it.
    pub position: PolicyPosition,
    /// The position of the policy entry that brought the audience's next epoch, if one did.
    pub superseded: Option<PolicyPosition>,
}

/// An audience after the chain's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudienceView<'a> {
    pub name: &'a AudienceName,
    pub epoch: &'a EpochId,
    pub envelope: &'a Id,
    /// Whether it takes no new wraps until it has a new epoch.
    pub due: bool,
}

/// A verified policy chain. Positions count its entries from 0.
pub trait PolicyView: Sync {
    fn vault_id(&self) -> VaultId;
    /// What genesis calls the vault; a chain that was accepted has it.
    fn vault_name(&self) -> Option<&Name>;
    /// The entries' ids in chain order; never empty.
    fn ids(&self) -> &[PolicyId];
    fn position(&self, id: &PolicyId) -> Option<PolicyPosition>;
    /// The data heads that the entry at `position` names.
    fn heads(&self, position: PolicyPosition) -> &[EntryId];
    /// The positions, ascending, at which some right or key may have stopped.
    fn removals(&self) -> &[PolicyPosition];
    /// Any key that was ever in the chain.
    fn key(&self, id: &KeyId) -> Option<KeyView<'_>>;
    /// Whose key `key` is after the entry at `position`, if it is in force there.
    fn actor_at(&self, position: PolicyPosition, key: &KeyId) -> Option<&Name>;
    /// Whether `member` has `right` on `secret` after the entry at `position`.
    fn holds(
        &self,
        position: PolicyPosition,
        member: &Name,
        right: Right,
        secret: &SecretName,
    ) -> bool;
    /// Whether `member` has `right` on the pattern `*` after the entry at `position`.
    fn holds_on_all(&self, position: PolicyPosition, member: &Name, right: Right) -> bool;
    /// Whether `member` has `right` on any pattern after the entry at `position`.
    fn holds_anywhere(&self, position: PolicyPosition, member: &Name, right: Right) -> bool;
    /// What kind of member it is, or last was.
    fn member_kind(&self, member: &Name) -> Option<MemberKind>;
    /// Any epoch that was ever in the chain.
    fn epoch(&self, epoch: &EpochId) -> Option<EpochView<'_>>;
    /// The audiences after the head.
    fn audiences(&self) -> Vec<AudienceView<'_>>;
    /// The members with a recipient that the audience's envelope leaves out, after the head.
    fn skipped_in(&self, audience: &AudienceName) -> Vec<&Name>;
    /// The audience of a secret after the head.
    fn audience_of(&self, secret: &SecretName) -> AudienceName;

    /// The last checkpoint, with its position.
    fn checkpoint(&self) -> Option<(&Checkpoint, PolicyPosition)> {
        None
    }

    /// The position of the last entry.
    fn head_position(&self) -> PolicyPosition {
        PolicyPosition::new(self.ids().len().saturating_sub(1))
    }
}
