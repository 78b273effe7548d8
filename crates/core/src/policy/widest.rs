//! Patterns by what they contain, for questions that a hostile chain asks very often.

use super::op::Right;
use super::state::PolicyState;
use crate::name::{Name, Pattern};
use std::borrow::Borrow;
use std::cell::OnceCell;

/// Those of some patterns that no other of them contains, in order of [`place`].
///
/// They are disjoint, and a pattern comes before all that it contains: what contains a pattern is the
/// last of them that is not after it. Comparing each with each would take minutes of a hostile chain.
#[derive(Debug)]
pub(super) struct Widest<P>(Vec<P>);

/// What a pattern is sorted by: `a*` comes before `a`, which sorting by the text would put first, and
/// only names that begin with `a` come between it and what it contains.
fn place(pattern: &Pattern) -> (&str, bool) {
    match pattern.as_str().strip_suffix('*') {
        Some(stem) => (stem, false),
        None => (pattern.as_str(), true),
    }
}

impl<P: Borrow<Pattern>> Widest<P> {
    pub fn of(patterns: impl Iterator<Item = P>) -> Self {
        let mut ordered: Vec<P> = patterns.collect();
        ordered.sort_unstable_by(|a, b| place(a.borrow()).cmp(&place(b.borrow())));
        let mut widest: Vec<P> = Vec::new();
        for pattern in ordered {
            if !widest.last().is_some_and(|last| last.borrow().contains(pattern.borrow())) {
                widest.push(pattern);
            }
        }
        Self(widest)
    }

    pub fn contain(&self, pattern: &Pattern) -> bool {
        let after = self.0.partition_point(|widest| place(widest.borrow()) <= place(pattern));
        after.checked_sub(1).is_some_and(|last| self.0[last].borrow().contains(pattern))
    }
}

/// On what one member holds which right, by one grant each: made when it is first asked, for all ops of
/// an entry, since these are judged by the same state.
pub(super) struct WidestReach<'a> {
    state: &'a PolicyState,
    member: &'a Name,
    owner: bool,
    held: [OnceCell<Widest<&'a Pattern>>; Right::ALL.len()],
}

impl<'a> WidestReach<'a> {
    pub fn new(state: &'a PolicyState, member: &'a Name) -> Self {
        Self { state, member, owner: state.is_owner(member), held: Default::default() }
    }

    /// What [`PolicyState::holds_pattern`] answers.
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
        let pattern = r"(a|b|a/|(a|b)/[ab][ab-]{0,2})?\*|(a|b)/[ab][ab-]{0,2}"
            .prop_map(|text| Pattern::new(text).unwrap());
        proptest::collection::vec(pattern, 0..12)
    }

    #[test]
    fn a_pattern_contains_the_one_name_that_its_stem_is() {
        let [all, name, longer] = ["a/b*", "a/b", "a/b-"].map(|text| Pattern::new(text).unwrap());
        for given in [vec![&all], vec![&name, &all], vec![&all, &longer, &name]] {
            let widest = Widest::of(given.into_iter());
            assert!([&all, &name, &longer].iter().all(|on| widest.contain(on)));
        }
        assert!(!Widest::of([&name, &longer].into_iter()).contain(&all));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn what_the_widest_contain_is_what_one_of_all_contains(all in patterns(), asked in patterns()) {
            let widest = Widest::of(all.iter());
            for on in asked.iter().chain(&all) {
                prop_assert_eq!(widest.contain(on), all.iter().any(|pattern| pattern.contains(on)));
            }
        }
    }
}
