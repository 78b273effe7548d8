//! Ids that say what they are of: all are bytes with one text form ([`Fixed`]), and one in the place
//! of another does not compile.

use super::bytes::{BytesError, Fixed};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident of $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, BytesError> {
                Fixed::parse(text).map(Self::from)
            }

            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl From<Fixed<$bytes>> for $name {
            fn from(bytes: Fixed<$bytes>) -> Self {
                Self(bytes.0)
            }
        }

        impl AsRef<[u8; $bytes]> for $name {
            fn as_ref(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl From<$name> for Fixed<$bytes> {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }

        impl FromStr for $name {
            type Err = BytesError;

            fn from_str(text: &str) -> Result<Self, BytesError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Fixed(self.0).fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Fixed(self.0).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Fixed::deserialize(deserializer).map(Self::from)
            }
        }
    };
}

id! {
    /// Keys of an audience for a time: chance, stated by the policy entry that begins it.
    EpochId of 16
}

id! {
    /// A rotation of a secret: chance, chosen by whoever begins it. Secrets that rotate together share it.
    RotationId of 16
}

id! {
    /// A version of a secret: the hash of what was put, by whom and after what.
    ObjectId of 32
}

id! {
    /// A version's key, sealed for an audience: the hash of that.
    WrapId of 32
}

id! {
    /// A vault: the id of its genesis entry.
    VaultId of 32
}

id! {
    /// A secret of a vault: the hash of the vault's id and the secret's full name.
    SecretId of 32
}

id! {
    /// A device's signing key: the hash of its public part.
    KeyId of 32
}

id! {
    /// An entry of the log: the hash of its body.
    EntryId of 32
}

id! {
    /// An entry of the policy chain: the hash of its body. That of genesis is the vault's id.
    PolicyId of 32
}

impl From<PolicyId> for VaultId {
    /// The vault whose genesis has this id.
    fn from(genesis: PolicyId) -> Self {
        Self(genesis.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_its_bytes_are() {
        let id = EpochId([0xfe; 16]);
        let text = Fixed([0xfe; 16]).to_string();
        assert_eq!((id.to_string(), format!("{id:?}")), (text.clone(), text.clone()));
        assert_eq!(EpochId::parse(&text), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, serde_json::to_string(&text).unwrap());
        assert_eq!(serde_json::from_str::<EpochId>(&json).unwrap(), id);
        let wrong = |json: &str| serde_json::from_str::<EpochId>(json).unwrap_err().to_string();
        let plain = |json: &str| serde_json::from_str::<Fixed<16>>(json).unwrap_err().to_string();
        assert_eq!(wrong("\"AAAA\""), plain("\"AAAA\""));
    }
}
