//! Envelopes: an epoch's keys, sealed to every recipient of an audience (`docs/format.md`
//! section 5, Envelope).
//!
//! An age file authenticates nobody, so what an envelope holds is believed only as far as it meets
//! what the policy states: [`ExpectedEpoch`].

use crate::crypto::bytes::{self, Id};
use crate::crypto::envelope::{self, EnvelopeError};
use crate::crypto::id::{EpochId, VaultId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::identity::{self, Identity, IdentityError};
use crate::crypto::wrap::Kek;
use crate::host::{Random, random};
use crate::name::audience::AudienceName;
use crate::secret_value::SecretValue;
use memchr::memchr;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use zeroize::Zeroizing;

const FIRST_LINE: &str = "v-secure-envelope 1";
/// The lines before those of the epochs.
const HEAD_LINES: usize = 3;
/// The characters of an epoch and of a key.
const EPOCH: usize = 22;
const KEK: usize = 43;
/// More than the lines of 10,000 epochs, each in a policy entry of its own.
const MAX_PLAINTEXT: usize = 2 << 20;

/// One epoch's keys, held by those who may read.
#[derive(Debug)]
pub struct EpochKeys {
    pub epoch: EpochId,
    pub kek: Kek,
    identity: EpochIdentity,
}

/// Opens what is sealed to the epoch's recipient. Few values are, and to derive its recipient, which is compared with
/// the one that the policy states, is most of what an epoch costs a reader: it is done when it is asked for.
struct EpochIdentity {
    text: IdentityText,
    stated: RecipientText,
    checked: OnceLock<Identity>,
}

/// Where an identity stands in what an envelope holds. Its epochs share that: a copy of each would be made and wiped for
/// one that is used.
struct IdentityText {
    within: Arc<SecretValue>,
    at: Range<usize>,
}

impl IdentityText {
    fn of(text: SecretValue) -> Self {
        Self { at: 0..text.len(), within: Arc::new(text) }
    }

    fn expose(&self) -> &[u8] {
        self.within.expose().get(self.at.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for EpochIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EpochIdentity({})", self.stated)
    }
}

impl EpochKeys {
    /// Keys whose identity is known to be the epoch's.
    pub fn new(epoch: EpochId, kek: Kek, identity: Identity) -> Self {
        let (text, stated) = (IdentityText::of(identity.text()), identity.recipient());
        Self { epoch, kek, identity: EpochIdentity { text, stated, checked: identity.into() } }
    }

    /// The identity, which is the one that the policy states.
    ///
    /// # Errors
    /// [`AudienceError::Identity`], [`AudienceError::Recipient`].
    pub fn identity(&self) -> Result<&Identity, AudienceError> {
        let EpochIdentity { text, stated, checked } = &self.identity;
        if let Some(identity) = checked.get() {
            return Ok(identity);
        }
        let epoch = self.epoch;
        let text = SecretValue::new(text.expose().to_vec());
        let identity = identity::parse_identity(&text)
            .map_err(|source| AudienceError::Identity { epoch, source })?;
        if identity.recipient() != *stated {
            return Err(AudienceError::Recipient { epoch });
        }
        Ok(checked.get_or_init(|| identity))
    }
}

/// What the policy states of an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedEpoch {
    pub epoch: EpochId,
    pub recipient: RecipientText,
    /// [`kek_commitment`] of its KEK.
    pub commitment: Id,
}

/// Why an envelope was not opened or made. `line` counts from 1 within the plaintext.
#[derive(Debug, thiserror::Error)]
pub enum AudienceError {
    #[error("the envelope of audience {audience} does not open")]
    Envelope { audience: AudienceName, source: EnvelopeError },
    #[error("the envelope's plaintext is not in the form of format 1, line {line}")]
    Form { line: usize },
    #[error("the envelope belongs to another vault")]
    OtherVault,
    #[error("the envelope belongs to another audience")]
    OtherAudience,
    #[error("the envelope's first epoch is not the audience's current one")]
    NotCurrent,
    #[error("the envelope lists epoch {epoch}, which the policy does not have there")]
    UnknownEpoch { epoch: EpochId },
    #[error("the key of epoch {epoch} is not the one that the policy commits to")]
    Commitment { epoch: EpochId },
    #[error("the identity of epoch {epoch} cannot be used")]
    Identity { epoch: EpochId, source: IdentityError },
    #[error("the identity of epoch {epoch} does not belong to the recipient in the policy")]
    Recipient { epoch: EpochId },
}

/// What the policy says of a KEK.
pub fn kek_commitment(vault: &VaultId, audience: &AudienceName, epoch: &EpochId, kek: &Kek) -> Id {
    kek.commitment(vault, audience, epoch)
}

/// Fresh keys for a new epoch, and what the policy is to say of them.
pub fn new_epoch(
    source: &dyn Random,
    vault: &VaultId,
    audience: &AudienceName,
) -> Result<(EpochKeys, ExpectedEpoch), IdentityError> {
    let epoch = EpochId(random(source));
    let kek = Kek::generate(source);
    let made = identity::generate_identity();
    let identity = identity::parse_identity(&made.text)?;
    let commitment = kek.commitment(vault, audience, &epoch);
    let expected = ExpectedEpoch { epoch, recipient: made.recipient, commitment };
    Ok((EpochKeys::new(epoch, kek, identity), expected))
}

/// Seals the keys of an audience's epochs, newest first, to `recipients`; a binary age file.
pub fn seal_envelope(
    vault: &VaultId,
    audience: &AudienceName,
    epochs: &[EpochKeys],
    recipients: &[RecipientText],
) -> Result<Vec<u8>, AudienceError> {
    envelope::encrypt(recipients, write_plaintext(vault, audience, epochs).expose())
        .map_err(|source| AudienceError::Envelope { audience: audience.to_owned(), source })
}

/// Opens an envelope and checks it against the audience's epochs as the policy has them, newest
/// (the current one) first. Epochs that the sealer could not open are missing in the result.
///
/// Everything is checked: who carries keys on, or says that they are good, must not find out later.
pub fn open_envelope(
    identities: &[Identity],
    file: &[u8],
    vault: &VaultId,
    audience: &AudienceName,
    expected: &[ExpectedEpoch],
) -> Result<Vec<EpochKeys>, AudienceError> {
    let opened = open_envelope_to_read(identities, file, vault, audience, expected.to_vec())?;
    opened.checked()
}

/// [`open_envelope`] for a reader of values: what is said of earlier epochs is checked when it is used.
pub(crate) fn open_envelope_to_read(
    identities: &[Identity],
    file: &[u8],
    vault: &VaultId,
    audience: &AudienceName,
    expected: Vec<ExpectedEpoch>,
) -> Result<OpenEnvelope, AudienceError> {
    let plaintext = envelope::decrypt(identities, file, MAX_PLAINTEXT)
        .map_err(|source| AudienceError::Envelope { audience: audience.to_owned(), source })?;
    OpenEnvelope::of(plaintext, vault, audience, expected)
}

/// What an envelope holds of the keys that the policy states, newest first, whatever else is in it.
///
/// For what is to be carried on: an envelope with one line that is wrong is of no use to a reader, and
/// its other lines are all the same the keys that the policy commits to.
pub(crate) fn salvage(
    identities: &[Identity],
    file: &[u8],
    vault: &VaultId,
    audience: &AudienceName,
    expected: &[ExpectedEpoch],
) -> Result<Vec<EpochKeys>, AudienceError> {
    let plaintext = envelope::decrypt(identities, file, MAX_PLAINTEXT)
        .map_err(|source| AudienceError::Envelope { audience: audience.to_owned(), source })?;
    let text = plaintext.expose_str().unwrap_or_default();
    let named = |line| split_epoch(line, 0).ok().map(|(epoch, ..)| (epoch, line));
    let lines: Vec<(EpochId, &str)> = text.lines().filter_map(named).collect();
    let held = expected.iter().filter_map(|stated| {
        let named = lines.iter().filter(|(epoch, _)| *epoch == stated.epoch);
        let mut good = named.filter_map(|(_, line)| {
            let (_, kek, identity) = split_epoch(line, 0).ok()?;
            let identity = IdentityText::of(SecretValue::new(identity.as_bytes().to_vec()));
            let keys = check_epoch(vault, audience, stated, kek, identity).ok()?;
            keys.identity().is_ok().then_some(keys)
        });
        good.next()
    });
    Ok(held.collect())
}

/// What an envelope holds, before it is sealed.
pub(crate) fn write_plaintext(
    vault: &VaultId,
    audience: &AudienceName,
    epochs: &[EpochKeys],
) -> SecretValue {
    let head = format!("{FIRST_LINE}\nvault {vault}\naudience {audience}\n");
    // Room for everything at once: growing would leave copies of the keys behind.
    let mut text = Vec::with_capacity(head.len() + epochs.len() * 256);
    text.extend_from_slice(head.as_bytes());
    for keys in epochs {
        let kek = Zeroizing::new(bytes::encode(keys.kek.expose()));
        let identity = &keys.identity.text;
        text.extend_from_slice(format!("epoch {} ", keys.epoch).as_bytes());
        text.extend_from_slice(kek.as_bytes());
        text.push(b' ');
        text.extend_from_slice(identity.expose());
        text.push(b'\n');
    }
    SecretValue::new(text)
}

/// What an envelope holds, for a reader. Its form is right, and so are the epochs that it lists and all that the current one
/// has. A key of an earlier one is compared with what the policy states when it is asked for: values are sealed to few.
#[derive(Debug)]
pub(crate) struct OpenEnvelope {
    within: Arc<SecretValue>,
    vault: VaultId,
    audience: AudienceName,
    stated: Vec<ExpectedEpoch>,
    /// Newest first.
    lines: Vec<EpochLine>,
}

/// Where an epoch stands in what an envelope holds, and among those that the policy states.
#[derive(Debug)]
struct EpochLine {
    stated: usize,
    within: Range<usize>,
}

impl OpenEnvelope {
    /// Of what an envelope held, sealed or kept.
    pub fn of(
        plaintext: SecretValue,
        vault: &VaultId,
        audience: &AudienceName,
        stated: Vec<ExpectedEpoch>,
    ) -> Result<Self, AudienceError> {
        let text = plaintext.expose_str().ok_or(AudienceError::Form { line: 1 })?;
        let mut lines = text.strip_suffix('\n').ok_or(AudienceError::Form { line: 1 })?.split('\n');
        let at = check_head(&mut lines, vault, audience)?;
        let lines = find_epochs(lines, at, &stated)?;
        let (vault, audience) = (*vault, audience.to_owned());
        let opened = Self { within: Arc::new(plaintext), vault, audience, stated, lines };
        let current = opened.lines.first().ok_or(AudienceError::NotCurrent)?;
        opened.keys_at(0, current)?.identity()?;
        Ok(opened)
    }

    /// The keys of an epoch; `None` where the envelope has none.
    pub fn keys(&self, epoch: &EpochId) -> Result<Option<EpochKeys>, AudienceError> {
        let is_it = |(_, line): &(usize, &EpochLine)| self.stated[line.stated].epoch == *epoch;
        let found = self.lines.iter().enumerate().find(is_it);
        found.map(|(index, line)| self.keys_at(index, line)).transpose()
    }

    /// The keys of all its epochs, newest first. Their identities are checked when they are used.
    pub fn all(&self) -> Result<Vec<EpochKeys>, AudienceError> {
        // Room for all: growing would leave copies of the keys behind.
        let mut all = Vec::with_capacity(self.lines.len());
        for (index, line) in self.lines.iter().enumerate() {
            all.push(self.keys_at(index, line)?);
        }
        Ok(all)
    }

    /// [`OpenEnvelope::all`], whose identities are checked too.
    pub fn checked(&self) -> Result<Vec<EpochKeys>, AudienceError> {
        let keys = self.all()?;
        keys.iter().try_for_each(|keys| keys.identity().map(drop))?;
        Ok(keys)
    }

    fn keys_at(&self, index: usize, line: &EpochLine) -> Result<EpochKeys, AudienceError> {
        let number = index + HEAD_LINES + 1;
        let form = AudienceError::Form { line: number };
        let Some(text) = self.within.expose_str().and_then(|all| all.get(line.within.clone()))
        else {
            return Err(form);
        };
        let (_, kek, identity) = split_epoch(text, number)?;
        let at = line.within.end - identity.len()..line.within.end;
        let identity = IdentityText { within: Arc::clone(&self.within), at };
        check_epoch(&self.vault, &self.audience, &self.stated[line.stated], kek, identity)
    }
}

/// The epochs that these lines list, of which the first begins at the byte `at`.
fn find_epochs<'a>(
    lines: impl Iterator<Item = &'a str>,
    mut at: usize,
    stated: &[ExpectedEpoch],
) -> Result<Vec<EpochLine>, AudienceError> {
    let (mut found, mut next) = (Vec::with_capacity(stated.len()), 0);
    for (index, line) in lines.enumerate() {
        let (epoch, ..) = epoch_fields(line, index + HEAD_LINES + 1)?;
        // Going on behind the one found refuses repetition and any other order.
        let place = stated[next..].iter().position(|stated| stated.epoch == epoch);
        let place = next + place.ok_or(AudienceError::UnknownEpoch { epoch })?;
        if index == 0 && place != 0 {
            return Err(AudienceError::NotCurrent);
        }
        found.push(EpochLine { stated: place, within: at..at + line.len() });
        (at, next) = (at + line.len() + 1, place + 1);
    }
    Ok(found)
}

/// Returns the byte at which the lines of the epochs begin.
fn check_head<'a>(
    lines: &mut impl Iterator<Item = &'a str>,
    vault: &VaultId,
    audience: &AudienceName,
) -> Result<usize, AudienceError> {
    if lines.next() != Some(FIRST_LINE) {
        return Err(AudienceError::Form { line: 1 });
    }
    let of_vault = lines.next().unwrap_or_default();
    let stated = of_vault.strip_prefix("vault ").ok_or(AudienceError::Form { line: 2 })?;
    if stated != vault.to_string() {
        return Err(AudienceError::OtherVault);
    }
    let of_audience = lines.next().unwrap_or_default();
    let stated = of_audience.strip_prefix("audience ").ok_or(AudienceError::Form { line: 3 })?;
    if stated != audience.as_str() {
        return Err(AudienceError::OtherAudience);
    }
    Ok(FIRST_LINE.len() + of_vault.len() + of_audience.len() + 3)
}

/// The epoch, its key and its identity, with which the line ends.
fn split_epoch(text: &str, line: usize) -> Result<(EpochId, Kek, &str), AudienceError> {
    let (epoch, kek, identity) = epoch_fields(text, line)?;
    let kek = Kek::parse(kek).ok_or(AudienceError::Form { line })?;
    Ok((epoch, kek, identity))
}

/// The same with the key's text.
fn epoch_fields(text: &str, line: usize) -> Result<(EpochId, &str, &str), AudienceError> {
    let fields = text.strip_prefix("epoch ").and_then(|text| {
        let (epoch, rest) = text.split_at_checked(EPOCH)?;
        let (kek, rest) = rest.strip_prefix(' ')?.split_at_checked(KEK)?;
        let identity = rest.strip_prefix(' ')?;
        // Neither key nor identity is looked at before it is used: that each is one word belongs to the form.
        let is_word = |word: &str| !word.is_empty() && memchr(b' ', word.as_bytes()).is_none();
        let is_one = is_word(kek) && is_word(identity);
        Some((EpochId::parse(epoch).ok().filter(|_| is_one)?, kek, identity))
    });
    fields.ok_or(AudienceError::Form { line })
}

fn check_epoch(
    vault: &VaultId,
    audience: &AudienceName,
    expected: &ExpectedEpoch,
    kek: Kek,
    identity: IdentityText,
) -> Result<EpochKeys, AudienceError> {
    let epoch = expected.epoch;
    if kek.commitment(vault, audience, &epoch) != expected.commitment {
        return Err(AudienceError::Commitment { epoch });
    }
    let (stated, checked) = (expected.recipient.clone(), OnceLock::new());
    let identity = EpochIdentity { text: identity, stated, checked };
    Ok(EpochKeys { epoch, kek, identity })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::testing::TestHost;

    const VAULT: VaultId = VaultId([1; 32]);

    fn parse_plaintext(
        plaintext: SecretValue,
        vault: &VaultId,
        audience: &AudienceName,
        stated: &[ExpectedEpoch],
    ) -> Result<Vec<EpochKeys>, AudienceError> {
        OpenEnvelope::of(plaintext, vault, audience, stated.to_vec())?.all()
    }

    fn epoch() -> (EpochKeys, ExpectedEpoch) {
        new_epoch(&TestHost, &VAULT, &AudienceName::new("owner")).unwrap()
    }

    fn reader() -> (Vec<Identity>, Vec<RecipientText>) {
        let made = identity::generate_identity();
        (vec![identity::parse_identity(&made.text).unwrap()], vec![made.recipient])
    }

    #[test]
    fn an_envelope_gives_its_readers_the_keys_of_every_epoch() {
        let ((new, new_stated), (old, old_stated)) = (epoch(), epoch());
        let (identities, recipients) = reader();
        let stated = [new_stated, old_stated];
        let file =
            seal_envelope(&VAULT, &AudienceName::new("owner"), &[new, old], &recipients).unwrap();
        let keys = open_envelope(&identities, &file, &VAULT, &AudienceName::new("owner"), &stated)
            .unwrap();
        let found: Vec<_> = keys.iter().map(|keys| keys.epoch).collect();
        assert_eq!(found, [stated[0].epoch, stated[1].epoch]);
        let commitment =
            kek_commitment(&VAULT, &AudienceName::new("owner"), &found[1], &keys[1].kek);
        assert_eq!(commitment, stated[1].commitment);
        let stranger =
            open_envelope(&reader().0, &file, &VAULT, &AudienceName::new("owner"), &stated)
                .unwrap_err();
        assert!(matches!(stranger, AudienceError::Envelope { .. }));
    }

    #[test]
    fn an_epoch_that_the_sealer_lacked_may_be_missing_but_not_the_current() {
        let ((new, a), (_, b), (old, c)) = (epoch(), epoch(), epoch());
        let stated = [a, b, c];
        let parse = |keys: &[EpochKeys], stated: &[ExpectedEpoch]| {
            parse_plaintext(
                write_plaintext(&VAULT, &AudienceName::new("owner"), keys),
                &VAULT,
                &AudienceName::new("owner"),
                stated,
            )
        };
        let keys = [new, old];
        assert_eq!(parse(&keys, &stated).unwrap().len(), 2);
        assert!(matches!(parse(&keys[1..], &stated), Err(AudienceError::NotCurrent)));
        assert!(matches!(parse(&[], &stated), Err(AudienceError::NotCurrent)));
        let [new, old] = keys;
        let error = parse(&[old, new], &stated).unwrap_err();
        assert!(matches!(error, AudienceError::NotCurrent));
    }

    #[test]
    fn what_is_right_in_an_envelope_is_taken_from_beside_what_is_wrong() {
        let ((new, a), (bad, b), (old, c)) = (epoch(), epoch(), epoch());
        let (identities, recipients) = reader();
        let wrong = ExpectedEpoch { commitment: bytes::Fixed(VAULT.0), ..b };
        let ids = [a.epoch, c.epoch];
        let stated = [a, wrong, c];
        // In another order, with a key that the policy does not commit to.
        let keys = [bad, old, new];
        let file = seal_envelope(&VAULT, &AudienceName::new("owner"), &keys, &recipients).unwrap();
        assert!(
            open_envelope(&identities, &file, &VAULT, &AudienceName::new("owner"), &stated)
                .is_err()
        );
        let taken =
            salvage(&identities, &file, &VAULT, &AudienceName::new("owner"), &stated).unwrap();
        assert_eq!(taken.iter().map(|keys| keys.epoch).collect::<Vec<_>>(), ids);
        let other =
            salvage(&identities, &file, &VAULT, &AudienceName::new("ci+owner"), &stated).unwrap();
        assert!(other.is_empty(), "keys are bound to their audience");
    }

    #[test]
    fn an_earlier_epochs_identity_is_checked_by_who_carries_it_on_and_before_it_opens_anything() {
        let ((new, a), (old, b)) = (epoch(), epoch());
        let (identities, recipients) = reader();
        let other = ExpectedEpoch { recipient: epoch().1.recipient, ..b };
        let wrong = other.epoch;
        let (stated, keys) = ([a, other], [new, old]);
        let owner = AudienceName::new("owner");
        let file = seal_envelope(&VAULT, &owner, &keys, &recipients).unwrap();
        let error = open_envelope(&identities, &file, &VAULT, &owner, &stated).unwrap_err();
        assert!(matches!(error, AudienceError::Recipient { epoch } if epoch == wrong));
        let read =
            open_envelope_to_read(&identities, &file, &VAULT, &owner, stated.to_vec()).unwrap();
        let read = read.all().unwrap();
        assert!(read[0].identity().is_ok());
        let error = read[1].identity().unwrap_err();
        assert!(matches!(error, AudienceError::Recipient { epoch } if epoch == wrong));
        let taken = salvage(&identities, &file, &VAULT, &owner, &stated).unwrap();
        assert_eq!(taken.len(), 1);
    }

    #[test]
    fn what_the_policy_does_not_state_is_refused() {
        let (keys, stated) = epoch();
        let text = write_plaintext(&VAULT, &AudienceName::new("owner"), &[keys]);
        let parse = |vault: &VaultId, name: &str, stated: &ExpectedEpoch| {
            let text = SecretValue::new(text.expose().to_vec());
            parse_plaintext(text, vault, &AudienceName::new(name), std::slice::from_ref(stated))
                .map(drop)
        };
        assert!(parse(&VAULT, "owner", &stated).is_ok());
        let other_vault = parse(&VaultId([2; 32]), "owner", &stated);
        assert!(matches!(other_vault, Err(AudienceError::OtherVault)));
        let other_audience = parse(&VAULT, "ci+owner", &stated);
        assert!(matches!(other_audience, Err(AudienceError::OtherAudience)));
        let mut wrong = ExpectedEpoch { commitment: bytes::Fixed(VAULT.0), ..stated.clone() };
        let error = parse(&VAULT, "owner", &wrong);
        assert!(matches!(error, Err(AudienceError::Commitment { .. })));
        wrong = ExpectedEpoch { recipient: epoch().1.recipient, ..stated.clone() };
        assert!(matches!(parse(&VAULT, "owner", &wrong), Err(AudienceError::Recipient { .. })));
        wrong = ExpectedEpoch { epoch: EpochId([0; 16]), ..stated };
        assert!(matches!(parse(&VAULT, "owner", &wrong), Err(AudienceError::UnknownEpoch { .. })));
    }

    /// What is wrong with one epoch is an error to whoever asks for that one, or for all.
    #[test]
    fn a_key_of_an_earlier_epoch_is_compared_when_it_is_asked_for() {
        let ((new, a), (old, b), (oldest, c)) = (epoch(), epoch(), epoch());
        let owner = AudienceName::new("owner");
        let text = write_plaintext(&VAULT, &owner, &[new, old, oldest]);
        let open = |text: SecretValue, stated: &[ExpectedEpoch]| {
            OpenEnvelope::of(text, &VAULT, &owner, stated.to_vec())
        };
        let again = || SecretValue::new(text.expose().to_vec());
        let wrong = ExpectedEpoch { commitment: bytes::Fixed(VAULT.0), ..b.clone() };
        let opened = open(again(), &[a.clone(), wrong, c.clone()]).unwrap();
        assert_eq!(opened.keys(&a.epoch).unwrap().unwrap().epoch, a.epoch);
        assert_eq!(opened.keys(&c.epoch).unwrap().unwrap().epoch, c.epoch);
        assert!(opened.keys(&EpochId([0; 16])).unwrap().is_none());
        let refused = |error: AudienceError| match error {
            AudienceError::Commitment { epoch } => assert_eq!(epoch, b.epoch),
            other => panic!("{other}"),
        };
        refused(opened.keys(&b.epoch).unwrap_err());
        refused(opened.all().unwrap_err());
        refused(opened.checked().unwrap_err());
        let wrong = ExpectedEpoch { commitment: bytes::Fixed(VAULT.0), ..a.clone() };
        let error = open(again(), &[wrong, b.clone(), c.clone()]).unwrap_err();
        assert!(matches!(error, AudienceError::Commitment { epoch } if epoch == a.epoch));
        // No key at all is one that is wrong.
        let line = text.expose_str().unwrap().lines().nth(4).unwrap();
        let key = line.split(' ').nth(2).unwrap();
        let text = SecretValue::from(text.expose_str().unwrap().replace(key, &"!".repeat(KEK)));
        let opened = open(text, &[a.clone(), b.clone(), c]).unwrap();
        assert!(opened.keys(&a.epoch).unwrap().is_some());
        let error = opened.keys(&b.epoch).unwrap_err();
        assert!(matches!(error, AudienceError::Form { line: 5 }), "{error}");
    }

    #[test]
    fn the_plaintext_has_one_form() {
        let (keys, stated) = epoch();
        let stated = [stated];
        let text = write_plaintext(&VAULT, &AudienceName::new("owner"), &[keys]);
        let text = text.expose_str().unwrap();
        let line = text.lines().last().unwrap();
        for (what, bad) in [
            ("version", text.replace("envelope 1", "envelope 2")),
            ("last line end", text.trim_end().to_owned()),
            ("CRLF", text.replace('\n', "\r\n")),
            ("empty line", format!("{text}\n")),
            ("repeated epoch", format!("{text}{line}\n")),
            ("more fields", text.replace(line, &format!("{line} x"))),
            ("fewer fields", text.replace(line, "epoch x")),
            ("spaces", text.replace("epoch ", "epoch  ")),
            ("case", text.replace("AGE-SECRET-KEY", "age-secret-key")),
            ("nothing", String::new()),
        ] {
            assert_ne!(bad, text, "{what}");
            let bad = SecretValue::from(bad);
            assert!(
                parse_plaintext(bad, &VAULT, &AudienceName::new("owner"), &stated).is_err(),
                "{what}"
            );
        }
    }
}
