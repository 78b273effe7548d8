//! Logging in with a credential, to see whether it works and what it may.

use super::failure::{ConnectError, refused, server_text};
use super::session::{Session, connect};
use super::url::ConnectionUrl;
use super::users::Users;
use super::{Login, PostgresProvider};
use crate::contract::{Answer, CallError, State};
use std::collections::BTreeSet;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};
use v_secure_core::time::UnixTime;

/// `session_user` logged in; `current_user` is as whom it works.
const WHO: &str = "
SELECT current_user::text, floor(extract(epoch FROM pg_catalog.now()))::bigint, ARRAY(
    SELECT rolname::text FROM pg_catalog.pg_roles
    WHERE pg_catalog.pg_has_role(session_user, oid, 'MEMBER') AND rolname <> session_user)";

/// What a login came to.
pub(super) enum Look {
    In(Seen),
    Out(State, String),
}

/// Who somebody is to the database.
pub(super) struct Seen {
    works_as: String,
    member_of: BTreeSet<String>,
    pub time: Option<UnixTime>,
}

impl Look {
    pub const fn state(&self) -> State {
        match self {
            Self::In(_) => State::Active,
            Self::Out(state, _) => *state,
        }
    }

    pub fn why(&self) -> &str {
        match self {
            Self::In(_) => "",
            Self::Out(_, why) => why,
        }
    }

    pub fn into_answer(self) -> Answer {
        let state = Some(self.state());
        match self {
            Self::In(seen) => Answer { state, time: seen.time, ..Answer::default() },
            Self::Out(_, why) => Answer { state, why: Some(why), ..Answer::default() },
        }
    }
}

impl PostgresProvider<'_> {
    /// The caller bounds the time.
    pub(super) async fn look(&self, url: &ConnectionUrl<'_>) -> Result<Look, CallError> {
        let (endpoint, tls) = (&self.target.endpoint, &self.target.tls);
        let session = match connect(endpoint, tls, Login::from(url)).await {
            Ok(session) => session,
            Err(error) => return judge(error),
        };
        if !session.is_proved {
            let why = "the server lets this user in without its password: see its pg_hba.conf";
            return Ok(Look::Out(State::Unknown, why.to_owned()));
        }
        let seen = Seen::of(&session).await;
        session.end().await;
        Ok(seen.unwrap_or_else(|error| Look::Out(State::Unknown, error.to_string())))
    }

    /// Whether the new credential does what the one in use does.
    pub(super) async fn compare(
        &self,
        new: &ConnectionUrl<'_>,
        base: Option<&ConnectionUrl<'_>>,
    ) -> Result<Answer, CallError> {
        let new = match self.look(new).await? {
            Look::In(seen) => seen,
            out @ Look::Out(..) => return Ok(out.into_answer()),
        };
        let base = match base {
            Some(base) => Some(self.look(base).await?),
            None => None,
        };
        let (state, why) = match new.fault(&self.target.users, base.as_ref()) {
            Some(fault) => (State::Inactive, Some(fault)),
            None => (State::Active, remark(base.as_ref())),
        };
        Ok(Answer { state: Some(state), why, time: new.time, ..Answer::default() })
    }
}

fn remark(base: Option<&Look>) -> Option<String> {
    let why = base.map(Look::why).filter(|why| !why.is_empty())?;
    Some(format!("the one in use could not be compared: {why}"))
}

impl Seen {
    async fn of(session: &Session) -> Result<Look, Error> {
        let row = session.client.query_one(WHO, &[]).await?;
        let (time, roles): (i64, Vec<String>) = (row.try_get(1)?, row.try_get(2)?);
        Ok(Look::In(Self {
            works_as: row.try_get(0)?,
            member_of: roles.into_iter().collect(),
            time: u64::try_from(time).ok().map(UnixTime::from_secs),
        }))
    }

    /// What it lacks beside the one in use.
    fn fault(&self, users: &Users, base: Option<&Look>) -> Option<String> {
        if let Users::Two { owner, .. } = users
            && *owner != self.works_as
        {
            return Some(format!("it works as {} and not as {owner}", self.works_as));
        }
        let Some(Look::In(base)) = base else { return None };
        let mut lacking =
            base.member_of.difference(&self.member_of).filter(|role| !users.has(role));
        let role = lacking.next()?;
        Some(format!("it is no member of {role}, as the one in use is"))
    }
}

/// What not being let in says of the credential.
fn judge(error: ConnectError) -> Result<Look, CallError> {
    match error {
        ConnectError::Unreachable(why) => {
            Ok(Look::Out(State::Unknown, format!("no connection: {why}")))
        }
        ConnectError::Distrusted(why) => Err(refused(format!("the server is not trusted: {why}"))),
        ConnectError::Server { error, is_in } => {
            Ok(Look::Out(state_of(&error, is_in), server_text(&error)))
        }
    }
}

/// `28000` says no before the password is looked at where `pg_hba.conf` has no line for this machine, which says nothing
/// of the credential, and afterwards where the role may not log in. A database that is missing (`3D000`) or takes
/// nobody, a server that starts or is full: all that is asked after the password, or without it, and says nothing of it.
fn state_of(error: &DbError, is_in: bool) -> State {
    let code = error.code();
    let is_no = *code == SqlState::INVALID_PASSWORD
        || (is_in && *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
        // It may not connect to this database.
        || (is_in && *code == SqlState::INSUFFICIENT_PRIVILEGE);
    if is_no { State::Inactive } else { State::Unknown }
}
