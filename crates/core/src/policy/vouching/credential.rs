//! A key or recipient of a member, and what people are shown of it.

use crate::crypto::id::KeyId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::name::Name;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

/// How much of a key's id is shown: 60 bits. Nobody comes to match a given one by trying; two of one's own
/// can be made alike, so that what names one of a list must be asked whether it names another.
const KEY_SHOWN: usize = 10;
/// How much of a recipient's end is shown: 55 bits of an age key. The end of an RSA key is its maker's choice.
const RECIPIENT_SHOWN: usize = 12;

/// What signs or opens in a member's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credential {
    Key { device: Name, id: KeyId },
    Recipient(RecipientText),
}

impl Credential {
    /// What people are shown of it and can name it by.
    pub fn tag(&self) -> String {
        match self {
            Self::Key { id, .. } => id.to_string().chars().take(KEY_SHOWN).collect(),
            Self::Recipient(text) => {
                let skipped = text.chars().count().saturating_sub(RECIPIENT_SHOWN);
                text.chars().skip(skipped).collect()
            }
        }
    }

    /// Whether a text is all of it.
    fn is(&self, text: &str) -> bool {
        match self {
            Self::Key { id, .. } => id.to_string() == text,
            Self::Recipient(own) => own == text,
        }
    }

    /// Whether a text names it: its tag, or more of the id or key.
    pub(super) fn is_named_by(&self, text: &str) -> bool {
        match self {
            Self::Key { id, .. } => text.len() >= KEY_SHOWN && id.to_string().starts_with(text),
            Self::Recipient(own) => text.len() >= RECIPIENT_SHOWN && own.ends_with(text),
        }
    }
}

/// Those that a text names: the one that it is all of, or each that it is a part of.
pub fn named<'a>(text: &str, all: &BTreeSet<&'a Credential>) -> Vec<&'a Credential> {
    let whole = all.iter().copied().find(|credential| credential.is(text));
    let parts = || all.iter().copied().filter(|credential| credential.is_named_by(text)).collect();
    whole.map_or_else(parts, |found| vec![found])
}

/// Orders what is shown of one member: each device, and then the recipient that its key is sealed to.
pub fn pair<'s, T>(
    all: &mut [T],
    credential: impl Fn(&T) -> &Credential,
    sealed_to: impl Fn(&KeyId) -> Option<&'s RecipientText>,
) {
    all.sort_by(|a, b| credential(a).cmp(credential(b)));
    let keys = all.iter().map(&credential).enumerate().filter_map(|(place, found)| match found {
        Credential::Key { id, .. } => Some((sealed_to(id)?.clone(), place)),
        Credential::Recipient(_) => None,
    });
    let places: HashMap<RecipientText, usize> = keys.collect();
    let ranks: Vec<(usize, bool)> = (all.iter().map(&credential).enumerate())
        .map(|(place, found)| match found {
            Credential::Key { .. } => (place, false),
            Credential::Recipient(text) => (places.get(text).copied().unwrap_or(place), true),
        })
        .collect();
    let rank: HashMap<Credential, (usize, bool)> =
        all.iter().map(|found| credential(found).clone()).zip(ranks).collect();
    all.sort_by_key(|found| rank.get(credential(found)).copied());
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key { device, .. } => write!(f, "device {device} {}", self.tag()),
            Self::Recipient(text) => {
                // An age key begins with its kind as far as the last '1', an SSH key as far as the space.
                let kind = match text.split_once(' ') {
                    Some((kind, _)) => format!("{kind} "),
                    None => text.rfind('1').map_or(String::new(), |at| text[..=at].to_owned()),
                };
                write!(f, "recipient {kind}…{}", self.tag())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end of an RSA key is its maker's choice: it can be that of somebody's age key.
    #[test]
    fn a_short_form_may_name_two_and_the_whole_names_one() {
        let age =
            Credential::Recipient(RecipientText::new("age1qyqszqgpqyqszqgpqyqszqgpzl9cuqh7dzcn"));
        let rsa = Credential::Recipient(RecipientText::new("ssh-rsa AAAAB3NzaC1yc2EAzl9cuqh7dzcn"));
        let around = Credential::Recipient(RecipientText::new("ssh-rsa AAAAage1x/zl9cuqh7dzc2"));
        let inner = Credential::Recipient(RecipientText::new("age1x/zl9cuqh7dzc2"));
        let all = BTreeSet::from([&age, &rsa, &around, &inner]);
        assert_eq!(age.tag(), rsa.tag());
        assert_eq!(named(&age.tag(), &all), [&age, &rsa]);
        assert_eq!(named("qgpzl9cuqh7dzcn", &all), [&age]);
        assert_eq!(named("age1x/zl9cuqh7dzc2", &all), [&inner], "all of one, the end of another");
        assert!(named("9cuqh7dzcn", &all).is_empty(), "less than what is shown");
    }
}
