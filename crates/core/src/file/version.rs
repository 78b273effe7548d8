//! Versions of secrets: making a version object with its wrap, opening it, wrapping it anew
//! (`docs/format.md` section 5).

use super::audience::{AudienceError, EpochKeys};
use super::model::{VersionObject, Wrap, WrapKey};
use crate::crypto::bytes::{Blob, Fixed, Id};
use crate::crypto::id::{EpochId, KeyId, ObjectId, SecretId, VaultId, WrapId};
use crate::crypto::identity::recipient_text::RecipientText;
use crate::crypto::seal::{self, Dek, FreshDek, SealError, ValueBinding, ValueContent};
use crate::crypto::wrap::{self, WrapBinding, WrapError};
use crate::host::Random;
use crate::name::audience::AudienceName;
use crate::record::ids::SUITE;
use crate::secret_value::SecretValue;
use crate::time::UnixTime;

/// Why a version was not made or opened.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    #[error("the value cannot be sealed or opened")]
    Value(#[source] SealError),
    #[error("the version's key cannot be wrapped or unwrapped")]
    Wrap(#[source] WrapError),
    #[error("the wrap is for version {stated}, not for {object}")]
    OtherVersion { object: ObjectId, stated: ObjectId },
    #[error("the keys of epoch {epoch} of audience {audience} are not at hand")]
    EpochKeys { audience: AudienceName, epoch: EpochId },
    #[error("the value is sealed to keys that are not those of the policy")]
    Identity(#[source] Box<AudienceError>),
}

impl VersionError {
    /// Whether the value is longer than any that this format holds.
    pub(crate) const fn is_too_long(&self) -> bool {
        matches!(self, Self::Value(SealError::TooLong))
    }
}

/// Which secret of which vault a version belongs to.
#[derive(Debug, Clone, Copy)]
pub struct SecretRef<'a> {
    pub vault: &'a VaultId,
    /// [`crate::record::ids::secret_uid`] of the secret's full name.
    pub uid: &'a SecretId,
}

/// To whom a version's DEK is wrapped.
#[derive(Debug, Clone, Copy)]
pub enum WrapTo<'a> {
    /// Under the KEK, by a writer who may read.
    Epoch { audience: &'a AudienceName, keys: &'a EpochKeys },
    /// Sealed to the epoch's recipient, by a writer who may not.
    Recipient { audience: &'a AudienceName, epoch: EpochId, recipient: &'a RecipientText },
}

/// A value that is to be a version's.
#[derive(Debug, Clone, Copy)]
pub struct Authored<'a> {
    pub value: &'a SecretValue,
    /// The key that is going to sign the entry that puts it.
    pub author: &'a KeyId,
    /// Seconds since the Unix epoch.
    pub expires: Option<UnixTime>,
}

/// A value that is sealed, its key wrapped, and that no entry puts yet: neither it nor its wrap has
/// an id before the parents of that entry are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    secret_uid: SecretId,
    author: KeyId,
    expires: Option<UnixTime>,
    sealed: ValueContent,
    wrapped: Wrapped,
}

/// A version as it goes into the file, with the ids that the log names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedVersion {
    pub body: Id,
    pub object_id: ObjectId,
    pub object: VersionObject,
    pub wrap_id: WrapId,
    pub wrap: Wrap,
}

impl SealedValue {
    /// The same for another secret, where it does not open.
    #[cfg(test)]
    pub fn moved_to(self, secret_uid: SecretId) -> Self {
        Self { secret_uid, ..self }
    }

    /// The key that must sign the entry that puts this.
    pub fn author(&self) -> &KeyId {
        &self.author
    }

    /// What tells the version from every other one: its content is under no other key.
    pub(crate) fn commitment(&self) -> Id {
        self.sealed.commitment
    }

    /// What that put must state.
    pub fn expires(&self) -> Option<UnixTime> {
        self.expires
    }

    /// The version that the author's entry of this [`crate::record::ids::origin`] puts.
    pub fn put_at(self, origin: Id) -> SealedVersion {
        let Self { secret_uid, author, expires, sealed, wrapped } = self;
        let ValueContent { commitment, ciphertext } = sealed;
        let object = VersionObject { author, origin, expires, commitment, ciphertext };
        let object_id = object.id(&secret_uid);
        let (wrap_id, wrap) = wrapped.of(object_id);
        SealedVersion { body: object.body_id(), object_id, object, wrap_id, wrap }
    }
}

/// Seals a value under a fresh DEK and wraps that.
pub fn seal_version(
    source: &dyn Random,
    secret: SecretRef<'_>,
    authored: Authored<'_>,
    to: WrapTo<'_>,
) -> Result<SealedValue, VersionError> {
    let Authored { value, author, expires } = authored;
    let binding = value_binding(secret, author, expires);
    let sealed = seal::seal_value(FreshDek::generate(source), &binding, value);
    let (sealed, dek) = sealed.map_err(VersionError::Value)?;
    let wrapped = wrap_to(secret, &sealed.commitment, &dek, to)?;
    let (secret_uid, author) = (*secret.uid, *author);
    Ok(SealedValue { secret_uid, author, expires, sealed, wrapped })
}

/// Opens a version with whichever of `keys` its wrap names.
pub fn open_version(
    secret: SecretRef<'_>,
    object: &VersionObject,
    wrap: &Wrap,
    keys: &[EpochKeys],
) -> Result<SecretValue, VersionError> {
    check_wrapped(secret, object, wrap)?;
    open_verified(secret, object, wrap, keys)
}

/// [`open_version`] of an object that has been found to be the one that the wrap names.
pub(crate) fn open_verified(
    secret: SecretRef<'_>,
    object: &VersionObject,
    wrap: &Wrap,
    keys: &[EpochKeys],
) -> Result<SecretValue, VersionError> {
    let dek = unwrap(secret, object, wrap, keys)?;
    let VersionObject { commitment, ciphertext, .. } = object.clone();
    let sealed = ValueContent { commitment, ciphertext };
    seal::open_value(&dek, &binding_of(secret, object), sealed).map_err(VersionError::Value)
}

/// Wraps a version's DEK for another epoch or audience; the object stays as it is.
///
/// A DEK that the object's commitment does not name is refused, so that a broken wrap is not
/// carried on under a new signature.
pub fn rewrap(
    secret: SecretRef<'_>,
    object: &VersionObject,
    wrap: &Wrap,
    keys: &[EpochKeys],
    to: WrapTo<'_>,
) -> Result<(WrapId, Wrap), VersionError> {
    check_wrapped(secret, object, wrap)?;
    let dek = committed(secret, object, wrap, keys)?;
    Ok(wrap_to(secret, &object.commitment, &dek, to)?.of(wrap.version))
}

/// Whether a wrap gives the key that the object's commitment names.
pub(crate) fn check_wrap(
    secret: SecretRef<'_>,
    object: &VersionObject,
    wrap: &Wrap,
    keys: &[EpochKeys],
) -> Result<(), VersionError> {
    check_wrapped(secret, object, wrap)?;
    committed(secret, object, wrap, keys).map(|_| ())
}

fn committed(
    secret: SecretRef<'_>,
    object: &VersionObject,
    wrap: &Wrap,
    keys: &[EpochKeys],
) -> Result<Dek, VersionError> {
    let dek = unwrap(secret, object, wrap, keys)?;
    match seal::is_committed(&dek, &binding_of(secret, object), &object.commitment) {
        true => Ok(dek),
        false => Err(VersionError::Value(SealError::Commitment)),
    }
}

fn binding_of<'a>(secret: SecretRef<'a>, object: &'a VersionObject) -> ValueBinding<'a> {
    value_binding(secret, &object.author, object.expires)
}

fn value_binding<'a>(
    SecretRef { vault, uid }: SecretRef<'a>,
    author: &'a KeyId,
    expires: Option<UnixTime>,
) -> ValueBinding<'a> {
    ValueBinding { suite: SUITE, vault, secret_uid: uid, author, expires }
}

/// A wrapped DEK: a wrap that does not say of which object yet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrapped {
    audience: AudienceName,
    epoch: EpochId,
    key: WrapKey,
}

impl Wrapped {
    fn of(self, version: ObjectId) -> (WrapId, Wrap) {
        let Self { audience, epoch, key } = self;
        let wrap = Wrap { version, audience, epoch, key };
        (wrap.id(), wrap)
    }
}

fn wrap_to(
    secret: SecretRef<'_>,
    commitment: &Fixed<32>,
    dek: &Dek,
    to: WrapTo<'_>,
) -> Result<Wrapped, VersionError> {
    let (audience, epoch) = match to {
        WrapTo::Epoch { audience, keys } => (audience, keys.epoch),
        WrapTo::Recipient { audience, epoch, .. } => (audience, epoch),
    };
    let binding = WrapBinding {
        vault: secret.vault,
        audience,
        epoch: &epoch,
        secret_uid: secret.uid,
        commitment,
    };
    let key = match to {
        WrapTo::Epoch { keys, .. } => {
            wrap::wrap_dek(&keys.kek, &binding, dek).map(|key| WrapKey::Kek(Blob(key)))
        }
        WrapTo::Recipient { recipient, .. } => {
            wrap::seal_dek(recipient, &binding, dek).map(|file| WrapKey::Sealed(Blob(file)))
        }
    }
    .map_err(VersionError::Wrap)?;
    Ok(Wrapped { audience: audience.to_owned(), epoch, key })
}

fn check_wrapped(
    secret: SecretRef<'_>,
    object: &VersionObject,
    wrap: &Wrap,
) -> Result<(), VersionError> {
    match object.id(secret.uid) {
        object if object == wrap.version => Ok(()),
        object => Err(VersionError::OtherVersion { object, stated: wrap.version }),
    }
}

fn unwrap(
    secret: SecretRef<'_>,
    object: &VersionObject,
    wrap: &Wrap,
    keys: &[EpochKeys],
) -> Result<Dek, VersionError> {
    let keys = keys.iter().find(|keys| keys.epoch == wrap.epoch).ok_or_else(|| {
        VersionError::EpochKeys { audience: wrap.audience.clone(), epoch: wrap.epoch }
    })?;
    let binding = WrapBinding {
        vault: secret.vault,
        audience: &wrap.audience,
        epoch: &wrap.epoch,
        secret_uid: secret.uid,
        commitment: &object.commitment,
    };
    match &wrap.key {
        WrapKey::Kek(key) => wrap::unwrap_dek(&keys.kek, &binding, &key.0),
        WrapKey::Sealed(file) => {
            let identity =
                keys.identity().map_err(|source| VersionError::Identity(Box::new(source)))?;
            wrap::open_sealed_dek(identity, &binding, &file.0)
        }
    }
    .map_err(VersionError::Wrap)
}

#[cfg(test)]
mod tests {
    use super::super::audience::{ExpectedEpoch, new_epoch};
    use super::*;
    use crate::crypto::digest::{HashContext, hash};
    use crate::crypto::padding::padded_length;
    use crate::crypto::seal::{MAX_VALUE, SealedContent};
    use crate::host::testing::TestHost;
    use crate::name::SecretName;
    use crate::record::ids;

    /// Draws that a test knows.
    struct Known;

    impl Random for Known {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(5);
        }
    }

    /// What draws the nonce that every value has.
    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    const VAULT: VaultId = VaultId([1; 32]);
    const AUTHOR: KeyId = KeyId([7; 32]);
    const ORIGIN: Id = Fixed([3; 32]);

    fn uid(name: &str) -> SecretId {
        ids::secret_uid(&VAULT, &SecretName::parse(name).unwrap())
    }

    fn epoch(text: &str) -> ([EpochKeys; 1], ExpectedEpoch) {
        let (keys, stated) = new_epoch(&TestHost, &VAULT, &AudienceName::new(text)).unwrap();
        ([keys], stated)
    }

    fn seal(uid: &SecretId, to: WrapTo<'_>) -> SealedVersion {
        let value = SecretValue::new(b"hunter2".to_vec());
        let authored =
            Authored { value: &value, author: &AUTHOR, expires: Some(UnixTime::from_secs(9)) };
        let sealed = seal_version(&TestHost, SecretRef { vault: &VAULT, uid }, authored, to);
        sealed.unwrap().put_at(ORIGIN)
    }

    #[test]
    fn a_version_opens_by_its_wrap_however_it_was_wrapped() {
        let (uid, (keys, stated)) = (uid("prod/DB"), epoch("owner"));
        let secret = SecretRef { vault: &VAULT, uid: &uid };
        for to in [
            WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &keys[0] },
            WrapTo::Recipient {
                audience: &AudienceName::new("owner"),
                epoch: stated.epoch,
                recipient: &stated.recipient,
            },
        ] {
            let made = seal(&uid, to);
            assert_eq!(made.object_id, made.object.id(&uid));
            assert_eq!(made.wrap_id, made.wrap.id());
            let value = open_version(secret, &made.object, &made.wrap, &keys).unwrap();
            assert_eq!(value.expose(), b"hunter2");
        }
    }

    #[test]
    fn a_version_moved_to_another_name_or_vault_does_not_open() {
        let (own, (keys, _)) = (uid("prod/DB"), epoch("owner"));
        let mut made =
            seal(&own, WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &keys[0] });
        let (other, vault) = (uid("dev/DB"), VaultId([2; 32]));
        let moved = SecretRef { vault: &VAULT, uid: &other };
        let error = open_version(moved, &made.object, &made.wrap, &keys).unwrap_err();
        assert!(matches!(error, VersionError::OtherVersion { .. }));
        made.wrap.version = made.object.id(&other);
        let error = open_version(moved, &made.object, &made.wrap, &keys).unwrap_err();
        assert!(matches!(error, VersionError::Wrap(_)), "renaming the wrap too does not help");
        made.wrap.version = made.object_id;
        let moved = SecretRef { vault: &vault, uid: &own };
        assert!(open_version(moved, &made.object, &made.wrap, &keys).is_err());
    }

    /// What a copy under another author's entry, or with another expiry, would have to open as.
    #[test]
    fn a_version_opens_for_its_author_and_expiry_alone_from_any_origin() {
        let (uid, (keys, _)) = (uid("prod/DB"), epoch("owner"));
        let secret = SecretRef { vault: &VAULT, uid: &uid };
        let made =
            seal(&uid, WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &keys[0] });
        let opened = |change: &dyn Fn(&mut VersionObject)| {
            let (mut object, mut wrap) = (made.object.clone(), made.wrap.clone());
            change(&mut object);
            wrap.version = object.id(&uid);
            assert_eq!(object.body_id(), made.body);
            (wrap.version, open_version(secret, &object, &wrap, &keys))
        };
        let (same, value) = opened(&|_| {});
        assert_eq!((same, value.unwrap().expose()), (made.object_id, &b"hunter2"[..]));
        let changes: [&dyn Fn(&mut VersionObject); 3] = [
            &|object| object.author = KeyId([8; 32]),
            &|object| object.expires = Some(UnixTime::from_secs(10)),
            &|object| object.expires = None,
        ];
        for change in changes {
            let (id, value) = opened(change);
            assert_ne!(id, made.object_id);
            assert!(matches!(value, Err(VersionError::Value(SealError::Commitment))));
        }
        let (id, value) = opened(&|object| object.origin = Fixed([4; 32]));
        assert_ne!(id, made.object_id);
        assert_eq!(value.unwrap().expose(), b"hunter2", "which entry put it is in the id alone");
    }

    #[test]
    fn a_value_over_the_limit_does_not_open_whoever_sealed_it() {
        let (uid, (keys, _)) = (uid("prod/DB"), epoch("owner"));
        let secret = SecretRef { vault: &VAULT, uid: &uid };
        let dek = Dek::from(FreshDek::generate(&Known));
        let aad = hash(
            HashContext::ValueAad,
            &[SUITE.as_bytes(), &VAULT.0, &uid.0, &AUTHOR.0, b"", b"padme-64"],
        );
        let mut padded = vec![0; padded_length(4 + MAX_VALUE)];
        padded[..4].copy_from_slice(&u32::try_from(MAX_VALUE + 1).unwrap().to_le_bytes());
        let (material, padded) = (SecretValue::new(vec![5; 32]), SecretValue::new(padded));
        let sealed =
            seal::seal_bytes(&Zeros, HashContext::ValueKey, &material, &aad, &padded).unwrap();
        let SealedContent { commitment, ciphertext, .. } = sealed;
        let to = WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &keys[0] };
        let wrapped = wrap_to(secret, &commitment, &dek, to).unwrap();
        let sealed = ValueContent { commitment, ciphertext };
        let (secret_uid, author, expires) = (uid, AUTHOR, None);
        let value = SealedValue { secret_uid, author, expires, sealed, wrapped };
        let made = value.put_at(ORIGIN);
        let error = open_version(secret, &made.object, &made.wrap, &keys).unwrap_err();
        assert!(error.is_too_long(), "{error:?}");
    }

    #[test]
    fn rewrapping_moves_the_key_and_leaves_the_object() {
        let (uid, (old, _), (new, _)) = (uid("prod/DB"), epoch("owner"), epoch("ci+owner"));
        let secret = SecretRef { vault: &VAULT, uid: &uid };
        let made =
            seal(&uid, WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &old[0] });
        let to = WrapTo::Epoch { audience: &AudienceName::new("ci+owner"), keys: &new[0] };
        let (id, wrap) = rewrap(secret, &made.object, &made.wrap, &old, to).unwrap();
        assert_ne!(id, made.wrap_id);
        assert_eq!(open_version(secret, &made.object, &wrap, &new).unwrap().expose(), b"hunter2");
        let error = open_version(secret, &made.object, &wrap, &old).unwrap_err();
        assert!(matches!(error, VersionError::EpochKeys { .. }));
        let error = rewrap(secret, &made.object, &made.wrap, &new, to).unwrap_err();
        assert!(matches!(error, VersionError::EpochKeys { .. }));
    }

    #[test]
    fn a_wrap_of_another_key_is_not_carried_on() {
        let (uid, (keys, _)) = (uid("prod/DB"), epoch("owner"));
        let secret = SecretRef { vault: &VAULT, uid: &uid };
        let to = WrapTo::Epoch { audience: &AudienceName::new("owner"), keys: &keys[0] };
        let made = seal(&uid, to);
        let other = Dek::from(FreshDek::generate(&TestHost));
        let wrapped = wrap_to(secret, &made.object.commitment, &other, to).unwrap();
        let (_, forged) = wrapped.of(made.object_id);
        let error = rewrap(secret, &made.object, &forged, &keys, to).unwrap_err();
        assert!(matches!(error, VersionError::Value(SealError::Commitment)));
        assert!(open_version(secret, &made.object, &forged, &keys).is_err());
    }
}
