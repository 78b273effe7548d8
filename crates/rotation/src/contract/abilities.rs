//! What a provider can do.

use super::Verb;
use std::collections::BTreeSet;

/// What a provider says of itself. `Set`, `Validate` and `Revoke` are what a rotation cannot do without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abilities {
    pub verbs: BTreeSet<Verb>,
    pub maker: Maker,
    pub finds: Finds,
    /// Whether two credentials work at a time. Where one does, consumers fail between its being set and their having
    /// it.
    pub holds_two: bool,
    /// Whether `Set` compares what it replaces in the same step, so that a clone that slept overwrites nothing.
    pub fences: bool,
}

/// Who makes a value up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    /// `Generate`, or the generator of the secret. It is recorded before the provider knows it.
    Here,
    /// The provider, in its answer to `Set`.
    Provider,
}

/// How a credential whose `Set` was not answered is found again, where the provider makes values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finds {
    Nothing,
    /// `List` names it by its rotation.
    Label,
    /// `Set` for the same rotation answers with the same value.
    Idempotency,
}

impl Abilities {
    pub fn can(&self, verb: Verb) -> bool {
        self.verbs.contains(&verb)
    }
}
