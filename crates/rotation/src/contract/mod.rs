//! What a provider is asked for and what it answers, whatever way it is reached (`docs/providers.md`). What it says
//! decides about one credential of its own, never about who may do what in the vault.

mod abilities;
mod answer;
mod call;
mod error;
mod verb;

pub use abilities::{Abilities, Finds, Maker};
pub use answer::{Answer, Listed, State};
pub use call::{Call, Credential};
pub use error::CallError;
pub use verb::Verb;

/// A place that knows credentials: a database, a service, a program that speaks for one.
pub trait Provider {
    /// What it can do. It changes nothing.
    ///
    /// # Errors
    /// It cannot be reached, or says nothing that is understood.
    fn abilities(&self) -> Result<Abilities, CallError>;

    /// Asks it for one thing. Each verb can be repeated with the same call, and does nothing more then.
    ///
    /// # Errors
    /// What is asked for was not done, or it is not known whether it was.
    fn call(&self, call: &Call<'_>) -> Result<Answer, CallError>;
}
