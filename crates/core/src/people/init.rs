//! A new vault: its genesis, its first owner and the owners' audience.

use super::recovery;
use crate::crypto::bytes::Fixed;
use crate::crypto::id::VaultId;
use crate::crypto::identity::Identity;
use crate::crypto::identity::recipient;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::kdf::Params;
use crate::crypto::sign::SigningKey;
use crate::file::audience;
use crate::file::audience::AudienceError;
use crate::file::device_key;
use crate::file::device_key::DeviceKeyError;
use crate::file::model::{AudienceSection, Header, VaultFile};
use crate::file::slot::SlotRecord;
use crate::file::slot_seal;
use crate::file::slot_seal::{NewSlot, SlotError};
use crate::host::{Random, random};
use crate::name::Name;
use crate::policy::audience::of_owners;
use crate::policy::chain::Chain;
use crate::policy::error::ChainError;
use crate::policy::op::{EpochStart, KeyAdd, MemberAdd, MemberKind, PolicyOp, VaultStart};
use crate::policy::sign::PolicyDraft;
use crate::policy::state::OWNER;
use crate::record::ids;
use crate::record::ids::SUITE;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use std::collections::{BTreeMap, BTreeSet};

/// What a new vault is to be.
#[derive(Debug)]
pub struct InitRequest {
    pub name: Name,
    pub member: Name,
    pub device: Name,
    /// The first owner's age recipient.
    pub recipient: RecipientText,
    /// Seconds since the Unix epoch.
    pub now: UnixTime,
}

/// What a new vault may have besides.
#[derive(Debug, Default, Clone, Copy)]
pub struct Extras<'a> {
    /// The recipient of a recovery identity, which becomes a second owner.
    pub recovery: Option<&'a RecipientText>,
    /// The owner's identity and the passphrase to seal it by, in a slot of the vault.
    pub slot: Option<(&'a Identity, &'a SecretValue)>,
    /// The setting `kdf`; by it the slot is sealed too.
    pub kdf: Option<Params>,
}

/// Why no vault was made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("the device's signing key cannot be made")]
    Device(#[from] DeviceKeyError),
    #[error("the owners' keys cannot be sealed")]
    Audience(#[from] AudienceError),
    #[error("the new policy chain is not valid")]
    Chain(#[from] ChainError),
    #[error("the identity cannot be sealed by the passphrase")]
    Slot(#[from] SlotError),
    #[error("the new identity cannot be read back")]
    Identity(#[from] crate::crypto::identity::IdentityError),
}

/// Makes a vault with one owner.
///
/// Two policy entries: the vault's id is the hash of the first, and envelopes bind the vault's id,
/// so the owners' audience comes with the second.
pub fn init(request: &InitRequest, source: &dyn Random) -> Result<VaultFile, InitError> {
    init_with(request, Extras::default(), source)
}

/// [`init`] with what else is wanted from the first entry on.
pub fn init_with(
    request: &InitRequest,
    extras: Extras<'_>,
    source: &dyn Random,
) -> Result<VaultFile, InitError> {
    let InitRequest { name, member, device, recipient, now } = request;
    let (key, signing) = device_key::new_device_key(source, None, member, device, recipient)?;
    let mut ops = genesis_ops(request, key, source)?;
    if let Some(recovery) = extras.recovery {
        let name = recovery::free_name(|name| name == member);
        ops.extend(recovery::ops(source, None, &name, recovery)?);
    }
    ops.extend(
        extras.kdf.map(|kdf| PolicyOp::Setting { key: "kdf".into(), value: kdf.to_string() }),
    );
    let genesis = PolicyDraft::genesis(*now, ops, "create the vault".into()).sign(&[&signing]);
    let chain =
        Chain::build(std::slice::from_ref(&genesis), crate::policy::chain::ChainSignatures::Check)?;
    let (second, section) = owners_audience(&chain, *now, &signing, source)?;
    let chain = chain.extended(second.clone())?;
    let slots = match extras.slot {
        Some((identity, passphrase)) => {
            let (vault, params) = (chain.vault_id(), chain.state().settings().kdf());
            let new = NewSlot { vault: &vault, member, label: device.as_str(), params };
            let seal = slot_seal::create(source, new, identity, passphrase, &signing)?;
            BTreeMap::from([(seal.slot, SlotRecord::Seal(seal))])
        }
        None => BTreeMap::new(),
    };
    Ok(VaultFile {
        header: Header { suite: SUITE.into(), vault: chain.vault_id(), name: name.clone() },
        chain: vec![genesis, second],
        closed: None,
        audiences: BTreeMap::from([(of_owners(), section)]),
        slots,
        secrets: BTreeMap::new(),
        entries: BTreeMap::new(),
    })
}

fn genesis_ops(
    request: &InitRequest,
    key: KeyAdd,
    source: &dyn Random,
) -> Result<Vec<PolicyOp>, InitError> {
    let member = request.member.clone();
    let owner = owner_role();
    let mut ops = vec![PolicyOp::Vault(VaultStart {
        suite: SUITE.into(),
        nonce: Fixed(random(source)),
        name: request.name.clone(),
        threshold: 1,
    })];
    // The founder's word allows the founder's own plugin.
    let plugin = recipient::plugin(&request.recipient);
    ops.extend(
        plugin.map(|value| PolicyOp::Setting { key: "plugins.allow".into(), value: value.into() }),
    );
    ops.extend([
        PolicyOp::MemberAdd(MemberAdd {
            member: member.clone(),
            kind: MemberKind::User,
            recipients: vec![request.recipient.clone()],
            expires: None,
        }),
        PolicyOp::KeyAdd(key),
        PolicyOp::role_join(owner, member),
    ]);
    Ok(ops)
}

fn owners_audience(
    chain: &Chain,
    now: UnixTime,
    signing: &SigningKey,
    source: &dyn Random,
) -> Result<(crate::policy::entry::PolicyEntry, AudienceSection), InitError> {
    let vault: VaultId = chain.vault_id();
    let owners = of_owners();
    let (keys, stated) = audience::new_epoch(source, &vault, &owners)?;
    let recipients = chain.state().recipients_of(&owners);
    let envelope =
        audience::seal_envelope(&vault, &owners, std::slice::from_ref(&keys), &recipients)?;
    let op = PolicyOp::Epoch(EpochStart {
        audience: owners,
        epoch: stated.epoch,
        recipient: stated.recipient,
        kek: stated.commitment,
        envelope: ids::envelope_id(&envelope),
        skipped: Vec::new(),
    });
    let draft =
        PolicyDraft::next(chain, now, BTreeSet::new(), vec![op], "give the owners keys".into());
    Ok((draft.sign(&[signing]), AudienceSection { epoch: stated.epoch, envelope }))
}

fn owner_role() -> Name {
    Name::new(OWNER).unwrap_or_else(|_| unreachable!("the constant is a name"))
}
