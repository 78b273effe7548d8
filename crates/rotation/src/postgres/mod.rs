//! PostgreSQL, reached directly: passwords of one user, or of two that take turns (`docs/postgres.md`). A server is
//! sent no password in a statement, and in a login only where its certificate vouches for it.

mod endpoint;
mod failure;
mod guard;
mod login;
mod marker;
mod password;
mod quote;
mod revoke;
mod roles;
mod session;
mod set;
mod target;
mod time;
mod tls;
mod url;
mod used;
mod users;
mod words;

pub use endpoint::{Endpoint, EndpointError};
pub use target::{Part, Target, TargetError};
pub use tls::{Roots, Tls};
pub use url::{ConnectionUrl, UrlError};
pub use users::{Users, UsersError};

use crate::contract::{
    Abilities, Answer, Call, CallError, Credential, Finds, Maker, Provider, State, Verb,
};
use failure::refused;
use login::Look;
use revoke::Revoking;
use session::{Login, Session, connect};
use set::Setting;
use target::Admin;
use time::{Deadline, now, wait};
use tokio_postgres::Client;
use v_secure_core::host::Random;
use v_secure_core::time::UnixTime;

const VERBS: [Verb; 7] = [
    Verb::Describe,
    Verb::Generate,
    Verb::Set,
    Verb::Test,
    Verb::Validate,
    Verb::LastUsed,
    Verb::Revoke,
];

/// A database and who may log in to it.
pub struct PostgresProvider<'a> {
    target: Target,
    admin: Admin,
    random: &'a dyn Random,
    ends_sessions: bool,
}

impl<'a> PostgresProvider<'a> {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// The settings do not go together: the error names the one to look at.
    pub fn new(target: Target, random: &'a dyn Random) -> Result<Self, TargetError> {
        let admin = target.check()?;
        Ok(Self { target, admin, random, ends_sessions: false })
    }

    /// `Revoke` also ends the sessions that its user has. Without this they go on until they are closed, since PostgreSQL
    /// asks for a password at the beginning alone.
    #[must_use]
    pub fn ending_sessions(mut self) -> Self {
        self.ends_sessions = true;
        self
    }

    fn answer(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        match call.verb {
            Verb::Describe => Ok(Answer::default()),
            Verb::Generate => self.generate(call),
            Verb::Set => self.set(call),
            Verb::Test => self.test(call),
            Verb::Validate => self.validate(call),
            Verb::LastUsed => self.last_used(call),
            Verb::Revoke => self.revoke(call),
            verb @ (Verb::Finish | Verb::List | Verb::Deliver) => Err(CallError::NotThere { verb }),
        }
    }

    fn generate(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let base = call.base.ok_or_else(|| refused("it takes the value in use to make another"))?;
        let url = self.parse(base)?;
        let user = self.target.users.next(url.user()).ok_or_else(|| self.foreign())?;
        let value = url.with(user, password::generate(self.random).as_bytes());
        Ok(Answer { value: Some(value), ..Answer::default() })
    }

    fn set(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let new = stated(call)?;
        let url = self.own(new)?;
        let setting = Setting { call, new, url: &url, users: &self.target.users };
        setting.check()?;
        let work = async |client: &Client| setting.run(client).await;
        let ((), time) = self.change(self.deadline(), work)?;
        Ok(Answer { time, ..Answer::default() })
    }

    fn test(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let new = stated(call)?;
        let base = call.base.filter(|base| base.id != new.id);
        let base = base.map(|base| self.parse(base)).transpose()?;
        let new = self.parse(new)?;
        self.in_time(async { self.compare(&new, base.as_ref()).await })
    }

    fn validate(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let url = match self.parse(stated(call)?) {
            Ok(url) => url,
            // Nobody is let in by it, and settling looks for another one.
            Err(error) => {
                let (state, why) = (Some(State::Inactive), Some(error.to_string()));
                return Ok(Answer { state, why, ..Answer::default() });
            }
        };
        self.in_time(async { self.look(&url).await.map(Look::into_answer) })
    }

    /// That nobody answers says nothing of a credential.
    fn in_time(
        &self,
        work: impl Future<Output = Result<Answer, CallError>>,
    ) -> Result<Answer, CallError> {
        let why = Some("the server did not answer in time".to_owned());
        let late = Answer { state: Some(State::Unknown), why, ..Answer::default() };
        wait(async { self.deadline().bound_or(Ok(late), work).await })
    }

    fn last_used(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let credential = stated(call)?;
        let url = self.own(credential)?;
        let deadline = self.deadline();
        let (is_used, time) = wait(async {
            deadline
                .bound(async {
                    let session = self.administer().await?;
                    deadline.begin(&session.client).await?;
                    let id = credential.id.to_string();
                    let found = used::is_used(&session.client, url.user(), &id).await?;
                    let found = (found, now(&session.client).await?);
                    session.end().await;
                    Ok(found)
                })
                .await
        })?;
        // Sessions of one user do not say which of its passwords opened them.
        let is_told = is_used && self.target.users.are_two();
        Ok(Answer { last_used: time.filter(|_| is_told), time, ..Answer::default() })
    }

    fn revoke(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let gone = stated(call)?;
        let url = self.own(gone)?;
        let revoking = Revoking { provider: self, call, gone, url: &url };
        revoking.check()?;
        let deadline = self.deadline();
        let work = async |client: &Client| revoking.run(client).await;
        let (is_shut, time) = self.change(deadline, work)?;
        let is_to_end = is_shut && self.ends_sessions;
        let why = is_to_end.then(|| self.end_sessions(deadline, url.user()));
        Ok(Answer { time, why, ..Answer::default() })
    }

    /// The credential is revoked by then, whatever comes of this.
    fn end_sessions(&self, deadline: Deadline, user: &str) -> String {
        let ended = wait(async {
            let work = async {
                let session = self.administer().await?;
                deadline.begin(&session.client).await?;
                used::end_sessions(&session.client, user).await
            };
            deadline.bound(work).await
        });
        match ended {
            Ok(count) => format!("{count} sessions of its user were ended"),
            Err(error) => format!("the sessions of its user were not ended: {error}"),
        }
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.target.deadline)
    }

    async fn administer(&self) -> Result<Session, CallError> {
        let login = Login { user: &self.admin.user, password: &self.admin.password };
        Ok(connect(&self.target.endpoint, &self.target.tls, login).await?)
    }

    /// Does work in a transaction of the administrator's. Until the word to commit is sent nothing is changed by it,
    /// whatever goes wrong.
    fn change<T>(
        &self,
        deadline: Deadline,
        work: impl AsyncFnOnce(&Client) -> Result<T, CallError>,
    ) -> Result<(T, Option<UnixTime>), CallError> {
        wait(async {
            let prepared = deadline.bound(async {
                let session = self.administer().await?;
                deadline.begin(&session.client).await?;
                let done = work(&session.client).await?;
                let time = now(&session.client).await?;
                Ok((session, done, time))
            });
            let (session, done, time) = prepared.await?;
            deadline.commit(session).await?;
            Ok((done, time))
        })
    }

    fn parse<'b>(&self, credential: Credential<'b>) -> Result<ConnectionUrl<'b>, CallError> {
        let wrong = |error: UrlError| refused(format!("the value is no credential: {error}"));
        ConnectionUrl::parse(credential.value).map_err(wrong)
    }

    /// A credential of one of the users.
    fn own<'b>(&self, credential: Credential<'b>) -> Result<ConnectionUrl<'b>, CallError> {
        let url = self.parse(credential)?;
        if self.target.users.has(url.user()) { Ok(url) } else { Err(self.foreign()) }
    }

    fn foreign(&self) -> CallError {
        let name = &self.target.name;
        refused(format!("the user of the value is none of those of provider.{name}.users"))
    }
}

fn stated<'b>(call: &Call<'b>) -> Result<Credential<'b>, CallError> {
    call.credential.ok_or_else(|| refused("it takes the value of a credential"))
}

impl Provider for PostgresProvider<'_> {
    fn abilities(&self) -> Result<Abilities, CallError> {
        Ok(Abilities {
            verbs: VERBS.into(),
            maker: Maker::Here,
            finds: Finds::Nothing,
            holds_two: self.target.users.are_two(),
            fences: true,
        })
    }

    fn call(&self, call: &Call<'_>) -> Result<Answer, CallError> {
        let values = [call.base, call.credential].into_iter().flatten().map(|one| one.value);
        let hidden = words::hidden(values.chain([&self.target.admin]));
        let clean = |why: String| words::clean(&why, &hidden);
        match self.answer(call) {
            Ok(answer) => Ok(Answer { why: answer.why.map(clean), ..answer }),
            Err(error) => Err(error.map(clean)),
        }
    }
}
