//! The real policy chain, as the log asks it.

use super::policy_view::{AudienceView, EpochView, KeyView, PolicyView};
use crate::crypto::id::{EntryId, EpochId, KeyId, PolicyId, VaultId};
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern, SecretName};
use crate::policy::chain::Chain;
use crate::policy::op::{Checkpoint, MemberKind, Right};
use crate::policy::position::PolicyPosition;

impl PolicyView for Chain {
    fn vault_id(&self) -> VaultId {
        self.vault_id()
    }

    fn vault_name(&self) -> Option<&Name> {
        self.state().charter().map(|charter| &charter.name)
    }

    fn ids(&self) -> &[PolicyId] {
        self.ids()
    }

    fn position(&self, id: &PolicyId) -> Option<PolicyPosition> {
        self.position(id)
    }

    fn heads(&self, position: PolicyPosition) -> &[EntryId] {
        self.heads(position)
    }

    fn removals(&self) -> &[PolicyPosition] {
        self.removals()
    }

    fn key(&self, id: &KeyId) -> Option<KeyView<'_>> {
        let fact = self.key(id)?;
        Some(KeyView { member: &fact.member, device: &fact.device, verifying: &fact.verifying })
    }

    fn actor_at(&self, position: PolicyPosition, key: &KeyId) -> Option<&Name> {
        self.actor_at(position, key)
    }

    fn holds(
        &self,
        position: PolicyPosition,
        member: &Name,
        right: Right,
        secret: &SecretName,
    ) -> bool {
        self.holds(position, member, right, secret)
    }

    fn holds_on_all(&self, position: PolicyPosition, member: &Name, right: Right) -> bool {
        Pattern::new("*").is_ok_and(|all| self.holds_pattern(position, member, right, &all))
    }

    fn holds_anywhere(&self, position: PolicyPosition, member: &Name, right: Right) -> bool {
        self.holds_anywhere(position, member, right)
    }

    fn member_kind(&self, member: &Name) -> Option<MemberKind> {
        self.state().member(member).map(|found| found.kind)
    }

    fn epoch(&self, epoch: &EpochId) -> Option<EpochView<'_>> {
        let fact = self.epoch(epoch)?;
        let audience = self.state().audience(&fact.audience)?;
        let mut after = audience
            .earlier
            .iter()
            .chain([&audience.current])
            .skip_while(|stated| stated.epoch != *epoch)
            .skip(1);
        let superseded = after.next().and_then(|next| self.epoch(&next.epoch));
        Some(EpochView {
            audience: &fact.audience,
            position: fact.position,
            superseded: superseded.map(|next| next.position),
        })
    }

    fn audiences(&self) -> Vec<AudienceView<'_>> {
        let state = self.state();
        let views = state.audiences().map(|(name, audience)| AudienceView {
            name,
            epoch: &audience.current.epoch,
            envelope: &audience.envelope,
            due: state.is_due(name),
        });
        views.collect()
    }

    fn skipped_in(&self, audience: &AudienceName) -> Vec<&Name> {
        self.state().skipped_in(audience).into_iter().collect()
    }

    fn checkpoint(&self) -> Option<(&Checkpoint, PolicyPosition)> {
        self.state().checkpoint().map(|closing| (&*closing.stated, closing.position))
    }

    fn audience_of(&self, secret: &SecretName) -> AudienceName {
        self.state().audience_of(secret)
    }
}
