//! What a rebase makes of an op, in words: the reason where it is not made anew, and what helps.

use super::facts::{Fact, Holder};
use super::{WhyAsked, WhyRefused};
use crate::name::Name;
use crate::policy::chain::Chain;
use crate::policy::error::ChainFault;
use crate::policy::error::OpFault;
use std::fmt;

impl fmt::Display for WhyAsked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signer { by } => {
                write!(f, "signed by {}, who could not do it on the side that stays", names(by))
            }
            Self::Gives => {
                f.write_str("on the side that stays it gives more, or to others, than was signed")
            }
        }
    }
}

impl fmt::Display for WhyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{fault}"),
            Self::TakenAway { what } => {
                write!(f, "it would bring back what the side that stays took away: {what}")
            }
            Self::OtherMember { member } => {
                write!(f, "{member} is another member on the side that stays")
            }
            Self::Setting { here } if here.is_empty() => {
                f.write_str("the side that stays unset it")
            }
            Self::Threshold { here } => {
                write!(f, "the side that stays set it, too, and asks for {here} owners")
            }
            Self::Setting { here } => write!(f, "the side that stays set it to {here}"),
        }
    }
}

impl WhyRefused {
    /// What to type where the change is wanted all the same.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::TakenAway { .. } => {
                "make the change again afterwards, if it is right to undo that"
            }
            Self::OtherMember { .. } => "v-secure member add, under another name",
            Self::Threshold { .. } => "v-secure owner threshold N, afterwards",
            Self::Setting { .. } => "v-secure settings set, afterwards",
            Self::Fault(ChainFault::Op(
                OpFault::MemberExists { .. } | OpFault::MemberAlike { .. },
            )) => "v-secure member add, under another name",
            Self::Fault(ChainFault::Op(OpFault::RecipientTaken { .. })) => {
                "v-secure member list: a recipient is in one member"
            }
            Self::Fault(ChainFault::Op(OpFault::LastOwner { .. })) => {
                "v-secure role join owner MEMBER, on one side first"
            }
            Self::Fault(ChainFault::Op(OpFault::ThresholdTooHigh { .. })) => {
                "v-secure owner add MEMBER, on one side first"
            }
            Self::Fault(_) => "make the change again afterwards, if it is still wanted",
        }
    }
}

/// Names for people.
pub(crate) fn names(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    if names.is_empty() { "nobody".into() } else { names.join(", ") }
}

/// A fact for people; `chains` know whose a key is or was.
pub(super) fn fact(fact: &Fact, chains: [&Chain; 2]) -> String {
    match fact {
        Fact::Member(name) => format!("the member {name}"),
        Fact::Role(name) => format!("the role {name}"),
        Fact::Membership { role, member } => format!("{member} in the role {role}"),
        Fact::Key(id) => match chains.iter().find_map(|chain| chain.key(id)) {
            Some(key) => format!("the device {}/{}", key.member, key.device),
            None => format!("the key {id}"),
        },
        Fact::Recipient(id) => {
            let owner = chains.iter().find_map(|chain| chain.state().recipient_owner(id));
            owner.map_or_else(
                || format!("the recipient with the id {id}"),
                |owner| format!("a recipient of {owner}"),
            )
        }
        Fact::Grant { role, pattern, right } => {
            format!("{} on {pattern} for the role {role}", right.as_str())
        }
        Fact::Held { by, pattern, right } => {
            let by = match by {
                Holder::Member(name) => name.to_string(),
                Holder::Role(name) => format!("the role {name}"),
            };
            format!("{} on {pattern} for {by}", right.as_str())
        }
        Fact::OwnersSuffice(1) => "that one owner alone signs for everything".into(),
        Fact::OwnersSuffice(owners) => format!("that {owners} owners sign for everything"),
    }
}
