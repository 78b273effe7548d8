//! Patterns by what they contain, for questions that a hostile chain asks very often.

use super::op::Right;
use super::state::State;
use crate::name::{Name, Pattern};
use std::borrow::Borrow;
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// Those of some patterns that no other of them contains, in order.
///
/// They are disjoint, and `*` comes before every character of a name: what contains a pattern is the
/// last of them that is not after it. Comparing each with each would take minutes of a hostile chain.
#[derive(Debug)]
pub(super) struct Widest<P>(Vec<P>);

impl<P: Borrow<Pattern> + Ord> Widest<P> {
    pub fn of(patterns: impl Iterator<Item = P>) -> Self {
        let ordered: BTreeSet<P> = patterns.collect();
        let mut widest: Vec<P> = Vec::new();
        for pattern in ordered {
            if !widest.last().is_some_and(|last| last.borrow().contains(pattern.borrow())) {
                widest.push(pattern);
            }
        }
        Self(widest)
    }

    pub fn contain(&self, pattern: &Pattern) -> bool {
        let after = self.0.partition_point(|widest| widest.borrow() <= pattern);
        after.checked_sub(1).is_some_and(|last| self.0[last].borrow().contains(pattern))
    }
}

/// On what one member holds which right, by one grant each: made when it is first asked, for all ops of
/// an entry, since these are judged by the same state.
pub(super) struct Reach<'a> {
    state: &'a State,
    member: &'a Name,
    owner: bool,
    held: [OnceCell<Widest<&'a Pattern>>; Right::ALL.len()],
}

impl<'a> Reach<'a> {
    pub fn new(state: &'a State, member: &'a Name) -> Self {
        Self { state, member, owner: state.is_owner(member), held: Default::default() }
    }

    /// What [`State::holds_pattern`] answers.
    pub fn holds(&self, right: Right, on: &Pattern) -> bool {
        self.owner || self.held[right as usize].get_or_init(|| self.widest(right)).contain(on)
    }

    fn widest(&self, right: Right) -> Widest<&'a Pattern> {
        let roles = self.state.member(self.member).into_iter().flat_map(|found| found.roles());
        let grants = roles.filter_map(|role| self.state.role(role)).flat_map(|role| role.grants());
        let held = grants.filter(|(_, rights)| rights.has(right));
        Widest::of(held.map(|(pattern, _)| pattern))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn patterns() -> impl Strategy<Value = Vec<Pattern>> {
        let pattern = "[ab]{0,3}(/[ab-]{0,3})?\\*?"
            .prop_filter_map("no pattern", |text| Pattern::new(text).ok());
        proptest::collection::vec(pattern, 0..12)
    }

    proptest! {
        #[test]
        fn what_the_widest_contain_is_what_one_of_all_contains(all in patterns(), asked in patterns()) {
            let widest = Widest::of(all.iter());
            for on in asked.iter().chain(&all) {
                prop_assert_eq!(widest.contain(on), all.iter().any(|pattern| pattern.contains(on)));
            }
        }
    }
}
