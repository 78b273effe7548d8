//! `secret rm`, `secret restore` and `secret resolve`.

use crate::name::SecretName;
use crate::secret::remove::Touched;
use crate::vault::Vault;
use serde::Serialize;

#[derive(Serialize)]
pub struct SecretRmView<'a> {
    pub secrets: Vec<RemovedSecretView<'a>>,
}

#[derive(Serialize)]
pub struct RemovedSecretView<'a> {
    pub secret: &'a SecretName,
    /// The numbers of the versions that were removed.
    pub versions: &'a [usize],
}

#[derive(Serialize)]
pub struct SecretRestoreView<'a> {
    pub secret: &'a SecretName,
    /// The numbers of the versions that are back.
    pub versions: &'a [usize],
    /// The version that is current now.
    pub version: Option<usize>,
}

#[derive(Serialize)]
pub struct SecretResolveView<'a> {
    pub secret: &'a SecretName,
    /// The number of the version that stays.
    pub version: usize,
}

impl<'a> From<&'a Touched> for RemovedSecretView<'a> {
    fn from(touched: &'a Touched) -> Self {
        Self { secret: &touched.secret, versions: &touched.versions }
    }
}

impl<'a> SecretRestoreView<'a> {
    /// Of what was touched in the vault as it is now.
    pub fn of(vault: &Vault, touched: &'a Touched) -> Self {
        let current = vault.secret(&touched.secret).and_then(|found| found.current());
        Self {
            secret: &touched.secret,
            versions: &touched.versions,
            version: current.map(|version| version.number),
        }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::view::testing::{Examples, hold, json, secret};
    use serde_json::Value;

    pub(crate) const VIEWS: &[Examples] =
        &[("secret-rm", removed), ("secret-restore", restored), ("secret-resolve", resolved)];

    #[test]
    fn they_meet_their_schemas() {
        hold(VIEWS);
    }

    fn removed() -> Vec<Value> {
        let touched = Touched { secret: secret(), versions: vec![1, 2] };
        let secrets = vec![RemovedSecretView::from(&touched)];
        vec![json(&SecretRmView { secrets })]
    }

    fn resolved() -> Vec<Value> {
        vec![json(&SecretResolveView { secret: &secret(), version: 3 })]
    }

    fn restored() -> Vec<Value> {
        let (secret, versions) = (&secret(), &[1, 2]);
        let view = |version| json(&SecretRestoreView { secret, versions, version });
        vec![view(None), view(Some(2))]
    }
}
