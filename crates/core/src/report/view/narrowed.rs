//! What came of a change that took rights away.

use super::effects::EffectsView;
use crate::crypto::id::RotationId;
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
    /// Open rotations whose values are.
    pub exposed_rotations: Vec<ExposedRotationView>,
    #[serde(flatten)]
    pub effects: &'a EffectsView,
}

/// An open rotation of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExposedRotationView {
    pub secret: SecretName,
    pub rotation: RotationId,
}

#[cfg(test)]
pub(super) use tests::example;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{SHORT_ID, secret};

    pub fn example<'a>(renewed: &'a [AudienceName], effects: &'a EffectsView) -> NarrowedView<'a> {
        let rotation = ExposedRotationView { secret: secret(), rotation: RotationId(SHORT_ID.0) };
        let (exposed, exposed_rotations) = (vec![secret()], vec![rotation]);
        NarrowedView { renewed, exposed, exposed_rotations, effects }
    }
}
