//! Who the user is in this vault, and the keys that their identities open.
//!
//! Where identities come from (files, variables, later slots, agents and plugins) is the caller's
//! affair: this is the seam that each new way of unlocking joins.

use super::key_holders;
use super::sealed_to;
use super::session_keys::{SessionFault, SessionKeys};
use super::verified_vault::expected_epochs;
use crate::crypto::bytes::Id;
use crate::crypto::envelope::EnvelopeError;
use crate::crypto::id::{EpochId, VaultId};
use crate::crypto::identity::Identity;
use crate::crypto::identity::recipient;
use crate::crypto::identity::recipient::{RecipientKind, check_recipient};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::SigningKey;
use crate::file::audience;
use crate::file::audience::{AudienceError, EpochKeys, OpenEnvelope};
use crate::file::device_key;
use crate::file::device_key::DeviceKeyError;
use crate::name::audience::AudienceName;
use crate::name::{Name, SecretName};
use crate::policy::state::PolicyState;
use crate::scan::noted::Noted;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Why nothing was unlocked.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    #[error("none of the identities belongs to a member of this vault")]
    NoMember { recipients: Vec<RecipientText>, owners: Vec<Name> },
    #[error("no identity was given")]
    NoIdentity { owners: Vec<Name> },
}

/// Why an audience's keys are out of reach.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{member} is not in the audience {audience}")]
    NotInAudience { member: Name, audience: AudienceName, readers: Vec<Name> },
    #[error("the audience {audience} has no keys yet")]
    NoAudience { audience: AudienceName, able: Vec<Name> },
    #[error("the keys of {audience} were not sealed to this identity of {member} yet")]
    Waiting { audience: AudienceName, member: Name, able: Vec<Name> },
    #[error("the envelope of the audience {audience} cannot be used")]
    Envelope {
        audience: AudienceName,
        #[source]
        source: AudienceError,
    },
    /// The envelope may be whole: nobody but this device is to be told.
    #[error(
        "what 'v-secure unlock' keeps of the keys of {audience} is not what the vault states: \
         'v-secure lock' ends that"
    )]
    Kept {
        audience: AudienceName,
        #[source]
        source: AudienceError,
    },
}

/// Why the user cannot sign.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    #[error(
        "{member} has no signing key in this vault: a member added by recipient alone can read, and never write"
    )]
    NoKey { member: Name },
    #[error("the signing key of {member}'s device {device} does not open")]
    Sealed {
        member: Name,
        device: Name,
        #[source]
        source: DeviceKeyError,
    },
}

/// A member with its identities, or with the keys that they opened earlier.
pub struct Unlocked {
    member: Name,
    identities: Vec<Identity>,
    session: Option<SessionKeys>,
    /// Envelopes of audiences, once opened.
    opened: Mutex<BTreeMap<AudienceName, OpenedAudience>>,
    /// Secrets that were read by another wrap than the live one.
    fallen_back: Mutex<BTreeSet<SecretName>>,
    /// Values that were read to be given, or written.
    noted: Mutex<Vec<Noted>>,
}

/// What another thread left, even one that panicked: what is kept is whole at every moment.
fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A member that can sign.
pub struct Signer {
    pub member: Name,
    pub device: Name,
    pub key: SigningKey,
}

/// An audience's envelope, and the keys that were asked for.
struct OpenedAudience {
    envelope: Arc<OpenEnvelope>,
    epochs: BTreeMap<EpochId, Arc<Vec<EpochKeys>>>,
}

impl Unlocked {
    /// Finds the member that one of the identities belongs to.
    pub fn new(vault: &Vault, identities: Vec<Identity>) -> Result<Self, UnlockError> {
        let state = vault.policy();
        let owners = || state.owners().cloned().collect();
        if identities.is_empty() {
            return Err(UnlockError::NoIdentity { owners: owners() });
        }
        let identities: Vec<Identity> =
            identities.into_iter().map(|identity| assume_recipient(vault, identity)).collect();
        let is_one = |own: &RecipientText| identities.iter().any(|identity| identity.is_for(own));
        let member = state
            .members()
            .find(|(_, member)| member.recipients.iter().any(is_one))
            .map(|(name, _)| name.clone());
        match member {
            Some(member) => {
                let (opened, fallen_back) = (Mutex::default(), Mutex::default());
                let noted = Mutex::default();
                Ok(Self { member, identities, session: None, opened, fallen_back, noted })
            }
            None => {
                let recipients = identities.iter().map(Identity::recipient).collect();
                Err(UnlockError::NoMember { recipients, owners: owners() })
            }
        }
    }

    /// The member of keys that were kept, if they still fit the vault.
    pub fn resumed(vault: &Vault, keys: SessionKeys, now: UnixTime) -> Result<Self, SessionFault> {
        keys.check(vault, now)?;
        Ok(Self {
            member: keys.member().clone(),
            identities: Vec::new(),
            session: Some(keys),
            opened: Mutex::default(),
            fallen_back: Mutex::default(),
            noted: Mutex::default(),
        })
    }

    /// Takes note that a secret's live wrap did not open, and another one did.
    pub(crate) fn fell_back(&self, secret: &SecretName) {
        locked(&self.fallen_back).insert(secret.clone());
    }

    /// The secrets read since this was asked last whose live wrap did not open: `v-secure access
    /// settle` mends them.
    pub fn take_fallen_back(&self) -> BTreeSet<SecretName> {
        std::mem::take(&mut *locked(&self.fallen_back))
    }

    /// Takes note of a value that is on its way out of a vault or into it.
    pub(crate) fn note_value(&self, secret: &SecretName, mark: Id, value: &SecretValue) {
        locked(&self.noted).extend(Noted::of(secret, mark, value));
    }

    /// The values that were noted since this was asked last.
    pub fn take_noted(&self) -> Vec<Noted> {
        std::mem::take(&mut *locked(&self.noted))
    }

    pub fn member(&self) -> &Name {
        &self.member
    }

    /// Whether the keys work without anybody: a plugin's may ask for a touch.
    pub fn needs_nobody(&self) -> bool {
        self.identities.iter().all(|own| own.program().is_none() && !own.is_locked())
    }

    /// The identities that are the member's, each with its recipient as the policy has it; kept keys
    /// have none.
    fn own<'a, 'v>(
        &'a self,
        vault: &'v Vault,
    ) -> impl Iterator<Item = (&'a Identity, &'v RecipientText)> + use<'a, 'v> {
        let recipients = vault.policy().member(&self.member).map(|member| &member.recipients);
        self.identities.iter().filter_map(move |identity| {
            let recipient = recipients?.iter().find(|text| identity.is_for(text))?;
            Some((identity, recipient))
        })
    }

    /// The identity of the member that a slot or a keyring can seal: an X25519 one.
    pub fn sealable(&self, vault: &Vault) -> Option<&Identity> {
        let fits =
            |(_, text): &(_, &RecipientText)| check_recipient(text) == Ok(RecipientKind::X25519);
        self.own(vault).find(fits).map(|(identity, _)| identity)
    }

    /// The member's recipient that its identity opens files to.
    pub fn recipient(&self, vault: &Vault) -> Option<RecipientText> {
        self.own(vault).next().map(|(_, recipient)| recipient.clone())
    }

    /// The member's recipients, as the policy has them, that the keys at hand open files for.
    pub fn recipients(&self, vault: &Vault) -> Vec<RecipientText> {
        match &self.session {
            Some(session) => vec![session.recipient().clone()],
            None => self.own(vault).map(|(_, recipient)| recipient.clone()).collect(),
        }
    }

    /// Until when kept keys are kept, in seconds since the Unix epoch.
    pub fn kept_until(&self) -> Option<UnixTime> {
        self.session.as_ref().map(SessionKeys::until)
    }

    /// The identity that is the member's, to keep; kept keys have none.
    pub fn into_identity(self, vault: &Vault) -> Option<Identity> {
        let own = &vault.policy().member(&self.member)?.recipients;
        let mut all = self.identities.into_iter();
        all.find(|identity| own.iter().any(|text| identity.is_for(text)))
    }

    /// The keys of every epoch of an audience that its envelope gives, newest first, to read with.
    pub fn keys(&self, vault: &Vault, audience: &AudienceName) -> Result<Vec<EpochKeys>, KeyError> {
        let keys = self.envelope(vault, audience)?.all();
        keys.map_err(|source| self.unfit(audience, source))
    }

    /// The keys of one epoch of an audience; none where its envelope lacks them.
    pub fn keys_of(
        &self,
        vault: &Vault,
        audience: &AudienceName,
        epoch: &EpochId,
    ) -> Result<Arc<Vec<EpochKeys>>, KeyError> {
        let found = |opened: &OpenedAudience| opened.epochs.get(epoch).cloned();
        if let Some(keys) = locked(&self.opened).get(audience).and_then(found) {
            return Ok(keys);
        }
        let keys = self.envelope(vault, audience)?.keys(epoch);
        let keys = keys.map_err(|source| self.unfit(audience, source))?;
        let keys: Arc<Vec<EpochKeys>> = Arc::new(keys.into_iter().collect());
        // What is not there is not kept: whoever may wrap can name any epoch.
        if let Some(opened) = locked(&self.opened).get_mut(audience).filter(|_| !keys.is_empty()) {
            opened.epochs.insert(*epoch, Arc::clone(&keys));
        }
        Ok(keys)
    }

    /// Opens an audience's keys without keeping them, and checks all of them, kept ones as well: whoever
    /// carries them on would spoil them for everybody.
    pub fn open(&self, vault: &Vault, audience: &AudienceName) -> Result<Vec<EpochKeys>, KeyError> {
        let keys = self.open_envelope(vault, audience)?.checked();
        keys.map_err(|source| self.unfit(audience, source))
    }

    fn envelope(
        &self,
        vault: &Vault,
        audience: &AudienceName,
    ) -> Result<Arc<OpenEnvelope>, KeyError> {
        if let Some(opened) = locked(&self.opened).get(audience) {
            return Ok(Arc::clone(&opened.envelope));
        }
        let envelope = Arc::new(self.open_envelope(vault, audience)?);
        let opened = OpenedAudience { envelope: Arc::clone(&envelope), epochs: BTreeMap::new() };
        locked(&self.opened).insert(audience.clone(), opened);
        Ok(envelope)
    }

    /// Of keys that are not what the policy states.
    fn unfit(&self, audience: &AudienceName, source: AudienceError) -> KeyError {
        let audience = audience.clone();
        match self.session {
            Some(_) => KeyError::Kept { audience, source },
            None => KeyError::Envelope { audience, source },
        }
    }

    fn open_envelope(
        &self,
        vault: &Vault,
        audience: &AudienceName,
    ) -> Result<OpenEnvelope, KeyError> {
        let state = vault.policy();
        if !state.is_in(&self.member, audience) {
            return Err(KeyError::NotInAudience {
                member: self.member.clone(),
                audience: audience.clone(),
                readers: state.members_of(audience).into_iter().cloned().collect(),
            });
        }
        if let Some(session) = &self.session {
            return session.open(vault, audience).map_err(|error| self.closed(vault, error));
        }
        let missing = || KeyError::NoAudience {
            audience: audience.clone(),
            able: key_holders::may_begin(vault, audience),
        };
        let section = vault.file().audiences.get(audience).ok_or_else(missing)?;
        let expected = vault.expected_epochs(audience);
        let (own, envelope) = (&self.identities, &section.envelope);
        audience::open_envelope_to_read(own, envelope, &vault.id(), audience, expected)
            .map_err(|source| KeyError::Envelope { audience: audience.clone(), source })
            .map_err(|error| self.closed(vault, error))
    }

    /// Whether an audience's present keys are for none of this member's recipients, though it is in it.
    pub(crate) fn is_left_out(&self, after: &PolicyState, audience: &AudienceName) -> bool {
        let (Some(found), Some(own)) = (after.audience(audience), after.member(&self.member))
        else {
            return false;
        };
        after.is_in(&self.member, audience)
            && own.recipients.iter().all(|text| found.skipped.contains(text))
    }

    /// The keys in an envelope that is not in force, checked against the state that it is for. `None` where it is
    /// not for this member, or there is no identity at hand to open it with.
    pub(crate) fn open_planned(
        &self,
        vault: &VaultId,
        after: &PolicyState,
        audience: &AudienceName,
        envelope: &[u8],
    ) -> Option<Result<Vec<EpochKeys>, AudienceError>> {
        let found = after.audience(audience)?;
        let own = after.member(&self.member)?.recipients.iter();
        let mut own = own.filter(|text| self.identities.iter().any(|id| id.is_for(text)));
        if !after.is_in(&self.member, audience) || !own.any(|text| !found.skipped.contains(text)) {
            return None;
        }
        let expected = expected_epochs(after, audience);
        Some(audience::open_envelope(&self.identities, envelope, vault, audience, &expected))
    }

    /// The error of an envelope that opens for others: where by the chain it was made for none of this
    /// member's recipients that are at hand, nothing is wrong with it.
    fn closed(&self, vault: &Vault, error: KeyError) -> KeyError {
        let KeyError::Envelope {
            audience,
            source: AudienceError::Envelope { source: EnvelopeError::NoMatch, .. },
        } = &error
        else {
            return error;
        };
        let Ok(sealed_to) = sealed_to::present(vault) else { return error };
        let to = sealed_to.get(audience);
        let own = self.recipients(vault);
        if to.is_some_and(|to| own.iter().any(|recipient| to.contains(recipient))) {
            return error;
        }
        let able = key_holders::may_reseal(vault, audience);
        KeyError::Waiting { audience: audience.clone(), member: self.member.clone(), able }
    }

    /// What an audience's envelope holds of the keys that the policy states, where not all of it is
    /// right; kept keys are whole or none.
    pub(crate) fn salvage(&self, vault: &Vault, audience: &AudienceName) -> Vec<EpochKeys> {
        let Some(section) = vault.file().audiences.get(audience) else { return Vec::new() };
        self.salvage_from(vault, audience, &section.envelope)
    }

    /// The same of any envelope of the audience, an older one for example.
    pub(crate) fn salvage_from(
        &self,
        vault: &Vault,
        audience: &AudienceName,
        envelope: &[u8],
    ) -> Vec<EpochKeys> {
        let expected = vault.expected_epochs(audience);
        audience::salvage(&self.identities, envelope, &vault.id(), audience, &expected)
            .unwrap_or_default()
    }

    /// The member's device key whose seed one of the identities opens.
    pub fn signer(&self, vault: &Vault) -> Result<Signer, SignerError> {
        if let Some(session) = &self.session {
            return session.signer(vault);
        }
        let none = || SignerError::NoKey { member: self.member.clone() };
        let member = vault.policy().member(&self.member).ok_or_else(none)?;
        let is_one =
            |own: &RecipientText| self.identities.iter().any(|identity| identity.is_for(own));
        // Somebody who stands in for the member can add a device whose seed does not open.
        let mut first = None;
        for (device, key) in member.keys.iter().filter(|(_, key)| is_one(&key.recipient)) {
            let (member, device) = (self.member.clone(), device.clone());
            match device_key::open_signing_key(&self.identities, &key.sealed, &key.public) {
                Ok(key) => return Ok(Signer { member, device, key }),
                Err(source) => {
                    _ = first.get_or_insert(SignerError::Sealed { member, device, source });
                }
            }
        }
        Err(first.unwrap_or_else(none))
    }

    /// Whether the member may read a secret by the policy of now.
    pub fn may_read(&self, vault: &Vault, secret: &SecretName) -> bool {
        let state = vault.policy();
        state.is_in(&self.member, &state.audience_of(secret))
    }
}

/// A plugin's identity whose file does not say for which recipient it is: where the vault has one
/// recipient of that plugin, it is for that one, and opening it shows whether that is so.
fn assume_recipient(vault: &Vault, identity: Identity) -> Identity {
    let Some(wanted) = identity.program().filter(|_| !identity.knows_recipient()) else {
        return identity;
    };
    let members = vault.policy().members().flat_map(|(_, member)| &member.recipients);
    let mut own = members.filter(|text| recipient::program(text).as_deref() == Some(wanted));
    match (own.next(), own.next()) {
        (Some(only), None) => identity.assumed_to_be(only),
        _ => identity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_may_share_a_vault_and_who_opened_it() {
        const fn shared<T: Send + Sync>() {}
        const { shared::<Vault>() };
        const { shared::<Unlocked>() };
        const { shared::<Signer>() };
    }
}
