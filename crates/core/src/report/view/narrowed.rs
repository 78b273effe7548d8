//! What came of a change that took rights away.

use super::effects::EffectsView;
use crate::name::SecretName;
use crate::name::audience::AudienceName;
use serde::Serialize;

/// The end of the report of such a change.
#[derive(Serialize)]
pub struct NarrowedView<'a> {
    /// Audiences with new keys.
    pub renewed: &'a [AudienceName],
    /// Secrets whose current values are known without a right to.
    pub exposed: Vec<SecretName>,
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

#[cfg(test)]
pub(super) use tests::example;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::secret;

    pub fn example<'a>(renewed: &'a [AudienceName], effects: &'a EffectsView) -> NarrowedView<'a> {
        NarrowedView { renewed, exposed: vec![secret()], effects }
    }
}
