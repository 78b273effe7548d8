//! The end of a credential: of exactly that one, as its user may have another one's password by now.

use super::PostgresProvider;
use super::failure::{again, refused};
use super::marker::{Holder, Marker, Markers};
use super::roles::Roles;
use super::url::ConnectionUrl;
use crate::contract::{Call, CallError, Credential, State};
use tokio_postgres::Client;

pub(super) struct Revoking<'a> {
    pub provider: &'a PostgresProvider<'a>,
    pub call: &'a Call<'a>,
    pub gone: Credential<'a>,
    pub url: &'a ConnectionUrl<'a>,
}

impl Revoking<'_> {
    /// In a transaction, which the caller commits. Whether the user is shut out.
    pub async fn run(&self, client: &Client) -> Result<bool, CallError> {
        let markers = Markers::open(client, self.call.secret.as_str()).await?;
        let marker = markers.lock().await?;
        let is_last = marker.is(self.gone);
        match self.provider.target.users.are_two() {
            true => self.one_of_two(&markers, is_last).await,
            false => self.the_only_one(&markers, is_last).await.map(|()| false),
        }
    }

    async fn one_of_two(&self, markers: &Markers<'_>, is_last: bool) -> Result<bool, CallError> {
        let (user, id) = (self.url.user(), self.gone.id.to_string());
        let is_held = self.is_held(markers.holder(user).await?).await?;
        if is_held {
            self.check_not_in_use(user)?;
            self.roles(markers).shut(user).await?;
            markers.hold(user, None).await?;
        }
        if is_last {
            markers.take_back().await?;
        }
        markers.leave(&id).await?;
        Ok(is_held)
    }

    /// Whether the user has the password of what is revoked. What was there before the first rotation is in no table, and a value
    /// that was encrypted anew is there by another id: it is tried, while the secret's row is held and no password changes.
    async fn is_held(&self, holder: Option<Holder>) -> Result<bool, CallError> {
        match holder.map(|holder| holder.version) {
            Some(None) => return Ok(false),
            Some(Some(version)) if version == self.gone.id.to_string() => return Ok(true),
            Some(Some(_)) | None => {}
        }
        let look = self.provider.look(self.url).await?;
        match look.state() {
            State::Active => Ok(true),
            State::Inactive => Ok(false),
            State::Unknown => {
                Err(again(format!("whether it still works is not known: {}", look.why())))
            }
        }
    }

    fn check_not_in_use(&self, user: &str) -> Result<(), CallError> {
        let Some(base) = self.call.base else { return Ok(()) };
        let in_use = ConnectionUrl::parse(base.value).is_ok_and(|url| url.user() == user);
        match in_use {
            true => Err(refused("the credential in use has the same user, and would end with it")),
            false => Ok(()),
        }
    }

    /// Setting the next one has ended it; an aborted one ends as the one in use is set again.
    async fn the_only_one(&self, markers: &Markers<'_>, is_last: bool) -> Result<(), CallError> {
        markers.leave(&self.gone.id.to_string()).await?;
        if !is_last {
            return Ok(());
        }
        let base = self.call.base.ok_or_else(|| {
            refused("it is the only credential of its user, and ends when another one is set")
        })?;
        let url = ConnectionUrl::parse(base.value)
            .map_err(|error| refused(format!("the value in use is no credential: {error}")))?;
        if url.user() != self.url.user() {
            return Err(refused("the credential in use has another user"));
        }
        self.roles(markers).give(url.user(), url.password()).await?;
        markers.take_back().await?;
        markers.set(&base.id.to_string(), None).await?;
        markers.hold(url.user(), Some(&base.id.to_string())).await
    }

    fn roles<'b>(&'b self, markers: &Markers<'b>) -> Roles<'b> {
        Roles { client: markers.client, users: &self.provider.target.users }
    }

    /// Before anybody is asked.
    pub fn check(&self) -> Result<(), CallError> {
        match self.call.base.is_some_and(|base| base.id == self.gone.id) {
            true => Err(refused("it is the credential in use")),
            false => Ok(()),
        }
    }
}

impl Marker {
    fn is(&self, credential: Credential<'_>) -> bool {
        self.id.as_ref() == Some(&credential.id.to_string())
    }
}
