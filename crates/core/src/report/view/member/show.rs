//! `member show`.

use crate::convert::duration::rfc3339;
use crate::crypto::id::KeyId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern};
use crate::policy::state::{Member, PolicyState};
use crate::time::UnixTime;
use serde::Serialize;
use std::collections::BTreeSet;

#[derive(Serialize)]
pub struct MemberShowView<'a> {
    pub member: &'a Name,
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    pub recipients: &'a BTreeSet<RecipientText>,
    pub devices: Vec<DeviceView<'a>>,
    pub roles: Vec<&'a Name>,
    pub grants: Vec<MemberGrantView<'a>>,
    /// The sets of roles it reads with, each with keys of its own.
    pub audiences: Vec<&'a AudienceName>,
}

#[derive(Serialize)]
pub struct DeviceView<'a> {
    pub device: &'a Name,
    pub key: KeyId,
    pub recipient: &'a str,
    /// Whether the identity here is the one that it is sealed to.
    #[serde(skip)]
    pub is_here: bool,
}

#[derive(Serialize)]
pub struct MemberGrantView<'a> {
    pub role: &'a Name,
    pub pattern: Pattern,
    pub rights: String,
}

impl<'a> MemberShowView<'a> {
    /// Of a member; `here` are the recipients of the identities of this device.
    pub fn of(
        state: &'a PolicyState,
        (name, member): (&'a Name, &'a Member),
        here: &BTreeSet<RecipientText>,
        now: UnixTime,
    ) -> Self {
        let grants = member.roles().flat_map(|role| {
            state.grants_of(role).into_iter().map(move |(pattern, rights)| MemberGrantView {
                role,
                pattern,
                rights: rights.to_string(),
            })
        });
        let devices = member.keys.iter().map(|(device, key)| DeviceView {
            device,
            key: key.id,
            recipient: &key.recipient,
            is_here: here.contains(&key.recipient),
        });
        let audiences = state.audiences().map(|(audience, _)| audience);
        Self {
            member: name,
            kind: member.kind.as_str(),
            expires: member.expires.map(rfc3339),
            expired: member.expires.is_some_and(|at| at <= now),
            recipients: &member.recipients,
            devices: devices.collect(),
            roles: member.roles().collect(),
            grants: grants.collect(),
            audiences: audiences
                .filter(|audience| state.members_of(audience).contains(name))
                .collect(),
        }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::op::MemberKind;
    use crate::report::view::testing::{Examples, ID, hold, json, name, pattern};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[("member-show", members)];

    #[test]
    fn they_meet_their_schema() {
        hold(VIEWS);
    }

    fn members() -> Vec<Value> {
        let (member, recipients) = (&name("admin"), BTreeSet::from([RecipientText::new("age1x")]));
        let view = |kind: MemberKind, expires: Option<UnixTime>| {
            let grant =
                MemberGrantView { role: member, pattern: pattern("dev/*"), rights: "read".into() };
            json(&MemberShowView {
                member,
                kind: kind.as_str(),
                expires: expires.map(rfc3339),
                expired: expires.is_some(),
                recipients: &recipients,
                devices: vec![DeviceView {
                    device: member,
                    key: KeyId(ID.0),
                    recipient: "age1x",
                    is_here: true,
                }],
                roles: vec![member],
                grants: vec![grant],
                audiences: vec![&AudienceName::new("dev")],
            })
        };
        vec![
            view(MemberKind::User, None),
            view(MemberKind::Service, Some(UnixTime::from_secs(1_800_000_000))),
            view(MemberKind::Agent, None),
        ]
    }
}
