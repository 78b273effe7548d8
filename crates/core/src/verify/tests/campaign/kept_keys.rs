//! What somebody can open who kept every envelope that there ever was.

use super::honest::History;
use super::model::{Deed, Number, SECRETS};
use super::world::{PEOPLE, WORLD, secret};
use crate::crypto::id::EpochId;
use crate::file::audience;
use crate::name::audience::AudienceName;
use crate::policy::op::Right;
use crate::vault::Vault;
use std::collections::BTreeSet;

/// Nobody opens a version who might not read it by the law that its writer had heard of, nor since.
pub fn check(history: &History) {
    let vault = history.vault();
    let envelopes = envelopes(history);
    for (who, _) in PEOPLE {
        let epochs = epochs(vault, &envelopes, who);
        let barred = history.model.there.iter().filter(|number| is_barred(history, **number, who));
        barred.for_each(|number| assert_closed(history, *number, &epochs));
    }
}

fn envelopes(history: &History) -> BTreeSet<(&AudienceName, &Vec<u8>)> {
    history
        .states
        .iter()
        .flat_map(|state| state.audiences.iter().map(|(name, section)| (name, &section.envelope)))
        .collect()
}

/// The epochs whose keys somebody has.
fn epochs(
    vault: &Vault,
    envelopes: &BTreeSet<(&AudienceName, &Vec<u8>)>,
    who: &str,
) -> BTreeSet<EpochId> {
    let identities = WORLD.people[who].identities();
    let of = |(name, envelope): &(&AudienceName, &Vec<u8>)| {
        let expected = vault.expected_epochs(name);
        audience::salvage(&identities, envelope, &vault.id(), name, &expected).unwrap_or_default()
    };
    envelopes.iter().flat_map(of).map(|keys| keys.epoch).collect()
}

fn is_barred(history: &History, number: Number, who: &str) -> bool {
    let write = &history.model.writes[number];
    let laws = &history.model.laws[write.law..];
    let may = |right| laws.iter().any(|(law, _)| law.may(who, right, SECRETS[write.secret]));
    // Who put it knows it.
    matches!(write.deed, Deed::Put) && write.by != who && !may(Right::Read)
}

fn assert_closed(history: &History, number: Number, epochs: &BTreeSet<EpochId>) {
    let vault = history.vault();
    let uid = vault.uid(&secret(history.model.writes[number].secret));
    let Some(section) = vault.file().secrets.get(&uid) else { return };
    let own = |version| history.numbers.get(version) == Some(&number);
    let mut wraps = section.wraps.values().filter(|wrap| own(&wrap.version));
    assert!(wraps.all(|wrap| !epochs.contains(&wrap.epoch)), "opened: {number}");
}
