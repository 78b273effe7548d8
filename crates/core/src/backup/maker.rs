//! Who made a backup: a member's device signs what is in it, so that its state and its identity are
//! somebody's word and not that of whoever knew a recipient.

use super::container::Backup;
use crate::convert::duration;
use crate::crypto::bytes::{Id, SignatureBytes};
use crate::crypto::digest::{self, HashContext};
use crate::crypto::id::KeyId;
use crate::crypto::sign::{Tag, VerifyingKey};
use crate::name::Name;
use crate::policy::state::PolicyState;
use crate::vault::unlock::Signer;
use std::fmt;

/// A member's device, with the id of its signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maker {
    pub member: Name,
    pub device: Name,
    pub key: KeyId,
}

impl fmt::Display for Maker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.member, self.device)
    }
}

/// What a backup says of its maker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    pub maker: Maker,
    pub signature: SignatureBytes,
}

/// Why a backup is not by whom it names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakerError {
    #[error("it names {maker} as its maker, whose key the vault in it does not have")]
    UnknownKey { maker: Maker },
    #[error("the signature of {maker} does not hold: it was changed after it was made, or forged")]
    Signature { maker: Maker },
}

impl Backup<'_> {
    /// Signs what is in it.
    pub fn sign(&mut self, signer: &Signer) {
        let (member, device) = (signer.member.clone(), signer.device.clone());
        let maker = Maker { member, device, key: signer.key.id() };
        let signature = signer.key.sign(Tag::Backup, &self.signed_id(&maker));
        self.signed = Some(Signed { maker, signature });
    }

    /// The maker, whose key `policy` has, which is that of the vault in it; `None` if nobody signed.
    ///
    /// # Errors
    /// What names a maker and is not by them is worse than what names none.
    pub fn maker(&self, policy: &PolicyState) -> Result<Option<&Maker>, MakerError> {
        let Some(Signed { maker, signature }) = &self.signed else { return Ok(None) };
        let unknown = || MakerError::UnknownKey { maker: maker.clone() };
        let key = policy.member(&maker.member).and_then(|member| member.keys.get(&maker.device));
        let key = key.filter(|key| key.id == maker.key).ok_or_else(unknown)?;
        let key = VerifyingKey::parse(&key.public).map_err(|_| unknown())?;
        match key.verify(Tag::Backup, &self.signed_id(maker), signature) {
            true => Ok(Some(maker)),
            false => Err(MakerError::Signature { maker: maker.clone() }),
        }
    }

    /// The hash of everything in it. The vault comes whole, since its pin says nothing of the log. Each file of the
    /// history brings two fields, its name and its bytes, so that an odd one at the end is the identity.
    fn signed_id(&self, maker: &Maker) -> Id {
        let (created, pin) = (duration::rfc3339(self.created), self.pin.to_string());
        let Maker { member, device, key } = maker;
        let head = [created.as_bytes(), pin.as_bytes()];
        let by = [member.as_str().as_bytes(), device.as_str().as_bytes(), &key.0];
        let history = self.history.iter().flat_map(|(name, bytes)| [name.as_bytes(), *bytes]);
        let parts = std::iter::once(self.vault).chain(history).chain(self.identity);
        let fields: Vec<&[u8]> = head.into_iter().chain(by).chain(parts).collect();
        digest::hash(HashContext::Backup, &fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::id::PolicyId;
    use crate::crypto::identity::{generate_identity, parse_identities};
    use crate::file::format;
    use crate::file::format::Trust;
    use crate::host::testing::TestHost;
    use crate::people::init;
    use crate::people::init::InitRequest;
    use crate::time::UnixTime;
    use crate::vault::pin::CarriedPin;
    use crate::vault::unlock::Unlocked;
    use crate::vault::{Depth, Vault};
    use std::collections::BTreeMap;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    fn shop() -> (Vault, Signer) {
        let made = generate_identity();
        let recipient = made.recipient.clone();
        let (member, device) = (name("olga"), name("laptop"));
        let request = InitRequest {
            name: name("shop"),
            member,
            device,
            recipient,
            now: UnixTime::from_secs(1),
        };
        let text = format::write(&init::init(&request, &TestHost).unwrap());
        let vault =
            Vault::open(text.as_bytes(), Trust::Strict, Depth::Everything, UnixTime::from_secs(9))
                .unwrap();
        let who = Unlocked::new(&vault, parse_identities(&made.text).unwrap()).unwrap();
        let signer = who.signer(&vault).unwrap();
        (vault, signer)
    }

    fn backup(vault: &Vault) -> Backup<'static> {
        let pin = CarriedPin::of(vault.chain());
        let (vault, identity) = (&b"format = 1\n"[..], Some(&b"key\n"[..]));
        Backup {
            created: UnixTime::from_secs(1_795_600_000),
            pin,
            signed: None,
            vault,
            history: BTreeMap::from([("one.log".to_owned(), &b"line\n"[..])]),
            identity,
        }
    }

    #[test]
    fn a_signature_holds_for_everything_in_it_and_nothing_else() {
        let (vault, signer) = shop();
        let mut made = backup(&vault);
        assert_eq!(made.maker(vault.policy()), Ok(None));
        made.sign(&signer);
        assert_eq!(made.maker(vault.policy()).unwrap().unwrap().to_string(), "olga/laptop");
        let changes: [fn(&mut Backup<'_>); 12] = [
            |backup| backup.created = backup.created.saturating_add(1),
            |backup| backup.pin.seq += 1,
            |backup| backup.pin.entry = PolicyId([9; 32]),
            |backup| backup.vault = b"format = 2\n",
            |backup| backup.identity = Some(b"kez\n"),
            |backup| backup.identity = None,
            |backup| (backup.vault, backup.identity) = (b"format = 1\nkey\n", None),
            |backup| backup.history.clear(),
            |backup| _ = backup.history.insert("one.log".to_owned(), b"else\n"),
            |backup| _ = backup.history.insert("two.log".to_owned(), b"line\n"),
            |backup| backup.history = BTreeMap::from([("two.log".to_owned(), &b"line\n"[..])]),
            |backup| {
                let identity = backup.identity.take().unwrap();
                backup.history.insert("two.log".to_owned(), identity);
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = backup(&vault);
            changed.signed.clone_from(&made.signed);
            change(&mut changed);
            let found = changed.maker(vault.policy());
            assert!(matches!(found, Err(MakerError::Signature { .. })), "{number}: {found:?}");
        }
    }

    #[test]
    fn a_key_of_another_vault_member_or_device_makes_nothing() {
        let ((vault, signer), (other, stranger)) = (shop(), shop());
        let mut made = backup(&vault);
        made.sign(&stranger);
        assert!(matches!(made.maker(vault.policy()), Err(MakerError::UnknownKey { .. })));
        assert!(made.maker(other.policy()).is_ok());
        for (member, device) in [("mallory", "laptop"), ("olga", "phone")] {
            let mut named = signer_as(&signer, member, device);
            made.sign(&named);
            assert!(matches!(made.maker(vault.policy()), Err(MakerError::UnknownKey { .. })));
            named.member = name("olga");
            named.device = name("laptop");
            made.sign(&named);
            assert!(made.maker(vault.policy()).is_ok());
        }
    }

    fn signer_as(signer: &Signer, member: &str, device: &str) -> Signer {
        let key = crate::crypto::sign::SigningKey::from_seed(&signer.key.seed()).unwrap();
        Signer { member: name(member), device: name(device), key }
    }
}
