//! What a change gives, and to whom.

use crate::name::Name;
use crate::policy::vouching::{AccessOfRole, Credential, Gift, Receiver, Voucher, VouchingVerdict};
use serde::Serialize;

/// One credential or membership that gets something.
#[derive(Debug, Serialize)]
pub struct GivenView {
    pub role: Name,
    /// What it gets, such as `read,write on dev/*`.
    pub access: Vec<String>,
    pub member: Name,
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Name>,
    /// The key's id, or the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub added_by: Vec<Name>,
    pub confirmed_by: Vec<Name>,
    /// Whether somebody stands for it who could give it this.
    pub vouched: bool,
}

impl GivenView {
    pub fn all(gifts: &[Gift]) -> Vec<Self> {
        gifts.iter().flat_map(|gift| gift.to.iter().flat_map(|to| Self::of(gift, to))).collect()
    }

    fn of(gift: &Gift, to: &Receiver) -> Vec<Self> {
        let row = |kind, device: Option<&Name>, id, verdict: &VouchingVerdict| Self {
            role: gift.access.role.clone(),
            access: access_texts(&gift.access),
            member: to.member.clone(),
            kind,
            device: device.cloned(),
            id,
            added_by: members(&verdict.added),
            confirmed_by: members(&verdict.confirmed),
            vouched: verdict.is_vouched,
        };
        let membership = to.membership.iter().map(|verdict| row("membership", None, None, verdict));
        let credentials = to.credentials.iter().map(|(credential, verdict)| {
            let (kind, device, id) = parts(credential);
            row(kind, device, Some(id), verdict)
        });
        membership.chain(credentials).collect()
    }
}

/// What a credential is, the device whose key it is, and the key's id or the recipient.
pub fn parts(credential: &Credential) -> (&'static str, Option<&Name>, String) {
    match credential {
        Credential::Key { device, id } => ("key", Some(device), id.to_string()),
        Credential::Recipient(text) => ("recipient", None, text.to_string()),
    }
}

/// Who vouched.
pub fn members(vouchers: &[Voucher]) -> Vec<Name> {
    vouchers.iter().map(|voucher| voucher.member.clone()).collect()
}

/// What a role has, or is to get, for people.
pub fn access_texts(access: &AccessOfRole) -> Vec<String> {
    if access.is_owner() {
        return vec!["everything".into()];
    }
    let grants = access.grants.iter().map(|(pattern, rights)| format!("{rights} on {pattern}"));
    let once = access.once.iter().map(|pattern| format!("what it once read on {pattern}"));
    grants.chain(once).collect()
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
    pub fn examples() -> Vec<GivenView> {
        let key = Credential::Key { device: name("laptop"), id: KeyId(ID.0) };
        let recipient = Credential::Recipient(RecipientText::new("age1x"));
        let given = |kind, device: Option<&Name>, id| GivenView {
            role: name("developer"),
            access: vec!["read,write on dev/*".into()],
            member: name("backend"),
            kind,
            device: device.cloned(),
            id,
            added_by: vec![name("admin")],
            confirmed_by: vec![name("second")],
            vouched: true,
        };
        let of = |credential| {
            let (kind, device, id) = parts(credential);
            given(kind, device, Some(id))
        };
        vec![of(&key), of(&recipient), given("membership", None, None)]
    }
}
