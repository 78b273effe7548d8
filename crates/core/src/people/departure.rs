//! Letting members and devices go: from what was asked to the ops, and to what goes with them.

use crate::crypto::id::KeyId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::keys::room::{Fit, Room};
use crate::name::{Name, NameError};
use crate::policy::op::PolicyOp;
use crate::policy::state::{DeviceKey, Member};
use crate::policy::vouching::{Alone, Credential, named};
use crate::vault::Vault;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// A device as users write it: `MEMBER/DEVICE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName {
    pub member: Name,
    pub device: Name,
}

/// Why a text names no device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceNameError {
    #[error("a device is NAME/DEVICE, as 'v-secure member show NAME' lists it")]
    NotFull,
    #[error(transparent)]
    Name(#[from] NameError),
}

impl FromStr for DeviceName {
    type Err = DeviceNameError;

    fn from_str(text: &str) -> Result<Self, DeviceNameError> {
        let (member, device) = text.split_once('/').ok_or(DeviceNameError::NotFull)?;
        Ok(Self { member: Name::new(member)?, device: Name::new(device)? })
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.member, self.device)
    }
}

/// Why somebody cannot go as asked.
#[derive(Debug, thiserror::Error)]
pub enum LeaveError {
    #[error("there is no member {member}")]
    NoMember { member: Name },
    #[error("there is no device {name}; devices of {member}: {devices}", member = name.member, devices = listed(devices))]
    NoDevice { name: DeviceName, devices: Vec<Name> },
    #[error("{name} names more than one recipient of {member}", member = name.member)]
    Ambiguous { name: DeviceName },
    #[error(
        "{name} cannot be removed by itself: {also}{member} would be left without a key that opens anything",
        member = name.member, also = also(name, others)
    )]
    LastRecipient {
        name: DeviceName,
        /// Devices that would go too, as the one that is lost added them.
        others: Vec<Name>,
        /// Whether the device alone could go, without what it vouched for.
        alone: bool,
    },
}

fn listed(names: &[Name]) -> String {
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    if names.is_empty() { "none that signs".into() } else { names.join(", ") }
}

fn also(lost: &DeviceName, others: &[Name]) -> String {
    match others {
        [] => String::new(),
        [one] => format!("with --lost device {one} goes too: {lost} added it; "),
        many => format!("with --lost devices {} go too: {lost} added them; ", listed(many)),
    }
}

/// What goes with a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    pub ops: Vec<PolicyOp>,
    /// The devices whose signing keys go, the one that was named among them.
    pub devices: Vec<Name>,
    /// The recipients that go.
    pub recipients: Vec<RecipientText>,
    /// How many of them no signing key is sealed to.
    pub keyless: usize,
    /// The ids of the keys.
    pub keys: BTreeSet<KeyId>,
    /// Devices of the member that can sign afterwards.
    pub left: Vec<Name>,
}

/// Removes a member with its keys and from its roles.
pub fn remove_member(vault: &Vault, member: &Name) -> Result<Vec<PolicyOp>, LeaveError> {
    find(vault, member)?;
    Ok(vec![PolicyOp::MemberRemove { member: member.clone() }])
}

/// Removes a device: its signing key and the recipient that the key is sealed to, with whatever else
/// is sealed to that. With `lost`, what the device vouched for goes as well: keys that were added under its
/// signature, and recipients, through any number of keys between.
///
/// # Errors
/// A member or device that is not there; a member that would be left without any recipient, which is
/// no member that can go on.
pub fn remove_device(
    vault: &Vault,
    name: &DeviceName,
    lost: bool,
) -> Result<Departure, LeaveError> {
    let member = find(vault, &name.member)?;
    let Some(key) = member.keys.get(&name.device) else {
        return remove_recipient(member, name);
    };
    let tainted = if lost { Vouched::by(vault, &name.member, key) } else { Vouched::of(key) };
    let recipients: Vec<RecipientText> =
        member.recipients.iter().filter(|own| tainted.recipients.contains(*own)).cloned().collect();
    if recipients.len() == member.recipients.len() {
        let alone = lost && member.recipients.len() > 1;
        let is_other = |device: &&Name| **device != name.device;
        let others =
            if lost { member.keys.keys().filter(is_other).cloned().collect() } else { Vec::new() };
        return Err(LeaveError::LastRecipient { name: name.clone(), others, alone });
    }
    let is_keyless =
        |recipient: &&RecipientText| member.keys.values().all(|k| k.recipient != **recipient);
    let keyless = recipients.iter().filter(is_keyless).count();
    let goes =
        |key: &DeviceKey| tainted.keys.contains(&key.id) || recipients.contains(&key.recipient);
    let (gone, left): (Vec<_>, Vec<_>) = member.keys.iter().partition(|(_, key)| goes(key));
    let (member, device) = (name.member.clone(), name.device.clone());
    let mut ops = vec![PolicyOp::KeyRemove { member: member.clone(), device, lost }];
    let left_over = recipients.iter().filter(|recipient| !tainted.by_op.contains(*recipient));
    ops.extend(left_over.map(|recipient| PolicyOp::RecipientRemove {
        member: member.clone(),
        recipient: recipient.clone(),
    }));
    Ok(Departure {
        ops,
        devices: gone.iter().map(|(device, _)| (*device).clone()).collect(),
        recipients,
        keyless,
        keys: gone.into_iter().map(|(_, key)| key.id).collect(),
        left: left.into_iter().map(|(device, _)| device.clone()).collect(),
    })
}

/// Removes a recipient that is named as lists show it: one without a key to sign has no other name.
fn remove_recipient(member: &Member, name: &DeviceName) -> Result<Departure, LeaveError> {
    let own: Vec<Credential> =
        member.recipients.iter().cloned().map(Credential::Recipient).collect();
    let recipient = match named(name.device.as_str(), &own.iter().collect())[..] {
        [Credential::Recipient(recipient)] => recipient,
        [] | [_] => {
            let devices = member.keys.keys().cloned().collect();
            return Err(LeaveError::NoDevice { name: name.clone(), devices });
        }
        // Who adds a recipient of their own may have made it to end as the one that is to go.
        _ => return Err(LeaveError::Ambiguous { name: name.clone() }),
    };
    if member.recipients.len() == 1 {
        return Err(LeaveError::LastRecipient {
            name: name.clone(),
            others: Vec::new(),
            alone: false,
        });
    }
    let (gone, left): (Vec<_>, Vec<_>) =
        member.keys.iter().partition(|(_, key)| key.recipient == *recipient);
    let (of, recipient) = (name.member.clone(), recipient.clone());
    Ok(Departure {
        ops: vec![PolicyOp::RecipientRemove { member: of, recipient: recipient.clone() }],
        devices: gone.iter().map(|(device, _)| (*device).clone()).collect(),
        recipients: vec![recipient],
        keyless: 0,
        keys: gone.into_iter().map(|(_, key)| key.id).collect(),
        left: left.into_iter().map(|(device, _)| device.clone()).collect(),
    })
}

/// Takes away what only somebody vouched for who goes: whole members, single devices and recipients,
/// memberships, roles. What the signer may not take is left out, and what one entry has no room for
/// beside the `removal` of the leaver, which comes before all of it.
pub fn revoke(vault: &Vault, alone: &Alone, signer: &KeyId, removal: &[PolicyOp]) -> Vec<PolicyOp> {
    let Ok(signers) = vault.chain().signers_with(&BTreeSet::from([*signer])) else {
        return Vec::new();
    };
    let members = alone.members.iter();
    let mut ops: Vec<PolicyOp> =
        members.map(|member| PolicyOp::MemberRemove { member: member.clone() }).collect();
    // Keys first: a recipient takes along the keys that are sealed to it.
    let keys = alone.credentials.iter().filter_map(|(member, credential)| match credential {
        Credential::Key { device, .. } => Some(PolicyOp::KeyRemove {
            member: member.clone(),
            device: device.clone(),
            lost: false,
        }),
        Credential::Recipient(_) => None,
    });
    ops.extend(keys);
    let recipients = alone.credentials.iter().filter_map(|(member, credential)| match credential {
        Credential::Recipient(recipient) => {
            Some(PolicyOp::RecipientRemove { member: member.clone(), recipient: recipient.clone() })
        }
        Credential::Key { .. } => None,
    });
    ops.extend(recipients);
    ops.extend(
        alone.memberships.iter().map(|(role, member)| PolicyOp::RoleLeave {
            role: role.clone(),
            member: member.clone(),
        }),
    );
    ops.extend(alone.roles.iter().map(|role| PolicyOp::RoleRemove { role: role.clone() }));
    ops.retain(|op| signers.judge(op).is_ok());
    // From the front: what stands later may need what stands before.
    let mut room = Room::beside(removal);
    let fitting = ops.iter().take_while(|op| room.take(op) == Fit::Taken).count();
    ops.truncate(fitting);
    ops
}

fn find<'a>(vault: &'a Vault, member: &Name) -> Result<&'a Member, LeaveError> {
    let found = vault.policy().member(member);
    found.ok_or_else(|| LeaveError::NoMember { member: member.clone() })
}

/// What a key stands behind, itself included.
struct Vouched {
    keys: BTreeSet<KeyId>,
    recipients: BTreeSet<RecipientText>,
    /// Those of the recipients that the op takes which says that the key is lost.
    by_op: BTreeSet<RecipientText>,
}

impl Vouched {
    fn of(key: &DeviceKey) -> Self {
        let recipients = BTreeSet::from([key.recipient.clone()]);
        Self { keys: BTreeSet::from([key.id]), recipients, by_op: BTreeSet::new() }
    }

    /// Everything of `member` that came in under the signature of the key, or of one that so came in,
    /// and the recipients of all these keys: whoever holds a lost device reads by them.
    fn by(vault: &Vault, member: &Name, key: &DeviceKey) -> Self {
        let tainted = vault.chain().tainted(member, &key.id);
        let found = vault.policy().member(member);
        let own = || found.into_iter().flat_map(|member| &member.recipients);
        let is_tainted = |text: &&RecipientText| {
            let id = found.and_then(|member| member.recipient_id(text));
            id.is_some_and(|id| tainted.recipients.contains(id))
        };
        let by_op: BTreeSet<RecipientText> = own().filter(is_tainted).cloned().collect();
        let keys = found.into_iter().flat_map(|member| member.keys.values());
        let sealed_to = keys.filter(|key| tainted.keys.contains(&key.id)).map(|key| &key.recipient);
        let recipients = sealed_to.chain(&by_op).cloned().collect();
        Self { keys: tainted.keys, recipients, by_op }
    }
}
