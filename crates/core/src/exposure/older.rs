//! Current values, and those that rotations make ready, that whoever is let in gets the keys to and may not read: of secrets that the role
//! could read once, whose values nobody has changed since.

use super::ready;
use crate::crypto::id::ObjectId;
use crate::name::{Name, SecretName};
use crate::policy::op::Right;
use crate::policy::vouching::{AccessOfRole, Gift};
use crate::vault::Vault;
use std::collections::BTreeSet;

/// Who would get the keys to which values, by what is given now.
pub fn older(vault: &Vault, gifts: &[Gift]) -> BTreeSet<(Name, SecretName)> {
    let joins = gifts.iter().filter(|gift| !gift.is_grant && !gift.access.once.is_empty());
    let pairs = joins.flat_map(|gift| {
        let held = held(vault, &gift.access);
        gift.to.iter().flat_map(move |to| {
            let may = |secret: &SecretName| vault.policy().holds(&to.member, Right::Read, secret);
            let kept = held.iter().filter(|secret| !may(secret)).map(|secret| (*secret).clone());
            kept.map(|secret| (to.member.clone(), secret)).collect::<Vec<_>>()
        })
    });
    pairs.collect()
}

/// The secrets that a role may not read any more, with such a value under keys that its members get.
fn held<'a>(vault: &'a Vault, access: &AccessOfRole) -> Vec<&'a SecretName> {
    let reads = |secret: &SecretName| {
        access.grants.iter().any(|(on, rights)| rights.has(Right::Read) && on.matches(secret))
    };
    let once = |secret: &SecretName| access.once.iter().any(|on| on.matches(secret));
    let secrets = vault.state().secrets.iter();
    let meant = secrets.filter(|(name, _)| once(name) && !reads(name));
    let under = meant.filter(|(name, state)| {
        ready::active_or_ready(state)
            .any(|(version, _)| is_under(vault, name, &version.object, &access.role))
    });
    under.map(|(name, _)| name).collect()
}

/// Whether the file has a wrap of the version for an audience of the role.
fn is_under(vault: &Vault, name: &SecretName, object: &ObjectId, role: &Name) -> bool {
    let section = vault.file().secrets.get(&vault.uid(name));
    let wraps = section.into_iter().flat_map(|section| section.wraps.values());
    let mut wraps = wraps.filter(|wrap| wrap.version == *object);
    wraps.any(|wrap| wrap.audience.split('+').any(|part| part == role.as_str()))
}
