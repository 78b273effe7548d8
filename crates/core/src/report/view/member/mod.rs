//! `member`: what is added, asked for and removed here, the list and one member in files of their own.

pub mod list;
pub mod show;

use super::effects::EffectsView;
use super::giving::GivenView;
use super::narrowed::NarrowedView;
use super::vouched_alone::VouchedAloneView;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::Name;
use serde::Serialize;
use std::path::PathBuf;

/// Without `Debug`: it may hold a private key.
#[derive(Serialize)]
pub struct MemberAddView<'a> {
    pub member: &'a Name,
    pub kind: &'static str,
    pub roles: Vec<&'a Name>,
    pub reads: bool,
    /// The private key with the vault's pin, where one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    pub gives: &'a [GivenView],
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[derive(Serialize)]
pub struct MemberRemoveView<'a> {
    pub member: &'a Name,
    pub roles: &'a [Name],
    pub devices: &'a [Name],
    /// What only the leaver vouched for.
    pub vouched_alone: &'a [VouchedAloneView],
    #[serde(flatten)]
    pub narrowed: &'a NarrowedView<'a>,
}

#[derive(Serialize)]
pub struct MemberKeyRemoveView<'a> {
    pub member: &'a Name,
    /// The devices that went.
    pub devices: &'a [Name],
    pub recipients: &'a [RecipientText],
    /// The member's devices that can sign still.
    pub left: &'a [Name],
    /// What only the lost device vouched for, elsewhere.
    pub vouched_alone: &'a [VouchedAloneView],
    #[serde(flatten)]
    pub narrowed: &'a NarrowedView<'a>,
}

#[derive(Serialize)]
pub struct MemberRequestView {
    pub request: String,
    pub fingerprint: String,
    pub member: Name,
    pub device: Name,
    pub recipient: RecipientText,
    pub identity: Option<PathBuf>,
    pub identity_created: bool,
}

#[cfg(test)]
pub(super) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::audience::AudienceName;
    use crate::policy::op::MemberKind;
    use crate::report::view::testing::{Examples, hold, json, name};
    use crate::report::view::{effects, giving, narrowed, vouched_alone};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[
        ("member-add", added),
        ("member-key-remove", keys_removed),
        ("member-remove", removed),
        ("member-request", requested),
    ];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn added() -> Vec<Value> {
        let (member, gives, [all, none]) =
            (&name("ci"), &giving::examples()[..], effects::examples());
        let view = |kind: MemberKind, identity: Option<&str>, effects| {
            json(&MemberAddView {
                member,
                kind: kind.as_str(),
                roles: vec![member],
                reads: true,
                identity,
                pin: identity.map(|_| "v-secure-pin-1…".to_owned()),
                gives,
                effects,
            })
        };
        vec![
            view(MemberKind::User, None, &all),
            view(MemberKind::Service, Some("AGE-SECRET-KEY-1…"), &none),
            view(MemberKind::Agent, None, &none),
        ]
    }

    fn removed() -> Vec<Value> {
        let (member, [all, none]) = (&name("backend"), effects::examples());
        let (names, renewed) = (&[name("laptop")], [AudienceName::new("dev")]);
        let vouched_alone = &vouched_alone::examples()[..];
        let view = |effects| {
            let narrowed = &narrowed::example(&renewed, effects);
            let (roles, devices) = (names, names);
            json(&MemberRemoveView { member, roles, devices, vouched_alone, narrowed })
        };
        vec![view(&all), view(&none)]
    }

    fn keys_removed() -> Vec<Value> {
        let (member, [all, none]) = (&name("backend"), effects::examples());
        let (names, renewed) = (&[name("laptop")], [AudienceName::new("dev")]);
        let (vouched_alone, recipients) =
            (&vouched_alone::examples()[..], &[RecipientText::new("age1x")]);
        let view = |effects| {
            let narrowed = &narrowed::example(&renewed, effects);
            let (devices, left) = (names, names);
            json(&MemberKeyRemoveView {
                member,
                devices,
                recipients,
                left,
                vouched_alone,
                narrowed,
            })
        };
        vec![view(&all), view(&none)]
    }

    fn requested() -> Vec<Value> {
        let view = |identity: Option<&str>| {
            json(&MemberRequestView {
                request: "v-secure-request-1…".into(),
                fingerprint: "zoo abandon".into(),
                member: name("backend"),
                device: name("laptop"),
                recipient: RecipientText::new("age1x"),
                identity: identity.map(PathBuf::from),
                identity_created: identity.is_some(),
            })
        };
        vec![view(None), view(Some("identity.txt"))]
    }
}
