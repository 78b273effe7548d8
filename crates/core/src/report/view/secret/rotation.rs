//! A rotation, as the commands print it that make, change or list it.

use crate::convert::duration::rfc3339;
use crate::crypto::id::{ObjectId, RotationId};
use crate::log::rotation::Rotation;
use crate::log::state::SecretState;
use crate::name::{Name, SecretName};
use crate::secret::rotate::Standing;
use crate::vault::Vault;
use serde::Serialize;

/// A rotation.
#[derive(Serialize)]
pub struct RotationView<'a> {
    pub secret: &'a SecretName,
    pub rotation: RotationId,
    /// `live`, `stale`, `promoted` or `aborted`.
    pub state: &'static str,
    /// Why it is stale.
    pub why: Option<&'static str>,
    /// Of 10,000 instances.
    pub share: u64,
    /// The number of the version that it was begun on.
    pub base: Option<usize>,
    /// The version that it made ready; an intent has none yet.
    pub value: Option<ObjectId>,
    pub author: Option<&'a Name>,
    pub date: Option<String>,
    pub expires: Option<String>,
}

impl<'a> RotationView<'a> {
    pub fn of(secret: &'a SecretName, state: &'a SecretState, of: &Rotation) -> Self {
        let version = of.objects.first();
        let version = version.and_then(|o| state.held().find(|version| version.object == *o));
        let base = of.base.and_then(|base| state.version(&base));
        let standing = Standing::of(of);
        Self {
            secret,
            rotation: of.id,
            state: standing.as_str(),
            why: standing.why_stale(),
            share: of.share,
            base: base.map(|version| version.number),
            value: of.objects.first().copied(),
            author: version.map(|version| &version.author),
            date: version.map(|version| rfc3339(version.ts)),
            expires: version.and_then(|version| version.expires).map(rfc3339),
        }
    }

    /// The rotation with this id, in a vault that has it.
    pub fn find(vault: &'a Vault, secret: &'a SecretName, id: &RotationId) -> Option<Self> {
        let state = vault.secret(secret)?;
        let of = state.rotation.as_ref()?.rotations.iter().find(|of| of.id == *id)?;
        Some(Self::of(secret, state, of))
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::examples;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::rotation::{Stage, Staleness};
    use crate::report::view::testing::{ID, SHORT_ID};
    use crate::time::UnixTime;

    pub(in crate::report::view) fn examples<'a>(
        secret: &'a SecretName,
        author: &'a Name,
    ) -> Vec<RotationView<'a>> {
        let stages = [Stage::Live, Stage::Stale(Staleness::Base), Stage::Promoted, Stage::Aborted];
        let views = stages.into_iter().map(|stage| {
            let id = RotationId(SHORT_ID.0);
            let standing = Standing { id, stage };
            let has_value = stage == Stage::Live;
            let at = || rfc3339(UnixTime::from_secs(1_800_000_000));
            RotationView {
                secret,
                rotation: id,
                state: standing.as_str(),
                why: standing.why_stale(),
                share: 500,
                base: has_value.then_some(1),
                value: has_value.then_some(ObjectId(ID.0)),
                author: has_value.then_some(author),
                date: has_value.then(at),
                expires: has_value.then(at),
            }
        });
        views.collect()
    }
}
