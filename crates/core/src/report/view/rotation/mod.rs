//! `rotation` and `secret rotation-status`: how rotations stand, and what was done to one.

use super::secret::rotation::RotationView;
use super::secret::value::CurrentView;
use crate::crypto::id::{ObjectId, RotationId};
use crate::log::rotation::Instance;
use crate::log::state::{SecretState, Version};
use crate::name::SecretName;
use crate::secret::rotate::{Retired, over, serve};
use crate::time::UnixTime;
use crate::vault::Vault;
use serde::Serialize;

#[derive(Serialize)]
pub struct RotationListView<'a> {
    /// The open ones, by secret.
    pub rotations: Vec<RotationView<'a>>,
}

#[derive(Serialize)]
pub struct RotationStatusView<'a> {
    pub secrets: Vec<SecretStatusView<'a>>,
}

/// A secret with all of its rotations.
#[derive(Serialize)]
pub struct SecretStatusView<'a> {
    pub secret: &'a SecretName,
    #[serde(flatten)]
    pub current: CurrentView,
    pub rotations: Vec<RotationView<'a>>,
    /// What is to be retired at the provider once nobody uses it.
    pub to_retire: Vec<RetiredView>,
    /// What the instance that was named is given, `pending` or `current`; `None` where none was.
    pub given: Option<&'static str>,
}

#[derive(Serialize)]
pub struct RotationPromoteView<'a> {
    pub secret: &'a SecretName,
    pub rotation: RotationId,
    #[serde(flatten)]
    pub current: CurrentView,
}

#[derive(Serialize)]
pub struct RotationRetireView<'a> {
    pub secret: &'a SecretName,
    pub retired: Vec<RetiredView>,
}

#[derive(Serialize)]
pub struct RotationSettleView<'a> {
    pub secret: &'a SecretName,
    /// Of several active versions this one stays.
    pub resolved: Option<ObjectId>,
    /// The provider was set to the current value again.
    pub set_again: bool,
    /// The value that works, and was made current.
    pub chosen: Option<ObjectId>,
    /// The rotations that could not go on.
    pub aborted: Vec<RotationId>,
    #[serde(flatten)]
    pub current: CurrentView,
}

#[derive(Serialize)]
pub struct RotationRunView {
    /// What was done, and what waits; secrets of which there is nothing to say are left out.
    pub secrets: Vec<RanView>,
}

#[derive(Serialize)]
pub struct RanView {
    pub secret: SecretName,
    /// `rotated`, `resumed`, `retired`, `waits`, `held` or `failed`.
    pub did: &'static str,
    pub rotation: Option<RotationId>,
    pub retired: Vec<RetiredView>,
    /// Until when it waits.
    pub until: Option<String>,
    pub error: Option<RanErrorView>,
}

/// As the error object has it.
#[derive(Serialize)]
pub struct RanErrorView {
    pub code: String,
    pub message: String,
    pub causes: Vec<String>,
    pub hints: Vec<String>,
}

/// A version that the provider accepts no more, or soon.
#[derive(Serialize)]
pub struct RetiredView {
    /// `None` for a value that never was active.
    pub version: Option<usize>,
    pub id: ObjectId,
}

impl<'a> SecretStatusView<'a> {
    pub fn of(secret: &'a SecretName, state: &'a SecretState) -> Self {
        let rotations = state.rotation.iter().flat_map(|rotation| &rotation.rotations);
        Self {
            secret,
            current: state.current().map(CurrentView::from).unwrap_or_default(),
            rotations: rotations.map(|of| RotationView::of(secret, state, of)).collect(),
            to_retire: over(state).into_iter().map(RetiredView::from).collect(),
            given: None,
        }
    }

    /// The same, with what an instance is given.
    pub fn to(self, vault: &Vault, instance: &Instance, now: UnixTime) -> Self {
        let pending = serve::pending_for(vault, self.secret, instance);
        let is_pending = pending.is_some_and(|version| !version.is_expired(now));
        Self { given: Some(if is_pending { "pending" } else { "current" }), ..self }
    }
}

impl From<&Version> for RetiredView {
    fn from(version: &Version) -> Self {
        let number = (version.number > 0).then_some(version.number);
        Self { version: number, id: version.object }
    }
}

impl From<&Retired> for RetiredView {
    fn from(retired: &Retired) -> Self {
        Self { version: retired.number, id: retired.object }
    }
}

#[cfg(test)]
pub(in crate::report::view) use tests::VIEWS;

#[cfg(test)]
mod tests;
