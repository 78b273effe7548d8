//! Bringing members in: people by the request of their device, services by a recipient.

use crate::crypto::id::VaultId;
use crate::crypto::identity::recipient::{self, RecipientError, check_usable};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::key_id;
use crate::file::request::Request;
use crate::name::{Name, Pattern};
use crate::policy::chain::Chain;
use crate::policy::error::ChainError;
use crate::policy::op::{MemberAdd, MemberKind, PolicyOp, Right};
use crate::policy::rights::Rights;
use crate::policy::state::{Member, PolicyState, Role};
use crate::policy::vouching::Vouching;
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::BTreeSet;

/// What identifies the newcomer, or a member's further device.
#[derive(Debug)]
pub enum Device {
    /// A recipient and a signing key, with the holder's proof.
    Request(Box<Request>),
    /// Recipients alone: they can read, and never sign.
    Recipients(BTreeSet<RecipientText>),
}

/// Who is to join, and with what.
#[derive(Debug)]
pub struct Joining {
    pub member: Name,
    /// `None`: as it is, or a user if the member is new.
    pub kind: Option<MemberKind>,
    pub device: Device,
    pub roles: Vec<Name>,
    /// From when on it should be removed, in seconds since the Unix epoch: a warning to people.
    pub expires: Option<UnixTime>,
    /// Makes a role named like the member that reads these.
    pub read: Vec<Pattern>,
}

/// Why a member cannot be added as asked.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    #[error("the vault's policy cannot be read")]
    Chain(#[from] ChainError),
    #[error("the request is for another vault")]
    OtherVault,
    #[error("the request is for the member {found}, not for {asked}")]
    OtherName { asked: Name, found: Name },
    #[error("{member} is a {} already", found.as_str())]
    OtherKind { member: Name, found: MemberKind },
    #[error("{member} is a member with this device and these roles already")]
    Nothing { member: Name },
    #[error("{member} is already a member: an expiry can only be set when a member is added")]
    ExpiryStated { member: Name },
    #[error("the recipient already belongs to {owner}")]
    RecipientTaken { owner: Name },
    #[error("nothing can be encrypted to this recipient")]
    Recipient(#[source] RecipientError),
    #[error("{member} already has a device {device}")]
    DeviceTaken { member: Name, device: Name },
    #[error("the request's key was in the vault before and was removed: it cannot be added again")]
    KeyGone { member: Name },
    #[error("a member named {found} already exists, added by {}", listed(by))]
    Exists {
        asked: Name,
        found: Name,
        /// Those who let it in, of whom some may be gone.
        by: Vec<Name>,
    },
    #[error("there is no member {member} to add a device to")]
    NoMember { member: Name },
    #[error("there is no role {role}")]
    NoRole { role: Name },
    #[error("the role {role} already exists, with other grants")]
    RoleTaken { role: Name },
}

fn listed(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

/// Whether a name is new, or with `is_known` that of a member. Whoever expects somebody new would
/// else give what is theirs to whoever took the name first.
pub fn check_name(vault: &Vault, asked: &Name, is_known: bool) -> Result<(), MemberError> {
    let same = |name: &&Name| name.as_str().eq_ignore_ascii_case(asked.as_str());
    let state = vault.policy();
    let exact = state.member(asked).map(|_| asked);
    let found = exact.or_else(|| state.members().map(|(name, _)| name).find(same));
    match found {
        Some(found) if !is_known || found != asked => {
            let vouching = Vouching::of(&vault.file().chain)?;
            let by = vouching.of_member(found).into_iter().map(|voucher| voucher.member);
            let (asked, found) = (asked.clone(), found.clone());
            Err(MemberError::Exists { asked, found, by: by.collect() })
        }
        None if is_known => Err(MemberError::NoMember { member: asked.clone() }),
        _ => Ok(()),
    }
}

/// The ops that let the member in. A request that was granted once, and whose key was removed since,
/// may be a thief's: the chain refuses its key, and that is said before anybody compares words.
pub fn add(chain: &Chain, joining: &Joining) -> Result<Vec<PolicyOp>, MemberError> {
    let state = chain.state();
    if let Device::Request(request) = &joining.device
        && !has_key(state.member(&joining.member), request)
        && chain.key(&key_id(&request.key)).is_some()
        && request.vault == chain.vault_id()
    {
        return Err(MemberError::KeyGone { member: request.member.clone() });
    }
    ops(&chain.vault_id(), state, joining)
}

fn ops(
    vault: &VaultId,
    state: &PolicyState,
    joining: &Joining,
) -> Result<Vec<PolicyOp>, MemberError> {
    let found = state.member(&joining.member);
    check_device(vault, state, joining)?;
    if let (Some(member), Some(kind)) = (found, joining.kind)
        && member.kind != kind
    {
        let (member, found) = (joining.member.clone(), member.kind);
        return Err(MemberError::OtherKind { member, found });
    }
    if found.is_some() && joining.expires.is_some() {
        return Err(MemberError::ExpiryStated { member: joining.member.clone() });
    }
    let mut ops = recipient_ops(found, joining);
    if let Device::Request(request) = &joining.device
        && !has_key(found, request)
    {
        ops.push(PolicyOp::KeyAdd(request.key_add()));
    }
    ops.extend(role_ops(state, found, joining)?);
    if ops.is_empty() {
        return Err(MemberError::Nothing { member: joining.member.clone() });
    }
    Ok(ops)
}

/// A device name of `member` that is free, `wanted` if it can be.
pub fn free_device(member: Option<&Member>, wanted: &Name) -> Name {
    let taken = |name: &Name| member.is_some_and(|member| member.keys.contains_key(name));
    if !taken(wanted) {
        return wanted.clone();
    }
    let base = wanted.as_str().trim_end_matches(|c: char| c.is_ascii_digit());
    let base = base.trim_end_matches('-');
    let numbered = (2..).filter_map(|number: u32| Name::new(format!("{base}-{number}")).ok());
    let mut numbered = numbered.take(1_000);
    numbered.find(|name| !taken(name)).unwrap_or_else(|| wanted.clone())
}

fn check_device(
    vault: &VaultId,
    state: &PolicyState,
    joining: &Joining,
) -> Result<(), MemberError> {
    let asked = &joining.member;
    if let Device::Request(request) = &joining.device {
        if request.vault != *vault {
            return Err(MemberError::OtherVault);
        }
        if request.member != *asked {
            let (asked, found) = (asked.clone(), request.member.clone());
            return Err(MemberError::OtherName { asked, found });
        }
        let (member, device) = (asked.clone(), request.device.clone());
        let known = state.member(asked);
        let same = has_key(known, request);
        if !same && known.is_some_and(|known| known.keys.contains_key(&device)) {
            return Err(MemberError::DeviceTaken { member, device });
        }
    }
    let recipients = recipients(&joining.device);
    // The chain takes kinds of recipients that this build may not encrypt to; one of these would keep
    // its own envelopes from being sealed.
    recipients.iter().try_for_each(|text| check_usable(text)).map_err(MemberError::Recipient)?;
    // Two members with one recipient would be one person with two names, and whose key it is that
    // signs would depend on their order.
    let owner_of = |text: &RecipientText| state.recipient_owner(&recipient::read(text).ok()?.id);
    match recipients.iter().filter_map(owner_of).find(|owner| *owner != asked) {
        Some(owner) => Err(MemberError::RecipientTaken { owner: owner.clone() }),
        None => Ok(()),
    }
}

fn recipients(device: &Device) -> BTreeSet<RecipientText> {
    match device {
        Device::Request(request) => BTreeSet::from([request.recipient.clone()]),
        Device::Recipients(recipients) => {
            recipients.iter().map(|text| RecipientText::of_given(text)).collect()
        }
    }
}

fn has_key(member: Option<&Member>, request: &Request) -> bool {
    member.is_some_and(|member| member.keys.values().any(|key| key.public == request.key))
}

fn recipient_ops(found: Option<&Member>, joining: &Joining) -> Vec<PolicyOp> {
    let (member, recipients) = (&joining.member, recipients(&joining.device));
    let Some(found) = found else {
        return vec![PolicyOp::MemberAdd(MemberAdd {
            member: member.clone(),
            kind: joining.kind.unwrap_or(MemberKind::User),
            recipients: recipients.into_iter().collect(),
            expires: joining.expires,
        })];
    };
    let new = recipients.into_iter().filter(|recipient| !found.recipients.contains(recipient));
    new.map(|recipient| PolicyOp::recipient_add(member.clone(), recipient)).collect()
}

fn role_ops(
    state: &PolicyState,
    found: Option<&Member>,
    joining: &Joining,
) -> Result<Vec<PolicyOp>, MemberError> {
    let mut ops = Vec::new();
    let mut roles: BTreeSet<&Name> = joining.roles.iter().collect();
    if let Some(role) = roles.iter().find(|role| state.role(role).is_none()) {
        return Err(MemberError::NoRole { role: (*role).clone() });
    }
    if !joining.read.is_empty() {
        let own = &joining.member;
        match state.role(own) {
            None => ops.extend(reading_role(own, &joining.read)),
            // Joining it must not give more than was asked, nor give others what was asked.
            Some(role) if grants_just(role, &joining.read) => {}
            Some(_) => return Err(MemberError::RoleTaken { role: own.clone() }),
        }
        roles.insert(own);
    }
    let joins =
        roles.into_iter().filter(|role| !found.is_some_and(|m| m.roles().any(|r| r == *role)));
    ops.extend(joins.map(|role| PolicyOp::role_join(role.clone(), joining.member.clone())));
    Ok(ops)
}

fn reading_role(role: &Name, patterns: &[Pattern]) -> Vec<PolicyOp> {
    let patterns: BTreeSet<&Pattern> = patterns.iter().collect();
    let grants = patterns
        .into_iter()
        .map(|pattern| PolicyOp::grant(role.clone(), pattern.clone(), vec![Right::Read]));
    std::iter::once(PolicyOp::RoleAdd { role: role.clone() }).chain(grants).collect()
}

fn grants_just(role: &Role, patterns: &[Pattern]) -> bool {
    let asked: BTreeSet<&Pattern> = patterns.iter().collect();
    let only_read = role.grants().all(|(_, rights)| rights == Rights::NONE.with(Right::Read));
    only_read && role.grants().map(|(pattern, _)| pattern).collect::<BTreeSet<_>>() == asked
}
