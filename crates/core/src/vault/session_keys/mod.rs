//! What `unlock` keeps for later commands: the opened keys of a member's audiences and its signing
//! key, until a time (`docs/unlocking.md`).
//!
//! One text, in the memory of a keyring and never in a file. It is believed no further than an
//! envelope is: every key must be the one that the policy commits to.

use super::closed::ClosedBy;
use super::unlock::{KeyError, Signer, SignerError, Unlocked};
use crate::crypto::bytes::{self, Fixed, Id};
use crate::crypto::id::{EpochId, VaultId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::sign::SigningKey;
use crate::file::audience;
use crate::file::audience::{AudienceError, ExpectedEpoch, OpenEnvelope};
use crate::file::device_key::DeviceKeyError;
use crate::name::Name;
use crate::name::audience::AudienceName;
use crate::record::ids;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;
use crate::vault::Vault;
use std::collections::BTreeMap;
use std::ops::Range;

/// The longest time that keys are kept, in seconds: 7 days.
pub const LONGEST: u64 = 7 * 24 * 3600;

const FIRST_LINE: &str = "v-secure-session 1";

/// Why kept keys do not open a vault.
#[derive(Debug, thiserror::Error)]
pub enum SessionFault {
    #[error("what was kept is not in the form of format 1")]
    Form,
    #[error("what was kept belongs to another vault")]
    OtherVault,
    #[error("it has expired")]
    Over,
    #[error("the clock is before the time of unlocking")]
    ClockBack,
    #[error("{member} is no longer a member")]
    MemberGone { member: Name },
    #[error("the identity that unlocked it is no longer {member}'s")]
    RecipientGone { member: Name },
    #[error("the signing key is no longer {member}'s")]
    DeviceGone { member: Name },
    #[error("{member} has got a signing key since")]
    NewDevice { member: Name },
    #[error("the audience {audience} has got new keys since")]
    NewKeys { audience: AudienceName },
}

/// A member's keys, kept for a time.
pub struct SessionKeys {
    text: SecretValue,
    member: Name,
    recipient: RecipientText,
    since: UnixTime,
    until: UnixTime,
    /// The device's public key, and where its seed is in the text.
    device: Option<(Fixed<32>, Range<usize>)>,
    audiences: BTreeMap<AudienceName, Kept>,
}

/// The keys of an audience.
struct Kept {
    /// Of the envelope that they came from.
    envelope: Id,
    keys: KeptKeys,
}

enum KeptKeys {
    /// An envelope's plaintext within the text.
    Text(Range<usize>),
    /// Why there is none.
    Closed(ClosedBy),
}

/// Where the keys come from, and how long they are kept.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// Seconds since the Unix epoch.
    pub since: UnixTime,
    pub until: UnixTime,
}

/// What was gathered to be kept.
pub struct Gathered {
    pub text: SecretValue,
    /// Envelopes that should have opened and did not.
    pub closed: Vec<KeyError>,
}

/// Opens all that the member can open, and writes it down. An envelope that opens for nobody keeps no
/// other from being kept.
///
/// # Errors
/// A program that the identity needs opened nothing at all.
pub fn gather(vault: &Vault, who: &Unlocked, term: Term) -> Result<Gathered, KeyError> {
    let (mut parts, mut closed, mut opened) = (vec![head(vault, who, term)], Vec::new(), 0);
    let audiences = vault.policy().audiences().map(|(name, _)| name);
    for audience in audiences.filter(|name| is_reader(vault, who.member(), name)) {
        let Some(section) = vault.file().audiences.get(audience) else { continue };
        let envelope = ids::envelope_id(&section.envelope);
        match who.open(vault, audience) {
            Ok(keys) => {
                opened += 1;
                parts.push(SecretValue::from(format!("keys {audience} {envelope}\n")));
                parts.push(audience::write_plaintext(&vault.id(), audience, &keys));
            }
            Err(error) => {
                let by = ClosedBy::of(&error);
                let line = format!("{} {audience} {envelope}\n", by.word());
                parts.push(SecretValue::from(line));
                closed.extend((by != ClosedBy::Others).then_some(error));
            }
        }
    }
    let of_program = |error: &KeyError| ClosedBy::of(error) == ClosedBy::Program;
    if opened == 0
        && let Some(place) = closed.iter().position(of_program)
    {
        return Err(closed.swap_remove(place));
    }
    Ok(Gathered { text: joined(&parts), closed })
}

fn is_reader(vault: &Vault, member: &Name, audience: &AudienceName) -> bool {
    vault.policy().members_of(audience).contains(member)
}

fn head(vault: &Vault, who: &Unlocked, term: Term) -> SecretValue {
    let open = format!(
        "{FIRST_LINE}\nvault {}\nmember {}\nrecipient {}\nsince {}\nuntil {}\n",
        vault.id(),
        who.member(),
        who.recipient(vault).as_deref().unwrap_or_default(),
        term.since,
        term.until
    );
    let mut parts = vec![SecretValue::from(open)];
    if let Ok(signer) = who.signer(vault) {
        parts.push(SecretValue::from(format!("device {} ", signer.key.public())));
        parts.push(SecretValue::from(bytes::encode(signer.key.seed().expose())));
        parts.push(SecretValue::from("\n".to_owned()));
    }
    joined(&parts)
}

/// One text of exactly the length that is needed: growing would leave copies behind.
fn joined(parts: &[SecretValue]) -> SecretValue {
    let mut text = Vec::with_capacity(parts.iter().map(SecretValue::len).sum());
    for part in parts {
        text.extend_from_slice(part.expose());
    }
    SecretValue::new(text)
}

impl SessionKeys {
    /// Reads what [`gather`] wrote for this vault.
    pub fn parse(text: SecretValue, vault: &VaultId) -> Result<Self, SessionFault> {
        let mut lines = Lines::new(text.expose_str().ok_or(SessionFault::Form)?);
        if lines.next() != Some(FIRST_LINE) {
            return Err(SessionFault::Form);
        }
        if lines.field("vault ")? != vault.to_string() {
            return Err(SessionFault::OtherVault);
        }
        let member = Name::new(lines.field("member ")?).map_err(|_| SessionFault::Form)?;
        let recipient = RecipientText::new(lines.field("recipient ")?);
        let (since, until) = (lines.time("since ")?, lines.time("until ")?);
        let device = lines.device()?;
        let audiences = lines.audiences()?;
        Ok(Self { text, member, recipient, since, until, device, audiences })
    }

    pub fn member(&self) -> &Name {
        &self.member
    }

    pub(crate) fn recipient(&self) -> &RecipientText {
        &self.recipient
    }

    /// Seconds since the Unix epoch.
    pub fn until(&self) -> UnixTime {
        self.until
    }

    /// Whether the member's time is not over, and its keys are still those that the vault asks for.
    pub fn check(&self, vault: &Vault, now: UnixTime) -> Result<(), SessionFault> {
        if now >= self.until || self.until.since(self.since) > LONGEST {
            return Err(SessionFault::Over);
        }
        if now < self.since {
            return Err(SessionFault::ClockBack);
        }
        self.check_member(vault)?;
        for (name, _) in vault.policy().audiences() {
            if is_reader(vault, &self.member, name) && !self.covers(vault, name) {
                return Err(SessionFault::NewKeys { audience: name.to_owned() });
            }
        }
        Ok(())
    }

    fn check_member(&self, vault: &Vault) -> Result<(), SessionFault> {
        let name = || self.member.clone();
        let gone = || SessionFault::MemberGone { member: name() };
        let member = vault.policy().member(&self.member).ok_or_else(gone)?;
        if !member.recipients.contains(&self.recipient) {
            return Err(SessionFault::RecipientGone { member: name() });
        }
        let mut keys = member.keys.values();
        match &self.device {
            Some((public, _)) if !keys.any(|key| key.public == *public) => {
                Err(SessionFault::DeviceGone { member: name() })
            }
            None if keys.any(|key| key.recipient == self.recipient) => {
                Err(SessionFault::NewDevice { member: name() })
            }
            _ => Ok(()),
        }
    }

    /// Whether the kept keys of an audience are all that its envelope would give.
    ///
    /// A state with fewer epochs, an old branch, is covered too. Of one with more, or whose envelope
    /// is another and might hold what the former one lacked, only the whole list is enough: a
    /// command that renews an audience carries on what it finds here.
    fn covers(&self, vault: &Vault, audience: &AudienceName) -> bool {
        let Some(section) = vault.file().audiences.get(audience) else { return true };
        let Some(kept) = self.audiences.get(audience) else { return false };
        let same = kept.envelope == ids::envelope_id(&section.envelope);
        let KeptKeys::Text(range) = &kept.keys else { return same };
        let expected = vault.expected_epochs(audience);
        let held: Vec<EpochId> = self.epochs(range).collect();
        same || expected.iter().all(|stated| held.contains(&stated.epoch))
    }

    fn part(&self, range: &Range<usize>) -> &str {
        self.text.expose_str().and_then(|text| text.get(range.clone())).unwrap_or_default()
    }

    fn epochs(&self, range: &Range<usize>) -> impl Iterator<Item = EpochId> {
        self.part(range).lines().filter_map(epoch_of)
    }

    /// The kept keys of an audience, checked as a reader checks an envelope's.
    pub(crate) fn open(
        &self,
        vault: &Vault,
        audience: &AudienceName,
    ) -> Result<OpenEnvelope, KeyError> {
        let failed = |source| KeyError::Envelope { audience: audience.to_owned(), source };
        let closed = |by: ClosedBy| {
            let (audience, source) = (audience.to_owned(), by.error());
            failed(AudienceError::Envelope { audience, source })
        };
        let range = match self.audiences.get(audience).map(|kept| &kept.keys) {
            Some(KeptKeys::Text(range)) => range,
            Some(KeptKeys::Closed(by)) => return Err(closed(*by)),
            None => return Err(closed(ClosedBy::Others)),
        };
        let expected = vault.expected_epochs(audience);
        let plaintext = known_only(self.part(range), &expected);
        let kept = |source| KeyError::Kept { audience: audience.to_owned(), source };
        OpenEnvelope::of(plaintext, &vault.id(), audience, expected).map_err(kept)
    }

    /// The kept signing key.
    pub(crate) fn signer(&self, vault: &Vault) -> Result<Signer, SignerError> {
        let none = || SignerError::NoKey { member: self.member.clone() };
        let (public, seed) = self.device.as_ref().ok_or_else(none)?;
        let member = vault.policy().member(&self.member).ok_or_else(none)?;
        let (device, _) =
            member.keys.iter().find(|(_, key)| key.public == *public).ok_or_else(none)?;
        let damaged = |source| SignerError::Sealed {
            member: self.member.clone(),
            device: device.clone(),
            source,
        };
        let seed = SecretValue::new(bytes::decode(self.part(seed)).unwrap_or_default());
        let key =
            SigningKey::from_seed(&seed).map_err(|error| damaged(DeviceKeyError::Seed(error)))?;
        if key.public() != *public {
            return Err(damaged(DeviceKeyError::OtherKey));
        }
        Ok(Signer { member: self.member.clone(), device: device.clone(), key })
    }
}

impl std::fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionKeys({}, until {})", self.member, self.until)
    }
}

fn epoch_of(line: &str) -> Option<EpochId> {
    let (epoch, _) = line.strip_prefix("epoch ")?.split_once(' ')?;
    EpochId::parse(epoch).ok()
}

/// Without the epochs that this state of the vault does not have: those of a newer branch.
fn known_only(plaintext: &str, expected: &[ExpectedEpoch]) -> SecretValue {
    let known = |line: &str| {
        epoch_of(line).is_none_or(|epoch| expected.iter().any(|stated| stated.epoch == epoch))
    };
    let mut text = Vec::with_capacity(plaintext.len());
    for line in plaintext.split_inclusive('\n').filter(|line| known(line)) {
        text.extend_from_slice(line.as_bytes());
    }
    SecretValue::new(text)
}

/// The lines of a text, with their places.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn peek(&self) -> Option<&'a str> {
        self.text.get(self.at..)?.split_once('\n').map(|(line, _)| line)
    }

    fn next(&mut self) -> Option<&'a str> {
        let line = self.peek()?;
        self.at += line.len() + 1;
        Some(line)
    }

    fn field(&mut self, name: &str) -> Result<&'a str, SessionFault> {
        self.next().and_then(|line| line.strip_prefix(name)).ok_or(SessionFault::Form)
    }

    fn time(&mut self, name: &str) -> Result<UnixTime, SessionFault> {
        let seconds = self.field(name)?.parse().map_err(|_| SessionFault::Form)?;
        Ok(UnixTime::from_secs(seconds))
    }

    fn device(&mut self) -> Result<Option<(Fixed<32>, Range<usize>)>, SessionFault> {
        if !self.peek().is_some_and(|line| line.starts_with("device ")) {
            return Ok(None);
        }
        let (public, seed) = self.field("device ")?.split_once(' ').ok_or(SessionFault::Form)?;
        let public = Fixed::parse(public).map_err(|_| SessionFault::Form)?;
        let end = self.at - 1;
        Ok(Some((public, end - seed.len()..end)))
    }

    fn audiences(&mut self) -> Result<BTreeMap<AudienceName, Kept>, SessionFault> {
        let mut audiences = BTreeMap::new();
        while let Some(line) = self.next() {
            let (word, rest) = line.split_once(' ').ok_or(SessionFault::Form)?;
            let (name, envelope) = rest.split_once(' ').ok_or(SessionFault::Form)?;
            let envelope = Id::parse(envelope).map_err(|_| SessionFault::Form)?;
            let keys = match (word, ClosedBy::parse(word)) {
                ("keys", _) => KeptKeys::Text(self.block()),
                (_, Some(by)) => KeptKeys::Closed(by),
                _ => return Err(SessionFault::Form),
            };
            audiences.insert(AudienceName::new(name), Kept { envelope, keys });
        }
        if self.at == self.text.len() { Ok(audiences) } else { Err(SessionFault::Form) }
    }

    /// The lines up to the next audience's.
    fn block(&mut self) -> Range<usize> {
        let start = self.at;
        let ends = |line: &str| {
            let word = line.split(' ').next().unwrap_or_default();
            word == "keys" || ClosedBy::parse(word).is_some()
        };
        while self.peek().is_some_and(|line| !ends(line)) {
            self.next();
        }
        start..self.at
    }
}

#[cfg(test)]
mod tests;
