//! What a file's policy lets whom do, by the model of the honest history and by what attackers really signed.

use super::attack::Forged;
use super::honest::History;
use super::model::{Law, SECRETS};
use super::world::WORLD;
use crate::policy::op::Right;
use crate::vault::Vault;
use std::collections::BTreeSet;

/// Rights that change what is active, or whose use does.
const CHANGING: [Right; 4] = [Right::Write, Right::Rotate, Right::Delete, Right::Grant];

pub struct Place<'a> {
    /// Of the last honest policy entry; none before the members came.
    law: Option<&'a Law>,
    /// Who signed the policy entries that are not of the honest history.
    tail: BTreeSet<&'static str>,
}

impl<'a> Place<'a> {
    /// That of an accepted file.
    ///
    /// # Panics
    /// If its chain holds what nobody signed as it is.
    pub fn of(vault: &Vault, history: &'a History, forged: &Forged<'_>) -> Self {
        let (ids, honest) = (vault.chain().ids(), history.vault().chain().ids());
        let common = ids.iter().zip(honest).take_while(|(one, other)| one == other).count();
        let law = common.checked_sub(WORLD.file.chain.len());
        let made = |id| forged.enacted.get(id).expect("a policy entry that somebody made");
        let tail = ids[common..].iter().flat_map(|id| made(id).iter().copied()).collect();
        Self { law: law.map(|law| &history.model.laws[law].0), tail }
    }

    pub fn may(&self, who: &str, right: Right, secret: usize) -> bool {
        self.law.is_some_and(|law| law.may(who, right, SECRETS[secret]))
    }

    pub fn is_honest(&self) -> bool {
        self.tail.is_empty()
    }

    /// Whether somebody changed the policy who may change something there.
    pub fn is_ruled(&self, secret: usize) -> bool {
        self.tail.iter().any(|who| CHANGING.iter().any(|right| self.may(who, *right, secret)))
    }

    /// Whether somebody changed the policy who could give this right: nobody gives what they have not.
    pub fn may_be_given(&self, right: Right, secret: usize) -> bool {
        let gives =
            |who: &&str| self.may(who, Right::Grant, secret) && self.may(who, right, secret);
        self.tail.iter().any(gives)
    }

    /// Whether an owner changed the policy, alone or not.
    pub fn is_by_an_owner(&self) -> bool {
        let owners = self.law.map(Law::owners).unwrap_or_default();
        self.tail.iter().any(|who| owners.contains(who))
    }

    /// What takes so many owners is as so many of them left it.
    pub fn check_owners(&self, vault: &Vault) {
        let first = Law::default();
        let law = self.law.unwrap_or(&first);
        let owners = law.owners();
        if owners.intersection(&self.tail).count() >= law.threshold {
            return;
        }
        let state = vault.policy();
        let now: BTreeSet<&str> = state.owners().map(|name| name.as_str()).collect();
        let first = |who: &str| self.law.is_none() && who == "owner";
        assert!(now.iter().all(|who| owners.contains(who) || first(who)), "owners {now:?}");
        let left = owners.iter().all(|who| now.contains(who) || self.tail.contains(who));
        assert!(left, "owners {now:?} of {owners:?}");
        assert_eq!(state.threshold(), law.threshold, "how many owners must sign");
        assert_eq!(state.settings().iter().count(), 0, "settings");
    }
}
