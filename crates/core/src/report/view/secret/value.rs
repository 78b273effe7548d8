//! What writes a value: `secret set`, `rotate`, `edit`, `rollback`, `copy` and `rename`.

use crate::convert::duration::rfc3339;
use crate::crypto::id::{ObjectId, RotationId};
use crate::log::state::Version;
use crate::name::SecretName;
use crate::report::view::secret::rotation::RotationView;
use crate::vault::Vault;
use serde::Serialize;

/// The version that is current, if one is.
#[derive(Default, Serialize)]
pub struct CurrentView {
    pub version: Option<usize>,
    pub id: Option<ObjectId>,
}

#[derive(Serialize)]
pub struct SecretSetView<'a> {
    pub secret: &'a SecretName,
    #[serde(flatten)]
    pub current: CurrentView,
    pub value_written: bool,
    /// The metadata that changed.
    pub fields: &'a [String],
    pub expires: Option<String>,
}

#[derive(Serialize)]
pub struct SecretRotateView<'a> {
    pub secret: &'a SecretName,
    #[serde(flatten)]
    pub current: CurrentView,
    /// The generator that made the value, if one did.
    pub generated: Option<String>,
    pub expires: Option<String>,
    /// The rotation that was begun, went on or was withdrawn.
    pub rotation: Option<RotationView<'a>>,
    /// Whether it was looked alone whether one could begin.
    pub dry_run: bool,
}

#[derive(Serialize)]
pub struct SecretEditView<'a> {
    pub secret: &'a SecretName,
    pub changed: bool,
    #[serde(flatten)]
    pub current: CurrentView,
}

#[derive(Serialize)]
pub struct SecretRollbackView<'a> {
    pub secret: &'a SecretName,
    /// The version whose value is active again; `None` where what was pending was withdrawn alone.
    pub from: Option<usize>,
    /// The rotations that were withdrawn.
    pub aborted: Vec<RotationId>,
    #[serde(flatten)]
    pub current: CurrentView,
}

/// Of `secret rename`, too.
#[derive(Serialize)]
pub struct SecretCopyView<'a> {
    pub secret: &'a SecretName,
    pub from: &'a SecretName,
    #[serde(flatten)]
    pub current: CurrentView,
}

impl From<&Version> for CurrentView {
    fn from(version: &Version) -> Self {
        Self { version: Some(version.number), id: Some(version.object) }
    }
}

impl CurrentView {
    pub fn of(vault: &Vault, secret: &SecretName) -> Self {
        current(vault, secret).map(Self::from).unwrap_or_default()
    }
}

impl<'a> SecretSetView<'a> {
    pub fn of(
        vault: &Vault,
        secret: &'a SecretName,
        value_written: bool,
        fields: &'a [String],
    ) -> Self {
        let (current, expires) = (CurrentView::of(vault, secret), expires(vault, secret));
        Self { secret, current, value_written, fields, expires }
    }
}

impl<'a> SecretRotateView<'a> {
    pub fn of(vault: &Vault, secret: &'a SecretName, generated: Option<String>) -> Self {
        let (current, expires) = (CurrentView::of(vault, secret), expires(vault, secret));
        Self { secret, current, generated, expires, rotation: None, dry_run: false }
    }

    /// What is current, where a rotation could begin.
    pub fn of_look(vault: &Vault, secret: &'a SecretName) -> Self {
        Self { dry_run: true, ..Self::of(vault, secret, None) }
    }

    /// The same of a rotation that was begun, went on or was withdrawn.
    pub fn of_rotation(
        vault: &'a Vault,
        secret: &'a SecretName,
        generated: Option<String>,
        id: &RotationId,
    ) -> Self {
        let rotation = RotationView::find(vault, secret, id);
        Self { rotation, ..Self::of(vault, secret, generated) }
    }
}

fn current<'a>(vault: &'a Vault, secret: &SecretName) -> Option<&'a Version> {
    vault.secret(secret).and_then(|found| found.current())
}

fn expires(vault: &Vault, secret: &SecretName) -> Option<String> {
    current(vault, secret).and_then(|version| version.expires).map(rfc3339)
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::secret::rotation::examples;
    use crate::report::view::testing::{Examples, ID, SHORT_ID, hold, json, name, secret};
    use crate::time::UnixTime;
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] = &[
        ("secret-set", set),
        ("secret-rotate", rotated),
        ("secret-edit", edited),
        ("secret-rollback", rolled_back),
        ("secret-copy", copied),
        ("secret-rename", copied),
    ];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    /// With a current version, and without one.
    fn each(view: impl Fn(CurrentView, Option<String>) -> Value) -> Vec<Value> {
        let some = CurrentView { version: Some(2), id: Some(ObjectId(ID.0)) };
        let at = Some(rfc3339(UnixTime::from_secs(1_800_000_000)));
        vec![view(some, at), view(CurrentView::default(), None)]
    }

    fn set() -> Vec<Value> {
        let (secret, fields) = (&secret(), &["description".to_owned()]);
        each(|current, expires| {
            let value_written = true;
            json(&SecretSetView { secret, current, value_written, fields, expires })
        })
    }

    fn rotated() -> Vec<Value> {
        let (secret, author) = (&secret(), &name("admin"));
        let view = |rotation: Option<_>| {
            let generated = rotation.is_none().then(|| "hex:32".to_owned());
            let current = CurrentView { version: Some(2), id: Some(ObjectId(ID.0)) };
            let dry_run = generated.is_some();
            json(&SecretRotateView { secret, current, generated, expires: None, rotation, dry_run })
        };
        let plain = each(|current, expires| {
            let (generated, rotation, dry_run) = (None, None, false);
            json(&SecretRotateView { secret, current, generated, expires, rotation, dry_run })
        });
        let rotations = examples(secret, author).into_iter().map(Some).chain([None]).map(view);
        plain.into_iter().chain(rotations).collect()
    }

    fn edited() -> Vec<Value> {
        let secret = &secret();
        each(|current, _| json(&SecretEditView { secret, changed: true, current }))
    }

    fn rolled_back() -> Vec<Value> {
        let secret = &secret();
        each(|current, expires| {
            let from = expires.is_none().then_some(1);
            let aborted = vec![RotationId(SHORT_ID.0)];
            json(&SecretRollbackView { secret, from, aborted, current })
        })
    }

    fn copied() -> Vec<Value> {
        let secret = &secret();
        each(|current, _| json(&SecretCopyView { secret, from: secret, current }))
    }
}
