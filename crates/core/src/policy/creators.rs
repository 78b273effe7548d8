//! Who made a member or a role: they alone act for it while nothing says what it may do.
//!
//! A creator is an incarnation of a member: a name that is removed and added again is somebody else,
//! and inherits nothing. So no set has to be searched when a member goes.

use super::op::Right;
use super::state::PolicyState;
use crate::name::Name;
use std::collections::BTreeSet;

/// A member, and the how manieth `member-add` of the chain it came by.
pub(super) type Incarnation = (Name, u64);
pub(super) type Creators = BTreeSet<Incarnation>;

impl PolicyState {
    /// Those of these members that can be creators: they hold `grant` on some pattern.
    pub(super) fn creators_among<'a>(&self, signers: impl Iterator<Item = &'a Name>) -> Creators {
        let granting = signers.filter(|name| self.holds_anywhere(name, Right::Grant));
        granting.filter_map(|name| self.incarnation(name)).collect()
    }

    fn incarnation(&self, name: &Name) -> Option<Incarnation> {
        self.member(name).map(|member| (name.clone(), member.incarnation))
    }

    /// Whether a member is one of the creators still, and may grant.
    pub(super) fn is_creator(&self, name: &Name, creators: &Creators) -> bool {
        self.incarnation(name).is_some_and(|own| creators.contains(&own))
            && self.holds_anywhere(name, Right::Grant)
    }

    /// States who made everything that genesis adds: who its signers are is known after it alone.
    pub(super) fn found(&mut self, creators: &Creators) {
        self.members.values_mut().for_each(|member| member.creators = creators.clone());
        self.roles.values_mut().for_each(|role| role.creators = creators.clone());
    }
}
