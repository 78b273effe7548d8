//! What makes a version exist, and what states its body: a put does both, a promotion makes what a pending states.

use crate::crypto::id::{ObjectId, WrapId};
use crate::log::active::Setting;
use crate::log::op::{OpRef, Promote, Put};
use crate::log::register::At;
use crate::time::UnixTime;
use std::collections::HashMap;

/// An op that makes its version exist.
#[derive(Debug, Clone, Copy)]
pub(super) enum Making<'a> {
    Put(&'a Put),
    Promote(&'a Promote),
}

impl<'a> Making<'a> {
    pub fn object(self) -> &'a ObjectId {
        match self {
            Self::Put(put) => &put.object,
            Self::Promote(promote) => &promote.object,
        }
    }

    pub fn replaces(self) -> &'a [ObjectId] {
        match self {
            Self::Put(put) => &put.replaces,
            Self::Promote(promote) => &promote.replaces,
        }
    }

    pub fn same(self) -> &'a [ObjectId] {
        match self {
            Self::Put(put) => &put.same,
            Self::Promote(_) => &[],
        }
    }

    pub fn adopts(self) -> Option<OpRef> {
        match self {
            Self::Put(put) => put.adopts,
            Self::Promote(promote) => promote.adopts,
        }
    }

    pub fn promotes(self) -> Option<&'a Promote> {
        match self {
            Self::Put(_) => None,
            Self::Promote(promote) => Some(promote),
        }
    }
}

/// What an op says of a version that it states the body of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    pub at: At,
    pub wrap: WrapId,
    pub expires: Option<UnixTime>,
}

impl Statement {
    pub fn of_put(at: At, put: &Put) -> Self {
        Self { at, wrap: put.wrap, expires: put.expires }
    }
}

/// The first statement of each version, where not all versions are put.
#[derive(Default)]
pub(super) struct Statements {
    /// In order.
    firsts: Vec<(ObjectId, Statement)>,
    index: HashMap<ObjectId, usize>,
}

impl Statements {
    /// Those of the puts that count and of the pendings that give their version, `giving`; none without such a
    /// pending.
    pub fn of(settings: &[(At, Setting<'_>)], giving: &[(ObjectId, Statement)]) -> Self {
        if giving.is_empty() {
            return Self::default();
        }
        let mut all = giving.to_vec();
        let puts = settings.iter().filter_map(|(at, setting)| match setting.making()? {
            Making::Put(put) => Some((put.object, Statement::of_put(*at, put))),
            Making::Promote(_) => None,
        });
        all.extend(puts);
        all.sort_by_key(|(_, statement)| statement.at);
        let mut found = Self::default();
        for (object, statement) in all {
            let next = found.firsts.len();
            if *found.index.entry(object).or_insert(next) == next {
                found.firsts.push((object, statement));
            }
        }
        found
    }

    pub fn first(&self, object: &ObjectId) -> Option<Statement> {
        self.index.get(object).map(|at| self.firsts[*at].1)
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &(ObjectId, Statement)> {
        self.firsts.iter()
    }
}
