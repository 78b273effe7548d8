//! The recovery identity: an owner of its own that nobody works as, so that losing every device loses
//! no vault. Its identity is kept on paper or off the machine.
//!
//! It is a member rather than a further device of an owner, because taking a lost device away with
//! `lost` also takes the keys that the device helped to add: the one kept for that day must not be
//! among them.

use crate::crypto::id::VaultId;
use crate::crypto::identity::recipient_text::RecipientText;
use crate::file::device_key;
use crate::file::device_key::DeviceKeyError;
use crate::host::Random;
use crate::name::{Name, SecretName};
use crate::policy::op::{MemberAdd, MemberKind, PolicyOp};
use crate::policy::state::{OWNER, PolicyState};
use crate::secret::read;
use crate::secret::read::ReadError;
use crate::vault::Vault;
use crate::vault::unlock::{KeyError, SignerError, Unlocked};

const NAME: &str = "recovery";

/// The owners that are recovery identities: by their name, `recovery` or `recovery-2` and so on.
pub fn members(state: &PolicyState) -> impl Iterator<Item = &Name> {
    state.owners().filter(|name| is_recovery(name))
}

/// Those of some members whom somebody can ask: nobody works as a recovery identity, so that one is left
/// out while there are others. For hints alone, since a name is anybody's to take.
pub fn to_ask<'a>(names: impl IntoIterator<Item = &'a Name>) -> Vec<&'a Name> {
    let (recovery, people): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| is_recovery(name));
    if people.is_empty() { recovery } else { people }
}

fn is_recovery(name: &Name) -> bool {
    let Some(rest) = name.as_str().strip_prefix(NAME) else { return false };
    let number = rest.strip_prefix('-').unwrap_or("");
    rest.is_empty() || (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// A name for one more recovery identity.
pub fn free_name(taken: impl Fn(&Name) -> bool) -> Name {
    let numbered = (2u64..).map(|number| format!("{NAME}-{number}"));
    let names = std::iter::once(NAME.to_owned()).chain(numbered);
    let mut names = names.filter_map(|name| Name::new(name).ok());
    names.find(|name| !taken(name)).unwrap_or_else(|| unreachable!("the numbers do not end"))
}

/// The ops that make `recipient` an owner with a signing key of its own; `vault` is `None` in
/// genesis.
pub fn ops(
    source: &dyn Random,
    vault: Option<&VaultId>,
    member: &Name,
    recipient: &RecipientText,
) -> Result<Vec<PolicyOp>, DeviceKeyError> {
    let (owner, device) = (constant(OWNER), constant(NAME));
    let (key, _) = device_key::new_device_key(source, vault, member, &device, recipient)?;
    Ok(vec![
        PolicyOp::MemberAdd(MemberAdd {
            member: member.clone(),
            kind: MemberKind::User,
            recipients: vec![recipient.clone()],
            expires: None,
        }),
        PolicyOp::KeyAdd(key),
        PolicyOp::role_join(owner, member.clone()),
    ])
}

fn constant(name: &str) -> Name {
    Name::new(name).unwrap_or_else(|_| unreachable!("the constant is a name"))
}

/// What an identity opens of a vault, tried without changing anything.
#[derive(Debug)]
pub struct Trial {
    /// Current values that were opened.
    pub opened: usize,
    pub faults: Vec<Fault>,
}

/// What a recovery identity should be able to do, and is not.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{member} is not an owner: it cannot read everything")]
    NotOwner { member: Name },
    #[error(transparent)]
    Keys(KeyError),
    #[error("it cannot sign, so it could not let a new device in")]
    Signer(#[source] SignerError),
    #[error("{secret} does not open")]
    Secret {
        secret: SecretName,
        #[source]
        source: ReadError,
    },
}

/// Opens every audience, the signing key and every current value.
pub fn trial(vault: &Vault, who: &Unlocked) -> Trial {
    let mut faults = Vec::new();
    if !vault.policy().is_owner(who.member()) {
        faults.push(Fault::NotOwner { member: who.member().clone() });
    }
    if let Err(error) = who.signer(vault) {
        faults.push(Fault::Signer(error));
    }
    let audiences = vault.policy().audiences();
    faults.extend(audiences.filter_map(|(name, _)| who.open(vault, name).err()).map(Fault::Keys));
    let mut opened = 0;
    for (name, secret) in vault.live() {
        let Some(version) = secret.current().filter(|version| !version.pruned) else { continue };
        match read::open(vault, who, name, version) {
            Ok(_) => opened += 1,
            Err(source) => faults.push(Fault::Secret { secret: name.clone(), source }),
        }
    }
    Trial { opened, faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_identities_are_told_by_their_names() {
        let name = |text| Name::new(text).unwrap();
        for yes in ["recovery", "recovery-2", "recovery-10"] {
            assert!(is_recovery(&name(yes)), "{yes}");
        }
        for no in ["recovery-", "recovery-x", "recoverys", "ada", "recovery2"] {
            assert!(!is_recovery(&name(no)), "{no}");
        }
        let all = [name("ada"), name("recovery"), name("recovery-2")];
        assert_eq!(to_ask(&all), [&all[0]]);
        assert_eq!(to_ask(&all[1..]), [&all[1], &all[2]]);
        assert_eq!(free_name(|_| false).as_str(), "recovery");
        assert_eq!(free_name(|name| name.as_str() == "recovery").as_str(), "recovery-2");
    }
}
