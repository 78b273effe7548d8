//! Private keys of members in files that git would carry to everybody. Only keys of the vault's own members
//! count: a project may keep others for its tests.

use std::collections::BTreeMap;
use v_secure_core::crypto::identity;
use v_secure_core::crypto::identity::recipient_text::RecipientText;
use v_secure_core::name::Name;
use v_secure_core::policy::vouching::Credential;
use v_secure_core::secret_value::SecretValue;
use v_secure_core::vault::Vault;

/// How a native age identity begins, in the one case that it is written in.
const START: &str = "AGE-SECRET-KEY-";

/// What git is to look for, as a POSIX extended expression.
pub const PATTERN: &str = "AGE-SECRET-KEY-[0-9A-Z]{20}";

/// Whose a key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub member: Name,
    pub recipient: Credential,
    /// The device whose signing key is sealed to it; none where it only reads.
    pub device: Option<Name>,
}

/// The members of vaults, by their recipients.
pub fn owners(vaults: &[Vault]) -> BTreeMap<RecipientText, Owner> {
    let members = vaults.iter().flat_map(|vault| vault.policy().members());
    let recipients = members.flat_map(|(name, member)| {
        member.recipients.iter().map(|recipient| {
            let mut keys = member.keys.iter().filter(|(_, key)| key.recipient == *recipient);
            let device = keys.next().map(|(device, _)| device.clone());
            let own = Credential::Recipient(recipient.clone());
            (recipient.clone(), Owner { member: name.clone(), recipient: own, device })
        })
    });
    recipients.collect()
}

/// Whose key a file holds.
pub fn held<'a>(bytes: &[u8], owners: &'a BTreeMap<RecipientText, Owner>) -> Option<&'a Owner> {
    let text = String::from_utf8_lossy(bytes);
    let keys = text.match_indices(START).map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
        &rest[..end]
    });
    keys.filter_map(recipient).find_map(|recipient| owners.get(&recipient))
}

fn recipient(key: &str) -> Option<RecipientText> {
    let key = SecretValue::new(key.as_bytes().to_vec());
    identity::parse_identities(&key).ok()?.first().map(identity::Identity::recipient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_whatever_stands_around_it() {
        let made = identity::generate_identity();
        let text = made.text.expose_str().unwrap();
        let key = text.lines().find(|line| line.starts_with(START)).unwrap();
        let own = recipient(key).unwrap();
        let recipient = Credential::Recipient(own.clone());
        let owner = Owner { member: Name::new("ada").unwrap(), recipient, device: None };
        let owners = BTreeMap::from([(own, owner.clone())]);
        for file in
            [text.to_owned(), format!("KEY='{key}'\n"), format!("\u{ff}{{\"k\":\"{key}\"}}")]
        {
            assert_eq!(held(file.as_bytes(), &owners), Some(&owner));
        }
        assert_eq!(held(key.to_lowercase().as_bytes(), &owners), None);
        assert_eq!(held(key.as_bytes(), &BTreeMap::new()), None);
        assert_eq!(held(b"AGE-SECRET-KEY-1NONSENSE AGE-SECRET-KEY-", &owners), None);
    }
}
