//! What a policy says, as facts that can be compared: who is there, who may do what, what is set, which keys
//! are in force. A text of a vault has one a line, and a change is the facts that differ.

use crate::convert::duration::rfc3339;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::log::describe::short;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern};
use crate::policy::audience::Audience;
use crate::policy::op::Right;
use crate::policy::rights::Rights;
use crate::policy::state::{Member, PolicyState, Role};
use std::collections::BTreeMap;
use std::fmt;

/// What a fact is about, in the order in which facts are told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Member(Name),
    Device {
        member: Name,
        device: Name,
    },
    Recipient {
        member: Name,
        recipient: RecipientText,
    },
    Role(Name),
    Membership {
        role: Name,
        member: Name,
    },
    Grant {
        role: Name,
        pattern: Pattern,
    },
    /// How many owners must sign, where it is more than one.
    Threshold,
    Setting(String),
    Keys {
        audience: AudienceName,
    },
}

impl Subject {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Member(_) => "member",
            Self::Device { .. } => "device",
            Self::Recipient { .. } => "recipient",
            Self::Role(_) => "role",
            Self::Membership { .. } => "membership",
            Self::Grant { .. } => "grant",
            Self::Threshold => "threshold",
            Self::Setting(_) => "setting",
            Self::Keys { .. } => "keys",
        }
    }
}

/// As the history names it, without what the fact says of it.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) | Self::Role(name) => name.fmt(f),
            Self::Device { member, device } => write!(f, "{member}/{device}"),
            Self::Recipient { member, recipient } => write!(f, "{member} {recipient}"),
            Self::Membership { role, member } => write!(f, "{member} {role}"),
            Self::Grant { role, pattern } => write!(f, "{role} {pattern}"),
            Self::Threshold => f.write_str("owner"),
            Self::Setting(key) => f.write_str(key),
            Self::Keys { audience } => f.write_str(audience),
        }
    }
}

/// Everything that holds, each with what is said of it; of some that they are there is all.
pub(crate) fn of(policy: &PolicyState) -> BTreeMap<Subject, String> {
    let mut facts = BTreeMap::new();
    policy.members().for_each(|(name, member)| facts.extend(of_member(name, member)));
    policy.roles().for_each(|(name, role)| facts.extend(of_role(name, role)));
    if policy.threshold() > 1 {
        facts.insert(Subject::Threshold, format!("{} must sign", policy.threshold()));
    }
    let settings = policy.settings().iter();
    facts.extend(settings.map(|(key, value)| (Subject::Setting(key.to_owned()), value.to_owned())));
    facts.extend(
        policy
            .audiences()
            .map(|(name, audience)| (Subject::Keys { audience: name.clone() }, keys(audience))),
    );
    facts
}

fn of_member<'a>(
    name: &'a Name,
    member: &'a Member,
) -> impl Iterator<Item = (Subject, String)> + 'a {
    let kind = member.kind.as_str();
    let said = match member.expires {
        Some(at) => format!("{kind}, expires {}", rfc3339(at)),
        None => kind.to_owned(),
    };
    let devices = member.keys.iter().map(|(device, key)| {
        let subject = Subject::Device { member: name.clone(), device: device.clone() };
        (subject, format!("signs with {}", key.id))
    });
    let recipients = member.recipients.iter().map(|recipient| {
        let recipient = recipient.clone();
        (Subject::Recipient { member: name.clone(), recipient }, String::new())
    });
    std::iter::once((Subject::Member(name.clone()), said)).chain(devices).chain(recipients)
}

fn of_role<'a>(name: &'a Name, role: &'a Role) -> impl Iterator<Item = (Subject, String)> + 'a {
    let members = role.members().map(|member| {
        let subject = Subject::Membership { role: name.clone(), member: member.clone() };
        (subject, String::new())
    });
    let grants = role.grants().map(|(pattern, rights)| {
        let subject = Subject::Grant { role: name.clone(), pattern: pattern.clone() };
        (subject, words(rights))
    });
    std::iter::once((Subject::Role(name.clone()), String::new())).chain(members).chain(grants)
}

fn words(rights: Rights) -> String {
    rights.iter().map(Right::as_str).collect::<Vec<_>>().join(",")
}

fn keys(audience: &Audience) -> String {
    let (epochs, envelope) = (audience.earlier.len() + 1, short(&audience.envelope));
    format!("epoch {epochs}, {}, sealed as {envelope}", audience.current.epoch)
}
