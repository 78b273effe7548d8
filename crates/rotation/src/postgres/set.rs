//! The new password, where the database still holds what the rotation began on.

use super::failure::refused;
use super::marker::{Marker, Markers};
use super::roles::Roles;
use super::url::ConnectionUrl;
use super::users::Users;
use crate::contract::{Call, CallError, Credential};
use tokio_postgres::Client;

/// What is to be done, as far as it does not depend on the database.
pub(super) struct Setting<'a> {
    pub call: &'a Call<'a>,
    pub new: Credential<'a>,
    pub url: &'a ConnectionUrl<'a>,
    pub users: &'a Users,
}

impl Setting<'_> {
    /// In a transaction, which the caller commits.
    pub async fn run(&self, client: &Client) -> Result<(), CallError> {
        let markers = Markers::open(client, self.call.secret.as_str()).await?;
        let marker = markers.lock().await?;
        let id = self.new.id.to_string();
        if !self.call.is_forced && marker.id.as_ref() == Some(&id) {
            return Ok(());
        }
        self.fence(&marker, &id)?;
        let user = self.url.user();
        markers.holder(user).await?;
        self.hold_base(&markers).await?;
        Roles { client, users: self.users }.give(user, self.url.password()).await?;
        let rotation = self.call.rotation.map(ToString::to_string);
        markers.set(&id, rotation.as_deref()).await?;
        markers.hold(user, Some(&id)).await
    }

    /// The user in use is this secret's as well: another one with the same credential is refused before anything is lost.
    async fn hold_base(&self, markers: &Markers<'_>) -> Result<(), CallError> {
        let Some(base) = self.call.base.filter(|base| base.id != self.new.id) else {
            return Ok(());
        };
        let Ok(url) = ConnectionUrl::parse(base.value) else { return Ok(()) };
        if !self.users.has(url.user()) || markers.holder(url.user()).await?.is_some() {
            return Ok(());
        }
        markers.hold(url.user(), Some(&base.id.to_string())).await
    }

    fn fence(&self, marker: &Marker, id: &str) -> Result<(), CallError> {
        if self.call.is_forced {
            return Ok(());
        }
        if marker.aborted.iter().any(|aborted| aborted == id) {
            return Err(CallError::Fenced { why: format!("{id} was revoked") });
        }
        let base = self.call.base.map(|base| base.id.to_string());
        match &marker.id {
            Some(held) if Some(held) != base.as_ref() => {
                Err(CallError::Fenced { why: format!("the database was set to {held}") })
            }
            _ => Ok(()),
        }
    }

    /// Before anybody is asked: the user in use is given no other password.
    pub fn check(&self) -> Result<(), CallError> {
        let Some(base) = self.call.base else { return self.check_first() };
        if base.id == self.new.id || self.call.is_forced || !self.users.are_two() {
            return Ok(());
        }
        let base = ConnectionUrl::parse(base.value)
            .map_err(|error| refused(format!("the value in use is no credential: {error}")))?;
        match base.user() == self.url.user() {
            true => {
                Err(refused("the new value has the user that is in use, and not the other one"))
            }
            false => Ok(()),
        }
    }

    /// Where nothing is said to be in use, either of the two users may be.
    fn check_first(&self) -> Result<(), CallError> {
        match self.users.are_two() && !self.call.is_forced {
            true => Err(refused("it takes the value in use, whose user keeps its password")),
            false => Ok(()),
        }
    }
}
