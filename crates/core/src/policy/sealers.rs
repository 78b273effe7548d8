//! Who may give an audience keys: signers, as the state before the entry has them, and the audience as
//! it is after it.
//!
//! An envelope is what its writer sealed, and nobody without its keys sees to whom. So it is for those
//! who could let in whom they like anyway, and who stay: whoever made keys has them, and an audience that a
//! leaver gave new keys would be taken for one that the leaver no longer reads. Signers who leave do not
//! count, rather than being refused: whoever has an entry can add a signature to it, and a leaver's would
//! then undo what the others signed.

use super::audience;
use super::error::Needs;
use super::history::History;
use super::op::{EpochReseal, EpochStart, PolicyOp, Right};
use super::state::{OWNER, PolicyState};
use super::widest::Widest;
use crate::crypto::id::KeyId;
use crate::name::audience::AudienceName;
use crate::name::{Name, Pattern};
use std::collections::BTreeSet;

/// What an entry leaves: the state, and what ever was.
#[derive(Clone, Copy)]
pub struct After<'a> {
    pub(super) state: &'a PolicyState,
    pub(super) history: &'a History,
}

/// An audience of more roles beside `owner`, or of roles that together ever read more patterns, gets its
/// keys from owners: judging all others for each of many ops would let one member's chain take minutes.
const WIDEST_ROLES: usize = 64;
const WIDEST_PATTERNS: usize = 512;

impl After<'_> {
    fn is_for_owners(&self, audience: &AudienceName) -> bool {
        let roles = audience::parse(audience).unwrap_or_default();
        let patterns = roles.iter().flat_map(|role| self.ever_read(role));
        roles.len() > WIDEST_ROLES + 1
            || patterns.take(WIDEST_PATTERNS + 1).count() > WIDEST_PATTERNS
    }

    /// The patterns that an audience reads together: those on which one of its roles other than
    /// `owner` may or ever might read and that all of these roles read or read once; of `owner` alone,
    /// everything.
    ///
    /// Somebody who may grant on each of them can let in whom they like, so that keys that they make
    /// give nobody more than they could. What a role read once counts, since values of then may still
    /// be under keys of the audience, and an envelope can leave keys out.
    pub fn reads(&self, audience: &AudienceName) -> BTreeSet<Pattern> {
        let roles = audience::parse(audience).unwrap_or_default();
        let roles: Vec<&Name> = roles.iter().filter(|role| role.as_str() != OWNER).collect();
        if roles.is_empty() {
            return Pattern::new("*").into_iter().collect();
        }
        let each: Vec<Widest<&Pattern>> =
            roles.iter().map(|role| Widest::of(self.ever_read(role))).collect();
        let any: BTreeSet<&Pattern> = roles.iter().flat_map(|role| self.ever_read(role)).collect();
        let read_by_all = |on: &&Pattern| each.iter().all(|widest| widest.contain(on));
        any.into_iter().filter(read_by_all).cloned().collect()
    }

    fn ever_read(&self, role: &Name) -> impl Iterator<Item = &Pattern> {
        let present = self.state.role(role).map(|_| self.history.ever_read(role));
        present.into_iter().flatten()
    }
}

/// What counts of an entry's signers, kept while the entry changes the state.
pub(crate) struct Sealers {
    threshold: usize,
    signers: Vec<Sealer>,
}

struct Sealer {
    name: Name,
    /// With which it signs.
    keys: Vec<KeyId>,
    owner: bool,
    /// Where it may grant; an owner everywhere.
    grants: Widest<Pattern>,
}

impl Sealer {
    fn new(state: &PolicyState, name: &Name, keys: &[KeyId]) -> Self {
        let roles = state.member(name).into_iter().flat_map(|member| member.roles());
        let grants = roles.filter_map(|role| state.role(role)).flat_map(|role| role.grants());
        let grants = grants.filter(|(_, rights)| rights.has(Right::Grant));
        Self {
            name: name.clone(),
            keys: keys.to_vec(),
            owner: state.is_owner(name),
            grants: Widest::of(grants.map(|(pattern, _)| pattern.clone())),
        }
    }

    fn may_grant(&self, on: &Pattern) -> bool {
        self.owner || self.grants.contain(on)
    }

    /// Whether it is in the audience after the entry, and has a key of those with which it signs.
    fn stays_in(&self, audience: &AudienceName, after: After<'_>) -> bool {
        self.has_key(after) && after.state.is_in(&self.name, audience)
    }

    fn stays_owner(&self, after: After<'_>) -> bool {
        self.owner && self.has_key(after) && after.state.is_owner(&self.name)
    }

    fn has_key(&self, after: After<'_>) -> bool {
        self.keys.iter().any(|key| after.state.is_theirs(&self.name, key))
    }
}

impl Sealers {
    pub(super) fn new<'a>(
        before: &PolicyState,
        members: impl Iterator<Item = (&'a Name, &'a [KeyId])>,
    ) -> Self {
        let signers = members.map(|(name, keys)| Sealer::new(before, name, keys)).collect();
        Self { threshold: before.threshold(), signers }
    }

    /// Judges an op that gives an audience keys; any other op is not theirs to judge.
    pub(super) fn judge(&self, op: &PolicyOp, after: After<'_>) -> Result<(), Needs> {
        match op {
            PolicyOp::Epoch(EpochStart { audience, .. }) => self.may_begin(audience, after),
            PolicyOp::Reseal(EpochReseal { audience, .. }) => self.may_reseal(audience, after),
            _ => Ok(()),
        }
    }

    /// Whether they may begin an epoch of the audience.
    ///
    /// # Errors
    /// What they would have needed.
    pub fn may_begin(&self, audience: &AudienceName, after: After<'_>) -> Result<(), Needs> {
        match audience.as_str() {
            _ if self.is_owner_level(after) => Ok(()),
            OWNER => self.owners(),
            _ => self.may_give_keys(audience, after),
        }
    }

    /// Whether they may seal the present epoch's envelope anew.
    ///
    /// # Errors
    /// What they would have needed.
    pub fn may_reseal(&self, audience: &AudienceName, after: After<'_>) -> Result<(), Needs> {
        match audience.as_str() {
            _ if self.is_owner_level(after) => Ok(()),
            OWNER if self.signers.iter().any(|signer| signer.stays_owner(after)) => Ok(()),
            OWNER => Err(Needs::AnOwner),
            _ => self.may_give_keys(audience, after),
        }
    }

    /// Whether one of them is in the audience after the entry, so that nobody hands on keys and leaves,
    /// and may grant on all that it reads by then, so that an entry can make a role and give it keys.
    /// Nobody makes an audience read less who may not grant there.
    fn may_give_keys(&self, audience: &AudienceName, after: After<'_>) -> Result<(), Needs> {
        if after.is_for_owners(audience) {
            return self.owners();
        }
        let reads = after.reads(audience);
        if reads.is_empty() {
            return self.owners();
        }
        let able = |signer: &Sealer| {
            signer.stays_in(audience, after) && reads.iter().all(|on| signer.may_grant(on))
        };
        let found = self.signers.iter().any(able);
        found.then_some(()).ok_or_else(|| Needs::InAudience { audience: audience.to_owned() })
    }

    /// Whether enough owners sign who are owners after the entry too.
    fn is_owner_level(&self, after: After<'_>) -> bool {
        self.signers.iter().filter(|signer| signer.stays_owner(after)).count() >= self.threshold
    }

    fn owners(&self) -> Result<(), Needs> {
        Err(Needs::Owners { threshold: self.threshold })
    }
}
