//! What only a leaver, or a lost device, vouched for.

use super::giving::access_texts;
use crate::name::Name;
use crate::policy::op::PolicyOp;
use crate::policy::vouching::{AccessOfRole, Alone, Credential};
use crate::vault::Vault;
use serde::Serialize;

/// One thing that only the leaver, or the device that was lost, stands behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VouchedAloneView {
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Name>,
    /// Which device or recipient, with its short id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// What a role gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<String>,
    /// Who is in a role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Name>,
    /// Whether a member is an owner.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub owner: bool,
    /// The row before, where this is the recipient of that device.
    #[serde(skip)]
    pub follows: bool,
    /// Whether it goes with the leaver.
    pub revoked: bool,
}

impl VouchedAloneView {
    /// All of it, with what `ops` take away.
    pub fn all(vault: &Vault, alone: &Alone, ops: &[PolicyOp]) -> Vec<Self> {
        let members = alone.members.iter().map(|member| Self {
            member: Some(member.clone()),
            owner: vault.policy().is_owner(member),
            ..Self::of("member")
        });
        let memberships = alone.memberships.iter().map(|(role, member)| Self {
            member: Some(member.clone()),
            role: Some(role.clone()),
            ..Self::of("membership")
        });
        let roles = alone.roles.iter().map(|role| Self::of_role(vault, role));
        let all = members.chain(Self::credentials(vault, alone)).chain(memberships).chain(roles);
        all.map(|left| {
            let revoked = ops.iter().any(|op| left.is_taken_by(op));
            Self { revoked, ..left }
        })
        .collect()
    }

    fn of(kind: &'static str) -> Self {
        Self {
            kind,
            member: None,
            role: None,
            credential: None,
            access: Vec::new(),
            members: Vec::new(),
            owner: false,
            follows: false,
            revoked: false,
        }
    }

    fn credentials(vault: &Vault, alone: &Alone) -> Vec<Self> {
        let mut rows = Vec::new();
        let mut before: Option<(&Name, &Name)> = None;
        for (member, credential) in &alone.credentials {
            let device = before.filter(|(of, _)| *of == member).map(|(_, device)| device);
            let key = device.and_then(|device| vault.policy().member(member)?.keys.get(device));
            let follows = match (key, credential) {
                (Some(key), Credential::Recipient(text)) => key.recipient == *text,
                _ => false,
            };
            rows.push(Self {
                member: Some(member.clone()),
                credential: Some(credential.to_string()),
                follows,
                ..Self::of("credential")
            });
            before = match credential {
                Credential::Key { device, .. } => Some((member, device)),
                Credential::Recipient(_) => None,
            };
        }
        rows
    }

    fn of_role(vault: &Vault, role: &Name) -> Self {
        let found = vault.policy().role(role);
        let members = found.into_iter().flat_map(|found| found.members());
        Self {
            role: Some(role.clone()),
            access: access_texts(&AccessOfRole::of_role(vault.chain(), role)),
            members: members.cloned().collect(),
            ..Self::of("role")
        }
    }

    /// Whether an op takes it away.
    fn is_taken_by(&self, op: &PolicyOp) -> bool {
        let is = |own: &Option<Name>, name: &Name| own.as_ref() == Some(name);
        match (self.kind, op) {
            ("member", PolicyOp::MemberRemove { member }) => is(&self.member, member),
            ("membership", PolicyOp::RoleLeave { role, member }) => {
                is(&self.member, member) && is(&self.role, role)
            }
            ("role", PolicyOp::RoleRemove { role }) => is(&self.role, role),
            ("credential", PolicyOp::KeyRemove { member, device, .. }) => {
                let named = format!("device {device} ");
                let shown = self.credential.as_deref().unwrap_or_default();
                is(&self.member, member) && shown.starts_with(&named)
            }
            ("credential", PolicyOp::RecipientRemove { member, recipient }) => {
                let shown = Credential::Recipient(recipient.clone());
                is(&self.member, member) && self.credential == Some(shown.to_string())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
pub(super) use tests::examples;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::id::KeyId;
    use crate::crypto::identity::recipient_text::RecipientText;
    use crate::report::view::testing::{ID, name};

    /// One of each kind.
    pub fn examples() -> Vec<VouchedAloneView> {
        let member =
            |kind| VouchedAloneView { member: Some(name("backend")), ..VouchedAloneView::of(kind) };
        let key = Credential::Key { device: name("laptop"), id: KeyId(ID.0) };
        vec![
            VouchedAloneView { owner: true, revoked: true, ..member("member") },
            VouchedAloneView { credential: Some(key.to_string()), ..member("credential") },
            VouchedAloneView { role: Some(name("ops")), ..member("membership") },
            VouchedAloneView {
                role: Some(name("ops")),
                access: vec!["read on prod/*".into()],
                members: vec![name("backend")],
                ..VouchedAloneView::of("role")
            },
        ]
    }

    #[test]
    fn an_op_takes_what_it_names_and_nothing_else() {
        let taken = |op: &PolicyOp| -> Vec<usize> {
            let rows = examples().into_iter().enumerate();
            rows.filter(|(_, row)| row.is_taken_by(op)).map(|(index, _)| index).collect()
        };
        let (role, member) = (name("ops"), name("backend"));
        assert_eq!(taken(&PolicyOp::MemberRemove { member: member.clone() }), [0]);
        assert_eq!(taken(&PolicyOp::RoleLeave { role: role.clone(), member: member.clone() }), [2]);
        assert_eq!(taken(&PolicyOp::RoleRemove { role }), [3]);
        let recipient = RecipientText::new("age1x");
        assert!(taken(&PolicyOp::RecipientRemove { member, recipient }).is_empty());
    }
}
